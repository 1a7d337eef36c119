//! A chunked body, unwrapped a second time by the lengths that httparse reads.

use bytes::BytesMut;

use crate::transport::chunked::{Chunks, Unwrapped};

/// What became of a body.
#[derive(Debug, PartialEq, Eq)]
enum Followed {
    /// It ended after so many bytes.
    Ended(usize),
    /// More is to come.
    Open,
    Refused,
}

/// A chunked body has the same end and the same data however it arrives, and for another reader:
/// the first byte tells how long the pieces are.
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
            reference(body).as_ref().map(|it| (it.0, &it.1[..]))
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
            "a byte belongs to nothing"
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

/// Where a body that is whole ends, and its data.
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
        let line = body[at..].windows(2).position(|it| it == b"\r\n")?;
        at += line + 2;
        if line == 0 {
            return Some((at, data));
        }
    }
}
