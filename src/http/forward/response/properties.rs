//! The hub's answer: what the client hears of it means to the client what it meant here.
//!
//! The client is one that reads heads by httparse and finds the end of a body as RFC 9112,
//! section 6.3 says.

use bytes::BytesMut;
use http::Method;
use httparse::{EMPTY_HEADER, Header, Status};

use super::{Asked, Body, Response};
use crate::{
    http::{http2::stream::Stream, properties::house},
    transport::{chunked::Chunks, client_stream::ClientStream},
};

const METHODS: [Method; 3] = [Method::GET, Method::HEAD, Method::POST];
/// Fields of a head that the client reads at most; a hub's, and ours.
const FIELDS: usize = 512;
/// Interim answers that are looked at.
const INTERIM: usize = 16;

/// An answer that is passed on has for the client the head and the body that it had for us: the
/// first byte tells the request's method and whether it is the client's last, the second how long
/// the pieces are.
pub fn hub_answer(bytes: &[u8]) {
    let Some((&[asked, size], heard)) = bytes.split_first_chunk() else {
        return;
    };
    let (method, last) = (&METHODS[usize::from(asked) % 3], asked >= 128);
    over_http2(heard, method);
    let admitted = house::any_admitted();
    let mut heard = BytesMut::from(heard);
    for _ in 0..INTERIM {
        let before = heard.clone();
        match Response::read::<ClientStream>(&mut heard, &asked_by(method, last), &admitted) {
            Err(_) => return,
            Ok(None) => return assert_eq!(heard, before, "half a head is taken"),
            Ok(Some(response)) if response.status.is_informational() => {
                means_the_same(&response, method, last);
                assert!(heard.len() < before.len());
            }
            Ok(Some(response)) => {
                means_the_same(&response, method, last);
                let head = before.len() - after_head(&before);
                return comes_in_any_pieces(
                    response,
                    &before[before.len() - head..],
                    usize::from(size),
                );
            }
        }
    }
}

fn asked_by(method: &Method, last: bool) -> Asked<'_> {
    Asked {
        method,
        is_upgrade: false,
        last,
        takes_trailers: false,
    }
}

/// Where the body begins, behind the head that was read.
fn after_head(heard: &[u8]) -> usize {
    let mut space = [EMPTY_HEADER; FIELDS];
    match httparse::Response::new(&mut space).parse(heard) {
        Ok(Status::Complete(length)) => length,
        other => panic!("taken for a head, and is {other:?}"),
    }
}

/// The same answer is taken on a stream, unless HTTP/2 cannot tell it.
fn over_http2(heard: &[u8], method: &Method) {
    let admitted = house::any_admitted();
    let one =
        Response::read::<ClientStream>(&mut heard.into(), &asked_by(method, false), &admitted);
    let two = Response::read::<Stream>(&mut heard.into(), &asked_by(method, false), &admitted);
    match (one, two) {
        (Ok(Some(one)), Ok(Some(two))) => {
            assert_eq!((one.status, two.head.status()), (two.status, one.status));
            assert_eq!(one.overflowed, two.overflowed);
        }
        (Ok(None), two) => assert!(matches!(two, Ok(None))),
        (Ok(Some(_)) | Err(_), two) => assert!(two.is_err()),
    }
}

fn means_the_same(response: &Response<BytesMut>, method: &Method, last: bool) {
    let mut space = [EMPTY_HEADER; FIELDS];
    let mut read = httparse::Response::new(&mut space);
    let parsed = read.parse(&response.head);
    assert_eq!(parsed, Ok(Status::Complete(response.head.len())));
    let status = response.status;
    assert_eq!((read.version, read.code), (Some(1), Some(status.as_u16())));
    let of_connection: Vec<_> = all(read.headers, "connection").collect();
    let ends = response.last && !status.is_informational();
    assert!(response.last || !last || status.is_informational());
    assert!(of_connection.iter().all(|it| *it == b"close") && of_connection.len() <= 1);
    assert!(
        !ends || of_connection.len() == 1,
        "the client is not told of the end"
    );
    for gone in ["keep-alive", "upgrade", "proxy-connection"] {
        assert_eq!(all(read.headers, gone).count(), 0, "{gone}");
    }
    let bodiless = status.is_informational() || [204, 304].contains(&status.as_u16());
    let expected = match bodiless || *method == Method::HEAD {
        true => Some(End::Length(0)),
        false => end(read.headers),
    };
    let ours = match &response.body {
        Body::Length(left) => End::Length(left + response.sent),
        Body::Chunked(_) => End::Chunked,
        Body::Frames(_) => panic!("HTTP/1.1 has no frames"),
        Body::UntilClose => End::UntilClose,
    };
    assert_eq!(Some(ours), expected, "{}", response.head.escape_ascii());
    assert!(ours != End::UntilClose || of_connection.len() == 1);
}

/// How a client finds the end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum End {
    Length(u64),
    Chunked,
    UntilClose,
}

/// The end of a body after these fields; none when clients would differ.
fn end(fields: &[Header<'_>]) -> Option<End> {
    let lengths: Vec<_> = all(fields, "content-length").collect();
    let codings: Vec<_> = all(fields, "transfer-encoding").collect();
    match (&codings[..], &lengths[..]) {
        ([], []) => Some(End::UntilClose),
        ([], [length]) => {
            let plain = length.iter().all(u8::is_ascii_digit);
            let length = std::str::from_utf8(length).ok().filter(|_| plain)?;
            Some(End::Length(length.parse().ok()?))
        }
        ([.., last], []) => {
            let mut members = last.split(|byte| *byte == b',').map(<[u8]>::trim_ascii);
            let last = members.rfind(|it| !it.is_empty())?;
            last.eq_ignore_ascii_case(b"chunked")
                .then_some(End::Chunked)
        }
        _ => None,
    }
}

fn all<'f>(fields: &'f [Header<'f>], name: &'f str) -> impl Iterator<Item = &'f [u8]> {
    let named = fields
        .iter()
        .filter(move |field| field.name.eq_ignore_ascii_case(name));
    named.map(|field| field.value)
}

/// What goes on to the client does not depend on how the hub's bytes arrive.
fn comes_in_any_pieces(whole: Response<BytesMut>, body: &[u8], size: usize) {
    let (_, whole) = whole.split();
    let mut again = Response {
        first: BytesMut::new(),
        trailers: BytesMut::new(),
        fields_behind: http::HeaderMap::new(),
        body: anew(&whole),
        sent: 0,
        overflowed: false,
        ..whole
    };
    let mut passed = BytesMut::new();
    for piece in body.chunks(size.max(1)) {
        let mut piece = BytesMut::from(piece);
        assert!(again.follow(&mut piece).is_ok(), "refused in pieces only");
        passed.extend_from_slice(&piece);
    }
    assert_eq!(
        (&whole.first, whole.has_ended()),
        (&passed, again.has_ended())
    );
    assert_eq!(
        (whole.overflowed, whole.keeps()),
        (again.overflowed, again.keeps())
    );
}

fn anew<H>(response: &Response<H>) -> Body {
    match &response.body {
        Body::Length(left) => Body::Length(left + response.sent),
        Body::Chunked(_) => Body::Chunked(Chunks::default()),
        Body::Frames(_) => panic!("HTTP/1.1 has no frames"),
        Body::UntilClose => Body::UntilClose,
    }
}
