//! The TLS of one site: its certificate and two server configurations.
//!
//! One configuration requests a client certificate, the other does not; `connection` selects one at
//! the ClientHello.

use std::{path::Path, sync::Arc};

use arc_swap::ArcSwap;
use rustls::{
    ServerConfig,
    server::{WebPkiClientVerifier, danger::ClientCertVerifier},
};

use super::{certificate_source::CertificateSource, settings::ServerSettings};
use crate::{
    config::model::Site,
    tls::{
        AcmeCertificates, Certified, ClientCa, SystemRoots, Warning,
        client_auth::key_possession::KeyPossessionVerifier,
    },
};

/// The TLS of one site: its certificate and two server configurations.
///
/// Sessions and tickets belong to one configuration of one site.
pub struct SiteTls {
    source: Arc<CertificateSource>,
    client_cas: ClientCas,
    plain: Arc<ServerConfig>,
    requesting: ArcSwap<RequestingConfig>,
}

/// The configuration that requests a client certificate, and the generations of the CAs it names.
struct RequestingConfig {
    config: Arc<ServerConfig>,
    generations: Vec<u64>,
}

/// The CAs of the client certificates that a site accepts.
struct ClientCas(Vec<Arc<ClientCa>>);

impl SiteTls {
    /// Loads or generates the site's certificate and builds the configurations that serve it.
    ///
    /// `client_cas` are the CAs of all rules of the site. A self-signed certificate is stored below
    /// `state`; an ACME certificate is in its slot of `issued`.
    ///
    /// # Errors
    /// A certificate or key cannot be served; each error names file, cause and remedy.
    pub fn build(
        site: &Site,
        state: &Path,
        issued: &AcmeCertificates,
        roots: &Arc<SystemRoots>,
        client_cas: &[Arc<ClientCa>],
    ) -> anyhow::Result<Self> {
        let source = CertificateSource::load(site, state, issued, Arc::clone(roots))?;
        let (source, client_cas) = (Arc::new(source), ClientCas(client_cas.to_vec()));
        let requesting = RequestingConfig::build(&source, &client_cas)?;
        Ok(Self {
            plain: ServerSettings::new(source.clone()).with_resumption()?,
            requesting: ArcSwap::from_pointee(requesting),
            client_cas,
            source,
        })
    }

    /// Returns the configuration for a connection, with or without a request for a certificate.
    ///
    /// Without client CAs, neither configuration requests a certificate; the requesting one resumes
    /// no session.
    #[must_use]
    pub fn config(&self, requests_client_cert: bool) -> Arc<ServerConfig> {
        if requests_client_cert {
            Arc::clone(&self.requesting.load().config)
        } else {
            Arc::clone(&self.plain)
        }
    }

    /// Returns the certificate in service.
    #[must_use]
    pub fn certified(&self) -> Arc<Certified> {
        self.source.current()
    }

    /// Returns the faults of the certificate in service.
    #[must_use]
    pub fn warnings(&self) -> Vec<Warning> {
        self.certified().warnings.clone()
    }

    /// Reloads changed files and the names of client CAs; reports whether the certificate changed.
    ///
    /// The caller refreshes the client CAs first. New connections use the new state; open ones
    /// continue.
    ///
    /// # Errors
    /// The files cannot be served, once per change; the last valid certificate stays.
    pub fn refresh(&self) -> anyhow::Result<bool> {
        if self.requesting.load().generations != self.client_cas.generations() {
            let requesting = RequestingConfig::build(&self.source, &self.client_cas)?;
            self.requesting.store(Arc::new(requesting));
        }
        self.source.refresh()
    }
}

impl RequestingConfig {
    fn build(source: &Arc<CertificateSource>, client_cas: &ClientCas) -> anyhow::Result<Self> {
        let generations = client_cas.generations();
        let settings = ServerSettings::new(source.clone());
        let settings = settings.with_client_verifier(client_cas.verifier());
        Ok(Self {
            config: settings.without_resumption()?,
            generations,
        })
    }
}

impl ClientCas {
    /// Builds the verifier. Without a CA it requests no certificate, because a request that names
    /// no CA asks for a certificate of any CA.
    fn verifier(&self) -> Arc<dyn ClientCertVerifier> {
        if self.0.is_empty() {
            return WebPkiClientVerifier::no_client_auth();
        }
        let subjects = self.0.iter().flat_map(|ca| ca.subjects()).collect();
        Arc::new(KeyPossessionVerifier::new(subjects))
    }

    fn generations(&self) -> Vec<u64> {
        self.0.iter().map(|ca| ca.generation()).collect()
    }
}

#[cfg(test)]
mod tests;
