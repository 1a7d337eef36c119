//! Whether a plan lets anybody in whom NGINX does not, anywhere.
//!
//! Both decide by the beginning of a path, so a few paths around each location
//! and each planned path stand for all there are.

use std::collections::BTreeSet;

use super::{
    plan::{Judged, Matcher, Plan},
    rule::{implies, same},
};

/// A character that is in no path of a location.
const OTHER: char = '\u{7f}';

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
    let (ours, theirs) = (plan.rules(path), [place.reached_by()]);
    if !implies(&ours, &theirs) {
        return Some(true);
    }
    let expressed = !matches!(place.matcher, Matcher::Regex(_)) && place.hub().is_some();
    (expressed && !same(&ours, &theirs)).then_some(false)
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

/// The locations that may decide about a path in NGINX.
fn deciding(places: &[Judged<'_>], path: &str) -> Vec<usize> {
    let all = || places.iter().enumerate();
    let exact: Vec<_> = all()
        .filter(|(_, it)| it.matcher == Matcher::Exact(path.into()))
        .map(|(nth, _)| nth)
        .collect();
    if !exact.is_empty() {
        return exact;
    }
    let taking = || {
        all()
            .filter_map(|(nth, it)| Some((nth, it.matcher.prefix()?)))
            .filter(|(_, begin)| path.starts_with(begin))
    };
    let longest = taking().map(|(_, begin)| begin.len()).max();
    if is_led_on(places, path) {
        return taking_exactly(places, &format!("{path}/")).collect();
    }
    let mut deciding: Vec<_> = taking()
        .filter(|(_, begin)| Some(begin.len()) == longest)
        .map(|(nth, _)| nth)
        .collect();
    let regexes = all().filter(|(_, it)| it.may_fit(path));
    let regexes: Vec<_> = regexes
        .filter(|(_, it)| it.looks_at(&deciding, places))
        .map(|(nth, _)| nth)
        .collect();
    deciding.extend(regexes);
    deciding
}

/// Whether NGINX only leads to the path with a slash; what is decided there is decided here.
fn is_led_on(places: &[Judged<'_>], path: &str) -> bool {
    let is_own = places.iter().any(|it| it.matcher.path() == Some(path));
    !is_own && taking_exactly(places, &format!("{path}/")).next().is_some()
}

fn taking_exactly<'p>(places: &'p [Judged<'_>], path: &'p str) -> impl Iterator<Item = usize> + 'p {
    let exactly = move |(_, it): &(usize, &Judged<'_>)| {
        it.matcher.prefix() == Some(path) && it.hub().is_some()
    };
    places
        .iter()
        .enumerate()
        .filter(exactly)
        .map(|(nth, _)| nth)
}

impl Judged<'_> {
    /// Whether it is an expression that the path may fit.
    fn may_fit(&self, path: &str) -> bool {
        matches!(&self.matcher, Matcher::Regex(begin) if path.starts_with(begin.as_str()))
    }

    /// Whether NGINX tries this expression where those locations are the longest prefix.
    fn looks_at(&self, longest: &[usize], places: &[Judged<'_>]) -> bool {
        let Some(scope) = self.around.first() else {
            let shielded = |nth: usize| {
                let outermost = places[nth].around.first().copied().unwrap_or(nth);
                places[outermost].shielded
            };
            return longest.is_empty() || longest.iter().any(|nth| !shielded(*nth));
        };
        let within = |nth: &usize| nth == scope || places[*nth].around.contains(scope);
        matches!(places[*scope].matcher, Matcher::Regex(_)) || longest.iter().any(within)
    }
}
