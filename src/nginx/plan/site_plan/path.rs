//! The path of `proxy.yaml` that stands for the path of a location.

use super::{Locations, Matcher};

/// A character that occurs in no path of a location.
pub(crate) const OTHER: char = '\u{7f}';

impl Locations<'_, '_> {
    /// Returns the path for a prefix: `/x` instead of `/x/` where NGINX redirects from there to
    /// `/x/`; `redirects` where the difference matters.
    pub(super) fn path_of_prefix(self, path: &str, redirects: bool) -> String {
        let Some(bare) = path.strip_suffix('/').filter(|bare| !bare.is_empty()) else {
            return path.to_owned();
        };
        let is_free = !self.has_prefix(bare) && !self.has_exact(bare);
        match redirects && is_free || self.redirects_from(bare) {
            true => bare.to_owned(),
            false => path.to_owned(),
        }
    }

    /// Reports whether a location of this path only redirects to the path with a slash.
    fn redirects_from(self, path: &str) -> bool {
        let mut locations = self.0.iter();
        locations.any(|location| location.adds_slash && location.matcher.path() == Some(path))
    }

    pub(super) fn has_exact(self, path: &str) -> bool {
        let exact = Matcher::Exact(path.into());
        self.0.iter().any(|location| location.matcher == exact)
    }

    pub(super) fn has_prefix(self, path: &str) -> bool {
        let mut locations = self.0.iter();
        locations.any(|location| location.matcher.prefix() == Some(path))
    }
}

/// Reports whether proxy.yaml can have the path: hubgate matches the decoded path, without
/// parameters.
pub(super) fn is_path(path: &str) -> bool {
    let is_refused = |c: char| "%;?#\\*^|".contains(c) || c.is_whitespace() || c.is_control();
    let segments: Vec<_> = path.split('/').skip(1).collect();
    let last = segments.len().saturating_sub(1);
    let is_ambiguous = |(nth, segment): (usize, &&str)| {
        segment.is_empty() && nth < last || matches!(*segment, "." | "..")
    };
    path.starts_with('/')
        && !path.contains(is_refused)
        && !segments.iter().enumerate().any(is_ambiguous)
}
