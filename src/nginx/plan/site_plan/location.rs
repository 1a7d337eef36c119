//! The locations of a server, and the site's rule beside which all of them can be expressed.

use super::{Access, Plan};
use crate::nginx::{
    access::rule::{AccessPhase, Rule},
    model::{location::Matcher, upstream::Upstream},
    read::directive::Directive,
};

/// A location with its access rule and its target.
#[derive(Clone, Debug)]
pub(crate) struct LocationAccess<'d> {
    pub(crate) matcher: Matcher,
    pub(crate) directive: &'d Directive,
    /// The indices of the locations around it, from the outermost inwards.
    pub(crate) around: Vec<usize>,
    pub(crate) shielded: bool,
    /// Set where NGINX redirects to it from its path without the slash at the end.
    pub(crate) redirects_to_slash: bool,
    /// Set where the location only redirects to its path with a slash at the end.
    pub(crate) adds_slash: bool,
    pub(crate) rule: Rule,
    pub(crate) target: Target,
}

/// The target of requests for a location.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Target {
    /// An upstream.
    Upstream(Upstream),
    /// A refusal by NGINX.
    Refused,
    /// A response of NGINX itself, or an upstream that hubgate cannot reach: nothing is forwarded.
    Local,
}

impl LocationAccess<'_> {
    /// Returns the rule by which clients reach the upstream; without an upstream, all are refused.
    pub(crate) fn reached_by(&self) -> &Rule {
        match self.target {
            Target::Upstream(_) => &self.rule,
            Target::Refused | Target::Local => &Rule::DENIED,
        }
    }

    /// Returns the upstream, if the target is one.
    pub(crate) fn upstream(&self) -> Option<&Upstream> {
        match &self.target {
            Target::Upstream(upstream) => Some(upstream),
            _ => None,
        }
    }

    pub(crate) fn is_root(&self) -> bool {
        self.matcher.prefix() == Some("/")
    }
}

/// The indices of the locations that cannot be expressed beside the site's rule.
pub(crate) type Inexpressible = Vec<usize>;

/// All locations of a server.
#[derive(Clone, Copy)]
pub(crate) struct Locations<'l, 'd>(pub(crate) &'l [LocationAccess<'d>]);

impl<'l, 'd> Locations<'l, 'd> {
    /// Proposes a plan for a server; none without an upstream at a path.
    ///
    /// # Errors
    /// Returns the locations with a rule that neither tightens the site's nor is open.
    pub(crate) fn propose(self) -> Option<Result<Plan, Inexpressible>> {
        let root = self.0.iter().find(|location| location.is_root());
        let upstream = root
            .and_then(LocationAccess::upstream)
            .or_else(|| self.with_path().find_map(LocationAccess::upstream))?;
        let rule = match self.site_rule(root) {
            Ok(rule) => rule,
            Err(inexpressible) => return Some(Err(inexpressible)),
        };
        let mut plan = Plan {
            rule,
            upstream: upstream.clone(),
            paths: Vec::new(),
        };
        let mut sorted: Vec<_> = self.with_path().collect();
        // An outer location before those within it, an exact one before the prefix.
        sorted.sort_by_key(|location| {
            (
                location.matcher.path().map(str::len),
                location.matcher.prefix().is_some(),
            )
        });
        sorted
            .into_iter()
            .for_each(|location| plan.add(location, self));
        plan.paths.sort_by(|a, b| a.path.cmp(&b.path));
        Some(Ok(plan))
    }

    fn with_path(self) -> impl Iterator<Item = &'l LocationAccess<'d>> {
        let locations = self.0.iter();
        locations.filter(|location| location.matcher.path().is_some())
    }

    /// Chooses the rule of the root, or of another location with an upstream, beside which all
    /// others can be expressed.
    fn site_rule(self, root: Option<&LocationAccess<'_>>) -> Result<Rule, Inexpressible> {
        let with_upstream = || {
            self.with_path()
                .filter(|location| location.upstream().is_some())
        };
        let root = root.filter(|root| root.upstream().is_some());
        let mut candidates: Vec<_> = root.map(|root| root.rule.blocks()).unwrap_or_default();
        candidates.extend(with_upstream().flat_map(|location| location.rule.blocks()));
        let has_open = with_upstream().any(|location| location.rule.is_open());
        candidates
            .retain(|rule| rule.phase != AccessPhase::Denied && (has_open || !rule.is_open()));
        let inexpressible = |rule: &Rule| -> Inexpressible {
            let is_wrong = |location: &LocationAccess<'_>| {
                location.upstream().is_some()
                    && location.matcher.path().is_some()
                    && Access::within(rule, location.reached_by()).is_none()
            };
            let locations = self.0.iter().enumerate();
            let wrong = locations.filter(|(_, location)| is_wrong(location));
            wrong.map(|(nth, _)| nth).collect()
        };
        let found = candidates
            .iter()
            .find(|rule| inexpressible(rule).is_empty());
        match (found, candidates.first()) {
            (Some(rule), _) => Ok(rule.clone()),
            (None, Some(first)) => Err(inexpressible(first)),
            (None, None) => Ok(Rule::DENIED),
        }
    }
}
