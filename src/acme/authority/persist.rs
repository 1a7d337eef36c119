//! Patience with `badNonce`: instant-acme gives up after three in a row, an issuance in a busy
//! hour must not.

use instant_acme::Error;

use super::failure::Failure;

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
