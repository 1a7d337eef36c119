//! A request to the CA that failed, with what decides how it is taken.

use http::{
    HeaderMap, Response, StatusCode,
    header::{CONTENT_TYPE, LINK},
};
use instant_acme::Error;
use time::OffsetDateTime;

use super::{
    document::{Document, one_line},
    retry_after,
};
use crate::acme::problem::{Cause, Class, Problem};

/// A request to the CA that failed.
#[derive(Debug, thiserror::Error)]
#[error("{problem}")]
pub(super) struct Failure {
    pub(super) problem: Problem,
    /// The HTTP status, if there was an answer.
    pub(super) status: Option<StatusCode>,
    /// The type of the problem document without its prefix, if there was one.
    pub(super) kind: Option<String>,
}

impl Failure {
    /// What became of an answer that is none of success.
    pub(super) fn of_answer<B: AsRef<[u8]>>(answer: &Response<B>, now: OffsetDateTime) -> Self {
        let document = serde_json::from_slice(answer.body().as_ref());
        let document = document.ok().filter(is_document);
        let status = answer.status();
        let mut failure = match document {
            Some(document) => Self::of_document(&document, Some(status)),
            None => Self::from(strange(status, answer.headers())),
        };
        failure.status = Some(status);
        if failure.problem.cause == Some(Cause::UserAction) {
            failure.problem.link = page(answer);
        }
        let asked = retry_after::in_headers(answer.headers(), now);
        failure.problem.retry_after = asked.or(failure.problem.retry_after);
        failure
    }

    pub(super) fn of_document(
        document: &instant_acme::Problem,
        status: Option<StatusCode>,
    ) -> Self {
        let document = Document::new(document);
        Self {
            problem: document.problem(status),
            status,
            kind: document.kind().map(str::to_owned),
        }
    }

    pub(super) fn is_bad_nonce(&self) -> bool {
        self.kind.as_deref() == Some("badNonce")
    }

    /// Whether the CA knows nothing at the URL that was asked.
    pub(super) fn is_gone(&self) -> bool {
        matches!(self.status, Some(StatusCode::NOT_FOUND | StatusCode::GONE))
    }
}

impl From<Problem> for Failure {
    fn from(problem: Problem) -> Self {
        Self {
            problem,
            status: None,
            kind: None,
        }
    }
}

impl From<Failure> for Problem {
    fn from(failure: Failure) -> Self {
        failure.problem
    }
}

impl From<Failure> for Error {
    fn from(failure: Failure) -> Self {
        Self::Other(Box::new(failure))
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        match error {
            Error::Api(document) => Self::of_document(&document, None),
            Error::Timeout(next) => still_at_work(next).into(),
            Error::KeyRejected => Problem::new(
                Class::AccountGone,
                "the kept key of the account cannot be read",
            )
            .into(),
            Error::Other(other) => other.downcast().map_or_else(
                |other| Problem::new(Class::Network, other.to_string()).into(),
                |failure| *failure,
            ),
            Error::Json(fault) => Problem::new(
                Class::Network,
                format!(
                    "the CA answered with something else than ACME's JSON ({})",
                    one_line(&fault.to_string())
                ),
            )
            .into(),
            other => Problem::new(Class::Network, other.to_string()).into(),
        }
    }
}

/// Whether what came is ACME's, whatever its content type says.
fn is_document(document: &instant_acme::Problem) -> bool {
    document.r#type.is_some() || document.detail.is_some()
}

/// The page that `userActionRequired` leads to (RFC 8555, 7.3.3): `instance` of the document, or
/// the terms of service.
fn page<B: AsRef<[u8]>>(answer: &Response<B>) -> Option<String> {
    let Instance { instance } = serde_json::from_slice(answer.body().as_ref()).ok()?;
    let page = instance.or_else(|| terms_of_service(answer.headers()))?;
    let is_page = page.starts_with("https://") || page.starts_with("http://");
    is_page
        .then(|| one_line(&page))
        .filter(|page| page.len() <= LONGEST_PAGE)
}

#[derive(serde::Deserialize)]
struct Instance {
    instance: Option<String>,
}

/// The longest URL that is repeated, in bytes.
const LONGEST_PAGE: usize = 500;

/// The target of `Link: <URL>;rel="terms-of-service"` (RFC 8288).
fn terms_of_service(headers: &HeaderMap) -> Option<String> {
    let links = headers.get_all(LINK).into_iter();
    let links = links.filter_map(|link| link.to_str().ok());
    links.flat_map(|link| link.split(',')).find_map(|link| {
        let (target, parameters) = link.trim().strip_prefix('<')?.split_once('>')?;
        parameters
            .contains("terms-of-service")
            .then(|| target.to_owned())
    })
}

fn strange(status: StatusCode, headers: &HeaderMap) -> Problem {
    let content = headers.get(CONTENT_TYPE).and_then(|it| it.to_str().ok());
    let content = content.map_or("no content", |it| it.split(';').next().unwrap_or(it));
    Problem::new(
        Class::Network,
        format!("the CA answered {} with {content}", status.as_u16()),
    )
}

fn still_at_work(next: Option<std::time::Instant>) -> Problem {
    let wait = next.map(|next| next.saturating_duration_since(std::time::Instant::now()));
    Problem {
        retry_after: wait
            .and_then(|wait| OffsetDateTime::now_utc().checked_add(wait.try_into().ok()?)),
        ..Problem::new(Class::Network, "the CA is still at work on the order")
    }
}
