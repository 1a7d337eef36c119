//! Which server NGINX chooses for a name on an address, and the hosts that a site has of it.
//!
//! The order is NGINX's: an exact name, the longest `*.name`, the longest `name.*`, the first
//! expression that fits, and then the default server of the address.

use std::{
    collections::{BTreeMap, BTreeSet},
    net::SocketAddr,
};

use super::{
    Wishes, directive::Directive, listen, outcome::Outcome, report::Report, server::Server,
};

/// The servers of each address, in the order of the files.
pub(super) struct Selection<'s, 'd> {
    sockets: BTreeMap<SocketAddr, Socket<'s, 'd>>,
}

struct Socket<'s, 'd> {
    servers: Vec<&'s Server<'d>>,
    default: &'s Server<'d>,
}

/// Where a server answers for a host.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Answers {
    Everywhere,
    Nowhere,
    /// On some addresses only.
    Partly,
}

impl<'s, 'd> Selection<'s, 'd> {
    /// Of the addresses of NGINX at which hubgate is reached when it listens on these.
    pub(super) fn of(servers: &'s [Server<'d>], listened: &[SocketAddr]) -> Self {
        let mut sockets: BTreeMap<SocketAddr, Socket<'s, 'd>> = BTreeMap::new();
        let mut defaults = BTreeSet::new();
        for server in servers {
            for listen in &server.listens {
                let reached = listened
                    .iter()
                    .any(|wide| listen::covers(*wide, listen.address));
                if !reached {
                    continue;
                }
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

    /// The hosts for which NGINX chooses the server; those wished for if it answers for every name.
    pub(super) fn hosts(
        &self,
        server: &Server<'d>,
        wishes: &Wishes,
        report: &mut Report,
    ) -> Vec<String> {
        let named: Vec<_> = server
            .names
            .iter()
            .filter(|name| !NAMELESS.contains(&name.as_str()))
            .collect();
        let hosts: Vec<_> = match named.is_empty() {
            true => self.every_name(server, &wishes.hosts, report),
            false => named
                .into_iter()
                .flat_map(|name| self.own(server, name, wishes.domain.as_deref(), report))
                .collect(),
        };
        let mut seen = BTreeSet::new();
        let new = hosts.into_iter().filter(|host| seen.insert(host.clone()));
        new.collect()
    }

    /// A name of another server that a wildcard of a site would take, as no site has it.
    pub(super) fn taken_by_wildcard(
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
            let names = server.names.iter().flat_map(|name| spelled_out(name));
            names.map(move |name| (*server, name))
        });
        let mut missing = names.filter(|(_, name)| is_below(name) && !hosts.contains(name));
        missing.next()
    }

    fn answers(&self, server: &Server<'d>, host: &str) -> Answers {
        let chosen: Vec<_> = self
            .sockets
            .values()
            .map(|socket| socket.choose(host).is_some_and(|it| it.is(server)))
            .collect();
        match (chosen.iter().all(|it| *it), chosen.iter().any(|it| *it)) {
            (true, _) => Answers::Everywhere,
            (_, true) => Answers::Partly,
            _ => Answers::Nowhere,
        }
    }

    fn every_name(
        &self,
        server: &Server<'d>,
        machine: &[String],
        report: &mut Report,
    ) -> Vec<String> {
        let at = &written(server).at;
        let hosts = machine.iter().map(|host| host.to_ascii_lowercase());
        let (own, others): (Vec<_>, Vec<_>) =
            hosts.partition(|host| self.answers(server, host) == Answers::Everywhere);
        if !others.is_empty() {
            let why = format!(
                "another server has or may have the names {}",
                others.join(", ")
            );
            report.note(Outcome::Dropped, at, "server_name", why);
        }
        if !own.is_empty() {
            report.note(Outcome::Changed, at, "server_name", format!(
                "NGINX answers for every name here, hubgate for those of its sites only: these are {}; \
                 `--host NAME` says others", own.join(", ")
            ));
        }
        own
    }

    /// What hubgate can have of a name, if NGINX chooses this server for it.
    fn own(
        &self,
        server: &Server<'d>,
        name: &str,
        domain: Option<&str>,
        report: &mut Report,
    ) -> Vec<String> {
        let at = &written(server).at;
        let what = format!("server_name {name}");
        let hosts = match (name.strip_suffix(".*"), domain) {
            (Some(begin), Some(domain)) => vec![format!("{begin}.{}", domain.to_ascii_lowercase())],
            _ => spelled_out(name),
        };
        if !hosts.iter().all(|host| is_host(host)) {
            let why = match name.ends_with(".*") {
                true => {
                    "hubgate knows no names without their end: `--domain example.org` says what `*` stands for"
                }
                false => {
                    "hubgate knows names, addresses and *.example.org: write out which are meant"
                }
            };
            report.note(Outcome::Dropped, at, &what, why);
            return Vec::new();
        }
        if name.ends_with('*') {
            let why = format!(
                "NGINX answers for every end of the name, hubgate for {}",
                hosts.join(", ")
            );
            report.note(Outcome::Changed, at, &what, why);
        }
        if name.starts_with(['.', '*']) {
            let why = "hubgate's * stands for one label, NGINX's for several";
            report.note(Outcome::Changed, at, &what, why);
        }
        let mut own = Vec::new();
        for host in hosts {
            match self.answers(server, &host) {
                Answers::Everywhere => own.push(host),
                Answers::Nowhere => report.note(
                    Outcome::Dropped,
                    at,
                    &format!("server_name {host}"),
                    "another server has the name, so NGINX never comes here",
                ),
                Answers::Partly => report.stop(written(server), format!(
                    "on some addresses another server has the name {host}, which may be what guards it; hubgate serves every site \
                     on each address it listens on: give both the same `listen`"
                )),
            }
        }
        own
    }
}

