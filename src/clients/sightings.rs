//! Time and address at which each device last presented its certificate.

use std::{
    collections::HashMap,
    net::IpAddr,
    time::{Duration, Instant},
};

use serde::{Deserialize, Serialize};
use time::{OffsetDateTime, serde::rfc3339};

/// The last sighting of each device, by the serial number of its certificate.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct LastSeen(HashMap<String, Sighting>);

/// A handshake in which a device presented its certificate.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sighting {
    /// Time of the handshake.
    #[serde(with = "rfc3339")]
    pub at: OffsetDateTime,
    /// Address of the device.
    pub from: IpAddr,
}

impl LastSeen {
    /// Returns the last sighting of a serial number.
    #[must_use]
    pub fn of(&self, serial: &str) -> Option<Sighting> {
        self.0.get(serial).copied()
    }
}

/// The sightings in memory, which are written to disk from time to time.
#[derive(Debug)]
pub(super) struct LastSeenCache {
    sightings: LastSeen,
    /// Sightings that are not on disk.
    unsaved: bool,
    /// Time of the last write.
    written: Option<Instant>,
}

impl LastSeenCache {
    /// Creates the cache of the sightings on disk.
    pub(super) fn new(sightings: LastSeen) -> Self {
        Self {
            sightings,
            unsaved: false,
            written: None,
        }
    }

    pub(super) fn sightings(&self) -> &LastSeen {
        &self.sightings
    }

    /// Adds a sighting.
    pub(super) fn add(&mut self, serial: &str, sighting: Sighting) {
        self.sightings.0.insert(serial.to_owned(), sighting);
        self.unsaved = true;
    }

    /// Drops the sightings of certificates that are not in the register.
    pub(super) fn retain(&mut self, is_known: impl Fn(&str) -> bool) {
        self.sightings.0.retain(|serial, _| is_known(serial));
    }

    /// Takes the sightings to write, if there are new ones and the last write is `interval` ago.
    pub(super) fn take_due(&mut self, interval: Duration) -> Option<LastSeen> {
        let is_due = self.written.is_none_or(|at| at.elapsed() >= interval);
        if !self.unsaved || !is_due {
            return None;
        }
        self.written = Some(Instant::now());
        self.unsaved = false;
        Some(self.sightings.clone())
    }

    /// Marks the sightings as unsaved after a failed write.
    pub(super) fn write_failed(&mut self) {
        self.unsaved = true;
    }
}
