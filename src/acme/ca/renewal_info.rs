//! ACME renewal information (RFC 9773): the window in which the CA suggests a renewal.

use http::Response;
use rustls::pki_types::CertificateDer;
use serde::Deserialize;
use time::{Duration, OffsetDateTime};

use crate::acme::{
    https::retry_after,
    problem::{Class, Problem},
};

/// The polling interval without `Retry-After` (RFC 9773, 4.3.3).
const POLL: Duration = Duration::hours(6);
/// The bounds of `Retry-After` (RFC 9773, 4.3.2).
const SOONEST: Duration = Duration::minutes(1);
const LATEST: Duration = Duration::days(1);

/// The window in which the CA suggests the renewal of a certificate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RenewalWindow {
    /// The start; in the past if the CA has revoked the certificate or is about to.
    pub start: OffsetDateTime,
    /// The end, later than the start.
    pub end: OffsetDateTime,
    /// A page of the CA that explains the window.
    pub explanation_url: Option<String>,
    /// The moment of the next poll: a minute to a day after this one.
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
    /// Parses the response to a poll at `now`.
    pub(super) fn parse<B: AsRef<[u8]>>(
        response: &Response<B>,
        now: OffsetDateTime,
    ) -> Result<Self, Problem> {
        let info: RenewalInfo =
            serde_json::from_slice(response.body().as_ref()).map_err(|fault| malformed(&fault))?;
        let SuggestedWindow { start, end } = info.suggested_window;
        let (Some(start), Some(end)) = (retry_after::to_utc(start), retry_after::to_utc(end))
        else {
            return Err(malformed(&"its year is outside the calendar"));
        };
        if end <= start {
            return Err(malformed(&"its window ends before it starts"));
        }
        let poll_again = retry_after::from_headers(response.headers(), now).unwrap_or(now + POLL);
        Ok(Self {
            start,
            end,
            explanation_url: info.explanation_url,
            poll_again: poll_again.clamp(now + SOONEST, now + LATEST),
        })
    }
}

/// Returns the unique identifier of a certificate in DER (RFC 9773, 4.1), as renewal information
/// and `replaces` use it.
///
/// # Errors
/// `Class::Unusable` for bytes that are not a certificate with an authority key identifier.
pub fn ari_id(leaf_der: &[u8]) -> Result<String, Problem> {
    certificate_identifier(leaf_der).map(|identifier| identifier.to_string())
}

pub(super) fn certificate_identifier(
    leaf_der: &[u8],
) -> Result<instant_acme::CertificateIdentifier<'static>, Problem> {
    instant_acme::CertificateIdentifier::try_from(&CertificateDer::from(leaf_der))
        .map(instant_acme::CertificateIdentifier::into_owned)
        .map_err(|fault| Problem::new(Class::Unusable, fault))
}

fn malformed(cause: &dyn std::fmt::Display) -> Problem {
    Problem::network(format!(
        "the CA's renewal information is malformed: {cause}"
    ))
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
        let mut response = Response::builder();
        if let Some(wait) = wait {
            response = response.header("retry-after", wait);
        }
        RenewalWindow::parse(&response.body(body).unwrap(), NOW)
    }

    #[test]
    fn a_window_is_parsed_with_the_moment_of_the_next_poll() {
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
    fn the_polling_interval_is_bounded_and_has_a_default() {
        let poll_again = |wait| parse(wait, BODY).unwrap().poll_again - NOW;
        assert_eq!(poll_again(None), Duration::hours(6));
        assert_eq!(poll_again(Some("0")), Duration::MINUTE);
        assert_eq!(poll_again(Some("99999999")), Duration::DAY);
    }

    #[test]
    fn a_malformed_window_is_a_problem() {
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
    fn a_certificate_is_identified_by_authority_key_and_serial_number() {
        let ca = TestCa::new("ca");
        let mut params = leaf_params("home");
        params.serial_number = Some(SerialNumber::from_slice(&[0x87, 0x65, 0x43, 0x21]));
        params.use_authority_key_identifier_extension = true;
        let leaf = params.signed_by(&new_key(), &ca.issuer).unwrap();
        let id = ari_id(leaf.der()).unwrap();
        let (authority, serial) = id.split_once('.').unwrap();
        // The serial number of RFC 9773's example, with DER's leading zero.
        assert_eq!(serial, "AIdlQyE");
        assert!(!authority.is_empty());
        assert_eq!(
            ari_id(b"no certificate").unwrap_err().class,
            Class::Unusable
        );
    }
}
