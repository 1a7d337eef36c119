//! When a certificate is due, and when the CA is asked for its view of that.

use time::{Duration, OffsetDateTime};

use super::{Held, Standing};
use crate::acme::history::{History, Renewal};

/// When a certificate is due, and why then.
pub(super) struct Due {
    pub(super) at: OffsetDateTime,
    pub(super) why: &'static str,
}

/// Below this life a certificate is renewed at its half, above when two thirds are gone.
const SHORT_LIFE: Duration = Duration::days(10);
/// How far the target moves with the jitter, as a part of the life.
const JITTER: f64 = 0.01;
/// So many certificates in so long, and the CA's wish for still another waits.
const EARLY: usize = 3;
const EARLY_PERIOD: Duration = Duration::days(1);

/// When the set is due; now without a certificate of the right names.
pub(super) fn due(now: OffsetDateTime, standing: &Standing, history: &History) -> Due {
    let Some(held) = renewable(standing) else {
        let why = "there is no certificate of these names yet";
        return Due { at: now, why };
    };
    let own = own_target(&held, standing.jitter).max(spaced(&held, history));
    match history.renewal().and_then(|renewal| wish(renewal, &held)) {
        Some(wish) => Due {
            at: wish.max(earliest(history).min(own)).min(hard_line(&held)),
            why: "the CA wants it renewed then",
        },
        None => Due {
            at: own,
            why: "most of its life is over then",
        },
    }
}

/// When the CA is to be asked again; none if it does not say when to renew.
pub(super) fn poll_at(standing: &Standing, history: &History) -> Option<OffsetDateTime> {
    let held = renewable(standing)?;
    let at = history.poll_again_at().unwrap_or(held.not_before);
    held.renewal_info.then_some(at)
}

/// Once a renewal is due, asking can only delay it; except for the first time, because the CA
/// may well want it later, and then it counts for its limits.
pub(super) fn poll_is_due(
    now: OffsetDateTime,
    due: &Due,
    standing: &Standing,
    history: &History,
) -> bool {
    let Some(held) = renewable(standing) else {
        return false;
    };
    let is_first = history.poll_again_at().is_none() && now < hard_line(&held);
    let is_time = poll_at(standing, history).is_some_and(|poll| poll <= now);
    is_time && (now < due.at || is_first)
}

fn renewable(standing: &Standing) -> Option<Held> {
    standing.certificate.filter(|_| standing.names_match)
}

/// The last moment to begin, whatever the CA says.
fn hard_line(held: &Held) -> OffsetDateTime {
    held.not_after - life(held) / 4
}

fn own_target(held: &Held, jitter: f64) -> OffsetDateTime {
    let life = life(held);
    let part = if life < SHORT_LIFE {
        1.0 / 2.0
    } else {
        2.0 / 3.0
    };
    held.not_before + life * (part + JITTER * jitter.clamp(-1.0, 1.0))
}

fn life(held: &Held) -> Duration {
    (held.not_after - held.not_before).max(Duration::ZERO)
}

/// The moment chosen in the CA's window, if the window makes sense (RFC 9773, 4.2).
fn wish(renewal: &Renewal, held: &Held) -> Option<OffsetDateTime> {
    let is_sane = renewal.window_start <= renewal.window_end;
    (is_sane && renewal.chosen < held.not_after).then_some(renewal.chosen)
}

/// A new certificate that is due when it comes, by a wrong clock or an odd CA, must not be followed
/// by another at once.
fn spaced(held: &Held, history: &History) -> OffsetDateTime {
    let last = history.last_success().map(|success| success.at);
    last.map_or(OffsetDateTime::UNIX_EPOCH, |at| {
        at.saturating_add(life(held) / 10)
    })
}

/// A CA that always says "now" must not be asked for certificates in a circle.
fn earliest(history: &History) -> OffsetDateTime {
    let third_last = history.successes().iter().rev().nth(EARLY - 1);
    third_last.map_or(OffsetDateTime::UNIX_EPOCH, |success| {
        success.at.saturating_add(EARLY_PERIOD)
    })
}
