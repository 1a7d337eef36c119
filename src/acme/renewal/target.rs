//! The moment a renewal is due, and the moment to request renewal information (RFC 9773).

use time::{Duration, OffsetDateTime};

use super::{ObservedCertificate, Schedule};
use crate::acme::store::history::Renewal;

/// A certificate that lives shorter is renewed after half of its life, others after two thirds.
const SHORT_LIFE: Duration = Duration::days(10);
/// Part of the life by which the jitter moves the target.
const JITTER: f64 = 0.01;
/// Certificates within [`EARLY_PERIOD`] after which the CA's suggestion is ignored.
const EARLY: usize = 3;
const EARLY_PERIOD: Duration = Duration::days(1);

impl Schedule<'_> {
    /// Returns the moment the renewal is due; now without a certificate for the configured names.
    #[must_use]
    pub fn due(&self) -> OffsetDateTime {
        let Some(certificate) = self.renewable() else {
            return self.now;
        };
        let own = self.own_target(&certificate);
        let own = own.max(self.after_last_success(&certificate));
        let suggested = self.history.renewal();
        match suggested.and_then(|renewal| certificate.suggested(renewal)) {
            Some(suggested) => suggested
                .max(self.earliest_suggested().min(own))
                .min(certificate.hard_line()),
            None => own,
        }
    }

    /// Returns the moment to request renewal information; none if the CA offers none.
    pub(super) fn poll_at(&self) -> Option<OffsetDateTime> {
        let certificate = self.renewable()?;
        let at = self.history.poll_again_at();
        let at = at.unwrap_or(certificate.not_before);
        certificate.renewal_info.then_some(at)
    }

    /// Returns true if renewal information is to be requested now.
    ///
    /// A renewal that is due is not delayed by it, except by the first request: the CA may suggest
    /// a later moment, and exempts a renewal in its window from rate limits.
    pub(super) fn is_poll_due(&self, due: OffsetDateTime) -> bool {
        let Some(certificate) = self.renewable() else {
            return false;
        };
        let is_first = self.history.poll_again_at().is_none() && self.now < certificate.hard_line();
        let is_time = self.poll_at().is_some_and(|poll| poll <= self.now);
        is_time && (self.now < due || is_first)
    }

    fn own_target(&self, certificate: &ObservedCertificate) -> OffsetDateTime {
        let life = certificate.life();
        let part = if life < SHORT_LIFE {
            1.0 / 2.0
        } else {
            2.0 / 3.0
        };
        let jitter = self.observed.jitter.clamp(-1.0, 1.0);
        certificate.not_before + life * (part + JITTER * jitter)
    }

    /// Returns the earliest moment after the last certificate: one that is due on arrival, by a
    /// wrong clock or an odd CA, is not replaced at once.
    fn after_last_success(&self, certificate: &ObservedCertificate) -> OffsetDateTime {
        let last = self.history.last_success();
        last.map_or(OffsetDateTime::UNIX_EPOCH, |success| {
            success.at.saturating_add(certificate.life() / 10)
        })
    }

    /// Returns the earliest moment at which the CA's suggestion counts, so that windows which are
    /// always past do not cause endless orders.
    fn earliest_suggested(&self) -> OffsetDateTime {
        let third_last = self.history.successes().iter().rev().nth(EARLY - 1);
        third_last.map_or(OffsetDateTime::UNIX_EPOCH, |success| {
            success.at.saturating_add(EARLY_PERIOD)
        })
    }
}

impl ObservedCertificate {
    /// Returns the moment chosen in the CA's window, if the window is valid (RFC 9773, section
    /// 4.2).
    fn suggested(&self, renewal: &Renewal) -> Option<OffsetDateTime> {
        let is_valid = renewal.window_start <= renewal.window_end;
        (is_valid && renewal.chosen < self.not_after).then_some(renewal.chosen)
    }
}
