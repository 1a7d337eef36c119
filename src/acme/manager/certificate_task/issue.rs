//! The orders of a certificate task: one at a time over all processes, and their outcome.

use std::{sync::Mutex, time::Duration};

use time::OffsetDateTime;
use tracing::{error, warn};

use super::{CertificateTask, ca::LastIssuer};
use crate::{
    acme::{
        ca::{CaClient, RevocationReason},
        manager::task_state::Revocable,
        order::{Attempt, Failed, Obtained},
        problem::Class,
        renewal::{Action, Order},
        store::{
            Entry, Kind, Lock, Store,
            history::{CaRole, Failure, History, Success},
        },
    },
    telemetry::progress::ProgressSender,
    tls::date,
};

/// The reason for an order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Trigger {
    /// The schedule.
    Schedule,
    /// A request of the operator.
    Operator {
        /// True if the old certificate is revoked afterwards.
        revoke: bool,
    },
}

/// The exclusive right to order a certificate. Other processes are excluded if the store can lock.
pub(super) struct OrderLock {
    _lock: Option<Lock>,
}

/// Attempts in a row with a changed order.
const ATTEMPTS: usize = 4;
/// Interval at which the lock of another process is tried again.
const LOCKED: Duration = Duration::from_secs(1);

impl CertificateTask {
    /// Orders a certificate, unless another process is ordering or has ordered it.
    pub(super) async fn order(&self, trigger: Trigger, sender: &ProgressSender) -> Duration {
        let _permit = self.shared.orders.clone().acquire_owned().await;
        let Some(_lock) = self.lock_order() else {
            let name = &self.name;
            sender.failed(format!(
                "{name}: another process is ordering this certificate; try again later"
            ));
            return LOCKED;
        };
        self.catch_up();
        self.solver().sweep().await;
        let old = self.state().revocable(&self.acme);
        if self.try_to_obtain(trigger, sender).await {
            if trigger == (Trigger::Operator { revoke: true }) {
                self.revoke(old, sender).await;
            }
            sender.done();
        }
        Duration::ZERO
    }

    /// Orders until a certificate is issued, or the next attempt has to wait.
    async fn try_to_obtain(&self, trigger: Trigger, sender: &ProgressSender) -> bool {
        for attempt in 1..=ATTEMPTS {
            let order = match self.order_for(trigger) {
                Ok(Some(order)) => order,
                Ok(None) => break,
                Err(sentence) => {
                    sender.failed(format!("{}: {sentence}", self.name));
                    break;
                }
            };
            let failed = match self.obtain_unless_changed(&order, trigger, sender).await {
                Ok(None) => continue,
                Ok(Some(obtained)) => {
                    self.conclude(order.ca, obtained, sender).await;
                    return true;
                }
                Err(failed) => failed,
            };
            let is_last = attempt == ATTEMPTS || !failed.is_retried_at_once();
            self.record_failed(order.ca, failed, is_last, sender).await;
            if is_last {
                break;
            }
        }
        false
    }

    /// Performs an order, unless it has to be changed after the connection to the CA: the CA's
    /// clock may show that the local clock is wrong, and the account may have reached a rate limit.
    async fn obtain_unless_changed(
        &self,
        order: &Order,
        trigger: Trigger,
        sender: &ProgressSender,
    ) -> Result<Option<Obtained>, Failed> {
        let connected = self.connect(order.ca).await;
        self.record_account_limit(trigger, order.ca);
        let is_unchanged = self.order_for(trigger).ok().flatten().as_ref() == Some(order);
        if connected.is_err() || !is_unchanged {
            self.end_probe(order.ca);
        }
        let connected = connected?;
        if !is_unchanged {
            return Ok(None);
        }
        let is_urgent = trigger != Trigger::Schedule || self.is_past_hard_line();
        let issuer = LastIssuer {
            ca: order.ca,
            connected: connected.clone(),
        };
        let obtained = self.obtain(order, connected, is_urgent, sender).await?;
        *self.lock_last_issuer() = Some(issuer);
        Ok(Some(obtained))
    }

    /// Returns the order to place now; none if none is due any more.
    fn order_for(&self, trigger: Trigger) -> Result<Option<Order>, String> {
        match trigger {
            Trigger::Operator { .. } => self.requested_order().map(Some),
            Trigger::Schedule => match self.next_action(OffsetDateTime::now_utc()) {
                Action::Order(order) => Ok(Some(order)),
                _ => Ok(None),
            },
        }
    }

