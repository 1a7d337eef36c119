//! When the CA wants a certificate renewed (RFC 9773), and when it is asked again.

use serde::{Deserialize, Serialize};
use time::{Duration, OffsetDateTime};

use super::History;

/// When the CA wants a certificate renewed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Renewal {
    /// Begin of the window the CA suggests.
    #[serde(with = "time::serde::rfc3339")]
    pub window_start: OffsetDateTime,
    /// End of it.
    #[serde(with = "time::serde::rfc3339")]
    pub window_end: OffsetDateTime,
    /// The moment in it that was chosen; it stays as long as the window does.
    #[serde(with = "time::serde::rfc3339")]
    pub chosen: OffsetDateTime,
    /// Why the CA wants it, for a person to read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub explanation_url: Option<String>,
    /// When the CA said so.
    #[serde(with = "time::serde::rfc3339")]
    pub polled_at: OffsetDateTime,
}

/// When to ask again if the CA does not say; Let's Encrypt says the same.
const POLL: Duration = Duration::hours(6);
/// When to ask again after no answer; a certificate that was revoked should not wait for long.
const POLL_FAILED: Duration = Duration::hours(1);
/// What the CA says is kept between these (RFC 9773, 4.3.2).
const POLL_SHORTEST: Duration = Duration::minutes(1);
const POLL_LONGEST: Duration = Duration::days(1);

impl Renewal {
    /// A window with a moment in it: `fraction`, from 0 to 1, of the way through.
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
    /// Takes up what the CA said; the moment that was chosen stays if the window does.
    pub fn record_renewal(&mut self, mut renewal: Renewal, again: Option<OffsetDateTime>) {
        let window = |renewal: &Renewal| (renewal.window_start, renewal.window_end);
        if let Some(old) = self.renewal.as_ref()
            && window(old) == window(&renewal)
        {
            renewal.chosen = old.chosen;
        }
        self.poll_again_at = Some(again_at(renewal.polled_at, again, POLL));
        self.renewal = Some(renewal);
    }

    /// Takes up that the CA did not say; what it said before still holds.
    pub fn record_poll_failed(&mut self, now: OffsetDateTime, again: Option<OffsetDateTime>) {
        self.poll_again_at = Some(again_at(now, again, POLL_FAILED));
    }
}

fn again_at(
    now: OffsetDateTime,
    again: Option<OffsetDateTime>,
    otherwise: Duration,
) -> OffsetDateTime {
    again
        .unwrap_or(now + otherwise)
        .clamp(now + POLL_SHORTEST, now + POLL_LONGEST)
}
