//! The device registry: the certificate of each device, and its revocation.

use serde::{Deserialize, Serialize};
use time::{Duration, OffsetDateTime, serde::rfc3339};

use super::{
    name::Name,
    serial::{RevocationList, Revoked, serial_bytes},
};

/// The certificates that the CA has issued, without those that expired long ago.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Register {
    clients: Vec<Client>,
}

/// A certificate and its device.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Client {
    /// Name of the device.
    pub name: Name,
    /// Serial number, in upper-case hexadecimal.
    pub serial: String,
    /// Time of issue.
    #[serde(with = "rfc3339")]
    pub issued: OffsetDateTime,
    /// End of the validity.
    #[serde(with = "rfc3339")]
    pub expires: OffsetDateTime,
    /// Serial number of the certificate that this one replaces once the device presents it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub replaces: Option<String>,
    /// Time of the revocation.
    #[serde(
        default,
        with = "rfc3339::option",
        skip_serializing_if = "Option::is_none"
    )]
    pub revoked: Option<OffsetDateTime>,
}

/// Time for which an expired certificate stays in the register.
const RETENTION: Duration = Duration::days(90);
/// Time before its end at which a certificate should be renewed.
const NOTICE: Duration = Duration::days(30);

impl Register {
    /// Returns all certificates, the oldest first.
    #[must_use]
    pub fn clients(&self) -> &[Client] {
        &self.clients
    }

    /// Returns the certificate of a serial number.
    #[must_use]
    pub fn find_serial(&self, serial: &str) -> Option<&Client> {
        self.clients.iter().find(|client| client.serial == serial)
    }

    /// Returns the newest valid certificate of a device.
    #[must_use]
    pub fn find_valid(&self, name: &Name, now: OffsetDateTime) -> Option<&Client> {
        let mut named = self.clients.iter().filter(|client| client.name == *name);
        named.rfind(|client| client.is_good(now))
    }

    /// Returns the certificates that replace one that is not revoked yet.
    pub(super) fn pending_replacements(&self) -> impl Iterator<Item = &Client> {
        self.clients.iter().filter(|client| {
            let old = client
                .replaces
                .as_ref()
                .and_then(|old| self.find_serial(old));
            old.is_some_and(|old| old.revoked.is_none())
        })
    }

    /// Returns the newest certificates of devices that expire soon.
    pub(super) fn expiring(&self, now: OffsetDateTime) -> impl Iterator<Item = &Client> {
        self.clients.iter().filter(move |client| {
            let newest = self.find_valid(&client.name, now);
            client.expires_soon(now) && newest.is_some_and(|newest| newest.serial == client.serial)
        })
    }

    /// Marks every certificate of a revocation list as revoked: the list is written before the
    /// register.
    pub(super) fn with_revoked(mut self, list: &RevocationList) -> Self {
        for client in &mut self.clients {
            let serial = serial_bytes(&client.serial);
            if let Some(since) = serial.and_then(|serial| list.since(&serial)) {
                client.revoke(since);
            }
        }
        self
    }

    /// Returns the revoked certificates.
    pub(super) fn revoked(&self) -> impl Iterator<Item = Revoked> {
        self.clients.iter().filter_map(|client| {
            let (serial, since) = (serial_bytes(&client.serial)?, client.revoked?);
            Some(Revoked { serial, since })
        })
    }

    /// Adds a certificate, and removes those that expired long ago.
    pub(super) fn add(&mut self, client: Client) {
        let long_ago = client.issued - RETENTION;
        self.clients.retain(|client| client.expires > long_ago);
        self.clients.push(client);
    }

    /// Revokes all certificates of these devices, or none if a name is unknown.
    ///
    /// # Errors
    /// A message that names the unknown device.
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

    /// Revokes the certificate that the one with this serial number replaces.
    pub(super) fn replace(&mut self, newer: &str, now: OffsetDateTime) {
        let newer = self.find_serial(newer);
        let replaced = newer.and_then(|client| client.replaces.clone());
        let mut clients = self.clients.iter_mut();
        if let Some(old) = clients.find(|client| Some(&client.serial) == replaced.as_ref()) {
            old.revoke(now);
        }
    }

