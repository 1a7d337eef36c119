//! The bounded queue between any number of threads that log and one writer.
//!
//! A line that does not fit is lost and counted.

use std::{
    mem,
    sync::{
        Condvar, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

/// A bounded queue of bytes.
pub(super) struct Queue {
    /// How long the writer waits for more lines before it writes a small batch.
    delay: Duration,
    pending: Mutex<Pending>,
    /// Wakes the writer.
    ready: Condvar,
    /// Wakes the threads that flush.
    written: Condvar,
    lost: AtomicU64,
}

#[derive(Default)]
struct Pending {
    lines: Vec<u8>,
    /// Bytes ever appended and ever written, by which a flush knows its own.
    appended: u64,
    written: u64,
    urgent: bool,
    closed: bool,
}

impl Queue {
    /// An empty queue.
    pub(super) fn new(delay: Duration) -> Self {
        Self {
            delay,
            pending: Mutex::default(),
            ready: Condvar::new(),
            written: Condvar::new(),
            lost: AtomicU64::new(0),
        }
    }

    /// Appends a line; when there is no room it is lost and counted.
    pub(super) fn push(&self, line: &[u8]) {
        let mut pending = self.lock();
        let before = pending.lines.len();
        let after = before + line.len();
        if after > CAPACITY {
            self.lose(1);
            return;
        }
        pending.lines.extend_from_slice(line);
        pending.appended += line.len() as u64;
        drop(pending);
        if before == 0 || (before < BATCH && after >= BATCH) {
            self.ready.notify_one();
        }
    }

    /// Waits until all lines appended so far are written; says whether they were in time.
    pub(super) fn flush(&self, limit: Duration) -> bool {
        let mut pending = self.lock();
        let target = pending.appended;
        pending.urgent = true;
        self.ready.notify_one();
        self.written
            .wait_timeout_while(pending, limit, |pending| pending.written < target)
            .is_ok_and(|(_, waited)| !waited.timed_out())
    }

    /// Lets the writer end once the queue is empty.
    pub(super) fn close(&self) {
        self.lock().closed = true;
        self.ready.notify_one();
    }

    /// Lines lost so far.
    pub(super) fn lost(&self) -> u64 {
        self.lost.load(Ordering::Relaxed)
    }

    /// Counts lines as lost.
    pub(super) fn lose(&self, lines: u64) {
        self.lost.fetch_add(lines, Ordering::Relaxed);
    }

    /// Takes the next batch, after a moment in which more lines may join it; false when closed.
    pub(super) fn next(&self, batch: &mut Vec<u8>) -> bool {
        let pending = self
            .ready
            .wait_while(self.lock(), |pending| {
                pending.lines.is_empty() && !pending.closed
            })
            .unwrap_or_else(PoisonError::into_inner);
        let (mut pending, _) = self
            .ready
            .wait_timeout_while(pending, self.delay, |pending| {
                pending.lines.len() < BATCH && !pending.urgent && !pending.closed
            })
            .unwrap_or_else(PoisonError::into_inner);
        pending.urgent = false;
        mem::swap(&mut pending.lines, batch);
        !batch.is_empty()
    }

    /// Hands the batch back as written.
    pub(super) fn finish(&self, batch: &mut Vec<u8>) {
        self.lock().written += batch.len() as u64;
        self.written.notify_all();
        batch.clear();
        batch.shrink_to(BATCH);
    }

    fn lock(&self) -> MutexGuard<'_, Pending> {
        self.pending.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Bytes that may wait for the writer.
pub(in crate::telemetry) const CAPACITY: usize = 1 << 20;
/// Bytes worth a write of their own.
const BATCH: usize = 32 << 10;
