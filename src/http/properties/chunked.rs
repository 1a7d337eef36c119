//! Properties of a chunked body; httparse is the reference for its sizes.

use bytes::BytesMut;

use crate::transport::chunked::{Chunks, Unwrapped};

/// The result of following a body.
#[derive(Debug, PartialEq, Eq)]
enum Followed {
    /// The body ended after this many bytes.
    Ended(usize),
    /// The body is incomplete.
    Open,
    Refused,
}

/// Checks that a chunked body has the same end and data in pieces of any size, and for the
/// reference. The first byte is the size of the pieces.
pub fn chunked(bytes: &[u8]) {
    let Some((size, body)) = bytes.split_first() else {
        return;
    };
    let (whole, data) = follow(body, body.len().max(1));
    let (pieces, same) = follow(body, usize::from(*size).max(1));
    assert_eq!(whole, pieces);
    assert!(
        whole == Followed::Refused || data == same,
        "the data depends on the pieces"
    );
    followed_without_unwrapping(body, &whole);
    if let Followed::Ended(end) = whole {
        assert_eq!(
            Some((end, &data[..])),
            reference(body)
                .as_ref()
                .map(|(end, data)| (*end, &data[..]))
        );
    }
}

fn follow(body: &[u8], size: usize) -> (Followed, BytesMut) {
    let (mut chunks, mut out, mut passed) = (Chunks::default(), Unwrapped::default(), 0);
    for piece in body.chunks(size) {
        let Ok(belong) = chunks.unwrap(piece, &mut out) else {
            return (Followed::Refused, out.data);
        };
        assert!(
            belong == piece.len() || chunks.have_ended(),
            "a byte belongs to no part of the body"
        );
        passed += belong;
        if chunks.have_ended() {
            return (Followed::Ended(passed), out.data);
        }
    }
    (Followed::Open, out.data)
}

fn followed_without_unwrapping(body: &[u8], expected: &Followed) {
    let mut chunks = Chunks::default();
    let followed = match chunks.follow(body) {
        Err(_) => Followed::Refused,
        Ok(passed) if chunks.have_ended() => Followed::Ended(passed),
        Ok(_) => Followed::Open,
    };
    assert_eq!(followed, *expected);
}

/// The end of a complete body, and its data.
fn reference(body: &[u8]) -> Option<(usize, Vec<u8>)> {
    let (mut at, mut data) = (0, Vec::new());
    loop {
        let Ok(httparse::Status::Complete((line, size))) = httparse::parse_chunk_size(&body[at..])
        else {
            return None;
        };
        at += line;
        if size == 0 {
            break;
        }
        let end = at + usize::try_from(size).ok()?;
        data.extend_from_slice(body.get(at..end)?);
        (body.get(end..end + 2)? == b"\r\n").then_some(())?;
        at = end + 2;
    }
    loop {
        let line = body[at..].windows(2).position(|pair| pair == b"\r\n")?;
        at += line + 2;
        if line == 0 {
            return Some((at, data));
        }
    }
}
