//! `hubgate cert`: how the certificates stand, and to have them renewed or tried now.

use std::path::Path;

use time::OffsetDateTime;

use super::{must_exist, print, print_json, table, tell};
use crate::{
    acme::{
        self,
        state::{Standing, State, Told},
    },
    config,
    server::control,
    telemetry::Printable,
    tls::{self, day},
};

/// Prints how the certificates of all sites that get theirs by ACME stand.
///
/// The running process is asked; when none runs, the state folder tells.
pub(super) fn status(path: &Path, json: bool) -> anyhow::Result<()> {
    let config = config::load(path)?;
    let running = control::certificates(&config.state);
    let states = match running {
        Ok(states) => states,
        Err(fault) if !control::is_nobody(&fault) => return Err(fault),
        Err(_) => {
            must_exist(&config.state)?;
            tls::install_provider();
            acme::states_on_disk(&config)?
        }
    };
    if json {
        return print_json(&states);
    }
    print(&told(&states, OffsetDateTime::now_utc()))
}

/// Has the running process renew a certificate now, and tells each step.
pub(super) fn renew(path: &Path, name: &str, revoke: bool) -> anyhow::Result<()> {
    let config = config::load(path)?;
    control::renew(&config.state, name, revoke, tell)
}

/// Has the running process try whether a CA would certify a site, or each; nothing changes.
pub(super) fn test(path: &Path, name: Option<&str>) -> anyhow::Result<()> {
    let config = config::load(path)?;
    control::try_out(&config.state, name, tell)
}

fn told(states: &[State], now: OffsetDateTime) -> String {
    if states.is_empty() {
        return "no site has `certificate: acme`\n".to_owned();
    }
    let mut rows = vec![HEADER.map(str::to_owned)];
    rows.extend(states.iter().map(|state| row(state, now)));
    let mut lines = Vec::new();
    for (nth, line) in table::lines(&rows).into_iter().enumerate() {
        lines.push(line);
        let state = nth.checked_sub(1).and_then(|nth| states.get(nth));
        let told = state.map(|state| [&state.problem, &state.undelivered]);
        lines.extend(told.into_iter().flatten().flatten().map(problem));
    }
    lines.join("\n") + "\n"
}

const HEADER: [&str; 6] = ["NAME", "STATE", "ISSUER", "ENDS", "LEFT", "NEXT"];

fn row(state: &State, now: OffsetDateTime) -> [String; 6] {
    let none = || "-".to_owned();
    [
        state.name.clone(),
        standing(state.standing).to_owned(),
        state.issuer.clone().unwrap_or_else(none),
        state.ends.map_or_else(none, day),
        state.ends.map_or_else(none, |ends| left(ends - now)),
        next(state, now),
    ]
}

fn standing(standing: Standing) -> &'static str {
    match standing {
        Standing::Missing => "none yet",
        Standing::Valid => "valid",
        Standing::Due => "due",
        Standing::Overdue => "overdue",
        Standing::Ended => "ended",
    }
}

/// A time span as somebody would say it: `70 days`, `5 h`.
fn left(span: time::Duration) -> String {
    let (sign, span) = if span.is_negative() {
        ("-", -span)
    } else {
        ("", span)
    };
    let seconds = span.whole_seconds();
    match seconds {
        ..120 => format!("{sign}{seconds} s"),
        120..7_200 => format!("{sign}{} min", seconds / 60),
        7_200..172_800 => format!("{sign}{} h", seconds / 3_600),
        _ => format!("{sign}{} days", seconds / 86_400),
    }
}

fn next(state: &State, now: OffsetDateTime) -> String {
    match state.next_at {
        Some(at) if at > now => format!("{} in {}", state.next, left(at - now)),
        _ => state.next.clone(),
    }
}

fn problem(problem: &Told) -> String {
    let at = problem.at;
    let (hour, minute) = (at.hour(), at.minute());
    format!(
        "  {} {hour:02}:{minute:02} UTC: {}",
        day(at),
        Printable(&problem.sentence)
    )
}

#[cfg(test)]
mod tests {
    use time::{Duration, macros::datetime};

    use super::*;
    use crate::acme::problem::Class;

    #[test]
    fn the_table_tells_each_certificate_and_under_it_what_is_wrong() {
        let now = datetime!(2026-11-25 12:00 UTC);
        let good = State {
            name: "home.example.org".into(),
            hosts: vec!["home.example.org".into()],
            standing: Standing::Valid,
            issuer: Some("R11".into()),
            ends: Some(now + Duration::days(70)),
            days_left: Some(70),
            next: "renewal".into(),
            next_at: Some(now + Duration::days(40)),
            problem: None,
            undelivered: Some(Told {
                at: now - Duration::minutes(7),
                class: Class::Local,
                sentence: "the copies are not delivered".into(),
            }),
        };
        let bad = State {
            name: "a.org".into(),
            standing: Standing::Missing,
            issuer: None,
            ends: None,
            days_left: None,
            next: "another try".into(),
            next_at: Some(now + Duration::minutes(10)),
            problem: Some(Told {
                at: now - Duration::minutes(5),
                class: Class::Validation,
                sentence: "nobody came".into(),
            }),
            undelivered: None,
            ..good.clone()
        };
        let expected = "\
NAME              STATE     ISSUER  ENDS             LEFT     NEXT
home.example.org  valid     R11     3 February 2027  70 days  renewal in 40 days
  25 November 2026 11:53 UTC: the copies are not delivered
a.org             none yet  -       -                -        another try in 10 min
  25 November 2026 11:55 UTC: nobody came
";
        assert_eq!(told(&[good, bad], now), expected);
    }

    #[test]
    fn a_span_is_told_in_the_unit_that_fits() {
        for (span, told) in [
            (Duration::seconds(90), "90 s"),
            (Duration::seconds(-3_600), "-60 min"),
            (Duration::hours(47), "47 h"),
            (Duration::days(3), "3 days"),
        ] {
            assert_eq!(left(span), told);
        }
    }
}
