//! `hubgate cert`: the certificates that a CA issues.

use std::{fmt, path::Path};

use clap::Subcommand;
use time::OffsetDateTime;

use super::{must_exist, print, print_json, print_step, span::Span, table::Table};
use crate::{
    acme::{
        self,
        manager::status::{CertificateReport, CertificateStatus, ReportedProblem},
    },
    config::{self, model::Config},
    server::control::ControlClient,
    telemetry::Printable,
    tls::{self, date},
};

/// A command about certificates.
#[derive(Debug, Subcommand)]
pub(super) enum Cert {
    /// Print the state of each certificate, its next step and its last problem.
    Status {
        /// Print JSON.
        #[arg(long)]
        json: bool,
    },
    /// Renew a certificate now, and print each step.
    Renew {
        /// A host of its site.
        name: String,
        /// Revoke the old certificate afterwards, since others may know its key.
        #[arg(long)]
        revoke: bool,
    },
    /// Test whether the CA would certify the sites, at its staging directory if it has one; changes
    /// nothing.
    Test {
        /// A host of the site [default: all sites].
        name: Option<String>,
    },
}

impl Cert {
    pub(super) fn run(&self, path: &Path) -> anyhow::Result<()> {
        let config = config::load(path)?;
        let state = &config.state;
        match self {
            Self::Status { json } => Self::print_status(&config, *json),
            Self::Renew { name, revoke } => {
                ControlClient::new(state).renew(name, *revoke, print_step)
            }
            Self::Test { name } => ControlClient::new(state).test(name.as_deref(), print_step),
        }
    }

    /// Prints the states that the running process reports, or those on disk if none runs.
    fn print_status(config: &Config, json: bool) -> anyhow::Result<()> {
        let states = match ControlClient::new(&config.state).certificates() {
            Ok(states) => states,
            Err(fault) if !ControlClient::is_not_running(&fault) => return Err(fault),
            Err(_) => {
                must_exist(&config.state)?;
                tls::install_provider();
                acme::states_on_disk(config)?
            }
        };
        if json {
            return print_json(&states);
        }
        let now = OffsetDateTime::now_utc();
        let states = &states;
        print(&CertificateTable { states, now }.to_string())
    }
}

/// A row for each certificate, with its problems below.
struct CertificateTable<'a> {
    states: &'a [CertificateReport],
    now: OffsetDateTime,
}

const HEADER: [&str; 6] = ["NAME", "STATE", "ISSUER", "ENDS", "LEFT", "NEXT"];

impl fmt::Display for CertificateTable<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.states.is_empty() {
            return writeln!(f, "no site has `certificate: acme`");
        }
        let rows = self.states.iter().map(|state| self.row(state));
        let mut lines = Table::new(HEADER, rows).lines().into_iter();
        for line in lines.by_ref().take(1) {
            writeln!(f, "{line}")?;
        }
        for (line, state) in lines.zip(self.states) {
            writeln!(f, "{line}")?;
            for problem in [&state.problem, &state.undelivered].into_iter().flatten() {
                writeln!(f, "  {}", problem_line(problem))?;
            }
        }
        Ok(())
    }
}

impl CertificateTable<'_> {
    fn row(&self, state: &CertificateReport) -> [String; 6] {
        let none = || "-".to_owned();
        [
            state.name.clone(),
            status_text(state.status).to_owned(),
            state.issuer.clone().unwrap_or_else(none),
            state.ends.map_or_else(none, date),
            state.ends.map_or_else(none, |ends| self.until(ends)),
            self.next_step(state),
        ]
    }

    fn next_step(&self, state: &CertificateReport) -> String {
        match state.next_at {
            Some(at) if at > self.now => format!("{} in {}", state.next, self.until(at)),
            _ => state.next.clone(),
        }
    }

    fn until(&self, end: OffsetDateTime) -> String {
        Span((end - self.now).whole_seconds()).to_string()
    }
}

fn status_text(status: CertificateStatus) -> &'static str {
    match status {
        CertificateStatus::Missing => "none yet",
        CertificateStatus::Valid => "valid",
        CertificateStatus::Due => "due",
        CertificateStatus::Overdue => "overdue",
        CertificateStatus::Ended => "ended",
    }
}

fn problem_line(problem: &ReportedProblem) -> String {
    let at = problem.at;
    let (day, hour, minute) = (date(at), at.hour(), at.minute());
    format!(
        "{day} {hour:02}:{minute:02} UTC: {}",
        Printable(&problem.sentence)
    )
}

#[cfg(test)]
mod tests {
    use time::{Duration, macros::datetime};

    use super::*;
    use crate::acme::problem::Class;

    #[test]
    fn the_table_has_each_certificate_and_below_it_its_problems() {
        let now = datetime!(2026-11-25 12:00 UTC);
        let valid = CertificateReport {
            name: "home.example.org".into(),
            hosts: vec!["home.example.org".into()],
            status: CertificateStatus::Valid,
            issuer: Some("R11".into()),
            ends: Some(now + Duration::days(70)),
            days_left: Some(70),
            next: "renewal".into(),
            next_at: Some(now + Duration::days(40)),
            problem: None,
            undelivered: Some(ReportedProblem {
                at: now - Duration::minutes(7),
                class: Class::Local,
                sentence: "the copies are not delivered".into(),
            }),
        };
        let missing = CertificateReport {
            name: "a.org".into(),
            status: CertificateStatus::Missing,
            issuer: None,
            ends: None,
            days_left: None,
            next: "another try".into(),
            next_at: Some(now + Duration::minutes(10)),
            problem: Some(ReportedProblem {
                at: now - Duration::minutes(5),
                class: Class::Validation,
                sentence: "no validation request arrived".into(),
            }),
            undelivered: None,
            ..valid.clone()
        };
        let expected = "\
NAME              STATE     ISSUER  ENDS             LEFT     NEXT
home.example.org  valid     R11     3 February 2027  70 days  renewal in 40 days
  25 November 2026 11:53 UTC: the copies are not delivered
a.org             none yet  -       -                -        another try in 10 min
  25 November 2026 11:55 UTC: no validation request arrived
";
        let states = &[valid, missing];
        assert_eq!(CertificateTable { states, now }.to_string(), expected);
    }
}
