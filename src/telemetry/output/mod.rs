//! The output streams stdout and stderr, each written by its own thread.
//!
//! A thread that logs appends its line to a bounded queue. A blocked reader causes lost lines,
//! which are counted, and never blocks a request or a signal.

mod queue;
mod writer;

use std::{
    io::{self, Write},
    sync::Arc,
    thread::{self, JoinHandle},
    time::Duration,
};

#[cfg(test)]
pub(super) use self::queue::CAPACITY;
use self::{queue::Queue, writer::Writer};

/// A stream and its writing thread.
pub(super) struct Output {
    queue: Arc<Queue>,
    writer: Option<JoinHandle<()>>,
}

/// The names and the delay of a stream.
#[derive(Clone, Copy, Debug)]
pub(super) struct Stream {
    /// Name of the log.
    pub log: &'static str,
    /// Name of the stream.
    pub name: &'static str,
    /// Time that a small batch waits for more lines.
    pub delay: Duration,
}

impl Output {
    /// Starts the thread.
    ///
    /// # Errors
    /// When the system refuses a thread.
    pub(super) fn start(stream: Stream, out: impl Write + Send + 'static) -> io::Result<Self> {
        let queue = Arc::new(Queue::new(stream.delay));
        let source = Arc::clone(&queue);
        let writer = thread::Builder::new()
            .name(stream.log.replace(' ', "-"))
            .spawn(move || Writer::new(stream, out).run(&source))?;
        Ok(Self {
            queue,
            writer: Some(writer),
        })
    }

    /// Appends a line; a full queue counts it as lost.
    pub(super) fn push(&self, line: &[u8]) {
        self.queue.push(line);
    }

    /// Returns the number of lost lines.
    pub(super) fn lost(&self) -> u64 {
        self.queue.lost()
    }

    /// Waits until all earlier lines are written; returns false after the limit.
    pub(super) fn flush(&self, limit: Duration) -> bool {
        self.queue.flush(limit)
    }
}

impl Drop for Output {
    /// Writes the remaining lines and joins the thread, unless the stream is blocked.
    fn drop(&mut self) {
        self.queue.close();
        if self.flush(FLUSH_LIMIT)
            && let Some(writer) = self.writer.take()
        {
            writer.join().ok();
        }
    }
}

/// Longest wait for a stream at the end of the process.
pub(super) const FLUSH_LIMIT: Duration = Duration::from_secs(1);
