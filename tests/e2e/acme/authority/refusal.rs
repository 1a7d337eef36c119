//! Problem documents of refused requests, in Let's Encrypt's words.

use time::{
    OffsetDateTime, UtcDateTime, format_description::BorrowedFormatItem, macros::format_description,
};

use super::{Endpoint, response::Response};

/// A problem in place of what was asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// Too many certificates, and when it ends.
    RateLimited(RetryAfter),
    /// A name that failed too often: user action required on a page.
    Paused,
    /// The certificate to be replaced has been replaced (RFC 9773, section 7.4).
    AlreadyReplaced,
    /// There is no such profile.
    InvalidProfile,
    /// There is no such account.
    AccountDoesNotExist,
    /// Certificates for this name are not issued.
    RejectedIdentifier,
    /// A CAA record of the name forbids it.
    Caa,
    /// The certificate request differs from the order.
    BadCsr,
    /// An external account is required.
    ExternalAccountRequired,
    /// User action required on a page (RFC 8555, section 7.3.3).
    UserActionRequired,
}

/// Forms in which a rate limit announces its end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RetryAfter {
    /// `Retry-After` in seconds.
    Seconds(u64),
    /// `Retry-After` as a date.
    Date(OffsetDateTime),
    /// In the text alone.
    Text(OffsetDateTime),
}

impl Refusal {
    pub(super) fn answer(&self) -> Response {
        let (status, kind) = self.problem();
        let answer = Response::problem(status, kind, &self.detail());
        match self {
            Self::RateLimited(RetryAfter::Seconds(seconds)) => {
                answer.with("retry-after", seconds.to_string())
            }
            Self::UserActionRequired => answer.with("link", TERMS),
            Self::RateLimited(RetryAfter::Date(end)) => answer.with("retry-after", http_date(*end)),
            _ => answer,
        }
    }

    /// Returns the endpoint that refuses.
    pub(super) fn endpoint(&self) -> Endpoint {
        match self {
            Self::BadCsr | Self::Caa => Endpoint::Finalize,
            Self::ExternalAccountRequired => Endpoint::NewAccount,
            _ => Endpoint::NewOrder,
        }
    }

    fn problem(&self) -> (u16, &'static str) {
        match self {
            Self::RateLimited(_) | Self::Paused => (429, "rateLimited"),
            Self::AlreadyReplaced => (409, "alreadyReplaced"),
            Self::InvalidProfile => (400, "invalidProfile"),
            Self::AccountDoesNotExist => (400, "accountDoesNotExist"),
            Self::RejectedIdentifier => (400, "rejectedIdentifier"),
            Self::Caa => (403, "caa"),
            Self::BadCsr => (400, "badCSR"),
            Self::ExternalAccountRequired => (403, "externalAccountRequired"),
            Self::UserActionRequired => (403, "userActionRequired"),
        }
    }

    fn detail(&self) -> String {
        match self {
            Self::RateLimited(RetryAfter::Text(end)) => too_many(&format!(
                ", retry after {} UTC",
                UtcDateTime::from(*end).format(TEXT_DATE).unwrap()
            )),
            Self::RateLimited(_) => too_many(""),
            Self::Paused => PAUSED.to_owned(),
            Self::AlreadyReplaced => "Could not validate ARI 'replaces' field :: cannot indicate an \
                order replaces certificate with serial \"03\", which already has a replacement order"
                .to_owned(),
            Self::InvalidProfile => "Profile name not recognized".to_owned(),
            Self::AccountDoesNotExist => "Account not found".to_owned(),
            Self::RejectedIdentifier => "Invalid identifiers requested :: Cannot issue for \
                \"home.test\": The ACME server refuses to issue a certificate for this domain \
                name, because it is forbidden by policy"
                .to_owned(),
            Self::Caa => "CAA record for home.test prevents issuance".to_owned(),
            Self::BadCsr => "Error finalizing order :: CSR does not specify same identifiers as \
                Order"
                .to_owned(),
            Self::ExternalAccountRequired => {
                "No external account binding was included in the request".to_owned()
            }
            Self::UserActionRequired => "Terms of service have changed".to_owned(),
        }
    }
}

fn too_many(end: &str) -> String {
    format!(
        "too many certificates (5) already issued for this exact set of identifiers in the last \
         168h0m0s{end}: see https://letsencrypt.org/docs/rate-limits/#new-certificates-per-exact-set-of-identifiers"
    )
}

/// The date in HTTP's format (RFC 9110, section 5.6.7).
pub(super) fn http_date(moment: OffsetDateTime) -> String {
    UtcDateTime::from(moment).format(HTTP_DATE).unwrap()
}

const TEXT_DATE: &[BorrowedFormatItem<'_>] =
    format_description!("[year]-[month]-[day] [hour]:[minute]:[second]");

const HTTP_DATE: &[BorrowedFormatItem<'_>] = format_description!(
    "[weekday repr:short], [day] [month repr:short] [year] [hour]:[minute]:[second] GMT"
);

const TERMS: &str = "<https://ca.test/agreement>;rel=\"terms-of-service\"";

const PAUSED: &str = "Your account is temporarily prevented from requesting certificates for \
    home.test and possibly others. Please visit: https://portal.test/sfe/v1/unpause?jwt=abc";
