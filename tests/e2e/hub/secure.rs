//! A hub behind TLS: decrypts connections and relays them to a plain [`Hub`].

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use rustls::{
    ALL_VERSIONS, ServerConfig, SupportedProtocolVersion,
    crypto::aws_lc_rs::{self, sign::any_supported_type},
    sign::{CertifiedKey, SingleCertAndKey},
};
use tokio::{
    io::copy_bidirectional,
    net::{TcpListener, TcpStream},
    task::{JoinHandle, JoinSet},
};
use tokio_rustls::TlsAcceptor;

use super::Hub;
use crate::harness::{Authority, Leaf, Port};

/// A hub behind TLS; it ends with the test.
pub struct SecureHub {
    port: Port,
    ca: Authority,
    handshakes: Arc<AtomicUsize>,
    serving: JoinHandle<()>,
}

impl SecureHub {
    /// Stands before the hub with a certificate for its address from a CA of its own.
    pub async fn before(hub: &Hub) -> Self {
        let ca = Authority::new("hub CA");
        let leaf = ca.server(&["127.0.0.1"]);
        Self::start(hub, ca, leaf, ALL_VERSIONS).await
    }

    /// Stands before the hub with this certificate.
    pub async fn showing(hub: &Hub, leaf: Leaf) -> Self {
        Self::speaking(hub, leaf, ALL_VERSIONS).await
    }

    /// Stands before the hub with this certificate, and speaks these versions of TLS.
    pub async fn speaking(
        hub: &Hub,
        leaf: Leaf,
        versions: &[&'static SupportedProtocolVersion],
    ) -> Self {
        Self::start(hub, Authority::new("hub CA"), leaf, versions).await
    }

    async fn start(
        hub: &Hub,
        ca: Authority,
        leaf: Leaf,
        versions: &[&'static SupportedProtocolVersion],
    ) -> Self {
        let port = Port::keep();
        let listener = TcpListener::bind(port.address()).await.unwrap();
        let provider = Arc::new(aws_lc_rs::default_provider());
        // Without a check that certificate and key match: those of a thief do not.
        let key = any_supported_type(&leaf.key()).unwrap();
        let key = CertifiedKey::new(leaf.chain(), key);
        let config = ServerConfig::builder_with_provider(provider)
            .with_protocol_versions(versions)
            .unwrap()
            .with_no_client_auth()
            .with_cert_resolver(Arc::new(SingleCertAndKey::from(key)));
        let acceptor = TlsAcceptor::from(Arc::new(config));
        let handshakes = Arc::new(AtomicUsize::new(0));
        let serving = serve(listener, acceptor, hub.address(), handshakes.clone());
        Self {
            port,
            ca,
            handshakes,
            serving: tokio::spawn(serving),
        }
    }

    /// The value of `upstream` with this trust: `ca: FILE` or `pin: FILE`.
    pub fn upstream(&self, trust: &str) -> String {
        format!("{{servers: [\"{}\"], {trust}}}", self.url())
    }

    /// The hub's own URL.
    pub fn url(&self) -> String {
        format!("https://{}", self.port.address())
    }

    /// The CA of its certificate, as PEM.
    pub fn ca_pem(&self) -> String {
        self.ca.pem()
    }

    /// Returns the number of finished handshakes.
    pub fn handshakes(&self) -> usize {
        self.handshakes.load(Ordering::Relaxed)
    }
}

impl Drop for SecureHub {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

async fn serve(
    listener: TcpListener,
    acceptor: TlsAcceptor,
    hub: std::net::SocketAddr,
    handshakes: Arc<AtomicUsize>,
) {
    let mut connections = JoinSet::new();
    while let Ok((stream, _)) = listener.accept().await {
        let (acceptor, handshakes) = (acceptor.clone(), handshakes.clone());
        connections.spawn(async move {
            let mut stream = acceptor.accept(stream).await.ok()?;
            handshakes.fetch_add(1, Ordering::Relaxed);
            let mut hub = TcpStream::connect(hub).await.ok()?;
            copy_bidirectional(&mut stream, &mut hub).await.ok()
        });
    }
}
