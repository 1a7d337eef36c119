//! The CA's side of tls-alpn-01 (RFC 8737, 3), in memory.

use std::sync::Arc;

use rustls::{
    ClientConfig, ClientConnection, DigitallySignedStruct, Error, ServerConfig, ServerConnection,
    SignatureScheme,
    client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier},
    crypto::aws_lc_rs::default_provider,
    pki_types::{CertificateDer, ServerName, UnixTime},
};
use x509_parser::{certificate::X509Certificate, extensions::GeneralName, prelude::FromDer};

use crate::config::model::Host;

/// The certificate a CA sees that asks for the name.
pub(super) fn look(config: Arc<ServerConfig>, name: &str) -> Vec<u8> {
    let mut client = client(name);
    let mut server = ServerConnection::new(config).unwrap();
    while client.is_handshaking() || server.is_handshaking() {
        let mut bytes = Vec::new();
        while client.wants_write() {
            client.write_tls(&mut bytes).unwrap();
        }
        let mut left = bytes.as_slice();
        while !left.is_empty() {
            server.read_tls(&mut left).unwrap();
            server.process_new_packets().unwrap();
        }
        bytes.clear();
        while server.wants_write() {
            server.write_tls(&mut bytes).unwrap();
        }
        let mut left = bytes.as_slice();
        while !left.is_empty() {
            client.read_tls(&mut left).unwrap();
            client.process_new_packets().unwrap();
        }
    }
    assert_eq!(client.alpn_protocol(), Some(&b"acme-tls/1"[..]));
    client.peer_certificates().unwrap()[0].to_vec()
}

/// Has the certificate one name only, and the digest in a critical acmeIdentifier?
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
    let acme = extensions.find(|it| it.oid.to_id_string() == "1.3.6.1.5.5.7.1.31");
    let acme = acme.unwrap();
    assert!(acme.critical);
    assert_eq!(acme.value, [&[4, 32], &digest[..]].concat());
}

fn client(name: &str) -> ClientConnection {
    let mut config = ClientConfig::builder_with_provider(Arc::new(default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(Onlooker))
        .with_no_client_auth();
    config.alpn_protocols = vec![b"acme-tls/1".to_vec()];
    let name = ServerName::try_from(name.to_owned()).unwrap();
    ClientConnection::new(Arc::new(config), name).unwrap()
}

/// Takes every certificate, to look at it afterwards.
#[derive(Debug)]
struct Onlooker;

impl ServerCertVerifier for Onlooker {
    fn verify_server_cert(
        &self,
        _: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        _: &[u8],
        _: &CertificateDer<'_>,
        _: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        Ok(HandshakeSignatureValid::assertion())
    }

    fn verify_tls13_signature(
        &self,
        _: &[u8],
        _: &CertificateDer<'_>,
        _: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        Ok(HandshakeSignatureValid::assertion())
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        let algorithms = default_provider().signature_verification_algorithms;
        algorithms.supported_schemes()
    }
}
