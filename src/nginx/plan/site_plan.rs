//! The rule and the paths of a site, proposed from the locations of a server.
//!
//! A path of hubgate only tightens the site's rule or opens it to all clients, and applies to the
//! path and all paths below it, or to all that begin with it. `equivalence` finds the clients that
//! the proposal admits and NGINX does not.

mod location;
mod path;

use self::path::is_path;
pub(crate) use self::{
    location::{LocationAccess, Locations, Target},
    path::OTHER,
};
use crate::nginx::access::rule::{Rule, equivalent, implies};
pub(crate) use crate::nginx::model::{location::Matcher, upstream::Upstream};

/// The rule of a site, its upstream and its paths.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Plan {
    pub(crate) rule: Rule,
    pub(crate) upstream: Upstream,
    pub(crate) paths: Vec<PlannedPath>,
}

/// A path of a site.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct PlannedPath {
    pub(crate) path: String,
    /// Set where the path applies to all paths that begin with it.
    pub(crate) prefix: bool,
    pub(crate) access: Access,
    /// The upstream that is written: one other than the site's, or the site's where nothing else
    /// changes.
    pub(crate) upstream: Option<Upstream>,
    /// The rule in force at the path, the site's included.
    rule: Rule,
    /// The upstream of the path.
    serves: Upstream,
}

/// The change of the site's rule at a path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Access {
    Inherit,
    Public,
    And(Rule),
}

impl Access {
    /// Returns the change of the site's rule that results in the wanted one.
    fn within(site: &Rule, wanted: &Rule) -> Option<Self> {
        if site.equals(wanted) {
            return Some(Self::Inherit);
        }
        if wanted.is_open() {
            return Some(Self::Public);
        }
        let mut blocks = wanted.blocks().into_iter();
        blocks
            .find(|block| equivalent(&[site, block], &[wanted]))
            .map(Self::And)
    }
}

/// The rule and the upstream of a path.
type Decision = (Rule, Upstream);

impl Plan {
    fn add(&mut self, location: &LocationAccess<'_>, locations: Locations<'_, '_>) {
        let matcher = &location.matcher;
        let Some(path) = matcher.path() else {
            return;
        };
        let is_prefix = matcher.prefix().is_some() && !path.ends_with('/');
        let (around, serves) = match is_prefix {
            true => self.decision(&format!("{path}{OTHER}")),
            false => self.decision(path),
        };
        let wanted = location.reached_by().clone();
        let upstream = location.upstream().unwrap_or(&serves).clone();
        let changes = !wanted.equals(&around) || upstream != serves;
        // A prefix of the same path would apply to it otherwise.
        let is_beside_prefix = matcher.prefix().is_none() && locations.has_prefix(path);
        if !changes && !is_beside_prefix {
            return;
        }
        match matcher {
            Matcher::Exact(path)
                if location.adds_slash && locations.has_prefix(&format!("{path}/")) => {}
            Matcher::Exact(path) => {
                self.add_exact(path, (wanted, upstream), (around, serves), locations);
            }
            _ if is_prefix => self.add_prefix(path, (wanted, upstream), locations),
            _ => {
                let differs = !implies(&[&around], &[&wanted]) || upstream != serves;
                let path = locations.path_of_prefix(path, differs && location.redirects_to_slash);
                self.push(&path, false, (wanted, upstream));
            }
        }
    }

    /// Adds `= /x`, and `/x/` with the decision that was in force there.
    fn add_exact(
        &mut self,
        path: &str,
        here: Decision,
        around: Decision,
        locations: Locations<'_, '_>,
    ) {
        let tightens = implies(&[&here.0], &[&around.0]);
        if path == "/" || path.ends_with('/') && !tightens {
            return;
        }
        self.push(path, false, here);
        let below = format!("{path}/");
        let has_own = locations.has_prefix(path) || locations.has_prefix(&below);
        if !path.ends_with('/') && !has_own {
            self.push(&below, false, around);
        }
    }

