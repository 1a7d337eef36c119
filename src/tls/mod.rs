//! Certificates, and the rustls configurations built from them.
//!
//! [`SiteTls`] serves a site's certificate; `connection` selects one of its configurations at the
//! ClientHello. [`ClientCa`] validates the [`ClientChain`] that a client presented; `access` reads
//! the verdict for each request. [`ServerTrust`] verifies the certificate of an upstream. No
//! sockets and no HTTP here.

pub(crate) mod client;
mod client_auth;
#[cfg(any(fuzzing, test))]
#[allow(clippy::panic, reason = "a broken property panics")]
pub(crate) mod properties;
pub(crate) mod server;
#[cfg(test)]
pub(crate) mod testing;
pub(crate) mod x509;

pub use self::client::handshake_fault::handshake_fault;
pub use self::client::refused_certificate::RefusedCertificate;
pub use self::client::server_trust::ServerTrust;
pub use self::client_auth::client_ca::ClientCa;
pub use self::client_auth::client_chain::ClientChain;
pub use self::client_auth::identity::{Identity, unverified_serial};
pub use self::server::acme_certificates::{AcmeCertificates, CertificateSlot};
pub use self::server::certified::Certified;
pub use self::server::settings::placeholder;
pub use self::server::site_tls::SiteTls;
pub use self::x509::certificate_error::ClientCertificateError;
pub use self::x509::crypto_provider::install_provider;
pub use self::x509::date::{date, time_of_day};
pub(crate) use self::x509::distinguished_name::hex;
pub(crate) use self::x509::pem::describe_fault as pem_in_words;
pub use self::x509::system_roots::SystemRoots;
pub(crate) use self::x509::system_roots::native_certificates;
pub use self::x509::warning::Warning;
pub use client_auth::ClientAuth;
