//! The locations of a server, nested ones included, as one list.

use super::inheritance::Inheritance;
use crate::nginx::read::directive::Directive;

/// The paths that a location matches.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Matcher {
    /// All paths that begin with this one.
    Prefix(String),
    /// This path only.
    Exact(String),
    /// The paths that match a regular expression; all of them begin with this text.
    Regex(String),
    /// No path: only an internal redirect leads to it.
    Named(String),
}

/// A location.
#[derive(Clone, Debug)]
pub(crate) struct Location<'d> {
    pub(crate) matcher: Matcher,
    pub(crate) directive: &'d Directive,
    pub(crate) levels: Inheritance<'d>,
    /// The indices of the locations around it, from the outermost inwards.
    pub(crate) around: Vec<usize>,
    /// Set by `^~`, which excludes regular expressions below its prefix.
    pub(crate) shielded: bool,
}

impl Matcher {
    /// Returns the path of a prefix.
    pub(crate) fn prefix(&self) -> Option<&str> {
        match self {
            Self::Prefix(path) => Some(path),
            _ => None,
        }
    }

    /// Returns the path of a prefix or an exact match.
    pub(crate) fn path(&self) -> Option<&str> {
        match self {
            Self::Prefix(path) | Self::Exact(path) => Some(path),
            _ => None,
        }
    }

    pub(crate) fn is_regex(&self) -> bool {
        matches!(self, Self::Regex(_))
    }

    /// Parses the parameters of a location, and reports whether they shield it from expressions.
    fn parse(directive: &Directive) -> (Self, bool) {
        let text = directive.parameters.concat();
        if let Some(path) = text.strip_prefix('=') {
            return (Self::Exact(path.into()), true);
        }
        if let Some(path) = text.strip_prefix("^~") {
            return (Self::Prefix(path.into()), true);
        }
        if text.starts_with("~*") {
            return (Self::Regex(String::new()), false);
        }
        if let Some(regex) = text.strip_prefix('~') {
            return (Self::Regex(literal_prefix(regex)), false);
        }
        match text.starts_with('@') {
            true => (Self::Named(text), false),
            false => (Self::Prefix(text), false),
        }
    }
}

impl<'d> Location<'d> {
    /// Lists the locations of a server, each before those within it.
    pub(crate) fn all(server: &'d Directive, levels: &Inheritance<'d>) -> Vec<Self> {
        let mut found = Vec::new();
        Self::gather(server, levels, &[], &mut found);
        found
    }

    fn gather(
        block: &'d Directive,
        levels: &Inheritance<'d>,
        around: &[usize],
        found: &mut Vec<Self>,
    ) {
        let locations = block.children().iter();
        for directive in locations.filter(|directive| directive.name == "location") {
            let (matcher, shielded) = Matcher::parse(directive);
            let levels = levels.within(directive);
            let mut outer = around.iter().rev().map(|nth| &found[*nth].matcher);
            // A regular expression decides about all locations within it.
            let regex = outer.find(|matcher| matcher.is_regex()).cloned();
            let nth = found.len();
            found.push(Self {
                matcher: regex.unwrap_or(matcher),
                directive,
                levels: levels.clone(),
                around: around.to_vec(),
                shielded,
            });
            Self::gather(directive, &levels, &[around, &[nth]].concat(), found);
        }
    }

    /// Reports whether the location only redirects to the same path with a slash at its end.
    pub(crate) fn adds_slash(&self) -> bool {
        const SAME_SITE: [&str; 4] = [
            "$scheme://$host",
            "$scheme://$http_host",
            "https://$host",
            "",
        ];
        let Some(returns) = self.levels.own("return") else {
            return false;
        };
        let target = match returns.parameters.as_slice() {
            [code, target] if code.starts_with("30") => target,
            [target] => target,
            _ => return false,
        };
        let mut paths = SAME_SITE
            .iter()
            .filter_map(|origin| target.strip_prefix(origin));
        let slash = self.matcher.path().map(|path| format!("{path}/"));
        slash.is_some_and(|slash| paths.any(|path| path.trim_end_matches("$is_args$args") == slash))
    }
}

/// Returns a text with which every path begins that matches the expression; empty where none is
/// certain.
fn literal_prefix(regex: &str) -> String {
    let Some(rest) = regex.strip_prefix('^').filter(|rest| !rest.contains('|')) else {
        return String::new();
    };
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '/' | '-' | '_');
    let end = rest.find(|c| !plain(c)).unwrap_or(rest.len());
    let repeated = rest[end..].starts_with(['*', '?', '{']);
    rest[..end.saturating_sub(usize::from(repeated))].to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_literal_prefix_ends_at_the_first_operator() {
        assert_eq!(literal_prefix("^/rest/(a|b)"), "");
        assert_eq!(literal_prefix("^/rest/.*"), "/rest/");
        assert_eq!(literal_prefix("^/rests?"), "/rest");
        assert_eq!(literal_prefix("/rest"), "");
        assert_eq!(literal_prefix("^"), "");
    }
}
