//! Connections to plain servers that wait for their next request.
//!
//! One is given out again only when it is silent: what is left of an answer,
//! or the end, is nobody's.

use std::{
    collections::HashMap,
    io,
    mem::MaybeUninit,
    net::SocketAddr,
    sync::{Mutex, MutexGuard, PoisonError},
    time::Instant,
};

use socket2::SockRef;
use tokio::net::TcpStream;

use super::POOLED;

/// Connections that wait for their next request.
#[derive(Default)]
pub struct Pool {
    idle: Mutex<HashMap<SocketAddr, Vec<Idle>>>,
}

struct Idle {
    stream: TcpStream,
    since: Instant,
}

/// Connections kept for one address.
const MOST: usize = 128;

impl Pool {
    /// The connection that was used last and can be used again.
    #[must_use]
    pub fn take(&self, address: SocketAddr) -> Option<TcpStream> {
        let mut idle = self.idle();
        let kept = idle.get_mut(&address)?;
        while let Some(last) = kept.pop() {
            if last.is_usable() {
                return Some(last.stream);
            }
        }
        None
    }

    /// Keeps a connection whose last answer was read to its end.
    pub fn keep(&self, address: SocketAddr, stream: TcpStream) {
        let mut idle = self.idle();
        let kept = idle.entry(address).or_default();
        if kept.len() < MOST {
            let since = Instant::now();
            kept.push(Idle { stream, since });
        }
    }

    /// Closes what was not used for too long, and what the server has closed.
    pub fn sweep(&self) {
        self.idle().retain(|_, kept| {
            kept.retain(Idle::is_usable);
            !kept.is_empty()
        });
    }

    fn idle(&self) -> MutexGuard<'_, HashMap<SocketAddr, Vec<Idle>>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Idle {
    /// Asks the kernel itself: the reactor hears of what came only when it looks next.
    fn is_usable(&self) -> bool {
        let silent = SockRef::from(&self.stream).peek(&mut [MaybeUninit::uninit()]);
        let silent = matches!(silent, Err(error) if error.kind() == io::ErrorKind::WouldBlock);
        silent && self.since.elapsed() < POOLED
    }
}

#[cfg(test)]
mod tests {
    use tokio::{io::AsyncWriteExt, net::TcpListener};

    use super::*;

    async fn connected() -> (TcpStream, TcpStream) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let stream = TcpStream::connect(listener.local_addr().unwrap()).await;
        (stream.unwrap(), listener.accept().await.unwrap().0)
    }

    #[tokio::test]
    async fn only_a_silent_connection_is_given_out_again() {
        let pool = Pool::default();
        let (silent, _server) = connected().await;
        let address = silent.peer_addr().unwrap();
        pool.keep(address, silent);
        assert!(pool.take(address).is_some());
        assert!(pool.take(address).is_none());
        let (talkative, mut server) = connected().await;
        server.write_all(b"stray").await.unwrap();
        pool.keep(address, talkative);
        assert!(pool.take(address).is_none());
        let (closed, server) = connected().await;
        drop(server);
        pool.keep(address, closed);
        pool.sweep();
        assert!(pool.idle().is_empty());
    }
}
