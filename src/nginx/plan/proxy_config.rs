//! The whole of `proxy.yaml`: addresses, sites, and the settings for all of them.

use std::collections::BTreeSet;

use super::{
    edits::Value,
    limits::Limits,
    redirect::Redirect,
    redirects::Redirects,
    site::{Site, SiteBuilder},
};
use crate::nginx::{
    ImportOptions,
    model::{
        hosts::ServerSelection,
        inheritance::UpstreamLevels,
        listen::{Addresses, Listen},
        server::{Kind, Server},
    },
    outcome::Outcome,
    read::files::Files,
    report::Report,
};

/// The content of `proxy.yaml`.
#[derive(Clone, Debug)]
pub(crate) struct ProxyConfig {
    pub(crate) http: Addresses,
    pub(crate) https: Addresses,
    pub(crate) sites: Vec<Site>,
    pub(crate) redirects: Vec<Redirect>,
    pub(crate) trusted_proxies: Vec<String>,
    pub(crate) limits: Limits,
    /// The value of `log.access`, if it is not the default.
    pub(crate) access_log: Option<&'static str>,
}

impl ProxyConfig {
    /// Assigns a file to each written secret.
    pub(crate) fn assign_secrets(&self, report: &mut Report) {
        for site in &self.sites {
            let host = site.hosts.first().map_or("", String::as_str);
            let upstreams = site.plan.all_upstreams();
            for edit in upstreams.flat_map(|upstream| &upstream.edits.fields) {
                if let Value::Secret(value) = &edit.value {
                    report.secrets.file(host, &edit.name, value);
                }
            }
        }
    }
}

/// The input of an import.
#[derive(Clone, Copy)]
pub(crate) struct Source<'s, 'd> {
    pub(crate) files: &'s dyn Files,
    pub(crate) servers: &'s [Server<'d>],
    pub(crate) options: &'s ImportOptions,
}

/// The servers that become sites, all with TLS or all without.
struct ServedServers<'s, 'd> {
    servers: Vec<&'s Server<'d>>,
    tls: bool,
}

impl<'s, 'd> Source<'s, 'd> {
    /// Builds the content of `proxy.yaml`; none without an upstream.
    pub(crate) fn build(&self, report: &mut Report) -> Option<ProxyConfig> {
        let proxies = self
            .servers
            .iter()
            .filter(|server| server.kind == Kind::Proxy);
        let tls = proxies.clone().any(Server::has_tls);
        let (servers, on_http): (Vec<_>, Vec<_>) =
            proxies.partition(|server| server.has_tls() == tls);
        let served = ServedServers { servers, tls };
        served.check_addresses(report);
        let listened = served.addresses();
        let selection = ServerSelection::new(self.servers, &listened);
        let mut sites = self.sites(&selection, &served, report);
        let mut redirects = Redirects::new(self.files, self.servers, self.options);
        redirects.import(&selection, &sites, report);
        check_wildcards(&selection, &sites, &redirects.sites, report);
        if tls {
            let http = self.servers.iter();
            http.for_each(|server| server.keep_challenges(&mut sites, &listened, report));
        }
        let others = self.servers.iter();
        others
            .filter(|server| !redirects.is_from(server))
            .for_each(|server| server.report_unimported(report));
        self.check_http_only(&on_http, &sites, report);
        let levels = served.upstream_levels();
        let first = served.servers.first()?;
        let (http, https) = match tls {
            true => (self.http_addresses(&redirects, &listened), listened),
            false => (listened, Addresses::default()),
        };
        Some(ProxyConfig {
            http,
            https,
            limits: levels.limits(&first.directive.at, report),
            trusted_proxies: levels.trusted_proxies(&sites, self.options.direct, report),
            access_log: levels.access_log(report),
            sites,
            redirects: redirects.sites,
        })
    }

    /// Builds the sites in the order of the servers.
    fn sites(
        &self,
        selection: &ServerSelection<'_, 'd>,
        served: &ServedServers<'_, 'd>,
        report: &mut Report,
    ) -> Vec<Site> {
        let mut sites = Vec::new();
        for server in &served.servers {
            let hosts = selection.hosts(server, self.options, report);
            if hosts.is_empty() {
                let reason =
                    "it has no host that hubgate could serve: write `server_name`, or use --host";
                report.record_block(Outcome::Dropped, server.directive, reason);
                continue;
            }
            sites.extend(SiteBuilder::build(self.files, server, hosts, report));
        }
        sites
    }

