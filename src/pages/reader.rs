//! The reader of a local response: language and form, and the response in them.

use std::sync::OnceLock;

use bytes::Bytes;
use http::{HeaderValue, StatusCode};
use maud::html;
use serde_json::json;

use super::{
    notice::{FIXED, Notice},
    words::{self, Words},
};
use crate::{
    fields::{FieldName, Fields},
    look::{self, Language},
};

/// What a client reads, by its Accept and Accept-Language (RFC 9110, section 12.5).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Reader {
    language: Language,
    /// Whether it is a program that takes JSON rather than a page.
    json: bool,
}

/// The pages of a site without a fact in them, each made once.
pub(crate) struct Pages {
    site: String,
    made: [OnceLock<Bytes>; FIXED * FORMS],
}

/// Languages times forms.
const FORMS: usize = 4;
/// RFC 9457, section 3.
const PROBLEM: &str = "application/problem+json";
const PAGE: &str = "text/html; charset=utf-8";

impl Reader {
    /// The reader of a request's response.
    pub(crate) fn of(fields: &Fields<'_>) -> Self {
        Self {
            language: language(fields),
            json: prefers_json(fields),
        }
    }

    /// The language it reads.
    pub(crate) fn language(self) -> Language {
        self.language
    }

    /// The media type of what [`Reader::write`] makes.
    pub(crate) fn media_type(self) -> HeaderValue {
        HeaderValue::from_static(if self.json { PROBLEM } else { PAGE })
    }

    /// The body of a response to a request for a site, or for none.
    pub(crate) fn write(self, notice: &Notice, status: StatusCode, site: Option<&Pages>) -> Bytes {
        let name = site.map(|pages| pages.site.as_str());
        let make = || self.render(notice, status, name);
        match (site, notice.slot()) {
            (Some(pages), Some(slot)) => pages.made[slot * FORMS + self.form()]
                .get_or_init(make)
                .clone(),
            _ => make(),
        }
    }

    fn form(self) -> usize {
        usize::from(self.language == Language::German) * 2 + usize::from(self.json)
    }

    fn render(self, notice: &Notice, status: StatusCode, site: Option<&str>) -> Bytes {
        let words = Words::of(notice, status, self.language);
        if self.json {
            let problem = json!({
                "type": "about:blank",
                "title": words.title,
                "status": status.as_u16(),
                "detail": words.plain(),
            });
            return exactly(problem.to_string());
        }
        let retry = notice.can_be_retried().then(|| words::again(self.language));
        let head = html! {
            @if let Some(seconds) = notice.reload() { meta http-equiv="refresh" content=(seconds); }
        };
        let page = look::Notice {
            language: self.language,
            site,
            title: &words.title,
            text: &words.markup(),
            retry,
            status: Some(status.as_u16()),
        };
        exactly(page.document(&head))
    }
}

/// The text without the room that it grew in: it may wait for its client.
fn exactly(text: String) -> Bytes {
    text.into_boxed_str().into_boxed_bytes().into()
}

/// English, and a page: for a request that could not be read.
impl Default for Reader {
    fn default() -> Self {
        let (language, json) = (Language::English, false);
        Self { language, json }
    }
}

impl Pages {
    /// The pages of a site of this name.
    pub(crate) fn of(site: String) -> Self {
        let made = std::array::from_fn(|_| OnceLock::new());
        Self { site, made }
    }
}

/// Each request is looked at, so what cannot name German is not parsed.
fn language(fields: &Fields<'_>) -> Language {
    let accepted = fields.text(FieldName::AcceptLanguage);
    let accepted = accepted
        .filter(|value| value.contains("de") || value.contains("DE") || value.contains('*'));
    accepted.map_or(Language::English, |value| Language::of(Some(value)))
}

/// Whether JSON is named, and no page is preferred to it.
fn prefers_json(fields: &Fields<'_>) -> bool {
    let accepted = fields
        .text(FieldName::Accept)
        .filter(|value| value.contains("json"));
    let Some(accepted) = accepted else {
        return false;
    };
    let weight = |wanted: fn(&str) -> bool| {
        let ranges = accepted
            .split(',')
            .map(|range| range.split(';').map(str::trim));
        let fitting = ranges.filter_map(|mut parts| {
            let media = parts.next()?.to_ascii_lowercase();
            let weight = parts.find_map(|part| part.strip_prefix("q=")?.parse::<f32>().ok());
            wanted(&media).then(|| weight.unwrap_or(1.0))
        });
        fitting.fold(0.0, f32::max)
    };
    let json = weight(|media| media == "application/json" || media.ends_with("+json"));
    json > 0.0 && json >= weight(|media| matches!(media, "text/html" | "application/xhtml+xml"))
}

#[cfg(test)]
mod tests {
    use time::macros::datetime;

    use super::*;
    use crate::{access::path::BadPath, tls::Reason};

    fn reader(accept: &str, language: &str) -> Reader {
        Reader::of(&Fields::from([
            ("accept", accept),
            ("accept-language", language),
        ]))
    }

    fn written(notice: &Notice, accept: &str, language: &str) -> String {
        let reader = reader(accept, language);
        let pages = Pages::of("home.example.org".into());
        let body = reader.write(notice, StatusCode::BAD_GATEWAY, Some(&pages));
        String::from_utf8(body.to_vec()).unwrap()
    }

    fn notices() -> Vec<Notice> {
        let reason = || Box::new(Reason::Expired(datetime!(2026-11-03 23:59 UTC)));
        vec![
            Notice::Malformed("two lengths"),
            Notice::BadPath(BadPath::Percent),
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
    fn each_notice_is_a_page_in_two_languages_with_site_status_and_a_link_to_retry() {
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
                        || page.matches('{').count() == look::STYLE.matches('{').count()
                );
                assert!(
                    !page.contains("<b>\"x") && !page.contains("<phone>"),
                    "{page}"
                );
            }
        }
    }

    #[test]
    fn each_notice_is_a_problem_for_programs() {
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
    fn json_is_written_where_it_is_named_and_no_page_preferred() {
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
    fn a_page_without_facts_is_made_once_for_a_site() {
        let pages = Pages::of("a".into());
        let write =
            || Reader::default().write(&Notice::Outside, StatusCode::FORBIDDEN, Some(&pages));
        assert_eq!(write().as_ptr(), write().as_ptr());
    }

    #[test]
    fn each_fixed_notice_has_a_slot_of_its_own() {
        let mut slots: Vec<_> = notices().iter().filter_map(Notice::slot).collect();
        let count = slots.len();
        slots.sort_unstable();
        slots.dedup();
        assert_eq!(slots.len(), count);
        assert!(slots.iter().all(|slot| *slot < FIXED));
    }
}
