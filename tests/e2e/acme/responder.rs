//! Stand-ins that respond to challenges in tests of the CAs themselves.

use std::sync::{Arc, Mutex};

use instant_acme::KeyAuthorization;
use rcgen::{CertificateParams, CustomExtension, KeyPair};
use rustls::{
    ServerConfig,
    crypto::aws_lc_rs::{self, sign::any_supported_type},
    pki_types::{CertificateDer, PrivateKeyDer},
    sign::{CertifiedKey, SingleCertAndKey},
};
use tokio::{net::TcpListener, task::JoinHandle};
use tokio_rustls::TlsAcceptor;

use crate::{harness::Port, hub::Hub};

/// Answers tls-alpn-01 on a port of its own; it ends with the test.
pub struct Responder {
    port: Port,
    config: Arc<Mutex<Option<Arc<ServerConfig>>>>,
    serving: JoinHandle<()>,
}

impl Responder {
    /// Starts one without any proof.
    pub async fn start() -> Self {
        let port = Port::keep();
        let config = Arc::new(Mutex::new(None));
        let listener = TcpListener::bind(port.address()).await.unwrap();
        let serving = tokio::spawn(serve(listener, Arc::clone(&config)));
        Self {
            port,
            config,
            serving,
        }
    }

    /// Its port.
    pub fn port(&self) -> &Port {
        &self.port
    }

    /// Shows the proof for the name from now on.
    pub fn show(&self, name: &str, proof: &KeyAuthorization) {
        let key = KeyPair::generate().unwrap();
        let mut params = CertificateParams::new([name.to_owned()]).unwrap();
        let digest = proof.digest();
        params.custom_extensions = vec![CustomExtension::new_acme_identifier(digest.as_ref())];
        let certificate = params.self_signed(&key).unwrap();
        let key = PrivateKeyDer::Pkcs8(key.serialize_der().into());
        *self.config.lock().unwrap() = Some(Arc::new(config(certificate.into(), &key)));
    }
}

impl Drop for Responder {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

/// Has the hub answer http-01 with the proof.
pub fn answer(hub: &Hub, token: &str, proof: &KeyAuthorization) {
    let proof = proof.as_str();
    let length = proof.len();
    let answer = format!("HTTP/1.1 200 OK\r\nContent-Length: {length}\r\n\r\n{proof}");
    let target = format!("/.well-known/acme-challenge/{token}");
    hub.set_response(&target, &answer, false);
}

async fn serve(listener: TcpListener, config: Arc<Mutex<Option<Arc<ServerConfig>>>>) {
    while let Ok((tcp, _)) = listener.accept().await {
        let config = config.lock().unwrap().clone();
        if let Some(config) = config {
            // The handshake is all; its client hangs up.
            let _ = TlsAcceptor::from(config).accept(tcp).await;
        }
    }
}

fn config(certificate: CertificateDer<'static>, key: &PrivateKeyDer<'static>) -> ServerConfig {
    // `with_single_cert` refuses the critical extension.
    let shown = CertifiedKey::new(vec![certificate], any_supported_type(key).unwrap());
    let mut config = ServerConfig::builder_with_provider(aws_lc_rs::default_provider().into())
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_cert_resolver(Arc::new(SingleCertAndKey::from(shown)));
    config.alpn_protocols = vec![b"acme-tls/1".to_vec()];
    config
}
