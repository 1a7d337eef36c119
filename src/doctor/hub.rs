//! The servers behind the sites: whether each responds, and after which time.

mod request;

use std::{
    io,
    time::{Duration, Instant},
};

use self::request::{HandshakeFault, connect};
use super::{
    Finding, Level,
    parallel::{Check, run_parallel},
};
use crate::config::model::{Config, Server, Upstream};

/// The time limit for a connection, and again for the first byte.
const TIMEOUT: Duration = Duration::from_millis(1500);

/// One server of an upstream.
pub(super) struct UpstreamServer {
    server: Server,
    upstream: Upstream,
}

/// Returns one warning for each hub over TLS with a certificate that is refused.
pub(crate) fn refused(config: &Config) -> Vec<String> {
    let deadline = Instant::now() + TIMEOUT * 2;
    let checks = UpstreamServer::all(config).into_iter().map(|hub| {
        let subject = hub.subject();
        Check::new(&subject, move || {
            hub.handshake_finding().into_iter().collect()
        })
    });
    let found = run_parallel(checks.collect(), deadline).into_iter();
    let failed = found.filter(|finding| finding.level == Level::Fail);
    failed
        .map(|finding| {
            let cure = finding
                .cure
                .map_or_else(String::new, |cure| format!(": {cure}"));
            format!("{}: {}{cure}", finding.subject, finding.cause)
        })
        .collect()
}

impl UpstreamServer {
    /// Returns each server behind the sites, once with each trust.
    pub(super) fn all(config: &Config) -> Vec<Self> {
        let mut hubs: Vec<Self> = Vec::new();
        for upstream in config.sites.iter().flat_map(|site| site.upstreams()) {
            for server in &upstream.servers {
                let is_same = |hub: &Self| {
                    hub.server == *server
                        && hub.upstream.ca == upstream.ca
                        && hub.upstream.pin == upstream.pin
                        && hub.upstream.http2 == upstream.http2
                        && hub.upstream.health == upstream.health
                };
                if !hubs.iter().any(is_same) {
                    hubs.push(Self {
                        server: server.clone(),
                        upstream: upstream.clone(),
                    });
                }
            }
        }
        hubs
    }

    /// Makes a check of the server.
    pub(super) fn check(self) -> Check {
        let subject = self.subject();
        Check::new(&subject, move || vec![self.finding()])
    }

    /// Sends a request, and reports the status and the time of the response.
    fn finding(&self) -> Finding {
        let begin = Instant::now();
        let status = match self.status() {
            Ok(status) => status,
            Err(fault) => {
                let finding = Finding::fail(self.subject(), format!("{fault:#}"));
                return finding.cure(self.cure(&fault));
            }
        };
        let milliseconds = begin.elapsed().as_millis();
        let health = self.upstream.health.as_ref();
        let health = health.map_or_else(String::new, |health| format!("; {health}"));
        let cause = format!("responds with {status} after {milliseconds} ms{health}");
        match status.starts_with('5') {
            true => Finding::warn(self.subject(), cause)
                .cure("read the hub's own log; it may still be starting"),
            false => Finding::ok(self.subject(), cause),
        }
    }

    fn subject(&self) -> String {
        format!("hub {}", self.server)
    }

    /// Reports a failed TLS handshake or a refused certificate.
    fn handshake_finding(&self) -> Option<Finding> {
        let Server::Tcp {
            host,
            port,
            tls: true,
        } = &self.server
        else {
            return None;
        };
        let fault = self.handshake(connect(host, *port).ok()?, host).err()?;
        fault
            .is::<HandshakeFault>()
            .then(|| Finding::fail(self.subject(), fault.to_string()).cure(self.cure(&fault)))
    }

    fn cure(&self, fault: &anyhow::Error) -> String {
        let handshake = fault.downcast_ref::<HandshakeFault>();
        if let Some(pin) = handshake.and_then(|fault| fault.pin.as_ref()) {
            return format!(
                "if it is the hub's own certificate, write {}",
                self.pinned(pin)
            );
        }
        let io = fault.downcast_ref::<io::Error>();
        match io.map(io::Error::kind) {
            Some(io::ErrorKind::ConnectionRefused | io::ErrorKind::NotFound) => {
                "start the hub (systemctl start openhab), or correct `upstream`"
            }
            Some(io::ErrorKind::TimedOut) => {
                "check whether the hub hangs, or a firewall blocks the connection"
            }
            _ => "correct `upstream`, or the service at this address",
        }
        .to_owned()
    }

    /// Returns the line of `proxy.yaml` that trusts this certificate only.
    fn pinned(&self, pin: &str) -> String {
        let upstream = &self.upstream;
        match (&upstream.servers[..], &upstream.ca, &upstream.pin) {
            (_, Some(_), _) => format!("in the place of `ca`:\npin: {pin}"),
            (_, _, Some(_)) => format!("in the place of `pin`:\npin: {pin}"),
            ([server], None, None) if upstream.headers.is_empty() && upstream.host.is_none() => {
                format!("\nupstream: {{servers: [\"{server}\"], pin: {pin}}}")
            }
            _ => format!("in `upstream`:\npin: {pin}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::{
        io::{Read, Write},
        net::TcpListener,
        thread,
    };

    use super::*;
    use crate::doctor::Level;

    /// Checks a hub with this response.
    fn check(response: &'static str) -> Finding {
        check_with(response, Upstream::default())
    }

    fn check_with(response: &'static str, upstream: Upstream) -> Finding {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let thread = thread::spawn(move || {
            let (mut stream, _) = listener.accept().unwrap();
            let _ = stream.read(&mut [0; 1024]).unwrap();
            stream.write_all(response.as_bytes()).unwrap();
        });
        let host = "127.0.0.1".to_owned();
        let server = Server::Tcp {
            host,
            port,
            tls: false,
        };
        let found = UpstreamServer { server, upstream }.finding();
        thread.join().unwrap();
        found
    }

    #[test]
    fn a_response_is_in_order_and_a_server_error_is_a_warning() {
        let good = check("HTTP/1.1 302 Found\r\n\r\n");
        assert_eq!(good.level, Level::Ok, "{good:?}");
        assert!(
            good.cause.starts_with("responds with 302 after "),
            "{good:?}"
        );
        assert_eq!(check("HTTP/1.1 503 Busy\r\n\r\n").level, Level::Warn);
    }

    #[test]
    fn a_server_without_http_fails_with_the_cause() {
        assert_eq!(
            check("SSH-2.0-OpenSSH_9.9\r\n").cause,
            "it does not speak HTTP"
        );
        let silent = check("");
        assert!(
            silent.cause.starts_with("it does not respond"),
            "{silent:?}"
        );
    }

    #[test]
    fn a_hub_with_http2_sends_its_settings_first() {
        let upstream = Upstream {
            http2: true,
            ..Upstream::default()
        };
        let good = check_with("\0\0\0\x04\0\0\0\0\0", upstream.clone());
        assert!(
            good.cause.starts_with("responds with HTTP/2 after "),
            "{good:?}"
        );
        let other = check_with("HTTP/1.1 400 Bad Request\r\n\r\n", upstream);
        assert!(
            other.cause.starts_with("it does not speak HTTP/2"),
            "{other:?}"
        );
    }

    #[test]
    fn a_hub_on_a_missing_socket_fails() {
        let server = Server::Unix("/nonexistent/hub.sock".into());
        let upstream = Upstream::default();
        let found = UpstreamServer { server, upstream }.finding();
        assert_eq!(found.level, Level::Fail);
        assert!(found.cure.unwrap().contains("systemctl start openhab"));
    }
}
