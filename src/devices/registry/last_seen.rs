//! The last use of each device certificate: time and address.

use std::{
    collections::HashMap,
    net::IpAddr,
    time::{Duration, Instant},
};

use serde::{Deserialize, Serialize};
use time::{OffsetDateTime, serde::rfc3339};

/// Last use of the certificates, by serial number.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sightings(HashMap<String, Sighting>);

/// The last use of a certificate.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sighting {
    /// Time of use.
    #[serde(with = "rfc3339")]
    pub at: OffsetDateTime,
    /// Address of the device.
    pub from: IpAddr,
}

impl Sightings {
    /// Returns the last use of a certificate.
    #[must_use]
    pub fn get(&self, serial: &str) -> Option<Sighting> {
        self.0.get(serial).copied()
    }
}

/// Sightings in memory and the state of their file.
#[derive(Debug)]
pub(crate) struct LastSeen {
    sightings: Sightings,
    is_unsaved: bool,
    last_write: Option<Instant>,
}

impl LastSeen {
    /// Creates the state after reading the file.
    pub(crate) fn new(sightings: Sightings) -> Self {
        Self {
            sightings,
            is_unsaved: false,
            last_write: None,
        }
    }

    pub(crate) fn sightings(&self) -> &Sightings {
        &self.sightings
    }

    /// Records the use of a certificate.
    pub(crate) fn record(&mut self, serial: &str, sighting: Sighting) {
        self.sightings.0.insert(serial.to_owned(), sighting);
        self.is_unsaved = true;
    }

    /// Removes the certificates that are not in the registry.
    pub(crate) fn retain(&mut self, is_known: impl Fn(&str) -> bool) {
        self.sightings.0.retain(|serial, _| is_known(serial));
    }

    /// Returns the unsaved sightings if the last write was at least `interval` ago.
    pub(crate) fn take_due(&mut self, interval: Duration) -> Option<Sightings> {
        let is_due = self
            .last_write
            .is_none_or(|last| last.elapsed() >= interval);
        if !self.is_unsaved || !is_due {
            return None;
        }
        self.last_write = Some(Instant::now());
        self.is_unsaved = false;
        Some(self.sightings.clone())
    }

    /// Marks the sightings as unsaved after a failed write.
    pub(crate) fn mark_unsaved(&mut self) {
        self.is_unsaved = true;
    }
}
