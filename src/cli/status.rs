//! `hubgate status`: the state of the running process, as text or JSON.

use std::{fmt, path::Path};

use clap::Args;

use super::{print, print_json, span::Span};
use crate::{
    config,
    server::control::{self, ControlClient},
    sites::site::{RevocationList, SiteState},
    tls::{date, time_of_day},
    upstream::HubState,
};

const MIB: f64 = 1024.0 * 1024.0;

/// The form of the state.
#[derive(Debug, Args)]
pub(super) struct Status {
    /// Print JSON.
    #[arg(long)]
    json: bool,
}

impl Status {
    /// Prints the state. If the file has faults, the text begins with the file that is in use.
    ///
    /// # Errors
    /// No process runs, or the file has faults.
    pub(super) fn run(&self, path: &Path) -> anyhow::Result<()> {
        let (state, faults) = match config::load(path) {
            Ok(config) => (config.state, None),
            Err(faults) => (config::state_folder(path), Some(faults)),
        };
        let (status, faults) = match (ControlClient::new(&state).status(), faults) {
            (Ok(status), faults) => (status, faults),
            (Err(fault), None) => return Err(fault),
            (Err(_), Some(faults)) => return Err(faults.into()),
        };
        let report = Report(&status);
        match (self.json, &faults) {
            (true, _) => print_json(&status)?,
            (false, None) => print(&report.to_string())?,
            (false, Some(_)) => print(&format!("{}{report}", report.note_on_faults(path)))?,
        }
        faults.map_or(Ok(()), |faults| Err(faults.into()))
    }
}

/// The state of a process as text.
struct Report<'a>(&'a control::Status);

impl fmt::Display for Report<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.fmt_process(f)?;
        self.fmt_limits(f)?;
        for site in &self.0.sites {
            write!(f, "{}", SiteLines(site))?;
        }
        let mut warnings = self.0.warnings.iter();
        warnings.try_for_each(|warning| writeln!(f, "\nwarning: {warning}"))
    }
}

impl Report<'_> {
    fn note_on_faults(&self, path: &Path) -> String {
        let loaded = self.0.loaded;
        let of = loaded.map_or_else(
            || "before".to_owned(),
            |at| format!("of {}", time_of_day(at)),
        );
        let file = path.display();
        format!("{file} has faults (below); hubgate goes on with the file {of}\n\n")
    }

    fn fmt_process(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self(status) = self;
        let counters = &status.counters;
        let uptime = Span(i64::try_from(status.uptime).unwrap_or(i64::MAX));
        writeln!(
            f,
            "hubgate {} (process {}) for {uptime}, configured from {}\n\
             listens on {}\n\
             {} connections open, {} WebSockets; {} requests answered, {} refused, {} failed at the hub",
            status.version,
            status.pid,
            status.config.display(),
            status.listen.join(", "),
            counters.connections.open,
            counters.websockets_open,
            counters.requests.successful + counters.requests.redirection,
            counters.requests.client_error,
            counters.requests.server_error,
        )
    }

    fn fmt_limits(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(bytes) = self.0.memory_limit {
            let mib = bytes as f64 / MIB;
            writeln!(f, "clients may occupy {mib:.1} MiB (limits.memory)")?;
        }
        match self.affected_connections() {
            counts if counts.is_empty() => Ok(()),
            counts => writeln!(f, "limits were reached: connections {}", counts.join(", ")),
        }
    }

    /// Lists the connections that limits affected since the start.
    fn affected_connections(&self) -> Vec<String> {
        let counts = &self.0.counters.connections.at_limits;
        let effects = [
            (
                counts.connections_per_address,
                "refused at limits.connections_per_address",
            ),
            (counts.connections, "refused at limits.connections"),
            (counts.evicted, "closed to make room at limits.connections"),
            (counts.memory, "closed at limits.memory"),
        ];
        let effects = effects.iter().filter(|(count, _)| *count > 0);
        let effects = effects.map(|(count, effect)| format!("{count} {effect}"));
        effects.collect()
    }
}

