//! How instant-acme's requests reach the CA, and what it would drop of the answers.
//!
//! An answer of failure becomes a `Failure` here, where its headers still are; `badNonce` alone
//! passes, because instant-acme then signs anew.

use std::{
    pin::Pin,
    sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError},
    time::Instant,
};

use bytes::Bytes;
use http::{
    HeaderMap, HeaderValue, Method, Request, Response, Uri,
    header::{CONTENT_TYPE, DATE, LOCATION, RETRY_AFTER},
};
use http_body_util::BodyExt;
use instant_acme::{BodyWrapper, BytesResponse, Error, HttpClient};
use time::{Duration, OffsetDateTime};
use url::Url;

use super::{failure::Failure, persist::Outages, retry_after};
use crate::acme::{
    client::HttpsClient,
    problem::{Class, Problem},
};

/// How requests reach one CA.
#[derive(Clone)]
pub(super) struct Transport {
    client: HttpsClient,
    clock_skew: Arc<Mutex<Option<Duration>>>,
    /// Until when the last answer wants the CA not to be asked again.
    retry_after: Arc<Mutex<Option<OffsetDateTime>>>,
    /// The directory as it was read, with its URL: instant-acme reads it again.
    directory: Arc<OnceLock<(Uri, Response<Bytes>)>>,
    nonces: Arc<Mutex<Nonces>>,
}

/// Nonces of the CA's answers (RFC 8555, 6.5).
#[derive(Default)]
struct Nonces {
    /// That of the last answer, which instant-acme may hold too.
    last: Option<String>,
    /// One that instant-acme has dropped.
    spare: Option<String>,
}

impl Transport {
    pub(super) fn new(client: HttpsClient) -> Self {
        Self {
            client,
            clock_skew: Arc::default(),
            retry_after: Arc::default(),
            directory: Arc::default(),
            nonces: Arc::default(),
        }
    }

    /// Keeps the nonce of the last answer for the next request without one: instant-acme drops
    /// that of an answer which ends an operation, and would ask for another.
    pub(super) fn keep_nonce(&self) {
        let mut nonces = self.nonces();
        nonces.spare = nonces.last.take();
    }

    fn nonces(&self) -> MutexGuard<'_, Nonces> {
        locked(&self.nonces)
    }

    /// Reads the directory, once for all that follows.
    pub(super) async fn directory(&self, url: &str) -> Result<Response<Bytes>, Failure> {
        // Once more: a kept schedule would wait for half a minute.
        let until = Instant::now() + AGAIN;
        let mut outages = Outages::until(until);
        let answer = loop {
            match self.get(url).await {
                Err(failure) if outages.wait(&failure).await => {}
                answer => break answer?,
            }
        };
        self.keep_nonce();
        if let Ok(url) = url.parse() {
            self.directory.set((url, answer.clone())).ok();
        }
        Ok(answer)
    }

    /// An answer that is there already: the directory, or a nonce.
    fn read_before(&self, request: &Request<Bytes>) -> Option<Response<Bytes>> {
        // Only nonces are asked for by HEAD.
        if request.method() == Method::HEAD {
            let nonce = self.nonces().spare.take()?;
            let answer = Response::builder().header(REPLAY_NONCE, nonce);
            return answer.body(Bytes::new()).ok();
        }
        let (url, answer) = self.directory.get()?;
        let is_directory = request.method() == Method::GET && request.uri() == url;
        is_directory.then(|| answer.clone())
    }

    /// The CA's clock minus ours, as its last answer had it.
    pub(super) fn clock_skew(&self) -> Option<Duration> {
        *locked(&self.clock_skew)
    }

    /// The time left of the last answer's `Retry-After`, if it has one.
    pub(super) fn retry_after(&self) -> std::time::Duration {
        let until = *locked(&self.retry_after);
        let left = until.map(|until| until - OffsetDateTime::now_utc());
        left.and_then(|left| left.try_into().ok())
            .unwrap_or_default()
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
        let now = OffsetDateTime::now_utc();
        *locked(&self.retry_after) = retry_after::in_headers(answer.headers(), now);
        let nonce = answer.headers().get(REPLAY_NONCE);
        let nonce = nonce.and_then(|nonce| nonce.to_str().ok());
        self.nonces().last = nonce.map(str::to_owned);
        Ok(answer)
    }

    fn read_clock(&self, answer: &Response<Bytes>) {
        let date = answer.headers().get(DATE).and_then(|it| it.to_str().ok());
        if let Some(date) = date.and_then(retry_after::date) {
            let skew = date - OffsetDateTime::now_utc();
            *locked(&self.clock_skew) = Some(skew);
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
            let url = head.uri.clone();
            let Ok(body) = body.collect().await;
            let request = Request::from_parts(head, body.to_bytes());
            let mut answer = match transport.read_before(&request) {
                Some(answer) => answer,
                None => transport.ask(request).await?,
            };
            if let Some(failure) = failure(&answer).filter(|it| !it.is_bad_nonce()) {
                return Err(failure.into());
            }
            shorten_wait(answer.headers_mut());
            resolve_location(&url, answer.headers_mut());
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

/// Makes a relative `Location` absolute (RFC 9110, 10.2.2), since it is asked for later.
pub(super) fn resolve_location(url: &Uri, headers: &mut HeaderMap) {
    let location = headers.get(LOCATION).and_then(|it| it.to_str().ok());
    let resolved = location.and_then(|location| resolve(url, location));
    if let Some(resolved) = resolved.and_then(|url| HeaderValue::try_from(url).ok()) {
        headers.insert(LOCATION, resolved);
    }
}

/// A reference as RFC 3986, 5.2, resolves it; none for one that is absolute.
fn resolve(url: &Uri, reference: &str) -> Option<String> {
    if Url::parse(reference).is_ok() {
        return None;
    }
    let base = Url::parse(&url.to_string()).ok()?;
    base.join(reference).ok().map(Into::into)
}

fn locked<T>(value: &Mutex<T>) -> MutexGuard<'_, T> {
    value.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The field of an answer's nonce (RFC 8555, 6.5.1).
const REPLAY_NONCE: &str = "replay-nonce";
/// How soon the directory is read again, at most, after a fault of the way to it.
const AGAIN: std::time::Duration = std::time::Duration::from_secs(1);

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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_relative_location_is_resolved_against_the_request() {
        let url: Uri = "https://ca.test:14000/acme/new-order".parse().unwrap();
        for (location, resolved) in [
            ("https://other.test/order/1", "https://other.test/order/1"),
            ("/order/1", "https://ca.test:14000/order/1"),
            ("order/1", "https://ca.test:14000/acme/order/1"),
            ("../order/1", "https://ca.test:14000/order/1"),
            ("./order/1?a=b", "https://ca.test:14000/acme/order/1?a=b"),
            ("//other.test/order/1", "https://other.test/order/1"),
            ("?order=1", "https://ca.test:14000/acme/new-order?order=1"),
            (
                "/order/1?next=http://x",
                "https://ca.test:14000/order/1?next=http://x",
            ),
        ] {
            let value = HeaderValue::from_static(location);
            let mut headers = HeaderMap::from_iter([(LOCATION, value)]);
            resolve_location(&url, &mut headers);
            assert_eq!(headers[LOCATION], resolved, "{location}");
        }
    }
}
