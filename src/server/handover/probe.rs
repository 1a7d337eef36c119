//! The probe of a hand-over: a request on each listener that only the new process can answer.
//!
//! Both processes accept on the same sockets. This one pauses during each attempt, so that the new
//! one accepts the probe; other connections wait in the listener's queue.

use std::{
    io,
    net::{Ipv4Addr, Ipv6Addr, SocketAddr},
    time::Duration,
};

use anyhow::{Context, anyhow};
use aws_lc_rs::rand;
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    time::{Instant, sleep, timeout, timeout_at},
};

use crate::{http::proxy::TAKEOVER, server::Server};

/// The probe of a hand-over.
pub(super) struct Probe {
    token: String,
}

/// Time in which the new process must answer on all listeners.
const LIMIT: Duration = Duration::from_secs(15);
/// Timeout of the first attempt; it doubles with each attempt up to the last.
const FIRST_TIMEOUT: Duration = Duration::from_millis(250);
const LAST_TIMEOUT: Duration = Duration::from_secs(2);
/// Time between two attempts, in which this process accepts.
const PAUSE: Duration = Duration::from_millis(50);
/// Most bytes of a response.
const MAX_RESPONSE: u64 = 4096;

impl Probe {
    /// Creates a probe with an unpredictable token.
    ///
    /// # Errors
    /// When the system has no random numbers.
    pub(super) fn new() -> anyhow::Result<Self> {
        let mut bytes = [0; 16];
        rand::fill(&mut bytes).map_err(|_| anyhow!("the system gives no random numbers"))?;
        Ok(Self {
            token: URL_SAFE_NO_PAD.encode(bytes),
        })
    }

    /// Returns the last segment of the requested path.
    pub(super) fn token(&self) -> &str {
        &self.token
    }

    /// Waits until the new process has answered on each listener.
    ///
    /// # Errors
    /// When a listener is not answered within 15 seconds.
    pub(super) async fn all(&self, server: &Server) -> anyhow::Result<()> {
        let listening = server.listeners.lock().await.bound();
        let end = Instant::now() + LIMIT;
        for address in listening {
            let answered = timeout_at(end, self.until_answered(server, reachable(address))).await;
            answered.with_context(|| {
                let seconds = LIMIT.as_secs();
                format!("the new process answered no request on {address} within {seconds} s")
            })?;
        }
        Ok(())
    }

    async fn until_answered(&self, server: &Server, address: SocketAddr) {
        let mut limit = FIRST_TIMEOUT;
        loop {
            let paused = server.acceptor.pause();
            let answer = timeout(limit, self.send(address)).await;
            drop(paused);
            if matches!(answer, Ok(Ok(true))) {
                return;
            }
            limit = LAST_TIMEOUT.min(limit * 2);
            sleep(PAUSE).await;
        }
    }

    /// Sends the request without TLS, which an https listener answers too.
    async fn send(&self, address: SocketAddr) -> io::Result<bool> {
        let mut stream = TcpStream::connect(address).await?;
        let request = format!(
            "GET {TAKEOVER}{} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n",
            self.token
        );
        stream.write_all(request.as_bytes()).await?;
        let mut response = Vec::new();
        stream.take(MAX_RESPONSE).read_to_end(&mut response).await?;
        Ok(response.ends_with(self.token.as_bytes()))
    }
}

/// Returns the address at which this machine reaches its own socket.
fn reachable(mut bound: SocketAddr) -> SocketAddr {
    match bound {
        SocketAddr::V4(v4) if v4.ip().is_unspecified() => bound.set_ip(Ipv4Addr::LOCALHOST.into()),
        SocketAddr::V6(v6) if v6.ip().is_unspecified() => bound.set_ip(Ipv6Addr::LOCALHOST.into()),
        _ => {}
    }
    bound
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_socket_of_all_addresses_is_reached_by_loopback() {
        for (bound, reached) in [
            ("0.0.0.0:80", "127.0.0.1:80"),
            ("[::]:443", "[::1]:443"),
            ("192.0.2.1:443", "192.0.2.1:443"),
        ] {
            assert_eq!(reachable(bound.parse().unwrap()), reached.parse().unwrap());
        }
    }
}
