//! The renewal schedule of a certificate: a pure computation of the next action.
//!
//! [`Schedule`] reads no clock, draws no random numbers and does no I/O. Callers compute it again
//! at the moment it returns, after every event, and at least once a minute, because wall clocks
//! jump. No state of the history ends the schedule.

mod attempt;
mod backoff;
mod clock;
mod target;

use time::{Duration, OffsetDateTime};

use super::store::history::{CaRole, History};
use crate::config::model::ChallengeKind;

/// The schedule of one certificate at one moment.
///
/// After the clock was set back, call [`History::redate`] before.
#[derive(Clone)]
pub struct Schedule<'a> {
    /// The current time.
    pub now: OffsetDateTime,
    /// The state of the certificate.
    pub observed: ObservedState,
    /// The attempts so far.
    pub history: &'a History,
    /// The configuration.
    pub policy: Policy,
}

/// The state of a certificate, as far as the schedule depends on it.
#[derive(Clone, Debug)]
pub struct ObservedState {
    /// The served certificate, if there is one.
    pub certificate: Option<ObservedCertificate>,
    /// True if the certificate was ordered for the configured names.
    pub names_match: bool,
    /// A number from -1 to 1, constant for a certificate; it spreads the renewals of different
    /// certificates.
    pub jitter: f64,
    /// The CA's clock minus the local clock, by the `Date` of an answer since the clock was last
    /// set; to be measured again while the action is [`Action::ClockWrong`].
    pub ca_ahead: Option<Duration>,
}

/// The certificate that is served.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ObservedCertificate {
    /// Start of the validity.
    pub not_before: OffsetDateTime,
    /// End of the validity.
    pub not_after: OffsetDateTime,
    /// The CA that issued it; none if that CA is no longer configured.
    pub issuer: Option<CaRole>,
    /// True if that CA offers renewal information (RFC 9773).
    pub renewal_info: bool,
}

/// The configuration, as far as the schedule depends on it.
#[derive(Clone, Debug)]
pub struct Policy {
    /// The challenges that hubgate can solve, in order of preference; never empty.
    pub challenges: Vec<ChallengeKind>,
    /// True if a second CA is configured.
    pub fallback: bool,
    /// True if the primary CA has a staging CA, which is tried first after failed validations.
    pub staging: bool,
    /// True if orders name a profile.
    pub profile: bool,
}

/// The next action for a certificate.
#[derive(Clone, Debug, PartialEq)]
pub enum Action {
    /// Order a certificate now.
    Order(Order),
    /// Request the CA's renewal information, and record the answer or its absence in the history.
    PollRenewalInfo,
    /// Do nothing yet.
    Wait {
        /// The moment to compute the schedule again; for a renewal never after the hard line.
        until: OffsetDateTime,
    },
    /// Order nothing until the clock is right; the certificate is served meanwhile.
    ClockWrong {
        /// Cause and cure.
        sentence: String,
    },
}

/// The parameters of an order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Order {
    /// The CA. A certificate of [`CaRole::Staging`] is discarded; only its issuance is recorded.
    pub ca: CaRole,
    /// True if the order names the certificate it replaces (RFC 9773, section 5).
    pub replaces: bool,
    /// True if the order names the profile.
    pub profile: bool,
    /// The challenges in order of preference.
    pub challenges: Vec<ChallengeKind>,
}

impl Schedule<'_> {
    /// Computes the next action.
    #[must_use]
    pub fn next_action(&self) -> Action {
        if let Some(sentence) = self.clock_fault() {
            return Action::ClockWrong { sentence };
        }
        let due = self.due();
        if self.is_poll_due(due) {
            return Action::PollRenewalInfo;
        }
        if self.now < due {
            let until = self.poll_at().map_or(due, |poll| poll.min(due));
            return Action::Wait { until };
        }
        let attempt = self.next_attempt();
        match attempt.earliest {
            Some(until) if self.now < until => Action::Wait { until },
            _ => Action::Order(attempt.order),
        }
    }

    /// Returns the order to place now at the operator's request, whatever the schedule.
    ///
    /// # Errors
    /// Cause and cure: the clock is wrong, or another failed validation could make the CA lock the
    /// name.
    pub fn requested_order(&self) -> Result<Order, String> {
        if let Some(sentence) = self.clock_fault() {
            return Err(sentence);
        }
        match self.validation_backoff().filter(|until| self.now < *until) {
            Some(until) => Err(format!(
                "three validations have failed within an hour, and the CA would lock the name \
                 after more; correct the cause, and try again in {} min",
                (until - self.now).whole_minutes() + 1
            )),
            None => Ok(self.order_without_probe()),
        }
    }

    /// Returns an order at the primary CA itself, even if its staging CA would be tried first.
    fn order_without_probe(&self) -> Order {
        let mut schedule = self.clone();
        schedule.policy.staging = false;
        schedule.order(CaRole::Primary)
    }

    /// Returns true if the operator should be warned: a renewal is late by a tenth of the
    /// certificate's life, or the first attempt at a missing certificate has failed.
    #[must_use]
    pub fn is_overdue(&self) -> bool {
        let Some(certificate) = self.renewable() else {
            return self.history.last_failure().is_some();
        };
        self.now > self.due().saturating_add(certificate.life() / 10)
    }

    /// Returns the certificate that a renewal replaces: one for the configured names.
    fn renewable(&self) -> Option<ObservedCertificate> {
        let certificate = self.observed.certificate;
        certificate.filter(|_| self.observed.names_match)
    }
}

impl ObservedCertificate {
    fn life(&self) -> Duration {
        (self.not_after - self.not_before).max(Duration::ZERO)
    }

    /// Returns the last moment to begin the renewal, whatever the CA suggests.
    fn hard_line(&self) -> OffsetDateTime {
        self.not_after - self.life() / 4
    }
}

#[cfg(test)]
mod tests;
