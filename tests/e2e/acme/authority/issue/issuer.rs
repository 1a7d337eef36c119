//! The keys of the CA, and all that they have signed.

use aws_lc_rs::rand;
use rcgen::{
    BasicConstraints, CertificateParams, CertificateRevocationListParams,
    CertificateSigningRequestParams, CertifiedIssuer, CrlDistributionPoint, DnType,
    ExtendedKeyUsagePurpose, IsCa, KeyIdMethod, KeyPair, KeyUsagePurpose, RevokedCertParams,
    SanType, SerialNumber,
};
use rustls::pki_types::CertificateDer;
use time::{Duration, OffsetDateTime};
use x509_parser::{extensions::ParsedExtension, parse_x509_certificate};

use super::{Fault, Issued, jws::encode};

/// Root, intermediate and what was issued.
pub(in super::super) struct Issuer {
    root: CertifiedIssuer<'static, KeyPair>,
    intermediate: CertifiedIssuer<'static, KeyPair>,
    extra: Extra,
    revocation_list: String,
    issued: Vec<Issued>,
}

/// Certificates that belong to no chain, as PEM.
struct Extra {
    foreign: String,
    expired: String,
}

/// The fault of a certificate, if any.
pub(in super::super) struct Flaw(pub(in super::super) Option<Fault>);

impl Issuer {
    /// New keys for the CA at this URL.
    pub(in super::super) fn new(base: &str) -> Self {
        let key = || KeyPair::generate().unwrap();
        let root = authority("Faulty Root", BasicConstraints::Constrained(1));
        let root = CertifiedIssuer::self_signed(root, key()).unwrap();
        let intermediate = authority("Faulty Intermediate", BasicConstraints::Constrained(0));
        let intermediate = CertifiedIssuer::signed_by(intermediate, key(), &root);
        let mut over = authority("Faulty Intermediate", BasicConstraints::Constrained(0));
        over.not_before = OffsetDateTime::now_utc() - Duration::days(800);
        over.not_after = OffsetDateTime::now_utc() - Duration::days(1);
        let foreign = authority("Foreign", BasicConstraints::Unconstrained);
        let extra = Extra {
            foreign: CertifiedIssuer::self_signed(foreign, key()).unwrap().pem(),
            expired: CertifiedIssuer::signed_by(over, key(), &root)
                .unwrap()
                .pem(),
        };
        Self {
            root,
            extra,
            intermediate: intermediate.unwrap(),
            revocation_list: format!("{base}/crl"),
            issued: Vec::new(),
        }
    }

    /// Signs the request and returns the number of the certificate.
    pub(super) fn sign(
        &mut self,
        request: CertificateSigningRequestParams,
        [account, names]: [&str; 2],
        [not_before, not_after]: [OffsetDateTime; 2],
        flaw: &Flaw,
    ) -> usize {
        let mut params = request.params;
        (params.not_before, params.not_after) = (not_before, not_after);
        let serial = self.complete(&mut params);
        flaw.rename(&mut params);
        let certificate = match flaw.0 {
            Some(Fault::WrongKey) => {
                params.signed_by(&KeyPair::generate().unwrap(), &self.intermediate)
            }
            _ => params.signed_by(&request.public_key, &self.intermediate),
        };
        let certificate = certificate.unwrap();
        self.issued.push(Issued {
            serial,
            names: names.split(' ').map(str::to_owned).collect(),
            not_before,
            not_after,
            revoked: false,
            replaced: false,
            account: account.to_owned(),
            identifier: identifier(certificate.der()),
            chain: flaw.chain(&certificate.pem(), &self.intermediate.pem(), &self.extra),
            certificate: certificate.into(),
        });
        self.issued.len() - 1
    }

    /// Adds what the CA decides, and returns the serial number.
    fn complete(&self, params: &mut CertificateParams) -> String {
        let mut serial = [0; 16];
        rand::fill(&mut serial).unwrap();
        // Positive, and without a leading zero that would be no part of the number.
        serial[0] = serial[0] & 0x7f | 1;
        params.serial_number = Some(SerialNumber::from_slice(&serial));
        params.is_ca = IsCa::ExplicitNoCa;
        params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
        params.use_authority_key_identifier_extension = true;
        params.crl_distribution_points = vec![CrlDistributionPoint {
            uris: vec![self.revocation_list.clone()],
        }];
        serial.iter().map(|byte| format!("{byte:02X}")).collect()
    }

