//! The bounded queue between the threads that log and one writer.
//!
//! A line that does not fit is counted as lost.

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
    /// Time that a small batch waits for more lines.
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
    /// Bytes appended and written since the start, compared by a flush.
    appended: u64,
    written: u64,
    urgent: bool,
    closed: bool,
}

impl Queue {
    /// Creates an empty queue.
    pub(super) fn new(delay: Duration) -> Self {
        Self {
            delay,
            pending: Mutex::default(),
            ready: Condvar::new(),
            written: Condvar::new(),
            lost: AtomicU64::new(0),
        }
    }

    /// Appends a line; a full queue counts it as lost.
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

    /// Waits until all earlier lines are written; returns false after the limit.
    pub(super) fn flush(&self, limit: Duration) -> bool {
        let mut pending = self.lock();
        let target = pending.appended;
        pending.urgent = true;
        self.ready.notify_one();
        self.written
            .wait_timeout_while(pending, limit, |pending| pending.written < target)
            .is_ok_and(|(_, waited)| !waited.timed_out())
    }

    /// Ends the writer when the queue is empty.
    pub(super) fn close(&self) {
        self.lock().closed = true;
        self.ready.notify_one();
    }

    /// Returns the number of lost lines.
    pub(super) fn lost(&self) -> u64 {
        self.lost.load(Ordering::Relaxed)
    }

    /// Counts lines as lost.
    pub(super) fn lose(&self, lines: u64) {
        self.lost.fetch_add(lines, Ordering::Relaxed);
    }

    /// Takes the next batch, after the delay if it is small; returns false if the queue is closed.
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

    /// Marks the batch as written and clears it.
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

/// Most bytes in the queue.
pub(in crate::telemetry) const CAPACITY: usize = 1 << 20;
/// Bytes of a batch that is written without delay.
const BATCH: usize = 32 << 10;
