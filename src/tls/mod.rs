//! Certificates, and the rustls configurations built from them.
//!
//! [`SiteTls`] serves a site's certificate; `connection` selects one of its configurations at the
//! ClientHello. [`ClientCa`] validates the [`ClientChain`] that a client presented; `access` reads
//! the verdict for each request. [`ServerTrust`] verifies the certificate of a hub. `x509` has the
//! parts of certificates that these share. No sockets and no HTTP here.

pub(crate) mod client;
mod client_auth;
#[cfg(any(fuzzing, test))]
#[allow(clippy::panic, reason = "a broken property panics")]
pub(crate) mod properties;
pub(crate) mod server;
#[cfg(test)]
pub(crate) mod testing;
pub(crate) mod x509;

pub(crate) use self::x509::{
    distinguished_name::hex, pem::describe_fault as pem_in_words, system_roots::native_certificates,
};
pub use self::{
    client::{
        handshake_fault::handshake_fault, refused_certificate::RefusedCertificate,
        server_trust::ServerTrust,
    },
    client_auth::{
        client_ca::ClientCa,
        client_chain::ClientChain,
        identity::{Identity, unverified_serial},
    },
    server::{
        acme_certificates::{AcmeCertificates, CertificateSlot},
        certified::Certified,
        settings::placeholder,
        site_tls::SiteTls,
    },
    x509::{
        certificate_error::ClientCertificateError,
        crypto_provider::install_provider,
        date::{date, time_of_day},
        system_roots::SystemRoots,
        warning::Warning,
    },
};
pub use client_auth::ClientAuth;
