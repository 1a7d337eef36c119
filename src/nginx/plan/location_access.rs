//! The access rule and the target of each location of a server.

use super::site_plan::{LocationAccess, Target};
use crate::nginx::{
    access::{
        access_directives::{AccessDirectives, VerifyClient},
        rule::{AccessPhase, Certificate, Rule},
    },
    model::{
        condition::Condition,
        inheritance::Inheritance,
        location::Matcher,
        network::Networks,
        server::Server,
        upstream::{ProxyTarget, Upstream},
        variables::Variables,
    },
    outcome::Outcome::{Dropped, Kept},
    read::directive::Directive,
    report::Report,
};

/// The evaluation of the locations of one server.
pub(crate) struct AccessEvaluation<'s, 'd> {
    server: &'s Server<'d>,
    hosts: &'s [String],
    verify: VerifyClient,
    /// The requirements of the `if` directives of the server itself.
    everywhere: IfRequirements,
}

/// The requirements of the `if` directives of one block.
#[derive(Clone, Debug)]
struct IfRequirements {
    certificate: bool,
    /// The addresses that no `if` refuses.
    networks: Networks,
}

impl<'s, 'd> AccessEvaluation<'s, 'd> {
    /// Evaluates the server itself.
    pub(crate) fn new(server: &'s Server<'d>, hosts: &'s [String], report: &mut Report) -> Self {
        let verify = match server.has_tls() {
            true => server.access_directives().verify_client(report),
            false => VerifyClient::Off,
        };
        let mut evaluation = Self {
            server,
            hosts,
            verify,
            everywhere: IfRequirements {
                certificate: false,
                networks: Networks::all(),
            },
        };
        evaluation.everywhere =
            evaluation.if_requirements(server.access_directives(), None, report);
        evaluation.check_optional_certificate(report);
        evaluation
    }

