//! A visit to a proof that was up.

use std::net::IpAddr;

use time::OffsetDateTime;

/// Somebody who came to our server for a challenge.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Hit {
    /// From where; never an IPv4 address mapped into IPv6.
    pub peer: IpAddr,
    /// When.
    pub at: OffsetDateTime,
    /// Whether the proof was given, because the challenge was live.
    pub answered: bool,
}