impl<'s, 'd> Socket<'s, 'd> {
    /// The server of a host, which may be `*.name` for any one label; none if that is unsure.
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
        let wild =
            |end: &str| self.first(|name| name == end || name.strip_prefix('*') == Some(end));
        if let Some(server) = ends().find_map(wild) {
            return Some(server);
        }
        if let Some(server) = self.longest_beginning(host) {
            return Some(server);
        }
        let unsure = self.first(|name| name.starts_with('~')).is_some();
        (!unsure).then_some(self.default)
    }

    /// The first server with such a name.
    fn first(&self, fits: impl Fn(&str) -> bool) -> Option<&'s Server<'d>> {
        let mut servers = self.servers.iter().copied();
        servers.find(|server| server.names.iter().any(|name| fits(name)))
    }

    /// Whether `.name` stands beside `name` or `*.name`: NGINX ignores one of the two whole. Of one
    /// server the name itself is certain nevertheless.
    fn is_contested(&self, parent: &str, host: &str) -> bool {
        let has = |server: &Server<'_>, fits: &dyn Fn(&str) -> bool| {
            server.names.iter().any(|name| fits(name))
        };
        let dotted = |name: &str| name.strip_prefix('.') == Some(parent);
        let written = |name: &str| name == parent || name.strip_prefix("*.") == Some(parent);
        let Some(first) = self.servers.iter().find(|it| has(it, &dotted)) else {
            return false;
        };
        let mut others = self.servers.iter().filter(|it| has(it, &written));
        let is_certain = |other: &Server<'_>| {
            host == parent && other.is(first) && other.names.iter().any(|name| name == parent)
        };
        others.any(|other| !is_certain(other))
    }

    /// The server of the longest `name.*`.
    fn longest_beginning(&self, host: &str) -> Option<&'s Server<'d>> {
        let begins = |name: &str| {
            let begin = name
                .strip_suffix('*')
                .filter(|begin| begin.ends_with('.'))?;
            host.starts_with(begin).then_some(begin.len())
        };
        let longest =
            |server: &Server<'_>| server.names.iter().filter_map(|name| begins(name)).max();
        let all = self.servers.iter().copied();
        let fitting = all.filter_map(|server| Some((longest(server)?, server)));
        // The first of several.
        let best = fitting.reduce(|best, next| if next.0 > best.0 { next } else { best });
        best.map(|(_, server)| server)
    }
}

fn written<'d>(server: &Server<'d>) -> &'d Directive {
    server
        .levels
        .own_one("server_name")
        .unwrap_or(server.directive)
}

/// Names that no browser ever says to mean a certain server.
const NAMELESS: [&str; 4] = ["_", "", "localhost", "--"];

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
