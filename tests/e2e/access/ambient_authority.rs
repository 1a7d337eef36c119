//! Cross-site requests: credentials that a browser adds automatically do not authorize a foreign
//! page.
//!
//! Client certificates, cached passwords and the client's network accompany every request that any
//! page makes a browser send.

use http::Method;

use super::protocols::{IN, for_host, statuses_on_each_protocol};
use crate::{
    harness::{ANNA, Authority, Client, HTPASSWD, Hubgate, Setup},
    hub::Hub,
};

/// Fields of a browser's request for another site's page.
const FOREIGN: [&[(&str, &str)]; 10] = [
    &[("sec-fetch-site", "cross-site")],
    &[
        ("sec-fetch-site", "cross-site"),
        ("origin", "https://home.test"),
    ],
    &[("origin", "https://evil.test")],
    &[("origin", "null")],
    &[("origin", "")],
    &[("origin", "https://home.test.evil.test")],
    &[("origin", "https://home.test@evil.test")],
    &[("origin", "http://home.test")],
    &[("origin", "https://home.test https://evil.test")],
    &[
        ("origin", "https://home.test"),
        ("origin", "https://evil.test"),
    ],
];

/// Fields of requests from the site's own pages, and from programs.
const OWN: [&[(&str, &str)]; 5] = [
    &[],
    &[("origin", "https://home.test")],
    &[("origin", "https://home.test:8443")],
    &[
        ("origin", "https://home.test"),
        ("sec-fetch-site", "same-origin"),
    ],
    &[("sec-fetch-site", "none")],
];

/// Fields of the request when a person follows a link.
const LINK: [(&str, &str); 3] = [
    ("sec-fetch-site", "cross-site"),
    ("sec-fetch-mode", "navigate"),
    ("sec-fetch-dest", "document"),
];

/// Fields of requests for pictures, frames, scripts and commands of another site's page.
const EMBEDDED: [(&str, &[(&str, &str)]); 9] = [
    ("/", &[LINK[0]]),
    (
        "/",
        &[
            LINK[0],
            ("sec-fetch-mode", "no-cors"),
            ("sec-fetch-dest", "image"),
        ],
    ),
    ("/", &[LINK[0], LINK[1], ("sec-fetch-dest", "iframe")]),
    ("/", &[LINK[0], LINK[2]]),
    ("/", &[("origin", "https://evil.test")]),
    ("/basicui/CMD?Door=ON", &LINK),
    ("/basicui/CMD?Door=ON", &[("referer", "https://evil.test/")]),
    ("/classicui;x/CMD?Door=ON", &LINK),
    ("/CMD?Door=ON", &[("sec-fetch-site", "same-site")]),
];

const CHANGING: [&str; 5] = ["POST", "PUT", "PATCH", "DELETE", "BREW"];

#[tokio::test]
async fn another_sites_page_changes_nothing_by_any_credentials_of_its_reader() {
    let (hub, family) = (Hub::start().await, Authority::new("family"));
    let gate = gate(&hub, &family).await;
    for visitor in authenticated_clients(&gate, &family) {
        for fields in FOREIGN {
            let fields = visitor.fields(fields);
            for status in visitor.changes("/", &fields).await {
                assert!((400..500).contains(&status), "{fields:?}: {status}");
            }
            let socket = visitor.caller.websocket("/ws", &fields).await.err();
            assert!(
                socket.is_some_and(|status| status < 500),
                "{fields:?}: {socket:?}"
            );
        }
    }
    assert!(hub.requests().is_empty());
}

#[tokio::test]
async fn own_pages_and_apps_may_send_any_change() {
    let (hub, family) = (Hub::start().await, Authority::new("family"));
    let gate = gate(&hub, &family).await;
    for visitor in authenticated_clients(&gate, &family) {
        for fields in OWN {
            let fields = visitor.fields(fields);
            for status in visitor.changes("/", &fields).await {
                assert_eq!(status, 200, "{fields:?}");
            }
            assert!(visitor.caller.websocket("/ws", &fields).await.is_ok());
        }
    }
}

#[tokio::test]
async fn a_link_on_another_sites_page_works() {
    let (hub, family) = (Hub::start().await, Authority::new("family"));
    let gate = gate(&hub, &family).await;
    for visitor in authenticated_clients(&gate, &family) {
        for fields in [&LINK[..], &[("referer", "https://evil.test/")]] {
            let fields = visitor.fields(fields);
            for status in visitor.reads("/page/home%2Fkitchen", &fields).await {
                assert_eq!(status, 200, "{fields:?}");
            }
        }
    }
}

