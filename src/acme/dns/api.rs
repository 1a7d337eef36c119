//! HTTPS to the API of a DNS provider, and what its refusals mean.
//!
//! Whoever can send a request is an `Api`; time-outs, size limits and TLS are its own.

use std::{pin::Pin, sync::Arc};

use anyhow::Context;
use bytes::Bytes;
use http::{
    HeaderMap, HeaderValue, Method, Request, Response, StatusCode, Uri,
    header::{AUTHORIZATION, CONTENT_TYPE, RETRY_AFTER},
};
use serde::de::DeserializeOwned;
use time::{Duration, OffsetDateTime, format_description::well_known::Rfc2822};

use super::{fault, quoted};
use crate::acme::problem::{Class, Problem};

/// An answer on its way.
pub type Pending<'a> = Pin<Box<dyn Future<Output = Result<Response<Bytes>, Problem>> + Send + 'a>>;

/// Sends HTTPS requests; any status is an answer, only what prevents one is a problem.
pub trait Api: Send + Sync {
    /// Sends a request and reads the whole answer.
    fn call(&self, request: Request<Bytes>) -> Pending<'_>;
}

/// The API of one provider.
pub(super) struct Service {
    api: Arc<dyn Api>,
    base: String,
    authorization: Option<HeaderValue>,
}

impl Service {
    /// An API below the URL `base`.
    pub(super) fn new(api: Arc<dyn Api>, base: &str) -> Self {
        Self {
            api,
            base: base.trim_end_matches('/').to_owned(),
            authorization: None,
        }
    }

    /// The same API, told `scheme token` with each request.
    pub(super) fn authorized(self, scheme: &str, token: &str) -> anyhow::Result<Self> {
        let authorization = Some(authorization(scheme, token)?);
        Ok(Self {
            authorization,
            ..self
        })
    }

    /// Sends a request; `path` begins with a slash and may have a query.
    pub(super) async fn send(
        &self,
        method: Method,
        path: &str,
        body: Option<&serde_json::Value>,
    ) -> Result<Response<Bytes>, Problem> {
        let request = self.request(method, path, body);
        let request =
            request.map_err(|error| fault(format!("{}: no address: {error}", self.base)))?;
        let answer = self.api.call(request).await;
        answer.map_err(|problem| self.unreachable(problem))
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
            detail: format!("{} cannot be asked: {}", self.host(), problem.detail),
            ..problem
        }
    }

    /// The host, as it is named in sentences.
    pub(super) fn host(&self) -> String {
        let uri: Option<Uri> = self.base.parse().ok();
        let host = uri.as_ref().and_then(Uri::host);
        host.unwrap_or(&self.base).to_owned()
    }

    /// What an answer without success means; `said` is the provider's own reason.
    pub(super) fn refusal(&self, answer: &Response<Bytes>, said: &str) -> Problem {
        let (host, status, said) = (self.host(), answer.status(), quoted(said));
        let mut problem = fault(match status {
            StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => self.token_refused(&said),
            StatusCode::TOO_MANY_REQUESTS => format!("{host} was asked too often: {said}"),
            status if status.is_server_error() => {
                format!("{host} has a fault of its own ({status}), which passes: {said}")
            }
            _ => format!("{host} answers {status}: {said}"),
        });
        problem.retry_after = retry_after(answer.headers(), OffsetDateTime::now_utc());
        problem
    }

    /// The sentence for a token that does not open the door.
    pub(super) fn token_refused(&self, said: &str) -> String {
        format!(
            "the token is refused by {} ({}); \
             make a new one there that may edit the zone's DNS records",
            self.host(),
            quoted(said)
        )
    }

    /// Reads the JSON of an answer.
    pub(super) fn read<T: DeserializeOwned>(&self, answer: &Response<Bytes>) -> Result<T, Problem> {
        serde_json::from_slice(answer.body()).map_err(|mistake| {
            let said = quoted(&String::from_utf8_lossy(answer.body()));
            let (host, status) = (self.host(), answer.status());
            fault(format!(
                "{host} answers {status} with something unexpected ({mistake}): {said}"
            ))
        })
    }
}

fn authorization(scheme: &str, token: &str) -> anyhow::Result<HeaderValue> {
    let text = format!("{scheme} {}", token.trim());
    let mut value = HeaderValue::try_from(text)
        .ok()
        .context("the token has characters no token has; copy it again")?;
    value.set_sensitive(true);
    Ok(value)
}

/// When `Retry-After` allows the next request: seconds or a date (RFC 9110, 10.2.3).
pub(super) fn retry_after(headers: &HeaderMap, now: OffsetDateTime) -> Option<OffsetDateTime> {
    let text = headers.get(RETRY_AFTER)?.to_str().ok()?.trim();
    match text.parse::<u32>() {
        Ok(seconds) => Some(now + Duration::seconds(seconds.into())),
        Err(_) => OffsetDateTime::parse(text, &Rfc2822).ok(),
    }
}

#[cfg(test)]
mod tests {
    use time::macros::datetime;

    use super::*;
    use crate::acme::dns::testing::FakeApi;

    fn service(api: FakeApi) -> Service {
        let service = Service::new(Arc::new(api), "https://api.example.net/v1/");
        service.authorized("Bearer", "s3cret\n").unwrap()
    }

    #[tokio::test]
    async fn request_has_token_and_path() {
        let api = FakeApi::new(|request| {
            assert_eq!(request.uri(), "https://api.example.net/v1/zones?a=b");
            assert_eq!(request.headers()[AUTHORIZATION], "Bearer s3cret");
            (200, "{}".to_owned())
        });
        let answer = service(api).send(Method::GET, "/zones?a=b", None).await;
        assert_eq!(answer.unwrap().status(), 200);
    }

    #[tokio::test]
    async fn what_prevents_an_answer_names_the_host() {
        let problem = Problem::new(Class::Network, "no route");
        let api = FakeApi::broken(problem);
        let problem = service(api).send(Method::GET, "/", None).await.unwrap_err();
        assert_eq!(problem.class, Class::Provider);
        assert_eq!(problem.detail, "api.example.net cannot be asked: no route");
    }

    #[test]
    fn refusals_say_cause_and_cure() {
        let service = service(FakeApi::new(|_| (200, String::new())));
        let refusal = |status| {
            let answer = Response::builder().status(status);
            service
                .refusal(&answer.body(Bytes::new()).unwrap(), "why")
                .detail
        };
        assert!(refusal(401).starts_with("the token is refused by api.example.net (why); make"));
        assert!(refusal(403).starts_with("the token is refused"));
        assert_eq!(refusal(429), "api.example.net was asked too often: why");
        assert!(refusal(503).contains("which passes"));
        assert!(refusal(400).contains("answers 400 Bad Request: why"));
    }

    #[test]
    fn token_with_a_line_break_is_a_mistake() {
        assert!(authorization("Bearer", "a\nb").is_err());
        let value = authorization("Bearer", "abc").unwrap();
        assert!(!format!("{value:?}").contains("abc"));
    }

    #[test]
    fn retry_after_is_seconds_or_a_date() {
        let now = datetime!(2026-01-01 00:00 UTC);
        let read = |text| {
            let mut headers = HeaderMap::new();
            headers.insert(RETRY_AFTER, HeaderValue::from_static(text));
            retry_after(&headers, now)
        };
        assert_eq!(read("90"), Some(datetime!(2026-01-01 00:01:30 UTC)));
        let date = read("Wed, 21 Oct 2026 07:28:00 GMT");
        assert_eq!(date, Some(datetime!(2026-10-21 07:28 UTC)));
        assert_eq!(read("soon"), None);
    }
}
