//! The resources that the tasks of all certificates share.

use std::sync::Arc;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::{
    accounts::Accounts, challenge::Challenges, pace::AccountLimits, store::Store, zone::Zones,
};
use crate::{file_access::FileAccess, tls::SystemRoots};

/// The resources that all certificate tasks share.
pub(super) struct Shared {
    pub(super) store: Arc<dyn Store>,
    pub(super) challenges: Challenges,
    /// Loaded when the first certificate is needed.
    pub(super) roots: SystemRoots,
    pub(super) accounts: Accounts,
    pub(super) limits: AccountLimits,
    pub(super) zones: Zones,
    /// Access to the operator's files.
    pub(super) files: FileAccess,
    /// Permits for orders: CAs count concurrent orders of an account.
    pub(super) orders: Arc<Semaphore>,
}

/// Orders at a time.
const ORDERS: u32 = 4;

impl Shared {
    pub(super) fn new(store: Arc<dyn Store>, files: FileAccess) -> Self {
        Self {
            accounts: Accounts::new(store.clone(), files.clone()),
            limits: AccountLimits::default(),
            store,
            challenges: Challenges::default(),
            roots: SystemRoots::deferred(),
            zones: Zones::new(files.clone()),
            files,
            orders: Arc::new(Semaphore::new(ORDERS as usize)),
        }
    }

    /// Waits until no order is running, and delays new ones until the value is dropped.
    pub(super) async fn pause_orders(&self) -> Option<OwnedSemaphorePermit> {
        self.orders.clone().acquire_many_owned(ORDERS).await.ok()
    }
}
