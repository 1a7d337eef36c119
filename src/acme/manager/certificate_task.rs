//! The task of one certificate: it performs the actions of the schedule, and continues after a
//! panic of one.
//!
//! `renewal` computes the next action and `order` performs an order. This module decides when to
//! compute the schedule, and records the outcome.

mod ca;
mod issue;
mod persistence;
mod test_order;
mod turn;

use std::{
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use time::OffsetDateTime;
use tokio::{sync::Notify, time::sleep};
use tokio_util::{sync::CancellationToken, task::AbortOnDropHandle};
use tracing::error;

use self::{ca::LastIssuer, issue::Trigger};
use super::{shared::Shared, status::CertificateReport, task_state::TaskState};
use crate::{
    acme::{
        challenge::solver::{ActiveResponses, Solver},
        problem::Problem,
        renewal::{Action, Schedule},
        store::history::{CaRole, Failure},
    },
    clock,
    config::model::{Acme, Host},
    telemetry::progress::ProgressSender,
    tls::CertificateSlot,
};

/// The task of one certificate.
pub(crate) struct CertificateTask {
    name: String,
    hosts: Vec<Host>,
    acme: Arc<Acme>,
    slot: Arc<CertificateSlot>,
    shared: Arc<Shared>,
    state: Mutex<TaskState>,
    /// The operator's request to renew the certificate now.
    request: Mutex<Option<RenewalRequest>>,
    wake: Notify,
    /// The connected CA of the last order, for the next request of renewal information.
    last_issuer: Mutex<Option<LastIssuer>>,
    active_responses: Arc<ActiveResponses>,
}

/// The operator's request to renew a certificate now.
struct RenewalRequest {
    progress: ProgressSender,
    /// True if the old certificate is to be revoked.
    revoke: bool,
}

/// Longest pause, so that a jump of the wall clock is noticed.
const LONGEST: Duration = Duration::from_secs(60);

impl CertificateTask {
    /// Creates the task, and serves the stored certificate; without one, another that is stored for
    /// its hosts, or certbot's.
    pub(crate) fn load(
        hosts: &[Host],
        acme: Arc<Acme>,
        slot: Arc<CertificateSlot>,
        shared: Arc<Shared>,
    ) -> Self {
        let name = hosts.first().map_or_else(String::new, ToString::to_string);
        let now = OffsetDateTime::now_utc();
        let task = Self {
            state: Mutex::new(TaskState::load(shared.store.as_ref(), &name, now)),
            name,
            hosts: hosts.to_vec(),
            acme,
            slot,
            shared,
            request: Mutex::default(),
            wake: Notify::new(),
            last_issuer: Mutex::default(),
            active_responses: Arc::default(),
        };
        task.load_newer();
        for load_elsewhere in [Self::adopt, Self::take_over_lineage] {
            if task.state().served.is_none() {
                load_elsewhere(&task, now);
            }
        }
        task
    }

    /// Returns the first host.
    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    /// Returns true if the certificate is for a host.
    pub(crate) fn is_for(&self, host: &str) -> bool {
        let mut hosts = self.hosts.iter();
        hosts.any(|other| other.to_string().eq_ignore_ascii_case(host))
    }

    /// Returns true if the task has these hosts and these settings.
    pub(crate) fn matches(&self, hosts: &[Host], acme: &Acme) -> bool {
        self.hosts == hosts && *self.acme == *acme
    }

    /// Reports the certificate for `hubgate cert status`.
    pub(crate) fn report(&self, now: OffsetDateTime) -> CertificateReport {
        let state = self.state();
        let mut report = state.report(&self.schedule(&state, now), &self.hosts);
        if self.acme.export.is_none() {
            report.undelivered = None;
        }
        report
    }

    /// Requests a renewal now, whatever the schedule; with `revoke`, the old certificate is revoked
    /// after it.
    pub(crate) fn request(&self, progress: ProgressSender, revoke: bool) {
        let request = RenewalRequest { progress, revoke };
        let replaced = self.lock_request().replace(request);
        if let Some(replaced) = replaced {
            let name = &self.name;
            let sentence = format!("{name}: a later request has replaced this one");
            replaced.progress.failed(sentence);
        }
        self.wake.notify_one();
    }

    /// Performs the actions of the schedule until cancelled.
    pub(crate) async fn run(self: Arc<Self>, stop: CancellationToken) {
        let mut job = tokio::spawn(self.clone().clean_up());
        loop {
            let ended = tokio::select! {
                () = stop.cancelled() => return,
                ended = AbortOnDropHandle::new(job) => ended,
            };
            let pause = ended.unwrap_or_else(|panic| self.record_panic(&panic));
            tokio::select! {
                () = stop.cancelled() => return,
                () = self.wake.notified() => {}
                () = sleep(pause) => {}
            }
            job = tokio::spawn(self.clone().step());
        }
    }

    /// Removes the DNS records that a crash left behind.
    async fn clean_up(self: Arc<Self>) -> Duration {
        if let Some(_lock) = self.lock_order() {
            self.solver().sweep().await;
        }
        Duration::ZERO
    }

    /// Performs the next action; returns the pause after it.
    async fn step(self: Arc<Self>) -> Duration {
        let now = OffsetDateTime::now_utc();
        self.load_newer();
        self.record_unrecorded();
        self.save_again();
        self.log_overdue(now);
        self.export().await;
        let request = self.lock_request().take();
        if let Some(RenewalRequest { progress, revoke }) = request {
            return self.order(Trigger::Operator { revoke }, &progress).await;
        }
        match self.next_action(now) {
            Action::Order(order) => self.order_within_limits(order.ca, now).await,
            Action::PollRenewalInfo => self.poll_renewal_info().await,
            Action::Wait { until } => pause_of(until - now),
            Action::ClockWrong { sentence } => self.check_clock(&sentence).await,
        }
    }

    /// Waits for a request of the operator.
    async fn wait_for_request(&self) {
        while self.lock_request().is_none() {
            self.wake.notified().await;
        }
    }

    fn next_action(&self, now: OffsetDateTime) -> Action {
        self.redate(now);
        let mut state = self.state();
        let action = self.schedule(&state, now).next_action();
        state.is_clock_logged &= matches!(action, Action::ClockWrong { .. });
        action
    }

    /// Moves future moments of the history to `now`, unless the clock is implausible.
    fn redate(&self, now: OffsetDateTime) {
        if !clock::is_implausible(now) {
            self.state().history.redate(now);
        }
    }

    fn schedule<'s>(&self, state: &'s TaskState, now: OffsetDateTime) -> Schedule<'s> {
        Schedule {
            now,
            observed: state.observe(&self.hosts, &self.acme),
            history: &state.history,
            policy: self.policy(),
        }
    }

    /// Records the panic of a job like any other failure; the task continues.
    fn record_panic(&self, panic: &tokio::task::JoinError) -> Duration {
        let problem = Problem::local(format!("a fault in hubgate itself: {panic}"));
        let sentence = format!("{problem}; report it; the served certificate stays in use");
        error!("{}: {sentence}", self.name);
        let now = OffsetDateTime::now_utc();
        let failure = Failure::new(now, problem, CaRole::Primary, None).with_sentence(sentence);
        self.record(|history| history.record_failure(failure));
        LONGEST
    }

    fn solver(&self) -> Solver {
        let active = self.active_responses.clone();
        Solver::new(&self.shared, self.acme.dns.as_ref(), &self.name, active)
    }

    /// Logs once that a renewal is late.
    fn log_overdue(&self, now: OffsetDateTime) {
        let mut state = self.state();
        let is_overdue = self.schedule(&state, now).is_overdue();
        if is_overdue && !state.is_overdue_logged && state.served.is_some() {
            error!(
                "{}: the renewal of the certificate is overdue; see `hubgate cert status`",
                self.name
            );
        }
        state.is_overdue_logged = is_overdue;
    }

    fn state(&self) -> MutexGuard<'_, TaskState> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn lock_last_issuer(&self) -> MutexGuard<'_, Option<LastIssuer>> {
        let last_issuer = self.last_issuer.lock();
        last_issuer.unwrap_or_else(PoisonError::into_inner)
    }

    fn lock_request(&self) -> MutexGuard<'_, Option<RenewalRequest>> {
        self.request.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn pause_of(wait: time::Duration) -> Duration {
    let wait = wait.max(time::Duration::ZERO).try_into().unwrap_or(LONGEST);
    LONGEST.min(wait)
}

#[cfg(test)]
mod tests;
