//! Text templates: `{name}` is replaced by a fact, and `*text*` is emphasised.

use maud::{Markup, html};

/// The facts of a template, by name.
pub type Facts<'a> = [(&'static str, &'a str)];

/// Renders a template as HTML; each fact is escaped, and isolated in its writing direction (`bdi`).
#[must_use]
pub fn fill(text: &str, facts: &Facts<'_>) -> Markup {
    html! {
        @for (index, part) in text.split('*').enumerate() {
            @if index % 2 == 1 { b { (parts(part, facts)) } } @else { (parts(part, facts)) }
        }
    }
}

/// Renders a template as plain text, for a title.
#[must_use]
pub fn plain(text: &str, facts: &Facts<'_>) -> String {
    let part = |(index, part)| {
        if index % 2 == 1 {
            fact(part, facts)
        } else {
            part
        }
    };
    text.split(['{', '}']).enumerate().map(part).collect()
}

fn parts(text: &str, facts: &Facts<'_>) -> Markup {
    html! {
        @for (index, part) in text.split(['{', '}']).enumerate() {
            @if index % 2 == 1 { bdi dir="auto" { (fact(part, facts)) } } @else { (part) }
        }
    }
}

fn fact<'a>(name: &str, facts: &Facts<'a>) -> &'a str {
    let found = facts.iter().find(|(known, _)| *known == name);
    found.map_or("", |(_, fact)| fact)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fact_is_escaped_and_never_parsed_as_a_template() {
        let filled = fill("*Hello {name}*, {name}", &[("name", "<i>*{name}*")]).into_string();
        let name = "<bdi dir=\"auto\">&lt;i&gt;*{name}*</bdi>";
        assert_eq!(filled, format!("<b>Hello {name}</b>, {name}"));
    }

    #[test]
    fn plain_text_has_the_fact_unescaped() {
        assert_eq!(
            plain("Set up {name}", &[("name", "Anna's <phone>")]),
            "Set up Anna's <phone>"
        );
    }
}