    /// Returns the order to place at the operator's request.
    ///
    /// # Errors
    /// Cause and cure: the clock is wrong, or too many validations have failed.
    pub(super) fn requested_order(&self) -> Result<Order, String> {
        let now = OffsetDateTime::now_utc();
        self.redate(now);
        self.schedule(&self.state(), now).requested_order()
    }

    /// Locks the certificate; none if another process has locked it. A store that cannot lock does
    /// not prevent an order.
    pub(super) fn lock_order(&self) -> Option<OrderLock> {
        let entry = Entry::new(Kind::Certificate, &self.name);
        match self.shared.store.lock(&entry) {
            Ok(None) => None,
            Ok(lock) => Some(OrderLock { _lock: lock }),
            Err(fault) => {
                warn!("{fault}");
                Some(OrderLock { _lock: None })
            }
        }
    }

    /// Obtains a certificate and records the outcome for the account's rate limits.
    pub(super) async fn obtain(
        &self,
        order: &Order,
        ca: CaClient,
        abandons_slow_order: bool,
        sender: &ProgressSender,
    ) -> Result<Obtained, Failed> {
        let journal = (order.ca != CaRole::Staging).then(|| self.shared.store.as_ref());
        let attempt = Attempt {
            abandons_slow_order,
            ..self.attempt(order, ca, journal, sender)
        };
        let obtained = attempt.obtain().await;
        let was_accepted = obtained.is_ok() || attempt.was_accepted();
        self.record_outcome(order.ca, was_accepted, obtained.as_ref().err());
        obtained
    }

    fn is_past_hard_line(&self) -> bool {
        let state = self.state();
        state.served.is_some() && state.is_urgent(OffsetDateTime::now_utc())
    }

    pub(super) fn attempt<'a>(
        &'a self,
        order: &'a Order,
        ca: CaClient,
        journal: Option<&'a dyn Store>,
        sender: &'a ProgressSender,
    ) -> Attempt<'a> {
        let state = self.state();
        Attempt {
            name: &self.name,
            hosts: &self.hosts,
            directory: self.ca(order.ca).directory.clone(),
            replaces: state.leaf().filter(|_| order.replaces),
            profile: self.profile(order, &ca),
            challenges: &order.challenges,
            solver: self.solver(),
            ca,
            journal,
            served_key: state.key(),
            requires_journal: !state.is_urgent(OffsetDateTime::now_utc()),
            abandons_slow_order: false,
            progress: Mutex::default(),
            sender,
        }
    }

    /// Saves and then serves a new certificate, so that a crash does not lose a served one.
    async fn conclude(&self, ca: CaRole, obtained: Obtained, sender: &ProgressSender) {
        if ca == CaRole::Staging {
            return self.record(History::record_probe_passed);
        }
        let Some(certified) = self.set_served(obtained.certificate.clone()) else {
            return;
        };
        let ends = date(certified.not_after);
        self.save(&obtained.certificate);
        self.slot.serve(certified);
        let success = Success {
            at: OffsetDateTime::now_utc(),
            ca,
            challenge: obtained.challenge,
        };
        self.record(|history| history.record_success(success));
        let step = format!("the new certificate is served; it ends on {ends}");
        sender.report(&self.name, &step);
        self.export().await;
    }

    /// Revokes the replaced certificate, because others may know its key.
    async fn revoke(&self, old: Option<Revocable>, sender: &ProgressSender) {
        let Some(Revocable { leaf, issuer }) = old else {
            return sender.report(&self.name, "there is no old certificate to revoke");
        };
        let reason = RevocationReason::KeyCompromise;
        let revoked = match self.connect(issuer).await {
            Ok(ca) => ca.revoke(&leaf, reason).await,
            Err(problem) => Err(problem),
        };
        let step = match revoked {
            Ok(()) => "the old certificate is revoked".to_owned(),
            Err(problem) => format!("the old certificate is not revoked: {problem}"),
        };
        sender.report(&self.name, &step);
    }

    /// Records and reports a failure; the last one of the attempts is an error.
    async fn record_failed(
        &self,
        ca: CaRole,
        failed: Failed,
        is_last: bool,
        sender: &ProgressSender,
    ) {
        if failed.problem.class == Class::AccountGone {
            self.shared.accounts.forget(&self.ca(ca)).await;
        }
        let sentence = failed.sentence;
        let now = OffsetDateTime::now_utc();
        let failure = Failure::new(now, failed.problem, ca, failed.challenge);
        self.record(|history| history.record_failure(failure.with_sentence(sentence.clone())));
        if !is_last {
            return sender.report(&self.name, &sentence);
        }
        error!("{}: no certificate: {sentence}", self.name);
        sender.failed(format!("{}: {sentence}", self.name));
    }
}
