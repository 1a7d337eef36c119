//! Probe certificates: copies of a device's certificate for `hubgate explain`.
//!
//! The registry stores no certificates. A probe has the same serial number, name and validity, so
//! verification returns the same verdict; its key is discarded, and no file is written.

use anyhow::{Context, anyhow};
use rustls::pki_types::CertificateDer;
use time::OffsetDateTime;

use crate::devices::registry::{DeviceCertificate, ca_store::ClientCaStore, name::Name};

impl ClientCaStore {
    /// Signs a probe of a device's newest valid certificate, or of its newest one if none is valid.
    ///
    /// # Errors
    /// When no device has the name, or the CA or the registry cannot be read.
    pub fn likeness(
        &self,
        name: &Name,
    ) -> anyhow::Result<(DeviceCertificate, CertificateDer<'static>)> {
        let (registry, now) = (self.register()?, OffsetDateTime::now_utc());
        let clients = registry.certificates().iter();
        let mut named = clients.filter(|client| client.name == *name);
        let newest = registry.of_name(name, now).or_else(|| named.next_back());
        let client = newest.ok_or_else(|| anyhow!(registry.unknown(name, now)))?;
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
        devices::registry::Registry,
        tls::{ClientCa, ClientCertificateError, SystemRoots, unverified_serial},
    };

    fn client(name: &str, serial: &str, days: i64) -> DeviceCertificate {
        let now = OffsetDateTime::now_utc();
        DeviceCertificate {
            name: Name::parse(name).unwrap(),
            serial: serial.to_owned(),
            issued: now - Duration::days(60),
            expires: now + Duration::days(days),
            replaces: None,
            revoked: None,
        }
    }

    #[test]
    fn a_probe_gets_the_verdict_of_the_devices_certificate() {
        let state = tempfile::tempdir().unwrap();
        let folder = ClientCaStore::new(state.path());
        folder.prepare().unwrap();
        let mut registry = Registry::default();
        registry.add(client("Anna", "4A01", 30));
        registry.add(client("Anna", "4A02", -1));
        registry.add(client("Ben", "4B01", 30));
        registry.add(client("Cleo", "4C01", -1));
        let text = serde_json::to_vec(&registry).unwrap();
        std::fs::write(folder.register_file(), text).unwrap();
        folder.revoke(&[Name::parse("Ben").unwrap()]).unwrap();
        let (ca, crl): (PathBuf, _) = folder.trust();
        let roots = Arc::new(SystemRoots::none());
        let ca = ClientCa::load(ca, crl, &[], &roots).unwrap();
        let judged = |name: &str| {
            let (client, certificate) = folder.likeness(&Name::parse(name).unwrap()).unwrap();
            assert_eq!(
                unverified_serial(&certificate).as_ref(),
                Some(&client.serial)
            );
            ca.validate(&[certificate], SystemTime::now())
        };
        let anna = judged("Anna").unwrap();
        assert_eq!(anna.common_name(), Some("Anna"));
        assert_eq!(anna.serial(), "4A01");
        assert_eq!(judged("Ben"), Err(ClientCertificateError::Revoked));
        assert!(matches!(
            judged("Cleo"),
            Err(ClientCertificateError::Expired(_))
        ));
    }

    #[test]
    fn an_unknown_name_has_no_probe() {
        let state = tempfile::tempdir().unwrap();
        let folder = ClientCaStore::new(state.path());
        folder.prepare().unwrap();
        let fault = folder.likeness(&Name::parse("Dora").unwrap()).unwrap_err();
        assert!(fault.to_string().contains("Dora"), "{fault}");
    }
}
