//! Patience with `badNonce`: instant-acme gives up after three in a row, an issuance in a busy
//! hour must not.

/// With instant-acme's three attempts each: 24 in all.
pub(super) const ROUNDS: u32 = 8;

/// Attempts a request until it is done or fails with something else than `badNonce`; a
/// `Result<_, Failure>`.
///
/// A macro, since an async closure's future cannot be shown to be `Send` where it borrows.
macro_rules! persist {
    ($attempt:expr) => {{
        let mut rounds = $crate::acme::authority::persist::ROUNDS;
        loop {
            rounds -= 1;
            match $attempt
                .await
                .map_err($crate::acme::authority::failure::Failure::from)
            {
                Err(failure) if failure.is_bad_nonce() && rounds > 0 => {}
                done => break done,
            }
        }
    }};
}

pub(super) use persist;
