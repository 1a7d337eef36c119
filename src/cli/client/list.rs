//! `hubgate client list`: the devices, as a table or JSON.

use std::fmt;

use clap::Args;
use time::OffsetDateTime;

use super::super::{must_exist, print, print_json, table::Table};
use crate::{
    config::model::Config,
    devices::{
        ClientCaStore,
        registry::status::{DeviceReport, DeviceStatus},
    },
    server::control::ControlClient,
    tls::date,
};

/// The choice of devices, and the form of the list.
#[derive(Debug, Args)]
pub(in crate::cli) struct List {
    /// List revoked devices too.
    #[arg(long)]
    all: bool,
    /// Print JSON, with revoked devices.
    #[arg(long)]
    json: bool,
}

impl List {
    /// Prints the devices that the running process reports, or those on disk if none runs.
    pub(super) fn run(&self, config: &Config) -> anyhow::Result<()> {
        let states = match ControlClient::new(&config.state).devices() {
            Ok(states) => states,
            Err(fault) if !ControlClient::is_not_running(&fault) => return Err(fault),
            Err(_) => {
                must_exist(&config.state)?;
                let folder = ClientCaStore::new(&config.state);
                folder.states(config, &folder.last_seen())?
            }
        };
        if self.json {
            return print_json(&states);
        }
        let is_shown = |state: &&DeviceReport| self.all || state.status != DeviceStatus::Revoked;
        let shown: Vec<_> = states.iter().filter(is_shown).cloned().collect();
        let table = DeviceTable {
            states: &shown,
            now: OffsetDateTime::now_utc(),
        };
        match states.len() - shown.len() {
            0 => print(&table.to_string()),
            hidden => print(&format!(
                "{table}{hidden} revoked: hubgate client list --all\n"
            )),
        }
    }
}

/// A row for each device.
struct DeviceTable<'a> {
    states: &'a [DeviceReport],
    now: OffsetDateTime,
}

const HEADER: [&str; 6] = ["NAME", "STATE", "ISSUED", "ENDS", "LAST SEEN", "SERIAL"];

impl fmt::Display for DeviceTable<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.states.is_empty() {
            return writeln!(
                f,
                "no device yet; invite one with `hubgate client add NAME`"
            );
        }
        let rows = self.states.iter().map(|state| self.row(state));
        Table::new(HEADER, rows).fmt(f)
    }
}

impl DeviceTable<'_> {
    fn row(&self, state: &DeviceReport) -> [String; 6] {
        [
            state.name.clone(),
            status_text(state.status).to_owned(),
            date(state.issued),
            date(state.expires),
            self.last_seen(state),
            state.serial.clone(),
        ]
    }

    fn last_seen(&self, state: &DeviceReport) -> String {
        let (Some(at), Some(from)) = (state.last_seen, state.last_seen_from) else {
            return "never".to_owned();
        };
        match (self.now - at).whole_minutes() {
            ..2 => format!("now from {from}"),
            minutes @ 2..120 => format!("{minutes} min ago from {from}"),
            minutes @ 120..2880 => format!("{} h ago from {from}", minutes / 60),
            _ => format!("{} from {from}", date(at)),
        }
    }
}

fn status_text(status: DeviceStatus) -> &'static str {
    match status {
        DeviceStatus::Good => "good",
        DeviceStatus::EndsSoon => "ends soon",
        DeviceStatus::Ended => "ended",
        DeviceStatus::Revoked => "revoked",
    }
}

#[cfg(test)]
mod tests {
    use time::{Duration, macros::datetime};

    use super::*;

    #[test]
    fn each_device_has_a_line() {
        let now = datetime!(2026-11-25 12:00 UTC);
        let anna = DeviceReport {
            name: "Anna's phone".into(),
            serial: "0A".into(),
            status: DeviceStatus::Good,
            issued: now - Duration::days(3),
            expires: now + Duration::days(727),
            revoked: None,
            last_seen: Some(now - Duration::minutes(5)),
            last_seen_from: Some([203, 0, 113, 7].into()),
        };
        let ben = DeviceReport {
            name: "Ben".into(),
            status: DeviceStatus::Revoked,
            last_seen: None,
            last_seen_from: None,
            ..anna.clone()
        };
        let expected = "\
NAME          STATE    ISSUED            ENDS              LAST SEEN                    SERIAL
Anna's phone  good     22 November 2026  21 November 2028  5 min ago from 203.0.113.7  0A
Ben           revoked  22 November 2026  21 November 2028  never                        0A
";
        let states = &[anna, ben];
        let table = DeviceTable { states, now }.to_string();
        assert_eq!(squeezed(&table), squeezed(expected));
    }

    fn squeezed(text: &str) -> Vec<Vec<&str>> {
        text.lines()
            .map(|line| line.split_whitespace().collect())
            .collect()
    }
}
