//! Generates self-signed certificates; does not store them.

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

use crate::config::model::Host;

/// Validity period of a certificate; Apple's clients accept at most 825 days.
const VALIDITY: Duration = Duration::days(820);
/// Validity before the moment of issue, for clients with slow clocks.
const CLOCK_SKEW: Duration = Duration::days(1);
/// Longest common name, in characters (RFC 5280, ub-common-name).
const MAX_COMMON_NAME: usize = 64;

/// A certificate that is signed with its own key.
pub(crate) struct SelfSigned {
    pub(crate) certificate: CertificateDer<'static>,
    pub(crate) key: Arc<dyn SigningKey>,
    /// Private key and certificate, for one file.
    pub(crate) pem: String,
}

impl SelfSigned {
    /// Generates a P-256 key and a server certificate for the hosts, valid for 820 days.
    pub(crate) fn generate(hosts: &[Host], now: OffsetDateTime) -> anyhow::Result<Self> {
        let key = KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256).context("cannot make a key")?;
        let certificate = Self::params(hosts, now)?
            .self_signed(&key)
            .context("cannot sign a certificate")?;
        Ok(Self {
            pem: key.serialize_pem() + &certificate.pem(),
            certificate: certificate.der().clone(),
            key: any_ecdsa_type(&PrivateKeyDer::Pkcs8(key.serialize_der().into()))?,
        })
    }

    fn params(hosts: &[Host], now: OffsetDateTime) -> anyhow::Result<CertificateParams> {
        let names: Vec<_> = hosts.iter().map(ToString::to_string).collect();
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
        params.not_after = params.not_before + VALIDITY;
        Ok(params)
    }
}

/// Returns the first name, cut to 64 characters; clients read only the alternative names.
fn common_name(names: &[String]) -> String {
    let name = names.first().map_or("hubgate", String::as_str);
    name.chars().take(MAX_COMMON_NAME).collect()
}
