//! The requests that both proxies are sent, made for the paths and names of a site.

use std::net::SocketAddr;

use super::{node::Node, random::Random};

/// Fields of a request by which a hub may identify a user.
pub(super) const CLAIMS: [&str; 5] = [
    "x-user",
    "x-remote-user",
    "x-role",
    "x-api-key",
    "authorization",
];

/// A request, from where and with what.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Request {
    /// Over TLS.
    pub tls: bool,
    /// Name of the port.
    pub port: &'static str,
    /// The address that is called.
    pub to: &'static str,
    /// The address that calls.
    pub from: &'static str,
    /// The name of Host.
    pub host: String,
    /// The name of the handshake.
    pub name: String,
    /// Certificate for the server's certificate request.
    pub certificate: ClientCertificate,
    /// The method.
    pub method: &'static str,
    /// The path.
    pub path: String,
    /// The query without the number.
    pub query: &'static str,
    /// Further fields.
    pub fields: String,
}

/// A client certificate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ClientCertificate {
    /// None.
    None,
    /// One of the site's CA.
    Own,
    /// One of an intermediate CA.
    Deep,
    /// One of an intermediate CA below another.
    Deeper,
    /// One of another CA.
    Strange,
}

/// Methods, the commonest more often.
const METHODS: [&str; 8] = [
    "GET", "GET", "GET", "GET", "POST", "OPTIONS", "HEAD", "DELETE",
];
const ANNA: &str = "Authorization: Basic YW5uYTpzZWNyZXQ=\r\n";
const BERT: &str = "Authorization: Basic YmVydDpzZWNyZXQ=\r\n";
const WRONG: &str = "Authorization: Basic YW5uYTp3cm9uZw==\r\n";

impl Request {
    /// The bytes, with the number in the query.
    pub(super) fn text(&self, port: u16, number: u64) -> String {
        let Self {
            method,
            path,
            query,
            host,
            fields,
            ..
        } = self;
        let and = if query.is_empty() { "" } else { "&" };
        format!(
            "{method} {path}?{query}{and}n={number} HTTP/1.1\r\nHost: {host}:{port}\r\nX-User: evil\r\nX-Remote-User: evil\r\nX-Role: evil\r\nX-Api-Key: evil\r\n{fields}\r\n"
        )
    }

    /// Returns the key of the connection; requests with equal keys share one.
    pub(super) fn connection(&self) -> (SocketAddr, &'static str, bool, String, u8) {
        let to = self
            .to
            .parse()
            .map(|ip: std::net::IpAddr| SocketAddr::new(ip, 0))
            .unwrap();
        (
            to,
            self.port,
            self.tls,
            self.name.clone(),
            self.certificate as u8,
        )
    }
}

/// Returns the requests for a site.
pub(super) fn all(site: &[Node], mut random: Random) -> Vec<Request> {
    let text = super::node::text(site);
    let paths = paths(site, &mut random);
    let hosts = hosts(&text);
    let mut requests = Vec::new();
    for path in &paths {
        for round in 0..4 {
            requests.push(one(&text, path, &hosts, round, &mut random));
        }
    }
    // Wrong passwords are few, as hubgate slows them down.
    let wrong = requests
        .iter()
        .filter(|request| request.fields.contains(ANNA))
        .take(2);
    let wrong: Vec<_> = wrong
        .map(|request| Request {
            fields: request.fields.replace(ANNA, WRONG),
            ..request.clone()
        })
        .collect();
    requests.extend(wrong);
    requests
}

fn one(text: &str, path: &str, hosts: &[String], round: usize, random: &mut Random) -> Request {
    let tls = text.contains("@HTTPS@") && random.percent(88);
    let alt = text.contains("@ALT@") && random.percent(10);
    let port = match (alt, tls) {
        (true, _) => "@ALT@",
        (_, true) => "@HTTPS@",
        _ => "@HTTP@",
    };
    let pairs = [
        ("127.0.0.1", "127.0.0.1"),
        ("127.0.0.1", "127.0.0.2"),
        ("127.0.0.1", "127.0.0.3"),
        ("127.0.0.1", "127.0.0.9"),
        ("127.0.0.2", "127.0.0.9"),
        ("::1", "::1"),
        ("::1", "::1"),
    ];
    let (to, from) = *random.of(&pairs);
    let host = if !tls && random.percent(3) {
        "home.test."
    } else if random.percent(60) {
        hosts[0].as_str()
    } else {
        random.of(hosts).as_str()
    };
    let fields = fields(text, round, random);
    let name = if random.percent(5) {
        random.of(hosts).as_str()
    } else {
        host
    };
    Request {
        tls: tls && !alt,
        port,
        to,
        from,
        host: host.to_owned(),
        name: name.to_owned(),
        certificate: *random.of(&[
            ClientCertificate::None,
            ClientCertificate::Own,
            ClientCertificate::Own,
            ClientCertificate::Strange,
            ClientCertificate::Deep,
            ClientCertificate::Deeper,
        ]),
        method: METHODS[random.below(METHODS.len())],
        path: path.to_owned(),
        query: if random.percent(25) { "m=1" } else { "" },
        fields,
    }
}

