//! Text templates: `{name}` is replaced by a fact, and `*text*` is emphasised.

use maud::{Markup, html};

/// The facts that templates refer to, by name.
#[derive(Clone, Copy)]
pub struct Facts<'a>(&'a [(&'static str, &'a str)]);

impl<'a> Facts<'a> {
    /// Creates the facts; a template leaves out a fact that is not among them.
    #[must_use]
    pub const fn new(facts: &'a [(&'static str, &'a str)]) -> Self {
        Self(facts)
    }

    /// Renders a template as HTML; each fact is escaped, and isolated in its writing direction
    /// (`bdi`).
    #[must_use]
    pub fn fill(self, template: &str) -> Markup {
        html! {
            @for (index, part) in template.split('*').enumerate() {
                @if index % 2 == 1 { b { (self.fill_plain(part)) } } @else { (self.fill_plain(part)) }
            }
        }
    }

    /// Renders a template without emphasis as plain text, for a title.
    #[must_use]
    pub fn plain(self, template: &str) -> String {
        let parts = template.split(['{', '}']).enumerate();
        let render = |(index, part)| match index % 2 {
            1 => self.get(part),
            _ => part,
        };
        parts.map(render).collect()
    }

    fn fill_plain(self, template: &str) -> Markup {
        html! {
            @for (index, part) in template.split(['{', '}']).enumerate() {
                @if index % 2 == 1 { bdi dir="auto" { (self.get(part)) } } @else { (part) }
            }
        }
    }

    fn get(self, name: &str) -> &'a str {
        let found = self.0.iter().find(|(known, _)| *known == name);
        found.map_or("", |(_, fact)| fact)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fact_is_escaped_and_never_parsed_as_a_template() {
        let facts = Facts::new(&[("name", "<i>*{name}*")]);
        let filled = facts.fill("*Hello {name}*, {name}").into_string();
        let name = "<bdi dir=\"auto\">&lt;i&gt;*{name}*</bdi>";
        assert_eq!(filled, format!("<b>Hello {name}</b>, {name}"));
    }

    #[test]
    fn plain_text_has_the_fact_unescaped() {
        let facts = Facts::new(&[("name", "Anna's <phone>")]);
        assert_eq!(facts.plain("Set up {name}"), "Set up Anna's <phone>");
    }
}
