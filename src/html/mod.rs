//! HTML of hubgate's own pages: one document frame, one style sheet, two languages.
//!
//! A page is self-contained and loads no resource. The texts are in the modules that make the
//! pages.

pub mod language;
pub mod template;

use maud::{DOCTYPE, Markup, PreEscaped, html};

pub use self::language::Language;

/// The style sheet of every page, the content of its `style` element.
pub const STYLE: &str = include_str!("style.css");

/// Renders a page with its title, further elements of its head, and its content.
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

/// A page with a single notice.
pub struct NoticePage<'a> {
    /// Language of the texts.
    pub language: Language,
    /// Name of the site.
    pub site: Option<&'a str>,
    /// Title of the page.
    pub title: &'a str,
    /// Text of the notice.
    pub text: &'a Markup,
    /// Label of the link that sends the request again.
    pub retry: Option<&'a str>,
    /// Status code of the response.
    pub status: Option<u16>,
}

impl NoticePage<'_> {
    /// Renders the page; `head` has further elements of its head.
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
    fn a_document_has_its_language_and_escapes_its_title() {
        let page = document(Language::German, "a <b>", &html! {}, &html! {});
        assert!(page.contains("<html lang=\"de\">") && page.contains("<title>a &lt;b&gt;</title>"));
    }

    #[test]
    fn the_style_sheet_does_not_end_its_element_and_loads_nothing() {
        for breaker in ["</", "url(", "@import", "<!--"] {
            assert!(!STYLE.contains(breaker), "{breaker}");
        }
    }
}
