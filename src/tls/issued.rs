//! Certificates got from a CA: a slot for each site, filled and swapped while it is served.
//!
//! The slots outlive reloads. How certificates are got and where they are kept is `acme`'s
//! concern; until the first one comes, a certificate signed by itself stands in.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};

use anyhow::Context;
use arc_swap::ArcSwap;
use time::OffsetDateTime;

use super::{Certified, SystemRoots, self_signed::SelfSigned};
use crate::config::model::Host;

/// The slots of all certificates got from a CA, by the first host of their site.
#[derive(Default)]
pub struct Issued(Mutex<HashMap<Host, Arc<Slot>>>);

/// The place of one site's certificate.
pub struct Slot {
    current: ArcSwap<Certified>,
}

impl Issued {
    /// The slot of a site with these hosts; a new one holds a certificate signed by itself.
    ///
    /// # Errors
    /// When the system gives no random numbers.
    pub fn slot(&self, hosts: &[Host], roots: &SystemRoots) -> anyhow::Result<Arc<Slot>> {
        let name = hosts.first().context("a site without hosts")?;
        let mut slots = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(slot) = slots.get(name) {
            return Ok(slot.clone());
        }
        let slot = Arc::new(Slot {
            current: ArcSwap::from_pointee(stand_in(hosts, roots)?),
        });
        slots.insert(name.clone(), slot.clone());
        Ok(slot)
    }
}

impl Slot {
    /// The certificate to serve.
    #[must_use]
    pub fn current(&self) -> Arc<Certified> {
        self.current.load_full()
    }

    /// Serves another certificate from the next handshake on; connections go on.
    pub fn serve(&self, certified: Certified) {
        self.current.store(Arc::new(certified));
    }
}

fn stand_in(hosts: &[Host], roots: &SystemRoots) -> anyhow::Result<Certified> {
    let made = SelfSigned::make(hosts, OffsetDateTime::now_utc())?;
    Certified::new(&[made.certificate], made.key, roots)?
        .context("the key does not fit the certificate just made of it; report this")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slot_stays_the_same_and_serves_what_was_put_in_last() {
        let (issued, roots) = (Issued::default(), SystemRoots::from_certificates(&[]));
        let hosts = [
            Host::Name("home.test".into()),
            Host::Name("two.test".into()),
        ];
        let slot = issued.slot(&hosts, &roots).unwrap();
        assert_eq!(slot.current().names, hosts);
        slot.serve(stand_in(&hosts[1..], &roots).unwrap());
        let again = issued.slot(&hosts[..1], &roots).unwrap();
        assert_eq!(again.current().names, hosts[1..]);
    }
}
