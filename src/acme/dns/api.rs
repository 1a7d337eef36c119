//! HTTPS to the API of a DNS provider, and explanations of its refusals.
//!
//! Time limits, size limits and TLS are left to the implementation of `Api`.

use std::{pin::Pin, sync::Arc};

use anyhow::Context;
use bytes::Bytes;
use http::{
    HeaderValue, Method, Request, Response, StatusCode, Uri,
    header::{AUTHORIZATION, CONTENT_TYPE},
};
use serde::de::DeserializeOwned;
use time::OffsetDateTime;

use super::quoted;
use crate::acme::{
    https::retry_after,
    problem::{Class, Problem},
};

/// The future of a response.
pub type Pending<'a> = Pin<Box<dyn Future<Output = Result<Response<Bytes>, Problem>> + Send + 'a>>;

/// Sends HTTPS requests; a response of any status is a success.
pub trait Api: Send + Sync {
    /// Sends a request and reads the whole response.
    fn call(&self, request: Request<Bytes>) -> Pending<'_>;
}

/// The API of one provider.
pub(super) struct Service {
    api: Arc<dyn Api>,
    base: String,
    authorization: Option<HeaderValue>,
}

impl Service {
    /// Uses an API below the URL `base`.
    pub(super) fn new(api: Arc<dyn Api>, base: &str) -> Self {
        Self {
            api,
            base: base.trim_end_matches('/').to_owned(),
            authorization: None,
        }
    }

    /// Adds `Authorization: SCHEME TOKEN` to each request.
    ///
    /// # Errors
    /// A token with characters that no header can have.
    pub(super) fn authorized(self, scheme: &str, token: &str) -> anyhow::Result<Self> {
        let text = format!("{scheme} {}", token.trim());
        let mut authorization = HeaderValue::try_from(text)
            .ok()
            .context("the token has invalid characters; copy it again")?;
        authorization.set_sensitive(true);
        Ok(Self {
            authorization: Some(authorization),
            ..self
        })
    }

    /// Sends a request; `path` begins with a slash and can have a query.
    pub(super) async fn send(
        &self,
        method: Method,
        path: &str,
        body: Option<&serde_json::Value>,
    ) -> Result<Response<Bytes>, Problem> {
        let request = self.request(method, path, body);
        let request = request.map_err(|error| {
            Problem::provider(format!("{} is not a valid URL: {error}", self.base))
        })?;
        let response = self.api.call(request).await;
        response.map_err(|problem| self.unreachable(problem))
    }

    fn request(
        &self,
        method: Method,
        path: &str,
        body: Option<&serde_json::Value>,
    ) -> http::Result<Request<Bytes>> {
        let mut request = Request::builder()
            .method(method)
            .uri(format!("{}{path}", self.base));
        if let Some(authorization) = &self.authorization {
            request = request.header(AUTHORIZATION, authorization);
        }
        let Some(body) = body else {
            return request.body(Bytes::new());
        };
        request
            .header(CONTENT_TYPE, "application/json")
            .body(body.to_string().into())
    }

    fn unreachable(&self, problem: Problem) -> Problem {
        Problem {
            class: Class::Provider,
            detail: format!("the request to {} failed: {}", self.host(), problem.detail),
            ..problem
        }
    }

    /// Returns the host of the API, for messages.
    pub(super) fn host(&self) -> String {
        let uri: Option<Uri> = self.base.parse().ok();
        let host = uri.as_ref().and_then(Uri::host);
        host.unwrap_or(&self.base).to_owned()
    }

    /// Explains a response without success; `reason` is the provider's text.
    pub(super) fn refusal(&self, response: &Response<Bytes>, reason: &str) -> Problem {
        let (host, status, reason) = (self.host(), response.status(), quoted(reason));
        let mut problem = Problem::provider(match status {
            StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => self.token_refused(&reason),
            StatusCode::TOO_MANY_REQUESTS => {
                format!("{host} limits the rate of requests: {reason}")
            }
            status if status.is_server_error() => {
                format!("{host} has a temporary failure ({status}): {reason}")
            }
            _ => format!("{host} answers {status}: {reason}"),
        });
        problem.retry_after =
            retry_after::from_headers(response.headers(), OffsetDateTime::now_utc());
        problem
    }

