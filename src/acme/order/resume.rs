//! The resumption of a journalled order, and its replacement when the CA does not finish it.
//!
//! The CA may still issue the certificate of an order that was abandoned after finalization. Such
//! orders are checked before another one is finalized, so that at most one certificate is used.

use std::sync::{MutexGuard, PoisonError};

use time::OffsetDateTime;
use tokio::time::timeout;
use tracing::warn;

use super::{Attempt, CurrentOrder, Failed, IssuedChain, diagnosis::Diagnosis, is_finalized};
use crate::acme::{
    ca::{OrderStatus, PlacedOrder},
    problem::{Class, Problem},
    store::{
        order_journal::{FinalizedOrder, OrderEntry, Step},
        private_key::PrivateKey,
    },
};

/// The journal's fields of an order beside its step.
#[derive(Default)]
pub(in crate::acme) struct Progress {
    /// The moment of the first step, also if an earlier process took it.
    began: Option<OffsetDateTime>,
    /// True if the current order was resumed.
    is_resumed: bool,
    /// True if the CA has accepted a new order.
    was_accepted: bool,
    fruitless: u32,
    given_up: Vec<FinalizedOrder>,
}

/// An order of this age is replaced by a new one.
const OLDEST: time::Duration = time::Duration::DAY;
/// Resumptions without progress after which an order is abandoned.
const FRUITLESS: u32 = 2;
/// Longest wait for a resumed order that the CA is still processing.
const PROCESSING_TIMEOUT: std::time::Duration = std::time::Duration::from_secs(10);
/// Time limit of the last check of an order before it is abandoned.
const LAST_CHECK: std::time::Duration = std::time::Duration::from_secs(5);
/// Time limit of the check of an abandoned order.
const LATE_CHECK: std::time::Duration = std::time::Duration::from_secs(2);
/// Abandoned orders that are still checked.
const GIVEN_UP: usize = 3;

