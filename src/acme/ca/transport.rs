//! HTTP transport for instant-acme, which also stores clock, `Retry-After` and nonces of the CA's
//! responses.
//!
//! A response without success becomes a `Failure` here, because instant-acme drops its headers.
//! Only `badNonce` passes: instant-acme then signs the request again.

use std::{
    pin::Pin,
    sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError},
    time::Instant,
};

use bytes::Bytes;
use http::{
    HeaderMap, HeaderValue, Method, Request, Response, Uri,
    header::{DATE, LOCATION, RETRY_AFTER},
};
use http_body_util::BodyExt;
use instant_acme::{BodyWrapper, BytesResponse, Error, HttpClient};
use time::{Duration, OffsetDateTime};
use url::Url;

use super::{
    failure::{Failure, header_text},
    retry::NetworkRetries,
};
use crate::acme::{
    https::{HttpsClient, retry_after},
    problem::{Class, Problem},
};

/// The header of a response's nonce (RFC 8555, 6.5.1).
const REPLAY_NONCE: &str = "replay-nonce";
/// The time for retries of the directory after failures of the network.
const DIRECTORY_RETRIES: std::time::Duration = std::time::Duration::from_secs(1);
/// The longest `Retry-After` that instant-acme sees, in seconds: a day.
const LONGEST_WAIT: u64 = 24 * 60 * 60;

/// The transport to one CA; clones share its state.
#[derive(Clone)]
pub(super) struct Transport {
    client: HttpsClient,
    /// The directory with its URL, as it was read: instant-acme requests it again.
    directory: Arc<OnceLock<(Uri, Response<Bytes>)>>,
    state: Arc<Mutex<State>>,
}

/// Facts from the CA's responses.
#[derive(Default)]
struct State {
    /// The CA's clock minus this machine's.
    clock_skew: Option<Duration>,
    /// The moment that the last response names in `Retry-After`.
    retry_after: Option<OffsetDateTime>,
    /// The nonce of the last response (RFC 8555, 6.5); instant-acme may hold it too.
    last_nonce: Option<String>,
    /// A nonce that instant-acme has dropped.
    spare_nonce: Option<String>,
}

impl Transport {
    pub(super) fn new(client: HttpsClient) -> Self {
        Self {
            client,
            directory: Arc::default(),
            state: Arc::default(),
        }
    }

    /// Keeps the nonce of the last response for the next request that needs one.
    ///
    /// instant-acme drops the nonce of the response that ends an operation.
    pub(super) fn keep_nonce(&self) {
        let mut state = self.state();
        state.spare_nonce = state.last_nonce.take();
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Reads the directory, and stores it for instant-acme.
    pub(super) async fn directory(&self, url: &str) -> Result<Response<Bytes>, Failure> {
        // Without this retry, the next attempt is the schedule's, half a minute later.
        let mut retries = NetworkRetries::until(Instant::now() + DIRECTORY_RETRIES);
        let response = loop {
            match self.get(url).await {
                Err(failure) if retries.wait(&failure).await => {}
                result => break result?,
            }
        };
        self.keep_nonce();
        if let Ok(url) = url.parse() {
            self.directory.set((url, response.clone())).ok();
        }
        Ok(response)
    }

    /// Returns a response that needs no request: the directory, or the spare nonce.
    fn stored_response(&self, request: &Request<Bytes>) -> Option<Response<Bytes>> {
        // instant-acme sends HEAD to newNonce only.
        if request.method() == Method::HEAD {
            let nonce = self.state().spare_nonce.take()?;
            let response = Response::builder().header(REPLAY_NONCE, nonce);
            return response.body(Bytes::new()).ok();
        }
        let (url, response) = self.directory.get()?;
        let is_directory = request.method() == Method::GET && request.uri() == url;
        is_directory.then(|| response.clone())
    }

    /// Returns the CA's clock minus this machine's, by the last response with a `Date`.
    pub(super) fn clock_skew(&self) -> Option<Duration> {
        self.state().clock_skew
    }

    /// Returns the time that is left of the last response's `Retry-After`; zero without one.
    pub(super) fn retry_after(&self) -> std::time::Duration {
        let until = self.state().retry_after;
        let left = until.map(|until| until - OffsetDateTime::now_utc());
        left.and_then(|left| left.try_into().ok())
            .unwrap_or_default()
    }

    /// Sends a GET request; a response without success is a failure.
    pub(super) async fn get(&self, url: &str) -> Result<Response<Bytes>, Failure> {
        let request = Request::get(url).body(Bytes::new());
        let request = request.map_err(|fault| {
            Problem::new(
                Class::Refused,
                format!("{url} is not a valid URL ({fault})"),
            )
        })?;
        let response = self.send(request).await?;
        match Failure::detect(&response) {
            Some(failure) => Err(failure),
            None => Ok(response),
        }
    }

    async fn send(&self, request: Request<Bytes>) -> Result<Response<Bytes>, Failure> {
        let response = self.client.send(request).await?;
        self.state().observe(response.headers());
        Ok(response)
    }
}

impl State {
    /// Keeps the nonce of a failed response, which instant-acme does not see (RFC 8555, 6.5).
    fn keep_nonce_of(&mut self, headers: &HeaderMap) {
        let nonce = header_text(headers, REPLAY_NONCE).map(str::to_owned);
        self.spare_nonce = nonce.or(self.spare_nonce.take());
    }

    /// Reads clock, `Retry-After` and nonce of a response.
    fn observe(&mut self, headers: &HeaderMap) {
        let now = OffsetDateTime::now_utc();
        if let Some(date) = header_text(headers, DATE).and_then(retry_after::parse_date) {
            self.clock_skew = Some(date - now);
        }
        self.retry_after = retry_after::from_headers(headers, now);
        self.last_nonce = header_text(headers, REPLAY_NONCE).map(str::to_owned);
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
            let mut response = match transport.stored_response(&request) {
                Some(response) => response,
                None => transport.send(request).await?,
            };
            let failure = Failure::detect(&response);
            if let Some(failure) = failure.filter(|failure| !failure.is_bad_nonce()) {
                transport.state().keep_nonce_of(response.headers());
                return Err(failure.into());
            }
            shorten_wait(response.headers_mut());
            resolve_location(&url, response.headers_mut());
            let (parts, body) = response.into_parts();
            Ok(BytesResponse {
                parts,
                body: Box::new(body),
            })
        })
    }
}

/// Limits `Retry-After` to a day: instant-acme adds the seconds to the clock and panics on
/// overflow.
pub(super) fn shorten_wait(headers: &mut HeaderMap) {
    let wait = header_text(headers, RETRY_AFTER);
    let seconds = wait.and_then(|wait| wait.trim().parse::<u64>().ok());
    if seconds.is_some_and(|seconds| seconds > LONGEST_WAIT) {
        headers.insert(RETRY_AFTER, HeaderValue::from(LONGEST_WAIT));
    }
}

/// Makes a relative `Location` absolute (RFC 9110, 10.2.2; RFC 3986, 5.2), because instant-acme
/// does not resolve it.
fn resolve_location(url: &Uri, headers: &mut HeaderMap) {
    let location = header_text(headers, LOCATION);
    let Some(reference) = location.filter(|location| Url::parse(location).is_err()) else {
        return;
    };
    let base = Url::parse(&url.to_string()).ok();
    let resolved = base.and_then(|base| base.join(reference).ok());
    if let Some(resolved) = resolved.and_then(|url| HeaderValue::try_from(url.as_str()).ok()) {
        headers.insert(LOCATION, resolved);
    }
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