    /// Adds the prefix `/x`, and `/x/` where the path of a location `= /x` would apply to it.
    fn add_prefix(&mut self, path: &str, decision: Decision, locations: Locations<'_, '_>) {
        if locations.has_exact(path) {
            self.push(&format!("{path}/"), false, decision.clone());
        }
        self.push(path, true, decision);
    }

    fn push(&mut self, path: &str, prefix: bool, (rule, serves): Decision) {
        let is_same = |planned: &PlannedPath| planned.path == path && planned.prefix == prefix;
        let is_taken = self.paths.iter().any(is_same);
        let access = Access::within(&self.rule, &rule);
        let Some(access) = access.filter(|_| !is_taken && is_path(path)) else {
            return;
        };
        let inherits = access == Access::Inherit;
        let is_written = serves != self.upstream || inherits && path != "/";
        if inherits && !is_written {
            return;
        }
        self.paths.push(PlannedPath {
            path: path.to_owned(),
            prefix,
            access,
            upstream: is_written.then(|| serves.clone()),
            rule,
            serves,
        });
    }

    /// Returns the rule and the upstream that the paths so far give a path.
    fn decision(&self, path: &str) -> Decision {
        match self.path_for(path) {
            Some(planned) => (planned.rule.clone(), planned.serves.clone()),
            None => (self.rule.clone(), self.upstream.clone()),
        }
    }

    /// Returns the rules that a request for a path must fulfil.
    pub(crate) fn rules(&self, path: &str) -> Vec<&Rule> {
        match self.path_for(path).map(|planned| &planned.access) {
            Some(Access::Public) => Vec::new(),
            Some(Access::And(rule)) => vec![&self.rule, rule],
            Some(Access::Inherit) | None => vec![&self.rule],
        }
    }

    /// Adds a public path with an upstream of its own, and reports whether the path was free.
    pub(crate) fn add_public(&mut self, path: &str, upstream: &Upstream) -> bool {
        let is_free = is_path(path) && !self.paths.iter().any(|planned| planned.path == path);
        if is_free {
            self.paths.push(PlannedPath {
                path: path.to_owned(),
                prefix: false,
                access: Access::Public,
                upstream: Some(upstream.clone()),
                rule: Rule::OPEN,
                serves: upstream.clone(),
            });
            self.paths.sort_by(|a, b| a.path.cmp(&b.path));
        }
        is_free
    }

    /// Returns every written rule, of the site and of its paths.
    pub(crate) fn all_rules(&self) -> impl Iterator<Item = &Rule> {
        let paths = self
            .paths
            .iter()
            .filter_map(|planned| match &planned.access {
                Access::And(rule) => Some(rule),
                Access::Public | Access::Inherit => None,
            });
        std::iter::once(&self.rule).chain(paths)
    }

    /// Returns every written upstream, of the paths and of the site.
    pub(crate) fn all_upstreams(&self) -> impl Iterator<Item = &Upstream> {
        let paths = self.paths.iter();
        let upstreams = paths.filter_map(|planned| planned.upstream.as_ref());
        upstreams.chain([&self.upstream])
    }

    /// Returns the upstream of a path.
    pub(crate) fn upstream_of(&self, path: &str) -> &Upstream {
        self.path_for(path)
            .map_or(&self.upstream, |planned| &planned.serves)
    }

    /// Returns the longest path that applies to this one.
    fn path_for(&self, path: &str) -> Option<&PlannedPath> {
        let applying = self.paths.iter().filter(|planned| planned.applies_to(path));
        applying.max_by_key(|planned| (planned.path.len(), !planned.prefix))
    }
}

impl PlannedPath {
    fn applies_to(&self, path: &str) -> bool {
        let is_segment = |rest: &str| rest.is_empty() || rest.starts_with('/');
        let rest = path.strip_prefix(&self.path);
        rest.is_some_and(|rest| self.prefix || self.path.ends_with('/') || is_segment(rest))
    }
}
