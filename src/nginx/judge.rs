//! What a server's locations come to: who may enter each, and what is there.

use super::{
    condition::{self, Condition},
    directive::Directive,
    directive_table,
    guard::{self, Verify},
    levels::Levels,
    location::Matcher,
    plan::{Judged, Target},
    report::{
        Fate::{Dropped, Kept},
        Report,
    },
    rule::{Certificate, Rule},
    server::Server,
    upstream::Passed,
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
    /// Whether an `if` of the server itself wants a certificate.
    everywhere: bool,
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
            everywhere: false,
        };
        judge.everywhere = judge.conditions(&server.levels, report);
        judge.hub_decides(report);
        judge
    }

    /// Stops where nobody but the hub would judge a certificate.
    fn hub_decides(&self, report: &mut Report) {
        let anywhere = || {
            let locations = self.server.locations.iter().enumerate();
            locations
                .filter(|(nth, _)| matches!(self.target(*nth), Target::Hub(_)))
                .any(|(_, it)| self.wants_certificate(&it.levels))
        };
        let Some(directive) = self.server.levels.one("ssl_verify_client") else {
            return;
        };
        if !matches!(self.verify, Verify::Sometimes(_)) {
            return;
        }
        if self.everywhere || anywhere() {
            return report.kept(directive, "`client_certificate` where an `if` wants one");
        }
        report.stop(directive, "`optional` without an `if` leaves it to the hub to let in those without a certificate: \
                                write `on`, or `off`, or refuse with `if ($ssl_client_verify != SUCCESS) { return 403; }`");
    }

    fn place(&self, nth: usize, report: &mut Report) -> Judged<'d> {
        let location = &self.server.locations[nth];
        let target = self.target(nth);
        let rule = match &target {
            Target::Hub(_) => {
                let wants = self.conditions(&location.levels, report);
                self.rule(&location.levels, wants, report)
            }
            Target::Closed | Target::Other => Rule::NOBODY,
        };
        Judged {
            matcher: location.matcher.clone(),
            directive: location.directive,
            around: location.around.clone(),
            shielded: location.shielded,
            leads_on: location.levels.all_own().any(directive_table::leads_on),
            rule,
            target,
        }
    }

    fn rule(&self, levels: &Levels<'d>, wants: bool, report: &mut Report) -> Rule {
        let dual = self.server.listens.iter().any(|listen| listen.dual);
        Rule {
            certificate: self.certificate(wants),
            entry: guard::entry(levels, dual, report),
        }
    }

    fn certificate(&self, wants: bool) -> Option<Certificate> {
        match &self.verify {
            Verify::Always(certificate) => Some(certificate.clone()),
            Verify::Sometimes(certificate) if self.everywhere || wants => Some(certificate.clone()),
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
    fn wants_certificate(&self, levels: &Levels<'d>) -> bool {
        let wants = |it: &&Directive| self.condition(it) == Condition::Certificate;
        levels.own("if").iter().any(wants)
    }

    /// The same, and tells what each `if` comes to.
    fn conditions(&self, levels: &Levels<'d>, report: &mut Report) -> bool {
        levels
            .own("if")
            .into_iter()
            .for_each(|it| self.tell(it, report));
        self.wants_certificate(levels)
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
            Condition::Comfort => report.whole(
                Dropped,
                directive,
                "changes answers only; hubgate has no conditions",
            ),
            Condition::Certificate if self.verify != Verify::Never => {
                report.whole(Kept, directive, "the certificate is needed here");
            }
            Condition::Certificate | Condition::Guard => report.stop(
                directive,
                "hubgate has no `if`, and this one may decide who enters or where a request goes: \
                say it with allow, deny, auth_basic or ssl_verify_client, or remove it",
            ),
        }
    }
}
