//! TLS to upstream servers, by configurations that Pingora's connector uses.

use std::sync::Arc;

use pingora_rustls::TrustedServer;
use rustls::{ClientConfig, pki_types::ServerName};

use crate::{
    config::model,
    tls::{ServerTrust, SystemRoots, handshake_fault},
};

/// TLS to the servers of an upstream.
pub(super) struct UpstreamTls(Arc<ClientConfig>);

impl UpstreamTls {
    /// Loads the trust that an upstream configures.
    ///
    /// # Errors
    /// A file that cannot be used.
    pub(super) fn load(config: &model::Upstream, roots: &SystemRoots) -> anyhow::Result<Self> {
        let trust = ServerTrust::load(config, roots)?;
        Ok(Self(Arc::new(trust.client_config()?)))
    }

    /// Returns a server whose certificate has to be valid for this name, unless it is pinned.
    pub(super) fn server(&self, name: ServerName<'static>) -> TrustedServer {
        TrustedServer::new(self.0.clone(), name, handshake_fault)
    }

    /// Returns the same server for HTTP/2, negotiated by ALPN.
    pub(super) fn http2_server(&self, name: ServerName<'static>) -> TrustedServer {
        let mut config = ClientConfig::clone(&self.0);
        config.alpn_protocols = vec![b"h2".to_vec()];
        TrustedServer::new(Arc::new(config), name, handshake_fault)
    }
}
