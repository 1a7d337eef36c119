//! The client CA: made once, signs devices' certificates and the list of revoked ones.
//!
//! Its name never changes: the openHAB app for iOS picks a certificate by nothing else.

use anyhow::{Context, anyhow};
use rcgen::{
    BasicConstraints, CertificateParams, CertificateRevocationListParams, DistinguishedName,
    DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyIdMethod, KeyPair, KeyUsagePurpose,
    PKCS_ECDSA_P256_SHA256, PublicKeyData, RevokedCertParams, SerialNumber,
};
use rustls::pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject};
use time::{Duration, OffsetDateTime};
use x509_parser::{prelude::FromDer, revocation_list::CertificateRevocationList};
use zeroize::Zeroizing;

use super::{
    name::Name,
    random,
    register::Client,
    serial::{Revoked, serial_bytes},
};
use crate::tls::hex;

/// The client CA with its key.
pub(super) struct Ca {
    /// Its certificate.
    pub(super) certificate: CertificateDer<'static>,
    issuer: Issuer<'static, KeyPair>,
}

/// A device's certificate, fresh from the CA.
#[derive(Debug)]
pub(super) struct Signed {
    pub(super) certificate: CertificateDer<'static>,
    /// The serial number in upper case hexadecimal.
    pub(super) serial: String,
    pub(super) expires: OffsetDateTime,
}

/// As long as anybody will care; no device looks at it, and revocation lists last as long.
const LIFE: Duration = Duration::days(30 * 365);
/// The clocks of the house's devices may be behind ours.
const CLOCK_SKEW: Duration = Duration::days(1);
/// Bytes of a serial number; RFC 5280, section 4.1.2.2 allows 20.
const SERIAL: usize = 16;

impl Ca {
    /// Makes a CA with a P-256 key; returns it as the PEM file to keep, key and certificate.
    pub(super) fn make(now: OffsetDateTime) -> anyhow::Result<Zeroizing<String>> {
        let key = KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256).context("cannot make a key")?;
        let certificate = ca_params(now)?.self_signed(&key)?;
        Ok(Zeroizing::new(key.serialize_pem() + &certificate.pem()))
    }

    /// Reads the PEM file of a CA.
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
        ca.key_must_fit()?;
        Ok(ca)
    }

    fn key_must_fit(&self) -> anyhow::Result<()> {
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
        // Positive, and of full length.
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

    /// Signs a certificate in the likeness of a device's, for a key that nobody has.
    pub(super) fn sign_likeness(&self, of: &Client) -> anyhow::Result<CertificateDer<'static>> {
        let key = KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256).context("cannot make a key")?;
        let serial = serial_bytes(&of.serial).context("its serial number is damaged")?;
        let mut params = leaf_params(&of.name);
        params.serial_number = Some(SerialNumber::from_slice(&serial));
        params.not_before = of.issued - CLOCK_SKEW;
        params.not_after = of.expires;
        let certificate = params.signed_by(&key, &self.issuer)?;
        Ok(certificate.der().clone())
    }

    /// Signs the list of revoked certificates, in PEM.
    pub(super) fn list(&self, revoked: &[Revoked], now: OffsetDateTime) -> anyhow::Result<String> {
        let number = now.unix_timestamp().max(1).unsigned_abs();
        let params = CertificateRevocationListParams {
            this_update: now - CLOCK_SKEW,
            next_update: now + LIFE,
            crl_number: SerialNumber::from(number),
            issuing_distribution_point: None,
            revoked_certs: revoked.iter().map(entry).collect(),
            key_identifier_method: KeyIdMethod::Sha256,
        };
        Ok(params.signed_by(&self.issuer)?.pem()?)
    }
}

/// The serial numbers that a list in PEM revokes; none when it cannot be read.
pub(super) fn revoked_in(list: &str) -> Vec<Revoked> {
    let Ok((_, pem)) = x509_parser::pem::parse_x509_pem(list.as_bytes()) else {
        return Vec::new();
    };
    let Ok((_, parsed)) = CertificateRevocationList::from_der(&pem.contents) else {
        return Vec::new();
    };
    let revoked = parsed.iter_revoked_certificates();
    revoked
        .map(|it| (it.raw_serial().to_vec(), it.revocation_date.to_datetime()))
        .collect()
}

fn entry((serial, since): &Revoked) -> RevokedCertParams {
    RevokedCertParams {
        serial_number: SerialNumber::from_slice(serial),
        revocation_time: *since,
        reason_code: None,
        invalidity_date: None,
    }
}

/// A CA below which no other may stand, and for clients only. Two hubgates have two names, so
/// that a phone that knows both shows each its own certificate.
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
        Ca::parse(&Ca::make(OffsetDateTime::now_utc()).unwrap()).unwrap()
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
    fn a_device_is_certified_as_phones_want_it() {
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
                .any(|it| it.oid.to_id_string() == oid)
        };
        assert!(
            has("2.5.29.14") && has("2.5.29.35"),
            "key identifiers are there"
        );
    }

    #[test]
    fn a_list_tells_what_was_revoked() {
        let (ca, now) = (
            ca(),
            OffsetDateTime::now_utc().replace_nanosecond(0).unwrap(),
        );
        let revoked = vec![(vec![0x41, 2], now), (vec![0x42, 3], now)];
        assert_eq!(revoked_in(&ca.list(&revoked, now).unwrap()), revoked);
        assert_eq!(revoked_in(&ca.list(&[], now).unwrap()), []);
        assert_eq!(revoked_in("damaged"), []);
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
    fn a_file_without_key_or_with_that_of_another_ca_says_what_helps() {
        let [one, other] = [(); 2].map(|()| Ca::make(OffsetDateTime::now_utc()).unwrap());
        let at = one.find("-----BEGIN CERTIFICATE").unwrap();
        let mixed = other[..other.find("-----BEGIN CERTIFICATE").unwrap()].to_owned() + &one[at..];
        for (pem, why) in [
            (&one[at..], "no private key in it; restore it from a backup"),
            (&one[..at], "no certificate in it"),
            ("", "no certificate in it"),
            (&mixed, "the private key is not that of the certificate"),
        ] {
            let fault = Ca::parse(pem).err().unwrap().to_string();
            assert!(fault.contains(why), "{fault}");
        }
    }
}
