//! A free port that stays this test's own.
//!
//! A bound socket that never listens reserves it: the kernel gives the port to no other socket,
//! while a program that sets SO_REUSEADDR may still listen on it, as often as a test starts it.

use std::net::{Ipv4Addr, SocketAddr};

use socket2::{Domain, Socket, Type};

/// A kept port of the loopback.
pub struct Port {
    number: u16,
    _kept: Socket,
}

impl Port {
    /// Takes a free port.
    pub fn keep() -> Self {
        let socket = Socket::new(Domain::IPV4, Type::STREAM, None).unwrap();
        let any = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
        socket.bind(&any.into()).unwrap();
        // After bind: with it before, the kernel may pick a port another test keeps.
        socket.set_reuse_address(true).unwrap();
        let address = socket.local_addr().unwrap().as_socket().unwrap();
        Self {
            number: address.port(),
            _kept: socket,
        }
    }

    /// Its number.
    pub fn number(&self) -> u16 {
        self.number
    }

    /// The port on 127.0.0.1.
    pub fn address(&self) -> SocketAddr {
        SocketAddr::from((Ipv4Addr::LOCALHOST, self.number))
    }
}
