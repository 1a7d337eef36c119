//! A probe certificate: it is judged as a device's own, to explain a decision.
//!
//! The register stores no certificates. The probe has the serial number, name and dates of the
//! device's certificate, and the same CA signs it. Its key is dropped at once, and nothing is
//! written.

use anyhow::{Context, anyhow};
use rustls::pki_types::CertificateDer;
use time::OffsetDateTime;

use super::{folder::Folder, name::Name, register::Client};

impl Folder {
    /// Returns the register entry of a device's newest certificate, a valid one if there is one,
    /// and its probe certificate.
    ///
    /// # Errors
    /// No device has the name, or the CA or the register cannot be read.
    pub fn likeness(&self, name: &Name) -> anyhow::Result<(Client, CertificateDer<'static>)> {
        let (register, now) = (self.register()?, OffsetDateTime::now_utc());
        let mut named = register
            .clients()
            .iter()
            .filter(|client| client.name == *name);
        let newest = register.find_valid(name, now).or_else(|| named.next_back());
        let client = newest.ok_or_else(|| anyhow!(register.unknown(name, now)))?;
        let certificate = self.load()?.sign_probe(client);
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
    fn a_probe_certificate_is_judged_as_the_certificate_of_the_device() {
        let state = tempfile::tempdir().unwrap();
        let folder = Folder::of(state.path());
        folder.prepare().unwrap();
        let mut register = Register::default();
        register.add(client("Anna", "4A01", 30));
        register.add(client("Anna", "4A02", -1));
        register.add(client("Ben", "4B01", 30));
        register.add(client("Cleo", "4C01", -1));
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
    fn an_unknown_device_has_no_probe_certificate() {
        let state = tempfile::tempdir().unwrap();
        let folder = Folder::of(state.path());
        folder.prepare().unwrap();
        let fault = folder.likeness(&Name::parse("Dora").unwrap()).unwrap_err();
        assert!(fault.to_string().contains("Dora"), "{fault}");
    }
}
