//! A visit played to the real gate: its connection and its request.

use std::{
    net::{Ipv4Addr, SocketAddr},
    sync::Arc,
};

use anyhow::{Context, anyhow};
use base64::{Engine, engine::general_purpose::STANDARD};
use tokio::runtime;

use super::{
    reason::{self, Judged},
    told::Told,
    visit::Visit,
};
use crate::{
    acme::challenge::Challenges,
    clients::Clients,
    config::model::{Config, Host},
    file_access::FileAccess,
    http::{http1::request_head::Head, proxy::Proxy, request::Exchange},
    telemetry::access_log::AccessLog,
    tls::{ClientChain, Issued},
    transport::connection_info::{ConnectionInfo, Handshake},
};

impl Visit {
    /// What would be answered.
    pub(super) fn explain(&self, config: Config) -> anyhow::Result<Told> {
        let runtime = runtime::Builder::new_current_thread().enable_all().build();
        let runtime = runtime.context("starting the runtime")?;
        runtime.block_on(self.take_place(config))
    }

    async fn take_place(&self, config: Config) -> anyhow::Result<Told> {
        let proxy = proxy(config)?;
        let sites = proxy.sites_now();
        if let Some(basic) = &self.basic {
            sites.assume(basic);
        }
        let link = Arc::new(self.link(&proxy));
        let text = self.head();
        let head = match Head::parse(text.as_bytes()) {
            Ok(head) => head,
            Err(why) => return Ok(Told::malformed(self, &link, why)),
        };
        let request = head.request();
        let exchange = Exchange::new(sites, link, &request);
        let judged = Judged {
            visit: self,
            outcome: proxy.admit(exchange, &request, Some(head.body)).await,
        };
        Ok(Told::of(&judged, reason::of(&judged)))
    }

    /// The connection as it would be after its handshake.
    fn link(&self, proxy: &Proxy) -> ConnectionInfo {
        let local = match self.called.authority.host {
            Host::Address(address) => address,
            _ => Ipv4Addr::UNSPECIFIED.into(),
        };
        let (peer, local) = ((self.from, 0), (local, self.called.port));
        let tls_port = self.called.tls_port;
        let mut link =
            ConnectionInfo::new(SocketAddr::from(peer), SocketAddr::from(local), tls_port);
        link.tls = self.called.tls.then(|| self.handshake(proxy, &link));
        link
    }

    fn handshake(&self, proxy: &Proxy, link: &ConnectionInfo) -> Handshake {
        let (sites, server_name) = (proxy.sites(), self.called.server_name());
        let site = sites.of_handshake(server_name.as_ref(), link.local.ip());
        let asked = site.is_some_and(|site| proxy.asks(&sites, site, link.peer.ip()));
        let shown = self.device.iter().filter(|_| asked);
        let shown: Vec<_> = shown.map(|it| it.certificate.clone()).collect();
        Handshake {
            server_name,
            asked,
            chain: Arc::new(ClientChain::received(&shown)),
            certificates: 0,
            version: "TLSv1.3",
        }
    }

    fn head(&self) -> String {
        let authorization = self.basic.as_ref().map(|basic| {
            let credential = STANDARD.encode(format!("{}:{}", basic.user, basic.password));
            format!("Authorization: Basic {credential}\r\n")
        });
        let (target, host) = (&self.called.target, &self.called.host);
        let authorization = authorization.unwrap_or_default();
        format!("GET {target} HTTP/1.1\r\nHost: {host}\r\n{authorization}\r\n")
    }
}

fn proxy(config: Config) -> anyhow::Result<Proxy> {
    let log = AccessLog::new(config.log.access).context("starting the access log")?;
    let clients =
        Clients::load(&config, FileAccess::default()).map_err(|fault| anyhow!("{fault:#}"))?;
    let (issued, challenges) = (Issued::default(), Challenges::default());
    Proxy::build(config, log, &issued, challenges, clients)
}
