//! How a caller behaves in the handshake.

use std::{io, sync::Arc};

use rustls::{
    ClientConfig, RootCertStore,
    client::Resumption,
    crypto::aws_lc_rs,
    pki_types::{CertificateDer, ServerName},
};
use tokio::net::TcpStream;
use tokio_rustls::{TlsConnector, client::TlsStream};

use super::{Leaf, trust::Anybody, within};

/// The options of a handshake.
#[derive(Clone)]
pub(super) struct Tls {
    /// The name asked for (SNI); an address is not sent.
    pub(super) name: String,
    /// The only root that is trusted; anybody is without one.
    pub(super) root: Option<CertificateDer<'static>>,
    /// What is shown when a certificate is asked for.
    pub(super) identity: Option<Arc<Leaf>>,
    /// Where sessions are kept.
    pub(super) resumption: Resumption,
}

impl Tls {
    /// Asks for `home.test` and trusts the root.
    pub(super) fn new(root: CertificateDer<'static>) -> Self {
        Self {
            name: "home.test".to_owned(),
            root: Some(root),
            identity: None,
            resumption: Resumption::disabled(),
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
        config.resumption = self.resumption.clone();
        let name = ServerName::try_from(self.name.clone()).unwrap();
        let connecting = TlsConnector::from(Arc::new(config)).connect(name, tcp);
        within("the handshake", connecting).await
    }

    fn config(&self) -> ClientConfig {
        let builder = ClientConfig::builder_with_provider(aws_lc_rs::default_provider().into());
        let builder = builder.with_safe_default_protocol_versions().unwrap();
        let builder = match &self.root {
            Some(root) => builder.with_root_certificates(roots(root.clone())),
            None => builder
                .dangerous()
                .with_custom_certificate_verifier(Anybody::new()),
        };
        let Some(leaf) = &self.identity else {
            return builder.with_no_client_auth();
        };
        let chain = vec![leaf.certificate.clone()];
        builder.with_client_auth_cert(chain, leaf.key()).unwrap()
    }
}

fn roots(root: CertificateDer<'static>) -> RootCertStore {
    let mut roots = RootCertStore::empty();
    roots.add(root).unwrap();
    roots
}
