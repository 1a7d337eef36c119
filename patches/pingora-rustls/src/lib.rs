//! The items of `pingora-rustls` that Pingora names.
//!
//! The original has a second crypto provider (ring) and reads PEM files with rustls-pemfile, which
//! is archived. This crate uses aws-lc-rs, as hubgate does, and the PEM reader of rustls. TLS to
//! hubs uses configurations of hubgate (`trusted`), so Pingora's own configuration trusts no CA,
//! and the system's root certificates are not read for it.
#![forbid(unsafe_code)]

use std::path::Path;

use pingora_error::{ErrorType, OrErr, Result};
use rustls::pki_types::pem::PemObject;

pub use no_debug::{Ellipses, NoDebug, WithTypeInfo};
pub use rustls::client::WebPkiServerVerifier;
pub use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
pub use rustls::crypto::CryptoProvider;
pub use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName, UnixTime};
pub use rustls::server::danger::{ClientCertVerified, ClientCertVerifier};
pub use rustls::server::{
    ClientCertVerifierBuilder, ClientHello, ResolvesServerCert, WebPkiClientVerifier,
};
pub use rustls::{
    CertificateError, ClientConfig, DigitallySignedStruct, Error as RusTlsError, KeyLogFile,
    RootCertStore, ServerConfig, SignatureScheme, Stream, sign, version,
};
pub use tokio_rustls::client::TlsStream as ClientTlsStream;
pub use tokio_rustls::server::TlsStream as ServerTlsStream;
pub use tokio_rustls::{Accept, TlsAcceptor, TlsStream};
pub use trusted::{Connect, TlsConnector, TrustedServer};

mod trusted;

/// Makes aws-lc-rs the provider of the process, unless it has one.
pub fn install_default_crypto_provider() {
    let provider = rustls::crypto::aws_lc_rs::default_provider();
    CryptoProvider::install_default(provider).ok();
}

/// Adds the certificates of a file.
///
/// # Errors
/// `FileReadError` or `InvalidCert`.
pub fn load_ca_file_into_store<P: AsRef<Path>>(path: P, store: &mut RootCertStore) -> Result<()> {
    for certificate in certificates(path.as_ref())? {
        let added = store.add(certificate);
        added.or_err(
            ErrorType::InvalidCert,
            "Failed to load X509 certificate into root store",
        )?;
    }
    Ok(())
}

/// Adds nothing: a hub without a configuration of hubgate's own is not trusted.
///
/// # Errors
/// None.
pub fn load_platform_certs_incl_env_into_store(_: &mut RootCertStore) -> Result<()> {
    Ok(())
}

/// Reads a certificate chain and its key; none when either is missing.
///
/// # Errors
/// `FileReadError` or `InvalidCert`.
pub fn load_certs_and_key_files<'a>(
    chain: &str,
    key: &str,
) -> Result<Option<(Vec<CertificateDer<'a>>, PrivateKeyDer<'a>)>> {
    let chain = certificates(Path::new(chain))?;
    let key = keys(key)?.into_iter().next();
    Ok(key.filter(|_| !chain.is_empty()).map(|key| (chain, key)))
}

/// Reads the first certificate of a file; nothing when there is none.
///
/// # Errors
/// `FileReadError` or `InvalidCert`.
pub fn load_pem_file_ca(path: &String) -> Result<Vec<u8>> {
    let first = certificates(Path::new(path))?.into_iter().next();
    Ok(first.map_or_else(Vec::new, |certificate| certificate.to_vec()))
}

/// Reads the first key of a file; nothing when there is none.
///
/// # Errors
/// `FileReadError` or `InvalidCert`.
pub fn load_pem_file_private_key(path: &String) -> Result<Vec<u8>> {
    let first = keys(path)?.into_iter().next();
    Ok(first.map_or_else(Vec::new, |key| key.secret_der().to_vec()))
}

/// The SHA-256 of a certificate.
pub fn hash_certificate(certificate: &CertificateDer<'_>) -> Vec<u8> {
    let hash = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, certificate);
    hash.as_ref().to_vec()
}

fn certificates(path: &Path) -> Result<Vec<CertificateDer<'static>>> {
    let pem = read(path)?;
    let found: std::result::Result<_, _> = CertificateDer::pem_slice_iter(&pem).collect();
    found.or_err(
        ErrorType::InvalidCert,
        "Certificate in pem file could not be read",
    )
}

fn keys(path: &str) -> Result<Vec<PrivateKeyDer<'static>>> {
    let pem = read(Path::new(path))?;
    let found: std::result::Result<_, _> = PrivateKeyDer::pem_slice_iter(&pem).collect();
    found.or_err(
        ErrorType::InvalidCert,
        "Private key in pem file could not be read",
    )
}

fn read(path: &Path) -> Result<Vec<u8>> {
    std::fs::read(path).or_err(ErrorType::FileReadError, "Failed to load file")
}
