//! `hubgate status`: what the running process does, for people or as JSON.

use std::{fmt::Write, path::Path};

use super::print;
use crate::{
    config,
    server::control::{self, Status},
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
    for site in &status.sites {
        let hosts = site.hosts.join(", ");
        // Writing to a string cannot fail.
        let _ = writeln!(
            text,
            "\n{hosts}\n  certificate until {}",
            site.certificate_ends
        );
        for warning in &site.warnings {
            let _ = writeln!(text, "  warning: {warning}");
        }
    }
    text
}

fn duration(seconds: u64) -> String {
    match seconds {
        0..=119 => format!("{seconds} s"),
        120..=7199 => format!("{} min", seconds / 60),
        7200..=172_799 => format!("{} h", seconds / 3600),
        _ => format!("{} days", seconds / 86400),
    }
}
