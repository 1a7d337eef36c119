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

/// Certificates that the CA issued, until 90 days after their expiry.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Registry {
    clients: Vec<Device>,
}

/// A certificate of a device; a device may have several.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Device {
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
    pub fn clients(&self) -> &[Device] {
        &self.clients
    }

    /// Returns the certificate with a serial number.
    #[must_use]
    pub fn of_serial(&self, serial: &str) -> Option<&Device> {
        self.clients.iter().find(|client| client.serial == serial)
    }

    /// Returns the newest valid certificate of a device.
    #[must_use]
    pub fn of_name(&self, name: &Name, now: OffsetDateTime) -> Option<&Device> {
        let mut named = self.clients.iter().filter(|client| client.name == *name);
        named.rfind(|client| client.is_good(now))
    }

    /// Returns the certificates that replace one that is not revoked yet.
    pub(super) fn replacing(&self) -> impl Iterator<Item = &Device> {
        self.clients.iter().filter(|client| {
            let old = client.replaces.as_ref().and_then(|old| self.of_serial(old));
            old.is_some_and(|old| old.revoked.is_none())
        })
    }

    /// Returns the valid certificates that expire soon and have no successor.
    pub(super) fn expiring(&self, now: OffsetDateTime) -> impl Iterator<Item = &Device> {
        self.clients.iter().filter(move |client| {
            let newest = self.of_name(&client.name, now);
            client.ends_soon(now) && newest.is_some_and(|newest| newest.serial == client.serial)
        })
    }

    /// Returns the revoked certificates.
    pub(super) fn revocations(&self) -> impl Iterator<Item = Revoked> {
        self.clients.iter().filter_map(|client| {
            Some(Revoked {
                serial: client.serial_bytes()?,
                since: client.revoked?,
            })
        })
    }

    /// Applies the revocations of the list, which is written before the registry.
    pub(super) fn with_revocations(mut self, revocations: &Revocations) -> Self {
        for client in &mut self.clients {
            let serial = client.serial_bytes();
            if let Some(since) = serial.and_then(|serial| revocations.since(&serial)) {
                client.revoke(since);
            }
        }
        self
    }

    /// Adds a certificate and removes those that expired more than 90 days ago.
    pub(super) fn add(&mut self, added: Device) {
        let oldest = added.issued - RETENTION;
        self.clients.retain(|client| client.expires > oldest);
        self.clients.push(added);
    }

    /// Revokes all certificates of the named devices, or none if a name is unknown.
    ///
    /// # Errors
    /// A message for the first unknown name.
    pub(super) fn revoke(&mut self, names: &[Name], now: OffsetDateTime) -> Result<(), String> {
        for name in names {
            if !self.clients.iter().any(|client| client.name == *name) {
                return Err(self.unknown(name, now));
            }
        }
        let clients = self.clients.iter_mut();
        clients
            .filter(|client| names.contains(&client.name))
            .for_each(|client| client.revoke(now));
        Ok(())
    }

    /// Revokes the certificate that the newer one replaces.
    pub(super) fn replace(&mut self, newer: &str, now: OffsetDateTime) {
        let newer = self.of_serial(newer);
        let replaced = newer.and_then(|newer| newer.replaces.clone());
        let mut clients = self.clients.iter_mut();
        if let Some(old) = clients.find(|client| Some(&client.serial) == replaced.as_ref()) {
            old.revoke(now);
        }
    }

    /// Returns the message for an unknown name; it lists the valid names.
    #[must_use]
    pub fn unknown(&self, name: &Name, now: OffsetDateTime) -> String {
        let good = self.clients.iter().filter(|client| client.is_good(now));
        let mut names: Vec<_> = good
            .map(|client| format!("{:?}", client.name.as_str()))
            .collect();
        names.dedup();
        if names.is_empty() {
            return format!("no client is named {:?}; there is none yet", name.as_str());
        }
        format!(
            "no client is named {:?}; there are: {}",
            name.as_str(),
            names.join(", ")
        )
    }
}

impl Device {
    /// Returns true if the certificate is neither expired nor revoked.
    #[must_use]
    pub fn is_good(&self, now: OffsetDateTime) -> bool {
        self.revoked.is_none() && self.expires > now
    }

    /// Returns true if the certificate is valid for 30 more days at most.
    #[must_use]
    pub fn ends_soon(&self, now: OffsetDateTime) -> bool {
        self.is_good(now) && self.expires - now <= NOTICE
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
mod tests {
    use time::macros::datetime;

    use super::*;

    const NOW: OffsetDateTime = datetime!(2026-11-25 12:00 UTC);

    fn name(text: &str) -> Name {
        Name::parse(text).unwrap()
    }

    fn client(owner: &str, serial: &str, days: i64) -> Device {
        Device {
            name: name(owner),
            serial: serial.to_owned(),
            issued: NOW,
            expires: NOW + Duration::days(days),
            replaces: None,
            revoked: None,
        }
    }

    #[test]
    fn revoking_an_unknown_name_revokes_no_device_and_lists_the_names() {
        let mut registry = Registry::default();
        let fault = registry.revoke(&[name("Anna")], NOW).unwrap_err();
        assert_eq!(fault, "no client is named \"Anna\"; there is none yet");
        registry.add(client("Anna", "01", 10));
        registry.add(client("Ben", "02", 10));
        let fault = registry
            .revoke(&[name("Anna"), name("Bem")], NOW)
            .unwrap_err();
        assert_eq!(
            fault,
            "no client is named \"Bem\"; there are: \"Anna\", \"Ben\""
        );
        assert!(registry.clients().iter().all(|client| client.is_good(NOW)));
        registry.revoke(&[name("Anna")], NOW).unwrap();
        assert!(registry.of_name(&name("Anna"), NOW).is_none());
        assert!(registry.of_name(&name("Ben"), NOW).is_some());
    }

    #[test]
    fn a_second_revocation_keeps_the_time_of_the_first() {
        let mut registry = Registry::default();
        registry.add(client("Anna", "01", 10));
        registry.revoke(&[name("Anna")], NOW).unwrap();
        registry
            .revoke(&[name("Anna")], NOW + Duration::days(1))
            .unwrap();
        assert_eq!(registry.clients()[0].revoked, Some(NOW));
    }

    #[test]
    fn only_the_replaced_certificate_is_revoked() {
        let mut registry = Registry::default();
        registry.add(client("Anna", "01", 10));
        registry.add(client("Ben", "02", 10));
        let replaces = Some("01".to_owned());
        registry.add(Device {
            replaces,
            ..client("Anna", "03", 700)
        });
        registry.replace("02", NOW);
        assert!(registry.clients().iter().all(|client| client.is_good(NOW)));
        registry.replace("03", NOW);
        let good: Vec<_> = registry
            .clients()
            .iter()
            .map(|client| client.is_good(NOW))
            .collect();
        assert_eq!(good, [false, true, true]);
    }

    #[test]
    fn a_certificate_ends_soon_from_thirty_days_before_expiry() {
        assert!(!client("Anna", "01", 31).ends_soon(NOW));
        assert!(client("Anna", "01", 30).ends_soon(NOW));
        assert!(!client("Anna", "01", 0).ends_soon(NOW));
    }

    #[test]
    fn a_certificate_that_expired_ninety_days_ago_is_removed() {
        let mut registry = Registry::default();
        registry.add(client("Anna", "01", -91));
        registry.add(client("Ben", "02", -89));
        registry.add(client("Cleo", "03", 10));
        let clients = registry.clients().iter();
        let serials: Vec<_> = clients.map(|client| &client.serial).collect();
        assert_eq!(serials, ["02", "03"]);
    }
}
