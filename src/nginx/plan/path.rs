//! Which path of `proxy.yaml` stands for a location's.

use super::{Judged, Matcher};

/// A character that is in no path of a location.
pub(in super::super) const OTHER: char = '\u{7f}';

/// `/x` instead of `/x/` where NGINX leads from there to `/x/`, and what is there differs.
pub(super) fn prefix_key(path: &str, leads_on: bool, places: &[Judged<'_>]) -> String {
    let Some(bare) = path.strip_suffix('/').filter(|bare| !bare.is_empty()) else {
        return path.to_owned();
    };
    let is_free = !has_prefix(places, bare) && !has_exact(places, bare);
    match leads_on && is_free || leads_from(places, bare) {
        true => bare.to_owned(),
        false => path.to_owned(),
    }
}

/// Whether a location of this path only leads to the path with a slash.
fn leads_from(places: &[Judged<'_>], path: &str) -> bool {
    places
        .iter()
        .any(|it| it.adds_slash && it.matcher.path() == Some(path))
}

pub(super) fn has_exact(places: &[Judged<'_>], path: &str) -> bool {
    places
        .iter()
        .any(|it| it.matcher == Matcher::Exact(path.into()))
}

pub(super) fn has_prefix(places: &[Judged<'_>], path: &str) -> bool {
    places.iter().any(|it| it.matcher.prefix() == Some(path))
}

/// Whether hubgate can have a rule for the path: it judges the decoded path, without parameters.
pub(super) fn is_path(path: &str) -> bool {
    let refused = |c: char| "%;?#\\*^|".contains(c) || c.is_whitespace() || c.is_control();
    let segments: Vec<_> = path.split('/').skip(1).collect();
    let inner = segments.len().saturating_sub(1);
    let odd =
        |(nth, part): (usize, &&str)| part.is_empty() && nth < inner || matches!(*part, "." | "..");
    path.starts_with('/') && !path.contains(refused) && !segments.iter().enumerate().any(odd)
}
