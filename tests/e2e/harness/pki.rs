//! Certificates made on the spot.

use std::net::IpAddr;

use rcgen::{
    BasicConstraints, CertificateParams, CertificateRevocationListParams, CertifiedIssuer, DnType,
    ExtendedKeyUsagePurpose, IsCa, KeyIdMethod, KeyPair, KeyUsagePurpose, RevokedCertParams,
    SanType, SerialNumber,
};
use rustls::pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject};
use time::{Duration, OffsetDateTime};

/// A root that signs leaves and revocation lists.
pub struct Authority {
    issuer: CertifiedIssuer<'static, KeyPair>,
}

/// A certificate with its key.
#[derive(Clone, Debug)]
pub struct Leaf {
    /// The certificate.
    pub certificate: CertificateDer<'static>,
    /// The certificate as PEM.
    pub chain_pem: String,
    /// The key as PEM (PKCS#8).
    pub key_pem: String,
    intermediates: Vec<CertificateDer<'static>>,
    key: Vec<u8>,
    serial: SerialNumber,
}

impl Authority {
    /// A root of this name with a key of its own.
    pub fn new(name: &str) -> Self {
        let key = KeyPair::generate().unwrap();
        let issuer = CertifiedIssuer::self_signed(authority(name), key);
        Self {
            issuer: issuer.unwrap(),
        }
    }

    /// An authority below this one, which does not allow any.
    pub fn intermediate(&self, name: &str) -> Self {
        let key = KeyPair::generate().unwrap();
        let issuer = CertifiedIssuer::signed_by(authority(name), key, &self.issuer);
        Self {
            issuer: issuer.unwrap(),
        }
    }

    /// The root's certificate.
    pub fn certificate(&self) -> CertificateDer<'static> {
        self.issuer.der().clone()
    }

    /// The root's certificate as PEM.
    pub fn pem(&self) -> String {
        self.issuer.pem()
    }

    /// The root's key as PEM (PKCS#8), for a CA of others that signs with it.
    pub fn key_pem(&self) -> String {
        self.issuer.key().serialize_pem()
    }

    /// A server certificate for the names and addresses.
    pub fn server(&self, names: &[&str]) -> Leaf {
        let mut params = named(names[0]);
        params.subject_alt_names = names.iter().map(|name| alternative(name)).collect();
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
        self.sign(params)
    }

    /// A good client certificate.
    pub fn client(&self, name: &str) -> Leaf {
        self.client_with(name, |_| ())
    }

    /// A client certificate that is changed before it is signed.
    pub fn client_with(&self, name: &str, change: impl FnOnce(&mut CertificateParams)) -> Leaf {
        let mut params = named(name);
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
        change(&mut params);
        self.sign(params)
    }

    /// A revocation list that names these leaves, as PEM, good for a day.
    pub fn revoking(&self, leaves: &[&Leaf]) -> String {
        self.revoking_until(OffsetDateTime::now_utc() + Duration::DAY, leaves)
    }

    /// A revocation list that names these leaves, as PEM, with this end.
    pub fn revoking_until(&self, next_update: OffsetDateTime, leaves: &[&Leaf]) -> String {
        let now = OffsetDateTime::now_utc();
        let params = CertificateRevocationListParams {
            this_update: now - Duration::WEEK,
            next_update,
            crl_number: SerialNumber::from(1),
            issuing_distribution_point: None,
            revoked_certs: leaves.iter().map(|leaf| leaf.revoked(now)).collect(),
            key_identifier_method: KeyIdMethod::Sha256,
        };
        params.signed_by(&self.issuer).unwrap().pem().unwrap()
    }

    fn sign(&self, mut params: CertificateParams) -> Leaf {
        let key = KeyPair::generate().unwrap();
        let random = || {
            let mut bytes = key.public_key_raw()[1..16].to_vec();
            bytes[0] |= 1; // A leading zero would be no part of the number.
            SerialNumber::from(bytes)
        };
        let serial = params.serial_number.get_or_insert_with(random).clone();
        params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        params.use_authority_key_identifier_extension = true;
        let certificate = params.signed_by(&key, &self.issuer).unwrap();
        Leaf {
            chain_pem: certificate.pem(),
            certificate: certificate.into(),
            key_pem: key.serialize_pem(),
            intermediates: Vec::new(),
            key: key.serialize_der(),
            serial,
        }
    }
}

impl Leaf {
    /// A certificate with its key from PEM.
    pub fn read(pem: &str) -> Self {
        let certificate = CertificateDer::from_pem_slice(pem.as_bytes()).unwrap();
        let (_, parsed) = x509_parser::parse_x509_certificate(&certificate).unwrap();
        let key = PrivateKeyDer::from_pem_slice(pem.as_bytes()).unwrap();
        let key = KeyPair::try_from(&key).unwrap();
        Self {
            serial: SerialNumber::from_slice(parsed.raw_serial()),
            chain_pem: pem.to_owned(),
            certificate: certificate.clone(),
            key_pem: key.serialize_pem(),
            intermediates: Vec::new(),
            key: key.serialize_der(),
        }
    }

    /// The key in the form rustls takes.
    pub fn key(&self) -> PrivateKeyDer<'static> {
        PrivateKeyDer::Pkcs8(self.key.clone().into())
    }

    /// The certificate and what is shown after it.
    pub fn chain(&self) -> Vec<CertificateDer<'static>> {
        let leaf = std::iter::once(&self.certificate);
        leaf.chain(&self.intermediates).cloned().collect()
    }

    /// The same, shown with the certificate of an authority.
    pub fn through(mut self, authority: &Authority) -> Self {
        self.intermediates.push(authority.certificate());
        self
    }

    /// The certificate with the key of another: a thief's.
    pub fn with_key_of(mut self, other: &Self) -> Self {
        self.key.clone_from(&other.key);
        self
    }

    /// The serial number in upper case hexadecimal.
    pub fn serial(&self) -> String {
        let bytes = self.serial.to_bytes();
        bytes.iter().map(|byte| format!("{byte:02X}")).collect()
    }

    fn revoked(&self, now: OffsetDateTime) -> RevokedCertParams {
        RevokedCertParams {
            serial_number: self.serial.clone(),
            revocation_time: now - Duration::HOUR,
            reason_code: None,
            invalidity_date: None,
        }
    }
}

fn authority(name: &str) -> CertificateParams {
    let mut params = named(name);
    params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    params
}

fn named(name: &str) -> CertificateParams {
    let now = OffsetDateTime::now_utc();
    let mut params = CertificateParams::default();
    params.distinguished_name.push(DnType::CommonName, name);
    params.not_before = now - Duration::HOUR;
    params.not_after = now + Duration::days(30);
    params
}

fn alternative(name: &str) -> SanType {
    match name.parse::<IpAddr>() {
        Ok(address) => SanType::IpAddress(address),
        Err(_) => SanType::DnsName(name.try_into().unwrap()),
    }
}
