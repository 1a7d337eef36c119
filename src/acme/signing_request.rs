//! The key of a certificate, and the request to have it certified (RFC 2986).

use anyhow::Context;
use rcgen::{CertificateParams, DistinguishedName, KeyPair, PKCS_ECDSA_P256_SHA256};

use crate::config::model::Host;

/// Makes a P-256 key, as PKCS#8 in PEM: a secret.
///
/// # Errors
/// The system gives no randomness.
pub fn new_key() -> anyhow::Result<String> {
    let key = KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256).context("cannot make a key")?;
    Ok(key.serialize_pem())
}

/// The request to have a key certified for the identifiers, in DER.
///
/// # Errors
/// The key cannot be read, or an identifier cannot stand in a certificate.
pub fn signing_request(identifiers: &[Host], key_pem: &str) -> anyhow::Result<Vec<u8>> {
    let key = KeyPair::from_pem(key_pem).context("the key cannot be read")?;
    let names: Vec<_> = identifiers.iter().map(ToString::to_string).collect();
    let mut params = CertificateParams::new(names)
        .context("a host cannot be named in a certificate; write it in ASCII (xn--)")?;
    // CAs take the names from the alternative names; a common name is one more to get wrong.
    params.distinguished_name = DistinguishedName::new();
    let request = params.serialize_request(&key);
    Ok(request.context("cannot sign the request")?.der().to_vec())
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
        let key = new_key().unwrap();
        let hosts = [
            Host::Name("home.example.org".into()),
            Host::Wildcard("example.org".into()),
            Host::Address("192.168.1.5".parse().unwrap()),
            Host::Address("fd00::5".parse().unwrap()),
        ];
        let der = signing_request(&hosts, &key).unwrap();
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
    fn the_same_key_is_asked_for_again() {
        let key = new_key().unwrap();
        let public = |hosts: &[Host]| {
            let der = signing_request(hosts, &key).unwrap();
            let (_, request) = X509CertificationRequest::from_der(&der).unwrap();
            request.certification_request_info.subject_pki.raw.to_vec()
        };
        let hosts = [Host::Name("home.example.org".into())];
        assert_eq!(public(&hosts), public(&hosts));
        assert!(signing_request(&hosts, "no key").is_err());
    }
}
