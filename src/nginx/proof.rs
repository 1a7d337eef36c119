//! Whether a plan lets anybody in whom NGINX does not, anywhere.
//!
//! Both decide by the beginning of a path, so a few paths around each location
//! and each planned path stand for all there are.

use std::collections::BTreeSet;

use super::{
    plan::{Judged, Matcher, OTHER, Plan},
    rule::{Rule, implies, same},
};

/// What a plan does otherwise than NGINX at a location.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Difference {
    /// The location, by its place in the list.
    pub(super) location: usize,
    /// A path at which it is so.
    pub(super) path: String,
    /// Whether somebody is let in who is not by NGINX; otherwise somebody is kept out.
    pub(super) weaker: bool,
}

/// All differences, one for each location and kind.
pub(super) fn differences(places: &[Judged<'_>], plan: &Plan) -> Vec<Difference> {
    let mut found: Vec<Difference> = Vec::new();
    for path in samples(places, plan) {
        for location in deciding(places, &path) {
            let compared = compare(&places[location], plan, &path);
            let Some(weaker) = compared.filter(|weaker| *weaker || !is_led_on(places, &path))
            else {
                continue;
            };
            if !found
                .iter()
                .any(|it| it.location == location && it.weaker == weaker)
            {
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

fn compare(place: &Judged<'_>, plan: &Plan, path: &str) -> Option<bool> {
    let ours = plan.rules(path);
    let hub = plan.hub(path);
    let same_hub = place.hub().is_some_and(|other| hub.is_safe_for(other));
    let theirs = match same_hub {
        true => place.reached_by(),
        false => &Rule::NOBODY,
    };
    if !implies(&ours, &[theirs]) {
        return Some(true);
    }
    let expressed = !matches!(place.matcher, Matcher::Regex(_)) && place.hub().is_some();
    (expressed && !same(&ours, &[theirs])).then_some(false)
}

/// Paths at, around and below each location and planned path.
fn samples(places: &[Judged<'_>], plan: &Plan) -> BTreeSet<String> {
    let begins = places.iter().filter_map(|place| match &place.matcher {
        Matcher::Prefix(path) | Matcher::Exact(path) | Matcher::Regex(path) => Some(path.as_str()),
        Matcher::Named(_) => None,
    });
    let planned = plan.paths.iter().map(|planned| planned.path.as_str());
    let mut samples = BTreeSet::from(["/".to_owned(), format!("/{OTHER}")]);
    for begin in begins.chain(planned).filter(|begin| begin.starts_with('/')) {
        let bare = begin.strip_suffix('/').unwrap_or(begin);
        for begin in [bare, begin] {
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

/// The locations that may decide about a path in NGINX; one from which it leads to the path with
/// a slash is decided there.
fn deciding(places: &[Judged<'_>], path: &str) -> Vec<usize> {
    let found = Search { places, path }.within(None);
    let leads = |nth: &usize| places[*nth].adds_slash && places[*nth].matcher.path() == Some(path);
    let all = found.settled.into_iter().chain(found.otherwise);
    let (leading, mut deciding): (Vec<_>, Vec<_>) = all.partition(leads);
    if found.led || !leading.is_empty() {
        deciding.extend(self::deciding(places, &format!("{path}/")));
    }
    deciding
}

/// Whether NGINX may lead to the path with a slash.
fn is_led_on(places: &[Judged<'_>], path: &str) -> bool {
    Search { places, path }.within(None).led
}

/// NGINX's search for the location of a path, as `ngx_http_core_find_location` does it.
struct Search<'s, 'd> {
    places: &'s [Judged<'d>],
    path: &'s str,
}

/// What a search within one block has found.
#[derive(Default)]
struct Found {
    /// Those that end the search if they fit; one of them does when `ends` is set.
    settled: Vec<usize>,
    ends: bool,
    /// Whether NGINX may lead to the path with a slash.
    led: bool,
    /// The longest prefix, which decides if none of these fits.
    otherwise: Option<usize>,
}

impl Search<'_, '_> {
    fn within(&self, scope: Option<usize>) -> Found {
        let exact = |nth: &usize| self.places[*nth].matcher == Matcher::Exact(self.path.into());
        if let Some(exact) = self.inner(scope).find(exact) {
            return Found {
                settled: vec![exact],
                ends: true,
                ..Found::default()
            };
        }
        if self.is_led_on(scope) {
            return Found {
                ends: true,
                led: true,
                ..Found::default()
            };
        }
        let longest = self.longest(scope);
        let mut found = longest.map_or_else(Found::default, |nth| self.within(Some(nth)));
        if found.ends {
            return found;
        }
        found.otherwise = found.otherwise.or(longest);
        if !longest.is_some_and(|nth| self.places[nth].shielded) {
            self.expressions(scope, &mut found);
        }
        found
    }

    fn inner(&self, scope: Option<usize>) -> impl Iterator<Item = usize> {
        let stands = move |(_, it): &(usize, &Judged<'_>)| it.around.last().copied() == scope;
        let places = self.places.iter().enumerate().filter(stands);
        places.map(|(nth, _)| nth)
    }

    fn longest(&self, scope: Option<usize>) -> Option<usize> {
        let prefix = |nth: usize| self.places[nth].matcher.prefix();
        self.inner(scope)
            .filter_map(|nth| Some((nth, prefix(nth)?)))
            .filter(|(_, prefix)| self.path.starts_with(prefix))
            .max_by_key(|(_, prefix)| prefix.len())
            .map(|(nth, _)| nth)
    }

    /// Whether NGINX leads from the path to a location of the block by a slash at the end.
    fn is_led_on(&self, scope: Option<usize>) -> bool {
        let is = |nth: usize, path: &str| self.places[nth].matcher.path() == Some(path);
        let slash = format!("{}/", self.path);
        let own = self.inner(scope).any(|nth| is(nth, self.path));
        let leads = |nth: usize| is(nth, &slash) && self.places[nth].leads_on;
        !own && self.inner(scope).any(leads)
    }

    /// Adds the expressions of a block that the path may fit, with what may decide in them.
    fn expressions(&self, scope: Option<usize>, found: &mut Found) {
        let fits = |nth: &usize| self.places[*nth].may_fit(self.path);
        for nth in self.inner(scope).filter(fits) {
            let within = self.within(Some(nth));
            found.led |= within.led;
            found.settled.extend(within.settled);
            if !within.ends {
                found.settled.push(within.otherwise.unwrap_or(nth));
            }
        }
    }
}

impl Judged<'_> {
    /// Whether it is an expression that the path may fit.
    fn may_fit(&self, path: &str) -> bool {
        matches!(&self.matcher, Matcher::Regex(begin) if path.starts_with(begin.as_str()))
    }
}
