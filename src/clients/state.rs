//! The state of each device, for `hubgate client list`.

use std::net::IpAddr;

use serde::{Deserialize, Serialize};
use time::{OffsetDateTime, serde::rfc3339};

use super::{
    register::{Client, Register},
    sightings::LastSeen,
};

/// The state of a device's certificate.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct State {
    /// Name of the device.
    pub name: String,
    /// Serial number of the certificate, in upper-case hexadecimal.
    pub serial: String,
    /// Validity of the certificate.
    pub standing: Standing,
    /// Time of issue (RFC 3339).
    #[serde(with = "rfc3339")]
    pub issued: OffsetDateTime,
    /// End of the validity (RFC 3339).
    #[serde(with = "rfc3339")]
    pub expires: OffsetDateTime,
    /// Time of the revocation (RFC 3339).
    #[serde(with = "rfc3339::option")]
    pub revoked: Option<OffsetDateTime>,
    /// Time at which the device last presented it (RFC 3339).
    #[serde(with = "rfc3339::option")]
    pub last_seen: Option<OffsetDateTime>,
    /// Address from which the device last presented it.
    pub last_seen_from: Option<IpAddr>,
}

/// The validity of a certificate.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Standing {
    /// Valid.
    Good,
    /// Valid for at most 30 days.
    EndsSoon,
    /// Expired.
    Ended,
    /// Revoked.
    Revoked,
}

/// Returns the states of all certificates, the oldest first.
#[must_use]
pub fn of(register: &Register, last_seen: &LastSeen, now: OffsetDateTime) -> Vec<State> {
    let clients = register.clients().iter();
    clients
        .map(|client| State::of(client, last_seen, now))
        .collect()
}

impl State {
    fn of(client: &Client, last_seen: &LastSeen, now: OffsetDateTime) -> Self {
        let seen = last_seen.of(&client.serial);
        Self {
            name: client.name.to_string(),
            serial: client.serial.clone(),
            standing: Standing::of(client, now),
            issued: client.issued,
            expires: client.expires,
            revoked: client.revoked,
            last_seen: seen.map(|seen| seen.at),
            last_seen_from: seen.map(|seen| seen.from),
        }
    }
}

impl Standing {
    fn of(client: &Client, now: OffsetDateTime) -> Self {
        if client.revoked.is_some() {
            return Self::Revoked;
        }
        if client.expires <= now {
            return Self::Ended;
        }
        if client.expires_soon(now) {
            Self::EndsSoon
        } else {
            Self::Good
        }
    }
}
