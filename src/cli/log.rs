//! `hubgate log`: the last entries and refusals, of the running process or from its file.

use std::{
    fmt,
    io::{self, Write},
    path::Path,
};

use clap::Args;
use time::{OffsetDateTime, UtcOffset};

use crate::{
    config,
    events::{
        event::{Entry, Event, Record, Refusal},
        history::HistoryFile,
    },
    server::control::ControlClient,
    telemetry::{OneLine, escaped_json},
};

/// The entries and refusals to print.
#[derive(Debug, Args)]
pub(super) struct Log {
    /// Print further entries and refusals as they happen, until Ctrl-C.
    #[arg(short, long)]
    follow: bool,
    /// Print the reason for each refusal in words.
    #[arg(long)]
    why: bool,
    /// Number of the last entries and refusals to print, at most 120.
    #[arg(short = 'n', long, value_name = "N", default_value_t = 20)]
    lines: usize,
    /// Print JSON, one object for each entry and refusal.
    #[arg(long)]
    json: bool,
}

/// An entry or refusal as text.
struct Line<'a> {
    record: &'a Record,
    why: bool,
}

impl Log {
    /// Prints the entries and refusals; from the file if no process runs.
    ///
    /// # Errors
    /// `--follow` without a running process, or a history that cannot be read.
    pub(super) fn run(&self, path: &Path) -> anyhow::Result<()> {
        let state = config::load(path).map(|config| config.state);
        let state = state.unwrap_or_else(|_| config::state_folder(path));
        let show = |records: &[Record]| Ok(self.print(records)?);
        let printed = match ControlClient::new(&state).log(self.lines, self.follow, show) {
            Err(fault) if ControlClient::is_not_running(&fault) && !self.follow => {
                self.print_file(&state)
            }
            printed => printed,
        };
        let is_closed = |fault: &anyhow::Error| {
            let fault = fault.downcast_ref::<io::Error>();
            fault.is_some_and(|fault| fault.kind() == io::ErrorKind::BrokenPipe)
        };
        // A closed stdout is no failure, such as that of `| head`.
        printed.or_else(|fault| {
            if is_closed(&fault) {
                Ok(())
            } else {
                Err(fault)
            }
        })
    }

    fn print_file(&self, state: &Path) -> anyhow::Result<()> {
        super::must_exist(state)?;
        let records = HistoryFile::new(state).read()?.unwrap_or_default();
        Ok(self.print(&records.latest(self.lines))?)
    }

    fn print(&self, records: &[Record]) -> io::Result<()> {
        let mut out = io::stdout().lock();
        for record in records {
            if self.json {
                let json = serde_json::to_string(record)?;
                writeln!(out, "{}", escaped_json(&json))?;
                continue;
            }
            let why = self.why;
            let text = Line { record, why }.to_string();
            for line in text.lines() {
                writeln!(out, "{}", OneLine(line))?;
            }
        }
        out.flush()
    }
}

impl fmt::Display for Line<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}  ", local_time(self.record.at))?;
        match &self.record.event {
            Event::Entry(entry) => Self::fmt_entry(entry, f),
            Event::Refusal(refusal) => self.fmt_refusal(refusal, f),
            _ => Ok(()),
        }
    }
}

impl Line<'_> {
    fn fmt_entry(entry: &Entry, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names = [&entry.user, &entry.device].into_iter().flatten();
        let names: Vec<_> = names.map(|name| one_line(name)).collect();
        let address = entry.address.map(|address| address.to_string());
        let visitor = match names.is_empty() {
            true => "a client".to_owned(),
            false => names.join(" with "),
        };
        let (visitor, from) = match (names.is_empty(), address) {
            (true, Some(address)) => (address, String::new()),
            (_, Some(address)) => (visitor, format!(" from {address}")),
            (_, None) => (visitor, String::new()),
        };
        let by = match entry.factors.any() {
            true => format!(" by {}", entry.factors.name().replace('+', " and ")),
            false => String::new(),
        };
        writeln!(f, "in   {}  {visitor}{from}{by}", one_line(&entry.site))
    }

    fn fmt_refusal(&self, refusal: &Refusal, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let host = refusal.site.as_deref().unwrap_or(&refusal.host);
        let address = refusal.address.map(|address| address.to_string());
        let address = address.unwrap_or_else(|| "-".to_owned());
        let times = match refusal.times {
            1 => String::new(),
            times => format!(" ({times} times)"),
        };
        let (status, reason) = (refusal.status, refusal.reason.name());
        let (method, path) = (one_line(&refusal.method), one_line(&refusal.path));
        let host = one_line(host);
        writeln!(
            f,
            "{status}  {host}  {address} {method} {path}: {reason}{times}"
        )?;
        if self.why {
            let detail = refusal.detail.as_deref().map(one_line);
            let detail = detail.map_or_else(String::new, |detail| format!(" ({detail})"));
            writeln!(f, "{:23}{}{detail}", "", refusal.reason.words())?;
        }
        Ok(())
    }
}

/// Escapes control characters and line ends of a text from outside.
fn one_line(text: &str) -> String {
    OneLine(text).to_string()
}

/// Returns the local date and time to a second.
fn local_time(at: OffsetDateTime) -> String {
    let offset = UtcOffset::local_offset_at(at).unwrap_or(UtcOffset::UTC);
    let at = at.to_offset(offset);
    let (date, time) = (at.date(), at.time());
    let (hour, minute, second) = time.as_hms();
    format!("{date} {hour:02}:{minute:02}:{second:02}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::events::{factors::Factors, reason::Reason};

    fn refusal(path: &str) -> Record {
        Record {
            at: OffsetDateTime::UNIX_EPOCH,
            event: Event::Refusal(Refusal {
                site: None,
                address: None,
                reason: Reason::NoSite,
                detail: Some("a\u{1b}[2Jb".into()),
                status: 421,
                host: "x\ny".into(),
                method: "GET".into(),
                path: path.into(),
                agent: String::new(),
                times: 3,
                first: OffsetDateTime::UNIX_EPOCH,
            }),
        }
    }

    #[test]
    fn texts_of_a_client_reach_no_terminal_as_control_characters() {
        let record = refusal("/\u{1b}[31m\n\u{202e}x");
        let text = Line {
            record: &record,
            why: true,
        };
        let text = text.to_string();
        assert_eq!(text.lines().count(), 2, "{text}");
        assert!(!text.contains(['\u{1b}', '\u{202e}']), "{text}");
        assert!(text.contains("no_site (3 times)"), "{text}");
        assert!(text.contains(Reason::NoSite.words()), "{text}");
    }

    #[test]
    fn an_entry_names_the_visitor_and_the_factors() {
        let entry = |user: Option<&str>, factors| Record {
            at: OffsetDateTime::UNIX_EPOCH,
            event: Event::Entry(Entry {
                site: "home.test".into(),
                user: user.map(str::to_owned),
                device: None,
                address: Some([192, 0, 2, 1].into()),
                factors: Factors::from_number(factors),
                agent: String::new(),
            }),
        };
        let line = |record| {
            let line = Line {
                record: &record,
                why: false,
            };
            line.to_string()
        };
        let named = line(entry(Some("anna"), 5));
        let wanted = "in   home.test  anna from 192.0.2.1 by network and password\n";
        assert!(named.ends_with(wanted), "{named}");
        let address = line(entry(None, 0));
        assert!(
            address.ends_with("in   home.test  192.0.2.1\n"),
            "{address}"
        );
    }
}
