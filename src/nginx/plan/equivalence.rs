//! A proof that a plan admits no client that NGINX refuses, at any path.
//!
//! NGINX and hubgate decide by the begin of a path, so a few paths around each location and each
//! planned path stand for all paths.

use std::collections::BTreeSet;

use super::site_plan::{LocationAccess, Matcher, OTHER, Plan};
use crate::nginx::access::rule::{Rule, equivalent, implies};

/// A difference between a plan and NGINX at a location.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Difference {
    /// The index of the location.
    pub(crate) location: usize,
    /// A path at which the decisions differ.
    pub(crate) path: String,
    /// Set where the plan admits a client that NGINX refuses; otherwise it refuses one that NGINX
    /// admits.
    pub(crate) weaker: bool,
}

/// The comparison of a plan with the locations of a server.
pub(crate) struct Equivalence<'p, 'd> {
    pub(crate) locations: &'p [LocationAccess<'d>],
    pub(crate) plan: &'p Plan,
}

impl<'p, 'd> Equivalence<'p, 'd> {
    /// Returns all differences, one for each location and kind.
    pub(crate) fn differences(&self) -> Vec<Difference> {
        let mut found: Vec<Difference> = Vec::new();
        for path in self.samples() {
            let search = self.search(&path);
            let redirects = search.within(None).redirects;
            for location in search.deciding() {
                let weaker = self.compare(&self.locations[location], &path);
                let Some(weaker) = weaker.filter(|weaker| *weaker || !redirects) else {
                    continue;
                };
                let is_known =
                    |known: &Difference| known.location == location && known.weaker == weaker;
                if !found.iter().any(is_known) {
                    let path = path.replace(OTHER, "…");
                    found.push(Difference {
                        location,
                        path,
                        weaker,
                    });
                }
            }
        }
        found
    }

    fn search<'s>(&self, path: &'s str) -> LocationSearch<'s, 'd>
    where
        'p: 's,
    {
        LocationSearch {
            locations: self.locations,
            path,
        }
    }

    /// Compares both at a path that the location decides: true where the plan is weaker, false
    /// where it is stronger.
    fn compare(&self, location: &LocationAccess<'_>, path: &str) -> Option<bool> {
        let ours = self.plan.rules(path);
        let upstream = self.plan.upstream_of(path);
        let has_upstream = location
            .upstream()
            .is_some_and(|other| upstream.is_safe_for(other));
        let theirs = match has_upstream {
            true => location.reached_by(),
            false => &Rule::DENIED,
        };
        if !implies(&ours, &[theirs]) {
            return Some(true);
        }
        let is_expressed = !location.matcher.is_regex() && location.upstream().is_some();
        (is_expressed && !equivalent(&ours, &[theirs])).then_some(false)
    }

    /// Returns paths at, around and below each location and each planned path.
    fn samples(&self) -> BTreeSet<String> {
        let matched = self
            .locations
            .iter()
            .filter_map(|location| match &location.matcher {
                Matcher::Prefix(path) | Matcher::Exact(path) | Matcher::Regex(path) => {
                    Some(path.as_str())
                }
                Matcher::Named(_) => None,
            });
        let planned = self.plan.paths.iter().map(|planned| planned.path.as_str());
        let mut samples = BTreeSet::from(["/".to_owned(), format!("/{OTHER}")]);
        for path in matched.chain(planned).filter(|path| path.starts_with('/')) {
            let bare = path.strip_suffix('/').unwrap_or(path);
            for begin in [bare, path] {
                let ends = ["", "/", &format!("/{OTHER}"), &OTHER.to_string()]
                    .map(|end| format!("{begin}{end}"));
                samples.extend(
                    ends.into_iter()
                        .filter(|path| !path.is_empty() && !path.contains("//")),
                );
            }
        }
        samples
    }
}

/// NGINX's search for the location of a path, as in `ngx_http_core_find_location`.
struct LocationSearch<'s, 'd> {
    locations: &'s [LocationAccess<'d>],
    path: &'s str,
}

