//! Inherited sockets: listening sockets passed by systemd or by the previous process of a
//! hand-over (LISTEN_FDS, sd_listen_fds(3)).

use std::{
    collections::BTreeMap,
    fs,
    net::{SocketAddr, TcpListener},
    os::unix::fs::FileTypeExt,
};

use anyhow::bail;
use listenfd::ListenFd;
use socket2::SockRef;

/// First descriptor of LISTEN_FDS (SD_LISTEN_FDS_START).
const FIRST_DESCRIPTOR: usize = 3;
/// Most descriptors that are taken.
const MAX_DESCRIPTORS: usize = 1024;

/// Inherited listening sockets, by address.
#[derive(Default)]
pub(super) struct Inherited(BTreeMap<SocketAddr, TcpListener>);

/// One of the passed descriptors.
struct Descriptor<'a> {
    passed: &'a mut ListenFd,
    index: usize,
}

impl Inherited {
    /// Takes the sockets of the environment.
    ///
    /// # Errors
    /// When a descriptor is no listening TCP socket; the message lists all of them.
    pub(super) fn from_env() -> anyhow::Result<Self> {
        let mut passed = ListenFd::from_env();
        let (mut sockets, mut faults) = (Self::default(), Vec::new());
        for index in 0..passed.len().min(MAX_DESCRIPTORS) {
            let passed = &mut passed;
            match (Descriptor { passed, index }).listener() {
                Ok((address, socket)) => drop(sockets.0.insert(address, socket)),
                Err(kind) => {
                    faults.push(format!("descriptor {} is {kind}", FIRST_DESCRIPTOR + index));
                }
            }
        }
        if faults.is_empty() {
            return Ok(sockets);
        }
        bail!(
            "LISTEN_FDS: {}: hubgate accepts listening TCP sockets only (ListenStream= of a port, \
             with Accept=no, in the socket unit)",
            faults.join(", ")
        )
    }

    /// Removes and returns the socket of an address.
    pub(super) fn remove(&mut self, address: SocketAddr) -> Option<TcpListener> {
        self.0.remove(&address)
    }

    /// Returns the addresses of the remaining sockets.
    pub(super) fn addresses(&self) -> impl Iterator<Item = &SocketAddr> {
        self.0.keys()
    }
}

impl Descriptor<'_> {
    /// Takes the descriptor as a listening TCP socket.
    ///
    /// # Errors
    /// The kind of the descriptor if it is none.
    fn listener(&mut self) -> Result<(SocketAddr, TcpListener), &'static str> {
        let Ok(Some(socket)) = self.passed.take_tcp_listener(self.index) else {
            return Err(self.kind());
        };
        if !SockRef::from(&socket).is_listener().unwrap_or(false) {
            return Err("a TCP socket that does not listen");
        }
        let address = socket.local_addr();
        let ready = socket.set_nonblocking(true).and(address);
        Ok((ready.map_err(|_| "a socket without an address")?, socket))
    }

    fn kind(&mut self) -> &'static str {
        let (passed, index) = (&mut *self.passed, self.index);
        if let Ok(Some(_)) = passed.take_udp_socket(index) {
            return "a UDP socket";
        }
        let is_unix = matches!(passed.take_unix_listener(index), Ok(Some(_)))
            || matches!(passed.take_unix_datagram(index), Ok(Some(_)));
        if is_unix {
            return "a Unix socket";
        }
        let Ok(meta) = fs::metadata(format!("/proc/self/fd/{}", FIRST_DESCRIPTOR + index)) else {
            return "not open";
        };
        match meta.file_type() {
            kind if kind.is_socket() => "another kind of socket",
            kind if kind.is_fifo() => "a pipe",
            kind if kind.is_file() => "a file",
            _ => "no socket",
        }
    }
}