#[tokio::test]
async fn another_sites_page_embeds_nothing_and_sends_no_command_by_get() {
    let (hub, family) = (Hub::start().await, Authority::new("family"));
    let gate = gate(&hub, &family).await;
    for visitor in authenticated_clients(&gate, &family) {
        for (target, fields) in EMBEDDED {
            let fields = visitor.fields(fields);
            for status in visitor.reads(target, &fields).await {
                assert!(
                    (400..500).contains(&status),
                    "{target} {fields:?}: {status}"
                );
            }
        }
    }
    assert!(hub.requests().is_empty());
}

#[tokio::test]
async fn an_own_page_and_an_app_may_command_by_get() {
    let (hub, family) = (Hub::start().await, Authority::new("family"));
    let gate = gate(&hub, &family).await;
    for visitor in authenticated_clients(&gate, &family) {
        for fields in OWN
            .into_iter()
            .chain([&[("referer", "https://home.test/basicui/app")][..]])
        {
            let fields = visitor.fields(fields);
            for status in visitor.reads("/basicui/CMD?Door=ON", &fields).await {
                assert_eq!(status, 200, "{fields:?}");
            }
        }
    }
}

#[tokio::test]
async fn a_public_path_accepts_requests_of_any_page() {
    let (hub, family) = (Hub::start().await, Authority::new("family"));
    let gate = gate(&hub, &family).await;
    let visitor = AuthenticatedClient::new(gate.tls().from("127.0.0.2"), None);
    for fields in [FOREIGN[0], FOREIGN[2], FOREIGN[3]] {
        for status in visitor.changes("/hook/", fields).await {
            assert_eq!(status, 200, "{fields:?}");
        }
    }
}

#[tokio::test]
async fn a_rebound_name_reaches_no_site() {
    let (hub, family) = (Hub::start().await, Authority::new("family"));
    let gate = gate(&hub, &family).await;
    let caller = gate.tls().accepting_any_certificate();
    for (name, host) in [("evil.test", "evil.test"), ("home.test", "evil.test")] {
        let caller = caller.clone().name(name);
        assert_eq!(for_host(&caller, host, "/", &[]).await, [421; 3]);
    }
    assert!(hub.requests().is_empty());
    assert_eq!(statuses_on_each_protocol(&gate.tls(), "/", &[]).await, IN);
}

/// An admitted client and its credentials.
struct AuthenticatedClient {
    caller: Client,
    credential: Option<&'static str>,
}

impl AuthenticatedClient {
    fn new(caller: Client, credential: Option<&'static str>) -> Self {
        Self { caller, credential }
    }

    fn fields<'a>(&self, fields: &[(&'a str, &'a str)]) -> Vec<(&'a str, &'a str)> {
        let credential = self.credential.map(|value| ("authorization", value));
        fields.iter().copied().chain(credential).collect()
    }

    async fn exchange(
        &self,
        protocol: &str,
        method: Method,
        target: &str,
        fields: &[(&str, &str)],
    ) -> u16 {
        let host = self.caller.host();
        let mut client = super::protocols::connect(&self.caller, &host, protocol).await;
        client.exchange(method, target, fields, "").await.status
    }

    /// The statuses of a GET over HTTP/1.1 and HTTP/2.
    async fn reads(&self, target: &str, fields: &[(&str, &str)]) -> [u16; 2] {
        [
            self.exchange("http/1.1", Method::GET, target, fields).await,
            self.exchange("h2", Method::GET, target, fields).await,
        ]
    }

    /// The statuses of all changing methods over HTTP/1.1 and HTTP/2.
    async fn changes(&self, target: &str, fields: &[(&str, &str)]) -> Vec<u16> {
        let mut statuses = Vec::new();
        for protocol in ["http/1.1", "h2"] {
            for method in CHANGING {
                let method = method.parse().unwrap();
                statuses.push(self.exchange(protocol, method, target, fields).await);
            }
        }
        statuses
    }
}

/// Clients admitted by the network, by a certificate and by a password.
fn authenticated_clients(gate: &Hubgate, family: &Authority) -> [AuthenticatedClient; 3] {
    let away = gate.tls().from("127.0.0.2");
    let enrolled = away.clone().showing(family.client("anna"));
    [
        AuthenticatedClient::new(gate.tls(), None),
        AuthenticatedClient::new(enrolled, None),
        AuthenticatedClient::new(away, Some(ANNA)),
    ]
}

async fn gate(hub: &Hub, family: &Authority) -> Hubgate {
    let factors = "networks: [127.0.0.1], password: htpasswd, client_certificate: ca.pem";
    Setup::home(&hub.url())
        .top("limits: {connections_per_address: 1000}")
        .file("ca.pem", &family.pem())
        .file("htpasswd", HTPASSWD)
        .site(&format!("access: {{{factors}}}"))
        .site("paths: [{path: /hook/, access: public}]")
        .start()
        .await
}
