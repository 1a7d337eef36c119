//! `hubgate status`: what the running process does, for people or as JSON.

use std::path::Path;

use super::print;
use crate::{
    config,
    proxy::site::{RevocationList, State},
    server::control::{self, Status},
    telemetry::counters::AtLimits,
    tls::day,
};

/// Prints what runs.
pub(super) fn run(path: &Path, json: bool) -> anyhow::Result<()> {
    let config = config::load(path)?;
    let status = control::status(&config.state)?;
    if json {
        return print(&(serde_json::to_string_pretty(&status)? + "\n"));
    }
    print(&told(&status))
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
    let mut lines = vec![
        String::new(),
        site.hosts.join(", "),
        format!("  certificate until {}", day(site.certificate_ends)),
    ];
    lines.extend(site.revocation_lists.iter().map(revocation_list));
    lines.extend(site.warnings.iter().map(|it| format!("  warning: {it}")));
    lines.join("\n") + "\n"
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
