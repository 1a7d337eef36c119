//! The client CA: signs device certificates and the certificate revocation list.
//!
//! Its name never changes, since the openHAB app for iOS selects a certificate by the issuer alone.

use anyhow::{Context, anyhow};
use rcgen::{
    BasicConstraints, CertificateParams, CertificateRevocationListParams, DistinguishedName,
    DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyIdMethod, KeyPair, KeyUsagePurpose,
    PKCS_ECDSA_P256_SHA256, PublicKeyData, SerialNumber,
};
use rustls::pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject};
use time::{Duration, OffsetDateTime};
use zeroize::Zeroizing;

use super::{
    DeviceCertificate,
    name::Name,
    serial::{Revocations, Revoked},
};
use crate::{devices::random, tls::hex};

/// The client CA with its key.
pub(crate) struct Ca {
    /// Certificate of the CA.
    pub(crate) certificate: CertificateDer<'static>,
    issuer: Issuer<'static, KeyPair>,
}

/// A newly issued device certificate.
#[derive(Debug)]
pub(crate) struct Signed {
    pub(crate) certificate: CertificateDer<'static>,
    /// Serial number in upper-case hexadecimal.
    pub(crate) serial: String,
    pub(crate) expires: OffsetDateTime,
}

/// Lifetime of the CA and of a revocation list.
const LIFE: Duration = Duration::days(30 * 365);
/// Tolerated lag of a device's clock.
const CLOCK_SKEW: Duration = Duration::days(1);
/// Bytes of a serial number; RFC 5280, section 4.1.2.2 allows 20.
const SERIAL_LENGTH: usize = 16;

impl Ca {
    /// Generates a CA with a P-256 key; returns its key and certificate in PEM.
    pub(crate) fn generate(now: OffsetDateTime) -> anyhow::Result<Zeroizing<String>> {
        let key = KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256).context("cannot make a key")?;
        let certificate = ca_params(now)?.self_signed(&key)?;
        Ok(Zeroizing::new(key.serialize_pem() + &certificate.pem()))
    }

    /// Parses key and certificate of a CA in PEM.
    ///
    /// # Errors
    /// When either is missing or invalid, or the key does not match the certificate.
    pub(crate) fn parse(pem: &str) -> anyhow::Result<Self> {
        let certificate = CertificateDer::from_pem_slice(pem.as_bytes())
            .map_err(|_| anyhow!("no certificate in it; {RESTORE}"))?;
        let key = PrivateKeyDer::from_pem_slice(pem.as_bytes());
        let key = key.ok().and_then(|key| KeyPair::try_from(&key).ok());
        let key = key.ok_or_else(|| anyhow!("no private key in it; {RESTORE}"))?;
        let issuer = Issuer::from_ca_cert_der(&certificate, key)
            .map_err(|fault| anyhow!("not the certificate of a CA ({fault}); {RESTORE}"))?;
        let ca = Self {
            certificate: certificate.clone(),
            issuer,
        };
        ca.check_key()?;
        Ok(ca)
    }

    fn check_key(&self) -> anyhow::Result<()> {
        let (_, parsed) = x509_parser::parse_x509_certificate(&self.certificate)?;
        if parsed.public_key().raw == self.issuer.key().subject_public_key_info() {
            return Ok(());
        }
        Err(anyhow!(
            "the private key does not match the certificate; {RESTORE}"
        ))
    }

    /// Signs a certificate for a device key, valid from a day ago for `days` from now.
    pub(crate) fn sign(
        &self,
        name: &Name,
        key: &KeyPair,
        days: u32,
        now: OffsetDateTime,
    ) -> anyhow::Result<Signed> {
        let mut serial = random::<SERIAL_LENGTH>()?;
        // A positive integer of full length.
        serial[0] = serial[0] & 0x7f | 0x40;
        let mut params = leaf_params(name);
        params.serial_number = Some(SerialNumber::from_slice(&serial));
        params.not_before = now - CLOCK_SKEW;
        params.not_after = now + Duration::days(days.into());
        let expires = params.not_after;
        let certificate = params.signed_by(key, &self.issuer)?;
        Ok(Signed {
            certificate: certificate.der().clone(),
            serial: hex("", &serial),
            expires,
        })
    }

    /// Signs a copy of a device's certificate for a key that is discarded.
    pub(crate) fn sign_probe(
        &self,
        device: &DeviceCertificate,
    ) -> anyhow::Result<CertificateDer<'static>> {
        let key = KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256).context("cannot make a key")?;
        let serial = device.serial_bytes();
        let serial = serial.context("its serial number is damaged")?;
        let mut params = leaf_params(&device.name);
        params.serial_number = Some(SerialNumber::from_slice(&serial));
        params.not_before = device.issued - CLOCK_SKEW;
        params.not_after = device.expires;
        let certificate = params.signed_by(&key, &self.issuer)?;
        Ok(certificate.der().clone())
    }

    /// Signs the certificate revocation list and returns it in PEM.
    pub(crate) fn sign_list(
        &self,
        revocations: &Revocations,
        now: OffsetDateTime,
    ) -> anyhow::Result<String> {
        let number = now.unix_timestamp().max(1).unsigned_abs();
        let params = CertificateRevocationListParams {
            this_update: now - CLOCK_SKEW,
            next_update: now + LIFE,
            crl_number: SerialNumber::from(number),
            issuing_distribution_point: None,
            revoked_certs: revocations.iter().map(Revoked::entry).collect(),
            key_identifier_method: KeyIdMethod::Sha256,
        };
        Ok(params.signed_by(&self.issuer)?.pem()?)
    }
}

