//! The sockets that the process was started with (LISTEN_FDS of sd_listen_fds(3)).

use std::{
    collections::BTreeMap,
    fs,
    net::{SocketAddr, TcpListener},
    os::unix::fs::FileTypeExt,
};

use anyhow::bail;
use listenfd::ListenFd;
use socket2::SockRef;

/// Listening sockets by their address.
pub(super) type Inherited = BTreeMap<SocketAddr, TcpListener>;

/// First descriptor of LISTEN_FDS.
const FIRST: usize = 3;
/// Descriptors beyond are no list of sockets.
const MOST: usize = 1024;

/// Takes the sockets.
///
/// # Errors
/// Each descriptor that is no listening TCP socket.
pub(super) fn take() -> anyhow::Result<Inherited> {
    let mut descriptors = ListenFd::from_env();
    let (mut sockets, mut faults) = (Inherited::new(), Vec::new());
    for index in 0..descriptors.len().min(MOST) {
        match listener(&mut descriptors, index) {
            Ok((address, socket)) => drop(sockets.insert(address, socket)),
            Err(kind) => faults.push(format!("descriptor {} is {kind}", FIRST + index)),
        }
    }
    if faults.is_empty() {
        return Ok(sockets);
    }
    bail!(
        "LISTEN_FDS: {}: hubgate takes listening TCP sockets only (ListenStream= of a port, with \
         Accept=no, in the socket unit)",
        faults.join(", ")
    )
}

fn listener(
    descriptors: &mut ListenFd,
    index: usize,
) -> Result<(SocketAddr, TcpListener), &'static str> {
    let Ok(Some(socket)) = descriptors.take_tcp_listener(index) else {
        return Err(kind(descriptors, index));
    };
    if !SockRef::from(&socket).is_listener().unwrap_or(false) {
        return Err("a TCP socket that does not listen");
    }
    let address = socket.local_addr();
    let ready = socket.set_nonblocking(true).and(address);
    Ok((ready.map_err(|_| "a socket without an address")?, socket))
}

fn kind(descriptors: &mut ListenFd, index: usize) -> &'static str {
    if let Ok(Some(_)) = descriptors.take_udp_socket(index) {
        return "a UDP socket";
    }
    let is_unix = matches!(descriptors.take_unix_listener(index), Ok(Some(_)))
        || matches!(descriptors.take_unix_datagram(index), Ok(Some(_)));
    if is_unix {
        return "a Unix socket";
    }
    let Ok(meta) = fs::metadata(format!("/proc/self/fd/{}", FIRST + index)) else {
        return "not open";
    };
    match meta.file_type() {
        kind if kind.is_socket() => "another kind of socket",
        kind if kind.is_fifo() => "a pipe",
        kind if kind.is_file() => "a file",
        _ => "no socket",
    }
}
