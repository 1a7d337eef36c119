//! The listening sockets of the process: inherited or opened, changed by a reload, handed over.

use std::{
    collections::BTreeMap,
    fmt, io,
    net::{SocketAddr, TcpListener},
    sync::{Arc, OnceLock},
    time::Duration,
};

use tokio_util::sync::CancellationToken;
use tracing::{info, warn};

use super::{bind_error::cannot_listen, endpoint::Endpoint, inherited::Inherited};
use crate::{config::model::Listen, connection::acceptor::Acceptor};

/// The open listeners, and those of http that wait for a free port.
#[derive(Default)]
pub(super) struct Listeners {
    open: BTreeMap<Kind, Listener>,
}

/// A listening address; true for TLS.
type Kind = (SocketAddr, bool);

/// A socket and the stop signal of its accept loop.
#[derive(Clone, Default)]
struct Listener {
    socket: Arc<OnceLock<TcpListener>>,
    stop: CancellationToken,
}

/// An http listener that waits until its port is free.
struct BusyPort {
    address: SocketAddr,
    listener: Listener,
}

/// Time between two attempts to bind a busy port.
const RETRY: Duration = Duration::from_secs(5);

impl Listeners {
    /// Opens all listeners, preferably with inherited sockets.
    ///
    /// # Errors
    /// When a socket for https cannot be opened, or an inherited descriptor is no listening
    /// socket. A busy port for http is retried every 5 seconds.
    pub(super) fn open(listen: &Listen, acceptor: &Arc<Acceptor>) -> anyhow::Result<Self> {
        let mut listeners = Self::default();
        let mut inherited = Inherited::from_env()?;
        listeners.open_from(&mut inherited, listen, acceptor)?;
        for address in inherited.addresses() {
            warn!("the inherited socket {address} is not in listen and was closed");
        }
        Ok(listeners)
    }

    /// Opens new listeners and closes those that the configuration no longer names.
    ///
    /// # Errors
    /// When a new socket for https cannot be opened; nothing has changed then.
    pub(super) fn change(
        &mut self,
        listen: &Listen,
        acceptor: &Arc<Acceptor>,
    ) -> anyhow::Result<()> {
        self.open_from(&mut Inherited::default(), listen, acceptor)
    }

    fn open_from(
        &mut self,
        inherited: &mut Inherited,
        listen: &Listen,
        acceptor: &Arc<Acceptor>,
    ) -> anyhow::Result<()> {
        let (http, https) = (
            self.missing(&listen.http, false),
            self.missing(&listen.https, true),
        );
        let mut sockets = Vec::new();
        for address in https {
            let socket = self.socket(inherited, address);
            let socket = socket.map_err(|fault| {
                let cause = cannot_listen(address, &fault);
                anyhow::Error::from(fault).context(cause)
            });
            sockets.push((address, socket?));
        }
        let http: Vec<_> = http
            .into_iter()
            .map(|address| (address, self.socket(inherited, address)))
            .collect();
        self.close_unlisted(listen);
        for (address, socket) in sockets {
            self.start((address, true), socket, acceptor)?;
        }
        for (address, socket) in http {
            self.start_or_wait(address, socket, acceptor)?;
        }
        Ok(())
    }

    fn missing(&self, wanted: &[SocketAddr], tls: bool) -> Vec<SocketAddr> {
        let missing = |address: &&SocketAddr| !self.open.contains_key(&(**address, tls));
        wanted.iter().filter(missing).copied().collect()
    }

    /// Returns an inherited socket, the open socket of the address with or without TLS, or a new
    /// one.
    fn socket(&self, inherited: &mut Inherited, address: SocketAddr) -> io::Result<TcpListener> {
        let endpoint = Endpoint(address);
        if let Some(socket) = [endpoint, endpoint.ipv4()]
            .into_iter()
            .find_map(|endpoint| inherited.remove(endpoint.0))
        {
            return Ok(socket);
        }
        let open = [true, false].map(|tls| self.open.get(&(address, tls)));
        let listeners = open.into_iter().flatten();
        let mut sockets = listeners.filter_map(|listener| listener.socket.get());
        sockets
            .next()
            .map_or_else(|| endpoint.bind(), TcpListener::try_clone)
    }

    fn close_unlisted(&mut self, listen: &Listen) {
        self.open.retain(|(address, tls), listener| {
            let wanted = if *tls { &listen.https } else { &listen.http };
            let stays = wanted.contains(address);
            if !stays {
                listener.stop.cancel();
            }
            stays
        });
    }

    /// Closes all listeners; accepted connections remain open.
    pub(super) fn close(&mut self) {
        for listener in std::mem::take(&mut self.open).values() {
            listener.stop.cancel();
        }
    }

    /// Returns the addresses with an open socket.
    pub(super) fn addresses(&self) -> Vec<String> {
        let served = self
            .open
            .iter()
            .filter(|(_, listener)| listener.socket.get().is_some());
        served
            .map(|((address, _), _)| address.to_string())
            .collect()
    }

    /// Returns the local addresses of the open sockets (getsockname(2)).
    pub(super) fn bound(&self) -> Vec<SocketAddr> {
        let sockets = self.open.values();
        let sockets = sockets.filter_map(|listener| listener.socket.get());
        sockets
            .filter_map(|socket| socket.local_addr().ok())
            .collect()
    }

    /// Duplicates the open sockets for the new process of a hand-over.
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
        kind: Kind,
        socket: TcpListener,
        acceptor: &Arc<Acceptor>,
    ) -> anyhow::Result<()> {
        let listener = Listener::default();
        let accepting = tokio::net::TcpListener::from_std(socket.try_clone()?)?;
        let (_, tls) = kind;
        let accept = acceptor
            .clone()
            .accept(accepting, tls, listener.stop.clone());
        acceptor.tasks().spawn(accept);
        listener.socket.set(socket).ok();
        self.open.insert(kind, listener);
        Ok(())
    }

    /// Starts an http listener, or retries in the background while its port is busy.
    fn start_or_wait(
        &mut self,
        address: SocketAddr,
        socket: io::Result<TcpListener>,
        acceptor: &Arc<Acceptor>,
    ) -> anyhow::Result<()> {
        let error = match socket {
            Ok(socket) => return self.start((address, false), socket, acceptor),
            Err(error) => error,
        };
        warn!(
            "{}: {error}; https is served, and the port is tried again every 5 s",
            cannot_listen(address, &error)
        );
        let listener = Listener::default();
        self.open.insert((address, false), listener.clone());
        let busy = BusyPort { address, listener };
        acceptor.tasks().spawn(busy.accept(acceptor.clone()));
        Ok(())
    }
}

impl fmt::Display for Listeners {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.addresses().join(", "))
    }
}

impl BusyPort {
    /// Binds the port as soon as it is free, then accepts on it.
    async fn accept(self, acceptor: Arc<Acceptor>) {
        let Self { address, listener } = self;
        loop {
            tokio::select! {
                () = listener.stop.cancelled() => return,
                () = tokio::time::sleep(RETRY) => {}
            }
            let Ok(socket) = Endpoint(address).bind() else {
                continue;
            };
            let copy = socket
                .try_clone()
                .and_then(tokio::net::TcpListener::from_std);
            if let Ok(accepting) = copy {
                info!("{address} is free now and is served");
                listener.socket.set(socket).ok();
                return acceptor.accept(accepting, false, listener.stop).await;
            }
        }
    }
}
