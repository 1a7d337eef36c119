//! The server that NGINX chooses for a name on an address, and the hosts of the site made of it.
//!
//! The order is NGINX's: an exact name, the longest `*.name`, the longest `name.*`, the first
//! matching regular expression, and then the default server of the address.

use std::{
    collections::{BTreeMap, BTreeSet},
    net::SocketAddr,
};

use super::{listen::Addresses, server::Server};
use crate::nginx::{ImportOptions, outcome::Outcome, read::directive::Directive, report::Report};

/// The servers of each address, in the order of the files.
pub(crate) struct ServerSelection<'s, 'd> {
    sockets: BTreeMap<SocketAddr, Socket<'s, 'd>>,
}

struct Socket<'s, 'd> {
    servers: Vec<&'s Server<'d>>,
    default: &'s Server<'d>,
}

/// The addresses on which a server is chosen for a host.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Chosen {
    Everywhere,
    Nowhere,
    /// On some addresses only.
    Partly,
}

impl<'s, 'd> ServerSelection<'s, 'd> {
    /// Collects the addresses of NGINX that hubgate covers when it listens on these.
    pub(crate) fn new(servers: &'s [Server<'d>], listened: &Addresses) -> Self {
        let mut sockets: BTreeMap<SocketAddr, Socket<'s, 'd>> = BTreeMap::new();
        let mut defaults = BTreeSet::new();
        for server in servers {
            let listens = server.listens.iter();
            for listen in listens.filter(|listen| listened.cover(listen.address)) {
                let socket = sockets.entry(listen.address).or_insert_with(|| Socket {
                    servers: Vec::new(),
                    default: server,
                });
                socket.servers.push(server);
                if listen.default && defaults.insert(listen.address) {
                    socket.default = server;
                }
            }
        }
        Self { sockets }
    }

    /// Returns the hosts for which NGINX chooses the server; those of the options for a default
    /// server.
    pub(crate) fn hosts(
        &self,
        server: &Server<'d>,
        options: &ImportOptions,
        report: &mut Report,
    ) -> Vec<String> {
        let names = server.names.iter();
        let names: Vec<_> = names
            .filter(|name| !CATCH_ALL.contains(&name.as_str()))
            .collect();
        let hosts: Vec<_> = match names.is_empty() {
            true => self.hosts_of_default(server, &options.hosts, report),
            false => names
                .into_iter()
                .flat_map(|name| self.hosts_of(server, name, options.domain.as_deref(), report))
                .collect(),
        };
        let mut seen = BTreeSet::new();
        let new = hosts.into_iter().filter(|host| seen.insert(host.clone()));
        new.collect()
    }

    /// Finds a server name that a wildcard of a site would take over, as no site has it.
    pub(crate) fn taken_by_wildcard(
        &self,
        wildcard: &str,
        hosts: &[String],
    ) -> Option<(&'s Server<'d>, String)> {
        let parent = wildcard.strip_prefix('*')?;
        let is_below = |name: &String| {
            let label = name.strip_suffix(parent);
            label.is_some_and(|label| !label.is_empty() && !label.contains(['.', '*']))
        };
        let servers = self.sockets.values().flat_map(|socket| &socket.servers);
        let names = servers.flat_map(|server| {
            let names = server.names.iter().flat_map(|name| expand(name));
            names.map(move |name| (*server, name))
        });
        let mut missing = names.filter(|(_, name)| is_below(name) && !hosts.contains(name));
        missing.next()
    }

    fn chosen(&self, server: &Server<'d>, host: &str) -> Chosen {
        let is_chosen = |socket: &Socket<'_, 'd>| {
            socket
                .choose(host)
                .is_some_and(|chosen| chosen.is_same(server))
        };
        let (chosen, others): (Vec<_>, Vec<_>) =
            self.sockets.values().partition(|socket| is_chosen(socket));
        match (chosen.is_empty(), others.is_empty()) {
            (_, true) => Chosen::Everywhere,
            (true, _) => Chosen::Nowhere,
            _ => Chosen::Partly,
        }
    }

    fn hosts_of_default(
        &self,
        server: &Server<'d>,
        machine: &[String],
        report: &mut Report,
    ) -> Vec<String> {
        let at = &server.server_name().at;
        let hosts = machine.iter().map(|host| host.to_ascii_lowercase());
        let (own, others): (Vec<_>, Vec<_>) =
            hosts.partition(|host| self.chosen(server, host) == Chosen::Everywhere);
        if !others.is_empty() {
            let reason = format!(
                "another server has or may have the names {}",
                others.join(", ")
            );
            report.record_note(Outcome::Dropped, at, "server_name", reason);
        }
        if !own.is_empty() {
            let reason = format!(
                "NGINX responds to every name here, hubgate to those of its sites only: these are {}; \
                 `--host NAME` chooses others",
                own.join(", ")
            );
            report.record_note(Outcome::Changed, at, "server_name", reason);
        }
        own
    }

    /// Returns the hosts of one name, if NGINX chooses this server for them.
    fn hosts_of(
        &self,
        server: &Server<'d>,
        name: &str,
        domain: Option<&str>,
        report: &mut Report,
    ) -> Vec<String> {
        let mut hosts = match (name.strip_suffix(".*"), domain) {
            (Some(begin), Some(domain)) => vec![format!("{begin}.{}", domain.to_ascii_lowercase())],
            _ => expand(name),
        };
        if !note_wildcard(server.server_name(), name, &hosts, report) {
            return Vec::new();
        }
        hosts.retain(|host| self.is_chosen(server, host, report));
        hosts
    }

    /// Reports whether NGINX chooses this server for the host everywhere; notes it otherwise.
    fn is_chosen(&self, server: &Server<'d>, host: &str, report: &mut Report) -> bool {
        let directive = server.server_name();
        let chosen = self.chosen(server, host);
        match chosen {
            Chosen::Everywhere => {}
            Chosen::Nowhere => report.record_note(
                Outcome::Dropped,
                &directive.at,
                &format!("server_name {host}"),
                "another server has the name, so NGINX never chooses this one",
            ),
            Chosen::Partly => report.stop(directive, format!(
                "on some addresses another server has the name {host}, which may protect it; hubgate serves every site \
                 on each address it listens on: give both the same `listen`"
            )),
        }
        chosen == Chosen::Everywhere
    }
}

