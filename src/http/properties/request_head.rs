//! Properties of a request's head: hubgate, httparse and the upstream read the same request.

use std::net::{IpAddr, Ipv4Addr};

use bytes::BytesMut;
use http::{Method, Version};
use httparse::{EMPTY_HEADER, Header, Status};

use super::fixture::{self, CLIENT, TRUSTED};
use crate::{
    access::{basic::Basic, session::cookie},
    authority::{Authority, LastAuthority},
    fields::FieldName,
    http::{
        forward::request_head::RequestHead,
        http1::{
            exchange::UpstreamRequest,
            request_head::{Body, Head, MOST_FIELDS},
        },
    },
};

/// Fields of a head for the upstream at most.
const FIELDS: usize = MOST_FIELDS + 32;
/// Fields for the client's connection.
const OF_CONNECTION: [&str; 7] = [
    "connection",
    "keep-alive",
    "proxy-connection",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
];

/// Checks that httparse reads an accepted head in the same way, that no other recipient could read
/// it differently, and that the upstream gets no field that only hubgate may set.
pub fn request_head(bytes: &[u8]) {
    let Some(end) = end(bytes) else { return };
    let bytes = &bytes[..end];
    let Ok(head) = Head::parse(bytes, &LastAuthority::default()) else {
        return;
    };
    let mut space = [EMPTY_HEADER; FIELDS];
    let read = read(bytes, &mut space);
    is_read_alike(&head, &read);
    has_one_meaning(&head, read.headers);
    for from in [CLIENT, TRUSTED] {
        reaches_the_hub(&head, from);
    }
    // The log may write the user, which therefore has no control character.
    let basic = Basic::from_request(&head.fields);
    assert!(basic.is_none_or(|basic| !basic.user.contains(char::is_control)));
}

/// The end of the head, which is the same in pieces of any size.
fn end(bytes: &[u8]) -> Option<usize> {
    let end = Head::end(bytes, &mut 0);
    let mut searched = 0;
    let pieces = (1..=bytes.len()).find_map(|at| Head::end(&bytes[..at], &mut searched));
    assert_eq!(end, pieces);
    end
}

fn read<'b>(bytes: &'b [u8], space: &'b mut [Header<'b>]) -> httparse::Request<'b, 'b> {
    let mut request = httparse::Request::new(space);
    let parsed = request.parse(bytes);
    assert_eq!(
        parsed,
        Ok(Status::Complete(bytes.len())),
        "{}",
        bytes.escape_ascii()
    );
    request
}

fn is_read_alike(head: &Head<'_>, read: &httparse::Request<'_, '_>) {
    assert_eq!(read.method, Some(head.method.as_str()));
    let target = read.path.unwrap_or_default();
    let is_cut = target.contains("://")
        && (target.ends_with(&*head.target) || matches!(&head.target[..], "/" | "*"))
        || target.ends_with(head.target.trim_start_matches('/'));
    assert!(
        target == head.target || is_cut,
        "{target} is not {}",
        head.target
    );
    let version = if head.version == Version::HTTP_11 {
        1
    } else {
        0
    };
    assert_eq!(read.version, Some(version));
    let spelled = head.fields.iter().map(|field| (field.name, field.value));
    let spelled: Vec<_> = spelled.collect();
    let theirs: Vec<_> = read
        .headers
        .iter()
        .map(|field| (field.name.as_bytes(), field.value))
        .collect();
    assert_eq!(spelled, theirs);
    for known in FieldName::ALL {
        let theirs = all(read.headers, known.as_str());
        assert!(head.fields.all(*known).eq(theirs), "{known:?}");
    }
}

fn has_one_meaning(head: &Head<'_>, fields: &[Header<'_>]) {
    let hosts: Vec<_> = all(fields, "host").collect();
    let lengths: Vec<_> = all(fields, "content-length").collect();
    let codings: Vec<_> = all(fields, "transfer-encoding").collect();
    assert!(hosts.len() == 1 || hosts.is_empty() && head.version == Version::HTTP_10);
    match (head.body, &codings[..], &lengths[..]) {
        (Body::Length(0), [], []) => {}
        (Body::Length(length), [], [written]) => {
            assert!(written.iter().all(u8::is_ascii_digit));
            let written = written.iter().skip_while(|digit| **digit == b'0');
            let plain: Vec<_> = written.copied().collect();
            assert_eq!(plain, length.to_string().trim_start_matches('0').as_bytes());
        }
        (Body::Chunked, [coding], []) => {
            assert!(coding.eq_ignore_ascii_case(b"chunked") && head.version == Version::HTTP_11);
        }
        other => panic!("{other:?}"),
    }
    let Some(authority) = &head.authority else {
        return;
    };
    let text = authority.to_string();
    assert_eq!(
        Authority::parse(&text).as_ref(),
        Some(&***authority),
        "{text}"
    );
    let is_asterisk = head.target == "*" && head.method == Method::OPTIONS;
    assert!(
        (is_asterisk || head.target.starts_with('/'))
            && head.target.bytes().all(|byte| byte.is_ascii_graphic())
    );
}

