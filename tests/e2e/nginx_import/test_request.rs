//! The requests for both.

use std::sync::atomic::{AtomicUsize, Ordering};

use crate::harness::{ANNA, Client};

/// A request, from where and with what.
#[derive(Clone, Debug)]
pub struct TestRequest {
    /// The subject of the request.
    pub kind: String,
    /// True over TLS.
    pub tls: bool,
    /// The requested name.
    pub host: &'static str,
    /// The address that it comes from.
    pub from: &'static str,
    /// Certificate for the server's certificate request.
    pub certificate: ClientCertificate,
    /// Path and query, which no other request has.
    pub target: String,
    method: &'static str,
    fields: String,
    body: &'static str,
}

/// A client certificate.
#[derive(Clone, Copy, Debug)]
pub enum ClientCertificate {
    /// None.
    None,
    /// One of the house's CA.
    Own,
    /// One of another CA.
    Strangers,
    /// One of the house's CA, revoked.
    Revoked,
}

/// Number in every target, so that hubs can distinguish requests.
static NUMBER: AtomicUsize = AtomicUsize::new(0);

impl TestRequest {
    /// A plain GET of a path at home.test, from this machine.
    pub fn get(kind: &str, tls: bool, path: &str) -> Self {
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        Self {
            kind: kind.to_owned(),
            tls,
            host: "home.test",
            from: "127.0.0.1",
            certificate: ClientCertificate::None,
            target: format!("{path}?n={number}"),
            method: "GET",
            fields: String::new(),
            body: "",
        }
    }

    /// From another address.
    pub fn from(mut self, from: &'static str) -> Self {
        self.from = from;
        self
    }

    /// For another name.
    pub fn host(mut self, host: &'static str) -> Self {
        self.host = host;
        self
    }

    /// With the password of anna.
    pub fn anna(self) -> Self {
        self.field("Authorization", ANNA)
    }

    /// With a header field more.
    pub fn field(mut self, name: &str, value: &str) -> Self {
        self.fields += &format!("{name}: {value}\r\n");
        self
    }

    /// With a certificate.
    pub fn certificate(mut self, certificate: ClientCertificate) -> Self {
        self.certificate = certificate;
        self
    }

    fn method(mut self, method: &'static str, body: &'static str) -> Self {
        (self.method, self.body) = (method, body);
        self
    }

    /// The bytes; the host contains the port of the connection.
    pub fn text(&self, client: &Client) -> String {
        let Self {
            method,
            target,
            fields,
            body,
            host,
            ..
        } = self;
        let port = client.host();
        let port = port.rsplit(':').next().unwrap();
        let length = if body.is_empty() {
            String::new()
        } else {
            format!("Content-Length: {}\r\n", body.len())
        };
        format!(
            "{method} {target} HTTP/1.1\r\nHost: {host}:{port}\r\nAccept: */*\r\n{fields}{length}\r\n{body}"
        )
    }
}

/// Requests for every site: they exercise access and the fields that the hub gets.
pub fn all(tls: bool, paths: &[&str]) -> Vec<TestRequest> {
    let mut requests = Vec::new();
    for path in ["/", "/rest/items", "/static/app.js"].iter().chain(paths) {
        for from in ["127.0.0.1", "127.0.0.2", "127.0.0.3"] {
            requests.push(
                TestRequest::get(&format!("nothing from {from} at {path}"), tls, path).from(from),
            );
            requests.push(
                TestRequest::get(&format!("password from {from} at {path}"), tls, path)
                    .from(from)
                    .anna(),
            );
        }
    }
    requests.extend(heads(tls));
    requests.extend(certificates(tls, paths));
    requests
}

fn heads(tls: bool) -> Vec<TestRequest> {
    let get = |kind| TestRequest::get(kind, tls, "/rest/items");
    vec![
        get("wrong password")
            .from("127.0.0.2")
            .field("Authorization", "Basic YW5uYTp3cm9uZw=="),
        get("no password")
            .from("127.0.0.2")
            .field("Authorization", "Basic x"),
        get("bearer")
            .from("127.0.0.2")
            .field("Authorization", "Bearer oh.a.b"),
        get("unknown host").anna().host("elsewhere.test"),
        get("post")
            .anna()
            .field("Content-Type", "text/plain")
            .method("POST", "ON"),
        get("put without password")
            .from("127.0.0.2")
            .method("PUT", "OFF"),
        get("head").anna().method("HEAD", ""),
        get("options").from("127.0.0.2").method("OPTIONS", ""),
        get("cookies and token")
            .anna()
            .field("Cookie", "a=1; b=2")
            .field("X-OPENHAB-TOKEN", "t"),
        get("claimed address")
            .anna()
            .field("X-Forwarded-For", "10.0.0.1")
            .field("X-Real-IP", "10.0.0.1"),
        get("claimed scheme")
            .anna()
            .field("X-Forwarded-Proto", "ftp")
            .field("X-Forwarded-Host", "evil.test"),
        get("claimed certificate")
            .from("127.0.0.2")
            .field("X-SSL-Client-Verify", "SUCCESS"),
        get("websocket")
            .anna()
            .field("Upgrade", "websocket")
            .field("Connection", "Upgrade")
            .field("Sec-WebSocket-Version", "13")
            .field("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ=="),
    ]
}

fn certificates(tls: bool, paths: &[&str]) -> Vec<TestRequest> {
    if !tls {
        return Vec::new();
    }
    let certificates = [
        ("own", ClientCertificate::Own),
        ("strange", ClientCertificate::Strangers),
        ("revoked", ClientCertificate::Revoked),
    ];
    let paths = ["/"].iter().chain(paths);
    let requests = paths.flat_map(|path| {
        certificates.map(|(name, certificate)| {
            [
                TestRequest::get(&format!("{name} certificate at {path}"), tls, path)
                    .certificate(certificate),
                TestRequest::get(
                    &format!("{name} certificate and password at {path}"),
                    tls,
                    path,
                )
                .certificate(certificate)
                .anna(),
            ]
        })
    });
    requests.flatten().collect()
}
