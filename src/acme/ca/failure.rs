//! A failed request to the CA, with the facts on which its retry depends.

use http::{
    HeaderMap, Response, StatusCode,
    header::{AsHeaderName, CONTENT_TYPE, LINK},
};
use instant_acme::Error;
use time::OffsetDateTime;

use super::{detail::Detail, document::Document};
use crate::acme::{
    https::retry_after,
    problem::{Cause, Class, Problem},
};

/// A failed request to the CA.
#[derive(Debug, thiserror::Error)]
#[error("{problem}")]
pub(super) struct Failure {
    pub(super) problem: Problem,
    /// The HTTP status of the response, if there was one.
    pub(super) status: Option<StatusCode>,
    /// The type of the problem document without its prefix, if there was one.
    pub(super) kind: Option<String>,
}

impl Failure {
    /// Detects a response without a success status, and the HTML page of a captive portal.
    pub(super) fn detect<B: AsRef<[u8]>>(response: &Response<B>) -> Option<Self> {
        let content = response.headers().get(CONTENT_TYPE);
        let is_html = content.is_some_and(|content| content.as_bytes().starts_with(b"text/html"));
        let is_success = response.status().is_success() && !is_html;
        (!is_success).then(|| Self::from_response(response, OffsetDateTime::now_utc()))
    }

    /// Makes the failure of a response that is not a success.
    pub(super) fn from_response<B: AsRef<[u8]>>(
        response: &Response<B>,
        now: OffsetDateTime,
    ) -> Self {
        let status = response.status();
        let response = ErrorResponse(response);
        let mut failure = match response.document() {
            Some(document) => Self::from_document(&document, Some(status)),
            None => Self::from(response.without_document()),
        };
        failure.status = Some(status);
        if failure.problem.cause == Some(Cause::UserAction) {
            failure.problem.link = response.action_page();
        }
        let retry_after = retry_after::from_headers(response.0.headers(), now);
        failure.problem.retry_after = retry_after.or(failure.problem.retry_after);
        failure
    }

    pub(super) fn from_document(
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

    /// Makes the failure of an order that is still `processing` at the deadline; `next` is the
    /// moment of the next poll.
    fn still_processing(next: Option<std::time::Instant>) -> Self {
        let wait = next.map(|next| next.saturating_duration_since(std::time::Instant::now()));
        let retry_after =
            wait.and_then(|wait| OffsetDateTime::now_utc().checked_add(wait.try_into().ok()?));
        Self::from(Problem {
            retry_after,
            ..Problem::network("the CA is still at work on the order")
        })
    }

    pub(super) fn is_bad_nonce(&self) -> bool {
        self.kind.as_deref() == Some("badNonce")
    }

    /// Returns true if the requested URL does not exist at the CA: 404 or 410.
    pub(super) fn is_gone(&self) -> bool {
        matches!(self.status, Some(StatusCode::NOT_FOUND | StatusCode::GONE))
    }

    /// Returns the time until the CA accepts another request; zero if it names none.
    pub(super) fn retry_after(&self) -> std::time::Duration {
        let moment = self.problem.retry_after;
        let wait = moment.map(|moment| moment - OffsetDateTime::now_utc());
        let wait = wait.and_then(|wait| wait.try_into().ok());
        wait.unwrap_or_default()
    }

    /// Classifies a failed request of an order: after 404 and 410 the order is gone.
    pub(super) fn into_order_problem(self) -> Problem {
        let is_gone = self.is_gone() && self.problem.class != Class::AccountGone;
        match is_gone {
            true => self.problem.with_class(Class::OrderGone),
            false => self.problem,
        }
    }

    /// Classifies a failed resumption: after a refusal the order is gone.
    pub(super) fn into_resumption_problem(self) -> Problem {
        let problem = self.into_order_problem();
        match problem.class {
            Class::Refused | Class::Validation => problem.with_class(Class::OrderGone),
            _ => problem,
        }
    }

    /// Classifies a failed registration: `unauthorized` is a refusal, of the external account
    /// binding if there is one.
    pub(super) fn of_registration(mut self, is_bound: bool) -> Self {
        let problem = &mut self.problem;
        if matches!(problem.class, Class::Validation | Class::AccountGone) {
            problem.class = Class::Refused;
            problem.cause = problem.cause.or(is_bound.then_some(Cause::ExternalAccount));
        }
        self
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
            Error::Api(document) => Self::from_document(&document, None),
            Error::Timeout(next) => Self::still_processing(next),
            Error::KeyRejected => Problem::new(
                Class::AccountGone,
                "the stored key of the account cannot be read",
            )
            .into(),
            Error::Other(other) => other.downcast().map_or_else(
                |other| Problem::network(other.to_string()).into(),
                |failure| *failure,
            ),
            Error::Json(fault) => {
                let fault = Detail::new(&fault.to_string());
                Problem::network(format!("the CA's response is not ACME's JSON ({fault})")).into()
            }
            other => Problem::network(other.to_string()).into(),
        }
    }
}

/// The longest URL that is passed on to the operator, in bytes.
const LONGEST_URL: usize = 500;

/// A response of the CA that is not a success.
struct ErrorResponse<'a, B>(&'a Response<B>);

impl<B: AsRef<[u8]>> ErrorResponse<'_, B> {
    /// Parses the problem document, whatever the content type.
    fn document(&self) -> Option<instant_acme::Problem> {
        let document: instant_acme::Problem =
            serde_json::from_slice(self.0.body().as_ref()).ok()?;
        let is_document = document.r#type.is_some() || document.detail.is_some();
        is_document.then_some(document)
    }

    /// Makes the problem of a response without a problem document.
    fn without_document(&self) -> Problem {
        let content = header_text(self.0.headers(), CONTENT_TYPE);
        let content = content.map_or("no content", |content| {
            content.split(';').next().unwrap_or(content)
        });
        let status = self.0.status().as_u16();
        Problem::network(format!("the CA answered {status} with {content}"))
    }

    /// Returns the page to which `userActionRequired` refers (RFC 8555, 7.3.3): the document's
    /// `instance`, or the terms of service.
    fn action_page(&self) -> Option<String> {
        #[derive(serde::Deserialize)]
        struct Document {
            instance: Option<String>,
        }

        let Document { instance } = serde_json::from_slice(self.0.body().as_ref()).ok()?;
        let page = instance.or_else(|| self.terms_of_service())?;
        let is_url = page.starts_with("https://") || page.starts_with("http://");
        is_url
            .then(|| Detail::new(&page).to_string())
            .filter(|page| page.len() <= LONGEST_URL)
    }

    /// Returns the target of `Link: <URL>;rel="terms-of-service"` (RFC 8288).
    fn terms_of_service(&self) -> Option<String> {
        let links = self.0.headers().get_all(LINK).into_iter();
        let links = links.filter_map(|link| link.to_str().ok());
        links.flat_map(|link| link.split(',')).find_map(|link| {
            let (target, parameters) = link.trim().strip_prefix('<')?.split_once('>')?;
            parameters
                .contains("terms-of-service")
                .then(|| target.to_owned())
        })
    }
}

/// Returns the text of a header; none if it has other bytes than visible ASCII.
pub(super) fn header_text(headers: &HeaderMap, name: impl AsHeaderName) -> Option<&str> {
    headers.get(name)?.to_str().ok()
}
