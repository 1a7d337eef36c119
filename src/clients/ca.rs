//! The client CA: it is generated once, and signs the certificates of devices and its CRL.
//!
//! Its name never changes, as the openHAB app for iOS selects a certificate by the CA's name only.

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
    name::Name,
    random,
    register::Client,
    serial::{RevocationList, serial_bytes},
};
use crate::tls::hex;

/// The client CA with its key.
pub(super) struct Ca {
    /// Certificate of the CA.
    pub(super) certificate: CertificateDer<'static>,
    issuer: Issuer<'static, KeyPair>,
}

/// A certificate that the CA has signed.
#[derive(Debug)]
pub(super) struct Signed {
    pub(super) certificate: CertificateDer<'static>,
    /// Serial number, in upper-case hexadecimal.
    pub(super) serial: String,
    pub(super) expires: OffsetDateTime,
}

/// Validity of the CA and of its CRL; no device checks it.
const LIFE: Duration = Duration::days(30 * 365);
/// Time by which the clocks of devices may be behind.
const CLOCK_SKEW: Duration = Duration::days(1);
/// Length of a serial number, in bytes; RFC 5280, section 4.1.2.2 allows 20.
const SERIAL: usize = 16;

impl Ca {
    /// Generates a CA with a P-256 key; returns its PEM file, key and certificate.
    pub(super) fn make(now: OffsetDateTime) -> anyhow::Result<Zeroizing<String>> {
        let key = KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256).context("cannot make a key")?;
        let certificate = Self::params(now)?.self_signed(&key)?;
        Ok(Zeroizing::new(key.serialize_pem() + &certificate.pem()))
    }

    /// Parses the PEM file of a CA.
    ///
    /// # Errors
    /// The key or the certificate is missing, is malformed, or does not match the other.
    pub(super) fn parse(pem: &str) -> anyhow::Result<Self> {
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
            "the private key is not that of the certificate; {RESTORE}"
        ))
    }

    /// Signs a certificate for a device's key.
    pub(super) fn sign(
        &self,
        name: &Name,
        key: &KeyPair,
        days: u32,
        now: OffsetDateTime,
    ) -> anyhow::Result<Signed> {
        let mut serial = random::<SERIAL>()?;
        // The number is positive and of full length.
        serial[0] = serial[0] & 0x7f | 0x40;
        let mut params = Self::leaf_params(name);
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

    /// Signs a probe certificate like that of a device, for a key that is dropped.
    pub(super) fn sign_probe(&self, client: &Client) -> anyhow::Result<CertificateDer<'static>> {
        let key = KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256).context("cannot make a key")?;
        let serial = serial_bytes(&client.serial).context("its serial number is damaged")?;
        let mut params = Self::leaf_params(&client.name);
        params.serial_number = Some(SerialNumber::from_slice(&serial));
        params.not_before = client.issued - CLOCK_SKEW;
        params.not_after = client.expires;
        let certificate = params.signed_by(&key, &self.issuer)?;
        Ok(certificate.der().clone())
    }

    /// Signs a CRL, in PEM.
    pub(super) fn sign_crl(
        &self,
        revoked: &RevocationList,
        now: OffsetDateTime,
    ) -> anyhow::Result<String> {
        let number = now.unix_timestamp().max(1).unsigned_abs();
        let params = CertificateRevocationListParams {
            this_update: now - CLOCK_SKEW,
            next_update: now + LIFE,
            crl_number: SerialNumber::from(number),
            issuing_distribution_point: None,
            revoked_certs: revoked.entries(),
            key_identifier_method: KeyIdMethod::Sha256,
        };
        Ok(params.signed_by(&self.issuer)?.pem()?)
    }

    /// Returns the parameters of a CA that signs client certificates only. Each hubgate's CA has a
    /// name of its own, so that a phone with certificates of two presents the right one to each.
    fn params(now: OffsetDateTime) -> anyhow::Result<CertificateParams> {
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
    use crate::clients::serial::Revoked;

    fn ca() -> Ca {
        Ca::parse(&Ca::make(OffsetDateTime::now_utc()).unwrap()).unwrap()
    }

    #[test]
    fn the_ca_signs_client_certificates_only_and_no_other_ca() {
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
    fn a_device_certificate_has_the_extensions_that_phones_need() {
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
        assert!(has("2.5.29.14") && has("2.5.29.35"), "the key identifiers");
    }

    #[test]
    fn a_crl_lists_the_revoked_certificates() {
        let (ca, now) = (
            ca(),
            OffsetDateTime::now_utc().replace_nanosecond(0).unwrap(),
        );
        let revoked = [vec![0x41, 2], vec![0x42, 3]].map(|serial| Revoked { serial, since: now });
        let (none, revoked) = (
            RevocationList::default(),
            RevocationList::default().merge(revoked),
        );
        let signed = |list: &RevocationList| ca.sign_crl(list, now).unwrap();
        assert_eq!(RevocationList::parse(&signed(&revoked)), revoked);
        assert_eq!(RevocationList::parse(&signed(&none)), none);
        assert_eq!(RevocationList::parse("damaged"), none);
    }

    #[test]
    fn two_cas_have_different_names() {
        let names = [ca(), ca()].map(|ca| {
            let (_, parsed) = parse_x509_certificate(&ca.certificate).unwrap();
            parsed.subject().to_string()
        });
        assert_ne!(names[0], names[1]);
    }

    #[test]
    fn the_fault_of_a_file_without_the_right_key_names_the_remedy() {
        let [one, other] = [(); 2].map(|()| Ca::make(OffsetDateTime::now_utc()).unwrap());
        let at = one.find("-----BEGIN CERTIFICATE").unwrap();
        let mixed = other[..other.find("-----BEGIN CERTIFICATE").unwrap()].to_owned() + &one[at..];
        for (pem, cause) in [
            (&one[at..], "no private key in it; restore it from a backup"),
            (&one[..at], "no certificate in it"),
            ("", "no certificate in it"),
            (&mixed, "the private key is not that of the certificate"),
        ] {
            let fault = Ca::parse(pem).err().unwrap().to_string();
            assert!(fault.contains(cause), "{fault}");
        }
    }
}
