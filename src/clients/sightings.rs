//! When and from where devices were last seen.

use std::{
    collections::HashMap,
    net::IpAddr,
    time::{Duration, Instant},
};

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
}

/// Sightings as they come, and how far they are on disk.
#[derive(Debug)]
pub(super) struct Watch {
    sightings: Sightings,
    unkept: bool,
    tried: Option<Instant>,
}

impl Watch {
    /// Begins with what is on disk.
    pub(super) fn begin(sightings: Sightings) -> Self {
        Self {
            sightings,
            unkept: false,
            tried: None,
        }
    }

    pub(super) fn sightings(&self) -> &Sightings {
        &self.sightings
    }

    /// Notes that a certificate was seen.
    pub(super) fn note(&mut self, serial: &str, sighting: Sighting) {
        self.sightings.0.insert(serial.to_owned(), sighting);
        self.unkept = true;
    }

    /// Forgets certificates that are in no register.
    pub(super) fn forget_unless(&mut self, is_known: impl Fn(&str) -> bool) {
        self.sightings.0.retain(|serial, _| is_known(serial));
    }

    /// What is to be written now, unless that was tried within this time.
    pub(super) fn due(&mut self, after: Duration) -> Option<Sightings> {
        let is_due = self.tried.is_none_or(|tried| tried.elapsed() >= after);
        if !self.unkept || !is_due {
            return None;
        }
        self.tried = Some(Instant::now());
        self.unkept = false;
        Some(self.sightings.clone())
    }

    /// Notes that it could not be written.
    pub(super) fn is_unkept(&mut self) {
        self.unkept = true;
    }
}
