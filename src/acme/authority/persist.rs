//! Requests that are made again: after `badNonce`, with which instant-acme gives up after three in
//! a row, and, where a repetition does no harm, after a fault of the way to the CA.

use std::time::{Duration, Instant};

use instant_acme::Error;
use time::OffsetDateTime;
use tokio::time::sleep;

use super::failure::Failure;
use crate::acme::problem::Class;

/// With instant-acme's three attempts each: 24 in all.
const ROUNDS: u32 = 8;

/// Makes the future of a request again and again until it is done, or fails with something else
/// than `badNonce`.
///
/// A function of a closure would do but for the futures, which are then not `Send`.
macro_rules! persist {
    ($request:expr) => {{
        let mut rounds = crate::acme::authority::persist::Rounds::default();
        loop {
            if let Some(done) = rounds.settle($request.await) {
                break done;
            }
        }
    }};
}
pub(super) use persist;

/// Persists, and makes a request again until a moment while the network or the CA fails.
///
/// For what may reach the CA twice: everything that reads.
macro_rules! endure {
    ($until:expr, $request:expr) => {{
        let mut outages = crate::acme::authority::persist::Outages::until($until);
        loop {
            match crate::acme::authority::persist::persist!($request) {
                Err(failure) if outages.wait(&failure).await => {}
                done => break done,
            }
        }
    }};
}
pub(super) use endure;

/// Tries after the first; then the schedule of the certificate decides.
const AGAIN: u32 = 3;
const FIRST_PAUSE: Duration = Duration::from_millis(500);

/// The faults of the way to the CA that one request has met.
pub(super) struct Outages {
    until: Instant,
    left: u32,
    pause: Duration,
}

impl Outages {
    pub(super) fn until(until: Instant) -> Self {
        Self {
            until,
            left: AGAIN,
            pause: FIRST_PAUSE,
        }
    }

    /// Waits before another try, as long as the CA says or twice as long as before; false if there
    /// is none.
    pub(super) async fn wait(&mut self, failure: &Failure) -> bool {
        let pause = self.pause.max(asked(failure));
        let is_passing = failure.problem.class == Class::Network;
        if !is_passing || self.left == 0 || Instant::now() + pause > self.until {
            return false;
        }
        self.left -= 1;
        self.pause *= 2;
        sleep(pause).await;
        true
    }
}

/// The pause that the CA asks for.
fn asked(failure: &Failure) -> Duration {
    let again = failure.problem.retry_after;
    let wait = again.map_or(time::Duration::ZERO, |at| at - OffsetDateTime::now_utc());
    wait.try_into().unwrap_or(Duration::ZERO)
}

/// How often a request was made.
#[derive(Default)]
pub(super) struct Rounds(u32);

impl Rounds {
    /// What became of the request; none if it is to be made again.
    pub(super) fn settle<T>(&mut self, result: Result<T, Error>) -> Option<Result<T, Failure>> {
        self.0 += 1;
        match result.map_err(Failure::from) {
            Err(failure) if failure.is_bad_nonce() && self.0 < ROUNDS => None,
            done => Some(done),
        }
    }
}
