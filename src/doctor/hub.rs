//! Each server behind the sites: whether it answers, and how soon.

use std::{
    fmt::Display,
    io::{self, Read, Write},
    net::{TcpStream, ToSocketAddrs},
    os::unix::net::UnixStream,
    sync::Arc,
    time::{Duration, Instant},
};

use anyhow::{Context, bail};
use rustls::{ClientConnection, StreamOwned, pki_types::ServerName};

use super::{
    Finding, Level, exposed,
    race::{Check, race},
};
use crate::{
    config::model::{Config, Server, Upstream},
    tls::{RefusedCertificate, ServerTrust, SystemRoots, handshake_fault},
};

/// How long to wait for a connection, and then for the first byte.
const PATIENCE: Duration = Duration::from_millis(1500);

/// HTTP/2 in the handshake of TLS.
const HTTP2: &[u8] = b"h2";
/// The preface of a client of HTTP/2, and its empty SETTINGS.
const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0";
/// The type of a SETTINGS frame (RFC 9113, section 6.5).
const SETTINGS: u8 = 4;

/// Whether a server answers, and how soon.
pub(super) fn finding(server: &Server, upstream: &Upstream) -> Finding {
    let subject = subject(server);
    let begin = Instant::now();
    match status(server, upstream) {
        Ok(status) => answered(&subject, &status, begin.elapsed()),
        Err(fault) => Finding::fail(subject, format!("{fault:#}")).cure(cure(&fault, upstream)),
    }
}

fn subject(server: &Server) -> String {
    format!("hub {server}")
}

/// Each server behind the sites, once with each trust.
pub(super) fn servers(config: &Config) -> Vec<(Server, Upstream)> {
    let mut seen: Vec<(Server, Upstream)> = Vec::new();
    for upstream in config.sites.iter().flat_map(|site| site.upstreams()) {
        for server in &upstream.servers {
            let same = |(other, its): &(Server, Upstream)| {
                other == server
                    && its.ca == upstream.ca
                    && its.pin == upstream.pin
                    && its.http2 == upstream.http2
            };
            if !seen.iter().any(same) {
                seen.push((server.clone(), upstream.clone()));
            }
        }
    }
    seen
}

/// One warning for each hub over TLS whose certificate is refused now.
pub(crate) fn refused(config: &Config) -> Vec<String> {
    let until = Instant::now() + PATIENCE * 2;
    let checks = servers(config).into_iter().map(|(server, upstream)| {
        let subject = subject(&server);
        Check::new(&subject, move || {
            handshake(&server, &upstream).into_iter().collect()
        })
    });
    let found = race(checks.collect(), until).into_iter();
    let found = found.filter(|finding| finding.level == Level::Fail);
    found
        .map(|it| {
            let cure = it.cure.map_or_else(String::new, |cure| format!(": {cure}"));
            format!("{}: {}{cure}", it.subject, it.cause)
        })
        .collect()
}

/// A finding, where a server ends the handshake or shows a certificate that is refused.
fn handshake(server: &Server, upstream: &Upstream) -> Option<Finding> {
    let Server::Tcp {
        host,
        port,
        tls: true,
    } = server
    else {
        return None;
    };
    let fault = secure(connect(host, *port).ok()?, host, upstream).err()?;
    let found = fault.is::<NoHandshake>();
    found.then(|| Finding::fail(subject(server), fault.to_string()).cure(cure(&fault, upstream)))
}

/// Hubs that can be reached past hubgate.
pub(super) fn open(config: &Config) -> Vec<Finding> {
    let warnings = exposed::warnings(config).into_iter();
    warnings.map(|it| Finding::warn("hub", it)).collect()
}

fn answered(subject: &str, status: &str, took: Duration) -> Finding {
    let told = format!("answers {status} after {} ms", took.as_millis());
    match status.starts_with('5') {
        true => {
            Finding::warn(subject, told).cure("look into the hub's own log; it may be starting")
        }
        false => Finding::ok(subject, told),
    }
}

