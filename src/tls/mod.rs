//! Certificates, and the rustls configurations built from them.
//!
//! [`SiteTls`] serves a site's certificate; `connection` selects one of its configurations at the
//! ClientHello. [`ClientCa`] validates the [`ClientChain`] that a client presented; `access` reads the
//! verdict for each request. [`ServerTrust`] verifies the certificate of a hub. No sockets and no HTTP
//! here.

mod authority;
mod certificate;
mod chain;
mod client_auth;
mod client_ca;
mod client_chain;
mod crypto_provider;
mod day;
mod distinguished_name;
mod fields;
mod handshake_fault;
mod handshake_signature;
mod hosts;
mod identity;
mod issued;
mod judgement;
mod kept;
mod line;
mod path_revocation;
mod pem;
mod possession;
#[cfg(any(fuzzing, test))]
#[allow(clippy::panic, reason = "a broken property panics")]
pub(crate) mod properties;
mod reason;
mod refused_certificate;
mod revocation;
mod roots;
mod self_signed;
mod server_trust;
mod settings;
mod sha256;
mod site;
mod source;
mod span;
#[cfg(test)]
pub(crate) mod testing;
mod trust;
mod verdict;
mod verdict_cache;
mod version_1;
mod warning;

pub use certificate::Certified;
pub use client_auth::ClientAuth;
pub use client_ca::ClientCa;
pub use client_chain::ClientChain;
pub use crypto_provider::install_provider;
pub use day::{day, moment};
pub(crate) use distinguished_name::hex;
pub use handshake_fault::handshake_fault;
pub use identity::{Identity, serial};
pub use issued::{AcmeCertificates, CertificateSlot};
pub(crate) use pem::in_words as pem_in_words;
pub use reason::ClientCertificateError;
pub use refused_certificate::RefusedCertificate;
pub use roots::SystemRoots;
pub(crate) use roots::native_certificates;
pub use server_trust::ServerTrust;
pub use settings::placeholder;
pub use site::SiteTls;
pub use warning::Warning;
