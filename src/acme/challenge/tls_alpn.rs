//! The validation certificate of tls-alpn-01 (RFC 8737; RFC 8738 for addresses).

use std::{fmt::Write, net::IpAddr, sync::Arc};

use anyhow::{Context, bail};
use rcgen::{
    CertificateParams, CustomExtension, DistinguishedName, KeyPair, PKCS_ECDSA_P256_SHA256,
};
use rustls::{
    ServerConfig,
    crypto::aws_lc_rs::{default_provider, sign::any_ecdsa_type},
    pki_types::PrivateKeyDer,
    server::NoServerSessionStorage,
    sign::{CertifiedKey, SingleCertAndKey},
};
use time::{Duration, OffsetDateTime};

use crate::config::model::Host;

/// The only protocol that the CA offers in ALPN (RFC 8737, 6.2).
const PROTOCOL: &[u8] = b"acme-tls/1";

/// The validation certificate of one identifier: self-signed, with a single name and the critical
/// extension acmeIdentifier (RFC 8737, 3).
pub(super) struct ValidationCertificate<'a> {
    identifier: &'a Host,
    digest: &'a [u8; 32],
}

impl<'a> ValidationCertificate<'a> {
    /// Describes the certificate; `digest` is the SHA-256 of the key authorization.
    pub(super) fn new(identifier: &'a Host, digest: &'a [u8; 32]) -> Self {
        Self { identifier, digest }
    }

    /// Makes the TLS configuration with a new certificate.
    ///
    /// # Errors
    /// A wildcard, or a name that no certificate can have.
    pub(super) fn server_config(&self) -> anyhow::Result<Arc<ServerConfig>> {
        if let Host::Wildcard(_) = self.identifier {
            bail!("a wildcard can be validated by dns-01 only");
        }
        // `with_single_cert` refuses the critical extension, because it does not know it.
        let resolver = SingleCertAndKey::from(self.certified_key()?);
        let mut config = ServerConfig::builder_with_provider(Arc::new(default_provider()))
            .with_safe_default_protocol_versions()?
            .with_no_client_auth()
            .with_cert_resolver(Arc::new(resolver));
        config.alpn_protocols = vec![PROTOCOL.to_vec()];
        config.session_storage = Arc::new(NoServerSessionStorage {});
        config.send_tls13_tickets = 0;
        Ok(Arc::new(config))
    }

    fn certified_key(&self) -> anyhow::Result<CertifiedKey> {
        let key = KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256).context("cannot make a key")?;
        let mut params = CertificateParams::new([self.identifier.to_string()])
            .context("the name cannot be in a certificate; write it in ASCII (xn--)")?;
        params.distinguished_name = DistinguishedName::new();
        params.not_before = OffsetDateTime::now_utc() - Duration::DAY;
        params.not_after = OffsetDateTime::now_utc() + Duration::WEEK;
        params.custom_extensions = vec![CustomExtension::new_acme_identifier(self.digest)];
        let certificate = params.self_signed(&key).context("cannot sign it")?;
        let key = any_ecdsa_type(&PrivateKeyDer::Pkcs8(key.serialize_der().into()))?;
        Ok(CertifiedKey::new(vec![certificate.der().clone()], key))
    }

    /// Returns the server name in the CA's ClientHello: for an address the reverse name
    /// (RFC 8738, 6).
    pub(super) fn server_name(&self) -> String {
        match self.identifier {
            Host::Address(address) => reverse_name(*address),
            host => host.to_string(),
        }
    }
}

fn reverse_name(address: IpAddr) -> String {
    match address {
        IpAddr::V4(address) => {
            let [a, b, c, d] = address.octets();
            format!("{d}.{c}.{b}.{a}.in-addr.arpa")
        }
        IpAddr::V6(address) => {
            let bytes = address.octets();
            let mut name = String::new();
            for byte in bytes.iter().rev() {
                // Writing to a string cannot fail.
                let _ = write!(name, "{:x}.{:x}.", byte & 0xf, byte >> 4);
            }
            name + "ip6.arpa"
        }
    }
}
