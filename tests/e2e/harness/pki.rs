//! Certificates made on the spot.

use std::net::IpAddr;

use rcgen::{
    BasicConstraints, CertificateParams, CertificateRevocationListParams, CertifiedIssuer, DnType,
    ExtendedKeyUsagePurpose, IsCa, KeyIdMethod, KeyPair, KeyUsagePurpose, PublicKeyData,
    RevokedCertParams, SanType, SerialNumber, SigningKey,
};
use rustls::pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject};
use time::{Duration, OffsetDateTime};

use super::der;

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

    /// A root of this name that allows authorities below it.
    pub fn tall(name: &str) -> Self {
        let mut params = authority(name);
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let issuer = CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap());
        Self {
            issuer: issuer.unwrap(),
        }
    }

    /// An authority below this one, which allows others below it, changed before it is signed.
    pub fn below(&self, name: &str, change: impl FnOnce(&mut CertificateParams)) -> Self {
        let mut params = authority(name);
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        change(&mut params);
        let key = KeyPair::generate().unwrap();
        Self {
            issuer: CertifiedIssuer::signed_by(params, key, &self.issuer).unwrap(),
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

    /// A client certificate of X.509 version 1, which has no extensions.
    pub fn client_of_version_1(&self, name: &str) -> Leaf {
        self.client_changed(name, |fields| {
            fields.retain(|field| !matches!(field[0], 0xA0 | 0xA3));
        })
    }

    /// Returns a client certificate after `change` to its fields, each with tag and length.
    pub fn client_changed(&self, name: &str, change: impl FnOnce(&mut Vec<Vec<u8>>)) -> Leaf {
        let mut leaf = self.client(name);
        let parts = der::elements(der::content(&leaf.certificate));
        let fields = der::elements(der::content(parts[0]));
        let mut fields: Vec<_> = fields.into_iter().map(<[u8]>::to_vec).collect();
        change(&mut fields);
        let signed = der::element(0x30, &fields.concat());
        let signature = self.issuer.key().sign(&signed).unwrap();
        let signature = der::element(0x03, &[&[0], signature.as_slice()].concat());
        let parts = [signed.as_slice(), parts[1], &signature].concat();
        leaf.certificate = der::element(0x30, &parts).into();
        leaf
    }

    /// A client certificate for a key that nothing here could use; it is shown with another one.
    pub fn client_with_key(&self, name: &str, key: &impl PublicKeyData) -> Leaf {
        let mut leaf = self.client(name);
        let mut params = named(name);
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
        leaf.certificate = params.signed_by(key, &self.issuer).unwrap().into();
        leaf
    }

    /// A revocation list that names these serial numbers, as PEM, good for a day.
    pub fn revoking_numbers(&self, numbers: &[u64]) -> String {
        let leaves: Vec<_> = numbers
            .iter()
            .map(|number| {
                let mut leaf = self.client("revoked");
                leaf.serial = SerialNumber::from(*number);
                leaf
            })
            .collect();
        self.revoking(&leaves.iter().collect::<Vec<_>>())
    }

    /// A revocation list that names these serial numbers and then these leaves, as PEM, good for a
    /// day.
    pub fn revoking_numbers_and(
        &self,
        numbers: impl Iterator<Item = SerialNumber>,
        leaves: &[&Leaf],
    ) -> String {
        let now = OffsetDateTime::now_utc();
        let numbers = numbers.map(|number| revoked(number, now));
        let leaves = leaves.iter().map(|leaf| leaf.revoked(now));
        self.revoking_entries(now + Duration::DAY, numbers.chain(leaves).collect())
    }

    /// A revocation list that names these leaves, as PEM, good for a day.
    pub fn revoking(&self, leaves: &[&Leaf]) -> String {
        self.revoking_until(OffsetDateTime::now_utc() + Duration::DAY, leaves)
    }

    /// A revocation list that names these leaves, as PEM, with this end.
    pub fn revoking_until(&self, next_update: OffsetDateTime, leaves: &[&Leaf]) -> String {
        let now = OffsetDateTime::now_utc();
        let entries = leaves.iter().map(|leaf| leaf.revoked(now));
        self.revoking_entries(next_update, entries.collect())
    }

    fn revoking_entries(
        &self,
        next_update: OffsetDateTime,
        revoked_certs: Vec<RevokedCertParams>,
    ) -> String {
        let params = CertificateRevocationListParams {
            this_update: OffsetDateTime::now_utc() - Duration::WEEK,
            next_update,
            crl_number: SerialNumber::from(1),
            issuing_distribution_point: None,
            revoked_certs,
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

    /// The certificate and the rest of its chain.
    pub fn chain(&self) -> Vec<CertificateDer<'static>> {
        let leaf = std::iter::once(&self.certificate);
        leaf.chain(&self.intermediates).cloned().collect()
    }

    /// Adds the certificate of an authority to the chain.
    pub fn through(mut self, authority: &Authority) -> Self {
        self.intermediates.push(authority.certificate());
        self
    }

    /// The certificate with the key of another, as a thief has it.
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
        revoked(self.serial.clone(), now)
    }
}

fn revoked(serial_number: SerialNumber, now: OffsetDateTime) -> RevokedCertParams {
    RevokedCertParams {
        serial_number,
        revocation_time: now - Duration::HOUR,
        reason_code: None,
        invalidity_date: None,
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
