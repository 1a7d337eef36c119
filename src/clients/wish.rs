//! What is wanted for a device: a certificate, its first or another one.

use anyhow::bail;
use serde::{Deserialize, Serialize};
use time::OffsetDateTime;

use super::{name::Name, register::Register};

/// What a certificate is wanted for.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Wish {
    /// The device.
    pub name: Name,
    /// How long it is to be good.
    pub days: u32,
    /// Whether the device has one already, which the new one takes the place of.
    pub renew: bool,
}

impl Wish {
    /// The serial number of the certificate to be replaced, for a renewal.
    ///
    /// # Errors
    /// When the name is taken or, for a renewal, unknown.
    pub fn check(
        &self,
        register: &Register,
        now: OffsetDateTime,
    ) -> anyhow::Result<Option<String>> {
        let name = self.name.as_str();
        match (register.of_name(&self.name, now), self.renew) {
            (Some(old), true) => Ok(Some(old.serial.clone())),
            (None, true) => bail!("{}", register.unknown(&self.name, now)),
            (None, false) => Ok(None),
            (Some(_), false) => bail!(
                "there is a client named {name:?} already: choose another name, \
                 or use `hubgate client renew`"
            ),
        }
    }
}
