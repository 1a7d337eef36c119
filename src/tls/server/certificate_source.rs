//! The source of a site's certificate, which rustls queries at each handshake.

use std::{fmt, path::Path, sync::Arc};

use rustls::{
    server::{ClientHello, ResolvesServerCert},
    sign::CertifiedKey,
};
use time::OffsetDateTime;

use super::persisted_self_signed::PersistedSelfSigned;
use crate::{
    config::model::{Certificate, Site},
    tls::{AcmeCertificates, CertificateSlot, Certified, SystemRoots},
    watched::Watched,
};

/// The source of a site's certificate.
pub(crate) enum CertificateSource {
    /// The operator's PEM files.
    Files(Watched<Certified>),
    /// Generated and stored by hubgate.
    SelfSigned(PersistedSelfSigned),
    /// Issued by a CA over ACME.
    Acme(Arc<CertificateSlot>),
}

impl CertificateSource {
    /// Loads or generates the site's certificate.
    pub(crate) fn load(
        site: &Site,
        state: &Path,
        issued: &AcmeCertificates,
        roots: Arc<SystemRoots>,
    ) -> anyhow::Result<Self> {
        let hosts = site.hosts.clone();
        match &site.certificate {
            Certificate::SelfSigned => {
                PersistedSelfSigned::load(state, &hosts, roots).map(Self::SelfSigned)
            }
            Certificate::Acme => issued.slot(&hosts, &roots).map(Self::Acme),
            Certificate::Files { chain, key } => {
                let (chain, key) = (chain.clone(), key.clone());
                Watched::load(vec![chain.clone(), key.clone()], move || {
                    Certified::load(&chain, &key, &hosts, &roots)
                })
                .map(Self::Files)
            }
        }
    }

    /// Returns the certificate to serve.
    pub(crate) fn current(&self) -> Arc<Certified> {
        match self {
            Self::Files(files) => files.current(),
            Self::SelfSigned(persisted) => persisted.current(),
            Self::Acme(slot) => slot.current(),
        }
    }

    /// Reloads changed files or renews a self-signed certificate; reports whether the certificate
    /// changed. The task of an ACME certificate renews it.
    pub(crate) fn refresh(&self) -> anyhow::Result<bool> {
        match self {
            Self::Files(files) => files.refresh(),
            Self::SelfSigned(persisted) => persisted.refresh(OffsetDateTime::now_utc()),
            Self::Acme(_) => Ok(false),
        }
    }
}

impl ResolvesServerCert for CertificateSource {
    fn resolve(&self, _: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(Arc::clone(&self.current().key))
    }
}

impl fmt::Debug for CertificateSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("CertificateSource")
            .field(&self.current())
            .finish()
    }
}
