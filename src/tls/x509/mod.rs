//! Certificates and their parts, for server and client side alike (RFC 5280, RFC 7468).

pub(crate) mod certificate_error;
pub(crate) mod certificate_fields;
pub(crate) mod crypto_provider;
pub(crate) mod date;
pub(crate) mod distinguished_name;
pub(crate) mod handshake_signature;
pub(crate) mod pem;
pub(crate) mod sha256;
pub(crate) mod subject_alt_names;
pub(crate) mod system_roots;
pub(crate) mod warning;
