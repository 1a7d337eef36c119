//! The TLS every connection gets: 1.2 and 1.3, Mozilla's intermediate ciphers, HTTP/2 first.
//!
//! Configurations differ in the certificate, in whether they ask for one, and in resumption.

use std::sync::Arc;

use rustls::{
    ServerConfig,
    crypto::{CryptoProvider, aws_lc_rs},
    pki_types::SignatureVerificationAlgorithm,
    server::{
        ClientHello, NoServerSessionStorage, ResolvesServerCert, ServerSessionMemoryCache,
        WebPkiClientVerifier, danger::ClientCertVerifier,
    },
    sign::CertifiedKey,
    version::{TLS12, TLS13},
};
use time::OffsetDateTime;

use super::self_signed::SelfSigned;

/// TLS 1.2 sessions remembered for clients without tickets.
const SESSIONS: usize = 256;

/// Makes aws-lc-rs the process's cryptography; a second call changes nothing.
pub fn install_provider() {
    // The engine would install another one if none were there; who comes first stays.
    let _ = aws_lc_rs::default_provider().install_default();
}

/// The signatures that certificates and lists may have; webpki's own list has those of every
/// provider that some crate has compiled in.
pub(super) fn signatures() -> &'static [&'static dyn SignatureVerificationAlgorithm] {
    aws_lc_rs::default_provider()
        .signature_verification_algorithms
        .all
}

/// The configuration for a client that names no site or an unknown one.
///
/// Its certificate names nothing, is made anew at each call and kept nowhere; it never asks for
/// a client certificate and resumes no session.
///
/// # Errors
/// When the system gives no random numbers.
pub fn placeholder() -> anyhow::Result<Arc<ServerConfig>> {
    let made = SelfSigned::make(&[], OffsetDateTime::now_utc())?;
    let key = Arc::new(CertifiedKey::new(vec![made.certificate], made.key));
    without_resumption(
        Arc::new(Placeholder(key)),
        WebPkiClientVerifier::no_client_auth(),
    )
}

/// A configuration that asks nobody for a certificate; sessions resume within it alone.
pub(super) fn plain(certificate: Arc<dyn ResolvesServerCert>) -> anyhow::Result<Arc<ServerConfig>> {
    let mut config = base(certificate, WebPkiClientVerifier::no_client_auth())?;
    config.session_storage = ServerSessionMemoryCache::new(SESSIONS);
    config.ticketer = aws_lc_rs::Ticketer::new()?;
    Ok(Arc::new(config))
}

/// A configuration without tickets and session cache: each connection shows its certificate
/// anew, and no verdict outlives its truth.
pub(super) fn without_resumption(
    certificate: Arc<dyn ResolvesServerCert>,
    verifier: Arc<dyn ClientCertVerifier>,
) -> anyhow::Result<Arc<ServerConfig>> {
    let mut config = base(certificate, verifier)?;
    config.session_storage = Arc::new(NoServerSessionStorage {});
    config.send_tls13_tickets = 0;
    Ok(Arc::new(config))
}

/// The client's order of ciphers counts: a phone without AES in hardware knows it best.
fn base(
    certificate: Arc<dyn ResolvesServerCert>,
    verifier: Arc<dyn ClientCertVerifier>,
) -> anyhow::Result<ServerConfig> {
    let mut config = ServerConfig::builder_with_provider(provider())
        .with_protocol_versions(&[&TLS13, &TLS12])?
        .with_client_cert_verifier(verifier)
        .with_cert_resolver(certificate);
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    config.max_early_data_size = 0;
    config.ignore_client_order = false;
    Ok(config)
}

fn provider() -> Arc<CryptoProvider> {
    Arc::new(aws_lc_rs::default_provider())
}

#[derive(Debug)]
struct Placeholder(Arc<CertifiedKey>);

impl ResolvesServerCert for Placeholder {
    fn resolve(&self, _: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(Arc::clone(&self.0))
    }
}
