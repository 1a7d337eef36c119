//! All redirects to other origins: the hosts of each, without loops.

use super::{
    redirect::{Redirect, RedirectTarget},
    site::Site,
};
use crate::nginx::{
    ImportOptions,
    model::{
        hosts::ServerSelection,
        listen::Addresses,
        server::{Kind, Server},
    },
    outcome::Outcome,
    read::files::Files,
    report::Report,
};

/// The redirects of an import.
pub(crate) struct Redirects<'s, 'd> {
    pub(crate) sites: Vec<Redirect>,
    /// The ids of the servers that are redirects, the refused ones included.
    ids: Vec<usize>,
    files: &'s dyn Files,
    servers: &'s [Server<'d>],
    options: ImportOptions,
}

impl<'s, 'd> Redirects<'s, 'd> {
    /// Creates an empty list for these servers.
    pub(crate) fn new(
        files: &'s dyn Files,
        servers: &'s [Server<'d>],
        options: &ImportOptions,
    ) -> Self {
        Self {
            sites: Vec::new(),
            ids: Vec::new(),
            files,
            servers,
            options: options.without_hosts(),
        }
    }

    /// Imports the servers that redirect hosts for which no site exists.
    pub(crate) fn import(
        &mut self,
        selection: &ServerSelection<'_, 'd>,
        sites: &[Site],
        report: &mut Report,
    ) {
        let servers = self.servers.iter();
        let mut proxies = servers.filter(|server| server.kind == Kind::Proxy);
        let has_tls = proxies.any(Server::has_tls);
        for server in self.servers {
            let Some(target) = server.redirect_target() else {
                continue;
            };
            let mut hosts = self.hosts(server, selection);
            hosts.retain(|host| self.is_free(host, target.host(), sites));
            if hosts.is_empty() {
                continue;
            }
            self.ids.push(server.directive.id);
            match self.refusal(&target, &hosts, has_tls) {
                Some(reason) => report.record_block(Outcome::Dropped, server.directive, reason),
                None => {
                    let redirect = server.to_redirect(self.files, target, hosts, report);
                    self.sites.push(redirect);
                }
            }
        }
    }

    /// Reports whether the server is one of the redirects.
    pub(crate) fn is_from(&self, server: &Server<'_>) -> bool {
        self.ids.contains(&server.directive.id)
    }

    /// Returns the reason not to import a redirect.
    fn refusal(
        &self,
        target: &RedirectTarget,
        hosts: &[String],
        has_tls: bool,
    ) -> Option<&'static str> {
        if has_tls && target.is_http() {
            return Some(
                "a redirect to http, and hubgate redirects from TLS to https only: redirect to https",
            );
        }
        self.is_loop(target.host(), hosts)
            .then_some("a redirect that returns to its own names through other redirects")
    }

    /// Returns the hosts for which NGINX chooses the server; none for a default server.
    fn hosts(&self, server: &Server<'d>, selection: &ServerSelection<'_, 'd>) -> Vec<String> {
        let mut unreported = Report::default();
        match server.has_tls() {
            true => selection.hosts(server, &self.options, &mut unreported),
            false => {
                let listened = Addresses::merge(server.listens(false));
                let selection = ServerSelection::new(self.servers, &listened);
                selection.hosts(server, &self.options, &mut unreported)
            }
        }
    }

    /// Reports whether no site has the host, and the redirect does not return to it.
    fn is_free(&self, host: &str, target: &str, sites: &[Site]) -> bool {
        let served = sites.iter().map(|site| &site.hosts);
        let redirected = self.sites.iter().map(|redirect| &redirect.hosts);
        let mut taken = served.chain(redirected).flatten();
        !matches(host, target) && !taken.any(|other| other == host)
    }

    /// Reports whether the redirects lead from the target to one of these hosts.
    fn is_loop(&self, target: &str, hosts: &[String]) -> bool {
        let mut at = target.to_owned();
        for _ in 0..=self.sites.len() {
            if hosts.iter().any(|host| matches(host, &at)) {
                return true;
            }
            let has_host =
                |redirect: &&Redirect| redirect.hosts.iter().any(|host| matches(host, &at));
            let Some(next) = self.sites.iter().find(has_host) else {
                return false;
            };
            at = next.target_host().to_owned();
        }
        true
    }
}

/// Reports whether a host of proxy.yaml is the name, or a wildcard for it.
fn matches(host: &str, name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    let parent = name.split_once('.').map(|(_, parent)| parent);
    host == name || parent.is_some() && host.strip_prefix("*.") == parent
}
