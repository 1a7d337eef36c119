//! Makes a certificate that is signed by itself. Where it is kept is not its concern.

use std::sync::Arc;

use anyhow::Context;
use rcgen::{
    CertificateParams, DistinguishedName, DnType, ExtendedKeyUsagePurpose, IsCa, KeyPair,
    KeyUsagePurpose, PKCS_ECDSA_P256_SHA256,
};
use rustls::{
    crypto::aws_lc_rs::sign::any_ecdsa_type,
    pki_types::{CertificateDer, PrivateKeyDer},
    sign::SigningKey,
};
use time::{Duration, OffsetDateTime};

use super::hosts;
use crate::config::model::Host;

/// Apple's devices take no more than 825 days from any server.
const LIFE: Duration = Duration::days(820);
/// The clocks of the house's devices may be behind ours.
const CLOCK_SKEW: Duration = Duration::days(1);
/// The longest common name X.509 allows (RFC 5280, ub-common-name).
const COMMON_NAME: usize = 64;

/// A certificate signed by its own key.
pub(super) struct SelfSigned {
    pub(super) certificate: CertificateDer<'static>,
    pub(super) key: Arc<dyn SigningKey>,
    /// Key and certificate as the one file to keep.
    pub(super) pem: String,
}

impl SelfSigned {
    /// Makes a P-256 key and a server's certificate that names the hosts, valid from now on.
    pub(super) fn make(hosts: &[Host], now: OffsetDateTime) -> anyhow::Result<Self> {
        let key = KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256).context("cannot make a key")?;
        let certificate = params(hosts, now)?
            .self_signed(&key)
            .context("cannot sign a certificate")?;
        Ok(Self {
            pem: key.serialize_pem() + &certificate.pem(),
            certificate: certificate.der().clone(),
            key: any_ecdsa_type(&PrivateKeyDer::Pkcs8(key.serialize_der().into()))?,
        })
    }
}

fn params(hosts: &[Host], now: OffsetDateTime) -> anyhow::Result<CertificateParams> {
    let names: Vec<_> = hosts.iter().map(hosts::text).collect();
    let mut name = DistinguishedName::new();
    name.push(DnType::OrganizationName, "hubgate");
    name.push(DnType::CommonName, common_name(&names));
    let mut params = CertificateParams::new(names)
        .context("a host cannot be named in a certificate; write it in ASCII (xn--)")?;
    params.distinguished_name = name;
    params.is_ca = IsCa::ExplicitNoCa;
    params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    params.not_before = now - CLOCK_SKEW;
    params.not_after = params.not_before + LIFE;
    Ok(params)
}

/// The first name as far as X.509 allows; clients look at the alternative names only.
fn common_name(names: &[String]) -> String {
    let name = names.first().map_or("hubgate", String::as_str);
    name.chars().take(COMMON_NAME).collect()
}
