//! The certificate of tls-alpn-01 and the name it is asked for by (RFC 8737; RFC 8738 for
//! addresses).

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

/// The protocol a CA offers, and nothing beside it (RFC 8737, 6.2).
const PROTOCOL: &[u8] = b"acme-tls/1";

/// A configuration with the certificate for one identifier: signed by itself, one name, and the
/// critical acmeIdentifier.
pub(super) fn config(identifier: &Host, digest: &[u8; 32]) -> anyhow::Result<Arc<ServerConfig>> {
    if let Host::Wildcard(_) = identifier {
        bail!("a wildcard is proven by dns-01 only");
    }
    // Not by `with_single_cert`, which refuses the critical extension it does not know.
    let certified = certified(identifier, digest)?;
    let mut config = ServerConfig::builder_with_provider(Arc::new(default_provider()))
        .with_safe_default_protocol_versions()?
        .with_no_client_auth()
        .with_cert_resolver(Arc::new(SingleCertAndKey::from(certified)));
    config.alpn_protocols = vec![PROTOCOL.to_vec()];
    config.session_storage = Arc::new(NoServerSessionStorage {});
    config.send_tls13_tickets = 0;
    Ok(Arc::new(config))
}

fn certified(identifier: &Host, digest: &[u8; 32]) -> anyhow::Result<CertifiedKey> {
    let key = KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256).context("cannot make a key")?;
    let mut params = CertificateParams::new([identifier.to_string()])
        .context("cannot be named in a certificate; write it in ASCII (xn--)")?;
    params.distinguished_name = DistinguishedName::new();
    params.not_before = OffsetDateTime::now_utc() - Duration::DAY;
    params.not_after = OffsetDateTime::now_utc() + Duration::WEEK;
    params.custom_extensions = vec![CustomExtension::new_acme_identifier(digest)];
    let certificate = params.self_signed(&key).context("cannot sign it")?;
    let key = any_ecdsa_type(&PrivateKeyDer::Pkcs8(key.serialize_der().into()))?;
    Ok(CertifiedKey::new(vec![certificate.der().clone()], key))
}

/// The name in a CA's ClientHello: an address is asked for by its reverse name (RFC 8738, 6).
pub(super) fn server_name(identifier: &Host) -> String {
    match identifier {
        Host::Address(address) => reverse_name(*address),
        host => host.to_string(),
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
