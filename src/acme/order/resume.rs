//! An order and the journal: steps noted, taken up again, and given up when the CA does not finish.
//!
//! An order that is given up after its certificate was asked for may still be issued. It is looked
//! at before the certificate of another order is asked for, so that one certificate comes of both.

use std::sync::{MutexGuard, PoisonError};

use time::OffsetDateTime;
use tokio::time::timeout;
use tracing::warn;

use super::{Attempt, Begun, Failed, Issued, is_finalized, key};
use crate::acme::{
    authority::{OrderStatus, PlacedOrder},
    diagnosis,
    journal::{FinalizedOrder, OrderEntry, Step},
    problem::{Class, Problem},
};

/// The journal's fields of an order beside its step.
#[derive(Default)]
pub(in crate::acme) struct Progress {
    /// When it was begun, here or before an interruption.
    began: Option<OffsetDateTime>,
    /// Whether the order under way was taken up again.
    is_resumed: bool,
    /// Whether the CA has taken a new order.
    was_taken: bool,
    fruitless: u32,
    given_up: Vec<FinalizedOrder>,
}

/// An order of this age is begun anew.
const OLDEST: time::Duration = time::Duration::DAY;
/// So often an order may be taken up again and get no further.
const FRUITLESS: u32 = 2;
/// Longest wait for an order at which the CA is still at work when it is taken up again.
const AT_WORK: std::time::Duration = std::time::Duration::from_secs(10);
/// Limit of the last check of an order before it is given up.
const LAST_LOOK: std::time::Duration = std::time::Duration::from_secs(5);
/// Limit of a check of one that was given up.
const LATE_LOOK: std::time::Duration = std::time::Duration::from_secs(2);
/// Orders that were given up and are still checked.
const GIVEN_UP: usize = 3;

