//! Certificates, keys and CAs for tests.

pub(crate) mod handshake;
mod version_1;

use std::{
    fs,
    path::{Path, PathBuf},
    sync::Arc,
};

use rcgen::{
    BasicConstraints, CertificateParams, CertificateRevocationListParams, DistinguishedName,
    DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyIdMethod, KeyPair, KeyUsagePurpose,
    PKCS_ECDSA_P256_SHA256, RevokedCertParams, SerialNumber,
};
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use time::{Duration, OffsetDateTime};

pub(crate) use self::version_1::version_1;
use super::{ClientCa, SystemRoots};

/// A temporary folder.
pub(crate) struct Folder(tempfile::TempDir);

impl Folder {
    pub(crate) fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    pub(crate) fn write(&self, name: &str, content: impl AsRef<[u8]>) -> PathBuf {
        let file = self.path(name);
        fs::write(&file, content).unwrap();
        file
    }
}

/// A CA that signs any parameters.
pub(crate) struct TestCa {
    pub(crate) certificate: rcgen::Certificate,
    pub(crate) issuer: Issuer<'static, KeyPair>,
}

/// An end-entity certificate with its key and chain.
pub(crate) struct TestLeaf {
    pub(crate) chain: Vec<CertificateDer<'static>>,
    pub(crate) key: KeyPair,
    pub(crate) pem: String,
    pub(crate) serial: SerialNumber,
}

pub(crate) fn new_key() -> KeyPair {
    KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256).unwrap()
}

/// Returns the parameters of a CA certificate that is valid for ten years.
pub(crate) fn ca_params(name: &str) -> CertificateParams {
    let mut params = leaf_params(name);
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    params.extended_key_usages = Vec::new();
    params.not_after = OffsetDateTime::now_utc() + Duration::days(3650);
    params
}

/// Returns the parameters of a client certificate that is valid for a year.
pub(crate) fn leaf_params(name: &str) -> CertificateParams {
    let mut params = CertificateParams::default();
    params.distinguished_name = DistinguishedName::new();
    params.distinguished_name.push(DnType::CommonName, name);
    params.is_ca = IsCa::ExplicitNoCa;
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
    params.not_before = OffsetDateTime::now_utc() - Duration::days(2);
    params.not_after = OffsetDateTime::now_utc() + Duration::days(365);
    params
}

/// Applies a change to parameters.
pub(crate) fn changed(
    mut params: CertificateParams,
    change: impl FnOnce(&mut CertificateParams),
) -> CertificateParams {
    change(&mut params);
    params
}

impl TestCa {
    pub(crate) fn new(name: &str) -> Self {
        Self::with(ca_params(name))
    }

    pub(crate) fn with(params: CertificateParams) -> Self {
        let key = new_key();
        let certificate = params.self_signed(&key).unwrap();
        Self {
            certificate,
            issuer: Issuer::new(params, key),
        }
    }

    /// Issues a CA certificate below this one.
    pub(crate) fn intermediate(&self, params: CertificateParams) -> Self {
        let key = new_key();
        let certificate = params.signed_by(&key, &self.issuer).unwrap();
        Self {
            certificate,
            issuer: Issuer::new(params, key),
        }
    }

    /// Issues a valid client certificate.
    pub(crate) fn issue(&self, name: &str) -> TestLeaf {
        self.issue_with(leaf_params(name))
    }

    pub(crate) fn issue_with(&self, mut params: CertificateParams) -> TestLeaf {
        let key = new_key();
        let serial = SerialNumber::from_slice(&key.public_key_raw()[1..9]);
        params.serial_number = Some(serial.clone());
        let certificate = params.signed_by(&key, &self.issuer).unwrap();
        TestLeaf {
            chain: vec![certificate.der().clone()],
            key,
            pem: certificate.pem(),
            serial,
        }
    }

    /// Signs a revocation list in PEM that expires in this number of days.
    pub(crate) fn revoke(&self, serials: &[&SerialNumber], days: i64) -> String {
        self.revoke_since(serials, days, 30)
    }

    /// Signs a revocation list that was issued `since` days ago.
    pub(crate) fn revoke_since(&self, serials: &[&SerialNumber], days: i64, since: i64) -> String {
        let now = OffsetDateTime::now_utc();
        let dates = [now - Duration::days(since), now + Duration::days(days)];
        self.revoke_numbered(serials, 1, dates)
    }

    /// Signs a revocation list with a cRLNumber and these dates.
    pub(crate) fn revoke_numbered(
        &self,
        serials: &[&SerialNumber],
        number: u64,
        [this_update, next_update]: [OffsetDateTime; 2],
    ) -> String {
        let now = OffsetDateTime::now_utc();
        let entry = |serial: &&SerialNumber| RevokedCertParams {
            serial_number: (*serial).clone(),
            revocation_time: now,
            reason_code: None,
            invalidity_date: None,
        };
        let params = CertificateRevocationListParams {
            this_update,
            next_update,
            crl_number: SerialNumber::from(number),
            issuing_distribution_point: None,
            revoked_certs: serials.iter().map(entry).collect(),
            key_identifier_method: KeyIdMethod::Sha256,
        };
        params.signed_by(&self.issuer).unwrap().pem().unwrap()
    }

    /// Loads a client CA from a file in `folder` with this certificate only.
    pub(crate) fn client_ca(&self, folder: &Folder) -> ClientCa {
        let ca = folder.write("ca.pem", self.certificate.pem());
        client_ca(&ca, None, &[]).unwrap()
    }
}

impl TestLeaf {
    /// Appends the certificates of intermediates to the chain.
    pub(crate) fn through(mut self, intermediates: &[&TestCa]) -> Self {
        let further = intermediates.iter().map(|ca| ca.certificate.der().clone());
        self.chain.extend(further);
        self
    }

    pub(crate) fn key_der(&self) -> PrivateKeyDer<'static> {
        PrivateKeyDer::Pkcs8(self.key.serialize_der().into())
    }
}

/// Loads a client CA on a system without root certificates.
pub(crate) fn client_ca(ca: &Path, crl: Option<&Path>, allow: &[&str]) -> anyhow::Result<ClientCa> {
    let allow: Vec<_> = allow.iter().map(ToString::to_string).collect();
    ClientCa::load(ca.to_owned(), crl.map(Path::to_owned), &allow, &no_roots())
}

/// Returns a system without root certificates.
pub(crate) fn no_roots() -> Arc<SystemRoots> {
    Arc::new(SystemRoots::none())
}
