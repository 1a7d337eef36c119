//! Servers without an imported upstream: hubgate's counterpart, and the locations that are lost.

use crate::nginx::{
    model::{
        inheritance::Inheritance,
        server::{Kind, Server},
        upstream::Upstream,
    },
    outcome::Outcome,
    report::Report,
};

impl<'d> Server<'d> {
    /// Reports why nothing of a server without an upstream is imported.
    pub(crate) fn report_unimported(&self, report: &mut Report) {
        if self.kind == Kind::ToHttps {
            self.report_lost(&[], report);
        }
        let (outcome, reason) = match (self.kind, self.redirect()) {
            (Kind::Proxy, _) => return,
            (Kind::ToHttps | Kind::Other, Some(target)) => {
                let reason = format!(
                    "a redirect to {target}: hubgate redirects names permanently, with path and query; where that is right, write a site \
                     with `redirect` instead of `upstream`"
                );
                return report.record_block(Outcome::Dropped, self.directive, reason);
            }
            (Kind::ToHttps, None) => (
                Outcome::Kept,
                "built in: hubgate redirects from http to https, and responds to the CA on port 80",
            ),
            (Kind::Refusal, _) => (Outcome::Kept, OTHER_HOSTS),
            (Kind::Other, None) if self.refuses_at_root() => (Outcome::Kept, OTHER_HOSTS),
            (Kind::ForwardProxy, _) => (
                Outcome::Dropped,
                "a forward proxy, by which every client can reach other machines: hubgate is none",
            ),
            (Kind::Other, None) => (
                Outcome::Dropped,
                "no hub here: files and responses of NGINX itself are not imported",
            ),
        };
        report.record_block(outcome, self.directive, reason);
    }

    /// Reports the locations with upstreams that only this server reaches, on http.
    pub(crate) fn report_lost(&self, known: &[&Upstream], report: &mut Report) {
        if self.levels.own("return").is_some() {
            return;
        }
        for (location, target) in self.locations.iter().zip(&self.targets) {
            let Some(upstream) = target.as_ref().and_then(|target| target.upstream()) else {
                continue;
            };
            if known.iter().any(|other| other.is_same_server(upstream)) {
                continue;
            }
            let reason = format!(
                "it is reached on http only, and hubgate redirects from there to https: the site over TLS would need this path in \
                 `paths`, with `access: public` and `upstream: \"{}\"`, which opens it to all clients there",
                upstream.servers.join(", ")
            );
            report.record_block(Outcome::Dropped, location.directive, reason);
        }
    }

    /// Returns the target of every request, if it is another host.
    fn redirect(&self) -> Option<&'d str> {
        let redirecting = |levels: &Inheritance<'d>| {
            let returns = levels.own("return");
            returns.or_else(|| levels.own("rewrite"))
        };
        let at_root = || self.root().and_then(|root| redirecting(&root.levels));
        let directive = redirecting(&self.levels).or_else(at_root)?;
        let target = match (directive.name.as_str(), directive.parameters.as_slice()) {
            ("return", [code, target]) if code.starts_with("30") => target,
            ("return", [target]) | ("rewrite", [_, target, ..]) => target,
            _ => return None,
        };
        let (_, rest) = target.split_once("://")?;
        let paths = ["/", "?", "$request_uri", "$uri", "$1"];
        let ends = paths.iter().filter_map(|path| rest.find(path));
        let authority = &rest[..ends.min().unwrap_or(rest.len())];
        let is_own =
            SAME_HOST.contains(&authority) || self.names.iter().any(|name| name == authority);
        (!is_own || self.has_tls()).then_some(target)
    }
}

const OTHER_HOSTS: &str = "built in: hubgate refuses hosts without a site";

/// Variables with the host of the request.
const SAME_HOST: [&str; 3] = ["$host", "$http_host", "$server_name"];
