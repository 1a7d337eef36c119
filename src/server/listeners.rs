//! The listening sockets: inherited, opened, changed, handed over.

use std::{
    collections::BTreeMap,
    fmt, io,
    net::{SocketAddr, TcpListener},
    sync::{Arc, OnceLock},
    time::Duration,
};

use anyhow::Context;
use listenfd::ListenFd;
use socket2::{Domain, Protocol, Socket, Type};
use tokio_util::sync::CancellationToken;
use tracing::{info, warn};

use crate::{config::model::Listen, front::Front};

/// The open sockets, and those that wait for their port to be free.
#[derive(Default)]
pub(super) struct Listeners {
    open: BTreeMap<SocketAddr, Listener>,
}

/// One socket and the task that accepts on it.
#[derive(Default)]
struct Listener {
    socket: Arc<OnceLock<TcpListener>>,
    stop: CancellationToken,
}

/// How many connections may wait to be accepted.
const BACKLOG: i32 = 1024;
/// Between two tries to get a port that is taken.
const RETRY: Duration = Duration::from_secs(5);

impl Listeners {
    /// Opens all sockets, or takes those the process was started with.
    ///
    /// # Errors
    /// When a socket for https cannot be had; one for http is waited for.
    pub(super) async fn open(listen: &Listen, front: &Arc<Front>) -> anyhow::Result<Self> {
        let mut listeners = Self::default();
        let mut inherited = inherited();
        let mut sockets = Vec::new();
        for address in &listen.https {
            let socket = inherited.remove(address).map_or_else(|| bind(*address), Ok);
            sockets.push((*address, socket.with_context(|| taken(*address))?));
        }
        for (address, socket) in sockets {
            listeners.start(address, socket, true, front)?;
        }
        for address in &listen.http {
            let socket = inherited.remove(address).map_or_else(|| bind(*address), Ok);
            listeners.start_or_wait(*address, socket, front)?;
        }
        for address in inherited.keys() {
            warn!("the socket {address} was handed in but is not in listen; it is closed");
        }
        Ok(listeners)
    }

    /// Opens what is new and closes what is gone.
    ///
    /// # Errors
    /// When a new socket for https cannot be had; then nothing changed.
    pub(super) async fn change(
        &mut self,
        listen: &Listen,
        front: &Arc<Front>,
    ) -> anyhow::Result<()> {
        let mut sockets = Vec::new();
        for address in listen
            .https
            .iter()
            .filter(|address| !self.open.contains_key(address))
        {
            sockets.push((*address, bind(*address).with_context(|| taken(*address))?));
        }
        self.open.retain(|address, listener| {
            let stays = listen.https.contains(address) || listen.http.contains(address);
            if !stays {
                listener.stop.cancel();
            }
            stays
        });
        for (address, socket) in sockets {
            self.start(address, socket, true, front)?;
        }
        for address in &listen.http {
            if !self.open.contains_key(address) {
                self.start_or_wait(*address, bind(*address), front)?;
            }
        }
        Ok(())
    }

    /// Stops accepting; connections go on.
    pub(super) fn close(&mut self) {
        for listener in std::mem::take(&mut self.open).values() {
            listener.stop.cancel();
        }
    }

    /// The addresses that are served now.
    pub(super) fn addresses(&self) -> Vec<String> {
        let served = self
            .open
            .iter()
            .filter(|(_, listener)| listener.socket.get().is_some());
        served.map(|(address, _)| address.to_string()).collect()
    }

    /// Copies of the open sockets, for the process that takes over.
    ///
    /// # Errors
    /// When the process is out of file descriptors.
    pub(super) fn copies(&self) -> io::Result<Vec<TcpListener>> {
        let sockets = self
            .open
            .values()
            .filter_map(|listener| listener.socket.get());
        sockets.map(TcpListener::try_clone).collect()
    }

    fn start(
        &mut self,
        address: SocketAddr,
        socket: TcpListener,
        tls: bool,
        front: &Arc<Front>,
    ) -> anyhow::Result<()> {
        let listener = Listener::default();
        let accepting = tokio::net::TcpListener::from_std(socket.try_clone()?)?;
        tokio::spawn(front.clone().accept(accepting, tls, listener.stop.clone()));
        listener.socket.set(socket).ok();
        self.open.insert(address, listener);
        Ok(())
    }

    /// A busy port for http must not stop the site; it is waited for.
    fn start_or_wait(
        &mut self,
        address: SocketAddr,
        socket: io::Result<TcpListener>,
        front: &Arc<Front>,
    ) -> anyhow::Result<()> {
        let error = match socket {
            Ok(socket) => return self.start(address, socket, false, front),
            Err(error) => error,
        };
        warn!(
            "{}: {error}; https is served, and it is tried again",
            taken(address)
        );
        let listener = Listener::default();
        let (slot, stop) = (listener.socket.clone(), listener.stop.clone());
        tokio::spawn(wait_for(address, front.clone(), slot, stop));
        self.open.insert(address, listener);
        Ok(())
    }
}

impl fmt::Display for Listeners {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.addresses().join(", "))
    }
}

async fn wait_for(
    address: SocketAddr,
    front: Arc<Front>,
    slot: Arc<OnceLock<TcpListener>>,
    stop: CancellationToken,
) {
    loop {
        tokio::select! {
            () = stop.cancelled() => return,
            () = tokio::time::sleep(RETRY) => {}
        }
        let Ok(socket) = bind(address) else { continue };
        let copy = socket
            .try_clone()
            .and_then(tokio::net::TcpListener::from_std);
        if let Ok(accepting) = copy {
            info!("{address} has become free and is served now");
            slot.set(socket).ok();
            return front.accept(accepting, false, stop).await;
        }
    }
}

/// The sockets the process was started with (LISTEN_FDS), by their address.
fn inherited() -> BTreeMap<SocketAddr, TcpListener> {
    let mut sockets = ListenFd::from_env();
    (0..sockets.len())
        .filter_map(|index| {
            let socket = sockets.take_tcp_listener(index).ok()??;
            socket.set_nonblocking(true).ok()?;
            Some((socket.local_addr().ok()?, socket))
        })
        .collect()
}

fn bind(address: SocketAddr) -> io::Result<TcpListener> {
    let socket = Socket::new(
        Domain::for_address(address),
        Type::STREAM,
        Some(Protocol::TCP),
    )?;
    if address.is_ipv6() {
        socket.set_only_v6(!address.ip().is_unspecified())?;
    }
    socket.set_reuse_address(true)?;
    socket.set_nonblocking(true)?;
    socket.bind(&address.into())?;
    socket.listen(BACKLOG)?;
    Ok(socket.into())
}

fn taken(address: SocketAddr) -> String {
    let port = address.port();
    format!("cannot listen on {address} (who holds it: ss -ltnp 'sport = :{port}')")
}
