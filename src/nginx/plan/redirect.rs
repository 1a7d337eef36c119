//! Servers that only redirect to another origin, as sites with `redirect`.
//!
//! NGINX evaluates `return` and `rewrite` before the access phase, so such a server protects
//! nothing. A server that requires a client certificate is left out.

use super::{
    certificate::Certificate,
    header::{Headers, Hsts},
};
use crate::{
    config,
    nginx::{
        model::{
            condition::Condition,
            location::Location,
            server::{Kind, Server},
        },
        outcome::Outcome,
        read::{
            directive::{Directive, Position},
            files::Files,
        },
        report::Report,
    },
};

/// A site with `redirect`.
#[derive(Clone, Debug)]
pub(crate) struct Redirect {
    pub(crate) at: Position,
    pub(crate) hosts: Vec<String>,
    pub(crate) certificate: Certificate,
    pub(crate) hsts: Hsts,
    pub(crate) origin: String,
}

/// The target of a server that redirects every request to the same path and query elsewhere.
pub(crate) struct RedirectTarget {
    origin: String,
    /// Set where hubgate keeps the path as it was sent, which NGINX would normalize.
    is_raw: bool,
}

impl Server<'_> {
    /// Returns the permanent redirect to another origin that answers every request, if there is
    /// one.
    pub(crate) fn redirect_target(&self) -> Option<RedirectTarget> {
        let has_upstream = self.upstreams().next().is_some();
        let is_redirect = matches!(self.kind, Kind::ToHttps | Kind::Other) && !has_upstream;
        let verify = self.levels.inherited("ssl_verify_client");
        if !is_redirect || verify.is_some_and(|verify| !verify.parameter_is("off")) {
            return None;
        }
        let scheme = if self.has_tls() { "https" } else { "http" };
        let target = RedirectTarget::parse(self.redirecting()?, scheme)?;
        config::is_redirect(&target.origin).then_some(target)
    }

    /// Returns the directive that answers every request.
    fn redirecting(&self) -> Option<&Directive> {
        let decides = |directive: &&Directive| {
            Condition::classify(directive, &self.names, false) == Condition::Access
        };
        if self.levels.own_all("if").iter().any(decides) {
            return None;
        }
        let returns = self.levels.own("return");
        match (returns, self.levels.own_all("rewrite").as_slice()) {
            (Some(returns), []) => Some(returns),
            (None, [rewrite]) => Some(rewrite),
            (None, []) => self.redirecting_at_root(),
            _ => None,
        }
    }

    /// Returns the `return` of `location /`, where all other locations are challenges of a CA.
    fn redirecting_at_root(&self) -> Option<&Directive> {
        let root = self.root()?;
        let is_challenge = |location: &Location<'_>| {
            let path = location.matcher.path();
            path.is_some_and(|path| path.starts_with("/.well-known/acme-challenge/"))
        };
        let locations = self.locations.iter();
        let mut others = locations.filter(|location| location.directive.id != root.directive.id);
        let acts = ["if", "rewrite"]
            .iter()
            .any(|name| root.levels.own(name).is_some());
        match others.all(is_challenge) && !acts {
            true => root.levels.own("return"),
            false => None,
        }
    }

    /// Builds the site with `redirect` for these hosts.
    pub(crate) fn to_redirect(
        &self,
        files: &dyn Files,
        target: RedirectTarget,
        hosts: Vec<String>,
        report: &mut Report,
    ) -> Redirect {
        let levels = self.root().map_or(&self.levels, |root| &root.levels);
        let headers = Headers::import(levels, &self.variables, true, &mut Report::default());
        let certificate = match self.has_tls() {
            true => Certificate::import(files, &self.levels, &hosts, report),
            false => Certificate::SelfSigned,
        };
        let (outcome, difference) = target.difference(!headers.others.is_empty());
        let reason = format!(
            "`redirect` to {}, with 301 for GET and HEAD and 308 otherwise{difference}",
            target.origin
        );
        report.record_block(outcome, self.directive, reason);
        Redirect {
            at: self.directive.at.clone(),
            hosts,
            certificate,
            hsts: headers.hsts,
            origin: target.origin,
        }
    }
}

impl Redirect {
    /// Returns the host of its target.
    pub(crate) fn target_host(&self) -> &str {
        host(&self.origin)
    }
}

impl RedirectTarget {
    fn parse(directive: &Directive, scheme: &str) -> Option<Self> {
        let (target, is_raw) = match (directive.name.as_str(), directive.parameters.as_slice()) {
            ("return", [code, target]) if code == "301" || code == "308" => {
                (target.strip_suffix("$request_uri")?, false)
            }
            ("rewrite", [pattern, target, flag]) if flag == "permanent" => {
                rewritten_origin(pattern, target)?
            }
            _ => return None,
        };
        let origin = match target.strip_prefix("$scheme") {
            Some(rest) => format!("{scheme}{rest}"),
            None => target.to_owned(),
        };
        (!origin.contains('$')).then_some(Self { origin, is_raw })
    }

    pub(crate) fn host(&self) -> &str {
        host(&self.origin)
    }

    /// Reports whether it redirects to http.
    pub(crate) fn is_http(&self) -> bool {
        self.origin.starts_with("http://")
    }

    fn difference(&self, has_headers: bool) -> (Outcome, &'static str) {
        match (has_headers, self.is_raw) {
            (true, _) => (Outcome::Changed, ", without the headers that NGINX adds"),
            (false, true) => (Outcome::Changed, "; the path stays as it was sent"),
            (false, false) => (Outcome::Kept, ""),
        }
    }
}

/// Returns the origin before path and query of a rewritten target, and whether NGINX would
/// normalize the path.
fn rewritten_origin<'t>(pattern: &str, target: &'t str) -> Option<(&'t str, bool)> {
    if let Some(origin) = target.strip_suffix("$request_uri?") {
        let match_all = ["^", ".*", "^.*$", "^(.*)$", "^.*", "(.*)", "^(.*)", "^/"];
        return match_all.contains(&pattern).then_some((origin, false));
    }
    match pattern {
        "^(.*)$" | "^(.*)" | "(.*)" | "^(/.*)$" => Some((target.strip_suffix("$1")?, true)),
        "^/(.*)$" | "^/(.*)" => Some((target.strip_suffix("/$1")?, true)),
        _ => None,
    }
}

/// Returns the host of an origin, without its port.
fn host(origin: &str) -> &str {
    let authority = origin.split_once("://").map_or("", |(_, rest)| rest);
    match authority.rsplit_once(':') {
        Some((host, port)) if port.bytes().all(|digit| digit.is_ascii_digit()) => host,
        _ => authority,
    }
}
