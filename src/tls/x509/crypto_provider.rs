//! The cryptography of hubgate: aws-lc-rs, for TLS and for the signatures of certificates.

use rustls::{crypto::aws_lc_rs, pki_types::SignatureVerificationAlgorithm};

/// Installs aws-lc-rs as the process's cryptography provider; a second call changes nothing.
pub fn install_provider() {
    // Pingora would install another provider later; the first one stays.
    let _ = aws_lc_rs::default_provider().install_default();
}

/// Returns the signature algorithms of certificates and revocation lists.
///
/// webpki's own list includes those of every provider that some crate compiles in.
pub(crate) fn signature_algorithms() -> &'static [&'static dyn SignatureVerificationAlgorithm] {
    aws_lc_rs::default_provider()
        .signature_verification_algorithms
        .all
}
