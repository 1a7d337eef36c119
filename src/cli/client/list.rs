//! `hubgate client list`: which devices there are, for people or as JSON.

use time::OffsetDateTime;

use super::super::{must_exist, print, print_json, table};
use crate::{
    clients::{
        Folder,
        state::{self, Standing, State},
    },
    config::model::Config,
    server::control,
    tls::day,
};

/// Prints the devices, those that are revoked on request only; the running process is asked, or the disk when none runs.
pub(super) fn run(config: &Config, all: bool, json: bool) -> anyhow::Result<()> {
    let states = match control::clients(&config.state) {
        Ok(states) => states,
        Err(fault) if !control::is_nobody(&fault) => return Err(fault),
        Err(_) => {
            must_exist(&config.state)?;
            on_disk(config)?
        }
    };
    if json {
        return print_json(&states);
    }
    let shown: Vec<_> = states
        .iter()
        .filter(|state| all || is_let_in(state))
        .cloned()
        .collect();
    let mut text = told(&shown, OffsetDateTime::now_utc());
    text.extend(hidden(states.len() - shown.len()));
    print(&text)
}

fn is_let_in(state: &State) -> bool {
    state.standing != Standing::Revoked
}

fn hidden(count: usize) -> Option<String> {
    (count > 0).then(|| format!("{count} revoked: hubgate client list --all\n"))
}

fn on_disk(config: &Config) -> anyhow::Result<Vec<State>> {
    let folder = Folder::of(&config.state);
    let now = OffsetDateTime::now_utc();
    Ok(state::of(&folder.register()?, &folder.sightings(), now))
}

fn told(states: &[State], now: OffsetDateTime) -> String {
    if states.is_empty() {
        return "no device yet; invite one with `hubgate client add NAME`\n".to_owned();
    }
    let header = ["NAME", "STATE", "ISSUED", "ENDS", "LAST SEEN", "SERIAL"];
    let mut rows = vec![header.map(str::to_owned)];
    rows.extend(states.iter().map(|state| row(state, now)));
    table::lines(&rows).join("\n") + "\n"
}

fn row(state: &State, now: OffsetDateTime) -> [String; 6] {
    [
        state.name.clone(),
        standing(state.standing).to_owned(),
        day(state.issued),
        day(state.expires),
        last_seen(state, now),
        state.serial.clone(),
    ]
}

fn standing(standing: Standing) -> &'static str {
    match standing {
        Standing::Good => "good",
        Standing::EndsSoon => "ends soon",
        Standing::Ended => "ended",
        Standing::Revoked => "revoked",
    }
}

fn last_seen(state: &State, now: OffsetDateTime) -> String {
    let (Some(at), Some(from)) = (state.last_seen, state.last_seen_from) else {
        return "never".to_owned();
    };
    match (now - at).whole_minutes() {
        ..2 => format!("now from {from}"),
        minutes @ 2..120 => format!("{minutes} min ago from {from}"),
        minutes @ 120..2880 => format!("{} h ago from {from}", minutes / 60),
        _ => format!("{} from {from}", day(at)),
    }
}

#[cfg(test)]
mod tests {
    use time::{Duration, macros::datetime};

    use super::*;

    #[test]
    fn each_device_has_a_line() {
        let now = datetime!(2026-11-25 12:00 UTC);
        let anna = State {
            name: "Anna's phone".into(),
            serial: "0A".into(),
            standing: Standing::Good,
            issued: now - Duration::days(3),
            expires: now + Duration::days(727),
            revoked: None,
            last_seen: Some(now - Duration::minutes(5)),
            last_seen_from: Some([203, 0, 113, 7].into()),
        };
        let ben = State {
            name: "Ben".into(),
            standing: Standing::Revoked,
            last_seen: None,
            last_seen_from: None,
            ..anna.clone()
        };
        let expected = "\
NAME          STATE    ISSUED            ENDS              LAST SEEN                    SERIAL
Anna's phone  good     22 November 2026  21 November 2028  5 min ago from 203.0.113.7  0A
Ben           revoked  22 November 2026  21 November 2028  never                        0A
";
        let told = told(&[anna, ben], now);
        assert_eq!(squeezed(&told), squeezed(expected));
    }

    fn squeezed(text: &str) -> Vec<Vec<&str>> {
        text.lines()
            .map(|line| line.split_whitespace().collect())
            .collect()
    }
}
