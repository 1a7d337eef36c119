//! Directives in the scope of an upstream that are neither translated nor harmless: they stop the
//! import.
//!
//! The scope of an upstream is `http`, its server, its location and the locations around that one,
//! of which only inherited directives count.

use super::{
    location::Location,
    server::{Kind, Server},
};
use crate::nginx::{read::directive::Directive, report::Report};

/// Directives that act only in the block in which they are written.
const NOT_INHERITED: [&str; 9] = [
    "rewrite",
    "return",
    "if",
    "break",
    "set",
    "try_files",
    "limit_except",
    "location",
    "proxy_pass",
];

/// Stops at each directive that may decide about requests for an upstream in an unsupported way.
pub(crate) fn check(http: &[&Directive], servers: &[Server<'_>], report: &mut Report) {
    let proxies = servers.iter().filter(|server| server.kind == Kind::Proxy);
    let mut proxies = proxies.peekable();
    if proxies.peek().is_none() {
        return;
    }
    http.iter().for_each(|directive| directive.check(report));
    proxies.for_each(|server| server.check(report));
}

impl Server<'_> {
    fn check(&self, report: &mut Report) {
        let own = self.directive.children().iter();
        own.filter(|directive| directive.name != "try_files")
            .for_each(|directive| directive.check(report));
        self.check_fallbacks(report);
        for (location, target) in self.locations.iter().zip(&self.targets) {
            let upstream = target.as_ref().and_then(|target| target.upstream());
            if upstream.is_none() {
                continue;
            }
            location.check(report);
            for outer in &location.around {
                self.locations[*outer].check_inherited(report);
            }
        }
    }

    /// Stops where NGINX tries files before the upstream of a named location.
    fn check_fallbacks(&self, report: &mut Report) {
        let locations = self.locations.iter();
        let fallbacks = locations.filter_map(|location| location.levels.own("try_files"));
        for directive in fallbacks {
            let last = directive.parameters.last();
            if last.is_some_and(|word| word.starts_with('@')) {
                directive.check(report);
            }
        }
    }
}

impl Location<'_> {
    fn check(&self, report: &mut Report) {
        for directive in self.directive.children() {
            match directive.is_content_handler() {
                true => report.stop(
                    directive,
                    "this responds instead of the hub: leave one of the two in the location",
                ),
                false => directive.check(report),
            }
        }
    }

    fn check_inherited(&self, report: &mut Report) {
        let children = self.directive.children().iter();
        children
            .filter(|directive| !NOT_INHERITED.contains(&directive.name.as_str()))
            .for_each(|directive| directive.check(report));
    }
}

impl Directive {
    fn check(&self, report: &mut Report) {
        if let Some(correction) = self.harmful_parameter() {
            return report.stop(self, correction);
        }
        let (name, parameter) = (self.name.as_str(), self.parameter());
        if name == "include" && parameter.ends_with("include/block-exploits.conf") {
            return report.stop(
                self,
                "hubgate does not filter words in queries: switch off \"Block Common Exploits\" of this host",
            );
        }
        if name == "auth_request" && parameter == "off" {
            return report.kept(self, "no subrequest decides here");
        }
        if !self.is_translated() && self.harmless().is_none() {
            report.stop(self, self.correction());
        }
    }

    fn correction(&self) -> String {
        let name = self.name.as_str();
        match name {
            "rewrite" | "break" => format!(
                "`{name}` may change the path of a request, and hubgate never does: \
                 remove it, and give its target a location or a host of its own"
            ),
            "try_files" => "NGINX serves a file here before it forwards to the hub, and hubgate serves none: remove it".into(),
            "limit_except" => "hubgate's rules hold for every method: remove it, and write one access rule for the whole location".into(),
            _ => format!(
                "`{name}` may decide about access, in a way that hubgate does not support: remove it, and write the access rule into proxy.yaml"
            ),
        }
    }
}
