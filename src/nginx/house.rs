//! All servers together: what is listened on, the sites, and what holds for all of them.

use std::{collections::BTreeSet, net::SocketAddr};

use super::{
    Wishes, challenge,
    edits::Value,
    files::Files,
    hosts::Selection,
    levels::Levels,
    limits::{self, Limits},
    listen,
    outcome::Outcome,
    redirect::Redirect,
    redirects,
    report::Report,
    server::{Kind, Server},
    site::{self, Site},
    trusted_proxies,
    upstream::{Hub, Passed},
};

/// What will be written.
#[derive(Clone, Debug)]
pub(super) struct House {
    pub(super) http: Vec<SocketAddr>,
    pub(super) https: Vec<SocketAddr>,
    pub(super) sites: Vec<Site>,
    pub(super) redirects: Vec<Redirect>,
    pub(super) trusted_proxies: Vec<String>,
    pub(super) limits: Limits,
    /// `off` or `json`, if not as usual.
    pub(super) access_log: Option<&'static str>,
}

impl House {
    /// Gives each secret that is written a file.
    pub(super) fn secrets(&self, report: &mut Report) {
        for site in &self.sites {
            let host = site.hosts.first().map_or("", String::as_str);
            let paths = site.plan.paths.iter().filter_map(|path| path.hub.as_ref());
            let edits = paths
                .chain([&site.plan.hub])
                .flat_map(|hub| &hub.edits.fields);
            for edit in edits {
                if let Value::Secret(value) = &edit.value {
                    report.secrets.file(host, &edit.name, value);
                }
            }
        }
    }
}

/// What the servers come to; none when no hub is left.
pub(super) fn build(
    files: &dyn Files,
    servers: &[Server<'_>],
    wishes: &Wishes,
    report: &mut Report,
) -> Option<House> {
    let hubs: Vec<_> = servers.iter().filter(|it| it.kind == Kind::Hubs).collect();
    let tls = hubs.iter().any(|it| it.has_tls());
    let (served, clear): (Vec<_>, Vec<_>) = hubs.into_iter().partition(|it| it.has_tls() == tls);
    same_addresses(&served, tls, report);
    let listened = listen::together(served.iter().flat_map(|it| it.listens(tls)));
    let selection = Selection::of(servers, &listened);
    let mut sites = sites(files, &selection, &served, wishes, report);
    let (redirects, led) = redirects::build(files, servers, &selection, (&sites, wishes), report);
    wildcards(&selection, (&sites, &redirects), report);
    if tls {
        challenge::keep(servers, &mut sites, &listened, report);
    }
    let others = servers.iter().filter(|it| !led.contains(&it.directive.id));
    others.for_each(|server| server.tell(report));
    only_clear(servers, &clear, &sites, wishes, report);
    let places = places(&served);
    let first = served.first()?;
    let (http, https) = match tls {
        true => (plain(servers, &led, &listened), listened),
        false => (listened, Vec::new()),
    };
    Some(House {
        http,
        https,
        limits: limits::of(&places, &first.directive.at, report),
        trusted_proxies: trusted_proxies::of(&places, &sites, wishes.direct, report),
        access_log: access_log(&places, report),
        sites,
        redirects,
    })
}

/// Sites in the order of the servers.
fn sites(
    files: &dyn Files,
    selection: &Selection<'_, '_>,
    served: &[&Server<'_>],
    wishes: &Wishes,
    report: &mut Report,
) -> Vec<Site> {
    let mut sites = Vec::new();
    for server in served {
        let hosts = selection.hosts(server, wishes, report);
        if hosts.is_empty() {
            let why =
                "no name is left that hubgate could answer for: write `server_name`, or use --host";
            report.whole(Outcome::Dropped, server.directive, why);
            continue;
        }
        sites.extend(site::build(files, server, hosts, report));
    }
    sites
}

/// Stops where a wildcard would take the name of a server that is no site.
fn wildcards(
    selection: &Selection<'_, '_>,
    (sites, redirects): (&[Site], &[Redirect]),
    report: &mut Report,
) {
    let served = sites.iter().flat_map(|site| &site.hosts);
    let led = redirects.iter().flat_map(|redirect| &redirect.hosts);
    let hosts: Vec<_> = served.clone().chain(led).cloned().collect();
    for host in served {
        if let Some((server, name)) = selection.taken_by_wildcard(host, &hosts) {
            report.stop(server.directive, format!(
                "NGINX answers for {name} here, where no hub is imported, and hubgate would lead it to the hub of {host}: \
                 remove this server, or write out the names of the other one"
            ));
        }
    }
}

/// Servers of hubs in the clear beside others over TLS: hubgate serves no site in the clear then.
fn only_clear(
    servers: &[Server<'_>],
    clear: &[&Server<'_>],
    sites: &[Site],
    wishes: &Wishes,
    report: &mut Report,
) {
    let unnamed = Wishes {
        domain: wishes.domain.clone(),
        ..Wishes::default()
    };
    for server in clear {
        let listened = listen::together(server.listens(false));
        let own = Selection::of(servers, &listened).hosts(server, &unnamed, &mut Report::default());
        let missing = own
            .iter()
            .find(|host| !sites.iter().any(|site| site.hosts.contains(*host)));
        match missing {
            Some(host) => report.stop(server.directive, format!(
                "{host} is served in the clear only, and hubgate would serve it on the addresses of TLS: \
                 give it `listen … ssl` and a certificate, or remove it"
            )),
            None => {
                server.lost(&known(sites), report);
                report.whole(Outcome::Changed, server.directive,
                    "hubgate leads from http to https, where its names are served");
            }
        }
    }
}

/// The hubs that sites lead to.
fn known(sites: &[Site]) -> Vec<&Hub> {
    let hubs = sites.iter().map(|site| &site.plan.hub);
    let paths = sites.iter().flat_map(|site| &site.plan.paths);
    hubs.chain(paths.filter_map(|path| path.hub.as_ref()))
        .collect()
}

/// Stops where a server is reached on other addresses than the rest, as that may be what guards it.
fn same_addresses(served: &[&Server<'_>], tls: bool, report: &mut Report) {
    let of = |server: &Server<'_>| -> BTreeSet<SocketAddr> {
        server.listens(tls).map(|it| it.address).collect()
    };
    let Some(first) = served.first() else {
        return;
    };
    for server in served.iter().filter(|server| of(server) != of(first)) {
        let other = &first.directive.at;
        let at = server
            .listens
            .first()
            .map_or(server.directive, |it| it.directive);
        report.stop(at, format!("this server and the one at {other} are reached on different addresses or ports, which may be what guards \
            one of them; hubgate serves every site on each address it listens on: give both the same `listen`, or import them apart"));
    }
    let listens: Vec<_> = first.listens(tls).collect();
    if let Some(listen) = listen::ipv6_only(&listens) {
        let port = listen.address.port();
        report.stop(listen.directive, format!(
            "NGINX takes IPv6 only here, and hubgate's [::] takes IPv4 too: add `listen {port}`, or name the address of this machine"
        ));
    }
}

/// Where hubgate leads from http to https; at the addresses of TLS it does so anyway.
fn plain(servers: &[Server<'_>], led: &[usize], https: &[SocketAddr]) -> Vec<SocketAddr> {
    let used = servers
        .iter()
        .filter(|it| matches!(it.kind, Kind::Hubs | Kind::ToTls) || led.contains(&it.directive.id));
    let plain = listen::together(used.flat_map(|it| it.listens(false)));
    listen::beside(plain, https)
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
