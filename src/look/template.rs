//! Texts with what is filled into them: `{name}` is a fact, `*so*` is emphasis.

use maud::{Markup, html};

/// What may be filled in, by its name in the texts.
pub type Facts<'a> = [(&'static str, &'a str)];

/// A text as HTML; every fact is kept from its surroundings, whichever way it is written.
#[must_use]
pub fn fill(text: &str, facts: &Facts<'_>) -> Markup {
    html! {
        @for (place, part) in text.split('*').enumerate() {
            @if place % 2 == 1 { b { (parts(part, facts)) } } @else { (parts(part, facts)) }
        }
    }
}

/// A text as it stands in a title, where nothing can be marked.
#[must_use]
pub fn plain(text: &str, facts: &Facts<'_>) -> String {
    let part = |(place, part)| {
        if place % 2 == 1 {
            fact(part, facts)
        } else {
            part
        }
    };
    text.split(['{', '}']).enumerate().map(part).collect()
}

fn parts(text: &str, facts: &Facts<'_>) -> Markup {
    html! {
        @for (place, part) in text.split(['{', '}']).enumerate() {
            @if place % 2 == 1 { bdi dir="auto" { (fact(part, facts)) } } @else { (part) }
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
    fn a_fact_is_escaped_and_never_read_as_a_text() {
        let filled = fill("*Hello {name}*, {name}", &[("name", "<i>*{name}*")]).into_string();
        let name = "<bdi dir=\"auto\">&lt;i&gt;*{name}*</bdi>";
        assert_eq!(filled, format!("<b>Hello {name}</b>, {name}"));
    }

    #[test]
    fn a_title_has_the_fact_as_it_is() {
        assert_eq!(
            plain("Set up {name}", &[("name", "Anna's <phone>")]),
            "Set up Anna's <phone>"
        );
    }
}