/// Credentials and X-Forwarded-For.
fn fields(text: &str, round: usize, random: &mut Random) -> String {
    let mut fields = match round {
        0 => String::new(),
        1 => ANNA.to_owned(),
        _ => (*random.of(&["", ANNA, BERT])).to_owned(),
    };
    if text.contains("Allow-Origin") && random.percent(20) {
        fields += "Origin: https://panel.test\r\n";
    }
    if text.contains("real_ip") && random.percent(70) {
        let way = *random.of(&[
            "10.1.2.3",
            "127.0.0.2",
            "10.1.2.3, 127.0.0.2",
            "127.0.0.2, 10.9.9.9",
            "::1",
            "unknown",
            "10.1.2.3, unknown",
            "127.0.0.1, 127.0.0.1",
            "10.0.0.1\r\nX-Forwarded-For: 127.0.0.3",
            "[fd00::1]:80",
            "10.1.2.3:5",
            "",
        ]);
        fields += &format!("X-Forwarded-For: {way}\r\n");
        if random.percent(20) {
            fields += "X-Real-IP: 127.0.0.1\r\n";
        }
    }
    fields
}

fn hosts(text: &str) -> Vec<String> {
    let mut hosts = vec!["home.test".to_owned()];
    for line in text
        .lines()
        .filter_map(|line| line.trim().strip_prefix("server_name "))
    {
        for name in line.trim_end_matches(';').split(' ') {
            let name = name.replace('*', "x");
            hosts.push(name.trim_start_matches(['.', '~', '^']).replace('\\', "x"));
        }
    }
    hosts.extend(
        [
            "other.test",
            "a.home.test",
            "a.b.home.test",
            "unknown.test",
            "machine.test",
            "HOME.TEST",
            "localhost",
        ]
        .map(str::to_owned),
    );
    hosts.retain(|host| host.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'.'));
    hosts
}

/// At, around and below each location, and otherwise written.
fn paths(site: &[Node], random: &mut Random) -> Vec<String> {
    let mut begins = Vec::new();
    gather(site, &mut begins);
    let mut paths: Vec<_> = [
        "/",
        "/other",
        "/a.png",
        "/a/b/x.png",
        "/rest/items",
        "/b/xc",
    ]
    .map(str::to_owned)
    .into();
    for begin in begins {
        let bare = begin.trim_end_matches('/').to_owned();
        for path in [
            begin.clone(),
            bare.clone(),
            format!("{bare}/"),
            format!("{bare}/x"),
            format!("{bare}x"),
            format!("{bare}/x.png"),
        ] {
            paths.push(path);
        }
        let odd = [
            format!("/{bare}"),
            format!("{bare}%2fx"),
            format!("/%61{}", bare.trim_start_matches("/a")),
            format!("{bare};x/y"),
            format!("{bare}/./x"),
            format!("/x/..{bare}"),
            bare.to_uppercase(),
            format!("{bare}//x"),
            format!("{bare}%20"),
            format!("{bare}/x/.."),
            format!("{bare}/%2e%2e/x"),
            format!("{bare}/..;/x"),
            format!("{bare}%5cx"),
            format!("//x/..{bare}"),
            format!("{bare}%3bx"),
            format!("{bare}."),
        ];
        paths.push(random.of(&odd).clone());
        paths.push(random.of(&odd).clone());
    }
    paths.retain(|path| path.starts_with('/'));
    paths.sort();
    paths.dedup();
    while paths.len() > MOST_PATHS {
        paths.remove(random.below(paths.len()));
    }
    paths
}

/// Paths of a site at most.
const MOST_PATHS: usize = 24;

fn gather(nodes: &[Node], begins: &mut Vec<String>) {
    for node in nodes {
        if let Some(path) = node.words().strip_prefix("location ")
            && let Some(path) = path
                .split(' ')
                .next_back()
                .filter(|path| path.starts_with('/'))
        {
            begins.push(path.to_owned());
        }
        gather(node.inner(), begins);
    }
}
