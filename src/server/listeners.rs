//! The listening sockets: inherited, opened, changed, handed over.

use std::{
    collections::BTreeMap,
    fmt, io,
    net::{Ipv4Addr, SocketAddr, TcpListener},
    sync::{Arc, OnceLock},
    time::Duration,
};

use socket2::{Domain, Protocol, Socket, Type};
use tokio_util::sync::CancellationToken;
use tracing::{info, warn};

use super::{
    bind_error::cannot_listen,
    inherited::{self, Inherited},
};
use crate::{config::model::Listen, connection::acceptor::Acceptor};

/// The open sockets, and those that wait for their port to be free.
#[derive(Default)]
pub(super) struct Listeners {
    open: BTreeMap<Kind, Listener>,
}

/// An address, and whether TLS is spoken there.
type Kind = (SocketAddr, bool);

/// One socket and the task that accepts on it.
#[derive(Default)]
struct Listener {
    socket: Arc<OnceLock<TcpListener>>,
    stop: CancellationToken,
}

/// `EAFNOSUPPORT` of Linux.
const NO_SUCH_FAMILY: i32 = 97;
/// How many connections may wait to be accepted.
const BACKLOG: i32 = 1024;
/// Between two tries to get a port that is taken.
const RETRY: Duration = Duration::from_secs(5);

impl Listeners {
    /// Opens all sockets, or takes those the process was started with.
    ///
    /// # Errors
    /// When a socket for https cannot be had, or what was handed in is no listening socket; a
    /// port for http is waited for.
    pub(super) fn open(listen: &Listen, acceptor: &Arc<Acceptor>) -> anyhow::Result<Self> {
        let mut listeners = Self::default();
        let mut inherited = inherited::take()?;
        listeners.open_from(&mut inherited, listen, acceptor)?;
        for address in inherited.keys() {
            warn!("the socket {address} was handed in but is not in listen; it is closed");
        }
        Ok(listeners)
    }

    /// Opens what is new and closes what is gone.
    ///
    /// # Errors
    /// When a new socket for https cannot be had; then nothing changed.
    pub(super) fn change(
        &mut self,
        listen: &Listen,
        acceptor: &Arc<Acceptor>,
    ) -> anyhow::Result<()> {
        self.open_from(&mut Inherited::new(), listen, acceptor)
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
        self.close_all_but(listen);
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

    /// A socket that was handed in, that spoke the other way until now, or a new one.
    fn socket(&self, inherited: &mut Inherited, address: SocketAddr) -> io::Result<TcpListener> {
        if let Some(socket) = [address, ipv4(address)]
            .iter()
            .find_map(|it| inherited.remove(it))
        {
            return Ok(socket);
        }
        let open = [true, false].map(|tls| self.open.get(&(address, tls)));
        let mut sockets = open.into_iter().flatten().filter_map(|it| it.socket.get());
        sockets
            .next()
            .map_or_else(|| bind(address), TcpListener::try_clone)
    }

    fn close_all_but(&mut self, listen: &Listen) {
        self.open.retain(|(address, tls), listener| {
            let wanted = if *tls { &listen.https } else { &listen.http };
            let stays = wanted.contains(address);
            if !stays {
                listener.stop.cancel();
            }
            stays
        });
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
        served
            .map(|((address, _), _)| address.to_string())
            .collect()
    }

    /// The addresses of the open sockets, as the kernel knows them.
    pub(super) fn bound(&self) -> Vec<SocketAddr> {
        let sockets = self.open.values();
        let sockets = sockets.filter_map(|listener| listener.socket.get());
        sockets
            .filter_map(|socket| socket.local_addr().ok())
            .collect()
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
        kind: Kind,
        socket: TcpListener,
        acceptor: &Arc<Acceptor>,
    ) -> anyhow::Result<()> {
        let listener = Listener::default();
        let accepting = tokio::net::TcpListener::from_std(socket.try_clone()?)?;
        let accept = acceptor
            .clone()
            .accept(accepting, kind.1, listener.stop.clone());
        acceptor.tasks().spawn(accept);
        listener.socket.set(socket).ok();
        self.open.insert(kind, listener);
        Ok(())
    }

    /// A busy port for http must not stop the site; it is waited for.
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
            "{}: {error}; https is served, and it is tried again",
            cannot_listen(address, &error)
        );
        let listener = Listener::default();
        let (slot, stop) = (listener.socket.clone(), listener.stop.clone());
        acceptor
            .tasks()
            .spawn(wait_for(address, acceptor.clone(), slot, stop));
        self.open.insert((address, false), listener);
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
    acceptor: Arc<Acceptor>,
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
            return acceptor.accept(accepting, false, stop).await;
        }
    }
}

/// A listening socket; of IPv4 alone where `[::]` is asked for and the kernel has no IPv6.
fn bind(address: SocketAddr) -> io::Result<TcpListener> {
    let listening = listen(address);
    match &listening {
        Err(error) if error.raw_os_error() == Some(NO_SUCH_FAMILY) => listen(ipv4(address)),
        _ => listening,
    }
}

/// `0.0.0.0` for `[::]`, any other address as it is.
fn ipv4(address: SocketAddr) -> SocketAddr {
    match address {
        SocketAddr::V6(v6) if v6.ip().is_unspecified() => {
            SocketAddr::from((Ipv4Addr::UNSPECIFIED, v6.port()))
        }
        other => other,
    }
}

fn listen(address: SocketAddr) -> io::Result<TcpListener> {
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
