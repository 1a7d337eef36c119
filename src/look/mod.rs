//! The look of hubgate's own pages: one frame, one style sheet, two languages.
//!
//! Every page is whole in itself: it loads nothing. What stands on a page is said where it is made.

pub mod language;
pub mod template;

use maud::{DOCTYPE, Markup, PreEscaped, html};

pub use language::Language;

/// The style sheet of every page, as it stands between its tags.
pub const STYLE: &str = include_str!("style.css");

/// A page with its title, what else its head says, and its content.
#[must_use]
pub fn document(language: Language, title: &str, head: &Markup, content: &Markup) -> String {
    html! {
        (DOCTYPE)
        html lang=(language.tag()) {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light dark";
                title { (title) }
                (head)
                style { (PreEscaped(STYLE)) }
            }
            body { (content) }
        }
    }
    .into_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_document_says_its_language_and_escapes_its_title() {
        let page = document(Language::German, "a <b>", &html! {}, &html! {});
        assert!(page.contains("<html lang=\"de\">") && page.contains("<title>a &lt;b&gt;</title>"));
    }

    #[test]
    fn the_style_sheet_stays_between_its_tags_and_loads_nothing() {
        for breaker in ["</", "url(", "@import", "<!--"] {
            assert!(!STYLE.contains(breaker), "{breaker}");
        }
    }
}
