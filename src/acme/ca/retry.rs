//! Retries of requests: after `badNonce`, at which instant-acme gives up after three attempts, and
//! after a failure of the network if a repetition is harmless.

use std::time::{Duration, Instant};

use instant_acme::Error;
use tokio::time::sleep;

use super::failure::Failure;
use crate::acme::problem::Class;

/// Rounds of a request; each has the three attempts of instant-acme, 24 in all.
const ROUNDS: u32 = 8;

/// Repeats a request until it succeeds or fails for another reason than `badNonce`.
///
/// A macro, because the futures of a function with a closure are not `Send`.
macro_rules! retry_bad_nonce {
    ($request:expr) => {{
        let mut attempts = crate::acme::ca::retry::NonceAttempts::default();
        loop {
            if let Some(result) = attempts.settle($request.await) {
                break result;
            }
        }
    }};
}
pub(super) use retry_bad_nonce;

/// Repeats a request until a deadline, after `badNonce` and after failures of the network or CA.
///
/// For requests that may reach the CA twice: those that only read.
macro_rules! retry_read {
    ($until:expr, $request:expr) => {{
        let mut retries = crate::acme::ca::retry::NetworkRetries::until($until);
        loop {
            match crate::acme::ca::retry::retry_bad_nonce!($request) {
                Err(failure) if retries.wait(&failure).await => {}
                result => break result,
            }
        }
    }};
}
pub(super) use retry_read;

/// Retries after the first attempt; later ones are left to the schedule of the certificate.
const RETRIES: u32 = 3;
/// The pause before the first retry; each later one is twice as long.
const FIRST_PAUSE: Duration = Duration::from_millis(500);

/// Retries of one request after failures of the network or the CA.
pub(super) struct NetworkRetries {
    until: Instant,
    left: u32,
    pause: Duration,
}

impl NetworkRetries {
    /// Permits retries until a deadline.
    pub(super) fn until(until: Instant) -> Self {
        Self {
            until,
            left: RETRIES,
            pause: FIRST_PAUSE,
        }
    }

    /// Waits before the next retry, as long as the CA demands or twice as long as before.
    ///
    /// Returns false if no retry is permitted: the failure is permanent, or the retries or the
    /// time are used up.
    pub(super) async fn wait(&mut self, failure: &Failure) -> bool {
        let pause = self.pause.max(failure.retry_after());
        let is_transient = failure.problem.class == Class::Network;
        if !is_transient || self.left == 0 || Instant::now() + pause > self.until {
            return false;
        }
        self.left -= 1;
        self.pause *= 2;
        sleep(pause).await;
        true
    }
}

/// The number of rounds of a request, each of which may end with `badNonce`.
#[derive(Default)]
pub(super) struct NonceAttempts(u32);

impl NonceAttempts {
    /// Returns the result of a request, or none if the request is to be repeated.
    pub(super) fn settle<T>(&mut self, result: Result<T, Error>) -> Option<Result<T, Failure>> {
        self.0 += 1;
        match result.map_err(Failure::from) {
            Err(failure) if failure.is_bad_nonce() && self.0 < ROUNDS => None,
            result => Some(result),
        }
    }
}
