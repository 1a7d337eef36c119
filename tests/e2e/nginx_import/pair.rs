//! NGINX and hubgate with the same site, each before hubs of its own.

use std::{fs, net::SocketAddr, path::Path};

use tempfile::TempDir;
use tokio::net::TcpStream;

use super::{
    nginx::{self, Nginx},
    test_request::{ClientCertificate, TestRequest},
};
use crate::{
    harness::{Authority, Client, DEADLINE, HTPASSWD, Leaf, Port, Running, eventually, hubgate},
    hub::Hub,
};

/// Both, and what reaches their hubs.
pub struct Pair {
    nginx: ProxyUnderTest,
    hubgate: ProxyUnderTest,
    root: Authority,
    devices: Authority,
    strangers: Authority,
    revoked: Leaf,
    report: String,
    _nginx: Nginx,
    running: Running,
    folder: TempDir,
}

/// A proxy's ports and hubs.
struct ProxyUnderTest {
    http: Port,
    https: Port,
    forward: Port,
    hub: Hub,
    other: Hub,
}

/// Outcome of a request.
struct Outcome {
    status: String,
    location: Option<String>,
    received: Option<Vec<(String, String)>>,
}

impl Pair {
    /// Starts both with a site of `tests/data/nginx`; none where there is no NGINX.
    pub async fn start(name: &str) -> Option<Self> {
        if !nginx::is_there() {
            return None;
        }
        let site = format!(
            "{}/tests/data/nginx/{name}.conf",
            env!("CARGO_MANIFEST_DIR")
        );
        let site = fs::read_to_string(site).unwrap();
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().to_owned();
        let (root, devices) = (Authority::new("root"), Authority::new("devices"));
        let revoked = devices.client("lost phone");
        write(&path, &root, &devices, &revoked);
        let (theirs, ours) = (ProxyUnderTest::new().await, ProxyUnderTest::new().await);
        nginx::write(&path.join("nginx"), &theirs.fill(&site, &path));
        nginx::write(&path.join("import"), &ours.fill(&site, &path));
        let import = [
            "import-nginx",
            "import/nginx.conf",
            "--out",
            "proxy.yaml",
            "--host",
            "home.test",
        ];
        let ran = hubgate(&path, &import);
        assert_eq!(ran.status, Some(0), "{}", ran.stderr);
        let nginx = Nginx::start(&path.join("nginx"), theirs.first(&site)).await;
        let running = Running::start(&path, &["run", "-c", "proxy.yaml"]);
        listens(&running, ours.first(&site)).await;
        Some(Self {
            nginx: theirs,
            hubgate: ours,
            root,
            devices,
            strangers: Authority::new("strangers"),
            revoked,
            report: ran.stderr,
            _nginx: nginx,
            running,
            folder,
        })
    }

    /// The imported file and hubgate's report.
    pub fn yaml(&self) -> String {
        let yaml = fs::read_to_string(self.folder.path().join("proxy.yaml")).unwrap();
        format!("{yaml}\n{}", self.running.printed())
    }

    /// Returns the report of the import.
    pub fn report(&self) -> &str {
        &self.report
    }

    /// The folder of both.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// Returns the differences between the two outcomes of a request.
    pub async fn differences(&self, request: &TestRequest) -> Vec<String> {
        let theirs = self.outcome(&self.nginx, request).await;
        let ours = self.outcome(&self.hubgate, request).await;
        let mut found = Vec::new();
        let mut differ = |what: &str, theirs: &str, ours: &str| {
            if theirs != ours {
                found.push(format!("{}: {what} {theirs} -> {ours}", request.kind));
            }
        };
        differ("status", &theirs.status, &ours.status);
        differ(
            "location",
            theirs.location.as_deref().unwrap_or("none"),
            ours.location.as_deref().unwrap_or("none"),
        );
        match (theirs.received, ours.received) {
            (Some(theirs), Some(ours)) => {
                for ((name, theirs), (_, ours)) in theirs.iter().zip(&ours) {
                    differ(name, theirs, ours);
                }
            }
            (theirs, ours) => differ(
                "hub",
                &forwarded(theirs.is_some()),
                &forwarded(ours.is_some()),
            ),
        }
        found
    }

    async fn outcome(&self, side: &ProxyUnderTest, request: &TestRequest) -> Outcome {
        let caller = self.caller(side, request);
        let mut conversation = caller.raw().await;
        conversation.send(request.text(&caller)).await;
        let head = conversation.head().await;
        let status = head.as_ref().map_or("none", |head| head.word(1)).to_owned();
        let location = head.and_then(|head| head.field("location").map(without_port));
        Outcome {
            status,
            location,
            received: side.received(request),
        }
    }

