//! Certificates made on the spot.

use std::net::IpAddr;

use rcgen::{
    BasicConstraints, CertificateParams, CertificateRevocationListParams, CertifiedIssuer, DnType,
    ExtendedKeyUsagePurpose, IsCa, KeyIdMethod, KeyPair, KeyUsagePurpose, RevokedCertParams,
    SanType, SerialNumber,
};
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use time::{Duration, OffsetDateTime};

/// A root that signs leaves and revocation lists.
pub struct Authority {
    issuer: CertifiedIssuer<'static, KeyPair>,
}

/// A certificate with its key.
#[derive(Debug)]
pub struct Leaf {
    /// The certificate.
    pub certificate: CertificateDer<'static>,
    /// The certificate as PEM.
    pub chain_pem: String,
    /// The key as PEM (PKCS#8).
    pub key_pem: String,
    key: Vec<u8>,
    serial: SerialNumber,
}

impl Authority {
    /// A root of this name with a key of its own.
    pub fn new(name: &str) -> Self {
        let mut params = named(name);
        params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
        let issuer = CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap());
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
        let now = OffsetDateTime::now_utc();
        let params = CertificateRevocationListParams {
            this_update: now - Duration::HOUR,
            next_update: now + Duration::DAY,
            crl_number: SerialNumber::from(1),
            issuing_distribution_point: None,
            revoked_certs: leaves.iter().map(|leaf| leaf.revoked(now)).collect(),
            key_identifier_method: KeyIdMethod::Sha256,
        };
        params.signed_by(&self.issuer).unwrap().pem().unwrap()
    }

    fn sign(&self, mut params: CertificateParams) -> Leaf {
        let key = KeyPair::generate().unwrap();
        let serial = SerialNumber::from(key.public_key_raw()[1..16].to_vec());
        params.serial_number = Some(serial.clone());
        params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        params.use_authority_key_identifier_extension = true;
        let certificate = params.signed_by(&key, &self.issuer).unwrap();
        Leaf {
            chain_pem: certificate.pem(),
            certificate: certificate.into(),
            key_pem: key.serialize_pem(),
            key: key.serialize_der(),
            serial,
        }
    }
}

impl Leaf {
    /// The key in the form rustls takes.
    pub fn key(&self) -> PrivateKeyDer<'static> {
        PrivateKeyDer::Pkcs8(self.key.clone().into())
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