/// The state of a site as text.
struct SiteLines<'a>(&'a SiteState);

impl fmt::Display for SiteLines<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self(site) = self;
        writeln!(f, "\n{}", site.hosts.join(", "))?;
        writeln!(f, "  {}", self.certificate())?;
        if let Some(origin) = &site.redirect {
            writeln!(f, "  redirects every path to {origin}")?;
        }
        for list in &site.revocation_lists {
            writeln!(f, "  {}", revocation_list(list))?;
        }
        for hub in &site.hubs {
            writeln!(f, "  {}", hub_state(hub))?;
        }
        let mut warnings = site.warnings.iter();
        warnings.try_for_each(|warning| writeln!(f, "  warning: {warning}"))
    }
}

impl SiteLines<'_> {
    fn certificate(&self) -> String {
        match self.0.stand_in {
            true => {
                "certificate stand-in of hubgate's own, until the CA certifies the site; browsers warn \
                 (hubgate cert status)"
                    .to_owned()
            }
            false => format!("certificate until {}", date(self.0.certificate_ends)),
        }
    }
}

fn hub_state(hub: &HubState) -> String {
    let server = &hub.server;
    let (Some(healthy), Some(since)) = (hub.healthy, hub.since) else {
        return format!("hub {server} not checked yet");
    };
    let since = format!("since {}", time_of_day(since));
    match (healthy, hub.response_ms) {
        (true, Some(ms)) => format!("hub {server} healthy {since}; answered within {ms} ms"),
        (true, None) => format!("hub {server} healthy {since}"),
        (false, _) => {
            let fault = hub.fault.as_deref().unwrap_or_default();
            format!("hub {server} UNHEALTHY {since}: {fault}")
        }
    }
}

fn revocation_list(list: &RevocationList) -> String {
    let (file, ends) = (list.file.display(), date(list.ends));
    match list.days_left {
        ..0 => format!(
            "revocation list {file} ended on {ends}: every client certificate is refused; renew the list"
        ),
        left => format!("revocation list {file} until {ends}, for another {left} days"),
    }
}

#[cfg(test)]
mod tests {
    use time::OffsetDateTime;

    use super::*;

    fn lines(stand_in: bool) -> String {
        let site = SiteState {
            hosts: vec!["home.example.org".into()],
            redirect: None,
            certificate_ends: OffsetDateTime::UNIX_EPOCH,
            stand_in,
            publicly_trusted: false,
            revocation_lists: Vec::new(),
            hubs: Vec::new(),
            warnings: Vec::new(),
        };
        SiteLines(&site).to_string()
    }

    #[test]
    fn a_stand_in_certificate_has_no_date() {
        let shown = lines(true);
        assert!(
            shown.contains("stand-in") && !shown.contains("1970"),
            "{shown}"
        );
        assert!(lines(false).contains("until 1 January 1970"));
    }
    #[test]
    fn a_hub_has_its_state_its_begin_and_the_cause_of_a_failure() {
        let hub = |healthy, fault: Option<&str>| HubState {
            server: "http://h:1".into(),
            healthy,
            since: healthy.map(|_| OffsetDateTime::UNIX_EPOCH),
            response_ms: healthy.map(|_| 3),
            fault: fault.map(str::to_owned),
        };
        let healthy = hub_state(&hub(Some(true), None));
        assert!(
            healthy.starts_with("hub http://h:1 healthy since 1 January 1970"),
            "{healthy}"
        );
        assert!(healthy.ends_with("answered within 3 ms"), "{healthy}");
        let failed = hub_state(&hub(Some(false), Some("refused")));
        assert!(
            failed.contains("UNHEALTHY") && failed.ends_with(": refused"),
            "{failed}"
        );
        assert_eq!(
            hub_state(&hub(None, None)),
            "hub http://h:1 not checked yet"
        );
    }
}
