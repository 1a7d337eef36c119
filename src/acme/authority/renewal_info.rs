//! When the CA wants a certificate renewed (RFC 9773).

use http::Response;
use rustls::pki_types::CertificateDer;
use serde::Deserialize;
use time::{Duration, OffsetDateTime};

use super::retry_after;
use crate::acme::problem::{Class, Problem};

/// When to ask again if the CA does not say (RFC 9773, 4.3.3).
const POLL: Duration = Duration::hours(6);
/// What is taken of the CA's word on that (RFC 9773, 4.3.2).
const SOONEST: Duration = Duration::minutes(1);
const LATEST: Duration = Duration::days(1);

/// When the CA wants a certificate renewed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RenewalWindow {
    /// The begin; in the past if the certificate was revoked or soon will be.
    pub start: OffsetDateTime,
    /// The end, after the begin.
    pub end: OffsetDateTime,
    /// A page that says why.
    pub explanation_url: Option<String>,
    /// When to ask again, between a minute and a day from when it was asked.
    pub poll_again: OffsetDateTime,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct RenewalInfo {
    suggested_window: SuggestedWindow,
    #[serde(rename = "explanationURL")]
    explanation_url: Option<String>,
}

#[derive(Deserialize)]
struct SuggestedWindow {
    #[serde(with = "time::serde::rfc3339")]
    start: OffsetDateTime,
    #[serde(with = "time::serde::rfc3339")]
    end: OffsetDateTime,
}

impl RenewalWindow {
    pub(super) fn parse<B: AsRef<[u8]>>(
        answer: &Response<B>,
        now: OffsetDateTime,
    ) -> Result<Self, Problem> {
        let info: RenewalInfo =
            serde_json::from_slice(answer.body().as_ref()).map_err(|fault| senseless(&fault))?;
        let SuggestedWindow { start, end } = info.suggested_window;
        let (Some(start), Some(end)) = (retry_after::in_utc(start), retry_after::in_utc(end))
        else {
            return Err(senseless(&"it lies beyond all calendars"));
        };
        if end <= start {
            return Err(senseless(&"it ends before it begins"));
        }
        let poll_again = retry_after::in_headers(answer.headers(), now).unwrap_or(now + POLL);
        Ok(Self {
            start,
            end,
            explanation_url: info.explanation_url,
            poll_again: poll_again.clamp(now + SOONEST, now + LATEST),
        })
    }
}

/// The name of a certificate in renewal information and in `replaces` (RFC 9773, 4.1).
///
/// # Errors
/// `Class::Unusable` for what is no certificate, or has no authority key identifier.
pub fn ari_id(leaf_der: &[u8]) -> Result<String, Problem> {
    identifier(leaf_der).map(|identifier| identifier.to_string())
}

pub(super) fn identifier(
    leaf_der: &[u8],
) -> Result<instant_acme::CertificateIdentifier<'static>, Problem> {
    let leaf = CertificateDer::from(leaf_der);
    instant_acme::CertificateIdentifier::try_from(&leaf)
        .map(instant_acme::CertificateIdentifier::into_owned)
        .map_err(|fault| Problem::new(Class::Unusable, fault))
}

fn senseless(cause: &dyn std::fmt::Display) -> Problem {
    Problem::new(
        Class::Network,
        format!("the CA's renewal information makes no sense: {cause}"),
    )
}

#[cfg(test)]
mod tests {
    use rcgen::SerialNumber;
    use time::macros::datetime;

    use super::*;
    use crate::tls::testing::{TestCa, leaf_params, new_key};

    const NOW: OffsetDateTime = datetime!(2026-11-25 12:00 UTC);
    const BODY: &str = r#"{"suggestedWindow": {"start": "2026-12-01T00:00:00Z",
        "end": "2026-12-03T00:00:00.5+01:00"}, "explanationURL": "https://ca.example/why"}"#;

    fn parse(wait: Option<&str>, body: &'static str) -> Result<RenewalWindow, Problem> {
        let mut answer = Response::builder();
        if let Some(wait) = wait {
            answer = answer.header("retry-after", wait);
        }
        RenewalWindow::parse(&answer.body(body).unwrap(), NOW)
    }

    #[test]
    fn a_window_is_read_with_when_to_ask_again() {
        let window = parse(Some("3600"), BODY).unwrap();
        assert_eq!(window.start, datetime!(2026-12-01 0:00 UTC));
        assert_eq!(window.end, datetime!(2026-12-02 23:00:00.5 UTC));
        assert_eq!(
            window.explanation_url.as_deref(),
            Some("https://ca.example/why")
        );
        assert_eq!(window.poll_again, NOW + Duration::HOUR);
    }

    #[test]
    fn asking_again_is_bounded_and_has_a_default() {
        let poll_again = |wait| parse(wait, BODY).unwrap().poll_again - NOW;
        assert_eq!(poll_again(None), Duration::hours(6));
        assert_eq!(poll_again(Some("0")), Duration::MINUTE);
        assert_eq!(poll_again(Some("99999999")), Duration::DAY);
    }

    #[test]
    fn a_senseless_window_is_a_problem() {
        let backwards = r#"{"suggestedWindow":
            {"start": "2026-12-03T00:00:00Z", "end": "2026-12-01T00:00:00Z"}}"#;
        let beyond = r#"{"suggestedWindow":
            {"start": "2026-12-03T00:00:00Z", "end": "9999-12-31T23:59:59-01:00"}}"#;
        for body in [backwards, beyond, "{}", "garbage", ""] {
            assert_eq!(
                parse(None, body).unwrap_err().class,
                Class::Network,
                "{body}"
            );
        }
    }

    #[test]
    fn a_certificate_is_named_by_authority_and_serial() {
        let ca = TestCa::new("ca");
        let mut params = leaf_params("home");
        params.serial_number = Some(SerialNumber::from_slice(&[0x87, 0x65, 0x43, 0x21]));
        params.use_authority_key_identifier_extension = true;
        let leaf = params.signed_by(&new_key(), &ca.issuer).unwrap();
        let id = ari_id(leaf.der()).unwrap();
        let (authority, serial) = id.split_once('.').unwrap();
        // RFC 9773's own example has this serial number, with the zero DER puts before it.
        assert_eq!(serial, "AIdlQyE");
        assert!(!authority.is_empty());
        assert_eq!(
            ari_id(b"no certificate").unwrap_err().class,
            Class::Unusable
        );
    }
}
