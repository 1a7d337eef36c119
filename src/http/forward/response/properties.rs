//! Properties of a response: the client reads the same response as hubgate.
//!
//! The client of the tests parses heads by httparse, and frames content by RFC 9112, section 6.3.

use bytes::BytesMut;
use http::Method;
use httparse::{EMPTY_HEADER, Header, Status};

use super::{Body, RequestContext, Response};
use crate::{
    http::{http2::stream::Stream, properties::fixture},
    transport::{chunked::Chunks, client_stream::ClientStream},
};

const METHODS: [Method; 3] = [Method::GET, Method::HEAD, Method::POST];
/// Fields of a head that the client parses at most.
const FIELDS: usize = 512;
/// Interim responses that are tested.
const INTERIM: usize = 16;

/// Checks that a forwarded response has the same head and content for the client as for hubgate.
/// The first byte selects the request's method and persistence, the second is the size of the
/// pieces.
pub fn upstream_response(bytes: &[u8]) {
    let Some((&[request, size], received)) = bytes.split_first_chunk() else {
        return;
    };
    let (method, closes) = (&METHODS[usize::from(request) % 3], request >= 128);
    over_http2(received, method);
    let admitted = fixture::any_admitted();
    let mut received = BytesMut::from(received);
    for _ in 0..INTERIM {
        let before = received.clone();
        match Response::parse::<ClientStream>(&mut received, &context(method, closes), &admitted) {
            Err(_) => return,
            Ok(None) => return assert_eq!(received, before, "half a head is taken"),
            Ok(Some(response)) if response.status.is_informational() => {
                means_the_same(&response, method, closes);
                assert!(received.len() < before.len());
            }
            Ok(Some(response)) => {
                means_the_same(&response, method, closes);
                let head = before.len() - after_head(&before);
                return is_followed_in_any_pieces(
                    response,
                    &before[before.len() - head..],
                    usize::from(size),
                );
            }
        }
    }
}

fn context(method: &Method, closes: bool) -> RequestContext<'_> {
    RequestContext {
        method,
        is_upgrade: false,
        closes,
        takes_trailers: false,
    }
}

/// The begin of the content after the head.
fn after_head(received: &[u8]) -> usize {
    let mut space = [EMPTY_HEADER; FIELDS];
    match httparse::Response::new(&mut space).parse(received) {
        Ok(Status::Complete(length)) => length,
        other => panic!("hubgate parses a head, httparse {other:?}"),
    }
}

/// Checks that an HTTP/2 client gets the same response, unless HTTP/2 cannot carry it.
fn over_http2(received: &[u8], method: &Method) {
    let (admitted, request) = (fixture::any_admitted(), context(method, false));
    let one = Response::parse::<ClientStream>(&mut received.into(), &request, &admitted);
    let two = Response::parse::<Stream>(&mut received.into(), &request, &admitted);
    match (one, two) {
        (Ok(Some(one)), Ok(Some(two))) => {
            assert_eq!((one.status, two.head.status()), (two.status, one.status));
            assert_eq!(one.overflowed, two.overflowed);
        }
        (Ok(None), two) => assert!(matches!(two, Ok(None))),
        (Ok(Some(_)) | Err(_), two) => assert!(two.is_err()),
    }
}

fn means_the_same(response: &Response<BytesMut>, method: &Method, closes: bool) {
    let mut space = [EMPTY_HEADER; FIELDS];
    let mut read = httparse::Response::new(&mut space);
    let parsed = read.parse(&response.head);
    assert_eq!(parsed, Ok(Status::Complete(response.head.len())));
    let status = response.status;
    assert_eq!((read.version, read.code), (Some(1), Some(status.as_u16())));
    let of_connection: Vec<_> = all(read.headers, "connection").collect();
    let ends = response.closes && !status.is_informational();
    assert!(response.closes || !closes || status.is_informational());
    assert!(of_connection.iter().all(|value| *value == b"close") && of_connection.len() <= 1);
    assert!(
        !ends || of_connection.len() == 1,
        "the last response has no Connection: close"
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

/// The framing that a client finds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum End {
    Length(u64),
    Chunked,
    UntilClose,
}

/// The framing that these fields declare; none if it is ambiguous.
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
            let last = members.rfind(|coding| !coding.is_empty())?;
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

/// Checks that the bytes for the client are the same in pieces of any size.
fn is_followed_in_any_pieces(whole: Response<BytesMut>, body: &[u8], size: usize) {
    let (_, whole) = whole.split();
    let mut again = Response {
        first: BytesMut::new(),
        trailer_lines: BytesMut::new(),
        trailer_fields: http::HeaderMap::new(),
        body: initial_body(&whole),
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
        (whole.overflowed, whole.is_reusable()),
        (again.overflowed, again.is_reusable())
    );
}

/// The framing before any content was followed.
fn initial_body<H>(response: &Response<H>) -> Body {
    match &response.body {
        Body::Length(left) => Body::Length(left + response.sent),
        Body::Chunked(_) => Body::Chunked(Chunks::default()),
        Body::Frames(_) => panic!("HTTP/1.1 has no frames"),
        Body::UntilClose => Body::UntilClose,
    }
}
