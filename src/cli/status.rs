//! `hubgate status`: what the running process does, for people or as JSON.

use std::path::Path;

use super::{print, print_json};
use crate::{
    config,
    server::control::{self, Status},
    sites::site::{RevocationList, State},
    telemetry::counters::AtLimits,
    tls::{day, moment},
};

const MIB: f64 = 1024.0 * 1024.0;

/// Prints what runs; with a broken file, first that hubgate goes on with the one before.
///
/// # Errors
/// When none runs, or with the faults of the file.
pub(super) fn run(path: &Path, json: bool) -> anyhow::Result<()> {
    let (state, faults) = match config::load(path) {
        Ok(config) => (config.state, None),
        Err(faults) => (config::state_of(path), Some(faults)),
    };
    let status = control::status(&state);
    let (status, faults) = match (status, faults) {
        (Ok(status), faults) => (status, faults),
        (Err(fault), None) => return Err(fault),
        (Err(_), Some(faults)) => return Err(faults.into()),
    };
    if json {
        print_json(&status)?;
    } else {
        let first = faults.as_ref().map(|_| goes_on(path, &status));
        print(&(first.unwrap_or_default() + &told(&status)))?;
    }
    faults.map_or(Ok(()), |faults| Err(faults.into()))
}

fn goes_on(path: &Path, status: &Status) -> String {
    let of = status
        .loaded
        .map_or_else(|| "before".to_owned(), |at| format!("of {}", moment(at)));
    let file = path.display();
    format!("{file} has faults (below); hubgate goes on with the file {of}\n\n")
}

fn told(status: &Status) -> String {
    let counters = &status.counters;
    let mut text = format!(
        "hubgate {} (process {}) for {}, configured from {}\n\
         listens on {}\n\
         {} connections open, {} WebSockets; {} requests answered, {} refused, {} failed at the hub\n",
        status.version,
        status.pid,
        duration(status.uptime),
        status.config.display(),
        status.listen.join(", "),
        counters.connections.open,
        counters.websockets_open,
        counters.requests.successful + counters.requests.redirection,
        counters.requests.client_error,
        counters.requests.server_error,
    );
    text.extend(status.memory_limit.map(memory_limit));
    text.extend(at_limits(&counters.connections.at_limits));
    text.extend(status.sites.iter().map(site));
    text.extend(
        status
            .warnings
            .iter()
            .map(|it| format!("\nwarning: {it}\n")),
    );
    text
}

fn memory_limit(bytes: usize) -> String {
    format!(
        "clients may occupy {:.1} MiB (limits.memory)\n",
        bytes as f64 / MIB
    )
}

/// Connections that limits cost since the start; none where none did.
fn at_limits(counts: &AtLimits) -> Option<String> {
    let parts = [
        (
            counts.connections_per_address,
            "refused at limits.connections_per_address",
        ),
        (counts.connections, "refused at limits.connections"),
        (
            counts.made_room,
            "closed to make room at limits.connections",
        ),
        (counts.memory, "cut at limits.memory"),
    ];
    let parts = parts.iter().filter(|(count, _)| *count > 0);
    let parts: Vec<_> = parts
        .map(|(count, what)| format!("{count} {what}"))
        .collect();
    (!parts.is_empty()).then(|| format!("limits were reached: connections {}\n", parts.join(", ")))
}

fn site(site: &State) -> String {
    let mut lines = vec![String::new(), site.hosts.join(", "), certificate(site)];
    let redirect = site.redirect.as_ref();
    lines.extend(redirect.map(|origin| format!("  redirects every path to {origin}")));
    lines.extend(site.revocation_lists.iter().map(revocation_list));
    lines.extend(site.warnings.iter().map(|it| format!("  warning: {it}")));
    lines.join("\n") + "\n"
}

fn certificate(site: &State) -> String {
    match site.stand_in {
        true => "  certificate stand-in of hubgate's own, until the CA certifies the site; browsers warn \
                 (hubgate cert status)"
            .to_owned(),
        false => format!("  certificate until {}", day(site.certificate_ends)),
    }
}

fn revocation_list(list: &RevocationList) -> String {
    let (file, ends) = (list.file.display(), day(list.ends));
    match list.days_left {
        ..0 => format!("  revocation list {file} ended on {ends}: no client certificate is good"),
        left => format!("  revocation list {file} until {ends}, for another {left} days"),
    }
}

fn duration(seconds: u64) -> String {
    match seconds {
        0..=119 => format!("{seconds} s"),
        120..=7199 => format!("{} min", seconds / 60),
        7200..=172_799 => format!("{} h", seconds / 3600),
        _ => format!("{} days", seconds / 86400),
    }
}

#[cfg(test)]
mod tests {
    use time::OffsetDateTime;

    use super::*;

    fn site_of(stand_in: bool) -> State {
        State {
            hosts: vec!["home.example.org".into()],
            redirect: None,
            certificate_ends: OffsetDateTime::UNIX_EPOCH,
            stand_in,
            publicly_trusted: false,
            revocation_lists: Vec::new(),
            warnings: Vec::new(),
        }
    }

    #[test]
    fn a_stand_in_has_no_date() {
        let shown = site(&site_of(true));
        assert!(
            shown.contains("stand-in") && !shown.contains("1970"),
            "{shown}"
        );
        assert!(site(&site_of(false)).contains("until 1 January 1970"));
    }
}
