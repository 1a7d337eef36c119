//! What a server's locations come to: who may enter each, and what is there.

use super::{
    condition::{self, Condition},
    directive::Directive,
    directive_table,
    guard::{self, Verify},
    levels::Levels,
    location::Matcher,
    network::Networks,
    outcome::Outcome::{Dropped, Kept},
    plan::{Judged, Target},
    report::Report,
    rule::{Certificate, Entry, Rule},
    server::Server,
    upstream::{Hub, Passed},
    variables::Variables,
};

/// Judges all locations, and what stands for `/` where none is written.
pub(super) fn places<'d>(
    server: &Server<'d>,
    hosts: &[String],
    report: &mut Report,
) -> Vec<Judged<'d>> {
    let judge = Judge::of(server, hosts, report);
    let mut places: Vec<_> = (0..server.locations.len())
        .map(|nth| judge.place(nth, report))
        .collect();
    if !places.iter().any(Judged::is_root) {
        places.push(Judged {
            matcher: Matcher::Prefix("/".into()),
            directive: server.directive,
            around: Vec::new(),
            shielded: false,
            leads_on: false,
            adds_slash: false,
            rule: Rule::NOBODY,
            target: Target::Other,
        });
    }
    places
}

/// Judges the locations of one server.
struct Judge<'s, 'd> {
    server: &'s Server<'d>,
    hosts: &'s [String],
    verify: Verify,
    /// The demands of the `if`s of the server itself.
    everywhere: Wanted,
}

/// The demands of the `if`s of a block.
#[derive(Clone, Debug)]
struct Wanted {
    certificate: bool,
    /// The addresses that none of them refuses.
    networks: Networks,
}

impl<'s, 'd> Judge<'s, 'd> {
    fn of(server: &'s Server<'d>, hosts: &'s [String], report: &mut Report) -> Self {
        let verify = match server.has_tls() {
            true => guard::verify(&server.levels, report),
            false => Verify::Never,
        };
        let mut judge = Self {
            server,
            hosts,
            verify,
            everywhere: Wanted {
                certificate: false,
                networks: Networks::all(),
            },
        };
        judge.everywhere = judge.conditions(&server.levels, &server.variables, None, report);
        judge.hub_decides(report);
        judge
    }

    /// Stops where nobody but the hub would judge a certificate.
    fn hub_decides(&self, report: &mut Report) {
        let anywhere = || {
            let locations = self.server.locations.iter().enumerate();
            locations
                .filter(|(nth, _)| matches!(self.target(*nth), Target::Hub(_)))
                .any(|(nth, it)| {
                    let variables = &self.server.inner_variables[nth];
                    self.wants_certificate(&it.levels, variables)
                        || guard::certificate_suffices(&it.levels, variables)
                })
        };
        let Some(directive) = self.server.levels.one("ssl_verify_client") else {
            return;
        };
        if !matches!(self.verify, Verify::Sometimes(_)) {
            return;
        }
        if self.everywhere.certificate || anywhere() {
            return report.kept(directive, "`client_certificate` where an `if` wants one");
        }
        report.stop(directive, "`optional` without an `if` leaves it to the hub to let in those without a certificate: \
                                write `on`, or `off`, or refuse with `if ($ssl_client_verify != SUCCESS) { return 403; }`");
    }