    pub(in super::super) fn root(&self) -> CertificateDer<'static> {
        self.root.der().clone()
    }

    pub(in super::super) fn issued(&self) -> Vec<Issued> {
        self.issued.clone()
    }

    pub(super) fn by_number(&self, number: usize) -> Option<&Issued> {
        self.issued.get(number)
    }

    pub(super) fn by_der(&mut self, der: &[u8]) -> Option<&mut Issued> {
        let mut issued = self.issued.iter_mut();
        issued.find(|issued| issued.certificate.as_ref() == der)
    }

    pub(in super::super) fn by_identifier(&mut self, identifier: &str) -> Option<&mut Issued> {
        let mut issued = self.issued.iter_mut();
        issued.find(|issued| issued.identifier == identifier)
    }

    pub(in super::super) fn revoke(&mut self, serial: &str) {
        for issued in &mut self.issued {
            issued.revoked |= issued.serial == serial;
        }
    }

    /// All that is revoked, for a day.
    pub(in super::super) fn revocation_list(&self) -> Vec<u8> {
        let now = OffsetDateTime::now_utc();
        let revoked = self.issued.iter().filter(|issued| issued.revoked);
        let params = CertificateRevocationListParams {
            this_update: now - Duration::HOUR,
            next_update: now + Duration::DAY,
            crl_number: SerialNumber::from(1),
            issuing_distribution_point: None,
            revoked_certs: revoked.map(|issued| issued.entry(now)).collect(),
            key_identifier_method: KeyIdMethod::Sha256,
        };
        let list = params.signed_by(&self.intermediate).unwrap();
        list.der().to_vec()
    }
}

impl Issued {
    fn entry(&self, now: OffsetDateTime) -> RevokedCertParams {
        let serial = u128::from_str_radix(&self.serial, 16).unwrap();
        RevokedCertParams {
            serial_number: SerialNumber::from_slice(&serial.to_be_bytes()),
            revocation_time: now - Duration::HOUR,
            reason_code: None,
            invalidity_date: None,
        }
    }
}

impl Flaw {
    fn rename(&self, params: &mut CertificateParams) {
        if self.0 == Some(Fault::WrongName) {
            let wrong = "wrong.test".try_into().unwrap();
            params.subject_alt_names = vec![SanType::DnsName(wrong)];
        }
    }

    fn chain(&self, leaf: &str, intermediate: &str, extra: &Extra) -> String {
        match self.0 {
            Some(Fault::Empty) => String::new(),
            Some(Fault::Garbage) => GARBAGE.to_owned(),
            Some(Fault::NoIntermediate) => leaf.to_owned(),
            Some(Fault::DoubledLeaf) => format!("{leaf}{leaf}{intermediate}"),
            Some(Fault::DoubledIntermediate) => format!("{leaf}{intermediate}{intermediate}"),
            Some(Fault::Foreign) => format!("{leaf}{}{intermediate}", extra.foreign),
            Some(Fault::ExpiredIntermediate) => format!("{leaf}{}{intermediate}", extra.expired),
            _ => format!("{leaf}{intermediate}"),
        }
    }
}

fn authority(name: &str, constraints: BasicConstraints) -> CertificateParams {
    let now = OffsetDateTime::now_utc();
    let mut params = CertificateParams::default();
    params.distinguished_name.push(DnType::CommonName, name);
    params.is_ca = IsCa::Ca(constraints);
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    params.not_before = now - Duration::DAY;
    params.not_after = now + Duration::days(3650);
    params
}

/// The key identifier of the issuer and the serial number, as RFC 9773 joins them.
fn identifier(certificate: &CertificateDer<'_>) -> String {
    let (_, certificate) = parse_x509_certificate(certificate).unwrap();
    let mut extensions = certificate.iter_extensions();
    let issuer = extensions.find_map(|extension| match extension.parsed_extension() {
        ParsedExtension::AuthorityKeyIdentifier(key) => key.key_identifier.as_ref(),
        _ => None,
    });
    let issuer = encode(issuer.expect("the key identifier of the issuer").0);
    format!("{issuer}.{}", encode(certificate.raw_serial()))
}

const GARBAGE: &str = "-----BEGIN CERTIFICATE-----\nbm90IGEgY2VydGlmaWNhdGU=\n\
                       -----END CERTIFICATE-----\n";
