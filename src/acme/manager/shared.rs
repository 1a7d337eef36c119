//! The resources that the tasks of all certificates share.

use std::sync::Arc;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::account_limits::AccountLimits;
use crate::{
    acme::{
        ca::accounts::Accounts,
        challenge::ActiveChallenges,
        dns::zones::DnsProviders,
        store::{Store, stored_certificate::StoredCertificate},
    },
    file_access::FileAccess,
    tls::{Certified, SystemRoots},
};

/// The resources that all certificate tasks share.
pub(crate) struct Shared {
    pub(crate) store: Arc<dyn Store>,
    pub(crate) challenges: ActiveChallenges,
    /// Read for the first certificate that is not self-issued.
    pub(crate) roots: Arc<SystemRoots>,
    pub(crate) accounts: Accounts,
    pub(crate) limits: AccountLimits,
    pub(crate) zones: DnsProviders,
    /// Access to the operator's files.
    pub(crate) files: FileAccess,
    /// Permits for orders: CAs count concurrent orders of an account.
    pub(crate) orders: Arc<Semaphore>,
}

/// Orders at a time.
const ORDERS: u32 = 4;

impl Shared {
    pub(crate) fn new(store: Arc<dyn Store>, files: FileAccess) -> Self {
        Self {
            accounts: Accounts::new(store.clone(), files.clone()),
            limits: AccountLimits::default(),
            store,
            challenges: ActiveChallenges::default(),
            roots: Arc::new(SystemRoots::deferred()),
            zones: DnsProviders::new(files.clone()),
            files,
            orders: Arc::new(Semaphore::new(ORDERS as usize)),
        }
    }

    /// Prepares a certificate for serving.
    ///
    /// While the disk of the system's roots does not answer, no root vouches for it, so that its
    /// site does not send HSTS.
    pub(crate) fn certified(&self, stored: &StoredCertificate) -> anyhow::Result<Certified> {
        let (roots, certificate) = (self.roots.clone(), stored.clone());
        let certified = self.files.wait(move || certificate.certified(&roots));
        certified.unwrap_or_else(|_unanswered| stored.certified(&SystemRoots::none()))
    }

    /// Waits until no order is running, and delays new ones until the value is dropped.
    pub(crate) async fn pause_orders(&self) -> Option<OwnedSemaphorePermit> {
        self.orders.clone().acquire_many_owned(ORDERS).await.ok()
    }
}
