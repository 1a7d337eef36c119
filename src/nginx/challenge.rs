//! Challenges of a CA for other machines, which pass through a server in the clear.
//!
//! A CA follows the redirect to https, so they stay reachable as a public path of the site over TLS.
//! Nothing else that is open in the clear becomes so over TLS.

use std::net::SocketAddr;

use super::{
    directive::Directive,
    directive_table as table, guard,
    location::Location,
    report::Report,
    rule::Entry,
    server::{Kind, Server},
    site::Site,
    upstream::Passed,
    variables::Variables,
};

/// The folder of a CA's challenges (RFC 8555, section 8.3).
const FOLDER: &str = "/.well-known/acme-challenge";

/// Adds the hubs that answer challenges to the sites of their names, where everybody reaches them.
pub(super) fn keep(
    servers: &[Server<'_>],
    sites: &mut [Site],
    https: &[SocketAddr],
    report: &mut Report,
) {
    for server in servers
        .iter()
        .filter(|it| it.kind == Kind::ToTls && !it.has_tls())
    {
        let reached = https.iter().all(|address| server.is_reached_like(*address));
        let returns = server.levels.own_one("return").is_some();
        if reached && !returns && server.directive.inner().iter().all(is_plain) {
            server.challenges(sites, report);
        }
    }
}

impl Server<'_> {
    fn challenges(&self, sites: &mut [Site], report: &mut Report) {
        let variables = self.inner_variables.iter();
        let places = self.locations.iter().zip(&self.passed).zip(variables);
        for ((location, passed), variables) in places {
            let (Some(Passed::Hub(hub)), Some(path)) = (passed, path(location)) else {
                continue;
            };
            let own = sites
                .iter_mut()
                .filter(|site| site.hosts.iter().any(|host| self.names.contains(host)));
            let added = own
                .filter(|_| is_open(location, variables) && hub.edits.fields.is_empty())
                .map(|site| site.plan.open(path, hub))
                .filter(|it| *it);
            if added.count() > 0 {
                report.kept(
                    location.directive,
                    "`paths`: public over TLS too, where the CA is led to",
                );
            }
        }
    }

    /// Whether whoever connects to this address may connect to the server.
    fn is_reached_like(&self, address: SocketAddr) -> bool {
        let ip = address.ip();
        let mut own = self.listens(false).map(|it| it.address.ip());
        own.any(|it| it == ip || it.is_unspecified() && it.is_ipv4() == ip.is_ipv4())
    }
}

/// The path of a location for challenges.
fn path<'l>(location: &'l Location<'_>) -> Option<&'l str> {
    let path = location.matcher.prefix()?;
    path.starts_with(FOLDER).then_some(path)
}

/// Whether everybody enters, and nothing else decides about requests.
fn is_open(location: &Location<'_>, variables: &Variables<'_>) -> bool {
    let entry = guard::entry(&location.levels, variables, false, &mut Report::default());
    entry == Entry::Open && location.directive.inner().iter().all(is_plain)
}

fn is_plain(directive: &Directive) -> bool {
    let decides = ["if", "internal", "rewrite"].contains(&directive.name.as_str());
    let known = table::is_translated(&directive.name) || table::harmless(&directive.name).is_some();
    known && !decides && table::wrong_words(directive).is_none()
}
