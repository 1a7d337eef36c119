//! A server of NGINX as a site of hubgate.

use super::{
    certificate::Certificate,
    equivalence::Equivalence,
    header::Headers,
    location_access::AccessEvaluation,
    request_headers::RequestHeaders,
    site_plan::{self, LocationAccess, Locations, Matcher, Plan, Target},
};
use crate::nginx::{
    access::rule::Rule,
    model::{
        server::Server,
        upstream::{ProxyPass, ProxyTarget},
    },
    outcome::Outcome,
    read::{directive::Position, files::Files},
    report::Report,
};

/// A site of proxy.yaml.
#[derive(Clone, Debug)]
pub(crate) struct Site {
    pub(crate) at: Position,
    pub(crate) hosts: Vec<String>,
    pub(crate) certificate: Certificate,
    pub(crate) plan: Plan,
    pub(crate) headers: Headers,
    /// Set where the upstream receives fields of the client certificate.
    pub(crate) forwards_certificate: bool,
    /// The field with the user's name.
    pub(crate) user_header: Option<String>,
}

/// The parts of a site while it is built.
pub(crate) struct SiteBuilder<'s, 'd> {
    server: &'s Server<'d>,
    locations: &'s [LocationAccess<'d>],
    plan: &'s Plan,
}

impl SiteBuilder<'_, '_> {
    /// Builds the site of a server; none, which is reported, if it cannot be one.
    pub(crate) fn build(
        files: &dyn Files,
        server: &Server<'_>,
        hosts: Vec<String>,
        report: &mut Report,
    ) -> Option<Site> {
        let locations = AccessEvaluation::new(server, &hosts, report).locations(report);
        let plan = server.plan(&locations, report)?;
        let site = SiteBuilder {
            server,
            locations: &locations,
            plan: &plan,
        };
        site.prove(report);
        let forwards_certificate = site.forwards_certificate(report);
        let user_header = server.user_header(&locations, report);
        site.report_request_headers(&hosts, report);
        site.report_locations(report);
        let headers = site.headers(report);
        site.report_server(&hosts, report);
        let levels = server.root().map_or(&server.levels, |root| &root.levels);
        let certificate = match server.has_tls() {
            true => Certificate::import(files, levels, &hosts, report),
            false => Certificate::SelfSigned,
        };
        Some(Site {
            at: server.directive.at.clone(),
            certificate,
            headers,
            forwards_certificate,
            user_header,
            hosts,
            plan,
        })
    }

    /// Imports the response headers of `location /`, and reports those of other locations.
    fn headers(&self, report: &mut Report) -> Headers {
        let server = self.server;
        let root = Matcher::Prefix("/".into());
        let mut locations = server.locations.iter();
        let access = match locations.position(|location| location.matcher == root) {
            Some(nth) => server.access_directives_of(nth),
            None => server.access_directives(),
        };
        let open = self.plan.rule.is_open();
        let headers = Headers::import(access.levels, access.variables, open, report);
        for (location, access) in server.locations.iter().zip(self.locations) {
            if access.upstream().is_some() {
                Headers::report_lost(&location.levels, report);
            }
        }
        headers
    }

    fn report_server(&self, hosts: &[String], report: &mut Report) {
        let host = hosts.first().map_or("", String::as_str);
        report.kept(self.server.directive, format!("the site {host}"));
        let names = self.server.levels.own_all("server_name").into_iter();
        names.for_each(|directive| report.kept(directive, "`hosts`"));
    }

    /// Reports the fields that each upstream receives from NGINX.
    fn report_request_headers(&self, hosts: &[String], report: &mut Report) {
        let host = hosts.first().map_or("", String::as_str);
        let count = self.server.locations.len();
        for (nth, location) in self.locations.iter().take(count).enumerate() {
            let Some(upstream) = location.upstream() else {
                continue;
            };
            let path = location.matcher.sample_path();
            let is_written =
                path.is_some_and(|path| self.plan.upstream_of(&path).edits == upstream.edits);
            let pass = self.server.proxy_pass(nth);
            let proxy_host = pass
                .as_ref()
                .map_or_else(String::new, ProxyPass::proxy_host);
            let headers = RequestHeaders::of_location(self.server, nth, &proxy_host);
            headers.report(is_written, host, report);
        }
    }

    /// Stops where the plan is weaker than NGINX, and reports where it is stronger.
    fn prove(&self, report: &mut Report) {
        let equivalence = Equivalence {
            locations: self.locations,
            plan: self.plan,
        };
        for difference in equivalence.differences() {
            let location = &self.locations[difference.location];
            let path = &difference.path;
            if difference.weaker {
                report.stop(location.directive, location.weaker_reason(path));
                continue;
            }
            let reason = format!(
                "hubgate refuses clients at {path} that NGINX would admit: its paths apply to all paths below them"
            );
            let what = location.directive.to_string();
            report.record_note(Outcome::Changed, &location.directive.at, &what, reason);
        }
    }

    fn report_locations(&self, report: &mut Report) {
        let targets = self.server.targets.iter();
        for (location, target) in self.locations.iter().zip(targets) {
            self.report_location(location, target.as_ref(), report);
        }
    }

