//! TLS to hubs: the engine connects and keeps connections, by a configuration that is made here.

use std::sync::Arc;

use pingora_rustls::TrustedServer;
use rustls::{ClientConfig, pki_types::ServerName};

use crate::{
    config::model,
    tls::{ServerTrust, SystemRoots, handshake_fault},
};

/// TLS to the servers of an upstream.
pub(super) struct HubTls(Arc<ClientConfig>);

impl HubTls {
    /// Trusts as the upstream is configured.
    ///
    /// # Errors
    /// A file cannot be used.
    pub(super) fn load(config: &model::Upstream, roots: &SystemRoots) -> anyhow::Result<Self> {
        let trust = ServerTrust::load(config, roots)?;
        Ok(Self(Arc::new(trust.client_config()?)))
    }

    /// A server that has to be of this name.
    pub(super) fn server(&self, name: ServerName<'static>) -> TrustedServer {
        TrustedServer::new(self.0.clone(), name, handshake_fault)
    }

    /// The same for HTTP/2, which is agreed on in the handshake (ALPN).
    pub(super) fn http2_server(&self, name: ServerName<'static>) -> TrustedServer {
        let mut config = ClientConfig::clone(&self.0);
        config.alpn_protocols = vec![b"h2".to_vec()];
        TrustedServer::new(Arc::new(config), name, handshake_fault)
    }
}
