//! The request for a device's certificate: its first one, or a renewal.

use anyhow::bail;
use serde::{Deserialize, Serialize};
use time::OffsetDateTime;

use super::{name::Name, register::Register};

/// The request for a device's certificate.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Wish {
    /// Name of the device.
    pub name: Name,
    /// Validity in days.
    pub days: u32,
    /// The device has a valid certificate, which the new one replaces.
    pub renew: bool,
}

impl Wish {
    /// Returns the serial number of the certificate that a renewal replaces.
    ///
    /// # Errors
    /// The name is taken or, for a renewal, unknown.
    pub fn check(
        &self,
        register: &Register,
        now: OffsetDateTime,
    ) -> anyhow::Result<Option<String>> {
        let name = self.name.as_str();
        match (register.find_valid(&self.name, now), self.renew) {
            (Some(current), true) => Ok(Some(current.serial.clone())),
            (None, true) => bail!("{}", register.unknown(&self.name, now)),
            (None, false) => Ok(None),
            (Some(_), false) => bail!(
                "there is a client named {name:?} already: choose another name, \
                 or use `hubgate client renew`"
            ),
        }
    }
}
