//! Charges to a connection's account, which end when dropped.

use std::sync::{Arc, atomic::Ordering};

use bytes::Bytes;

use super::{Account, CONNECTION, MOST_QUEUED, QUEUE};

/// Bytes charged to a connection until dropped.
#[derive(Debug)]
pub struct Charge {
    account: Arc<Account>,
    bytes: usize,
    kind: Kind,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    /// Charged against the connection's limit and the budget.
    Held,
    /// Charged against the budget only.
    Overhead,
}

/// Bytes queued for a client, charged until they are sent.
struct Queued {
    bytes: Bytes,
    account: Arc<Account>,
    length: usize,
}

impl Account {
    /// Charges bytes against the connection's limit and the budget.
    pub(crate) fn charge(self: &Arc<Self>, bytes: usize) -> Charge {
        self.add(bytes);
        Charge {
            account: self.clone(),
            bytes,
            kind: Kind::Held,
        }
    }

    /// Charges the overhead of a connection or stream, against the budget only.
    #[must_use]
    pub fn overhead(self: &Arc<Self>, bytes: usize) -> Charge {
        self.add_overhead(bytes);
        Charge {
            account: self.clone(),
            bytes,
            kind: Kind::Overhead,
        }
    }

    /// The number of bytes, at most `bytes`, that may be queued for the client now.
    pub(crate) fn queueable(&self, bytes: usize) -> usize {
        let queued = self.queued.load(Ordering::Relaxed);
        let room = MOST_QUEUED.saturating_sub(queued);
        let room = room.min(CONNECTION.saturating_sub(self.held()));
        bytes.min(room.max(QUEUE.saturating_sub(queued)))
    }

    /// Charges bytes until the last reference to them is dropped.
    pub(crate) fn queue(self: &Arc<Self>, bytes: Bytes) -> Bytes {
        let length = bytes.len();
        self.add(length);
        self.queued.fetch_add(length, Ordering::Relaxed);
        Bytes::from_owner(Queued {
            bytes,
            account: self.clone(),
            length,
        })
    }
}

impl Charge {
    /// Changes the number of bytes.
    pub fn resize(&mut self, bytes: usize) {
        if bytes > self.bytes {
            self.add(bytes - self.bytes);
        } else if bytes < self.bytes {
            self.release(self.bytes - bytes);
        }
        self.bytes = bytes;
    }

    fn add(&self, bytes: usize) {
        match self.kind {
            Kind::Held => self.account.add(bytes),
            Kind::Overhead => self.account.add_overhead(bytes),
        }
    }

    fn release(&self, bytes: usize) {
        match self.kind {
            Kind::Held => self.account.release(bytes),
            Kind::Overhead => self.account.release_overhead(bytes),
        }
    }
}

impl Drop for Charge {
    fn drop(&mut self) {
        self.resize(0);
    }
}

impl AsRef<[u8]> for Queued {
    fn as_ref(&self) -> &[u8] {
        &self.bytes
    }
}

impl Drop for Queued {
    fn drop(&mut self) {
        let before = self
            .account
            .queued
            .fetch_sub(self.length, Ordering::Relaxed);
        self.account.release(self.length);
        if before >= QUEUE {
            self.account.freed.notify_waiters();
        }
    }
}