/// Notes where hubgate reads a name otherwise than NGINX; returns false if it supports no such name.
fn note_wildcard(directive: &Directive, name: &str, hosts: &[String], report: &mut Report) -> bool {
    let mut note = |outcome, reason: &str| {
        let what = format!("server_name {name}");
        report.record_note(outcome, &directive.at, &what, reason);
    };
    if !hosts.iter().all(|host| is_host(host)) {
        let reason = match name.ends_with(".*") {
            true => {
                "hubgate supports no names without their end: `--domain example.org` sets the end for `*`"
            }
            false => "hubgate supports names, addresses and *.example.org: list the names",
        };
        note(Outcome::Dropped, reason);
        return false;
    }
    if name.ends_with('*') {
        let hosts = hosts.join(", ");
        let reason = format!("NGINX responds to every end of the name, hubgate to {hosts}");
        note(Outcome::Changed, &reason);
    }
    if name.starts_with(['.', '*']) {
        let reason = "hubgate's * stands for one label, NGINX's for several";
        note(Outcome::Changed, reason);
    }
    true
}

impl<'s, 'd> Socket<'s, 'd> {
    /// Returns the server of a host, which may be `*.name` for any one label; none if it is
    /// uncertain.
    fn choose(&self, host: &str) -> Option<&'s Server<'d>> {
        let plain = host.trim_start_matches('*');
        let ends = || plain.match_indices('.').map(|(place, _)| &plain[place..]);
        let parents = || ends().map(|end| &end[1..]).chain([plain]);
        if parents().any(|parent| self.is_contested(parent, host)) {
            return None;
        }
        if let Some(server) = self.first(|name| name == host && !name.starts_with('*')) {
            return Some(server);
        }
        if let Some(server) = self.first(|name| name.strip_prefix('.') == Some(host)) {
            return Some(server);
        }
        // From the longest end to the shortest.
        let wildcard =
            |end: &str| self.first(|name| name == end || name.strip_prefix('*') == Some(end));
        if let Some(server) = ends().find_map(wildcard) {
            return Some(server);
        }
        if let Some(server) = self.longest_beginning(host) {
            return Some(server);
        }
        let has_regex = self.first(|name| name.starts_with('~')).is_some();
        (!has_regex).then_some(self.default)
    }

    /// Returns the first server with a matching name.
    fn first(&self, matches: impl Fn(&str) -> bool) -> Option<&'s Server<'d>> {
        let mut servers = self.servers.iter().copied();
        servers.find(|server| server.names.iter().any(|name| matches(name)))
    }

    /// Reports whether `.name` stands beside `name` or `*.name`, of which NGINX ignores one. The
    /// name itself is certain where one server has both.
    fn is_contested(&self, parent: &str, host: &str) -> bool {
        let is_dotted = |name: &String| name.strip_prefix('.') == Some(parent);
        let is_plain = |name: &String| name == parent || name.strip_prefix("*.") == Some(parent);
        let has_dotted = |server: &&&Server<'_>| server.names.iter().any(is_dotted);
        let Some(first) = self.servers.iter().find(has_dotted) else {
            return false;
        };
        let others = self.servers.iter();
        let mut others = others.filter(|server| server.names.iter().any(is_plain));
        let is_certain = |other: &Server<'_>| {
            host == parent && other.is_same(first) && other.names.iter().any(|name| name == parent)
        };
        others.any(|other| !is_certain(other))
    }

    /// Returns the server of the longest `name.*`.
    fn longest_beginning(&self, host: &str) -> Option<&'s Server<'d>> {
        let length = |name: &String| {
            let begin = name
                .strip_suffix('*')
                .filter(|begin| begin.ends_with('.'))?;
            host.starts_with(begin).then_some(begin.len())
        };
        let longest = |server: &Server<'_>| server.names.iter().filter_map(length).max();
        let all = self.servers.iter().copied();
        let matching = all.filter_map(|server| Some((longest(server)?, server)));
        // Of equally long names, the first one counts.
        let best = matching.reduce(|best, next| if next.0 > best.0 { next } else { best });
        best.map(|(_, server)| server)
    }
}

impl<'d> Server<'d> {
    /// Returns its `server_name`, or the server itself without one.
    fn server_name(&self) -> &'d Directive {
        self.levels.own("server_name").unwrap_or(self.directive)
    }
}

/// Names by which browsers mean no particular server.
const CATCH_ALL: [&str; 4] = ["_", "", "localhost", "--"];

/// Expands `.example.org` to the name and all below it.
fn expand(name: &str) -> Vec<String> {
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
    let is_label = |label: &str| {
        let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_');
        (1..=63).contains(&label.len())
            && label.chars().all(plain)
            && !label.starts_with('-')
            && !label.ends_with('-')
    };
    let last = name.rsplit('.').next().unwrap_or(name);
    name.len() <= 253 && name.split('.').all(is_label) && !last.bytes().all(|b| b.is_ascii_digit())
}
