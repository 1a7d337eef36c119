//! All servers together: what is listened on, the sites, and what holds for all of them.

use std::{
    collections::BTreeSet,
    net::{Ipv6Addr, SocketAddr},
};

use super::{
    directive::Directive,
    hosts::Claims,
    levels::Levels,
    limits::{self, Limits},
    listen,
    report::{Fate, Report},
    server::{Kind, Server},
    site::{self, Site},
    upstream::Passed,
};

/// What will be written.
#[derive(Clone, Debug)]
pub(super) struct House {
    pub(super) http: Vec<SocketAddr>,
    pub(super) https: Vec<SocketAddr>,
    pub(super) sites: Vec<Site>,
    pub(super) trusted_proxies: Vec<String>,
    pub(super) limits: Limits,
    /// `off` or `json`, if not as usual.
    pub(super) access_log: Option<&'static str>,
}

/// What the servers come to; none when no hub is left.
pub(super) fn build(
    servers: &[Server<'_>],
    machine: &[String],
    report: &mut Report,
) -> Option<House> {
    servers.iter().for_each(|server| server.tell(report));
    let hubs: Vec<_> = servers.iter().filter(|it| it.kind == Kind::Hubs).collect();
    let tls = hubs.iter().any(|it| it.has_tls());
    same_addresses(&hubs, servers, tls, report);
    let sites = sites(servers, &hubs, tls, machine, report);
    let places = places(&hubs);
    let first = hubs.first()?;
    let https = listen::together(hubs.iter().flat_map(|it| addresses(it, true)));
    Some(House {
        http: listen::beside(listen::together(plain(servers)), &https),
        https,
        limits: limits::of(&places, &first.directive.at, report),
        trusted_proxies: trusted_proxies(&places, report),
        access_log: access_log(&places, report),
        sites,
    })
}

/// Sites in the order of the servers, those over TLS first, as theirs are the names.
fn sites(
    servers: &[Server<'_>],
    hubs: &[&Server<'_>],
    tls: bool,
    machine: &[String],
    report: &mut Report,
) -> Vec<Site> {
    let mut claims = Claims::of(servers);
    let (secure, clear): (Vec<_>, Vec<_>) = hubs.iter().partition(|it| it.has_tls());
    let mut sites = Vec::new();
    for server in secure.into_iter().chain(clear) {
        let hosts = claims.hosts(server, server.has_tls(), machine, report);
        if hosts.is_empty() {
            let (fate, why) = match tls && !server.has_tls() {
                true => (
                    Fate::Changed,
                    "hubgate leads from http to https, where its names are served",
                ),
                false => (
                    Fate::Dropped,
                    "no name is left that hubgate could answer for: write `server_name`, or use --host",
                ),
            };
            report.whole(fate, server.directive, why);
            continue;
        }
        if tls && !server.has_tls() {
            report.note(
                Fate::Changed,
                &server.directive.at,
                "server",
                "in the clear in NGINX; hubgate leads to https and makes a certificate of its own",
            );
        }
        sites.extend(site::build(server, hosts, report));
    }
    sites
}

/// Stops where a server is reached on other addresses than the rest, as that may be what guards it.
fn same_addresses(hubs: &[&Server<'_>], servers: &[Server<'_>], tls: bool, report: &mut Report) {
    let of =
        |server: &Server<'_>, tls| -> BTreeSet<SocketAddr> { addresses(server, tls).collect() };
    let Some(first) = hubs.iter().find(|it| it.has_tls() == tls) else {
        return;
    };
    let usual = of(first, tls);
    let leading = servers
        .iter()
        .filter(|it| it.kind == Kind::ToTls || it.has_tls());
    let mut clear: BTreeSet<_> = leading.flat_map(|it| addresses(it, false)).collect();
    clear.insert((Ipv6Addr::UNSPECIFIED, 80).into());
    for server in hubs {
        let own = of(server, server.has_tls());
        let fits = match server.has_tls() == tls {
            true => own == usual,
            false => own.is_subset(&clear),
        };
        if !fits {
            let other = &first.directive.at;
            let at = server
                .listens
                .first()
                .map_or(server.directive, |it| it.directive);
            report.stop(at, format!("this server and the one at {other} are reached on different addresses or ports, which may be what guards \
                one of them; hubgate serves every site on each address it listens on: give both the same `listen`, or import them apart"));
        }
    }
}

fn addresses(server: &Server<'_>, tls: bool) -> impl Iterator<Item = SocketAddr> {
    server.listens(tls).map(|it| it.address)
}

/// Where sites are served in the clear, or led from to https.
fn plain(servers: &[Server<'_>]) -> Vec<SocketAddr> {
    let used = servers
        .iter()
        .filter(|it| matches!(it.kind, Kind::Hubs | Kind::ToTls));
    used.flat_map(|it| addresses(it, false)).collect()
}

/// The places of all hubs.
fn places<'d>(hubs: &[&Server<'d>]) -> Vec<Levels<'d>> {
    let all = hubs
        .iter()
        .flat_map(|server| server.locations.iter().zip(&server.passed));
    let with_hub = all.filter(|(_, passed)| matches!(passed, Some(Passed::Hub(_))));
    with_hub
        .map(|(location, _)| location.levels.clone())
        .collect()
}

/// Proxies whose word about the client's address is believed.
fn trusted_proxies(places: &[Levels<'_>], report: &mut Report) -> Vec<String> {
    let of = |levels: &Levels<'_>| -> Vec<String> {
        levels
            .nearest(&["set_real_ip_from"])
            .iter()
            .map(|it| it.word().to_owned())
            .collect()
    };
    let Some(levels) = places.iter().find(|it| !of(it).is_empty()) else {
        return Vec::new();
    };
    let written = levels.nearest(&["set_real_ip_from"]);
    if places.iter().any(|it| of(it) != of(levels)) {
        report.stop(written[0], "not all places believe the same proxies, and hubgate's `trusted_proxies` are believed everywhere: write it once, in `http`");
    }
    header(levels, &written, report);
    let networks = written.iter().filter(|it| {
        it.word().parse::<ipnet::IpNet>().is_ok() || it.word().parse::<std::net::IpAddr>().is_ok()
    });
    let kept: Vec<_> = networks.copied().collect();
    for directive in written {
        match kept.iter().any(|it| it.id == directive.id) {
            true => report.kept(directive, "`trusted_proxies`"),
            false => report.dropped(directive, "hubgate believes addresses and networks"),
        }
    }
    kept.iter().map(|it| network(it.word())).collect()
}

fn network(word: &str) -> String {
    word.parse::<ipnet::IpNet>()
        .map_or_else(|_| word.to_owned(), |it| it.trunc().to_string())
}

fn header(levels: &Levels<'_>, written: &[&Directive], report: &mut Report) {
    let header = levels.one("real_ip_header");
    match header.map(|it| it.word().to_ascii_lowercase()).as_deref() {
        Some("x-forwarded-for" | "proxy_protocol") => {}
        _ => report.stop(
            header.unwrap_or(written[0]),
            "the client's address comes in a header that hubgate does not read: have the proxy \
            before it send X-Forwarded-For, and write `real_ip_header X-Forwarded-For`",
        ),
    }
    let told = header.into_iter().chain(levels.one("real_ip_recursive"));
    told.for_each(|it| {
        report.kept(
            it,
            "hubgate takes the last address that is no trusted proxy's",
        );
    });
}

fn access_log(places: &[Levels<'_>], report: &mut Report) -> Option<&'static str> {
    let logs: Vec<_> = places
        .iter()
        .filter_map(|it| it.one("access_log"))
        .collect();
    let off =
        !logs.is_empty() && logs.len() == places.len() && logs.iter().all(|it| it.word() == "off");
    if off {
        logs.iter().for_each(|it| report.kept(it, "`log.access`"));
        return Some("off");
    }
    None
}
