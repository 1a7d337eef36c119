//! The configuration with which properties are tested, and admitted requests under it.

use std::{
    net::{Ipv4Addr, SocketAddr},
    path::Path,
    sync::{Arc, LazyLock, atomic::AtomicU64},
};

use http::{Method, Version};

use crate::{
    access::{evidence::Evidence, origin::OriginBasis, verdict::Admission},
    config::{self, model::Host},
    events::site_counters::SiteTable,
    fields::Fields,
    http::{
        admission::{Admitted, cors::Cors},
        request::{Exchange, Request},
    },
    sites::{Sites, site::Site},
    tls::AcmeCertificates,
    transport::{
        connection_info::ConnectionInfo,
        grant::{End, Grant},
    },
    upstream::Route,
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

/// A client on the local network.
pub(super) const CLIENT: Ipv4Addr = Ipv4Addr::new(192, 168, 1, 9);
/// A trusted proxy.
pub(super) const TRUSTED: Ipv4Addr = Ipv4Addr::new(10, 0, 0, 1);

static SITES: LazyLock<Arc<Sites>> = LazyLock::new(|| {
    let built = config::parse(CONFIG, Path::new("/etc/hubgate/proxy.yaml"))
        .map_err(anyhow::Error::from)
        .and_then(|config| {
            Sites::build(config, &AcmeCertificates::default(), &SiteTable::default())
        });
    Arc::new(built.unwrap_or_else(|fault| panic!("the configuration is invalid: {fault:#}")))
});

/// The sites; their certificates are in memory only.
pub(crate) fn sites() -> Arc<Sites> {
    SITES.clone()
}

/// A request from an address, admitted to the first site without a factor.
pub(crate) fn admitted(from: Ipv4Addr, request: &Request<'_>) -> Admitted {
    let local = SocketAddr::from(([203, 0, 113, 5], 443));
    let connection = Arc::new(ConnectionInfo::new((from, 4711).into(), local, true));
    let exchange = Exchange::new(sites(), connection.clone(), request);
    let site = SITES.of_handshake(Some(&Host::Name("home.example.org".into())), local.ip());
    let Some((site, route)) = site.and_then(|site| Some((site, route(site)?))) else {
        panic!("the first site has an upstream")
    };
    Admitted {
        exchange,
        site: site.clone(),
        admission: Admission::default(),
        route,
        cors: Cors::Off,
        session_cookie: None,
        takes_password: false,
        grant: grant().list(&connection.grants),
    }
}

fn grant() -> Grant {
    Grant {
        authority: None,
        target: Arc::default(),
        forwarded: Vec::new(),
        evidence: Evidence::default(),
        ground: OriginBasis::Itself,
        session: None,
        chain: None,
        certified: false,
        alone: false,
        edition: AtomicU64::new(0),
        end: End::default(),
    }
}

fn route(site: &Arc<Site>) -> Option<Route> {
    let place = site.place("/").ok()?;
    Some(site.upstream(&place)?.route(site.name.clone()))
}

/// An admitted request without fields.
pub(crate) fn any_admitted() -> Admitted {
    let request = Request {
        method: &Method::GET,
        target: "/",
        version: Version::HTTP_11,
        fields: &Fields::default(),
        authority: None,
    };
    admitted(CLIENT, &request)
}
