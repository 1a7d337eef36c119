//! The CA's side of tls-alpn-01 (RFC 8737, 3), in memory.

use std::sync::Arc;

use rustls::ServerConfig;
use x509_parser::{certificate::X509Certificate, extensions::GeneralName, prelude::FromDer};

use crate::{
    config::model::Host,
    tls::testing::handshake::{Client, handshake},
};

/// Handshakes as a CA with the server name, and returns the certificate.
pub(super) fn presented(config: &Arc<ServerConfig>, name: &str) -> Vec<u8> {
    let client = Client::new().asking_for(name).offering(b"acme-tls/1");
    let server = handshake(&client, config).unwrap();
    assert_eq!(server.alpn_protocol(), Some(&b"acme-tls/1"[..]));
    client.seen().unwrap().to_vec()
}

/// Requires a single name, and the digest in a critical acmeIdentifier.
pub(super) fn check(certificate: &[u8], identifier: &Host, digest: &[u8; 32]) {
    let (_, certificate) = X509Certificate::from_der(certificate).unwrap();
    let names = certificate.subject_alternative_name().unwrap().unwrap();
    let [name] = &names.value.general_names[..] else {
        panic!("one name")
    };
    match (name, identifier) {
        (GeneralName::DNSName(found), Host::Name(name)) => assert_eq!(found, name),
        (GeneralName::IPAddress(found), Host::Address(address)) => match address {
            std::net::IpAddr::V4(address) => assert_eq!(*found, address.octets()),
            std::net::IpAddr::V6(address) => assert_eq!(*found, address.octets()),
        },
        other => panic!("{other:?}"),
    }
    let mut extensions = certificate.extensions().iter();
    let acme = extensions.find(|extension| extension.oid.to_id_string() == "1.3.6.1.5.5.7.1.31");
    let acme = acme.unwrap();
    assert!(acme.critical);
    assert_eq!(acme.value, [&[4, 32], &digest[..]].concat());
}
