//! The house in which properties are tried: its sites, and a request that has come.

use std::{
    net::{Ipv4Addr, SocketAddr},
    path::Path,
    sync::{Arc, LazyLock},
};

use http::{Method, Version};

use crate::{
    config,
    fields::Fields,
    http::request::{Exchange, Request},
    sites::Sites,
    tls::Issued,
    transport::connection_info::ConnectionInfo,
};

const CONFIG: &str = r#"
acme:
  challenges: [http-01, dns-01]
  dns: {provider: exec, program: /bin/true}
sites:
  - hosts: [home.example.org, "*.example.org"]
    certificate: acme
    upstream: http://127.0.0.1:8080
    access: {networks: [lan]}
    headers: {X-Frame-Options: SAMEORIGIN}
  - hosts: [grafana.example.org, 203.0.113.5]
    certificate: acme
    upstream: http://127.0.0.1:3000
    access: {networks: [lan]}
trusted_proxies: [10.0.0.1]
"#;

/// A client of the house, and a proxy that is trusted to speak for others.
pub(super) const CLIENT: Ipv4Addr = Ipv4Addr::new(192, 168, 1, 9);
pub(super) const TRUSTED: Ipv4Addr = Ipv4Addr::new(10, 0, 0, 1);

static SITES: LazyLock<Arc<Sites>> = LazyLock::new(|| {
    let built = config::parse(CONFIG, Path::new("/etc/hubgate/proxy.yaml"))
        .map_err(anyhow::Error::from)
        .and_then(|config| Sites::build(config, &Issued::default()));
    Arc::new(built.unwrap_or_else(|fault| panic!("the house does not stand: {fault:#}")))
});

/// The sites, whose certificates are in memory only.
pub(crate) fn sites() -> Arc<Sites> {
    SITES.clone()
}

/// A request that has come from there, and was not judged.
pub(super) fn exchange(from: Ipv4Addr, request: &Request<'_>) -> Exchange {
    let local = SocketAddr::from(([203, 0, 113, 5], 443));
    let connection = Arc::new(ConnectionInfo::new((from, 4711).into(), local, true));
    let mut exchange = Exchange::new(sites(), connection, request);
    exchange.site = exchange
        .sites
        .of_handshake(Some("home.example.org"), local.ip())
        .cloned();
    exchange
}

/// A request for the house of which nothing matters but that it has come.
pub(crate) fn any_exchange() -> Exchange {
    let request = Request {
        method: &Method::GET,
        target: "/",
        version: Version::HTTP_11,
        fields: &Fields::default(),
        authority: None,
    };
    exchange(CLIENT, &request)
}
