//! ACME certificates in service: one slot per site, with a certificate that can be replaced.
//!
//! The slots survive reloads. `acme` orders and stores the certificates; until the first one is
//! issued, a slot serves a self-signed certificate.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};

use anyhow::Context;
use arc_swap::ArcSwap;

use crate::{
    config::model::Host,
    tls::{Certified, SystemRoots},
};

/// The slots of all ACME certificates, by the first host of their site.
#[derive(Default)]
pub struct AcmeCertificates(Mutex<HashMap<Host, Arc<CertificateSlot>>>);

/// The slot of one site's certificate.
pub struct CertificateSlot {
    current: ArcSwap<Certified>,
}

impl AcmeCertificates {
    /// Returns the slot of a site with these hosts; a new slot holds a self-signed certificate.
    ///
    /// # Errors
    /// The system returns no random numbers.
    pub fn slot(
        &self,
        hosts: &[Host],
        roots: &SystemRoots,
    ) -> anyhow::Result<Arc<CertificateSlot>> {
        let name = hosts.first().context("a site without hosts")?;
        let mut slots = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(slot) = slots.get(name) {
            return Ok(slot.clone());
        }
        let slot = Arc::new(CertificateSlot {
            current: ArcSwap::from_pointee(Certified::self_signed(hosts, roots)?),
        });
        slots.insert(name.clone(), slot.clone());
        Ok(slot)
    }
}

impl CertificateSlot {
    /// Returns the certificate to serve.
    #[must_use]
    pub fn current(&self) -> Arc<Certified> {
        self.current.load_full()
    }

    /// Serves another certificate from the next handshake on; open connections continue.
    pub fn serve(&self, certified: Certified) {
        self.current.store(Arc::new(certified));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slot_of_a_host_is_reused_and_serves_the_last_certificate() {
        let (issued, roots) = (AcmeCertificates::default(), SystemRoots::none());
        let hosts = [
            Host::Name("home.test".into()),
            Host::Name("two.test".into()),
        ];
        let slot = issued.slot(&hosts, &roots).unwrap();
        assert_eq!(slot.current().names, hosts);
        slot.serve(Certified::self_signed(&hosts[1..], &roots).unwrap());
        let again = issued.slot(&hosts[..1], &roots).unwrap();
        assert_eq!(again.current().names, hosts[1..]);
    }
}
