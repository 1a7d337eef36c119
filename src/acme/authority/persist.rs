//! Patience with `badNonce`: instant-acme gives up after three in a row, an issuance in a busy
//! hour must not.

use instant_acme::Error;

use super::failure::Failure;

/// With instant-acme's three attempts each: 24 in all.
const ROUNDS: u32 = 8;

/// Attempts a request until it is done or fails with something else than `badNonce`.
pub(super) async fn persist<T>(
    mut attempt: impl AsyncFnMut() -> Result<T, Error>,
) -> Result<T, Failure> {
    for _ in 1..ROUNDS {
        match attempt().await.map_err(Failure::from) {
            Err(failure) if failure.is_bad_nonce() => {}
            done => return done,
        }
    }
    attempt().await.map_err(Failure::from)
}
