//! The thread that writes a stream in batches.
//!
//! A closed stream only loses lines; the journal logs each failure once.

use std::{
    io::{self, Write},
    mem,
};

use super::{Stream, queue::Queue};

/// The state of the writing thread.
pub(super) struct Writer<W> {
    stream: Stream,
    out: W,
    /// Lost lines that were logged.
    reported: u64,
    broken: bool,
}

impl<W: Write> Writer<W> {
    /// Creates a writer to `out`; the journal uses the names of `stream`.
    pub(super) fn new(stream: Stream, out: W) -> Self {
        Self {
            stream,
            out,
            reported: 0,
            broken: false,
        }
    }

    /// Writes batches until the queue is closed and empty.
    pub(super) fn run(mut self, queue: &Queue) {
        let mut batch = Vec::new();
        while queue.next(&mut batch) {
            match self.out.write_all(&batch).and_then(|()| self.out.flush()) {
                Ok(()) => self.wrote(queue),
                Err(error) => self.failed(queue, &batch, &error),
            }
            queue.finish(&mut batch);
        }
    }

    fn wrote(&mut self, queue: &Queue) {
        if let Some(report) = self.report_lost(queue.lost()) {
            tracing::warn!("{report}");
        }
    }

    /// Returns the number and the cause of the lines that were lost since the last report.
    fn report_lost(&mut self, lost: u64) -> Option<String> {
        let cause = match mem::take(&mut self.broken) {
            true => "could not be written",
            false => "is read too slowly",
        };
        let lines = lost - mem::replace(&mut self.reported, lost);
        let Stream { log, name, .. } = self.stream;
        (lines > 0).then(|| format!("{log}: {lines} lines lost: {name} {cause}"))
    }

    fn failed(&mut self, queue: &Queue, batch: &[u8], error: &io::Error) {
        let lines = batch.iter().filter(|byte| **byte == b'\n').count();
        queue.lose(lines as u64);
        if !mem::replace(&mut self.broken, true) {
            let Stream { log, name, .. } = self.stream;
            tracing::warn!("{log}: lines are lost until {name} can be written: {error}");
        }
    }
}

#[cfg(test)]
mod tests {
    use std::{io::ErrorKind, time::Duration};

    use super::*;

    #[test]
    fn lines_that_failed_are_counted_in_a_report_once_the_stream_is_written_again() {
        let stream = Stream {
            log: "access log",
            name: "stdout",
            delay: Duration::ZERO,
        };
        let (queue, mut writer) = (Queue::new(stream.delay), Writer::new(stream, io::sink()));
        let full = io::Error::from(ErrorKind::StorageFull);
        writer.failed(&queue, b"one\ntwo\n", &full);
        writer.failed(&queue, b"three\n", &full);
        let report = writer.report_lost(queue.lost());
        let expected = "access log: 3 lines lost: stdout could not be written";
        assert_eq!(report.as_deref(), Some(expected));
        assert_eq!(writer.report_lost(queue.lost()), None);
        queue.lose(2);
        let report = writer.report_lost(queue.lost());
        let expected = "access log: 2 lines lost: stdout is read too slowly";
        assert_eq!(report.as_deref(), Some(expected));
    }
}
