//! Where a site's certificate comes from, as rustls asks for it at each handshake.

use std::{fmt, path::Path, sync::Arc};

use rustls::{
    server::{ClientHello, ResolvesServerCert},
    sign::CertifiedKey,
};
use time::OffsetDateTime;

use super::{Certified, Issued, Slot, SystemRoots, kept::Kept};
use crate::{
    config::model::{Certificate, Site},
    watched::Watched,
};

/// Where a site's certificate comes from.
pub(super) enum Source {
    /// The operator's PEM files.
    Files(Watched<Certified>),
    /// Made and kept by hubgate.
    SelfSigned(Kept),
    /// Got from a CA.
    Issued(Arc<Slot>),
}

impl Source {
    /// Loads the site's certificate, or makes it.
    pub(super) fn load(
        site: &Site,
        state: &Path,
        issued: &Issued,
        roots: Arc<SystemRoots>,
    ) -> anyhow::Result<Self> {
        let hosts = site.hosts.clone();
        match &site.certificate {
            Certificate::SelfSigned => Kept::load(state, &hosts, roots).map(Self::SelfSigned),
            Certificate::Acme => issued.slot(&hosts, &roots).map(Self::Issued),
            Certificate::Files { chain, key } => {
                let (chain, key) = (chain.clone(), key.clone());
                Watched::load(vec![chain.clone(), key.clone()], move || {
                    Certified::load(&chain, &key, &hosts, &roots)
                })
                .map(Self::Files)
            }
        }
    }

    /// The certificate to serve.
    pub(super) fn current(&self) -> Arc<Certified> {
        match self {
            Self::Files(files) => files.current(),
            Self::SelfSigned(kept) => kept.current(),
            Self::Issued(slot) => slot.current(),
        }
    }

    /// Takes up what changed; says whether something did.
    pub(super) fn refresh(&self) -> anyhow::Result<bool> {
        match self {
            Self::Files(files) => files.refresh(),
            Self::SelfSigned(kept) => kept.refresh(OffsetDateTime::now_utc()),
            Self::Issued(_) => Ok(false),
        }
    }
}

impl ResolvesServerCert for Source {
    fn resolve(&self, _: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(Arc::clone(&self.current().key))
    }
}

impl fmt::Debug for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Source").field(&self.current()).finish()
    }
}
