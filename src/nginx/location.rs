//! The locations of a server, those within others among them, as one list.

use super::{directive::Directive, levels::Levels};

/// Which paths a location takes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Matcher {
    /// All that begin with it.
    Prefix(String),
    /// This one.
    Exact(String),
    /// Those that fit an expression; all of them begin with the text.
    Regex(String),
    /// None; it is reached from within.
    Named(String),
}

/// A location.
#[derive(Clone, Debug)]
pub(super) struct Location<'d> {
    pub(super) matcher: Matcher,
    pub(super) directive: &'d Directive,
    pub(super) levels: Levels<'d>,
    /// The locations it stands in, by their places in the list.
    pub(super) around: Vec<usize>,
    /// `^~`: expressions beside it do not matter below it.
    pub(super) shielded: bool,
}

impl Location<'_> {
    /// Whether all that NGINX does here is to lead to the path with a slash at its end.
    pub(super) fn adds_slash(&self) -> bool {
        let Some(returns) = self.levels.own_one("return") else {
            return false;
        };
        let target = match returns.words.as_slice() {
            [code, target] if code.starts_with("30") => target,
            [target] => target,
            _ => return false,
        };
        let here = [
            "$scheme://$host",
            "$scheme://$http_host",
            "https://$host",
            "",
        ];
        let mut ends = here.iter().filter_map(|here| target.strip_prefix(here));
        let slash = self.matcher.path().map(|path| format!("{path}/"));
        slash.is_some_and(|slash| ends.any(|end| end.trim_end_matches("$is_args$args") == slash))
    }
}

/// All locations of a server, outer ones before those within them.
pub(super) fn all<'d>(server: &'d Directive, levels: &Levels<'d>) -> Vec<Location<'d>> {
    let mut found = Vec::new();
    gather(server, levels, &[], &mut found);
    found
}

fn gather<'d>(
    block: &'d Directive,
    levels: &Levels<'d>,
    around: &[usize],
    found: &mut Vec<Location<'d>>,
) {
    for directive in block.inner().iter().filter(|it| it.name == "location") {
        let (matcher, shielded) = matcher(directive);
        let levels = levels.within(directive);
        let nth = found.len();
        found.push(Location {
            // An expression decides about all that stands in it.
            matcher: around
                .iter()
                .rev()
                .find_map(|it| regex(&found[*it].matcher))
                .unwrap_or(matcher),
            directive,
            levels: levels.clone(),
            around: around.to_vec(),
            shielded,
        });
        gather(directive, &levels, &[around, &[nth]].concat(), found);
    }
}

fn regex(matcher: &Matcher) -> Option<Matcher> {
    matches!(matcher, Matcher::Regex(_)).then(|| matcher.clone())
}

fn matcher(directive: &Directive) -> (Matcher, bool) {
    let text = directive.words.concat();
    let exact = text
        .strip_prefix('=')
        .map(|path| (Matcher::Exact(path.into()), true));
    let shielded = text
        .strip_prefix("^~")
        .map(|path| (Matcher::Prefix(path.into()), true));
    let loose = text
        .strip_prefix("~*")
        .map(|_| (Matcher::Regex(String::new()), false));
    let regex = text
        .strip_prefix('~')
        .map(|regex| (Matcher::Regex(begin(regex)), false));
    let named = text
        .strip_prefix('@')
        .map(|_| (Matcher::Named(text.clone()), false));
    let special = exact.or(shielded).or(loose).or(regex).or(named);
    special.unwrap_or_else(|| (Matcher::Prefix(text.clone()), false))
}

/// What every path begins with that fits the expression, as far as it is plain to see.
fn begin(regex: &str) -> String {
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
    fn only_what_stands_fast_begins_every_path() {
        assert_eq!(begin("^/rest/(a|b)"), "");
        assert_eq!(begin("^/rest/.*"), "/rest/");
        assert_eq!(begin("^/rests?"), "/rest");
        assert_eq!(begin("/rest"), "");
        assert_eq!(begin("^"), "");
    }
}
