//! The PROXY header (HAProxy's PROXY protocol, versions 1 and 2): the source address of a
//! connection from a trusted proxy.
//!
//! Only peers in `trusted_proxies` may send one. From any other peer the header is an invalid
//! request.

use std::{
    io,
    net::{IpAddr, SocketAddr},
    time::Duration,
};

use ppp::{HeaderResult, PartialResult, v1, v2};
use tokio::{io::AsyncReadExt, net::TcpStream};

use crate::{config::model::Networks, transport::connection_info::ConnectionInfo};

/// Most bytes of a header; addresses with all known extensions are shorter.
pub(super) const MAX_HEADER: usize = 4096;
/// Most bytes of a header of version 1.
const MAX_LINE: usize = 107;
/// Interval of reads while a header is incomplete.
const RETRY: Duration = Duration::from_millis(5);

/// Result of the search for a header at the beginning of a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ProxyHeader {
    /// The connection begins without a header.
    Absent,
    /// More bytes are needed.
    Incomplete,
    /// A header of this length in bytes, with its source address, if any.
    Complete(usize, Option<SocketAddr>),
}

/// The bytes received first on a connection.
struct Received<'a>(&'a [u8]);

/// Reads the header of a trusted peer and sets the connection's source address.
///
/// # Errors
/// When a trusted peer sends an invalid header or closes the connection.
pub(super) async fn read(
    stream: &mut TcpStream,
    connection: &mut ConnectionInfo,
    trusted: &Networks,
) -> io::Result<()> {
    match trusted.contains(connection.peer.ip()) {
        // Boxed, since other connections need no memory for the buffer.
        true => Box::pin(read_header(stream, connection)).await,
        false => Ok(()),
    }
}

async fn read_header(stream: &mut TcpStream, connection: &mut ConnectionInfo) -> io::Result<()> {
    let mut peeked = [0; MAX_HEADER];
    loop {
        let length = stream.peek(&mut peeked).await?;
        match ProxyHeader::parse(&peeked[..length])? {
            ProxyHeader::Absent => return Ok(()),
            ProxyHeader::Incomplete => tokio::time::sleep(RETRY).await,
            ProxyHeader::Complete(length, source) => {
                stream.read_exact(&mut peeked[..length]).await?;
                connection.set_source(source);
                return Ok(());
            }
        }
    }
}

impl ProxyHeader {
    /// Parses the first bytes of a connection; an empty slice means its end.
    ///
    /// # Errors
    /// When the bytes are an invalid header.
    pub(super) fn parse(bytes: &[u8]) -> io::Result<Self> {
        let received = Received(bytes);
        if bytes.is_empty() || !received.may_begin_header() {
            return Ok(Self::Absent);
        }
        let Some(header) = received.header()? else {
            return Ok(Self::Incomplete);
        };
        let header = HeaderResult::parse(header);
        if header.is_complete() {
            return Self::from_result(&header);
        }
        if received.is_whole() {
            return Err(io::ErrorKind::InvalidData.into());
        }
        Ok(Self::Incomplete)
    }

    fn from_result(header: &HeaderResult<'_>) -> io::Result<Self> {
        let (length, source) = match header {
            HeaderResult::V1(Ok(header)) => (header.header.len(), text_source(&header.addresses)),
            HeaderResult::V2(Ok(header)) => (header.len(), binary_source(header)),
            HeaderResult::V1(Err(error)) => return Err(io::Error::other(error.to_string())),
            HeaderResult::V2(Err(error)) => return Err(io::Error::other(error.to_string())),
        };
        Ok(Self::Complete(length, source))
    }
}

impl<'a> Received<'a> {
    fn may_begin_header(&self) -> bool {
        let Self(received) = self;
        let signatures = [b"PROXY ".as_slice(), v2::PROTOCOL_PREFIX];
        signatures.iter().any(|signature| {
            let length = received.len().min(signature.len());
            received[..length] == signature[..length]
        })
    }

    /// Returns the bytes for the parser; none while the line of version 1 is incomplete.
    ///
    /// `ppp` rejects most incomplete lines and accepts a line feed within a line.
    fn header(&self) -> io::Result<Option<&'a [u8]>> {
        let Self(received) = self;
        if received[0] != b'P' {
            return Ok(Some(received));
        }
        match received.iter().position(|byte| *byte == b'\n') {
            Some(end) if received[..end].ends_with(b"\r") => Ok(Some(&received[..=end])),
            Some(_) => Err(io::ErrorKind::InvalidData.into()),
            None if received.len() < MAX_LINE => Ok(None),
            None => Ok(Some(received)),
        }
    }

    /// Returns true if no further byte can complete the header.
    fn is_whole(&self) -> bool {
        let Self(received) = self;
        let is_line = received.starts_with(b"PROXY") && received.contains(&b'\n');
        is_line || received.len() == MAX_HEADER
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
    fn a_post_request_begins_no_header() {
        let may_begin = |bytes: &[u8]| Received(bytes).may_begin_header();
        assert!(may_begin(b"P") && may_begin(b"PROXY TCP4 1.2.3.4") && may_begin(b"\r\n\r\n\0"));
        assert!(!may_begin(b"PO") && !may_begin(b"POST / HTTP/1.1"));
        assert!(!may_begin(b"\x16\x03\x01"));
    }

    #[test]
    fn both_versions_name_the_source() {
        let parsed = |bytes: &[u8]| ProxyHeader::from_result(&HeaderResult::parse(bytes));
        let text = b"PROXY TCP4 203.0.113.7 192.0.2.1 4711 443\r\nrest";
        let source = Some("203.0.113.7:4711".parse().unwrap());
        assert_eq!(parsed(text).unwrap(), ProxyHeader::Complete(43, source));
        let mut wire = v2::PROTOCOL_PREFIX.to_vec();
        wire.extend([
            0x21, 0x11, 0, 12, 203, 0, 113, 7, 192, 0, 2, 1, 0x12, 0x67, 1, 0xBB,
        ]);
        assert_eq!(parsed(&wire).unwrap(), ProxyHeader::Complete(28, source));
        assert!(parsed(b"PROXY nonsense\r\n").is_err());
        let is_whole = |bytes: &[u8]| Received(bytes).is_whole();
        assert!(is_whole(b"PROXY TCP4 x\r\n") && !is_whole(b"PROXY TCP4 x"));
    }

    #[test]
    fn a_header_of_version_1_may_arrive_in_pieces() {
        let line = b"PROXY TCP4 203.0.113.7 192.0.2.1 4711 443\r\n";
        let source = "203.0.113.7:4711".parse().ok();
        let complete = ProxyHeader::Complete(line.len(), source);
        assert_eq!(ProxyHeader::parse(line).unwrap(), complete);
        for end in 1..line.len() {
            let header = ProxyHeader::parse(&line[..end]).unwrap();
            assert_eq!(header, ProxyHeader::Incomplete, "{end}");
        }
        assert!(ProxyHeader::parse(b"PROXY UNKNOWN \n\r\n").is_err());
        let long = [b"PROXY TCP4 ".as_slice(), &[b'1'; 100]].concat();
        assert!(ProxyHeader::parse(&long).is_err());
    }
}
