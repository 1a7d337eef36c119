//! A certificate in the likeness of a device's, to ask what its own would be worth.
//!
//! The register keeps no certificates. This one has the same serial number, name and dates, and so
//! is judged alike; its key is forgotten at once, and nothing is written.

use anyhow::{Context, anyhow};
use rustls::pki_types::CertificateDer;
use time::OffsetDateTime;

use super::{folder::Folder, name::Name, register::Client};

impl Folder {
    /// The newest certificate of a device, one that is good before others, and its likeness.
    ///
    /// # Errors
    /// When no device has the name, or the CA or the register cannot be read.
    pub fn likeness(&self, name: &Name) -> anyhow::Result<(Client, CertificateDer<'static>)> {
        let (register, now) = (self.register()?, OffsetDateTime::now_utc());
        let mut named = register.clients().iter().filter(|it| it.name == *name);
        let newest = register.of_name(name, now).or_else(|| named.next_back());
        let client = newest.ok_or_else(|| anyhow!(register.unknown(name, now)))?;
        let certificate = self.load()?.sign_likeness(client);
        let certificate = certificate.with_context(|| format!("client {:?}", name.as_str()))?;
        Ok((client.clone(), certificate))
    }
}

#[cfg(test)]
mod tests {
    use std::{path::PathBuf, sync::Arc, time::SystemTime};

    use time::{Duration, OffsetDateTime};

    use super::*;
    use crate::{
        clients::register::Register,
        tls::{ClientCa, Reason, SystemRoots, serial},
    };

    fn client(name: &str, serial: &str, days: i64) -> Client {
        let now = OffsetDateTime::now_utc();
        Client {
            name: Name::parse(name).unwrap(),
            serial: serial.to_owned(),
            issued: now - Duration::days(60),
            expires: now + Duration::days(days),
            replaces: None,
            revoked: None,
        }
    }

    #[test]
    fn a_likeness_is_judged_as_the_devices_own_certificate() {
        let state = tempfile::tempdir().unwrap();
        let folder = Folder::of(state.path());
        folder.prepare().unwrap();
        let mut register = Register::default();
        register.enter(client("Anna", "4A01", 30));
        register.enter(client("Anna", "4A02", -1));
        register.enter(client("Ben", "4B01", 30));
        register.enter(client("Cleo", "4C01", -1));
        let text = serde_json::to_vec(&register).unwrap();
        std::fs::write(folder.register_file(), text).unwrap();
        folder.revoke(&[Name::parse("Ben").unwrap()]).unwrap();
        let (ca, crl): (PathBuf, _) = folder.trust();
        let roots = Arc::new(SystemRoots::from_certificates(&[]));
        let ca = ClientCa::load(ca, crl, &[], &roots).unwrap();
        let judged = |name: &str| {
            let (client, certificate) = folder.likeness(&Name::parse(name).unwrap()).unwrap();
            assert_eq!(serial(&certificate).as_ref(), Some(&client.serial));
            ca.judge(&[certificate], SystemTime::now())
        };
        let anna = judged("Anna").unwrap();
        assert_eq!(anna.common_name(), Some("Anna"));
        assert_eq!(anna.serial(), "4A01");
        assert_eq!(judged("Ben"), Err(Reason::Revoked));
        assert!(matches!(judged("Cleo"), Err(Reason::Expired(_))));
    }

    #[test]
    fn nobody_unknown_has_a_likeness() {
        let state = tempfile::tempdir().unwrap();
        let folder = Folder::of(state.path());
        folder.prepare().unwrap();
        let told = folder.likeness(&Name::parse("Dora").unwrap()).unwrap_err();
        assert!(told.to_string().contains("Dora"), "{told}");
    }
}