/// The result of a search within one block.
#[derive(Default)]
struct SearchResult {
    /// Locations that end the search if they match; one of them does where `ends` is set.
    ending: Vec<usize>,
    ends: bool,
    /// Set where NGINX may redirect to the path with a slash.
    redirects: bool,
    /// The longest prefix, which decides if no location of `ending` matches.
    otherwise: Option<usize>,
}

impl LocationSearch<'_, '_> {
    /// Returns the locations that may decide about the path in NGINX; a redirect to the path with a
    /// slash is followed.
    fn deciding(&self) -> Vec<usize> {
        let result = self.within(None);
        let redirects = |nth: &usize| {
            let location = &self.locations[*nth];
            location.adds_slash && location.matcher.path() == Some(self.path)
        };
        let all = result.ending.into_iter().chain(result.otherwise);
        let (redirecting, mut deciding): (Vec<_>, Vec<_>) = all.partition(redirects);
        if result.redirects || !redirecting.is_empty() {
            let path = format!("{}/", self.path);
            let search = LocationSearch {
                locations: self.locations,
                path: &path,
            };
            deciding.extend(search.deciding());
        }
        deciding
    }

    fn within(&self, block: Option<usize>) -> SearchResult {
        let path = Matcher::Exact(self.path.into());
        let is_exact = |nth: &usize| self.locations[*nth].matcher == path;
        if let Some(exact) = self.children(block).find(is_exact) {
            return SearchResult {
                ending: vec![exact],
                ends: true,
                ..SearchResult::default()
            };
        }
        if self.redirects_to_slash(block) {
            return SearchResult {
                ends: true,
                redirects: true,
                ..SearchResult::default()
            };
        }
        let longest = self.longest_prefix(block);
        let nested = longest.map(|nth| self.within(Some(nth)));
        let mut result = nested.unwrap_or_default();
        if result.ends {
            return result;
        }
        result.otherwise = result.otherwise.or(longest);
        if !longest.is_some_and(|nth| self.locations[nth].shielded) {
            self.add_expressions(block, &mut result);
        }
        result
    }

    /// Returns the locations directly within a block.
    fn children(&self, block: Option<usize>) -> impl Iterator<Item = usize> {
        let is_child = move |(_, location): &(usize, &LocationAccess<'_>)| {
            location.around.last().copied() == block
        };
        let locations = self.locations.iter().enumerate().filter(is_child);
        locations.map(|(nth, _)| nth)
    }

    fn longest_prefix(&self, block: Option<usize>) -> Option<usize> {
        let prefix = |nth: usize| self.locations[nth].matcher.prefix();
        self.children(block)
            .filter_map(|nth| Some((nth, prefix(nth)?)))
            .filter(|(_, prefix)| self.path.starts_with(prefix))
            .max_by_key(|(_, prefix)| prefix.len())
            .map(|(nth, _)| nth)
    }

    /// Reports whether NGINX redirects from the path to a location of the block, by a slash at the
    /// end.
    fn redirects_to_slash(&self, block: Option<usize>) -> bool {
        let has_path = |nth: usize, path: &str| self.locations[nth].matcher.path() == Some(path);
        let slash = format!("{}/", self.path);
        let has_own = self.children(block).any(|nth| has_path(nth, self.path));
        let redirects =
            |nth: usize| has_path(nth, &slash) && self.locations[nth].redirects_to_slash;
        !has_own && self.children(block).any(redirects)
    }

    /// Adds the expressions of a block that the path may match, and the locations within them.
    fn add_expressions(&self, block: Option<usize>, result: &mut SearchResult) {
        let may_match = |nth: &usize| self.locations[*nth].may_match(self.path);
        for nth in self.children(block).filter(may_match) {
            let within = self.within(Some(nth));
            result.redirects |= within.redirects;
            result.ending.extend(within.ending);
            if !within.ends {
                result.ending.push(within.otherwise.unwrap_or(nth));
            }
        }
    }
}

impl LocationAccess<'_> {
    /// Reports whether the location is an expression that the path may match.
    fn may_match(&self, path: &str) -> bool {
        matches!(&self.matcher, Matcher::Regex(begin) if path.starts_with(begin.as_str()))
    }
}
