//! The client's preference for language and format, and the response body in them.

use std::sync::OnceLock;

use bytes::Bytes;
use http::{HeaderValue, StatusCode};
use maud::html;
use serde_json::json;

use super::{
    notice::{FIXED, Notice},
    words::NoticeText,
};
use crate::{
    fields::{FieldName, Fields},
    html::{self, Language},
};

/// The language and format that a client prefers, by `Accept` and `Accept-Language` (RFC 9110,
/// section 12.5).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Reader {
    language: Language,
    /// The client prefers JSON to a page.
    json: bool,
}

/// Cache of the response bodies of a site for notices without facts.
pub(crate) struct PageCache {
    site: String,
    bodies: [OnceLock<Bytes>; FIXED * FORMATS],
}

/// Number of combinations of language and format.
const FORMATS: usize = 4;
/// Media type of problem details (RFC 9457, section 3).
const PROBLEM: &str = "application/problem+json";
const PAGE: &str = "text/html; charset=utf-8";

impl Reader {
    /// Returns the preferences of a request.
    pub(crate) fn of(fields: &Fields<'_>) -> Self {
        Self {
            language: Self::preferred_language(fields),
            json: Self::prefers_json(fields),
        }
    }

    /// Returns the preferred language. Only a value that may name German is parsed, as this runs
    /// for each request.
    fn preferred_language(fields: &Fields<'_>) -> Language {
        let accepted = fields.text(FieldName::AcceptLanguage);
        let accepted = accepted
            .filter(|value| value.contains("de") || value.contains("DE") || value.contains('*'));
        accepted.map_or(Language::English, |value| {
            Language::from_accept_language(Some(value))
        })
    }

    fn prefers_json(fields: &Fields<'_>) -> bool {
        let accepted = fields.text(FieldName::Accept).map(Accept);
        accepted.is_some_and(Accept::prefers_json)
    }

    /// Returns the language.
    pub(crate) fn language(self) -> Language {
        self.language
    }

    /// Returns the media type of [`Reader::write`].
    pub(crate) fn media_type(self) -> HeaderValue {
        HeaderValue::from_static(if self.json { PROBLEM } else { PAGE })
    }

    /// Returns the body of a response for a site, or for a request without one.
    pub(crate) fn write(
        self,
        notice: &Notice,
        status: StatusCode,
        site: Option<&PageCache>,
    ) -> Bytes {
        let name = site.map(|pages| pages.site.as_str());
        let render = || self.render(notice, status, name);
        match (site, notice.slot()) {
            (Some(pages), Some(slot)) => pages.bodies[slot * FORMATS + self.format()]
                .get_or_init(render)
                .clone(),
            _ => render(),
        }
    }

    fn format(self) -> usize {
        usize::from(self.language == Language::German) * 2 + usize::from(self.json)
    }

    fn render(self, notice: &Notice, status: StatusCode, site: Option<&str>) -> Bytes {
        let text = NoticeText::new(notice, status, self.language);
        if self.json {
            let problem = json!({
                "type": "about:blank",
            "title": text.title,
                "status": status.as_u16(),
            "detail": text.plain(),
            });
            return shrunk(problem.to_string());
        }
        let head = html! {
            @if let Some(seconds) = notice.reload() { meta http-equiv="refresh" content=(seconds); }
        };
        let page = html::NoticePage {
            language: self.language,
            site,
            title: &text.title,
            text: &text.markup(),
            retry: notice.retry_label(self.language),
            status: Some(status.as_u16()),
        };
        shrunk(page.document(&head))
    }
}

/// Drops the spare capacity of a text, as it may stay in memory until the client has read it.
fn shrunk(text: String) -> Bytes {
    text.into_boxed_str().into_boxed_bytes().into()
}

/// English and a page, for a request that could not be parsed.
impl Default for Reader {
    fn default() -> Self {
        let (language, json) = (Language::English, false);
        Self { language, json }
    }
}

impl PageCache {
    /// Creates the cache of a site of this name.
    pub(crate) fn of(site: String) -> Self {
        let bodies = std::array::from_fn(|_| OnceLock::new());
        Self { site, bodies }
    }
}

/// The value of an `Accept` field.
#[derive(Clone, Copy)]
struct Accept<'a>(&'a str);

impl Accept<'_> {
    /// Reports whether a range names JSON, and none of greater weight names HTML.
    fn prefers_json(self) -> bool {
        if !self.0.contains("json") {
            return false;
        }
        let json = self.weight(|media| media == "application/json" || media.ends_with("+json"));
        let html = self.weight(|media| matches!(media, "text/html" | "application/xhtml+xml"));
        json > 0.0 && json >= html
    }

    /// Returns the greatest weight of the media ranges that match.
    fn weight(self, matches: fn(&str) -> bool) -> f32 {
        let ranges = self.0.split(',');
        let ranges = ranges.map(|range| range.split(';').map(str::trim));
        let weights = ranges.filter_map(|mut parts| {
            let media = parts.next()?.to_ascii_lowercase();
            let weight = parts.find_map(|part| part.strip_prefix("q=")?.parse::<f32>().ok());
            matches(&media).then(|| weight.unwrap_or(1.0))
        });
        weights.fold(0.0, f32::max)
    }
}

