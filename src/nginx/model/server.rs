//! The servers of NGINX, each with its purpose.

use std::{collections::BTreeSet, net::SocketAddr};

use super::{
    condition::Condition,
    inheritance::Inheritance,
    listen::Listen,
    location::{Location, Matcher},
    upstream::{ProxyPass, ProxyTarget, Upstream},
    variables::Variables,
};
use crate::nginx::{outcome::Outcome, read::directive::Directive, report::Report};

/// A server of NGINX.
#[derive(Clone, Debug)]
pub(crate) struct Server<'d> {
    pub(crate) directive: &'d Directive,
    pub(crate) levels: Inheritance<'d>,
    pub(crate) listens: Vec<Listen<'d>>,
    /// The parameters of `server_name`, in lower case.
    pub(crate) names: Vec<String>,
    pub(crate) locations: Vec<Location<'d>>,
    /// The variables outside of all locations.
    pub(crate) variables: Variables<'d>,
    /// The variables of each location.
    pub(crate) location_variables: Vec<Variables<'d>>,
    /// The target of each location that has a `proxy_pass`.
    pub(crate) targets: Vec<Option<ProxyTarget>>,
    pub(crate) kind: Kind,
}

/// The purpose of a server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// It forwards requests to upstreams.
    Proxy,
    /// It redirects from http to https.
    ToHttps,
    /// It refuses every request.
    Refusal,
    /// It forwards requests to hosts that the client chooses.
    ForwardProxy,
    /// It has no counterpart in hubgate.
    Other,
}

