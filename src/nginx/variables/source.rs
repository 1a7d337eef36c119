//! What else decides about variables: the names of the server, and groups of expressions.

use std::collections::BTreeSet;

use super::{super::levels::Levels, Texts};

/// The names of the server, if each is one host; hubgate serves no other there.
pub(super) fn hosts(levels: &Levels<'_>) -> Texts {
    let names = levels.server_names();
    let plain = |name: &String| {
        name.contains('.') && !name.starts_with(['.', '*', '~']) && !name.ends_with(['*', '.'])
    };
    (!names.is_empty() && names.iter().all(plain)).then(|| names.into_iter().collect())
}

/// The names of groups in the expressions of the server and of maps.
pub(super) fn captured(levels: &Levels<'_>) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    let around = levels.outermost().filter(|it| it.name == "map");
    for directive in around.chain(levels.server()) {
        directive.walk(&mut |it| {
            let words = it.words.iter().chain([&it.name]);
            words.for_each(|word| groups(word, &mut found));
        });
    }
    found
}

fn groups(expression: &str, found: &mut BTreeSet<String>) {
    for (place, _) in expression.match_indices("(?") {
        let rest = expression[place + 2..].trim_start_matches('P');
        let Some(rest) = rest.strip_prefix(['<', '\'']) else {
            continue;
        };
        let end = rest.find(['>', '\'']).unwrap_or(0);
        found.insert(rest[..end].to_ascii_lowercase());
    }
}
