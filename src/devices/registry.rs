//! The device registry: the certificates that the client CA issued, with their revocations.

pub(crate) mod backup;
pub(crate) mod ca;
pub mod ca_store;
pub(crate) mod last_seen;
pub mod name;
pub mod serial;
pub mod status;

use serde::{Deserialize, Serialize};
use time::{Duration, OffsetDateTime, serde::rfc3339};

use self::{
    name::Name,
    serial::{Revocations, Revoked},
};

/// Certificates that the CA issued; each stays until 90 days after its expiry.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Registry {
    #[serde(rename = "clients")]
    certificates: Vec<DeviceCertificate>,
}

/// A certificate of a device; a renewed device has more than one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeviceCertificate {
    /// Name of the device.
    pub name: Name,
    /// Serial number in upper-case hexadecimal.
    pub serial: String,
    /// Time of issue.
    #[serde(with = "rfc3339")]
    pub issued: OffsetDateTime,
    /// End of validity.
    #[serde(with = "rfc3339")]
    pub expires: OffsetDateTime,
    /// Serial number of the certificate that is revoked at the first use of this one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub replaces: Option<String>,
    /// Time of revocation.
    #[serde(
        default,
        with = "rfc3339::option",
        skip_serializing_if = "Option::is_none"
    )]
    pub revoked: Option<OffsetDateTime>,
}

/// Time that an expired certificate stays in the registry.
const RETENTION: Duration = Duration::days(90);
/// Time before expiry at which the operator is warned.
const NOTICE: Duration = Duration::days(30);

impl Registry {
    /// Returns all certificates, the oldest first.
    #[must_use]
    pub fn certificates(&self) -> &[DeviceCertificate] {
        &self.certificates
    }

    /// Returns the certificate with a serial number.
    #[must_use]
    pub fn of_serial(&self, serial: &str) -> Option<&DeviceCertificate> {
        self.certificates
            .iter()
            .find(|certificate| certificate.serial == serial)
    }

    /// Returns the newest valid certificate of a device.
    #[must_use]
    pub fn of_name(&self, name: &Name, now: OffsetDateTime) -> Option<&DeviceCertificate> {
        let mut named = self
            .certificates
            .iter()
            .filter(|certificate| certificate.name == *name);
        named.rfind(|certificate| certificate.is_valid(now))
    }

    /// Returns the successors of certificates that are not revoked yet.
    pub(super) fn replacing(&self) -> impl Iterator<Item = &DeviceCertificate> {
        self.certificates.iter().filter(|certificate| {
            let old = certificate
                .replaces
                .as_ref()
                .and_then(|old| self.of_serial(old));
            old.is_some_and(|old| old.revoked.is_none())
        })
    }

    /// Returns the valid certificates that expire soon and have no successor.
    pub(super) fn expiring(&self, now: OffsetDateTime) -> impl Iterator<Item = &DeviceCertificate> {
        self.certificates.iter().filter(move |certificate| {
            let newest = self.of_name(&certificate.name, now);
            certificate.ends_soon(now)
                && newest.is_some_and(|newest| newest.serial == certificate.serial)
        })
    }

    /// Returns the revoked certificates.
    pub(super) fn revocations(&self) -> impl Iterator<Item = Revoked> {
        self.certificates.iter().filter_map(|certificate| {
            Some(Revoked {
                serial: certificate.serial_bytes()?,
                since: certificate.revoked?,
            })
        })
    }

    /// Applies the revocations of the list, which is written before the registry.
    pub(super) fn with_revocations(mut self, revocations: &Revocations) -> Self {
        for certificate in &mut self.certificates {
            let serial = certificate.serial_bytes();
            if let Some(since) = serial.and_then(|serial| revocations.since(&serial)) {
                certificate.revoke(since);
            }
        }
        self
    }

    /// Adds a certificate and removes those that expired more than 90 days ago.
    pub(super) fn add(&mut self, added: DeviceCertificate) {
        let oldest = added.issued - RETENTION;
        self.certificates
            .retain(|certificate| certificate.expires > oldest);
        self.certificates.push(added);
    }

    /// Revokes all certificates of the named devices, or none if a name is unknown.
    ///
    /// # Errors
    /// A message for the first unknown name.
    pub(super) fn revoke(&mut self, names: &[Name], now: OffsetDateTime) -> Result<(), String> {
        for name in names {
            if !self
                .certificates
                .iter()
                .any(|certificate| certificate.name == *name)
            {
                return Err(self.unknown(name, now));
            }
        }
        let certificates = self.certificates.iter_mut();
        certificates
            .filter(|certificate| names.contains(&certificate.name))
            .for_each(|certificate| certificate.revoke(now));
        Ok(())
    }

    /// Revokes the certificate that the newer one replaces.
    pub(super) fn replace(&mut self, newer: &str, now: OffsetDateTime) {
        let newer = self.of_serial(newer);
        let replaced = newer.and_then(|newer| newer.replaces.clone());
        let mut certificates = self.certificates.iter_mut();
        if let Some(old) =
            certificates.find(|certificate| Some(&certificate.serial) == replaced.as_ref())
        {
            old.revoke(now);
        }
    }

    /// Returns the message for an unknown name; it lists the valid names.
    #[must_use]
    pub fn unknown(&self, name: &Name, now: OffsetDateTime) -> String {
        let valid = self
            .certificates
            .iter()
            .filter(|certificate| certificate.is_valid(now));
        let mut names: Vec<_> = valid
            .map(|certificate| format!("{:?}", certificate.name.as_str()))
            .collect();
        names.dedup();
        if names.is_empty() {
            return format!(
                "no client is named {:?}; no client has a valid certificate",
                name.as_str()
            );
        }
        format!(
            "no client is named {:?}; there are: {}",
            name.as_str(),
            names.join(", ")
        )
    }
}

impl DeviceCertificate {
    /// Returns true if the certificate is neither expired nor revoked.
    #[must_use]
    pub fn is_valid(&self, now: OffsetDateTime) -> bool {
        self.revoked.is_none() && self.expires > now
    }

    /// Returns true if the certificate is valid for 30 more days at most.
    #[must_use]
    pub fn ends_soon(&self, now: OffsetDateTime) -> bool {
        self.is_valid(now) && self.expires - now <= NOTICE
    }

    /// Returns the warning that the certificate expires soon.
    pub(super) fn expiry_warning(&self) -> String {
        let (name, day) = (self.name.as_str(), crate::tls::date(self.expires));
        format!(
            "the certificate of {name:?} ends on {day}: renew it with `hubgate client renew {name:?}`"
        )
    }

    /// Returns the bytes of the serial number; none if its text is damaged.
    pub(super) fn serial_bytes(&self) -> Option<Vec<u8>> {
        let digits = self.serial.as_bytes().chunks(2);
        digits
            .map(|pair| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok())
            .collect()
    }

    /// Sets the time of revocation unless it is set.
    fn revoke(&mut self, now: OffsetDateTime) {
        self.revoked.get_or_insert(now);
    }
}

#[cfg(test)]
mod tests;