    /// Reports servers on http beside others over TLS, as hubgate then serves no site on http;
    /// stops at hosts that no site over TLS has.
    fn check_http_only(&self, on_http: &[&Server<'d>], sites: &[Site], report: &mut Report) {
        for server in on_http {
            let listened = Addresses::merge(server.listens(false));
            let selection = ServerSelection::new(self.servers, &listened);
            let unnamed = self.options.without_hosts();
            let own = selection.hosts(server, &unnamed, &mut Report::default());
            let missing = own
                .iter()
                .find(|host| !sites.iter().any(|site| site.hosts.contains(*host)));
            if let Some(host) = missing {
                report.stop(
                    server.directive,
                    format!(
                        "{host} is served on http only, and hubgate would serve it over TLS: \
                     give it `listen … ssl` and a certificate, or remove it"
                    ),
                );
                continue;
            }
            let upstreams = sites.iter().flat_map(|site| site.plan.all_upstreams());
            server.report_lost(&upstreams.collect::<Vec<_>>(), report);
            report.record_block(
                Outcome::Changed,
                server.directive,
                "hubgate redirects from http to https, where its names are served",
            );
        }
    }

    /// Returns the addresses on which hubgate redirects from http to https; on those of TLS it does
    /// so without a listener of its own.
    fn http_addresses(&self, redirects: &Redirects<'_, 'd>, https: &Addresses) -> Addresses {
        let used = self.servers.iter().filter(|server| {
            matches!(server.kind, Kind::Proxy | Kind::ToHttps) || redirects.is_from(server)
        });
        let http = Addresses::merge(used.flat_map(|server| server.listens(false)));
        http.beside(https)
    }
}

/// Stops where a wildcard would take over the name of a server that is no site.
fn check_wildcards(
    selection: &ServerSelection<'_, '_>,
    sites: &[Site],
    redirects: &[Redirect],
    report: &mut Report,
) {
    let served = sites.iter().flat_map(|site| &site.hosts);
    let redirected = redirects.iter().flat_map(|redirect| &redirect.hosts);
    let hosts: Vec<_> = served.clone().chain(redirected).cloned().collect();
    for host in served {
        if let Some((server, name)) = selection.taken_by_wildcard(host, &hosts) {
            report.stop(server.directive, format!(
                "NGINX responds to {name} here, where no hub is imported, and hubgate would forward it to the hub of {host}: \
                 remove this server, or list the names of the other one"
            ));
        }
    }
}

impl<'d> ServedServers<'_, 'd> {
    fn addresses(&self) -> Addresses {
        let servers = self.servers.iter();
        Addresses::merge(servers.flat_map(|server| server.listens(self.tls)))
    }

    /// Stops where a server is reached on other addresses than the rest, which may protect it.
    fn check_addresses(&self, report: &mut Report) {
        let addresses = |server: &Server<'_>| -> BTreeSet<_> {
            let listens = server.listens(self.tls);
            listens.map(|listen| listen.address).collect()
        };
        let Some(first) = self.servers.first() else {
            return;
        };
        let servers = self.servers.iter();
        for server in servers.filter(|server| addresses(server) != addresses(first)) {
            let other = &first.directive.at;
            let listen = server.listens.first();
            let at = listen.map_or(server.directive, |listen| listen.directive);
            report.stop(at, format!("this server and the one at {other} are reached on different addresses or ports, which may protect \
                one of them; hubgate serves every site on each address it listens on: give both the same `listen`, or import them separately"));
        }
        let listens: Vec<_> = first.listens(self.tls).collect();
        if let Some(listen) = Listen::ipv6_only(&listens) {
            let port = listen.address.port();
            report.stop(listen.directive, format!(
                "NGINX accepts IPv6 only here, and hubgate's [::] accepts IPv4 too: add `listen {port}`, or name the address of this machine"
            ));
        }
    }

    /// Returns the levels of all locations with an upstream.
    fn upstream_levels(&self) -> UpstreamLevels<'d> {
        let servers = self.servers.iter();
        let all = servers.flat_map(|server| server.locations.iter().zip(&server.targets));
        let with_upstream = all.filter(|(_, target)| {
            target
                .as_ref()
                .is_some_and(|target| target.upstream().is_some())
        });
        UpstreamLevels(
            with_upstream
                .map(|(location, _)| location.levels.clone())
                .collect(),
        )
    }
}

impl UpstreamLevels<'_> {
    /// Returns `off` if no location with an upstream writes an access log.
    fn access_log(&self, report: &mut Report) -> Option<&'static str> {
        let logs = self.0.iter();
        let logs: Vec<_> = logs
            .filter_map(|levels| levels.inherited("access_log"))
            .collect();
        let is_off = logs.iter().all(|log| log.parameter() == "off");
        if logs.is_empty() || logs.len() != self.0.len() || !is_off {
            return None;
        }
        logs.iter().for_each(|log| report.kept(log, "`log.access`"));
        Some("off")
    }
}