/// Builds the parameters of a CA for client certificates only, without subordinate CAs.
///
/// The name has a random part: a phone enrolled at two hubgates selects by it the certificate
/// of each.
fn ca_params(now: OffsetDateTime) -> anyhow::Result<CertificateParams> {
    let mut params = CertificateParams::default();
    params.distinguished_name = name(&format!("hubgate clients {}", hex("", &random::<4>()?)));
    params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
    params.not_before = now - CLOCK_SKEW;
    params.not_after = now + LIFE;
    Ok(params)
}

fn leaf_params(device: &Name) -> CertificateParams {
    let mut params = CertificateParams::default();
    params.distinguished_name = name(device.as_str());
    params.is_ca = IsCa::ExplicitNoCa;
    params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
    params.use_authority_key_identifier_extension = true;
    params
}

fn name(common_name: &str) -> DistinguishedName {
    let mut name = DistinguishedName::new();
    name.push(DnType::OrganizationName, "hubgate");
    name.push(DnType::CommonName, common_name);
    name
}

const RESTORE: &str = "restore it from a backup with `hubgate client import FILE`";

#[cfg(test)]
mod tests {
    use rcgen::RsaKeySize;
    use x509_parser::parse_x509_certificate;

    use super::*;

    fn ca() -> Ca {
        Ca::parse(&Ca::generate(OffsetDateTime::now_utc()).unwrap()).unwrap()
    }

    #[test]
    fn the_ca_signs_clients_only_and_no_other_ca() {
        let ca = ca();
        let (_, parsed) = parse_x509_certificate(&ca.certificate).unwrap();
        let constraints = parsed.basic_constraints().unwrap().unwrap().value;
        assert_eq!(
            (constraints.ca, constraints.path_len_constraint),
            (true, Some(0))
        );
        let usage = parsed.extended_key_usage().unwrap().unwrap().value;
        assert!(usage.client_auth && !usage.server_auth && !usage.any);
    }

    #[test]
    fn a_device_certificate_has_the_extensions_that_phones_require() {
        let (ca, now) = (ca(), OffsetDateTime::now_utc());
        let key = KeyPair::generate_rsa_for(&rcgen::PKCS_RSA_SHA256, RsaKeySize::_2048).unwrap();
        let name = Name::parse("אמא 📱").unwrap();
        let signed = ca.sign(&name, &key, 700, now).unwrap();
        let (_, leaf) = parse_x509_certificate(&signed.certificate).unwrap();
        assert_eq!(
            leaf.subject()
                .iter_common_name()
                .next()
                .unwrap()
                .as_str()
                .unwrap(),
            "אמא 📱"
        );
        assert!(!leaf.is_ca() && leaf.key_usage().unwrap().unwrap().value.digital_signature());
        assert!(
            leaf.extended_key_usage()
                .unwrap()
                .unwrap()
                .value
                .client_auth
        );
        assert_eq!(hex("", leaf.raw_serial()), signed.serial);
        assert_eq!(
            leaf.validity().not_after.timestamp(),
            signed.expires.unix_timestamp()
        );
        let has = |oid: &str| {
            leaf.extensions()
                .iter()
                .any(|extension| extension.oid.to_id_string() == oid)
        };
        assert!(
            has("2.5.29.14") && has("2.5.29.35"),
            "key identifiers are there"
        );
    }

    #[test]
    fn a_signed_list_parses_to_the_same_revocations() {
        let (ca, now) = (
            ca(),
            OffsetDateTime::now_utc().replace_nanosecond(0).unwrap(),
        );
        let revoked = [vec![0x41, 2], vec![0x42, 3]].map(|serial| Revoked { serial, since: now });
        for revocations in [Revocations::from_iter(revoked), Revocations::default()] {
            let list = ca.sign_list(&revocations, now).unwrap();
            assert_eq!(Revocations::parse(&list), revocations);
        }
        assert_eq!(Revocations::parse("damaged"), Revocations::default());
    }

    #[test]
    fn two_cas_have_two_names() {
        let names = [ca(), ca()].map(|ca| {
            let (_, parsed) = parse_x509_certificate(&ca.certificate).unwrap();
            parsed.subject().to_string()
        });
        assert_ne!(names[0], names[1]);
    }

    #[test]
    fn a_missing_or_foreign_key_is_reported_with_its_remedy() {
        let [one, other] = [(); 2].map(|()| Ca::generate(OffsetDateTime::now_utc()).unwrap());
        let at = one.find("-----BEGIN CERTIFICATE").unwrap();
        let mixed = other[..other.find("-----BEGIN CERTIFICATE").unwrap()].to_owned() + &one[at..];
        for (pem, why) in [
            (&one[at..], "no private key in it; restore it from a backup"),
            (&one[..at], "no certificate in it"),
            ("", "no certificate in it"),
            (&mixed, "the private key does not match the certificate"),
        ] {
            let fault = Ca::parse(pem).err().unwrap().to_string();
            assert!(fault.contains(why), "{fault}");
        }
    }
}