fn cure(fault: &anyhow::Error, upstream: &Upstream) -> String {
    let refused = fault.downcast_ref::<NoHandshake>();
    if let Some(pin) = refused.and_then(|it| it.pin.as_ref()) {
        return format!(
            "if it is the hub's own certificate, write {}",
            pinned(upstream, pin)
        );
    }
    let io = fault.downcast_ref::<io::Error>();
    match io.map(io::Error::kind) {
        Some(io::ErrorKind::ConnectionRefused | io::ErrorKind::NotFound) => {
            "start the hub (systemctl start openhab), or correct `upstream`"
        }
        Some(io::ErrorKind::TimedOut) => "see whether the hub hangs or a firewall is between",
        _ => "correct `upstream`, or what the hub serves there",
    }
    .to_owned()
}

/// The line of `proxy.yaml` that trusts a certificate alone.
fn pinned(upstream: &Upstream, pin: &str) -> String {
    let servers = &upstream.servers[..];
    match (servers, &upstream.ca, &upstream.pin) {
        (_, Some(_), _) => format!("in the place of `ca`:\npin: {pin}"),
        (_, _, Some(_)) => format!("in the place of `pin`:\npin: {pin}"),
        ([server], None, None) if upstream.headers.is_empty() && upstream.host.is_none() => {
            format!("\nupstream: {{servers: [\"{server}\"], pin: {pin}}}")
        }
        _ => format!("in `upstream`:\npin: {pin}"),
    }
}

/// Asks for `/`, and returns the status of the answer.
fn status(server: &Server, upstream: &Upstream) -> anyhow::Result<String> {
    match server {
        Server::Unix(socket) => {
            let stream = UnixStream::connect(socket).context("nothing listens")?;
            stream.set_read_timeout(Some(PATIENCE))?;
            stream.set_write_timeout(Some(PATIENCE))?;
            ask(stream, &"localhost", upstream)
        }
        Server::Tcp { host, port, tls } => {
            let stream = connect(host, *port)?;
            match tls {
                true => ask(secure(stream, host, upstream)?, &host, upstream),
                false => ask(stream, &host, upstream),
            }
        }
    }
}

fn connect(host: &str, port: u16) -> anyhow::Result<TcpStream> {
    let addresses = (host, port).to_socket_addrs();
    let addresses = addresses.with_context(|| format!("{host} does not resolve"))?;
    let mut refused = io::Error::from(io::ErrorKind::NotFound);
    for address in addresses {
        match TcpStream::connect_timeout(&address, PATIENCE) {
            Ok(stream) => {
                stream.set_read_timeout(Some(PATIENCE))?;
                stream.set_write_timeout(Some(PATIENCE))?;
                return Ok(stream);
            }
            Err(fault) => refused = fault,
        }
    }
    Err(refused).context("it takes no connection")
}

/// Does the TLS handshake, with the trust of the upstream.
fn secure(
    mut stream: TcpStream,
    host: &str,
    upstream: &Upstream,
) -> anyhow::Result<StreamOwned<ClientConnection, TcpStream>> {
    let trust = ServerTrust::load(upstream, &SystemRoots::deferred())?;
    let name = ServerName::try_from(host.to_owned())?;
    let mut config = trust.client_config()?;
    if upstream.http2 {
        config.alpn_protocols = vec![HTTP2.to_vec()];
    }
    let mut connection = ClientConnection::new(Arc::new(config), name)?;
    while connection.is_handshaking() {
        connection.complete_io(&mut stream).map_err(no_handshake)?;
    }
    if upstream.http2 && connection.alpn_protocol() != Some(HTTP2) {
        bail!("it does not agree to HTTP/2 over TLS (ALPN)");
    }
    Ok(StreamOwned::new(connection, stream))
}

/// A TLS connection that did not come about.
#[derive(Debug, thiserror::Error)]
#[error("{cause}")]
struct NoHandshake {
    cause: String,
    /// The value of `pin` that trusts the certificate which came, where that is the cause.
    pin: Option<String>,
}

fn no_handshake(fault: io::Error) -> anyhow::Error {
    if fault.kind() == io::ErrorKind::WouldBlock {
        return silence(fault);
    }
    let error = fault.get_ref();
    let error = error.and_then(|it| it.downcast_ref::<rustls::Error>());
    let refused = error.and_then(RefusedCertificate::of);
    anyhow::Error::from(NoHandshake {
        cause: handshake_fault(&fault),
        pin: refused.map(RefusedCertificate::pin),
    })
}

