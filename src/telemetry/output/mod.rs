//! The streams of the process, stdout and stderr, each written by a thread of its own.
//!
//! A thread that logs appends its line to a bounded queue and goes on: a reader that stands still
//! costs lines, which are counted, and never holds a request or a signal.

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

/// The names of a stream, and how its lines are gathered.
#[derive(Clone, Copy, Debug)]
pub(super) struct Stream {
    /// The log that it carries.
    pub log: &'static str,
    /// Its own name.
    pub name: &'static str,
    /// How long a small batch waits for more lines.
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

    /// Appends a line; without room it is lost and counted.
    pub(super) fn push(&self, line: &[u8]) {
        self.queue.push(line);
    }

    /// Lines lost so far.
    pub(super) fn lost(&self) -> u64 {
        self.queue.lost()
    }

    /// Waits until all lines so far are written, for so long at most; whether they are.
    pub(super) fn flush(&self, limit: Duration) -> bool {
        self.queue.flush(limit)
    }
}

impl Drop for Output {
    /// Writes the rest, unless the stream stands still: then the thread is left behind.
    fn drop(&mut self) {
        self.queue.close();
        if self.flush(FLUSH_LIMIT)
            && let Some(writer) = self.writer.take()
        {
            writer.join().ok();
        }
    }
}

/// How long the end of the process waits for a stream.
pub(super) const FLUSH_LIMIT: Duration = Duration::from_secs(1);
