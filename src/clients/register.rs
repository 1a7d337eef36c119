//! The register: which device was given which certificate, and which were revoked.

use serde::{Deserialize, Serialize};
use time::{Duration, OffsetDateTime, serde::rfc3339};

use super::{
    name::Name,
    serial::{Revoked, serial_bytes},
};

/// Every certificate that the CA has issued and that has not long ended.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Register {
    clients: Vec<Client>,
}

/// A certificate and the device it was given to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Client {
    /// The device.
    pub name: Name,
    /// The serial number in upper case hexadecimal.
    pub serial: String,
    /// When it was issued.
    #[serde(with = "rfc3339")]
    pub issued: OffsetDateTime,
    /// When its validity ends.
    #[serde(with = "rfc3339")]
    pub expires: OffsetDateTime,
    /// The serial number of the one that it takes the place of, from when it is first shown.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub replaces: Option<String>,
    /// Since when it is good no more.
    #[serde(
        default,
        with = "rfc3339::option",
        skip_serializing_if = "Option::is_none"
    )]
    pub revoked: Option<OffsetDateTime>,
}

/// How long an ended certificate is still told of.
const REMEMBERED: Duration = Duration::days(90);
/// How long before its end a certificate should be renewed.
const NOTICE: Duration = Duration::days(30);

impl Register {
    /// All certificates, the oldest first.
    #[must_use]
    pub fn clients(&self) -> &[Client] {
        &self.clients
    }

    /// The certificate of a serial number.
    #[must_use]
    pub fn of_serial(&self, serial: &str) -> Option<&Client> {
        self.clients.iter().find(|client| client.serial == serial)
    }

    /// The newest certificate of a device that may enter.
    #[must_use]
    pub fn of_name(&self, name: &Name, now: OffsetDateTime) -> Option<&Client> {
        let mut named = self.clients.iter().filter(|client| client.name == *name);
        named.rfind(|client| client.is_good(now))
    }

    /// The certificates that are to take the place of one that is good still.
    pub(super) fn replacing(&self) -> impl Iterator<Item = &Client> {
        self.clients.iter().filter(|client| {
            let old = client.replaces.as_ref().and_then(|old| self.of_serial(old));
            old.is_some_and(|old| old.revoked.is_none())
        })
    }

    /// The newest certificates of devices that will not be good for long.
    pub(super) fn ending(&self, now: OffsetDateTime) -> impl Iterator<Item = &Client> {
        self.clients.iter().filter(move |client| {
            let newest = self.of_name(&client.name, now);
            client.ends_soon(now) && newest.is_some_and(|it| it.serial == client.serial)
        })
    }

    /// With all revoked that a list revokes: it is written first.
    pub(super) fn heeding(mut self, revoked: &[Revoked]) -> Self {
        for client in &mut self.clients {
            let serial = serial_bytes(&client.serial);
            let listed = revoked.iter().find(|(it, _)| Some(it) == serial.as_ref());
            if let Some((_, since)) = listed {
                client.revoke(*since);
            }
        }
        self
    }

    /// Enters a certificate, and forgets those that ended long ago.
    pub(super) fn enter(&mut self, client: Client) {
        let long_ago = client.issued - REMEMBERED;
        self.clients.retain(|it| it.expires > long_ago);
        self.clients.push(client);
    }

    /// Revokes all certificates of these devices; of none when one is unknown.
    ///
    /// # Errors
    /// The names that no device has.
    pub(super) fn revoke(&mut self, names: &[Name], now: OffsetDateTime) -> Result<(), String> {
        for name in names {
            if !self.clients.iter().any(|client| client.name == *name) {
                return Err(self.unknown(name, now));
            }
        }
        let meant = self.clients.iter_mut();
        meant
            .filter(|client| names.contains(&client.name))
            .for_each(|client| client.revoke(now));
        Ok(())
    }

    /// Revokes the certificate that another one takes the place of.
    pub(super) fn replace(&mut self, newer: &str, now: OffsetDateTime) {
        let replaced = self.of_serial(newer).and_then(|it| it.replaces.clone());
        let mut clients = self.clients.iter_mut();
        if let Some(old) = clients.find(|it| Some(&it.serial) == replaced.as_ref()) {
            old.revoke(now);
        }
    }

    /// What to tell of a name that no device has.
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

impl Client {
    /// Whether it is neither ended nor revoked.
    #[must_use]
    pub fn is_good(&self, now: OffsetDateTime) -> bool {
        self.revoked.is_none() && self.expires > now
    }

    /// Whether it is good, but not for long.
    #[must_use]
    pub fn ends_soon(&self, now: OffsetDateTime) -> bool {
        self.is_good(now) && self.expires - now <= NOTICE
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

    fn client(of: &str, serial: &str, days: i64) -> Client {
        Client {
            name: name(of),
            serial: serial.to_owned(),
            issued: NOW,
            expires: NOW + Duration::days(days),
            replaces: None,
            revoked: None,
        }
    }

    #[test]
    fn revoking_somebody_unknown_revokes_nobody_and_says_who_there_is() {
        let mut register = Register::default();
        let fault = register.revoke(&[name("Anna")], NOW).unwrap_err();
        assert_eq!(fault, "no client is named \"Anna\"; there is none yet");
        register.enter(client("Anna", "01", 10));
        register.enter(client("Ben", "02", 10));
        let fault = register
            .revoke(&[name("Anna"), name("Bem")], NOW)
            .unwrap_err();
        assert_eq!(
            fault,
            "no client is named \"Bem\"; there are: \"Anna\", \"Ben\""
        );
        assert!(register.clients().iter().all(|client| client.is_good(NOW)));
        register.revoke(&[name("Anna")], NOW).unwrap();
        assert!(register.of_name(&name("Anna"), NOW).is_none());
        assert!(register.of_name(&name("Ben"), NOW).is_some());
    }

    #[test]
    fn a_day_of_revocation_stays_when_revoked_again() {
        let mut register = Register::default();
        register.enter(client("Anna", "01", 10));
        register.revoke(&[name("Anna")], NOW).unwrap();
        register
            .revoke(&[name("Anna")], NOW + Duration::days(1))
            .unwrap();
        assert_eq!(register.clients()[0].revoked, Some(NOW));
    }

    #[test]
    fn the_one_that_is_replaced_is_revoked_and_no_other() {
        let mut register = Register::default();
        register.enter(client("Anna", "01", 10));
        register.enter(client("Ben", "02", 10));
        let replaces = Some("01".to_owned());
        register.enter(Client {
            replaces,
            ..client("Anna", "03", 700)
        });
        register.replace("02", NOW);
        assert!(register.clients().iter().all(|client| client.is_good(NOW)));
        register.replace("03", NOW);
        let good: Vec<_> = register
            .clients()
            .iter()
            .map(|it| it.is_good(NOW))
            .collect();
        assert_eq!(good, [false, true, true]);
    }

    #[test]
    fn the_end_is_near_thirty_days_before_it() {
        assert!(!client("Anna", "01", 31).ends_soon(NOW));
        assert!(client("Anna", "01", 30).ends_soon(NOW));
        assert!(!client("Anna", "01", 0).ends_soon(NOW));
    }

    #[test]
    fn what_ended_long_ago_is_forgotten() {
        let mut register = Register::default();
        register.enter(client("Anna", "01", -91));
        register.enter(client("Ben", "02", -89));
        register.enter(client("Cleo", "03", 10));
        let serials: Vec<_> = register.clients().iter().map(|it| &it.serial).collect();
        assert_eq!(serials, ["02", "03"]);
    }
}
