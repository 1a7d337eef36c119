//! When and from where devices were last seen.

use std::{collections::HashMap, net::IpAddr};

use serde::{Deserialize, Serialize};
use time::{OffsetDateTime, serde::rfc3339};

/// When and from where devices were last seen, by the serial number of their certificate.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sightings(HashMap<String, Sighting>);

/// When and from where a device was last seen.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sighting {
    /// When.
    #[serde(with = "rfc3339")]
    pub at: OffsetDateTime,
    /// From which address.
    pub from: IpAddr,
}

impl Sightings {
    /// The last time a certificate was seen.
    #[must_use]
    pub fn of(&self, serial: &str) -> Option<Sighting> {
        self.0.get(serial).copied()
    }

    /// Notes that a certificate was seen.
    pub(super) fn note(&mut self, serial: &str, sighting: Sighting) {
        self.0.insert(serial.to_owned(), sighting);
    }

    /// Forgets certificates that are in no register.
    pub(super) fn forget_unless(&mut self, is_known: impl Fn(&str) -> bool) {
        self.0.retain(|serial, _| is_known(serial));
    }
}