impl<'d> Server<'d> {
    /// Reads all servers of `http`, in their order.
    pub(crate) fn all(http: &[&'d Directive], report: &mut Report) -> Vec<Self> {
        let levels = Inheritance::http(http.to_vec());
        let blocks = http
            .iter()
            .filter(|directive| directive.name == "server" && directive.block.is_some());
        let mut servers: Vec<_> = blocks
            .map(|block| Self::new(block, &levels, report))
            .collect();
        let listens = servers.iter().flat_map(|server| server.listens(true));
        let secure: BTreeSet<_> = listens.map(|listen| listen.address).collect();
        let dual = servers.iter().flat_map(|server| &server.listens);
        let dual = dual.filter(|listen| listen.dual);
        let dual: BTreeSet<_> = dual.map(|listen| listen.address).collect();
        for server in &mut servers {
            server.share_listen_options(&secure, &dual);
            server.find_targets(http, report);
        }
        servers.retain(|server| server.is_reachable(report));
        servers
    }

    fn new(directive: &'d Directive, http_levels: &Inheritance<'d>, report: &mut Report) -> Self {
        let levels = http_levels.within(directive);
        Self {
            directive,
            listens: Listen::all(directive, report),
            names: levels.server_names(),
            locations: Location::all(directive, &levels),
            variables: Variables::evaluate(&levels, false),
            location_variables: Vec::new(),
            targets: Vec::new(),
            kind: Kind::Other,
            levels,
        }
    }

    /// Applies the options of an address at one server to all servers on that address.
    fn share_listen_options(&mut self, secure: &BTreeSet<SocketAddr>, dual: &BTreeSet<SocketAddr>) {
        for listen in &mut self.listens {
            listen.tls |= secure.contains(&listen.address);
            listen.dual |= dual.contains(&listen.address);
        }
    }

    /// Finds the targets of its locations, and its purpose.
    fn find_targets(&mut self, http: &[&'d Directive], report: &mut Report) {
        let tls = self.has_tls();
        self.variables = Variables::evaluate(&self.levels, tls);
        let locations = self.locations.iter();
        self.location_variables = locations
            .map(|location| Variables::evaluate(&location.levels, tls))
            .collect();
        let passes = (0..self.locations.len()).map(|nth| self.proxy_pass(nth));
        self.targets = passes
            .map(|pass| Some(pass?.target(http, report)))
            .collect();
        self.recognise_openhab();
        self.kind = self.kind();
    }

    /// Returns the `proxy_pass` of a location, by its index.
    pub(crate) fn proxy_pass(&self, nth: usize) -> Option<ProxyPass<'_, 'd>> {
        let location = &self.locations[nth];
        Some(ProxyPass {
            directive: location.levels.own("proxy_pass")?,
            matcher: &location.matcher,
            levels: &location.levels,
            variables: &self.location_variables[nth],
        })
    }

    /// Marks an upstream as openHAB at all locations where one location shows it.
    fn recognise_openhab(&mut self) {
        let upstreams = self.upstreams().filter(|upstream| upstream.is_openhab);
        let openhabs: Vec<_> = upstreams.cloned().collect();
        let targets = self.targets.iter_mut().flatten();
        for upstream in targets.filter_map(ProxyTarget::upstream_mut) {
            upstream.is_openhab = openhabs
                .iter()
                .any(|openhab| openhab.is_same_server(upstream));
        }
    }

    /// Returns the upstreams of all locations.
    pub(crate) fn upstreams(&self) -> impl Iterator<Item = &Upstream> {
        let targets = self.targets.iter().flatten();
        targets.filter_map(ProxyTarget::upstream)
    }

    /// Reports whether it listens on an address that hubgate supports.
    fn is_reachable(&self, report: &mut Report) -> bool {
        let is_reachable = !self.listens.is_empty();
        if !is_reachable {
            let reason = "no client could connect: hubgate listens on addresses only, by TCP";
            report.record_block(Outcome::Dropped, self.directive, reason);
        }
        is_reachable
    }

    /// Returns its listeners with TLS, or those without.
    pub(crate) fn listens(&self, tls: bool) -> impl Iterator<Item = &Listen<'d>> {
        self.listens.iter().filter(move |listen| listen.tls == tls)
    }

    /// Reports whether both are the same block.
    pub(crate) fn is_same(&self, other: &Server<'_>) -> bool {
        self.directive.id == other.directive.id
    }

    pub(crate) fn has_tls(&self) -> bool {
        self.listens(true).next().is_some()
    }

    fn kind(&self) -> Kind {
        if self.rejects_handshakes() {
            return Kind::Refusal;
        }
        if let Some(kind) = self.kind_by_return() {
            return kind;
        }
        let redirects = self.redirects_to_https();
        if (self.has_tls() || !redirects) && self.upstreams().next().is_some() {
            return Kind::Proxy;
        }
        let mut targets = self.targets.iter().flatten();
        if targets.any(|target| matches!(target, ProxyTarget::ForwardProxy)) {
            return Kind::ForwardProxy;
        }
        match redirects {
            true => Kind::ToHttps,
            false => Kind::Other,
        }
    }

    /// Reports whether its `location /` refuses every request.
    pub(crate) fn refuses_at_root(&self) -> bool {
        self.root_return().is_some_and(Directive::is_refusal)
    }

    pub(crate) fn root(&self) -> Option<&Location<'d>> {
        let root = Matcher::Prefix("/".into());
        let mut locations = self.locations.iter();
        locations.find(|location| location.matcher == root)
    }

    fn root_return(&self) -> Option<&'d Directive> {
        self.root()?.levels.own("return")
    }

    /// Reports whether no request arrives over TLS; its content on http is not imported then.
    fn rejects_handshakes(&self) -> bool {
        let rejects = self.levels.inherited("ssl_reject_handshake");
        self.has_tls() && rejects.is_some_and(|rejects| rejects.parameter_is("on"))
    }

    /// Returns its purpose if a `return` comes before all locations.
    fn kind_by_return(&self) -> Option<Kind> {
        let returns = self.levels.own("return")?;
        Some(
            if returns.redirects_to_https() || self.redirects_to_https() {
                Kind::ToHttps
            } else if returns.is_refusal() {
                Kind::Refusal
            } else {
                Kind::Other
            },
        )
    }

    /// Reports whether a directive of it redirects to https, whatever the path.
    fn redirects_to_https(&self) -> bool {
        let is_redirect = |directive: &&Directive| {
            Condition::classify(directive, &self.names, false) == Condition::ToHttps
        };
        let mut rewrites = self.levels.own_all("rewrite").into_iter();
        self.levels.own_all("if").iter().any(is_redirect)
            || rewrites.any(Directive::redirects_to_https)
            || self
                .root_return()
                .is_some_and(Directive::redirects_to_https)
    }
}
