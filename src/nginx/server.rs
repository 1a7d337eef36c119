//! The servers of NGINX, each with what it is there for.

use std::{collections::BTreeSet, net::SocketAddr};

use super::{
    condition::{self, Condition},
    directive::Directive,
    levels::Levels,
    listen::{self, Listen},
    location::{self, Location, Matcher},
    outcome::Outcome,
    report::Report,
    upstream::{self, Passed},
    variables::Variables,
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
    /// The variables outside of all locations, and those of each.
    pub(super) variables: Variables<'d>,
    pub(super) inner_variables: Vec<Variables<'d>>,
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
        .map(|block| Server::new(block, &levels, report))
        .collect();
    let listens = servers.iter().flat_map(|server| server.listens(true));
    let secure: BTreeSet<_> = listens.map(|listen| listen.address).collect();
    let dual = servers.iter().flat_map(|server| &server.listens);
    let dual = dual.filter(|listen| listen.dual);
    let dual: BTreeSet<_> = dual.map(|listen| listen.address).collect();
    for server in &mut servers {
        server.settle(&secure, &dual);
        server.find_hubs(http, report);
    }
    servers.retain(|server| server.is_reached(report));
    servers
}

impl<'d> Server<'d> {
    fn new(directive: &'d Directive, http_levels: &Levels<'d>, report: &mut Report) -> Self {
        let levels = http_levels.within(directive);
        Self {
            directive,
            listens: listen::all(directive, report),
            names: levels.server_names(),
            locations: location::all(directive, &levels),
            variables: Variables::at(&levels, false),
            inner_variables: Vec::new(),
            passed: Vec::new(),
            kind: Kind::Other,
            levels,
        }
    }

    /// Options of an address that stand at one server hold for all that are reached there.
    fn settle(&mut self, secure: &BTreeSet<SocketAddr>, dual: &BTreeSet<SocketAddr>) {
        for listen in &mut self.listens {
            listen.tls |= secure.contains(&listen.address);
            listen.dual |= dual.contains(&listen.address);
        }
    }

    /// Finds out where its locations lead, and what it is there for.
    fn find_hubs(&mut self, http: &[&'d Directive], report: &mut Report) {
        let tls = self.has_tls();
        let at = |levels: &Levels<'d>| Variables::at(levels, tls);
        self.variables = at(&self.levels);
        self.inner_variables = self.locations.iter().map(|it| at(&it.levels)).collect();
        let locations = self.locations.iter().zip(&self.inner_variables);
        let passed = locations.map(|(it, variables)| passed(it, variables, http, report));
        self.passed = passed.collect();
        self.recognise_openhab();
        self.kind = self.kind();
    }

    /// A hub that is openHAB at one place is so at each.
    fn recognise_openhab(&mut self) {
        let hubs = self.passed.iter().flatten().filter_map(Passed::hub);
        let found: Vec<_> = hubs.filter(|hub| hub.is_openhab).cloned().collect();
        let all = self.passed.iter_mut().flatten();
        for hub in all.filter_map(Passed::hub_mut) {
            hub.is_openhab = found.iter().any(|other| other.is_same_server(hub));
        }
    }

    /// Whether it listens on anything that hubgate can.
    fn is_reached(&self, report: &mut Report) -> bool {
        let reached = !self.listens.is_empty();
        if !reached {
            let why = "nobody would reach it: hubgate listens on addresses, by TCP";
            report.whole(Outcome::Dropped, self.directive, why);
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

    /// Whether it refuses everybody at its root.
    pub(super) fn refuses(&self) -> bool {
        let returns = self.at_root().and_then(|it| it.levels.own_one("return"));
        returns.is_some_and(condition::is_refusal)
    }

    pub(super) fn at_root(&self) -> Option<&Location<'d>> {
        let root = Matcher::Prefix("/".into());
        self.locations.iter().find(|it| it.matcher == root)
    }

    /// Whether nothing reaches it over TLS; what it serves in the clear is not imported then.
    fn rejects_handshakes(&self) -> bool {
        let rejects = self.levels.one("ssl_reject_handshake");
        self.has_tls() && rejects.is_some_and(|it| it.is("on"))
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
        let by_root = self.at_root().and_then(|it| it.levels.own_one("return"));
        self.levels.own("if").iter().any(by_condition)
            || self
                .levels
                .own("rewrite")
                .into_iter()
                .any(condition::leads_to_tls)
            || by_root.is_some_and(condition::leads_to_tls)
    }
}

fn passed<'d>(
    location: &Location<'d>,
    variables: &Variables<'d>,
    http: &[&'d Directive],
    report: &mut Report,
) -> Option<Passed> {
    let directive = location.levels.own_one("proxy_pass")?;
    Some(upstream::passed(
        directive,
        &location.matcher,
        (&location.levels, variables),
        http,
        report,
    ))
}
