//! Other sources of variables: the names of the server, and groups of regular expressions.

use std::collections::BTreeSet;

use super::Values;
use crate::nginx::model::inheritance::Inheritance;

impl Inheritance<'_> {
    /// Returns the names of the server if each is one host; hubgate serves no other host there.
    pub(super) fn exact_server_names(&self) -> Values {
        let names = self.server_names();
        let is_exact = |name: &String| {
            name.contains('.') && !name.starts_with(['.', '*', '~']) && !name.ends_with(['*', '.'])
        };
        (!names.is_empty() && names.iter().all(is_exact)).then(|| names.into_iter().collect())
    }

    /// Returns the names of groups in the expressions of the server and of maps.
    pub(super) fn captured_variables(&self) -> BTreeSet<String> {
        let mut captured = BTreeSet::new();
        let maps = self
            .http_directives()
            .filter(|directive| directive.name == "map");
        for directive in maps.chain(self.server_directives()) {
            directive.walk(&mut |directive| {
                let words = directive.parameters.iter().chain([&directive.name]);
                captured.extend(words.flat_map(|word| named_groups(word)));
            });
        }
        captured
    }
}

/// Returns the names of groups such as `(?<name>…)`, in lower case.
fn named_groups(expression: &str) -> impl Iterator<Item = String> {
    expression.match_indices("(?").filter_map(|(place, _)| {
        let rest = expression[place + 2..].trim_start_matches('P');
        let rest = rest.strip_prefix(['<', '\''])?;
        let end = rest.find(['>', '\'']).unwrap_or(0);
        Some(rest[..end].to_ascii_lowercase())
    })
}