/// Checks the head that the upstream gets.
fn reaches_the_hub(head: &Head<'_>, from: Ipv4Addr) {
    let request = head.request();
    let admitted = fixture::admitted(from, &request);
    let upstream_request = UpstreamRequest::new(head, &admitted);
    let Ok(RequestHead::Http1(wire)) = upstream_request.map(|request| request.head) else {
        panic!("a field for the upstream is invalid")
    };
    has_no_claim(head, &wire, from, head.is_upgrade());
}

fn has_no_claim(head: &Head<'_>, wire: &BytesMut, from: Ipv4Addr, upgrade: bool) {
    let mut space = [EMPTY_HEADER; FIELDS];
    let read = read(wire, &mut space);
    assert_eq!(
        (read.method, read.version),
        (Some(head.method.as_str()), Some(1))
    );
    assert_eq!(read.path, Some(&head.target[..]));
    keeps_host_and_length(head, read.headers);
    names_the_client(read.headers, from);
    has_no_connection_field(head, read.headers, upgrade);
    let cookies = single(read.headers, "cookie").unwrap_or_default();
    assert_eq!(
        cookie::without(cookies.as_bytes()),
        None,
        "the upstream gets a session cookie"
    );
    let fields = read.headers.iter();
    for name in fields.map(|field| field.name.to_ascii_lowercase()) {
        assert!(!is_claim(&name), "{name} is a client's claim");
    }
}

fn keeps_host_and_length(head: &Head<'_>, fields: &[Header<'_>]) {
    let host = head.fields.get(FieldName::Host);
    let host = host.map(String::from_utf8_lossy);
    assert_eq!(single(fields, "host").as_deref(), host.as_deref());
    let written = head.fields.text(FieldName::ContentLength);
    let length = written.map(|written| match written.trim_start_matches('0') {
        "" => "0",
        plain => plain,
    });
    assert_eq!(single(fields, "content-length").as_deref(), length);
}

fn names_the_client(fields: &[Header<'_>], from: Ipv4Addr) {
    let forwarded = single(fields, "x-forwarded-for").unwrap_or_default();
    let hops = forwarded.split(", ").map(|hop| hop.parse::<IpAddr>().ok());
    let hops: Vec<_> = hops.collect();
    assert_eq!(hops.last(), Some(&Some(from.into())), "{forwarded}");
    assert!(
        hops.iter().all(Option::is_some) && (from == TRUSTED || hops.len() == 1),
        "{forwarded}"
    );
    let real = single(fields, "x-real-ip").and_then(|address| address.parse::<IpAddr>().ok());
    assert!(real.is_some() && (from == TRUSTED || real == Some(CLIENT.into())));
    let scheme = single(fields, "x-forwarded-proto");
    assert!(matches!(scheme.as_deref(), Some("http" | "https")));
}

fn has_no_connection_field(head: &Head<'_>, fields: &[Header<'_>], upgrade: bool) {
    for name in OF_CONNECTION {
        let of_upgrade = upgrade && (name == "connection" || name == "upgrade");
        let of_chunks = head.body == Body::Chunked && name == "transfer-encoding";
        let expected = usize::from(of_upgrade || of_chunks);
        assert_eq!(all(fields, name).count(), expected, "{name}");
    }
}

/// The value of a field that occurs at most once.
fn single(fields: &[Header<'_>], name: &str) -> Option<String> {
    let mut values = all(fields, name);
    let value = values.next();
    assert_eq!(values.next(), None, "{name} twice");
    value.map(|value| String::from_utf8_lossy(value).into_owned())
}

/// Reports whether upstreams take a field for a proxy's description of the client.
fn is_claim(name: &str) -> bool {
    let ours = ["x-forwarded-for", "x-forwarded-proto", "x-real-ip"];
    let claims = ["x-forwarded-", "x-ssl-", "x-client-", "client-cert-"];
    let exactly = ["forwarded", "proxy", "client-cert"].contains(&name);
    let is_like =
        exactly || claims.iter().any(|prefix| name.starts_with(prefix)) || name.contains('_');
    is_like && !ours.contains(&name)
}

fn all<'f>(fields: &'f [Header<'f>], name: &'f str) -> impl Iterator<Item = &'f [u8]> {
    let named = fields
        .iter()
        .filter(move |field| field.name.eq_ignore_ascii_case(name));
    named.map(|field| field.value)
}
