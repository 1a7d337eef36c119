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

/// A page that says one thing.
pub struct Notice<'a> {
    /// The language of its words.
    pub language: Language,
    /// The site it is of.
    pub site: Option<&'a str>,
    /// Its title.
    pub title: &'a str,
    /// What it says.
    pub text: &'a Markup,
    /// The words of the link that asks for the same address again.
    pub retry: Option<&'a str>,
    /// The status of the response.
    pub status: Option<u16>,
}

impl Notice<'_> {
    /// The whole page; `head` is what else its head says.
    #[must_use]
    pub fn document(&self, head: &Markup) -> String {
        let content = html! {
            main.notice {
                @if let Some(site) = self.site { p.site.soft translate="no" { (site) } }
                section.card {
                    h1 { (self.title) }
                    (self.text)
                    @if let Some(retry) = self.retry { a.button.plain href="" { (retry) } }
                }
                @if let Some(status) = self.status { p.code.soft { (status) } }
            }
        };
        document(self.language, self.title, head, &content)
    }
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
