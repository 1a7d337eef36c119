//! The house's own devices: certificates that end soon.

use time::OffsetDateTime;

use super::{Finding, process::Running};
use crate::{
    clients::{
        Folder,
        state::{self, Standing, State},
    },
    config::model::Config,
    server::control,
    tls::day,
};

const SUBJECT: &str = "devices";

/// Devices that will not get in for long, or no more, of the CA of the house.
pub(super) fn findings(config: &Config, running: &Running) -> Vec<Finding> {
    if !config.has_own_clients() {
        return Vec::new();
    }
    match states(config, running) {
        Ok(states) => of_states(&states),
        Err(fault) => vec![
            Finding::warn(SUBJECT, format!("{fault:#}"))
                .cure("where permission is denied, start this with sudo"),
        ],
    }
}

fn states(config: &Config, running: &Running) -> anyhow::Result<Vec<State>> {
    if running.status().is_some() {
        return control::clients(&config.state);
    }
    let folder = Folder::of(&config.state);
    let now = OffsetDateTime::now_utc();
    Ok(state::of(&folder.register()?, &folder.sightings(), now))
}

fn of_states(states: &[State]) -> Vec<Finding> {
    let mut found: Vec<_> = states
        .iter()
        .filter_map(|it| of_state(it, states))
        .collect();
    if found.is_empty() {
        let good = |it: &&State| it.standing == Standing::Good;
        let count = states.iter().filter(good).count();
        found.push(Finding::ok(
            SUBJECT,
            format!("{count} let in, none of them ends soon"),
        ));
    }
    found
}

/// What to tell of a device that has no newer certificate.
fn of_state(state: &State, all: &[State]) -> Option<Finding> {
    let is_newer = |it: &&State| it.name == state.name && it.expires > state.expires;
    if all
        .iter()
        .any(|it| is_newer(&it) && it.standing != Standing::Revoked)
    {
        return None;
    }
    let ends = day(state.expires);
    let told = match state.standing {
        Standing::EndsSoon => format!("the certificate of {:?} ends on {ends}", state.name),
        Standing::Ended => format!("the certificate of {:?} ended on {ends}", state.name),
        Standing::Good | Standing::Revoked => return None,
    };
    let cure = format!("renew it: hubgate client renew {:?}", state.name);
    Some(Finding::warn(SUBJECT, told).cure(cure))
}

#[cfg(test)]
mod tests {
    use time::Duration;

    use super::*;

    fn device(standing: Standing, days: i64) -> State {
        let now = OffsetDateTime::UNIX_EPOCH;
        State {
            name: "Anna's phone".into(),
            serial: "01".into(),
            standing,
            issued: now,
            expires: now + Duration::days(days),
            revoked: None,
            last_seen: None,
            last_seen_from: None,
        }
    }

    #[test]
    fn a_device_that_ends_soon_is_told_unless_it_has_a_newer_certificate() {
        let old = device(Standing::EndsSoon, 10);
        let told = of_states(std::slice::from_ref(&old));
        assert!(
            told[0].cause.contains("ends on 11 January 1970"),
            "{told:?}"
        );
        let renewed = of_states(&[old, device(Standing::Good, 800)]);
        assert_eq!(renewed[0].cause, "1 let in, none of them ends soon");
    }
}
