//! The key of a certificate, and its certificate signing request (RFC 2986).

use anyhow::Context;
use rcgen::{CertificateParams, DistinguishedName, KeyPair, PKCS_ECDSA_P256_SHA256};

use crate::{acme::store::private_key::PrivateKey, config::model::Host};

impl PrivateKey {
    /// Generates a P-256 key.
    ///
    /// # Errors
    /// The system has no randomness.
    pub fn generate() -> anyhow::Result<Self> {
        let key = KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256).context("cannot make a key")?;
        Ok(Self::new(key.serialize_pem()))
    }

    /// Creates the certificate signing request of the key for the identifiers, in DER.
    ///
    /// # Errors
    /// The key cannot be parsed, or a certificate cannot contain an identifier.
    pub fn signing_request(&self, identifiers: &[Host]) -> anyhow::Result<Vec<u8>> {
        let key = KeyPair::from_pem(self.pem()).context("the key cannot be read")?;
        let names: Vec<_> = identifiers.iter().map(ToString::to_string).collect();
        let mut params = CertificateParams::new(names)
            .context("a host cannot be named in a certificate; write it in ASCII (xn--)")?;
        // CAs read the subject alternative names; a common name could only differ from them.
        params.distinguished_name = DistinguishedName::new();
        let request = params.serialize_request(&key);
        Ok(request.context("cannot sign the request")?.der().to_vec())
    }
}

#[cfg(test)]
mod tests {
    use x509_parser::{
        certification_request::X509CertificationRequest,
        extensions::{GeneralName, ParsedExtension},
        prelude::FromDer,
    };

    use super::*;

    #[test]
    fn a_request_names_every_identifier_and_nothing_else() {
        let key = PrivateKey::generate().unwrap();
        let hosts = [
            Host::Name("home.example.org".into()),
            Host::Wildcard("example.org".into()),
            Host::Address("192.168.1.5".parse().unwrap()),
            Host::Address("fd00::5".parse().unwrap()),
        ];
        let der = key.signing_request(&hosts).unwrap();
        let (_, request) = X509CertificationRequest::from_der(&der).unwrap();
        let info = &request.certification_request_info;
        assert_eq!(info.subject.iter().count(), 0);
        let names: Vec<_> = request
            .requested_extensions()
            .unwrap()
            .filter_map(|extension| match extension {
                ParsedExtension::SubjectAlternativeName(names) => Some(&names.general_names),
                _ => None,
            })
            .flatten()
            .collect();
        assert_eq!(names.len(), 4);
        assert_eq!(*names[1], GeneralName::DNSName("*.example.org"));
        assert_eq!(*names[2], GeneralName::IPAddress(&[192, 168, 1, 5]));
    }

    #[test]
    fn requests_of_one_key_have_the_same_public_key() {
        let key = PrivateKey::generate().unwrap();
        let public = |hosts: &[Host]| {
            let der = key.signing_request(hosts).unwrap();
            let (_, request) = X509CertificationRequest::from_der(&der).unwrap();
            request.certification_request_info.subject_pki.raw.to_vec()
        };
        let hosts = [Host::Name("home.example.org".into())];
        assert_eq!(public(&hosts), public(&hosts));
        let garbage = PrivateKey::new("no key".to_owned());
        assert!(garbage.signing_request(&hosts).is_err());
    }
}
