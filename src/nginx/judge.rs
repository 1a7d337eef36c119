//! What a server's locations come to: who may enter each, and what is there.

use super::{
    counterpart,
    directive::Directive,
    guard::{self, Condition, Verify},
    levels::Levels,
    location::{Location, Matcher},
    plan::{Judged, Target},
    report::{
        Fate::{Dropped, Kept},
        Report,
    },
    rule::{Certificate, Entry, Rule, implies},
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
        let rule = judge.rule(&server.levels, false, report);
        places.push(Judged {
            matcher: Matcher::Prefix("/".into()),
            directive: server.directive,
            around: Vec::new(),
            shielded: false,
            rule,
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
            self.server
                .locations
                .iter()
                .any(|it| self.wants_certificate(&it.levels))
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
        let levels = &location.levels;
        let wants = self.conditions(levels, report);
        let refuses = self.closes(levels) || levels.own_one("internal").is_some();
        let answers = levels.own_one("return").is_some();
        let mut rule = match answers {
            true => Rule {
                certificate: self.certificate(wants),
                entry: Entry::Open,
            },
            false => self.rule(levels, wants, report),
        };
        let target = match refuses {
            true => Target::Closed,
            false if answers => Target::Other,
            false => self.target(nth, &mut rule, report),
        };
        Judged {
            matcher: location.matcher.clone(),
            directive: location.directive,
            around: location.around.clone(),
            shielded: location.shielded,
            rule,
            target,
        }
    }

    fn rule(&self, levels: &Levels<'d>, wants: bool, report: &mut Report) -> Rule {
        Rule {
            certificate: self.certificate(wants),
            entry: guard::entry(levels, report),
        }
    }

    fn certificate(&self, wants: bool) -> Option<Certificate> {
        match &self.verify {
            Verify::Always(certificate) => Some(certificate.clone()),
            Verify::Sometimes(certificate) if self.everywhere || wants => Some(certificate.clone()),
            _ => None,
        }
    }

    /// What is there; a fallback of `try_files` is entered through both rules.
    fn target(&self, nth: usize, rule: &mut Rule, report: &mut Report) -> Target {
        if let Some(Passed::Hub(hub)) = &self.server.passed[nth] {
            return Target::Hub(hub.clone());
        }
        let location = &self.server.locations[nth];
        let Some((named, try_files)) = self.fallback(location) else {
            return Target::Other;
        };
        let Some(Passed::Hub(hub)) = &self.server.passed[named] else {
            return Target::Other;
        };
        let levels = &self.server.locations[named].levels;
        let wants = self.wants_certificate(levels);
        let behind = self.rule(levels, wants, report);
        if implies(&[&behind], &[rule]) {
            *rule = behind;
        } else if !implies(&[rule], &[&behind]) {
            report.stop(try_files, "this place and the one that it falls back to let different people in: give both the same rule");
        }
        report.changed(
            try_files,
            "hubgate serves no files: the hub is asked at once",
        );
        report.kept(self.server.locations[named].directive, "the hub");
        Target::Hub(hub.clone())
    }

    fn fallback(&self, location: &Location<'d>) -> Option<(usize, &'d Directive)> {
        let try_files = location.levels.one("try_files")?;
        let last = try_files.words.last()?;
        let is_it = |it: &Location<'_>| it.matcher == Matcher::Named(last.clone());
        let named = self.server.locations.iter().position(is_it)?;
        Some((named, try_files))
    }

    fn closes(&self, levels: &Levels<'d>) -> bool {
        let refuses = |it: &Directive| it.words.len() == 1 && it.word().starts_with(['4', '5']);
        levels.own_one("return").is_some_and(refuses)
    }

    /// Whether an `if` of the block itself wants a certificate.
    fn wants_certificate(&self, levels: &Levels<'d>) -> bool {
        let wants = |it: &&Directive| guard::condition(it, self.hosts) == Condition::Certificate;
        levels.own("if").iter().any(wants)
    }

    /// The same, and tells what each `if` comes to.
    fn conditions(&self, levels: &Levels<'d>, report: &mut Report) -> bool {
        Self::unknown(levels, report);
        levels
            .own("if")
            .into_iter()
            .for_each(|it| self.tell(it, report));
        self.wants_certificate(levels)
    }

    /// Stops at what may guard a place and is not known, before its location is told as a whole.
    fn unknown(levels: &Levels<'d>, report: &mut Report) {
        let unknown = |it: &&Directive| {
            counterpart::of(&it.name).is_none() && counterpart::may_guard(&it.name)
        };
        levels
            .all_own()
            .filter(unknown)
            .for_each(|it| report.unknown_guard(it));
    }

    fn tell(&self, directive: &Directive, report: &mut Report) {
        match guard::condition(directive, self.hosts) {
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
                "decides about nobody; hubgate has no conditions",
            ),
            Condition::Certificate if self.verify != Verify::Never => {
                report.whole(Kept, directive, "the certificate is needed here");
            }
            Condition::Certificate | Condition::Guard => report.stop(
                directive,
                "hubgate has no `if`, and this one may decide who enters: \
                say it with allow, deny, auth_basic or ssl_verify_client, or remove it",
            ),
        }
    }
}
