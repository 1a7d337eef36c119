//! The renewal information of a certificate (RFC 9773), and the moment to request it again.

use serde::{Deserialize, Serialize};
use time::{Duration, OffsetDateTime};

use super::History;

/// The renewal information of a certificate, with the moment chosen for its renewal.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Renewal {
    /// Start of the suggested window.
    #[serde(with = "time::serde::rfc3339")]
    pub window_start: OffsetDateTime,
    /// End of the suggested window.
    #[serde(with = "time::serde::rfc3339")]
    pub window_end: OffsetDateTime,
    /// The moment chosen in the window; constant while the window is.
    #[serde(with = "time::serde::rfc3339")]
    pub chosen: OffsetDateTime,
    /// A page with the CA's reason for the window.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub explanation_url: Option<String>,
    /// The moment of the answer.
    #[serde(with = "time::serde::rfc3339")]
    pub polled_at: OffsetDateTime,
}

/// Interval to the next request without a `Retry-After`; Let's Encrypt sends the same.
const POLL: Duration = Duration::hours(6);
/// Interval to the next request after a failed one, so that a revoked certificate is noticed soon.
const POLL_FAILED: Duration = Duration::hours(1);
/// Limits of `Retry-After` (RFC 9773, section 4.3.2).
const POLL_SHORTEST: Duration = Duration::minutes(1);
const POLL_LONGEST: Duration = Duration::days(1);

impl Renewal {
    /// Chooses the moment at `fraction`, from 0 to 1, of a window.
    #[must_use]
    pub fn choose(
        (window_start, window_end): (OffsetDateTime, OffsetDateTime),
        fraction: f64,
        explanation_url: Option<String>,
        now: OffsetDateTime,
    ) -> Self {
        let length = (window_end - window_start).max(Duration::ZERO);
        Self {
            window_start,
            window_end,
            chosen: window_start + length * fraction.clamp(0.0, 1.0),
            explanation_url,
            polled_at: now,
        }
    }
}

impl History {
    /// Records an answer of the CA. For the same window the moment chosen before stays.
    pub fn record_renewal(&mut self, mut renewal: Renewal, retry_after: Option<OffsetDateTime>) {
        let window = |renewal: &Renewal| (renewal.window_start, renewal.window_end);
        if let Some(old) = self.renewal.as_ref()
            && window(old) == window(&renewal)
        {
            renewal.chosen = old.chosen;
        }
        self.poll_again(renewal.polled_at, retry_after, POLL);
        self.renewal = Some(renewal);
    }

    /// Records a failed request; the last answer still holds.
    pub fn record_poll_failed(&mut self, now: OffsetDateTime, retry_after: Option<OffsetDateTime>) {
        self.poll_again(now, retry_after, POLL_FAILED);
    }

    fn poll_again(
        &mut self,
        now: OffsetDateTime,
        retry_after: Option<OffsetDateTime>,
        default: Duration,
    ) {
        let at = retry_after.unwrap_or(now + default);
        self.poll_again_at = Some(at.clamp(now + POLL_SHORTEST, now + POLL_LONGEST));
    }
}
