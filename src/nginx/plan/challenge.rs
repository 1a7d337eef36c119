//! Challenges of a CA for other machines, which pass through a server on http.
//!
//! A CA follows the redirect to https, so their locations become public paths of the site over TLS.
//! No other location that is open on http does.

use std::net::SocketAddr;

use super::site::Site;
use crate::nginx::{
    access::rule::AccessPhase,
    model::{
        listen::Addresses,
        location::Location,
        server::{Kind, Server},
        upstream::ProxyTarget,
    },
    read::directive::Directive,
    report::Report,
};

/// The path of a CA's challenges (RFC 8555, section 8.3).
const PATH: &str = "/.well-known/acme-challenge";

impl Server<'_> {
    /// Adds the upstreams that respond to challenges to the sites of their names, where every
    /// client reaches them.
    pub(crate) fn keep_challenges(
        &self,
        sites: &mut [Site],
        https: &Addresses,
        report: &mut Report,
    ) {
        let is_redirect = self.kind == Kind::ToHttps && !self.has_tls();
        let returns = self.levels.own("return").is_some();
        let covers_tls = || https.iter().all(|address| self.covers(*address));
        let children = self.directive.children();
        if is_redirect && !returns && covers_tls() && children.iter().all(Directive::is_plain) {
            self.add_challenges(sites, report);
        }
    }

    fn add_challenges(&self, sites: &mut [Site], report: &mut Report) {
        for (nth, location) in self.locations.iter().enumerate() {
            let target = self.targets[nth].as_ref();
            let upstream = target.and_then(ProxyTarget::upstream);
            let (Some(upstream), Some(path)) = (upstream, location.challenge_path()) else {
                continue;
            };
            if !self.is_open(nth) || !upstream.edits.fields.is_empty() {
                continue;
            }
            let own = sites
                .iter_mut()
                .filter(|site| site.hosts.iter().any(|host| self.names.contains(host)));
            let added = own
                .map(|site| site.plan.add_public(path, upstream))
                .filter(|is_added| *is_added);
            if added.count() > 0 {
                report.kept(
                    location.directive,
                    "`paths`: public over TLS too, as the CA is redirected there",
                );
            }
        }
    }

    /// Reports whether a client that connects to this address may connect to the server.
    fn covers(&self, address: SocketAddr) -> bool {
        let ip = address.ip();
        let mut own = self.listens(false).map(|listen| listen.address.ip());
        own.any(|own| own == ip || own.is_unspecified() && own.is_ipv4() == ip.is_ipv4())
    }

    /// Reports whether a location admits every client, and nothing else decides about its requests.
    fn is_open(&self, nth: usize) -> bool {
        let access = self.access_directives_of(nth);
        let phase = access.access_phase(false, &mut Report::default());
        let children = self.locations[nth].directive.children();
        phase == AccessPhase::Open && children.iter().all(Directive::is_plain)
    }
}

impl Location<'_> {
    /// Returns its path, if it is one for challenges.
    fn challenge_path(&self) -> Option<&str> {
        let path = self.matcher.prefix()?;
        path.starts_with(PATH).then_some(path)
    }
}

impl Directive {
    /// Reports whether it is known and does not change the course of a request.
    fn is_plain(&self) -> bool {
        let decides = ["if", "internal", "rewrite"].contains(&self.name.as_str());
        let is_known = self.is_translated() || self.harmless().is_some();
        is_known && !decides && self.harmful_parameter().is_none()
    }
}
