//! Property of the PROXY header: a second parser, written after the specification
//! (haproxy.org, proxy-protocol.txt, sections 2.1 and 2.2), agrees.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use crate::connection::proxy_header::{MAX_HEADER, ProxyHeader};

const SIGNATURE: &[u8] = b"\r\n\r\n\0\r\nQUIT\n";
/// Longest header of version 1, with its CRLF.
const LONGEST_LINE: usize = 107;

/// Asserts source and length of an accepted header, also if it arrives in pieces.
pub fn proxy_protocol(bytes: &[u8]) {
    let bytes = &bytes[..bytes.len().min(MAX_HEADER)];
    match ProxyHeader::parse(bytes) {
        Ok(ProxyHeader::Complete(length, source)) => {
            let expected = line(bytes).or_else(|| binary(bytes));
            assert_eq!(Some((length, source)), expected);
            assert_pieces(bytes, length);
        }
        Ok(ProxyHeader::Absent) => {
            assert!(!bytes.starts_with(b"PROXY ") && !bytes.starts_with(SIGNATURE));
        }
        Ok(ProxyHeader::Incomplete) => assert!(line(bytes).is_none() && binary(bytes).is_none()),
        Err(_) => assert!(binary(bytes).is_none()),
    }
}

/// Asserts that each part of a header is incomplete and that bytes after it do not change it.
fn assert_pieces(bytes: &[u8], length: usize) {
    let whole = ProxyHeader::parse(&bytes[..length]).ok();
    let with_rest = ProxyHeader::parse(bytes).ok();
    assert_eq!(whole, with_rest, "bytes after a header change it");
    for end in 1..length.min(2 * LONGEST_LINE) {
        assert_eq!(
            ProxyHeader::parse(&bytes[..end]).ok(),
            Some(ProxyHeader::Incomplete),
            "at {end} of {length}"
        );
    }
}

/// Parses version 1 into length and source.
fn line(bytes: &[u8]) -> Option<(usize, Option<SocketAddr>)> {
    let end = bytes.windows(2).position(|pair| pair == b"\r\n")? + 2;
    let text = std::str::from_utf8(&bytes[..end - 2]).ok()?;
    let words: Vec<_> = text.split(' ').collect();
    if end > LONGEST_LINE || words[0] != "PROXY" {
        return None;
    }
    let source = match words[1..] {
        ["UNKNOWN", ..] => return Some((end, None)),
        ["TCP4", from, to, port, to_port] => {
            to.parse::<Ipv4Addr>().ok()?;
            number(to_port)?;
            SocketAddr::new(from.parse::<Ipv4Addr>().ok()?.into(), number(port)?)
        }
        ["TCP6", from, to, port, to_port] => {
            to.parse::<Ipv6Addr>().ok()?;
            number(to_port)?;
            SocketAddr::new(from.parse::<Ipv6Addr>().ok()?.into(), number(port)?)
        }
        _ => return None,
    };
    Some((end, Some(source)))
}

fn number(digits: &str) -> Option<u16> {
    let plain = digits.bytes().all(|digit| digit.is_ascii_digit());
    digits
        .parse()
        .ok()
        .filter(|_| plain && (digits == "0" || !digits.starts_with('0')))
}

/// Parses version 2 into length and source.
fn binary(bytes: &[u8]) -> Option<(usize, Option<SocketAddr>)> {
    let rest = bytes.strip_prefix(SIGNATURE)?;
    let (&[command, family, high, low], rest) = rest.split_first_chunk()?;
    let length = usize::from(u16::from_be_bytes([high, low]));
    let block = rest.get(..length)?;
    let port = |at: usize| Some(u16::from_be_bytes([*block.get(at)?, *block.get(at + 1)?]));
    let source = match (command, family) {
        (0x20, _) => None,
        (0x21, 0x11 | 0x12) => {
            let from: [u8; 4] = block.get(..4)?.try_into().ok()?;
            port(10)?;
            Some(SocketAddr::new(IpAddr::from(from), port(8)?))
        }
        (0x21, 0x21 | 0x22) => {
            let from: [u8; 16] = block.get(..16)?.try_into().ok()?;
            port(34)?;
            Some(SocketAddr::new(IpAddr::from(from), port(32)?))
        }
        (0x21, _) => None,
        _ => return None,
    };
    Some((SIGNATURE.len() + 4 + length, source))
}
