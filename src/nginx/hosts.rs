//! The hosts of each server: who has a name first, and what `_` comes to.

use std::{
    collections::{HashMap, HashSet},
    net::SocketAddr,
};

use super::{
    directive::Directive,
    report::{Fate, Report},
    server::Server,
};

/// Who has which name on which address, in NGINX's order.
pub(super) struct Claims<'d> {
    first: HashMap<(SocketAddr, String), &'d Directive>,
    /// Who answers for the names that nobody has.
    default: HashMap<SocketAddr, &'d Directive>,
    /// The hosts of sites so far.
    taken: HashSet<String>,
}

impl<'d> Claims<'d> {
    pub(super) fn of(servers: &[Server<'d>]) -> Self {
        let mut claims = Self {
            first: HashMap::new(),
            default: HashMap::new(),
            taken: HashSet::new(),
        };
        for server in servers {
            for listen in &server.listens {
                claims
                    .default
                    .entry(listen.address)
                    .or_insert(server.directive);
                for name in server.names.iter().flat_map(|name| spelled_out(name)) {
                    claims
                        .first
                        .entry((listen.address, name))
                        .or_insert(server.directive);
                }
            }
        }
        let listens = servers
            .iter()
            .rev()
            .flat_map(|server| server.listens.iter().map(move |it| (server, it)));
        for (server, listen) in listens.filter(|(_, listen)| listen.default) {
            claims.default.insert(listen.address, server.directive);
        }
        claims
    }

    /// The hosts that the server has on all its addresses; those of `machine` if it answers for every name.
    pub(super) fn hosts(
        &mut self,
        server: &Server<'d>,
        tls: bool,
        machine: &[String],
        report: &mut Report,
    ) -> Vec<String> {
        let named: Vec<_> = server
            .names
            .iter()
            .filter(|name| !NOBODYS.contains(&name.as_str()))
            .collect();
        let hosts: Vec<_> = match named.is_empty() {
            true => self.every_name(server, tls, machine, report),
            false => named
                .into_iter()
                .flat_map(|name| self.own(server, name, tls, report))
                .collect(),
        };
        let new = hosts
            .into_iter()
            .filter(|host| self.taken.insert(host.clone()));
        new.collect()
    }

    fn every_name(
        &self,
        server: &Server<'d>,
        tls: bool,
        machine: &[String],
        report: &mut Report,
    ) -> Vec<String> {
        let at = server
            .levels
            .own_one("server_name")
            .unwrap_or(server.directive);
        let answers = server
            .listens(tls)
            .any(|it| self.is(self.default.get(&it.address), server));
        if !answers {
            report.note(
                Fate::Dropped,
                &at.at,
                "server_name",
                "another server answers for the names that nobody has",
            );
            return Vec::new();
        }
        report.note(Fate::Changed, &at.at, "server_name", format!(
            "NGINX answers for every name here, hubgate for those of its sites only: these are {}; \
             `--host NAME` says others", machine.join(", ")
        ));
        machine.to_vec()
    }

    /// What hubgate can have of a name, if no server before this one has it.
    fn own(&self, server: &Server<'d>, name: &str, tls: bool, report: &mut Report) -> Vec<String> {
        let at = &server
            .levels
            .own_one("server_name")
            .unwrap_or(server.directive)
            .at;
        let hosts = spelled_out(name);
        if !hosts.iter().all(|host| is_host(host)) {
            report.note(
                Fate::Dropped,
                at,
                &format!("server_name {name}"),
                "hubgate knows names, addresses and *.example.org: write out which are meant",
            );
            return Vec::new();
        }
        if name.starts_with(['.', '*']) {
            report.note(
                Fate::Changed,
                at,
                &format!("server_name {name}"),
                "hubgate's * stands for one label, NGINX's for several",
            );
        }
        let first = |host: &String| {
            server
                .listens(tls)
                .all(|it| self.is(self.first.get(&(it.address, host.clone())), server))
        };
        let (own, others): (Vec<_>, Vec<_>) = hosts.into_iter().partition(first);
        for host in others {
            report.note(
                Fate::Dropped,
                at,
                &format!("server_name {host}"),
                "a server before this one has the name, so NGINX never comes here",
            );
        }
        own
    }

    fn is(&self, found: Option<&&'d Directive>, server: &Server<'d>) -> bool {
        found.is_some_and(|found| found.id == server.directive.id)
    }
}

/// Names that no browser ever says to mean a certain server.
const NOBODYS: [&str; 4] = ["_", "", "localhost", "--"];

/// `.example.org` is the name and all below it.
fn spelled_out(name: &str) -> Vec<String> {
    match name.strip_prefix('.') {
        Some(parent) => vec![parent.to_owned(), format!("*.{parent}")],
        None => vec![name.trim_end_matches('.').to_owned()],
    }
}

fn is_host(host: &str) -> bool {
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    if bare.parse::<std::net::IpAddr>().is_ok() {
        return true;
    }
    let name = host.strip_prefix("*.").unwrap_or(host);
    let label = |label: &str| {
        let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_');
        (1..=63).contains(&label.len())
            && label.chars().all(plain)
            && !label.starts_with('-')
            && !label.ends_with('-')
    };
    let last = name.rsplit('.').next().unwrap_or(name);
    name.len() <= 253 && name.split('.').all(label) && !last.bytes().all(|b| b.is_ascii_digit())
}
