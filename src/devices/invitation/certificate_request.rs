//! The request for a device certificate, the first one or a renewal.

use anyhow::bail;
use serde::{Deserialize, Serialize};
use time::OffsetDateTime;

use crate::devices::registry::{Registry, name::Name};

/// A request for the certificate of a device.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct CertificateRequest {
    /// Name of the device.
    pub name: Name,
    /// Validity in days.
    pub days: u32,
    /// The certificate replaces an existing one of the device.
    pub renew: bool,
}

impl CertificateRequest {
    /// Checks the request; returns the serial number of the certificate that a renewal replaces.
    ///
    /// # Errors
    /// When the name is taken or, for a renewal, unknown.
    pub fn check(
        &self,
        registry: &Registry,
        now: OffsetDateTime,
    ) -> anyhow::Result<Option<String>> {
        let name = self.name.as_str();
        match (registry.of_name(&self.name, now), self.renew) {
            (Some(old), true) => Ok(Some(old.serial.clone())),
            (None, true) => bail!("{}", registry.unknown(&self.name, now)),
            (None, false) => Ok(None),
            (Some(_), false) => bail!(
                "there is a client named {name:?} already: choose another name, \
                 or use `hubgate client renew`"
            ),
        }
    }
}