    fn place(&self, nth: usize, report: &mut Report) -> Judged<'d> {
        let location = &self.server.locations[nth];
        let target = self.target(nth);
        let rule = match &target {
            Target::Hub(hub) => {
                let variables = &self.server.inner_variables[nth];
                let wants = self.conditions(&location.levels, variables, Some(hub), report);
                self.rule(&location.levels, variables, &wants, report)
            }
            Target::Closed | Target::Other => Rule::NOBODY,
        };
        Judged {
            matcher: location.matcher.clone(),
            directive: location.directive,
            around: location.around.clone(),
            shielded: location.shielded,
            leads_on: location.levels.all_own().any(directive_table::leads_on),
            adds_slash: location.adds_slash(),
            rule,
            target,
        }
    }

    fn rule(
        &self,
        levels: &Levels<'d>,
        variables: &Variables<'d>,
        wanted: &Wanted,
        report: &mut Report,
    ) -> Rule {
        let dual = self.server.listens.iter().any(|listen| listen.dual);
        let networks = wanted.networks.and(&self.everywhere.networks);
        let entry = guard::entry(levels, variables, dual, report);
        let entry = entry.within(&networks).unwrap_or_else(|| {
            self.unsayable(levels, report);
            Entry::Nobody
        });
        let certificate = self.certificate(wanted.certificate);
        let suffices = guard::certificate_suffices(levels, variables);
        let (certificate, either) = match (&self.verify, certificate) {
            (Verify::Sometimes(certificate), None) if suffices => (Some(certificate.clone()), true),
            (_, certificate) => {
                must_not_depend(levels, suffices, certificate.is_some(), report);
                (certificate, false)
            }
        };
        Rule {
            certificate,
            entry,
            either,
        }
    }

    /// Stops at conditions on networks where networks or a password are enough.
    fn unsayable(&self, levels: &Levels<'d>, report: &mut Report) {
        let conditions = levels
            .own("if")
            .into_iter()
            .chain(self.server.levels.own("if"));
        conditions.for_each(|it| report.stop(it, NO_IF));
    }

    fn certificate(&self, wants: bool) -> Option<Certificate> {
        match &self.verify {
            Verify::Always(certificate) => Some(certificate.clone()),
            Verify::Sometimes(certificate) if self.everywhere.certificate || wants => {
                Some(certificate.clone())
            }
            _ => None,
        }
    }

    /// What is there; a request from outside reaches no hub of an `internal` location, nor one
    /// behind a `return`.
    fn target(&self, nth: usize) -> Target {
        let levels = &self.server.locations[nth].levels;
        let answer = levels.own_one("return");
        if levels.one("internal").is_some() || answer.is_some_and(condition::is_refusal) {
            return Target::Closed;
        }
        match &self.server.passed[nth] {
            Some(Passed::Hub(hub)) if answer.is_none() => Target::Hub(hub.clone()),
            _ => Target::Other,
        }
    }

    /// Whether an `if` of the block itself wants a certificate.
    fn wants_certificate(&self, levels: &Levels<'d>, variables: &Variables<'d>) -> bool {
        let wants = |it: &&Directive| {
            self.condition(it) == Condition::Certificate
                || variables.refuses_without_certificate(it)
        };
        levels.own("if").iter().any(wants)
    }

    /// The demands of the `if`s of a block, each reported.
    fn conditions(
        &self,
        levels: &Levels<'d>,
        variables: &Variables<'d>,
        hub: Option<&Hub>,
        report: &mut Report,
    ) -> Wanted {
        let mut networks = Networks::all();
        for directive in levels.own("if") {
            let by_certificate = variables.refuses_without_certificate(directive);
            if variables.is_never(directive) && self.condition(directive) != Condition::ToTls {
                report.whole(Kept, directive, "never so where hubgate serves this site");
            } else if let Some(refused) = variables.refused(directive) {
                report.whole(Kept, directive, "the networks of `access`");
                networks = networks.and(&refused.others());
            } else if hub.is_some_and(|hub| speaks_grpc(directive, variables, hub)) {
                report.whole(
                    Dropped,
                    directive,
                    "hubgate speaks no gRPC: the same server is asked by HTTP/1.1",
                );
            } else if by_certificate && self.verify != Verify::Never {
                report.whole(Kept, directive, "the certificate is needed here");
            } else {
                self.tell(directive, report);
            }
        }
        Wanted {
            certificate: self.wants_certificate(levels, variables),
            networks,
        }
    }

    fn condition(&self, directive: &Directive) -> Condition {
        match condition::condition(directive, self.hosts, self.server.has_tls()) {
            // In the clear hubgate leads nowhere: the site is served there.
            Condition::ToTls if !self.server.has_tls() => Condition::Guard,
            condition => condition,
        }
    }

    fn tell(&self, directive: &Directive, report: &mut Report) {
        match self.condition(directive) {
            Condition::ToTls => report.whole(
                Kept,
                directive,
                "built in: hubgate leads from http to https",
            ),
            Condition::OtherHosts => report.whole(
                Kept,
                directive,
                "built in: hubgate answers for the hosts of its sites only",
            ),
            Condition::Detour => report.whole(
                Dropped,
                directive,
                "leads to another path, by a field that a client may leave out: hubgate asks the hub at once",
            ),
            Condition::Comfort => report.whole(
                Dropped,
                directive,
                "changes answers only; hubgate has no conditions",
            ),
            Condition::Certificate if self.verify != Verify::Never => {
                report.whole(Kept, directive, "the certificate is needed here");
            }
            Condition::Guard if directive.text().contains("$request_method") => report.stop(
                directive,
                "hubgate has no `if`: it answers preflights (OPTIONS) by itself for the origins that `access.origins` of \
                 proxy.yaml lists, so remove this, and add the origins there",
            ),
            Condition::Certificate | Condition::Guard => report.stop(
                directive,
                NO_IF,
            ),
        }
    }
}

/// Whether all that an `if` does is to ask the same server by gRPC, which is told nothing of NGINX.
fn speaks_grpc(directive: &Directive, variables: &Variables<'_>, hub: &Hub) -> bool {
    let [pass] = directive.inner() else {
        return false;
    };
    let server = variables.resolve(pass.word()).replacen("grpc", "http", 1);
    pass.name == "grpc_pass" && hub.servers == [server] && hub.edits.fields.is_empty()
}

const NO_IF: &str = "hubgate has no `if`, and this one may decide who enters or where a request goes: \
    say it with allow, deny, auth_basic or ssl_verify_client, or remove it";

/// Stops where a password is not asked for by a certificate that is always there or never.
fn must_not_depend(levels: &Levels<'_>, suffices: bool, has: bool, report: &mut Report) {
    let Some(realm) = levels.one("auth_basic").filter(|_| suffices) else {
        return;
    };
    let cure = match has {
        true => "a certificate is needed here anyway, and with it no password: remove `auth_basic`",
        false => {
            "no certificate is asked for here, so that the password is always needed: write the words without a variable"
        }
    };
    report.stop(realm, cure);
}
