//! Variables in an expression, written as `$name` or `${name}`.

/// A part of an expression of NGINX.
pub(super) enum Part<'t> {
    Text(&'t str),
    Variable { name: &'t str, written: &'t str },
}

impl<'t> Part<'t> {
    /// Splits an expression into its texts and variables.
    pub(super) fn parse(expression: &'t str) -> Vec<Self> {
        let mut parts = Vec::new();
        let mut rest = expression;
        while let Some(place) = rest.find('$') {
            let (before, from) = rest.split_at(place);
            parts.push(Self::Text(before));
            let (name, length) = Self::name(&from[1..]);
            let (written, after) = from.split_at(1 + length);
            let name = if name.is_empty() { "$" } else { name };
            parts.push(Self::Variable { name, written });
            rest = after;
        }
        parts.push(Self::Text(rest));
        parts
    }

    /// Returns the name after a `$`, and its length in bytes with its braces.
    fn name(text: &str) -> (&str, usize) {
        if let Some((name, _)) = text.strip_prefix('{').and_then(|rest| rest.split_once('}')) {
            return (name, name.len() + 2);
        }
        let plain = |c: char| c.is_ascii_alphanumeric() || c == '_';
        let end = text.find(|c| !plain(c)).unwrap_or(text.len());
        (&text[..end], end)
    }
}
