//! Servers that only redirect to another origin, as sites with `redirect`.
//!
//! NGINX's `return` and `rewrite` come before every access rule, so such a server guards nothing;
//! but for one that demands a client certificate, which is left out.

use super::{
    certificate::{self, Certificate},
    condition::{self, Condition},
    directive::{At, Directive},
    files::Files,
    header::{self, Hsts},
    location::Matcher,
    outcome::Outcome,
    report::Report,
    server::{Kind, Server},
    upstream::Passed,
};
use crate::config;

/// A site with `redirect`, as it will be written.
#[derive(Clone, Debug)]
pub(super) struct Redirect {
    pub(super) at: At,
    pub(super) hosts: Vec<String>,
    pub(super) certificate: Certificate,
    pub(super) hsts: Hsts,
    pub(super) origin: String,
}

/// The redirect of every request to the same path and query elsewhere.
pub(super) struct Found {
    origin: String,
    /// Whether the path goes on as it was sent, and not as NGINX normalizes it.
    is_raw: bool,
}

impl Server<'_> {
    /// The permanent redirect to another origin that answers every request, if there is one.
    pub(super) fn found_redirect(&self) -> Option<Found> {
        let is_hubless = !self
            .passed
            .iter()
            .flatten()
            .any(|it| matches!(it, Passed::Hub(_)));
        let is_redirect = matches!(self.kind, Kind::ToTls | Kind::Other) && is_hubless;
        let wants_certificate = self.levels.one("ssl_verify_client");
        if !is_redirect || wants_certificate.is_some_and(|it| !it.is("off")) {
            return None;
        }
        let scheme = if self.has_tls() { "https" } else { "http" };
        let found = Found::of(self.answering()?, scheme)?;
        config::is_redirect(&found.origin).then_some(found)
    }

    /// The directive that answers every request.
    fn answering(&self) -> Option<&Directive> {
        let decides =
            |it: &&Directive| condition::condition(it, &self.names, false) == Condition::Guard;
        if self.levels.own("if").iter().any(decides) {
            return None;
        }
        let own = |name| self.levels.own_one(name);
        match (own("return"), self.levels.own("rewrite").as_slice()) {
            (Some(returns), []) => Some(returns),
            (None, [rewrite]) => Some(rewrite),
            (None, []) => self.answering_root(),
            _ => None,
        }
    }

    /// The same within `location /`, where nothing stands beside it but the challenges of a CA.
    fn answering_root(&self) -> Option<&Directive> {
        let root = self.at_root()?;
        let is_challenge = |matcher: &Matcher| {
            matcher
                .path()
                .is_some_and(|path| path.starts_with("/.well-known/acme-challenge/"))
        };
        let mut others = self
            .locations
            .iter()
            .filter(|it| it.directive.id != root.directive.id);
        let acts = ["if", "rewrite"]
            .iter()
            .any(|name| root.levels.own_one(name).is_some());
        match others.all(|it| is_challenge(&it.matcher)) && !acts {
            true => root.levels.own_one("return"),
            false => None,
        }
    }

    /// The site with `redirect` of these hosts.
    pub(super) fn to_redirect(
        &self,
        files: &dyn Files,
        found: Found,
        hosts: Vec<String>,
        report: &mut Report,
    ) -> Redirect {
        let levels = self.at_root().map_or(&self.levels, |root| &root.levels);
        let headers = header::of(levels, &self.variables, true, &mut Report::default());
        let certificate = match self.has_tls() {
            true => certificate::of(files, &self.levels, &hosts, report),
            false => Certificate::SelfSigned,
        };
        let (outcome, more) = found.difference(!headers.others.is_empty());
        let why = format!(
            "`redirect` to {}, with 301 for GET and HEAD and 308 otherwise{more}",
            found.origin
        );
        report.whole(outcome, self.directive, why);
        Redirect {
            at: self.directive.at.clone(),
            hosts,
            certificate,
            hsts: headers.hsts,
            origin: found.origin,
        }
    }
}

impl Redirect {
    /// The host that is led to.
    pub(super) fn host(&self) -> &str {
        host(&self.origin)
    }
}

impl Found {
    fn of(directive: &Directive, scheme: &str) -> Option<Self> {
        let (target, is_raw) = match (directive.name.as_str(), directive.words.as_slice()) {
            ("return", [code, target]) if code == "301" || code == "308" => {
                (target.strip_suffix("$request_uri")?, false)
            }
            ("rewrite", [pattern, target, flag]) if flag == "permanent" => {
                rewritten(pattern, target)?
            }
            _ => return None,
        };
        let origin = match target.strip_prefix("$scheme") {
            Some(rest) => format!("{scheme}{rest}"),
            None => target.to_owned(),
        };
        (!origin.contains('$')).then_some(Self { origin, is_raw })
    }

    /// The host that is led to.
    pub(super) fn host(&self) -> &str {
        host(&self.origin)
    }

    /// Whether it leads into the clear.
    pub(super) fn is_clear(&self) -> bool {
        self.origin.starts_with("http://")
    }

    fn difference(&self, has_headers: bool) -> (Outcome, &'static str) {
        match (has_headers, self.is_raw) {
            (true, _) => (Outcome::Changed, ", without the headers that NGINX adds"),
            (false, true) => (Outcome::Changed, "; the path goes on as it was sent"),
            (false, false) => (Outcome::Kept, ""),
        }
    }
}

/// What stands before path and query, and whether NGINX would have normalized the path.
fn rewritten<'t>(pattern: &str, target: &'t str) -> Option<(&'t str, bool)> {
    if let Some(before) = target.strip_suffix("$request_uri?") {
        let takes_all = ["^", ".*", "^.*$", "^(.*)$", "^.*", "(.*)", "^(.*)", "^/"];
        return takes_all.contains(&pattern).then_some((before, false));
    }
    match pattern {
        "^(.*)$" | "^(.*)" | "(.*)" | "^(/.*)$" => Some((target.strip_suffix("$1")?, true)),
        "^/(.*)$" | "^/(.*)" => Some((target.strip_suffix("/$1")?, true)),
        _ => None,
    }
}

/// The host of an origin, without its port.
fn host(origin: &str) -> &str {
    let authority = origin.split_once("://").map_or("", |(_, rest)| rest);
    match authority.rsplit_once(':') {
        Some((host, port)) if port.bytes().all(|it| it.is_ascii_digit()) => host,
        _ => authority,
    }
}