impl Attempt<'_> {
    /// Takes up the order of the journal; none if a new one is to be placed.
    pub(super) async fn resume(&self) -> Result<Option<Begun>, Problem> {
        let Some(entry) = self.journalled() else {
            return Ok(None);
        };
        self.progress().given_up.clone_from(&entry.given_up);
        if let Some(issued) = self.late_success().await {
            return Ok(Some(Begun::Issued(issued)));
        }
        let Some(url) = entry.url() else {
            return Ok(None);
        };
        if self.is_hurried || entry.fruitless >= FRUITLESS {
            return self.look_a_last_time(url, &entry).await;
        }
        self.go_on(url, &entry).await
    }

    async fn go_on(&self, url: &str, entry: &OrderEntry) -> Result<Option<Begun>, Problem> {
        self.progress().take_up(entry);
        let mut order = match self.authority.resume(url).await {
            Err(problem) if problem.class == Class::OrderGone => {
                self.progress().begin_anew();
                return Ok(None);
            }
            resumed => resumed?,
        };
        if order.status() == OrderStatus::Processing {
            order = order.with_patience(AT_WORK);
        }
        self.with_key(order, entry)
    }

    /// The order with the key of its certificate; none if that is lost.
    fn with_key(
        &self,
        mut order: PlacedOrder,
        entry: &OrderEntry,
    ) -> Result<Option<Begun>, Problem> {
        let key = match &entry.step {
            Step::Finalizing { key, .. } => key.clone(),
            // The key of a certificate that is there already is lost with its request.
            _ if is_finalized(&mut order) => return Ok(None),
            _ => key()?,
        };
        self.tell("an order that was interrupted is taken up again");
        Ok(Some(Begun::Placed(Box::new(order), key)))
    }

    /// An order that must not keep from another: it is taken if it is done, or was only
    /// interrupted; none gives it up.
    async fn look_a_last_time(
        &self,
        url: &str,
        entry: &OrderEntry,
    ) -> Result<Option<Begun>, Problem> {
        let looked = timeout(LAST_LOOK, self.last_state(url, entry)).await;
        match looked {
            Ok(Ok(Some(begun))) => return Ok(Some(begun)),
            Ok(Err(problem)) if is_final(problem.class) => return Err(problem),
            _ => {}
        }
        self.tell("the CA does not finish the order; a new one is placed");
        let mut progress = self.progress();
        progress.give_up(entry.finalized());
        progress.begin_anew();
        Ok(None)
    }

    async fn last_state(&self, url: &str, entry: &OrderEntry) -> Result<Option<Begun>, Problem> {
        let mut order = self.authority.resume(url).await?;
        match (order.status(), entry.finalized()) {
            (OrderStatus::Processing | OrderStatus::Valid, Some(finalized)) => {
                let issued = (order.wait_certificate().await?, finalized.key);
                Ok(Some(Begun::Issued(issued)))
            }
            (OrderStatus::Pending | OrderStatus::Ready, _) if entry.fruitless == 0 => {
                self.progress().take_up(entry);
                self.with_key(order, entry)
            }
            _ => Ok(None),
        }
    }

    /// The certificate of an order that was given up, if the CA has issued it since.
    pub(super) async fn late_success(&self) -> Option<Issued> {
        let given_up = self.progress().given_up.clone();
        for finalized in given_up {
            let issued = timeout(LATE_LOOK, self.issued_since(&finalized.url)).await;
            if let Ok(Ok(Some(chain))) = issued {
                return Some((chain, finalized.key));
            }
        }
        None
    }

    async fn issued_since(&self, url: &str) -> Result<Option<String>, Problem> {
        let mut order = self.authority.resume(url).await?;
        match order.status() {
            OrderStatus::Valid => order.wait_certificate().await.map(Some),
            _ => Ok(None),
        }
    }

    /// What the journal knows, if it is of the same names, CA and account.
    fn journalled(&self) -> Option<OrderEntry> {
        let store = self.journal?;
        let entry = OrderEntry::load(store, self.name)
            .inspect_err(|fault| warn!("{fault}"))
            .ok()??;
        let age = OffsetDateTime::now_utc() - entry.began;
        let is_over = age > OLDEST || self.held.as_ref().is_some_and(|key| entry.is_of(key));
        let same = entry.identifiers == self.hosts
            && entry.directory == self.directory
            && entry.account == self.authority.account_url();
        (same && !is_over).then_some(entry)
    }

    /// Keeps a step. Without a journal a crash would cost an order, and a loop of them all that
    /// the CA gives in a week; so nothing is begun then, unless it is urgent.
    pub(super) fn note(&self, step: Step) -> Result<(), Problem> {
        let mut progress = self.progress();
        progress.fruitless = 0;
        progress.was_taken |= matches!(step, Step::Placed { .. });
        drop(progress);
        match self.save(step) {
            Err(fault) if self.must_be_kept => Err(Problem::new(Class::Local, fault)),
            Err(fault) => {
                warn!("{fault}; the order goes on without");
                Ok(())
            }
            Ok(()) => Ok(()),
        }
    }

    fn save(&self, step: Step) -> Result<(), String> {
        let Some(store) = self.journal else {
            return Ok(());
        };
        let entry = self.entry(step);
        entry.save(store, self.name).map_err(|it| it.to_string())
    }

    fn entry(&self, step: Step) -> OrderEntry {
        let mut progress = self.progress();
        OrderEntry {
            identifiers: self.hosts.to_vec(),
            directory: self.directory.clone(),
            account: self.authority.account_url().to_owned(),
            replaces: None,
            step,
            began: *progress.began.get_or_insert_with(OffsetDateTime::now_utc),
            fruitless: progress.fruitless,
            given_up: progress.given_up.clone(),
        }
    }

    /// A refusal of something new is, of an order that was taken up again, its end.
    pub(super) fn as_of_resumed(&self, mut failed: Failed) -> Failed {
        if self.progress().is_resumed && failed.problem.class == Class::Refused {
            failed.problem.class = Class::OrderGone;
            failed.sentence = diagnosis::diagnose(&failed.problem, None, &[]);
        }
        failed
    }

    /// Leaves the journal as the next attempt is to find it.
    pub(super) fn leave(&self, class: Class) {
        if class == Class::Unusable {
            // It may be the certificate of one that was given up.
            self.progress().given_up.clear();
        }
        let left = match self.goes_on_after(class) {
            true => self.count_fruitless(class),
            false => self.forget(),
        };
        if let Err(fault) = left {
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

    /// What was given up before is remembered longer than an order that failed.
    fn forget(&self) -> Result<(), String> {
        let Some(store) = self.journal else {
            return Ok(());
        };
        if !self.progress().given_up.is_empty() {
            return self.save(Step::Intent);
        }
        OrderEntry::remove(store, self.name).map_err(|fault| fault.to_string())
    }

    /// Whether the CA has taken a new order in this attempt.
    pub(in crate::acme) fn was_taken(&self) -> bool {
        self.progress().was_taken
    }

    fn progress(&self) -> MutexGuard<'_, Progress> {
        self.progress.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Progress {
    fn take_up(&mut self, entry: &OrderEntry) {
        self.began = Some(entry.began);
        self.is_resumed = true;
        self.fruitless = entry.fruitless;
    }

    fn begin_anew(&mut self) {
        self.began = None;
        self.is_resumed = false;
    }

    fn give_up(&mut self, order: Option<FinalizedOrder>) {
        self.given_up.extend(order);
        let extra = self.given_up.len().saturating_sub(GIVEN_UP);
        self.given_up.drain(..extra);
    }
}

/// Returns true if a new order would fail as well, or a failed validation is still to be counted.
fn is_final(class: Class) -> bool {
    matches!(
        class,
        Class::AccountGone | Class::RateLimited | Class::Paused | Class::Validation
    )
}
