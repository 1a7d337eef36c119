//! Sends the request of a visit through the gate that serves requests, without a connection.

use std::{
    net::{Ipv4Addr, SocketAddr},
    sync::Arc,
};

use anyhow::{Context, anyhow};
use base64::{Engine, engine::general_purpose::STANDARD};
use tokio::runtime;

use super::{decision::Judged, explanation::Explanation, visit::Visit};
use crate::{
    acme::challenge::ActiveChallenges,
    config::model::{Config, Host},
    devices::Devices,
    events::Events,
    file_access::FileAccess,
    http::{http1::request_head::Head, proxy::Proxy, request::Exchange},
    telemetry::access_log::AccessLog,
    tls::{AcmeCertificates, ClientChain},
    transport::connection_info::{ConnectionInfo, Handshake},
};

impl Visit {
    /// Explains how the request would be answered.
    pub(super) fn explain(&self, config: Config) -> anyhow::Result<Explanation> {
        let runtime = runtime::Builder::new_current_thread().enable_all().build();
        let runtime = runtime.context("starting the runtime")?;
        runtime.block_on(self.admit(config))
    }

    async fn admit(&self, config: Config) -> anyhow::Result<Explanation> {
        let proxy = proxy(config)?;
        let sites = proxy.current_sites();
        if let Some(basic) = &self.basic {
            sites.assume(basic);
        }
        let connection = Arc::new(self.connection(&proxy));
        let text = self.head();
        let head = match Head::parse(text.as_bytes(), &connection.authority) {
            Ok(head) => head,
            Err(malformed) => return Ok(Explanation::malformed(self, &connection, malformed)),
        };
        let request = head.request();
        let exchange = Exchange::new(sites, connection, &request);
        let judged = Judged {
            visit: self,
            outcome: proxy.admit(exchange, &request, Some(head.body)).await,
        };
        Ok(Explanation::new(&judged))
    }

    /// Describes the connection as it would be after the handshake.
    fn connection(&self, proxy: &Proxy) -> ConnectionInfo {
        let local = match self.target.authority.host {
            Host::Address(address) => address,
            _ => Ipv4Addr::UNSPECIFIED.into(),
        };
        let (peer, local) = ((self.from, 0), (local, self.target.port));
        let tls_port = self.target.tls_port;
        let mut connection =
            ConnectionInfo::new(SocketAddr::from(peer), SocketAddr::from(local), tls_port);
        proxy.sites().mark_masqueraded(&mut connection);
        let handshake = || self.handshake(proxy, &connection);
        connection.tls = self.target.tls.then(handshake);
        connection
    }

    fn handshake(&self, proxy: &Proxy, connection: &ConnectionInfo) -> Handshake {
        let (sites, server_name) = (proxy.sites(), self.target.server_name());
        let site = sites.of_handshake(server_name.as_ref(), connection.local.ip());
        let asked = site.is_some_and(|site| {
            proxy.requests_client_cert(&sites, site, connection.network_peer())
        });
        let shown = self.device.iter().filter(|_| asked);
        let shown: Vec<_> = shown.map(|device| device.certificate.clone()).collect();
        Handshake {
            server_name,
            requested_certificate: asked,
            chain: Arc::new(ClientChain::from_handshake(&shown)),
            certificates: 0,
            version: "TLSv1.3",
        }
    }

    fn head(&self) -> String {
        let authorization = self.basic.as_ref().map(|basic| {
            let credential = STANDARD.encode(format!("{}:{}", basic.user, basic.password));
            format!("Authorization: Basic {credential}\r\n")
        });
        let (target, host) = (&self.target.path_and_query, &self.target.host);
        let authorization = authorization.unwrap_or_default();
        format!("GET {target} HTTP/1.1\r\nHost: {host}\r\n{authorization}\r\n")
    }
}

fn proxy(config: Config) -> anyhow::Result<Proxy> {
    let log = AccessLog::new(config.log.access).context("starting the access log")?;
    let devices =
        Devices::load(&config, FileAccess::default()).map_err(|fault| anyhow!("{fault:#}"))?;
    let (events, _) = Events::new(log);
    let (issued, challenges) = (AcmeCertificates::default(), ActiveChallenges::default());
    Proxy::build(config, events, &issued, challenges, devices)
}
