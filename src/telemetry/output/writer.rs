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
        self.broken = false;
        let lost = queue.lost();
        let lines = lost - mem::replace(&mut self.reported, lost);
        if lines > 0 {
            let Stream { log, name, .. } = self.stream;
            tracing::warn!("{log}: {lines} lines lost: {name} is read too slowly");
        }
    }

    fn failed(&mut self, queue: &Queue, batch: &[u8], error: &io::Error) {
        let lines = batch.iter().filter(|byte| **byte == b'\n').count();
        queue.lose(lines as u64);
        self.reported = queue.lost();
        if !mem::replace(&mut self.broken, true) {
            let Stream { log, name, .. } = self.stream;
            tracing::warn!("{log}: lines are lost until {name} can be written: {error}");
        }
    }
}
