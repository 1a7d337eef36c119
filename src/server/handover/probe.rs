//! The probe of a hand-over: a request on each listener that only the new process can answer.
//!
//! Both processes accept on the same sockets. This one accepts nothing for the moment of a try, so
//! that the new one does; connections wait in the listener's queue.

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

/// In which a new process must answer on all listeners.
const PATIENCE: Duration = Duration::from_secs(15);
/// How long the first try may take; each further one twice as long, up to the longest.
const FIRST: Duration = Duration::from_millis(250);
const LONGEST: Duration = Duration::from_secs(2);
/// Between two tries, in which this process accepts.
const PAUSE: Duration = Duration::from_millis(50);
/// Bytes of an answer at most.
const MOST: u64 = 4096;

impl Probe {
    /// A probe with an unpredictable token.
    ///
    /// # Errors
    /// The system gives no random numbers.
    pub(super) fn new() -> anyhow::Result<Self> {
        let mut bytes = [0; 16];
        rand::fill(&mut bytes).map_err(|_| anyhow!("the system gives no random numbers"))?;
        Ok(Self {
            token: URL_SAFE_NO_PAD.encode(bytes),
        })
    }

    /// Last segment of the path that is requested.
    pub(super) fn token(&self) -> &str {
        &self.token
    }

    /// Waits until the new process has answered on each listener.
    ///
    /// # Errors
    /// When it does not in time.
    pub(super) async fn all(&self, server: &Server) -> anyhow::Result<()> {
        let listening = server.listeners.lock().await.bound();
        let end = Instant::now() + PATIENCE;
        for address in listening {
            let answered = timeout_at(end, self.answered(server, reachable(address))).await;
            answered.with_context(|| {
                let seconds = PATIENCE.as_secs();
                format!("it answered no request on {address} within {seconds} s")
            })?;
        }
        Ok(())
    }

    async fn answered(&self, server: &Server, address: SocketAddr) {
        let mut patience = FIRST;
        loop {
            let paused = server.acceptor.pause();
            let answer = timeout(patience, self.ask(address)).await;
            drop(paused);
            if matches!(answer, Ok(Ok(true))) {
                return;
            }
            patience = LONGEST.min(patience * 2);
            sleep(PAUSE).await;
        }
    }

    /// Sends the request in the clear, which a listener for TLS answers too.
    async fn ask(&self, address: SocketAddr) -> io::Result<bool> {
        let mut stream = TcpStream::connect(address).await?;
        let request = format!(
            "GET {TAKEOVER}{} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n",
            self.token
        );
        stream.write_all(request.as_bytes()).await?;
        let mut answer = Vec::new();
        stream.take(MOST).read_to_end(&mut answer).await?;
        Ok(answer.ends_with(self.token.as_bytes()))
    }
}

/// The address by which a socket of this machine is reached from itself.
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
