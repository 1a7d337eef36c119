//! The PROXY header of a trusted proxy: who the connection really comes from.
//!
//! Only a peer in `trusted_proxies` is listened to; from anybody else the
//! bytes are what they are, a broken request.

use std::{
    io,
    net::{IpAddr, SocketAddr},
    time::Duration,
};

use ppp::{HeaderResult, PartialResult, v1, v2};
use tokio::{io::AsyncReadExt, net::TcpStream};

use crate::{config::model::Networks, transport::connection_info::ConnectionInfo};

/// A header's length at most; addresses with all that is known to follow them are shorter.
pub(super) const MOST: usize = 4096;
/// The length of a header of version 1 at most.
const LONGEST_LINE: usize = 107;
/// Between two looks at a header that came in pieces.
const AGAIN: Duration = Duration::from_millis(5);

/// What stands before a connection's own first byte, as far as it has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Before {
    /// No header.
    Nothing,
    /// What may become one.
    Beginning,
    /// A header of so many bytes, and the source it names when it names one.
    Header(usize, Option<SocketAddr>),
}

/// Reads the header, if the peer may send one and does, and sets the link's peer from it.
///
/// # Errors
/// When a trusted peer sends a header that is broken, or goes away.
pub(super) async fn read(
    stream: &mut TcpStream,
    connection: &mut ConnectionInfo,
    trusted: &Networks,
) -> io::Result<()> {
    match trusted.contains(connection.peer.ip()) {
        // The others hold no room for one.
        true => Box::pin(read_header(stream, connection)).await,
        false => Ok(()),
    }
}

async fn read_header(stream: &mut TcpStream, connection: &mut ConnectionInfo) -> io::Result<()> {
    let mut peeked = [0; MOST];
    loop {
        let length = stream.peek(&mut peeked).await?;
        match look(&peeked[..length])? {
            Before::Nothing => return Ok(()),
            Before::Beginning => tokio::time::sleep(AGAIN).await,
            Before::Header(length, source) => {
                stream.read_exact(&mut peeked[..length]).await?;
                connection.set_source(source);
                return Ok(());
            }
        }
    }
}

/// What the first bytes of a connection are; of one that has ended there are none.
///
/// # Errors
/// When they are a header that is broken.
pub(super) fn look(received: &[u8]) -> io::Result<Before> {
    if received.is_empty() || !begins(received) {
        return Ok(Before::Nothing);
    }
    let Some(header) = header(received)? else {
        return Ok(Before::Beginning);
    };
    let header = HeaderResult::parse(header);
    if header.is_complete() {
        let (length, source) = parsed(&header)?;
        return Ok(Before::Header(length, source));
    }
    if is_whole(received) {
        return Err(io::ErrorKind::InvalidData.into());
    }
    Ok(Before::Beginning)
}

/// Whether the bytes may be the beginning of a header.
fn begins(received: &[u8]) -> bool {
    let marks = [b"PROXY ".as_slice(), v2::PROTOCOL_PREFIX];
    marks.iter().any(|mark| {
        let length = received.len().min(mark.len());
        received[..length] == mark[..length]
    })
}

/// The bytes that may be a header: in version 1 they are a line, once that has come, as ppp takes
/// most of a torn one for broken, and a line feed within one for text.
fn header(received: &[u8]) -> io::Result<Option<&[u8]>> {
    if received[0] != b'P' {
        return Ok(Some(received));
    }
    match received.iter().position(|byte| *byte == b'\n') {
        Some(end) if received[..end].ends_with(b"\r") => Ok(Some(&received[..=end])),
        Some(_) => Err(io::ErrorKind::InvalidData.into()),
        None if received.len() < LONGEST_LINE => Ok(None),
        None => Ok(Some(received)),
    }
}

/// Whether nothing more can come of a header.
fn is_whole(received: &[u8]) -> bool {
    let is_line = received.starts_with(b"PROXY") && received.contains(&b'\n');
    is_line || received.len() == MOST
}

/// The header's length, and the source it names when it names one.
fn parsed(header: &HeaderResult<'_>) -> io::Result<(usize, Option<SocketAddr>)> {
    match header {
        HeaderResult::V1(Ok(header)) => Ok((header.header.len(), text_source(&header.addresses))),
        HeaderResult::V2(Ok(header)) => Ok((header.len(), binary_source(header))),
        HeaderResult::V1(Err(error)) => Err(io::Error::other(error.to_string())),
        HeaderResult::V2(Err(error)) => Err(io::Error::other(error.to_string())),
    }
}

fn text_source(addresses: &v1::Addresses) -> Option<SocketAddr> {
    match addresses {
        v1::Addresses::Tcp4(a) => Some((IpAddr::V4(a.source_address), a.source_port).into()),
        v1::Addresses::Tcp6(a) => Some((IpAddr::V6(a.source_address), a.source_port).into()),
        v1::Addresses::Unknown => None,
    }
}

fn binary_source(header: &v2::Header<'_>) -> Option<SocketAddr> {
    match (header.command, header.addresses) {
        (v2::Command::Local, _) => None,
        (_, v2::Addresses::IPv4(a)) => Some((IpAddr::V4(a.source_address), a.source_port).into()),
        (_, v2::Addresses::IPv6(a)) => Some((IpAddr::V6(a.source_address), a.source_port).into()),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_post_is_not_taken_for_a_header() {
        assert!(begins(b"P") && begins(b"PROXY TCP4 1.2.3.4") && begins(b"\r\n\r\n\0"));
        assert!(!begins(b"PO") && !begins(b"POST / HTTP/1.1") && !begins(b"\x16\x03\x01"));
    }

    #[test]
    fn both_versions_name_the_source() {
        let text = HeaderResult::parse(b"PROXY TCP4 203.0.113.7 192.0.2.1 4711 443\r\nrest");
        let expected = (43, Some("203.0.113.7:4711".parse().unwrap()));
        assert_eq!(parsed(&text).unwrap(), expected);
        let mut wire = v2::PROTOCOL_PREFIX.to_vec();
        wire.extend([
            0x21, 0x11, 0, 12, 203, 0, 113, 7, 192, 0, 2, 1, 0x12, 0x67, 1, 0xBB,
        ]);
        assert_eq!(
            parsed(&HeaderResult::parse(&wire)).unwrap(),
            (28, expected.1)
        );
        assert!(parsed(&HeaderResult::parse(b"PROXY nonsense\r\n")).is_err());
        assert!(is_whole(b"PROXY TCP4 x\r\n") && !is_whole(b"PROXY TCP4 x"));
    }

    #[test]
    fn a_line_may_come_in_pieces() {
        let line = b"PROXY TCP4 203.0.113.7 192.0.2.1 4711 443\r\n";
        let source = "203.0.113.7:4711".parse().ok();
        assert_eq!(look(line).unwrap(), Before::Header(line.len(), source));
        for end in 1..line.len() {
            assert_eq!(look(&line[..end]).unwrap(), Before::Beginning, "{end}");
        }
        assert!(look(b"PROXY UNKNOWN \n\r\n").is_err());
        assert!(look(&[b"PROXY TCP4 ".as_slice(), &[b'1'; 100]].concat()).is_err());
    }
}