    /// Reports the outcome of a location.
    fn report_location(
        &self,
        location: &LocationAccess<'_>,
        target: Option<&ProxyTarget>,
        report: &mut Report,
    ) {
        let directive = location.directive;
        let mut dropped = |reason: &str| report.record_block(Outcome::Dropped, directive, reason);
        match (&location.matcher, &location.target, target) {
            (Matcher::Named(_), _, _) => dropped(
                "hubgate has no internal redirects: requests that NGINX redirects here are refused",
            ),
            (_, Target::Local, Some(ProxyTarget::Unsupported(reason))) => {
                dropped(&format!(
                    "{reason}; until then all clients are refused here"
                ));
            }
            (_, Target::Local, Some(ProxyTarget::ForwardProxy)) => {
                dropped("a forward proxy: hubgate is none, and refuses all clients here");
            }
            (Matcher::Regex(_), _, _) => dropped(
                "hubgate has no regular expressions: the rule of the path around it applies",
            ),
            (_, Target::Upstream(_), _) => self.report_upstream(location, report),
            (_, Target::Refused, _) => {
                report.record_block(Outcome::Kept, directive, "all clients are refused");
            }
            (_, Target::Local, _) => {
                let (outcome, reason) = location.local_outcome();
                report.record_block(outcome, directive, reason);
            }
        }
    }

    fn report_upstream(&self, location: &LocationAccess<'_>, report: &mut Report) {
        let children = location.directive.children().iter();
        children
            .filter(|directive| directive.name == "proxy_pass")
            .for_each(|directive| report.kept(directive, "`upstream`"));
        let path = location
            .matcher
            .path()
            .map(|path| path.trim_end_matches('/'));
        let mut planned = self.plan.paths.iter();
        let is_planned = planned.any(|planned| Some(planned.path.trim_end_matches('/')) == path);
        let reason = match is_planned && !location.is_root() {
            true => "`paths`",
            false => "the site's own rule and hub",
        };
        report.kept(location.directive, reason);
    }

    /// Reports whether the upstream receives fields of the client certificate.
    fn forwards_certificate(&self, report: &mut Report) -> bool {
        let locations = self.server.locations.iter();
        let fields: Vec<_> = locations
            .flat_map(|location| location.levels.inherited_all(&["proxy_set_header"]))
            .filter(|directive| directive.joined_parameters().contains("$ssl_client_"))
            .collect();
        let needs_certificate = |rule: &Rule| rule.certificate.is_some();
        let is_forwarded = !fields.is_empty() && self.plan.all_rules().any(needs_certificate);
        for directive in fields.iter().filter(|_| is_forwarded) {
            report.changed(directive, "`client_headers: x-ssl-client`: the hub receives X-SSL-Client-Verify, -S-DN, -Serial and -Fingerprint");
        }
        is_forwarded
    }
}

impl Server<'_> {
    /// Proposes a plan; stops where the rules cannot be expressed in one site.
    fn plan(&self, locations: &[LocationAccess<'_>], report: &mut Report) -> Option<Plan> {
        let Some(proposed) = Locations(locations).propose() else {
            report.record_block(
                Outcome::Dropped,
                self.directive,
                "no hub here at a path that hubgate supports, so nothing of it is imported",
            );
            return None;
        };
        let inexpressible = proposed.as_ref().err().into_iter().flatten();
        for nth in inexpressible {
            report.stop(locations[*nth].directive, "this location is less strict than `location /`, but not open, or requires a certificate and one of \
                two other factors: a path of hubgate only tightens the site's rule or is public. Give both the same rule, \
                or this one a host of its own");
        }
        proposed.ok()
    }
}

impl Matcher {
    /// Returns a path that matches the location, but no exact location of the same path.
    fn sample_path(&self) -> Option<String> {
        match self {
            Self::Prefix(path) if !path.ends_with('/') => {
                Some(format!("{path}{}", site_plan::OTHER))
            }
            other => other.path().map(str::to_owned),
        }
    }

    fn is_well_known(&self) -> bool {
        let path = self.path();
        path.is_some_and(|path| path.starts_with("/.well-known/"))
    }
}

impl LocationAccess<'_> {
    /// Returns the reason and the correction where the plan does not protect the location.
    fn weaker_reason(&self, path: &str) -> String {
        let file = &self.directive.at.file;
        let correction = match self.matcher.is_regex() {
            true if file.ends_with("conf.d/include/assets.conf") => {
                "hubgate has no regular expressions: switch off \"Cache Assets\" of this host"
            }
            true => {
                "hubgate has no regular expressions: name the protected paths, with `location /x/`, or remove it if it \
                 protects only files that NGINX serves itself"
            }
            false => {
                "no path of hubgate expresses that: give it a host of its own, or the rule of `location /`"
            }
        };
        format!("protects {path}, to which hubgate would apply a wider rule: {correction}")
    }

    /// Returns the outcome of a location without an upstream.
    fn local_outcome(&self) -> (Outcome, &'static str) {
        if self.matcher.is_well_known() {
            return (
                Outcome::Kept,
                "built in: hubgate responds to the CA, and refuses all other clients",
            );
        }
        let reason = if self.adds_slash {
            "hubgate forwards to the hub of the path with the slash here, and refuses clients at other paths that begin so"
        } else if self.is_root() {
            "no hub here: all clients are refused but at the paths below"
        } else {
            "hubgate serves no files and no responses of its own: all clients are refused here"
        };
        (Outcome::Changed, reason)
    }
}
