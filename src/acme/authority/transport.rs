//! How instant-acme's requests reach the CA, and what it would drop of the answers.
//!
//! An answer of failure becomes a `Failure` here, where its headers still are; `badNonce` alone
//! passes, because instant-acme then signs anew.

use std::{
    pin::Pin,
    sync::{Arc, Mutex, PoisonError},
};

use bytes::Bytes;
use http::{
    HeaderMap, HeaderValue, Request, Response,
    header::{CONTENT_TYPE, DATE, RETRY_AFTER},
};
use http_body_util::BodyExt;
use instant_acme::{BodyWrapper, BytesResponse, Error, HttpClient};
use time::{Duration, OffsetDateTime};

use super::{failure::Failure, retry_after};
use crate::acme::{
    client::HttpsClient,
    problem::{Class, Problem},
};

/// How requests reach one CA.
#[derive(Clone)]
pub(super) struct Transport {
    client: HttpsClient,
    clock_skew: Arc<Mutex<Option<Duration>>>,
}

impl Transport {
    pub(super) fn new(client: HttpsClient) -> Self {
        Self {
            client,
            clock_skew: Arc::default(),
        }
    }

    /// The CA's clock minus ours, as its last answer had it.
    pub(super) fn clock_skew(&self) -> Option<Duration> {
        *self
            .clock_skew
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }

    /// Asks; an answer is one of success.
    pub(super) async fn get(&self, url: &str) -> Result<Response<Bytes>, Failure> {
        let request = Request::get(url).body(Bytes::new());
        let request = request
            .map_err(|fault| Problem::new(Class::Refused, format!("{url} is no URL ({fault})")))?;
        let answer = self.ask(request).await?;
        match failure(&answer) {
            Some(failure) => Err(failure),
            None => Ok(answer),
        }
    }

    async fn ask(&self, request: Request<Bytes>) -> Result<Response<Bytes>, Failure> {
        let answer = self.client.send(request).await?;
        self.read_clock(&answer);
        Ok(answer)
    }

    fn read_clock(&self, answer: &Response<Bytes>) {
        let date = answer.headers().get(DATE).and_then(|it| it.to_str().ok());
        if let Some(date) = date.and_then(retry_after::date) {
            let skew = date - OffsetDateTime::now_utc();
            *self
                .clock_skew
                .lock()
                .unwrap_or_else(PoisonError::into_inner) = Some(skew);
        }
    }
}

impl HttpClient for Transport {
    fn request(
        &self,
        request: Request<BodyWrapper<Bytes>>,
    ) -> Pin<Box<dyn Future<Output = Result<BytesResponse, Error>> + Send>> {
        let transport = self.clone();
        Box::pin(async move {
            let (head, body) = request.into_parts();
            let Ok(body) = body.collect().await;
            let request = Request::from_parts(head, body.to_bytes());
            let mut answer = transport.ask(request).await?;
            if let Some(failure) = failure(&answer).filter(|it| !it.is_bad_nonce()) {
                return Err(failure.into());
            }
            shorten_wait(answer.headers_mut());
            let (parts, body) = answer.into_parts();
            Ok(BytesResponse {
                parts,
                body: Box::new(body),
            })
        })
    }
}

/// instant-acme adds the seconds of `Retry-After` to the clock, and panics where that ends; no
/// order is waited for so long.
pub(super) fn shorten_wait(headers: &mut HeaderMap) {
    let wait = headers.get(RETRY_AFTER).and_then(|it| it.to_str().ok());
    let seconds = wait.and_then(|it| it.trim().parse::<u64>().ok());
    if seconds.is_some_and(|seconds| seconds > LONGEST_WAIT) {
        headers.insert(RETRY_AFTER, HeaderValue::from(LONGEST_WAIT));
    }
}

/// A day, in seconds.
const LONGEST_WAIT: u64 = 24 * 60 * 60;

/// What is wrong with an answer: it is none of success, or a page for people, as captive portals
/// have them.
fn failure(answer: &Response<Bytes>) -> Option<Failure> {
    let content = answer.headers().get(CONTENT_TYPE);
    let is_page = content.is_some_and(|it| it.as_bytes().starts_with(b"text/html"));
    let is_success = answer.status().is_success() && !is_page;
    (!is_success).then(|| Failure::of_answer(answer, OffsetDateTime::now_utc()))
}
