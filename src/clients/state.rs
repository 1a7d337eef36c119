//! How a device stands, for `hubgate client list`.

use std::net::IpAddr;

use serde::{Deserialize, Serialize};
use time::{OffsetDateTime, serde::rfc3339};

use super::{
    register::{Client, Register},
    sightings::Sightings,
};

/// How a device stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct State {
    /// The device.
    pub name: String,
    /// The serial number of its certificate in upper case hexadecimal.
    pub serial: String,
    /// Whether it is let in.
    pub standing: Standing,
    /// When the certificate was issued (RFC 3339).
    #[serde(with = "rfc3339")]
    pub issued: OffsetDateTime,
    /// When it ends (RFC 3339).
    #[serde(with = "rfc3339")]
    pub expires: OffsetDateTime,
    /// Since when it is revoked (RFC 3339).
    #[serde(with = "rfc3339::option")]
    pub revoked: Option<OffsetDateTime>,
    /// When it was last shown (RFC 3339).
    #[serde(with = "rfc3339::option")]
    pub last_seen: Option<OffsetDateTime>,
    /// From where.
    pub last_seen_from: Option<IpAddr>,
}

/// Whether a certificate lets in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Standing {
    /// It does.
    Good,
    /// It does, for no more than 30 days.
    EndsSoon,
    /// It has ended.
    Ended,
    /// It was revoked.
    Revoked,
}

/// How all devices stand, the oldest certificate first.
#[must_use]
pub fn of(register: &Register, sightings: &Sightings, now: OffsetDateTime) -> Vec<State> {
    let clients = register.clients().iter();
    clients
        .map(|client| State::of(client, sightings, now))
        .collect()
}

impl State {
    fn of(client: &Client, sightings: &Sightings, now: OffsetDateTime) -> Self {
        let seen = sightings.of(&client.serial);
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
        if client.ends_soon(now) {
            Self::EndsSoon
        } else {
            Self::Good
        }
    }
}