impl Attempt<'_> {
    /// Resumes the order of the journal; none if a new one is to be placed.
    pub(super) async fn resume(&self) -> Result<Option<CurrentOrder>, Problem> {
        let Some(entry) = self.journalled() else {
            return Ok(None);
        };
        self.progress().given_up.clone_from(&entry.given_up);
        if let Some(issued) = self.late_certificate().await {
            return Ok(Some(CurrentOrder::Issued(issued)));
        }
        let Some(url) = entry.url() else {
            return Ok(None);
        };
        if self.abandons_slow_order || entry.fruitless >= FRUITLESS {
            return self.complete_or_abandon(url, &entry).await;
        }
        self.resume_order(url, &entry).await
    }

    async fn resume_order(
        &self,
        url: &str,
        entry: &OrderEntry,
    ) -> Result<Option<CurrentOrder>, Problem> {
        self.progress().resume(entry);
        let mut order = match self.ca.resume(url).await {
            Err(problem) if problem.class == Class::OrderGone => {
                self.progress().restart();
                return Ok(None);
            }
            resumed => resumed?,
        };
        if order.status() == OrderStatus::Processing {
            order = order.with_patience(PROCESSING_TIMEOUT);
        }
        self.with_key(order, entry)
    }

    /// Pairs the order with the key of its certificate; none if the key is lost.
    fn with_key(
        &self,
        mut order: PlacedOrder,
        entry: &OrderEntry,
    ) -> Result<Option<CurrentOrder>, Problem> {
        let key = match &entry.step {
            Step::Finalizing { key, .. } => key.clone(),
            // The order was finalized with a key that was not journalled.
            _ if is_finalized(&mut order) => return Ok(None),
            _ => PrivateKey::generate().map_err(Problem::local)?,
        };
        self.report("resuming the interrupted order");
        Ok(Some(CurrentOrder::Pending(Box::new(order), key)))
    }

    /// Returns the order if it is complete or was only interrupted; abandons it otherwise, so that
    /// it does not delay a new one.
    async fn complete_or_abandon(
        &self,
        url: &str,
        entry: &OrderEntry,
    ) -> Result<Option<CurrentOrder>, Problem> {
        let checked = timeout(LAST_CHECK, self.check(url, entry)).await;
        match checked {
            Ok(Ok(Some(order))) => return Ok(Some(order)),
            Ok(Err(problem)) if is_final(problem.class) => return Err(problem),
            _ => {}
        }
        self.report("the CA has not finished the order; a new one is placed");
        let mut progress = self.progress();
        progress.abandon(entry.finalized());
        progress.restart();
        Ok(None)
    }

    async fn check(&self, url: &str, entry: &OrderEntry) -> Result<Option<CurrentOrder>, Problem> {
        let mut order = self.ca.resume(url).await?;
        match (order.status(), entry.finalized()) {
            (OrderStatus::Processing | OrderStatus::Valid, Some(finalized)) => {
                Ok(Some(CurrentOrder::Issued(IssuedChain {
                    chain_pem: order.wait_certificate().await?,
                    key: finalized.key,
                })))
            }
            (OrderStatus::Pending | OrderStatus::Ready, _) if entry.fruitless == 0 => {
                self.progress().resume(entry);
                self.with_key(order, entry)
            }
            _ => Ok(None),
        }
    }

    /// Returns the certificate of an abandoned order, if the CA has issued it since.
    pub(super) async fn late_certificate(&self) -> Option<IssuedChain> {
        let given_up = self.progress().given_up.clone();
        for FinalizedOrder { url, key } in given_up {
            let issued = timeout(LATE_CHECK, self.issued_chain(&url)).await;
            if let Ok(Ok(Some(chain_pem))) = issued {
                return Some(IssuedChain { chain_pem, key });
            }
        }
        None
    }

    async fn issued_chain(&self, url: &str) -> Result<Option<String>, Problem> {
        let mut order = self.ca.resume(url).await?;
        match order.status() {
            OrderStatus::Valid => order.wait_certificate().await.map(Some),
            _ => Ok(None),
        }
    }

    /// Returns the journalled order, if it has the same hosts, CA and account and is not complete.
    fn journalled(&self) -> Option<OrderEntry> {
        let store = self.journal?;
        let entry = OrderEntry::load(store, self.name)
            .inspect_err(|fault| warn!("{fault}"))
            .ok()??;
        let age = OffsetDateTime::now_utc() - entry.began;
        let served_key = self.served_key.as_ref();
        let is_over = age > OLDEST || served_key.is_some_and(|key| entry.has_key(key));
        let is_same = entry.identifiers == self.hosts
            && entry.directory == self.directory
            && entry.account == self.ca.account_url();
        (is_same && !is_over).then_some(entry)
    }

    /// Journals a step.
    ///
    /// # Errors
    /// The journal cannot be written and is required: without it each restart of a crash loop would
    /// place an order and use up the CA's rate limits.
    pub(super) fn note(&self, step: Step) -> Result<(), Problem> {
        let mut progress = self.progress();
        progress.fruitless = 0;
        progress.was_accepted |= matches!(step, Step::Placed { .. });
        drop(progress);
        match self.save(step) {
            Err(fault) if self.requires_journal => Err(Problem::local(fault)),
            Err(fault) => {
                warn!("{fault}; the order continues without a journal");
                Ok(())
            }
            Ok(()) => Ok(()),
        }
    }

    fn save(&self, step: Step) -> Result<(), String> {
        let Some(store) = self.journal else {
            return Ok(());
        };
        let saved = self.entry(step).save(store, self.name);
        saved.map_err(|fault| fault.to_string())
    }

    fn entry(&self, step: Step) -> OrderEntry {
        let mut progress = self.progress();
        OrderEntry {
            identifiers: self.hosts.to_vec(),
            directory: self.directory.clone(),
            account: self.ca.account_url().to_owned(),
            step,
            began: *progress.began.get_or_insert_with(OffsetDateTime::now_utc),
            fruitless: progress.fruitless,
            given_up: progress.given_up.clone(),
        }
    }

    /// Changes the refusal of a resumed order to [`Class::OrderGone`], since a new order may be
    /// accepted.
    pub(super) fn reclassify(&self, mut failed: Failed) -> Failed {
        if self.progress().is_resumed && failed.problem.class == Class::Refused {
            failed.problem.class = Class::OrderGone;
            failed.sentence = Diagnosis::new(&failed.problem).sentence();
        }
        failed
    }

    /// Updates the journal for the next attempt.
    pub(super) fn update_journal_after(&self, class: Class) {
        if class == Class::Unusable {
            // The unusable certificate may be that of an abandoned order.
            self.progress().given_up.clear();
        }
        let updated = match self.is_resumed_after(class) {
            true => self.count_fruitless(class),
            false => self.forget(),
        };
        if let Err(fault) = updated {
            warn!("{fault}");
        }
    }

    fn count_fruitless(&self, class: Class) -> Result<(), String> {
        let is_fruitless = class == Class::Network && self.progress().is_resumed;
        let Some(entry) = self.journalled().filter(|_| is_fruitless) else {
            return Ok(());
        };
        self.progress().fruitless = entry.fruitless + 1;
        self.save(entry.step)
    }

    /// Removes the order from the journal, but keeps the abandoned orders before it.
    fn forget(&self) -> Result<(), String> {
        let Some(store) = self.journal else {
            return Ok(());
        };
        if !self.progress().given_up.is_empty() {
            return self.save(Step::Intent);
        }
        OrderEntry::remove(store, self.name).map_err(|fault| fault.to_string())
    }

    /// Returns true if the CA has accepted a new order in this attempt.
    pub(in crate::acme) fn was_accepted(&self) -> bool {
        self.progress().was_accepted
    }

    fn progress(&self) -> MutexGuard<'_, Progress> {
        self.progress.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Progress {
    fn resume(&mut self, entry: &OrderEntry) {
        self.began = Some(entry.began);
        self.is_resumed = true;
        self.fruitless = entry.fruitless;
    }

    fn restart(&mut self) {
        self.began = None;
        self.is_resumed = false;
    }

    fn abandon(&mut self, order: Option<FinalizedOrder>) {
        self.given_up.extend(order);
        let extra = self.given_up.len().saturating_sub(GIVEN_UP);
        self.given_up.drain(..extra);
    }
}

/// Returns true if a new order would fail as well, or a failed validation has to be recorded.
fn is_final(class: Class) -> bool {
    matches!(
        class,
        Class::AccountGone | Class::RateLimited | Class::Paused | Class::Validation
    )
}