    /// Evaluates all locations; where none is `/`, a closed one is added.
    pub(crate) fn locations(&self, report: &mut Report) -> Vec<LocationAccess<'d>> {
        let mut locations: Vec<_> = (0..self.server.locations.len())
            .map(|nth| self.location(nth, report))
            .collect();
        if !locations.iter().any(LocationAccess::is_root) {
            locations.push(LocationAccess {
                matcher: Matcher::Prefix("/".into()),
                directive: self.server.directive,
                around: Vec::new(),
                shielded: false,
                redirects_to_slash: false,
                adds_slash: false,
                rule: Rule::DENIED,
                target: Target::Local,
            });
        }
        locations
    }

    /// Stops where the hub alone would verify a certificate.
    fn check_optional_certificate(&self, report: &mut Report) {
        let Some(directive) = self.server.levels.inherited("ssl_verify_client") else {
            return;
        };
        if !matches!(self.verify, VerifyClient::Optional(_)) {
            return;
        }
        let matters = |nth: &usize| {
            let access = self.server.access_directives_of(*nth);
            self.requires_certificate(access) || access.certificate_suffices()
        };
        let mut upstreams = (0..self.server.locations.len())
            .filter(|nth| matches!(self.target(*nth), Target::Upstream(_)));
        if self.everywhere.certificate || upstreams.any(|nth| matters(&nth)) {
            return report.kept(
                directive,
                "`client_certificate` where an `if` requires a certificate",
            );
        }
        report.stop(directive, "`optional` without an `if` leaves it to the hub to admit clients without a certificate: \
                                write `on`, or `off`, or refuse with `if ($ssl_client_verify != SUCCESS) { return 403; }`");
    }

    fn location(&self, nth: usize, report: &mut Report) -> LocationAccess<'d> {
        let location = &self.server.locations[nth];
        let target = self.target(nth);
        let rule = match &target {
            Target::Upstream(upstream) => {
                let access = self.server.access_directives_of(nth);
                let required = self.if_requirements(access, Some(upstream), report);
                self.rule(access, &required, report)
            }
            Target::Refused | Target::Local => Rule::DENIED,
        };
        LocationAccess {
            matcher: location.matcher.clone(),
            directive: location.directive,
            around: location.around.clone(),
            shielded: location.shielded,
            redirects_to_slash: location
                .levels
                .own_directives()
                .any(Directive::redirects_to_slash),
            adds_slash: location.adds_slash(),
            rule,
            target,
        }
    }

    fn rule(
        &self,
        access: AccessDirectives<'_, 'd>,
        required: &IfRequirements,
        report: &mut Report,
    ) -> Rule {
        let dual = self.server.listens.iter().any(|listen| listen.dual);
        let networks = required.networks.intersection(&self.everywhere.networks);
        let phase = access.access_phase(dual, report);
        let phase = phase.within(&networks).unwrap_or_else(|| {
            self.stop_at_conditions(access.levels, report);
            AccessPhase::Denied
        });
        let certificate = self.certificate(required.certificate);
        if let (VerifyClient::Optional(optional), None) = (&self.verify, &certificate)
            && access.certificate_suffices()
        {
            return Rule {
                certificate: Some(optional.clone()),
                phase,
                certificate_suffices: true,
            };
        }
        access.check_certificate_suffices(certificate.is_some(), report);
        Rule {
            certificate,
            phase,
            certificate_suffices: false,
        }
    }

    /// Stops at conditions on networks where networks or a password suffice.
    fn stop_at_conditions(&self, levels: &Inheritance<'d>, report: &mut Report) {
        let conditions = levels
            .own_all("if")
            .into_iter()
            .chain(self.server.levels.own_all("if"));
        conditions.for_each(|directive| report.stop(directive, NO_IF));
    }

    fn certificate(&self, is_required: bool) -> Option<Certificate> {
        match &self.verify {
            VerifyClient::On(certificate) => Some(certificate.clone()),
            VerifyClient::Optional(certificate) if self.everywhere.certificate || is_required => {
                Some(certificate.clone())
            }
            _ => None,
        }
    }

    /// Returns the target of a location; no client reaches the upstream of an `internal` location,
    /// or one behind a `return`.
    fn target(&self, nth: usize) -> Target {
        let levels = &self.server.locations[nth].levels;
        let returns = levels.own("return");
        if levels.inherited("internal").is_some() || returns.is_some_and(Directive::is_refusal) {
            return Target::Refused;
        }
        match &self.server.targets[nth] {
            Some(ProxyTarget::Upstream(upstream)) if returns.is_none() => {
                Target::Upstream(upstream.clone())
            }
            _ => Target::Local,
        }
    }

    /// Reports whether an `if` of the innermost block requires a certificate.
    fn requires_certificate(&self, access: AccessDirectives<'_, 'd>) -> bool {
        let requires = |directive: &&Directive| {
            self.condition(directive) == Condition::Certificate
                || access.variables.refuses_without_certificate(directive)
        };
        access.levels.own_all("if").iter().any(requires)
    }

    /// Returns the requirements of the `if` directives of a block, and reports each of them.
    fn if_requirements(
        &self,
        access: AccessDirectives<'_, 'd>,
        upstream: Option<&Upstream>,
        report: &mut Report,
    ) -> IfRequirements {
        let variables = access.variables;
        let mut networks = Networks::all();
        for directive in access.levels.own_all("if") {
            let by_certificate = variables.refuses_without_certificate(directive);
            if variables.is_never(directive) && self.condition(directive) != Condition::ToHttps {
                report.record_block(Kept, directive, "never true where hubgate serves this site");
            } else if let Some(refused) = variables.refused_addresses(directive) {
                report.record_block(Kept, directive, "the networks of `access`");
                networks = networks.intersection(&refused.complement());
            } else if upstream.is_some_and(|upstream| upstream.has_grpc(directive, variables)) {
                report.record_block(
                    Dropped,
                    directive,
                    "hubgate does not translate gRPC: the same server is reached by HTTP/1.1",
                );
            } else if by_certificate && self.verify != VerifyClient::Off {
                report.record_block(Kept, directive, "a certificate is required here");
            } else {
                self.report_condition(directive, report);
            }
        }
        IfRequirements {
            certificate: self.requires_certificate(access),
            networks,
        }
    }

    fn condition(&self, directive: &Directive) -> Condition {
        match Condition::classify(directive, self.hosts, self.server.has_tls()) {
            // Without TLS, hubgate does not redirect: it serves the site on http.
            Condition::ToHttps if !self.server.has_tls() => Condition::Access,
            condition => condition,
        }
    }

    fn report_condition(&self, directive: &Directive, report: &mut Report) {
        let (outcome, reason) = match self.condition(directive) {
            Condition::ToHttps => (Kept, "built in: hubgate redirects from http to https"),
            Condition::OtherHosts => (
                Kept,
                "built in: hubgate responds to the hosts of its sites only",
            ),
            Condition::OptionalRedirect => (
                Dropped,
                "redirects to another path, by a field that a client may leave out: hubgate forwards the request to the hub directly",
            ),
            Condition::ResponseOnly => {
                (Dropped, "changes responses only; hubgate has no conditions")
            }
            Condition::Certificate if self.verify != VerifyClient::Off => {
                (Kept, "a certificate is required here")
            }
            Condition::Access if directive.joined_parameters().contains("$request_method") => {
                return report.stop(
                    directive,
                    "hubgate has no `if`: it responds to preflights (OPTIONS) of the origins that `access.origins` of \
                     proxy.yaml lists, so remove this, and add the origins there",
                );
            }
            Condition::Certificate | Condition::Access => return report.stop(directive, NO_IF),
        };
        report.record_block(outcome, directive, reason);
    }
}

impl<'d> Server<'d> {
    /// Returns the access directives of the server itself.
    pub(crate) fn access_directives(&self) -> AccessDirectives<'_, 'd> {
        AccessDirectives {
            levels: &self.levels,
            variables: &self.variables,
        }
    }

    /// Returns the access directives of a location, by its index.
    pub(crate) fn access_directives_of(&self, nth: usize) -> AccessDirectives<'_, 'd> {
        AccessDirectives {
            levels: &self.locations[nth].levels,
            variables: &self.location_variables[nth],
        }
    }
}

impl Upstream {
    /// Reports whether an `if` only sends gRPC to the same server, without fields of NGINX.
    fn has_grpc(&self, directive: &Directive, variables: &Variables<'_>) -> bool {
        let [pass] = directive.children() else {
            return false;
        };
        let server = variables.resolve(pass.parameter());
        let server = server.replacen("grpc", "http", 1);
        pass.name == "grpc_pass" && self.servers == [server] && self.edits.fields.is_empty()
    }
}

const NO_IF: &str = "hubgate has no `if`, and this one may decide about access or about the hub of a request: \
    write it with allow, deny, auth_basic or ssl_verify_client, or remove it";
