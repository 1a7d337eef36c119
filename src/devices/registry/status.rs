//! The state of a device for `hubgate client list`.

use std::net::IpAddr;

use serde::{Deserialize, Serialize};
use time::{OffsetDateTime, serde::rfc3339};

use super::{DeviceCertificate, Registry, last_seen::Sightings};

/// The state of a certificate and its device; times are RFC 3339.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeviceReport {
    /// Name of the device.
    pub name: String,
    /// Serial number of the certificate in upper-case hexadecimal.
    pub serial: String,
    /// Validity of the certificate.
    #[serde(rename = "standing")]
    pub status: DeviceStatus,
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
pub fn of(registry: &Registry, sightings: &Sightings, now: OffsetDateTime) -> Vec<DeviceReport> {
    let certificates = registry.certificates().iter();
    certificates
        .map(|certificate| DeviceReport::new(certificate, sightings, now))
        .collect()
}

impl DeviceReport {
    fn new(certificate: &DeviceCertificate, sightings: &Sightings, now: OffsetDateTime) -> Self {
        let seen = sightings.get(&certificate.serial);
        Self {
            name: certificate.name.to_string(),
            serial: certificate.serial.clone(),
            status: DeviceStatus::new(certificate, now),
            issued: certificate.issued,
            expires: certificate.expires,
            revoked: certificate.revoked,
            last_seen: seen.map(|seen| seen.at),
            last_seen_from: seen.map(|seen| seen.from),
        }
    }
}

impl DeviceStatus {
    fn new(certificate: &DeviceCertificate, now: OffsetDateTime) -> Self {
        if certificate.revoked.is_some() {
            return Self::Revoked;
        }
        if certificate.expires <= now {
            return Self::Ended;
        }
        if certificate.ends_soon(now) {
            Self::EndsSoon
        } else {
            Self::Good
        }
    }
}
