//! Server configurations of rustls: TLS 1.2 and 1.3, Mozilla's intermediate ciphers, ALPN with
//! HTTP/2 first.
//!
//! They differ in the certificate, the request for a client certificate, and session resumption.

use std::sync::Arc;

use rustls::{
    ServerConfig,
    crypto::aws_lc_rs,
    server::{
        ClientHello, NoServerSessionStorage, ResolvesServerCert, ServerSessionMemoryCache,
        WebPkiClientVerifier, danger::ClientCertVerifier,
    },
    sign::CertifiedKey,
    version::{TLS12, TLS13},
};
use time::OffsetDateTime;

use super::self_signed::SelfSigned;

/// Cached TLS 1.2 sessions of clients without tickets.
const MAX_SESSIONS: usize = 256;

/// Builds the configuration for a client that names no site or an unknown one.
///
/// Its certificate names no host and is generated at each call; the configuration requests no
/// client certificate and resumes no session.
///
/// # Errors
/// The system returns no random numbers.
pub fn placeholder() -> anyhow::Result<Arc<ServerConfig>> {
    let generated = SelfSigned::generate(&[], OffsetDateTime::now_utc())?;
    let key = CertifiedKey::new(vec![generated.certificate], generated.key);
    let certificate = Arc::new(Placeholder(Arc::new(key)));
    ServerSettings::new(certificate).without_resumption()
}

/// The settings of a server configuration.
pub(crate) struct ServerSettings {
    certificate: Arc<dyn ResolvesServerCert>,
    client_verifier: Arc<dyn ClientCertVerifier>,
}

impl ServerSettings {
    /// Serves this certificate and requests none from clients.
    pub(crate) fn new(certificate: Arc<dyn ResolvesServerCert>) -> Self {
        Self {
            certificate,
            client_verifier: WebPkiClientVerifier::no_client_auth(),
        }
    }

    /// Requests a client certificate as this verifier requires.
    pub(crate) fn with_client_verifier(mut self, verifier: Arc<dyn ClientCertVerifier>) -> Self {
        self.client_verifier = verifier;
        self
    }

    /// Builds a configuration with a session cache and tickets of its own.
    pub(crate) fn with_resumption(self) -> anyhow::Result<Arc<ServerConfig>> {
        let mut config = self.config()?;
        config.session_storage = ServerSessionMemoryCache::new(MAX_SESSIONS);
        config.ticketer = aws_lc_rs::Ticketer::new()?;
        Ok(Arc::new(config))
    }

    /// Builds a configuration without session cache and tickets.
    ///
    /// Each connection presents its client certificate again, so that each is validated anew.
    pub(crate) fn without_resumption(self) -> anyhow::Result<Arc<ServerConfig>> {
        let mut config = self.config()?;
        config.session_storage = Arc::new(NoServerSessionStorage {});
        config.send_tls13_tickets = 0;
        Ok(Arc::new(config))
    }

    fn config(self) -> anyhow::Result<ServerConfig> {
        let provider = Arc::new(aws_lc_rs::default_provider());
        let mut config = ServerConfig::builder_with_provider(provider)
            .with_protocol_versions(&[&TLS13, &TLS12])?
            .with_client_cert_verifier(self.client_verifier)
            .with_cert_resolver(self.certificate);
        config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
        config.max_early_data_size = 0;
        // The client's order of ciphers decides: a phone without AES in hardware prefers ChaCha20.
        config.ignore_client_order = false;
        Ok(config)
    }
}

/// Resolves to the certificate for a client without a site.
#[derive(Debug)]
struct Placeholder(Arc<CertifiedKey>);

impl ResolvesServerCert for Placeholder {
    fn resolve(&self, _: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(Arc::clone(&self.0))
    }
}
