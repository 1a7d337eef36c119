//! The state of a device for `hubgate client list`.

use std::net::IpAddr;

use serde::{Deserialize, Serialize};
use time::{OffsetDateTime, serde::rfc3339};

use super::{Device, Registry, last_seen::Sightings};

/// The state of a certificate and its device; times are RFC 3339.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct State {
    /// Name of the device.
    pub name: String,
    /// Serial number of the certificate in upper-case hexadecimal.
    pub serial: String,
    /// Validity of the certificate.
    pub standing: DeviceStatus,
    /// Time of issue.
    #[serde(with = "rfc3339")]
    pub issued: OffsetDateTime,
    /// End of validity.
    #[serde(with = "rfc3339")]
    pub expires: OffsetDateTime,
    /// Time of revocation.
    #[serde(with = "rfc3339::option")]
    pub revoked: Option<OffsetDateTime>,
    /// Time of the last use.
    #[serde(with = "rfc3339::option")]
    pub last_seen: Option<OffsetDateTime>,
    /// Address of the last use.
    pub last_seen_from: Option<IpAddr>,
}

/// Validity of a device certificate.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum DeviceStatus {
    /// Valid for more than 30 days.
    Good,
    /// Valid for at most 30 days.
    EndsSoon,
    /// Expired.
    Ended,
    /// Revoked.
    Revoked,
}

/// Returns the states of all devices, the oldest certificate first.
#[must_use]
pub fn of(registry: &Registry, sightings: &Sightings, now: OffsetDateTime) -> Vec<State> {
    let clients = registry.clients().iter();
    clients
        .map(|client| State::new(client, sightings, now))
        .collect()
}

impl State {
    fn new(client: &Device, sightings: &Sightings, now: OffsetDateTime) -> Self {
        let seen = sightings.get(&client.serial);
        Self {
            name: client.name.to_string(),
            serial: client.serial.clone(),
            standing: DeviceStatus::new(client, now),
            issued: client.issued,
            expires: client.expires,
            revoked: client.revoked,
            last_seen: seen.map(|seen| seen.at),
            last_seen_from: seen.map(|seen| seen.from),
        }
    }
}

impl DeviceStatus {
    fn new(client: &Device, now: OffsetDateTime) -> Self {
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
