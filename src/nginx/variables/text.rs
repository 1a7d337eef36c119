//! Variables in a text, as `$name` and `${name}`.

/// A piece of a text of NGINX's.
pub(super) enum Part<'t> {
    Text(&'t str),
    Variable { name: &'t str, written: &'t str },
}

/// Takes `$name` and `${name}` apart from what is around them.
pub(super) fn parts(text: &str) -> Vec<Part<'_>> {
    let mut parts = Vec::new();
    let mut rest = text;
    while let Some(place) = rest.find('$') {
        let (before, from) = rest.split_at(place);
        parts.push(Part::Text(before));
        let (name, length) = name(&from[1..]);
        let (written, after) = from.split_at(1 + length);
        match name.is_empty() {
            true => parts.push(Part::Variable { name: "$", written }),
            false => parts.push(Part::Variable { name, written }),
        }
        rest = after;
    }
    parts.push(Part::Text(rest));
    parts
}

/// The name behind a `$`, and how many bytes it takes.
fn name(text: &str) -> (&str, usize) {
    if let Some((name, _)) = text.strip_prefix('{').and_then(|rest| rest.split_once('}')) {
        return (name, name.len() + 2);
    }
    let plain = |c: char| c.is_ascii_alphanumeric() || c == '_';
    let end = text.find(|c| !plain(c)).unwrap_or(text.len());
    (&text[..end], end)
}