    /// Returns the message for a token that the provider refuses.
    pub(super) fn token_refused(&self, reason: &str) -> String {
        format!(
            "the token is refused by {} ({}); \
             create one there that can edit the zone's DNS records",
            self.host(),
            quoted(reason)
        )
    }

    /// Parses the JSON of a response.
    pub(super) fn parse<T: DeserializeOwned>(
        &self,
        response: &Response<Bytes>,
    ) -> Result<T, Problem> {
        serde_json::from_slice(response.body()).map_err(|error| {
            let text = quoted(&String::from_utf8_lossy(response.body()));
            let (host, status) = (self.host(), response.status());
            Problem::provider(format!(
                "{host} answers {status} with unexpected content ({error}): {text}"
            ))
        })
    }
}

#[cfg(test)]
mod tests {
    use http::header::RETRY_AFTER;
    use time::macros::datetime;

    use super::*;
    use crate::acme::dns::testing::FakeApi;

    fn service(api: FakeApi) -> Service {
        let service = Service::new(Arc::new(api), "https://api.example.net/v1/");
        service.authorized("Bearer", "s3cret\n").unwrap()
    }

    #[tokio::test]
    async fn a_request_has_token_and_path() {
        let api = FakeApi::new(|request| {
            assert_eq!(request.uri(), "https://api.example.net/v1/zones?a=b");
            assert_eq!(request.headers()[AUTHORIZATION], "Bearer s3cret");
            (200, "{}".to_owned())
        });
        let answer = service(api).send(Method::GET, "/zones?a=b", None).await;
        assert_eq!(answer.unwrap().status(), 200);
    }

    #[tokio::test]
    async fn the_problem_of_a_failed_request_names_the_host() {
        let problem = Problem::new(Class::Network, "no route");
        let api = FakeApi::broken(problem);
        let problem = service(api).send(Method::GET, "/", None).await.unwrap_err();
        assert_eq!(problem.class, Class::Provider);
        assert_eq!(
            problem.detail,
            "the request to api.example.net failed: no route"
        );
    }

    #[test]
    fn refusals_have_cause_and_cure() {
        let service = service(FakeApi::new(|_| (200, String::new())));
        let refusal = |status| {
            let response = Response::builder().status(status);
            service
                .refusal(&response.body(Bytes::new()).unwrap(), "why")
                .detail
        };
        assert!(refusal(401).starts_with("the token is refused by api.example.net (why); create"));
        assert!(refusal(403).starts_with("the token is refused"));
        let limited = "api.example.net limits the rate of requests: why";
        assert_eq!(refusal(429), limited);
        assert!(refusal(503).contains("a temporary failure"));
        assert!(refusal(400).contains("answers 400 Bad Request: why"));
    }

    #[test]
    fn a_token_with_a_line_break_is_refused() {
        let authorized = |token| {
            let api = Arc::new(FakeApi::new(|_| (200, String::new())));
            Service::new(api, "https://api.example.net").authorized("Bearer", token)
        };
        assert!(authorized("a\nb").is_err());
        let header = authorized("abc").unwrap().authorization;
        assert!(!format!("{header:?}").contains("abc"));
    }

    #[test]
    fn a_refusal_has_the_moment_of_retry_after_in_any_form() {
        let service = service(FakeApi::new(|_| (200, String::new())));
        for date in ["Sunday, 06-Nov-94 08:49:37 GMT", "Sun Nov  6 08:49:37 1994"] {
            let response = Response::builder().status(429).header(RETRY_AFTER, date);
            let problem = service.refusal(&response.body(Bytes::new()).unwrap(), "why");
            assert_eq!(problem.retry_after, Some(datetime!(1994-11-06 8:49:37 UTC)));
        }
    }
}