fn ask(
    mut stream: impl Read + Write,
    host: &dyn Display,
    upstream: &Upstream,
) -> anyhow::Result<String> {
    if upstream.http2 {
        return greet(stream);
    }
    let request = format!("GET / HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n");
    stream
        .write_all(request.as_bytes())
        .context("it takes no request")?;
    let mut head = [0; "HTTP/1.1 200".len()];
    stream.read_exact(&mut head).map_err(silence)?;
    let text = String::from_utf8_lossy(&head);
    let status = text.strip_prefix("HTTP/1.").and_then(|it| it.get(2..));
    status.map(str::to_owned).context("it speaks no HTTP")
}

/// Begins HTTP/2 (RFC 9113, section 3.4): the first frame of a server is SETTINGS.
fn greet(mut stream: impl Read + Write) -> anyhow::Result<String> {
    stream
        .write_all(PREFACE)
        .context("it takes no connection of HTTP/2")?;
    let mut head = [0; 9];
    stream.read_exact(&mut head).map_err(silence)?;
    match head {
        [0, _, _, SETTINGS, 0, 0, 0, 0, 0] => Ok("with HTTP/2".to_owned()),
        _ => bail!("it does not speak HTTP/2: turn it on there, or remove `http2`"),
    }
}

/// The kernel's words for a time-out on a socket say nothing to people.
fn silence(fault: io::Error) -> anyhow::Error {
    let fault = match fault.kind() {
        io::ErrorKind::WouldBlock => io::ErrorKind::TimedOut.into(),
        _ => fault,
    };
    anyhow::Error::from(fault).context("it gives no answer")
}

#[cfg(test)]
mod tests {
    use std::{net::TcpListener, thread};

    use super::*;
    use crate::doctor::Level;

    /// What is found of a hub that answers a request so.
    fn found_of(answer: &'static str) -> Finding {
        found_by(answer, &Upstream::default())
    }

    fn found_by(answer: &'static str, upstream: &Upstream) -> Finding {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let hub = thread::spawn(move || {
            let (mut stream, _) = listener.accept().unwrap();
            let _ = stream.read(&mut [0; 1024]).unwrap();
            stream.write_all(answer.as_bytes()).unwrap();
        });
        let host = "127.0.0.1".to_owned();
        let found = finding(
            &Server::Tcp {
                host,
                port,
                tls: false,
            },
            upstream,
        );
        hub.join().unwrap();
        found
    }

    #[test]
    fn a_hub_that_answers_is_good_and_one_that_errs_is_told() {
        let good = found_of("HTTP/1.1 302 Found\r\n\r\n");
        assert_eq!(good.level, Level::Ok, "{good:?}");
        assert!(good.cause.starts_with("answers 302 after "), "{good:?}");
        assert_eq!(found_of("HTTP/1.1 503 Busy\r\n\r\n").level, Level::Warn);
    }

    #[test]
    fn what_is_no_hub_fails_with_its_cause() {
        assert_eq!(
            found_of("SSH-2.0-OpenSSH_9.9\r\n").cause,
            "it speaks no HTTP"
        );
        let silent = found_of("");
        assert!(silent.cause.starts_with("it gives no answer"), "{silent:?}");
    }

    #[test]
    fn a_hub_with_http2_begins_with_its_settings() {
        let upstream = Upstream {
            http2: true,
            ..Upstream::default()
        };
        let good = found_by("\0\0\0\x04\0\0\0\0\0", &upstream);
        assert!(
            good.cause.starts_with("answers with HTTP/2 after "),
            "{good:?}"
        );
        let other = found_by("HTTP/1.1 400 Bad Request\r\n\r\n", &upstream);
        assert!(
            other.cause.starts_with("it does not speak HTTP/2"),
            "{other:?}"
        );
    }

    #[test]
    fn a_hub_on_a_socket_that_is_not_there_fails() {
        let found = finding(
            &Server::Unix("/nonexistent/hub.sock".into()),
            &Upstream::default(),
        );
        assert_eq!(found.level, Level::Fail);
        assert!(found.cure.unwrap().contains("systemctl start openhab"));
    }
}