    /// Returns the message for an unknown name, with the names of devices that have a valid
    /// certificate.
    #[must_use]
    pub fn unknown(&self, name: &Name, now: OffsetDateTime) -> String {
        let valid = self.clients.iter().filter(|client| client.is_good(now));
        let mut names: Vec<_> = valid
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

impl Client {
    /// Reports whether the certificate is neither expired nor revoked.
    #[must_use]
    pub fn is_good(&self, now: OffsetDateTime) -> bool {
        self.revoked.is_none() && self.expires > now
    }

    /// Reports whether the certificate is valid for at most 30 days.
    #[must_use]
    pub fn expires_soon(&self, now: OffsetDateTime) -> bool {
        self.is_good(now) && self.expires - now <= NOTICE
    }

    /// Returns the warning about a certificate that expires soon.
    pub(super) fn expiry_warning(&self) -> String {
        let (name, day) = (self.name.as_str(), crate::tls::day(self.expires));
        format!(
            "the certificate of {name:?} ends on {day}: renew it with `hubgate client renew {name:?}`"
        )
    }

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

    fn client(device: &str, serial: &str, days: i64) -> Client {
        Client {
            name: name(device),
            serial: serial.to_owned(),
            issued: NOW,
            expires: NOW + Duration::days(days),
            replaces: None,
            revoked: None,
        }
    }

    #[test]
    fn revoking_an_unknown_device_revokes_none_and_lists_the_devices() {
        let mut register = Register::default();
        let fault = register.revoke(&[name("Anna")], NOW).unwrap_err();
        assert_eq!(fault, "no client is named \"Anna\"; there is none yet");
        register.add(client("Anna", "01", 10));
        register.add(client("Ben", "02", 10));
        let fault = register
            .revoke(&[name("Anna"), name("Bem")], NOW)
            .unwrap_err();
        assert_eq!(
            fault,
            "no client is named \"Bem\"; there are: \"Anna\", \"Ben\""
        );
        assert!(register.clients().iter().all(|client| client.is_good(NOW)));
        register.revoke(&[name("Anna")], NOW).unwrap();
        assert!(register.find_valid(&name("Anna"), NOW).is_none());
        assert!(register.find_valid(&name("Ben"), NOW).is_some());
    }

    #[test]
    fn a_second_revocation_keeps_the_time_of_the_first() {
        let mut register = Register::default();
        register.add(client("Anna", "01", 10));
        register.revoke(&[name("Anna")], NOW).unwrap();
        register
            .revoke(&[name("Anna")], NOW + Duration::days(1))
            .unwrap();
        assert_eq!(register.clients()[0].revoked, Some(NOW));
    }

    #[test]
    fn only_the_replaced_certificate_is_revoked() {
        let mut register = Register::default();
        register.add(client("Anna", "01", 10));
        register.add(client("Ben", "02", 10));
        let replaces = Some("01".to_owned());
        register.add(Client {
            replaces,
            ..client("Anna", "03", 700)
        });
        register.replace("02", NOW);
        assert!(register.clients().iter().all(|client| client.is_good(NOW)));
        register.replace("03", NOW);
        let clients = register.clients().iter();
        let valid: Vec<_> = clients.map(|client| client.is_good(NOW)).collect();
        assert_eq!(valid, [false, true, true]);
    }

    #[test]
    fn a_certificate_expires_soon_thirty_days_before_its_end() {
        assert!(!client("Anna", "01", 31).expires_soon(NOW));
        assert!(client("Anna", "01", 30).expires_soon(NOW));
        assert!(!client("Anna", "01", 0).expires_soon(NOW));
    }

    #[test]
    fn a_certificate_is_removed_ninety_days_after_its_end() {
        let mut register = Register::default();
        register.add(client("Anna", "01", -91));
        register.add(client("Ben", "02", -89));
        register.add(client("Cleo", "03", 10));
        let serials: Vec<_> = register
            .clients()
            .iter()
            .map(|client| &client.serial)
            .collect();
        assert_eq!(serials, ["02", "03"]);
    }
}
