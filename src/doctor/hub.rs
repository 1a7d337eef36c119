//! Each server behind the sites: whether it answers, and how soon.

use std::{
    fmt::Display,
    io::{self, Read, Write},
    net::{TcpStream, ToSocketAddrs},
    os::unix::net::UnixStream,
    path::Path,
    sync::Arc,
    time::{Duration, Instant},
};

use anyhow::Context;
use rustls::pki_types::{CertificateDer, ServerName, pem::PemObject};
use rustls::{ClientConfig, ClientConnection, RootCertStore, StreamOwned};

use super::{Finding, exposed};
use crate::config::model::{Config, Server};

/// How long to wait for a connection, and then for the first byte.
const PATIENCE: Duration = Duration::from_millis(1500);

/// Whether a server answers, and how soon.
pub(super) fn finding(server: &Server, ca: Option<&Path>) -> Finding {
    let subject = format!("hub {server}");
    let begin = Instant::now();
    match status(server, ca) {
        Ok(status) => answered(&subject, &status, begin.elapsed()),
        Err(fault) => Finding::fail(subject, format!("{fault:#}")).cure(cure(&fault)),
    }
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

fn cure(fault: &anyhow::Error) -> &'static str {
    let io = fault.downcast_ref::<io::Error>();
    match io.map(io::Error::kind) {
        Some(io::ErrorKind::ConnectionRefused | io::ErrorKind::NotFound) => {
            "start the hub (systemctl start openhab), or correct `upstream`"
        }
        Some(io::ErrorKind::TimedOut) => "see whether the hub hangs or a firewall is between",
        _ => "correct `upstream`, or what the hub serves there",
    }
}

/// Asks for `/`, and returns the status of the answer.
fn status(server: &Server, ca: Option<&Path>) -> anyhow::Result<String> {
    match server {
        Server::Unix(socket) => {
            let stream = UnixStream::connect(socket).context("nothing listens")?;
            stream.set_read_timeout(Some(PATIENCE))?;
            stream.set_write_timeout(Some(PATIENCE))?;
            ask(stream, &"localhost")
        }
        Server::Tcp { host, port, tls } => {
            let stream = connect(host, *port)?;
            match tls {
                true => ask(secure(stream, host, ca)?, &host),
                false => ask(stream, &host),
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

fn secure(
    stream: TcpStream,
    host: &str,
    ca: Option<&Path>,
) -> anyhow::Result<StreamOwned<ClientConnection, TcpStream>> {
    let mut roots = RootCertStore::empty();
    match ca {
        Some(ca) => roots.add_parsable_certificates(
            CertificateDer::pem_file_iter(ca)
                .with_context(|| ca.display().to_string())?
                .flatten(),
        ),
        None => roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs),
    };
    let config = ClientConfig::builder().with_root_certificates(roots);
    let name = ServerName::try_from(host.to_owned())?;
    let connection = ClientConnection::new(Arc::new(config.with_no_client_auth()), name)?;
    Ok(StreamOwned::new(connection, stream))
}

fn ask(mut stream: impl Read + Write, host: &dyn Display) -> anyhow::Result<String> {
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
            None,
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
    fn a_hub_on_a_socket_that_is_not_there_fails() {
        let found = finding(&Server::Unix("/nonexistent/hub.sock".into()), None);
        assert_eq!(found.level, Level::Fail);
        assert!(found.cure.unwrap().contains("systemctl start openhab"));
    }
}
