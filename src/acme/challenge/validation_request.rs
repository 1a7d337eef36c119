//! A validation request: a CA or another client requests the response to a challenge.

use std::net::IpAddr;

use time::OffsetDateTime;

/// A validation request that arrived while a challenge was set up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ValidationRequest {
    /// The client's address; never an IPv4 address mapped into IPv6.
    pub peer: IpAddr,
    /// The moment of arrival.
    pub at: OffsetDateTime,
    /// True if the request got the response of the challenge.
    pub answered: bool,
}
