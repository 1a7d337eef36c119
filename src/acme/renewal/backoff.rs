//! The wait before the next attempt, by the class of the last problem.

use time::{Duration, OffsetDateTime};

use super::Schedule;
use crate::acme::{
    problem::Class,
    store::history::{CaRole, Failure},
};

/// Part of a wait by which the jitter moves it, so that certificates that failed together are
/// retried apart.
const JITTER: f64 = 0.1;
const NETWORK: Duration = Duration::seconds(30);
const HOUR: Duration = Duration::hours(1);
const DAY: Duration = Duration::days(1);
/// Validations of a name that may fail in an hour; Let's Encrypt allows five.
const VALIDATIONS_AN_HOUR: usize = 3;
/// The longest `Retry-After` that counts: no rate limit of a CA lasts longer than a week.
const LONGEST_RETRY_AFTER: Duration = Duration::days(8);
/// Failures in a row after which a short `Retry-After` no longer replaces the own wait.
const TRUSTED: usize = 5;

impl Schedule<'_> {
    /// Returns the end of the wait at a CA, which counts for its staging CA too.
    pub(super) fn backoff_at(&self, ca: CaRole) -> Option<OffsetDateTime> {
        let last = self.failures_at(ca).next_back()?;
        let pause = self.pause_after(last, ca);
        let pause = (pause + pause * (JITTER * self.observed.jitter)).min(DAY);
        let own = last.at.saturating_add(pause);
        let requested = self.failures_at(ca).filter_map(Failure::retry_after).max();
        Some(
            requested.map_or(own, |requested| match self.trusts_retry_after(last, ca) {
                true => requested,
                false => requested.max(own),
            }),
        )
    }

    /// Returns the end of the wait at every CA after too many failed validations in an hour.
    pub(super) fn validation_backoff(&self) -> Option<OffsetDateTime> {
        let since = self.now.saturating_sub(HOUR);
        let failed = self.history.validations_failed_since(since);
        let third_last = failed.iter().rev().nth(VALIDATIONS_AN_HOUR - 1)?;
        Some(third_last.saturating_add(HOUR))
    }

    /// Returns the failures that count for a CA. A failure of the staging CA counts for the
    /// primary CA if the challenge failed there.
    fn failures_at(&self, ca: CaRole) -> impl DoubleEndedIterator<Item = &Failure> {
        let failures = self.history.unsettled();
        failures.filter(move |failure| match failure.ca {
            CaRole::Staging => ca == CaRole::Primary && failure.is_of_challenge(),
            other => other == ca,
        })
    }

    /// Returns true if the last failure named a `Retry-After` and the CA does not keep naming
    /// short ones.
    fn trusts_retry_after(&self, last: &Failure, ca: CaRole) -> bool {
        let class = last.problem.class;
        matches!(class, Class::Network | Class::RateLimited)
            && last.retry_after().is_some()
            && self.history.consecutive(ca, class) <= TRUSTED
    }

    fn pause_after(&self, last: &Failure, ca: CaRole) -> Duration {
        let class = last.problem.class;
        let times = self.history.consecutive(ca, class);
        match class {
            Class::Network => doubled(NETWORK, times, HOUR),
            Class::RateLimited => doubled(HOUR, times, DAY),
            Class::Paused | Class::Refused => DAY,
            Class::Validation | Class::Provider | Class::Local | Class::Unusable => {
                self.pause_after_attempts(self.wasted_attempts(ca), last)
            }
            Class::AlreadyReplaced
            | Class::InvalidProfile
            | Class::AccountGone
            | Class::OrderGone => match times {
                0 | 1 => Duration::ZERO,
                _ => doubled(NETWORK, times - 1, HOUR),
            },
        }
    }

    /// Returns the number of complete attempts that failed.
    fn wasted_attempts(&self, ca: CaRole) -> usize {
        let is_wasted = |failure: &&Failure| {
            failure.is_of_challenge() || failure.problem.class == Class::Unusable
        };
        self.failures_at(ca).filter(is_wasted).count()
    }

    /// Returns a short wait at first, for faults that pass, then a long one for faults that need
    /// the operator.
    fn pause_after_attempts(&self, attempts: usize, last: &Failure) -> Duration {
        match attempts {
            0 | 1 => Duration::minutes(1),
            2 => Duration::minutes(10),
            3 => Duration::minutes(100),
            _ => {
                let certificate = self.observed.certificate;
                let remaining = certificate.map_or(Duration::ZERO, |certificate| {
                    certificate.not_after - last.at
                });
                (remaining / 8_i32).clamp(HOUR, DAY)
            }
        }
    }
}

impl Failure {
    /// Returns true if the challenge failed, at the CA or on this machine.
    pub(super) fn is_of_challenge(&self) -> bool {
        matches!(self.problem.class, Class::Validation | Class::Provider)
    }

    /// Returns true if the CA itself failed or refused, not the challenge.
    pub(super) fn is_of_ca(&self) -> bool {
        matches!(
            self.problem.class,
            Class::Network | Class::RateLimited | Class::Paused | Class::Refused
        )
    }

    fn retry_after(&self) -> Option<OffsetDateTime> {
        let longest = self.at.saturating_add(LONGEST_RETRY_AFTER);
        let requested = self.problem.retry_after?.min(longest);
        (requested > self.at).then_some(requested)
    }
}

fn doubled(first: Duration, times: usize, longest: Duration) -> Duration {
    // Sixteen doublings of any first wait exceed any longest wait.
    let doublings = times.saturating_sub(1).min(16);
    (0..doublings).fold(first, |wait, _| (wait * 2_i32).min(longest))
}
