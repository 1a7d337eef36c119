//! The servers of NGINX, each with what it is there for.

use std::{collections::BTreeSet, net::SocketAddr};

use super::{
    condition::{self, Condition},
    directive::Directive,
    levels::Levels,
    listen::{self, Listen},
    location::{self, Location, Matcher},
    report::{Fate, Report},
    upstream::{self, Passed},
};

/// A server that may have a hub.
#[derive(Clone, Debug)]
pub(super) struct Server<'d> {
    pub(super) directive: &'d Directive,
    pub(super) levels: Levels<'d>,
    pub(super) listens: Vec<Listen<'d>>,
    /// As they are written.
    pub(super) names: Vec<String>,
    pub(super) locations: Vec<Location<'d>>,
    /// Where the requests of each location go, if it has a `proxy_pass`.
    pub(super) passed: Vec<Option<Passed>>,
    pub(super) kind: Kind,
}

/// What a server is there for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// Hubs.
    Hubs,
    /// To lead from http to https.
    ToTls,
    /// To refuse.
    Closed,
    /// To reach whatever the client names.
    Forward,
    /// Something that hubgate does not do.
    Other,
}

/// All servers, in their order.
pub(super) fn all<'d>(http: &[&'d Directive], report: &mut Report) -> Vec<Server<'d>> {
    let levels = Levels::http(http.to_vec());
    let blocks = http
        .iter()
        .filter(|it| it.name == "server" && it.block.is_some());
    let mut servers: Vec<_> = blocks
        .map(|block| Server::new(block, &levels, http, report))
        .collect();
    let listens = servers.iter().flat_map(|server| server.listens(true));
    let secure: BTreeSet<_> = listens.map(|listen| listen.address).collect();
    let dual = servers.iter().flat_map(|server| &server.listens);
    let dual = dual.filter(|listen| listen.dual);
    let dual: BTreeSet<_> = dual.map(|listen| listen.address).collect();
    for server in &mut servers {
        server.settle(&secure, &dual);
    }
    servers.retain(|server| server.is_reached(report));
    servers
}

impl<'d> Server<'d> {
    fn new(
        directive: &'d Directive,
        http_levels: &Levels<'d>,
        http: &[&'d Directive],
        report: &mut Report,
    ) -> Self {
        let levels = http_levels.within(directive);
        let locations = location::all(directive, &levels);
        let passed = locations
            .iter()
            .map(|it| passed(it, directive, http, report))
            .collect();
        Self {
            directive,
            listens: listen::all(directive, report),
            names: names(&levels),
            locations,
            passed,
            kind: Kind::Other,
            levels,
        }
    }

    /// Finds out what it is there for; options of an address that stand at one server hold for all
    /// that are reached there.
    fn settle(&mut self, secure: &BTreeSet<SocketAddr>, dual: &BTreeSet<SocketAddr>) {
        for listen in &mut self.listens {
            listen.tls |= secure.contains(&listen.address);
            listen.dual |= dual.contains(&listen.address);
        }
        self.kind = self.kind();
    }

    /// Whether it listens on anything that hubgate can.
    fn is_reached(&self, report: &mut Report) -> bool {
        let reached = !self.listens.is_empty();
        if !reached {
            let why = "nobody would reach it: hubgate listens on addresses, by TCP";
            report.whole(Fate::Dropped, self.directive, why);
        }
        reached
    }

    /// The addresses that it is reached at, over TLS or in the clear.
    pub(super) fn listens(&self, tls: bool) -> impl Iterator<Item = &Listen<'d>> {
        self.listens.iter().filter(move |it| it.tls == tls)
    }

    /// Whether it is the same server.
    pub(super) fn is(&self, other: &Server<'_>) -> bool {
        self.directive.id == other.directive.id
    }

    pub(super) fn has_tls(&self) -> bool {
        self.listens(true).next().is_some()
    }

    fn kind(&self) -> Kind {
        if self.rejects_handshakes() {
            return Kind::Closed;
        }
        if let Some(kind) = self.returns() {
            return kind;
        }
        let has = |wanted: fn(&Passed) -> bool| self.passed.iter().flatten().any(wanted);
        if (self.has_tls() || !self.leads_to_tls()) && has(|it| matches!(it, Passed::Hub(_))) {
            return Kind::Hubs;
        }
        if has(|it| matches!(it, Passed::Forward)) {
            return Kind::Forward;
        }
        if self.leads_to_tls() {
            Kind::ToTls
        } else {
            Kind::Other
        }
    }

    /// Whether nothing reaches it over TLS; what it serves in the clear is not imported then.
    fn rejects_handshakes(&self) -> bool {
        let rejects = self.levels.one("ssl_reject_handshake");
        self.has_tls() && rejects.is_some_and(|it| it.word() == "on")
    }

    /// What it is there for, when it answers by itself before any location.
    fn returns(&self) -> Option<Kind> {
        let directive = self.levels.own_one("return")?;
        if condition::leads_to_tls(directive) || self.leads_to_tls() {
            return Some(Kind::ToTls);
        }
        Some(if condition::is_refusal(directive) {
            Kind::Closed
        } else {
            Kind::Other
        })
    }

    /// Whether something of it leads to https, whatever the path.
    fn leads_to_tls(&self) -> bool {
        let by_condition =
            |it: &&Directive| condition::condition(it, &self.names, false) == Condition::ToTls;
        let root = self
            .locations
            .iter()
            .find(|it| it.matcher == Matcher::Prefix("/".into()));
        let by_root = root.and_then(|it| it.levels.own_one("return"));
        self.levels.own("if").iter().any(by_condition)
            || self
                .levels
                .own("rewrite")
                .into_iter()
                .any(condition::leads_to_tls)
            || by_root.is_some_and(condition::leads_to_tls)
    }

    /// Says why nothing of a server is imported that has no hub.
    pub(super) fn tell(&self, report: &mut Report) {
        let (fate, why) = match self.kind {
            Kind::Hubs => return,
            Kind::ToTls => (
                Fate::Kept,
                "built in: hubgate leads from http to https, and answers the CA on port 80",
            ),
            Kind::Closed => (
                Fate::Kept,
                "built in: hubgate answers no host that it has no site for",
            ),
            Kind::Forward => (
                Fate::Dropped,
                "a forward proxy, which anybody who reaches it can use to reach other machines: hubgate is none",
            ),
            Kind::Other => (
                Fate::Dropped,
                "no hub here that hubgate could stand before: files, redirects and answers of NGINX's own are not imported",
            ),
        };
        report.whole(fate, self.directive, why);
    }
}

fn passed<'d>(
    location: &Location<'d>,
    server: &'d Directive,
    http: &[&'d Directive],
    report: &mut Report,
) -> Option<Passed> {
    let directive = location.levels.own_one("proxy_pass")?;
    Some(upstream::passed(
        directive,
        &location.matcher,
        (&location.levels, server),
        http,
        report,
    ))
}

fn names(levels: &Levels<'_>) -> Vec<String> {
    let written = levels.own("server_name");
    let names = written.iter().flat_map(|it| it.words.iter());
    names.map(|name| name.to_ascii_lowercase()).collect()
}
