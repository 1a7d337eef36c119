//! TLS handshakes in memory, for tests only.

use std::{
    io,
    sync::{Arc, Mutex},
};

use rustls::{
    ClientConfig, ClientConnection, DigitallySignedStruct, Error, ServerConfig, ServerConnection,
    SignatureScheme, SupportedProtocolVersion,
    client::{
        ClientSessionMemoryCache, ResolvesClientCert, Resumption,
        danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier},
    },
    crypto::aws_lc_rs::{default_provider, sign::any_supported_type},
    pki_types::{CertificateDer, ServerName, UnixTime},
    sign::CertifiedKey,
};

use super::TestLeaf;

/// A client with a session cache that accepts every server certificate.
pub(crate) struct Client {
    name: ServerName<'static>,
    protocols: Vec<Vec<u8>>,
    versions: Vec<&'static SupportedProtocolVersion>,
    view: Arc<View>,
    resumption: Resumption,
}

/// The client's certificate, and the messages of the server.
#[derive(Debug, Default)]
struct View {
    key: Option<Arc<CertifiedKey>>,
    hints: Mutex<Vec<Vec<u8>>>,
    seen: Mutex<Option<CertificateDer<'static>>>,
}

impl Client {
    pub(crate) fn new() -> Self {
        let cache = Arc::new(ClientSessionMemoryCache::new(8));
        Self {
            name: ServerName::try_from("home.example.org").unwrap(),
            protocols: vec![b"http/1.1".to_vec(), b"h2".to_vec()],
            versions: rustls::ALL_VERSIONS.to_vec(),
            view: Arc::default(),
            resumption: Resumption::store(cache),
        }
    }

    /// Sends another server name (SNI); an IP address is not sent.
    pub(crate) fn asking_for(mut self, name: &str) -> Self {
        self.name = ServerName::try_from(name.to_owned()).unwrap();
        self
    }

    /// Offers this protocol only (ALPN).
    pub(crate) fn offering(mut self, protocol: &[u8]) -> Self {
        self.protocols = vec![protocol.to_vec()];
        self
    }

    pub(crate) fn speaking(mut self, version: &'static SupportedProtocolVersion) -> Self {
        self.versions = vec![version];
        self
    }

    pub(crate) fn showing(mut self, issued: &TestLeaf) -> Self {
        let key = any_supported_type(&issued.key_der()).unwrap();
        self.view = Arc::new(View {
            key: Some(Arc::new(CertifiedKey::new(issued.chain.clone(), key))),
            ..View::default()
        });
        self
    }

    /// Returns the CA names of the last CertificateRequest, in DER.
    pub(crate) fn hints(&self) -> Vec<Vec<u8>> {
        self.view.hints.lock().unwrap().clone()
    }

    /// Returns the server's certificate of the last full handshake.
    pub(crate) fn seen(&self) -> Option<CertificateDer<'static>> {
        self.view.seen.lock().unwrap().clone()
    }

    fn connect(&self) -> ClientConnection {
        let mut config = ClientConfig::builder_with_provider(Arc::new(default_provider()))
            .with_protocol_versions(&self.versions)
            .unwrap()
            .dangerous()
            .with_custom_certificate_verifier(self.view.clone())
            .with_client_cert_resolver(self.view.clone());
        config.alpn_protocols.clone_from(&self.protocols);
        config.resumption = self.resumption.clone();
        ClientConnection::new(Arc::new(config), self.name.clone()).unwrap()
    }
}

/// Performs a handshake; returns the server's side, or its error.
pub(crate) fn handshake(
    client: &Client,
    config: &Arc<ServerConfig>,
) -> Result<ServerConnection, Error> {
    let mut client = client.connect();
    let mut server = ServerConnection::new(Arc::clone(config)).unwrap();
    for _ in 0..10 {
        pass(|to| client.write_tls(to), |from| server.read_tls(from));
        server.process_new_packets()?;
        pass(|to| server.write_tls(to), |from| client.read_tls(from));
        client.process_new_packets().unwrap();
    }
    assert!(!client.is_handshaking() && !server.is_handshaking());
    Ok(server)
}

fn pass(
    mut write: impl FnMut(&mut dyn io::Write) -> io::Result<usize>,
    mut read: impl FnMut(&mut dyn io::Read) -> io::Result<usize>,
) {
    let mut bytes = Vec::new();
    while write(&mut bytes).unwrap() > 0 {}
    let mut left = bytes.as_slice();
    while !left.is_empty() {
        read(&mut left).unwrap();
    }
}

impl ResolvesClientCert for View {
    fn resolve(&self, hints: &[&[u8]], _: &[SignatureScheme]) -> Option<Arc<CertifiedKey>> {
        *self.hints.lock().unwrap() = hints.iter().map(|hint| hint.to_vec()).collect();
        self.key.clone()
    }

    fn has_certs(&self) -> bool {
        self.key.is_some()
    }
}

impl ServerCertVerifier for View {
    fn verify_server_cert(
        &self,
        certificate: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        *self.seen.lock().unwrap() = Some(certificate.clone().into_owned());
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
