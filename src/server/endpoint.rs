//! A listening address and its socket.

use std::{
    io,
    net::{Ipv4Addr, SocketAddr, TcpListener},
};

use socket2::{Domain, Protocol, Socket, Type};

/// Error number of an address family that the kernel does not support.
const EAFNOSUPPORT: i32 = 97;
/// Connections that may wait in the kernel's queue.
const BACKLOG: i32 = 1024;

/// An address to listen on.
#[derive(Clone, Copy)]
pub(super) struct Endpoint(pub(super) SocketAddr);

impl Endpoint {
    /// Opens a listening socket; `[::]` falls back to `0.0.0.0` if the kernel has no IPv6.
    pub(super) fn bind(self) -> io::Result<TcpListener> {
        let listening = self.listen();
        match &listening {
            Err(error) if error.raw_os_error() == Some(EAFNOSUPPORT) => self.ipv4().listen(),
            _ => listening,
        }
    }

    /// Returns `0.0.0.0` for `[::]` and any other address unchanged.
    pub(super) fn ipv4(self) -> Self {
        match self.0 {
            SocketAddr::V6(v6) if v6.ip().is_unspecified() => {
                Self(SocketAddr::from((Ipv4Addr::UNSPECIFIED, v6.port())))
            }
            _ => self,
        }
    }

    fn listen(self) -> io::Result<TcpListener> {
        let Self(address) = self;
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
}
