//! What the keepers of all certificates share.

use std::sync::{Arc, LazyLock};

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::{accounts::Accounts, challenge::Challenges, pace::Pace, store::Store, zone::Zones};
use crate::{file_access::FileAccess, tls::SystemRoots};

/// What all keepers share.
pub(super) struct Shared {
    pub(super) store: Arc<dyn Store>,
    pub(super) challenges: Challenges,
    /// Read when a site first wants a certificate so.
    pub(super) roots: LazyLock<SystemRoots>,
    pub(super) accounts: Accounts,
    pub(super) pace: Pace,
    pub(super) zones: Zones,
    /// For the files of the operator.
    pub(super) files: FileAccess,
    /// Orders at a time; CAs count those of many sites together.
    pub(super) orders: Arc<Semaphore>,
}

const ORDERS: u32 = 4;

/// The system's roots; none of a disk that does not answer, which `Sites` report and refuse.
fn roots() -> SystemRoots {
    SystemRoots::load().unwrap_or_else(|_| SystemRoots::from_certificates(&[]))
}

impl Shared {
    pub(super) fn new(store: Arc<dyn Store>, files: FileAccess) -> Self {
        Self {
            accounts: Accounts::new(store.clone(), files.clone()),
            pace: Pace::default(),
            store,
            challenges: Challenges::default(),
            roots: LazyLock::new(roots),
            zones: Zones::new(files.clone()),
            files,
            orders: Arc::new(Semaphore::new(ORDERS as usize)),
        }
    }

    /// Waits until no order is under way, and lets none begin while the value lives.
    pub(super) async fn rest(&self) -> Option<OwnedSemaphorePermit> {
        self.orders.clone().acquire_many_owned(ORDERS).await.ok()
    }
}
