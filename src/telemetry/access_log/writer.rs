//! The thread that writes the access log, a batch at a time.
//!
//! A stdout that is closed loses lines and nothing else; each trouble is told
//! in the journal once.

use std::{
    io::{self, Write},
    mem,
};

use super::queue::Queue;

/// What the writing thread knows.
pub(super) struct Writer<W> {
    out: W,
    /// Lost lines the journal was told of.
    told: u64,
    broken: bool,
}

impl<W: Write> Writer<W> {
    /// A writer to stdout or, in tests, to anything else.
    pub(super) fn new(out: W) -> Self {
        Self {
            out,
            told: 0,
            broken: false,
        }
    }

    /// Writes what comes until the queue is closed and empty.
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
        let lines = lost - mem::replace(&mut self.told, lost);
        if lines > 0 {
            tracing::warn!("access log: {lines} lines lost: stdout is read too slowly");
        }
    }

    fn failed(&mut self, queue: &Queue, batch: &[u8], error: &io::Error) {
        let lines = batch.iter().filter(|byte| **byte == b'\n').count();
        queue.lose(lines as u64);
        self.told = queue.lost();
        if !mem::replace(&mut self.broken, true) {
            tracing::warn!("access log: lines are lost until stdout can be written: {error}");
        }
    }
}