#[cfg(test)]
mod tests {
    use time::macros::datetime;

    use super::*;
    use crate::{access::path::InvalidPath, tls::ClientCertificateError};

    fn reader(accept: &str, language: &str) -> Reader {
        Reader::of(&Fields::from([
            ("accept", accept),
            ("accept-language", language),
        ]))
    }

    fn written(notice: &Notice, accept: &str, language: &str) -> String {
        let reader = reader(accept, language);
        let pages = PageCache::of("home.example.org".into());
        let body = reader.write(notice, StatusCode::BAD_GATEWAY, Some(&pages));
        String::from_utf8(body.to_vec()).unwrap()
    }

    fn notices() -> Vec<Notice> {
        let reason = || {
            Box::new(ClientCertificateError::Expired(
                datetime!(2026-11-03 23:59 UTC),
            ))
        };
        vec![
            Notice::Malformed("two lengths"),
            Notice::BadPath(InvalidPath::Percent),
            Notice::Misdirected("<b>\"x".into()),
            Notice::ToHttps,
            Notice::ToFolder,
            Notice::ToOrigin,
            Notice::PasswordRequired(None),
            Notice::PasswordRequired(Some(reason())),
            Notice::CertificateRequired,
            Notice::CertificateInvalid(reason(), None),
            Notice::CertificateInvalid(reason(), Some("Anna's <phone>".into())),
            Notice::Outside,
            Notice::Masqueraded,
            Notice::ForeignOrigin,
            Notice::Throttled,
            Notice::TooLarge,
            Notice::HubStarting,
            Notice::OpenHabStarting,
            Notice::HubBroken,
            Notice::HubSlow,
            Notice::ClientSlow,
            Notice::Internal,
            Notice::Other,
        ]
    }

    #[test]
    fn each_notice_has_a_page_in_two_languages_with_site_status_and_retry_link() {
        for notice in notices() {
            let english = written(&notice, "text/html", "en");
            let german = written(&notice, "text/html", "de");
            assert_ne!(english, german);
            assert!(english.contains("lang=\"en\"") && german.contains("<html lang=\"de\""));
            for page in [&english, &german] {
                assert!(
                    page.contains(">home.example.org<") && page.contains(">502<"),
                    "{page}"
                );
                assert_eq!(
                    page.contains("href=\"\""),
                    notice.can_be_retried(),
                    "{page}"
                );
                assert!(
                    !page.contains("{")
                        || page.matches('{').count() == html::STYLE.matches('{').count()
                );
                assert!(
                    !page.contains("<b>\"x") && !page.contains("<phone>"),
                    "{page}"
                );
            }
        }
    }

    #[test]
    fn each_notice_has_problem_details() {
        for notice in notices() {
            let text = written(&notice, "application/json", "de");
            let problem: serde_json::Value = serde_json::from_str(&text).unwrap();
            assert_eq!(problem["status"], 502);
            let detail = problem["detail"].as_str().unwrap();
            assert!(
                !detail.is_empty() && !detail.contains(['{', '*']),
                "{detail}"
            );
        }
    }

    #[test]
    fn json_is_written_if_it_is_named_and_html_is_not_preferred() {
        for (accept, expected) in [
            ("application/json", true),
            ("application/problem+json", true),
            ("application/json, text/plain, */*", true),
            ("application/vnd.api+json;q=0.9", true),
            ("text/html, application/json", true),
            (
                "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8",
                false,
            ),
            ("text/html, application/json;q=0.9", false),
            ("application/json;q=0", false),
            ("*/*", false),
            ("", false),
        ] {
            assert_eq!(reader(accept, "en").json, expected, "{accept}");
        }
    }

    #[test]
    fn a_page_without_facts_is_rendered_once_for_a_site() {
        let pages = PageCache::of("a".into());
        let write =
            || Reader::default().write(&Notice::Outside, StatusCode::FORBIDDEN, Some(&pages));
        assert_eq!(write().as_ptr(), write().as_ptr());
    }

    #[test]
    fn each_notice_without_facts_has_its_own_slot() {
        let mut slots: Vec<_> = notices().iter().filter_map(Notice::slot).collect();
        let count = slots.len();
        slots.sort_unstable();
        slots.dedup();
        assert_eq!(slots.len(), count);
        assert!(slots.iter().all(|slot| *slot < FIXED));
    }
}
