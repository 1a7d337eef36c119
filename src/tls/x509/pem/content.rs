//! Known contents of files other than the PEM that is needed, and the commands that convert them.

use x509_parser::{certificate::X509Certificate, prelude::FromDer};

use crate::tls::client_auth::revocation_list::EncodedList;

/// The content that the configuration needs in a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Wanted {
    /// A certificate and its issuers.
    Certificate,
    /// A private key without a password.
    Key,
    /// The revocation lists of CAs.
    RevocationList,
}

/// A known content of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Content {
    DerCertificate,
    DerKey,
    DerEncryptedKey,
    DerRevocationList,
    Pkcs12,
    DerPkcs7,
    JavaKeystore,
    PemCertificate,
    PemKey,
    PemEncryptedKey,
    PemRevocationList,
    PemPkcs7,
    PemTrusted,
    PemRequest,
    PemPublicKey,
    OpenSshKey,
}

/// Labels of PEM (RFC 7468), the more specific first.
const LABELS: [(&str, Content); 12] = [
    ("BEGIN ENCRYPTED PRIVATE KEY", Content::PemEncryptedKey),
    ("Proc-Type: 4,ENCRYPTED", Content::PemEncryptedKey),
    ("BEGIN OPENSSH PRIVATE KEY", Content::OpenSshKey),
    ("BEGIN CERTIFICATE-----", Content::PemCertificate),
    ("PRIVATE KEY-----", Content::PemKey),
    ("BEGIN TRUSTED CERTIFICATE", Content::PemTrusted),
    ("BEGIN X509 CERTIFICATE", Content::PemTrusted),
    ("CERTIFICATE REQUEST-----", Content::PemRequest),
    ("BEGIN X509 CRL", Content::PemRevocationList),
    ("BEGIN PKCS7", Content::PemPkcs7),
    ("BEGIN CMS", Content::PemPkcs7),
    ("PUBLIC KEY-----", Content::PemPublicKey),
];
/// First bytes of a Java key store.
const JAVA_KEYSTORE: [u8; 4] = [0xfe, 0xed, 0xfe, 0xed];
/// 1.2.840.113549.1.7.2, signedData (RFC 5652, section 5.1).
const SIGNED_DATA: [u8; 11] = [6, 9, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 7, 2];
/// DER tags (X.690).
const INTEGER: u8 = 0x02;
const SEQUENCE: u8 = 0x30;

impl Content {
    /// Recognises a content by its first bytes, its DER structure or its PEM labels.
    pub(super) fn recognise(bytes: &[u8]) -> Option<Self> {
        if bytes.starts_with(&JAVA_KEYSTORE) {
            return Some(Self::JavaKeystore);
        }
        if bytes.first() == Some(&SEQUENCE) {
            return Self::recognise_der(bytes);
        }
        let has = |label: &str| {
            bytes
                .windows(label.len())
                .any(|window| window == label.as_bytes())
        };
        let found = LABELS.iter().find(|(label, _)| has(label));
        found.map(|(_, content)| *content)
    }

    fn recognise_der(bytes: &[u8]) -> Option<Self> {
        if X509Certificate::from_der(bytes).is_ok() {
            return Some(Self::DerCertificate);
        }
        if EncodedList::parse(bytes).is_ok() {
            return Some(Self::DerRevocationList);
        }
        let inner = sequence_content(bytes)?;
        if inner.starts_with(&SIGNED_DATA) {
            return Some(Self::DerPkcs7);
        }
        match inner {
            // The versions of PFX (RFC 7292), of PKCS#8 and PKCS#1, and of SEC 1.
            [INTEGER, 1, 3, SEQUENCE, ..] => Some(Self::Pkcs12),
            [INTEGER, 1, 0 | 1, ..] => Some(Self::DerKey),
            // An algorithm before an octet string (RFC 5958, section 3).
            [SEQUENCE, ..] => Some(Self::DerEncryptedKey),
            _ => None,
        }
    }

