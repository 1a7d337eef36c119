//! Servers without a hub that is imported: what hubgate does in their place, and what is lost.

use super::{
    levels::Levels,
    outcome::Outcome,
    report::Report,
    server::{Kind, Server},
    upstream::{Hub, Passed},
};

impl<'d> Server<'d> {
    /// Says why nothing of a server is imported that has no hub.
    pub(super) fn tell(&self, report: &mut Report) {
        if self.kind == Kind::ToTls {
            self.lost(&[], report);
        }
        let (outcome, why) = match (self.kind, self.redirect()) {
            (Kind::Hubs, _) => return,
            (Kind::ToTls | Kind::Other, Some(target)) => {
                let why = format!(
                    "a redirect to {target}: hubgate redirects names for good and keeps path and query; where that is right, write a site \
                     with `redirect` in the place of `upstream`"
                );
                return report.whole(Outcome::Dropped, self.directive, why);
            }
            (Kind::ToTls, None) => (
                Outcome::Kept,
                "built in: hubgate leads from http to https, and answers the CA on port 80",
            ),
            (Kind::Closed, _) => (
                Outcome::Kept,
                "built in: hubgate answers no host that it has no site for",
            ),
            (Kind::Other, None) if self.refuses() => (
                Outcome::Kept,
                "built in: hubgate answers no host that it has no site for",
            ),
            (Kind::Forward, _) => (
                Outcome::Dropped,
                "a forward proxy, which anybody who reaches it can use to reach other machines: hubgate is none",
            ),
            (Kind::Other, None) => (
                Outcome::Dropped,
                "no hub here that hubgate could stand before: files and answers of NGINX's own are not imported",
            ),
        };
        report.whole(outcome, self.directive, why);
    }

    /// Reports the places of hubs that this server alone leads to, in the clear.
    pub(super) fn lost(&self, known: &[&Hub], report: &mut Report) {
        if self.levels.own_one("return").is_some() {
            return;
        }
        for (location, passed) in self.locations.iter().zip(&self.passed) {
            let Some(Passed::Hub(hub)) = passed else {
                continue;
            };
            if known.iter().any(|other| other.is_same_server(hub)) {
                continue;
            }
            let why = format!(
                "it is reached in the clear only, and hubgate leads from there to https: the site over TLS would need this path in \
                 `paths`, with `access: public` and `upstream: \"{}\"`, which opens it to everybody there",
                hub.servers.join(", ")
            );
            report.whole(Outcome::Dropped, location.directive, why);
        }
    }

    /// The target of every request, if that is another host.
    fn redirect(&self) -> Option<&'d str> {
        let leading = |levels: &Levels<'d>| {
            let returns = levels.own_one("return");
            returns.or_else(|| levels.own_one("rewrite"))
        };
        let by_root = || self.at_root().and_then(|root| leading(&root.levels));
        let directive = leading(&self.levels).or_else(by_root)?;
        let target = match (directive.name.as_str(), directive.words.as_slice()) {
            ("return", [code, target]) if code.starts_with("30") => target,
            ("return", [target]) | ("rewrite", [_, target, ..]) => target,
            _ => return None,
        };
        let (_, rest) = target.split_once("://")?;
        let paths = ["/", "?", "$request_uri", "$uri", "$1"];
        let ends = paths.iter().filter_map(|path| rest.find(path));
        let authority = &rest[..ends.min().unwrap_or(rest.len())];
        let own = SAME_HOST.contains(&authority) || self.names.iter().any(|name| name == authority);
        (!own || self.has_tls()).then_some(target)
    }
}

/// Variables of the host that the client asked for.
const SAME_HOST: [&str; 3] = ["$host", "$http_host", "$server_name"];
