//! TLS settings of a client.

use std::{
    io,
    sync::{Arc, OnceLock},
};

use rustls::{
    ALL_VERSIONS, ClientConfig, ClientConnection, RootCertStore, SupportedProtocolVersion,
    client::Resumption,
    crypto::aws_lc_rs,
    pki_types::{CertificateDer, ServerName},
};
use tokio::net::TcpStream;
use tokio_rustls::{TlsConnector, client::TlsStream};

use super::{
    Leaf,
    client_certificate::{ClientCertificate, RequestedCas},
    trust::AnyCertificate,
    within,
};

/// The options of a handshake.
#[derive(Clone)]
pub(super) struct Tls {
    /// The server name (SNI); an address is not sent.
    pub(super) name: String,
    /// The only trusted root; without one, any certificate is accepted.
    pub(super) root: Option<CertificateDer<'static>>,
    /// Certificate for the server's certificate request.
    pub(super) identity: Option<Arc<Leaf>>,
    /// The versions offered.
    pub(super) versions: Vec<&'static SupportedProtocolVersion>,
    /// The last request for a certificate.
    pub(super) requested: RequestedCas,
    /// The configuration of all calls, so that they resume each other's sessions.
    pub(super) kept: Option<Arc<OnceLock<ClientConfig>>>,
}

impl Tls {
    /// Requests `home.test` and trusts the root.
    pub(super) fn new(root: CertificateDer<'static>) -> Self {
        Self {
            name: "home.test".to_owned(),
            root: Some(root),
            identity: None,
            versions: ALL_VERSIONS.to_vec(),
            requested: RequestedCas::default(),
            kept: None,
        }
    }

    /// Does the handshake over the stream, offering the protocols (ALPN).
    pub(super) async fn handshake(
        &self,
        tcp: TcpStream,
        alpn: &[&str],
    ) -> io::Result<TlsStream<TcpStream>> {
        let mut config = self.config();
        config.alpn_protocols = alpn.iter().map(|name| name.as_bytes().to_vec()).collect();
        let connecting = TlsConnector::from(Arc::new(config)).connect(self.server(), tcp);
        within("the handshake", connecting).await
    }

    /// Returns true if a session of an earlier connection permits early data.
    pub(super) fn may_send_early(&self) -> bool {
        let mut config = self.config();
        config.enable_early_data = true;
        let mut connection = ClientConnection::new(Arc::new(config), self.server()).unwrap();
        connection.early_data().is_some()
    }

    fn server(&self) -> ServerName<'static> {
        ServerName::try_from(self.name.clone()).unwrap()
    }

    /// rustls resumes within one configuration only, and its clones.
    fn config(&self) -> ClientConfig {
        match &self.kept {
            Some(kept) => kept.get_or_init(|| self.build()).clone(),
            None => self.build(),
        }
    }

    fn build(&self) -> ClientConfig {
        let builder = ClientConfig::builder_with_provider(aws_lc_rs::default_provider().into());
        let builder = builder.with_protocol_versions(&self.versions).unwrap();
        let builder = match &self.root {
            Some(root) => builder.with_root_certificates(roots(root.clone())),
            None => builder
                .dangerous()
                .with_custom_certificate_verifier(AnyCertificate::new()),
        };
        let card = ClientCertificate::new(self.identity.as_deref(), self.requested.clone());
        let mut config = builder.with_client_cert_resolver(Arc::new(card));
        config.resumption = match self.kept {
            Some(_) => Resumption::in_memory_sessions(8),
            None => Resumption::disabled(),
        };
        config
    }
}

fn roots(root: CertificateDer<'static>) -> RootCertStore {
    let mut roots = RootCertStore::empty();
    roots.add(root).unwrap();
    roots
}
