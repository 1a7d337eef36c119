//! Sends requests to a proxy over kept connections, from addresses of the loopback.

use std::{
    collections::HashMap,
    io::{self, BufRead, BufReader, Read, Write},
    net::{SocketAddr, TcpStream},
    sync::Arc,
    time::Duration,
};

use rustls::{
    ClientConfig, ClientConnection, RootCertStore, StreamOwned, crypto::aws_lc_rs,
    pki_types::ServerName,
};
use socket2::{Domain, Socket, Type};

use super::requests::{ClientCertificate, Request};
use crate::harness::{AnyCertificate, Authority, Leaf};

trait Stream: Read + Write {}
impl<T: Read + Write> Stream for T {}

/// A response's status and redirect.
#[derive(Clone, Debug, Default)]
pub(super) struct Response {
    /// The status; 0 without an answer.
    pub status: u16,
    /// The field Location.
    pub location: String,
}

/// The certificates of all sites, and a handshake for each.
pub(super) struct Certificates {
    /// The CA of good clients, and another one.
    pub ca: Authority,
    pub strangers: Authority,
    /// A CA below the first.
    pub between: Authority,
    /// The server's certificate.
    pub server: Leaf,
    none: Arc<ClientConfig>,
    own: Arc<ClientConfig>,
    deep: Arc<ClientConfig>,
    deeper: Arc<ClientConfig>,
    strange: Arc<ClientConfig>,
}

impl Certificates {
    /// Makes them.
    pub(super) fn new() -> Self {
        let root = Authority::new("root");
        let ca = Authority::tall("devices");
        let between = ca.below("between", |_| ());
        let strangers = Authority::new("strangers");
        let lower = between.below("lower", |_| ());
        let names = ["home.test", "*.home.test", "other.test", "machine.test"];
        let server = root.server(&names);
        let config = |leaf: Option<Leaf>| Arc::new(config(&root, leaf));
        Self {
            none: config(None),
            own: config(Some(ca.client("phone"))),
            deep: config(Some(between.client("tablet").through(&between))),
            deeper: config(Some(
                lower.client("watch").through(&lower).through(&between),
            )),
            strange: config(Some(strangers.client("phone"))),
            server,
            ca,
            strangers,
            between,
        }
    }

    fn config(&self, certificate: ClientCertificate) -> Arc<ClientConfig> {
        match certificate {
            ClientCertificate::None => self.none.clone(),
            ClientCertificate::Own => self.own.clone(),
            ClientCertificate::Deep => self.deep.clone(),
            ClientCertificate::Deeper => self.deeper.clone(),
            ClientCertificate::Strange => self.strange.clone(),
        }
    }
}

fn config(root: &Authority, leaf: Option<Leaf>) -> ClientConfig {
    let mut roots = RootCertStore::empty();
    roots.add(root.certificate()).unwrap();
    let builder = ClientConfig::builder_with_provider(aws_lc_rs::default_provider().into());
    let builder = builder.with_safe_default_protocol_versions().unwrap();
    let builder = builder
        .dangerous()
        .with_custom_certificate_verifier(AnyCertificate::new());
    match leaf {
        Some(leaf) => builder
            .with_client_auth_cert(leaf.chain(), leaf.key())
            .unwrap(),
        None => builder.with_no_client_auth(),
    }
}

/// Connections to one proxy.
pub(super) struct Client<'c> {
    certificates: &'c Certificates,
    ports: HashMap<&'static str, u16>,
    open: HashMap<String, BufReader<Box<dyn Stream>>>,
}

impl<'c> Client<'c> {
    /// One that has no connection yet.
    pub(super) fn new(certificates: &'c Certificates, ports: HashMap<&'static str, u16>) -> Self {
        Self {
            certificates,
            ports,
            open: HashMap::new(),
        }
    }

    /// Sends a request; an error is no answer.
    pub(super) fn send(&mut self, request: &Request, number: u64) -> Response {
        let key = format!("{:?} {}", request.connection(), request.from);
        let kept = self.open.remove(&key);
        let again = kept.is_some();
        let sent = kept.map_or_else(|| self.connect(request), Ok);
        let text = request.text(self.ports[request.port], number);
        let answered = sent.and_then(|stream| exchange(stream, &text, request.method));
        match answered {
            Ok((answer, stream)) => {
                if let Some(stream) = stream {
                    self.open.insert(key, stream);
                }
                answer
            }
            // A kept connection may have been closed meanwhile.
            Err(_) if again => self.send(request, number),
            Err(_) => Response::default(),
        }
    }

    fn connect(&self, request: &Request) -> io::Result<BufReader<Box<dyn Stream>>> {
        let ip = request.to.parse().unwrap();
        let to = SocketAddr::new(ip, self.ports[request.port]);
        let socket = Socket::new(Domain::for_address(to), Type::STREAM, None)?;
        socket.bind(&SocketAddr::new(request.from.parse().unwrap(), 0).into())?;
        // After bind: the number may be that of a port on which a proxy listens for all addresses.
        socket.set_reuse_address(true)?;
        socket.connect_timeout(&to.into(), PATIENCE)?;
        let tcp: TcpStream = socket.into();
        tcp.set_nodelay(true)?;
        tcp.set_read_timeout(Some(PATIENCE))?;
        if !request.tls {
            return Ok(BufReader::new(Box::new(tcp)));
        }
        let name =
            ServerName::try_from(request.name.to_ascii_lowercase()).map_err(io::Error::other)?;
        let connection = ClientConnection::new(self.certificates.config(request.certificate), name)
            .map_err(io::Error::other)?;
        Ok(BufReader::new(Box::new(StreamOwned::new(connection, tcp))))
    }
}

const PATIENCE: Duration = Duration::from_secs(10);

type Kept = Option<BufReader<Box<dyn Stream>>>;

fn exchange(
    mut stream: BufReader<Box<dyn Stream>>,
    text: &str,
    method: &str,
) -> io::Result<(Response, Kept)> {
    stream.get_mut().write_all(text.as_bytes())?;
    stream.get_mut().flush()?;
    let mut first = String::new();
    if stream.read_line(&mut first)? == 0 {
        return Err(io::ErrorKind::UnexpectedEof.into());
    }
    let status = first
        .split(' ')
        .nth(1)
        .and_then(|status| status.parse().ok())
        .unwrap_or(0);
    let mut answer = Response {
        status,
        location: String::new(),
    };
    let (mut length, mut closes) = (None, false);
    loop {
        let mut line = String::new();
        if stream.read_line(&mut line)? == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        let Some((name, value)) = line.trim_end().split_once(':') else {
            break;
        };
        match (name.to_ascii_lowercase().as_str(), value.trim()) {
            ("content-length", value) => length = value.parse::<u64>().ok(),
            ("location", value) => answer.location = value.to_owned(),
            ("connection", value) => closes |= value.eq_ignore_ascii_case("close"),
            _ => {}
        }
    }
    let empty = method == "HEAD" || matches!(status, 204 | 304);
    let Some(length) = (if empty { Some(0) } else { length }) else {
        return Ok((answer, None));
    };
    io::copy(&mut stream.by_ref().take(length), &mut io::sink())?;
    Ok((answer, (!closes).then_some(stream)))
}