    fn caller(&self, side: &ProxyUnderTest, request: &TestRequest) -> Client {
        if !request.tls {
            return Client::clear(side.http.address()).from(request.from);
        }
        let caller = Client::tls(side.https.address(), self.root.certificate());
        let caller = caller
            .name(request.host)
            .from(request.from)
            .accepting_any_certificate();
        match request.certificate {
            ClientCertificate::None => caller,
            ClientCertificate::Own => caller.showing(self.devices.client("phone")),
            ClientCertificate::Strangers => caller.showing(self.strangers.client("phone")),
            ClientCertificate::Revoked => caller.showing(self.revoked.clone()),
        }
    }
}

impl ProxyUnderTest {
    async fn new() -> Self {
        let (hub, other) = (Hub::start().await, Hub::start().await);
        Self {
            http: Port::keep(),
            https: Port::keep(),
            forward: Port::keep(),
            hub,
            other,
        }
    }

    fn fill(&self, site: &str, folder: &Path) -> String {
        let words = [
            ("@HTTP@", self.http.number().to_string()),
            ("@HTTPS@", self.https.number().to_string()),
            ("@FORWARD@", self.forward.number().to_string()),
            ("@HUB@", self.hub.address().to_string()),
            ("@OTHER@", self.other.address().to_string()),
            ("@FOLDER@", folder.display().to_string()),
        ];
        words.iter().fold(site.to_owned(), |site, (word, value)| {
            site.replace(word, value)
        })
    }

    /// An address that it listens on.
    fn first(&self, site: &str) -> SocketAddr {
        match site.contains("@HTTPS@") {
            true => self.https.address(),
            false => self.http.address(),
        }
    }

    /// Returns the fields of a request that one of the hubs got: by name, in a fixed order.
    fn received(&self, request: &TestRequest) -> Option<Vec<(String, String)>> {
        let target = &request.target;
        let hubs = [("first", &self.hub), ("other", &self.other)];
        let received = hubs
            .iter()
            .find_map(|(name, hub)| Some((name, hub.received(target)?)));
        let (hub, request) = received?;
        let fields = FIELDS.iter().map(|name| {
            let values = request.values(name).join(" and ");
            (
                (*name).to_owned(),
                if *name == "host" {
                    without_port(&values)
                } else {
                    values
                },
            )
        });
        let body = String::from_utf8_lossy(&request.body).into_owned();
        let fixed = [
            ("to", (*hub).to_owned()),
            ("line", request.head.first.clone()),
            ("body", body),
        ];
        let fixed = fixed.map(|(name, value)| (name.to_owned(), value));
        Some(fixed.into_iter().chain(fields).collect())
    }
}

/// Fields that a hub gets and acts on.
const FIELDS: [&str; 17] = [
    "host",
    "x-forwarded-for",
    "x-real-ip",
    "x-forwarded-proto",
    "x-forwarded-host",
    "forwarded",
    "authorization",
    "cookie",
    "content-type",
    "upgrade",
    "x-ssl-client-verify",
    "x-openhab-token",
    "x-user",
    "x-role",
    "x-api-key",
    "origin",
    "accept",
];

fn forwarded(received: bool) -> String {
    if received {
        "hears it"
    } else {
        "hears nothing"
    }
    .to_owned()
}

/// The ports of the two are their own, and each request has a number.
fn without_port(text: &str) -> String {
    let text = text.split("?n=").next().unwrap();
    let digits = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit());
    let (begin, rest) = text
        .split_once("://")
        .map_or(("", text), |(_, rest)| ("https://", rest));
    let (authority, path) = rest
        .split_once('/')
        .map_or((rest, String::new()), |(host, path)| {
            (host, format!("/{path}"))
        });
    let host = authority
        .split_once(':')
        .filter(|(_, port)| digits(port))
        .map_or(authority, |(host, _)| host);
    format!("{begin}{host}{path}")
}

async fn listens(running: &Running, address: SocketAddr) {
    eventually(
        DEADLINE,
        &format!("hubgate listens: {}", running.printed()),
        async || TcpStream::connect(address).await.is_ok(),
    )
    .await;
}

fn write(folder: &Path, root: &Authority, devices: &Authority, revoked: &Leaf) {
    let leaf = root.server(&["home.test", "other.test", "*.guest.test"]);
    for (name, text) in [
        ("home.pem", leaf.chain_pem.as_str()),
        ("home.key", leaf.key_pem.as_str()),
        ("htpasswd", HTPASSWD),
        ("devices.pem", &devices.pem()),
        ("devices.crl", &devices.revoking(&[revoked])),
    ] {
        fs::write(folder.join(name), text).unwrap();
    }
}
