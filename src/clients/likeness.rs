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