    /// Returns cause and remedy if the content is not the one wanted.
    pub(super) fn refusal(self, wanted: Wanted, file: &str) -> Option<String> {
        let confusion = || self.confusion(wanted).map(str::to_owned);
        self.conversion(wanted, file).or_else(confusion)
    }

    /// Returns the command that converts the file.
    fn conversion(self, wanted: Wanted, file: &str) -> Option<String> {
        use Wanted::{Certificate, Key};
        let command = match (self, wanted) {
            (Self::DerCertificate, Certificate) => format!(
                "a certificate in DER, and PEM is needed: openssl x509 -inform DER -in {file} -out {file}.pem"
            ),
            (Self::DerKey, Key) => format!(
                "a key in DER, and PEM is needed: openssl pkey -inform DER -in {file} -out {file}.pem"
            ),
            (Self::DerEncryptedKey, Key) => format!(
                "an encrypted key in DER, and hubgate has no password for it; decrypt it: \
                 openssl pkcs8 -inform DER -in {file} -out {file}.pem"
            ),
            (Self::PemEncryptedKey, Key) => format!(
                "the key is encrypted, and hubgate has no password for it; decrypt it: \
                 openssl pkey -in {file} -out {file}.plain"
            ),
            (Self::Pkcs12, Certificate) => format!(
                "PKCS#12, and PEM is needed: openssl pkcs12 -in {file} -nokeys -out {file}.chain.pem \
                 (with -legacy where openssl says unsupported)"
            ),
            (Self::Pkcs12, Key) => format!(
                "PKCS#12, and PEM is needed: openssl pkcs12 -in {file} -nocerts -nodes -out {file}.key.pem \
                 (with -legacy where openssl says unsupported)"
            ),
            (Self::JavaKeystore, _) => format!(
                "a Java key store, and PEM is needed: keytool -importkeystore -srckeystore {file} \
                 -destkeystore {file}.p12 -deststoretype PKCS12, then name that file here for the next command"
            ),
            (Self::DerPkcs7, Certificate) => format!(
                "PKCS#7 in DER, and PEM is needed: openssl pkcs7 -inform DER -in {file} -print_certs -out {file}.pem"
            ),
            (Self::PemPkcs7, Certificate) => format!(
                "PKCS#7, and certificates are needed: openssl pkcs7 -in {file} -print_certs -out {file}.pem"
            ),
            (Self::PemTrusted, Certificate) => format!(
                "a certificate in a format of OpenSSL only: openssl x509 -in {file} -out {file}.pem"
            ),
            _ => return None,
        };
        Some(command)
    }

    /// Returns the likely mix-up of files.
    fn confusion(self, wanted: Wanted) -> Option<&'static str> {
        use Wanted::{Certificate, Key, RevocationList};
        Some(match (self, wanted) {
            (Self::OpenSshKey, Key) => {
                "a key in the format of OpenSSH: convert a copy with ssh-keygen -p -N '' -m PEM -f COPY"
            }
            (Self::PemRequest, _) => {
                "a certificate request; name the certificate that the CA issued for it"
            }
            (
                Self::PemKey | Self::PemEncryptedKey | Self::DerKey | Self::DerEncryptedKey,
                Certificate,
            ) => "a private key where a certificate is needed: `chain` and `key` may be swapped",
            (Self::PemCertificate | Self::DerCertificate, Key) => {
                "a certificate where its private key is needed: `chain` and `key` may be swapped"
            }
            (Self::PemPublicKey, Key) => {
                "a public key, and the private one is needed; name the file it was derived from"
            }
            (Self::PemRevocationList | Self::DerRevocationList, Certificate | Key) => {
                "a revocation list: it belongs in `crl` of client_certificate"
            }
            (Self::PemCertificate | Self::DerCertificate, RevocationList) => {
                "a certificate where a revocation list is needed: `ca` and `crl` may be swapped"
            }
            _ => return None,
        })
    }
}

/// Returns the content of the outermost SEQUENCE, of any length.
fn sequence_content(der: &[u8]) -> Option<&[u8]> {
    let skipped = match *der.get(1)? {
        length @ 0x80.. => 2 + usize::from(length & 0x7f),
        _ => 2,
    };
    der.get(skipped..)
}
