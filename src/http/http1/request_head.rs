//! The head of an HTTP/1 request, read strictly (RFC 9112).
//!
//! Whatever two parsers could read differently is refused here: what comes out
//! means one thing to everybody.

mod framing;

use std::borrow::Cow;

use http::{Method, StatusCode, Version};

pub use self::framing::Body;
pub(crate) use self::framing::{framing, plain_length};
use crate::{
    authority::Authority,
    fields::{self, Field, FieldName, Fields},
    http::request::Request,
};

/// A request head that means one thing, read in place.
#[derive(Debug)]
pub struct Head<'h> {
    /// Method, as sent.
    pub method: Method,
    /// Path and query, as sent; `*` for OPTIONS of the server itself.
    pub target: Cow<'h, str>,
    /// HTTP/1.0 or HTTP/1.1.
    pub version: Version,
    /// Fields in their order.
    pub fields: Fields<'h>,
    /// What Host says.
    pub authority: Option<Authority>,
    /// How the body is framed.
    pub body: Body,
}

/// Why a head was refused: the status to answer, and a sentence.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Malformed(pub StatusCode, pub &'static str);

/// Bytes of a head at most.
pub const MOST_BYTES: usize = 64 * 1024;
/// Fields of a head at most.
pub const MOST_FIELDS: usize = 128;
/// Fields for which there is room at first.
const USUAL_FIELDS: usize = 24;
/// Bytes of the request line at most.
const MOST_LINE: usize = 16 * 1024;

type Judged<T> = Result<T, Malformed>;

impl<'h> Head<'h> {
    /// Reads a complete head, its empty line included.
    ///
    /// # Errors
    /// [`Malformed`], with the status RFC 9112 names for it.
    pub fn parse(bytes: &'h [u8]) -> Judged<Self> {
        let mut lines = Lines(bytes);
        let line = lines.next()?.ok_or(bad("the request line is missing"))?;
        let (method, target, version) = request_line(line)?;
        let fields = fields(lines)?;
        let body = framing(&fields, version)?;
        let authority = host(&fields, version)?;
        let target = origin_form(&method, target, authority.as_ref())?;
        expectation(&fields)?;
        Ok(Self {
            method,
            target,
            version,
            fields,
            authority,
            body,
        })
    }

    /// The request, as a head of any version has it.
    #[must_use]
    pub fn request(&self) -> Request<'_> {
        Request {
            method: &self.method,
            target: &self.target,
            version: self.version,
            fields: &self.fields,
            authority: self.authority.as_ref(),
        }
    }

    /// Content-Length in its plain form, for one written otherwise, such as `005`.
    pub(super) fn plain_length(&self) -> Option<String> {
        plain_length(&self.fields, self.body)
    }

    /// The length of the head with its empty line, as soon as that is there; `looked` is how
    /// much was looked at before, and is kept.
    #[must_use]
    pub fn end(bytes: &[u8], looked: &mut usize) -> Option<usize> {
        let from = looked.saturating_sub(EMPTY_LINE);
        *looked = bytes.len();
        let is_empty_line = |at: &usize| {
            let line = &bytes[..*at];
            line.ends_with(b"\n") || line.ends_with(b"\n\r")
        };
        let mut line_feeds = (from..bytes.len()).filter(|at| bytes[*at] == b'\n');
        line_feeds.find(is_empty_line).map(|at| at + 1)
    }
}

/// What a body is that does not end in one way.
pub(crate) const UNFRAMED: Malformed = bad("the body is not framed in one way");
pub(crate) const NO_NAME: Malformed = bad("a field has a name that is none");
pub(crate) const NO_SCHEME: Malformed = bad("the scheme is empty");
pub(crate) const PADDED: Malformed = bad("white space stands around a header value");
pub(crate) const TWO_HOSTS: Malformed = bad("Host names another host, or comes twice");
pub(crate) const UNENCODED: Malformed =
    bad("the target holds a byte that has to be percent-encoded");
/// As HTTP/2 and HTTP/1 count them.
pub(crate) const TOO_MANY_FIELDS: Malformed = Malformed(
    StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE,
    "more than 128 header fields",
);
/// Bytes of an empty line and what must stand before it.
const EMPTY_LINE: usize = 3;

const fn bad(why: &'static str) -> Malformed {
    Malformed(StatusCode::BAD_REQUEST, why)
}

/// The lines of a head that are left.
struct Lines<'h>(&'h [u8]);

impl<'h> Lines<'h> {
    /// The next line without its CRLF; none for the empty one at the end.
    fn next(&mut self) -> Judged<Option<&'h [u8]>> {
        let end = memchr::memchr(b'\n', self.0);
        let (line, rest) = self.0.split_at(end.map_or(self.0.len(), |at| at + 1));
        self.0 = rest;
        let line = line.strip_suffix(b"\r\n");
        let line = line.ok_or(bad("a line ends without CR LF"))?;
        if memchr::memchr2(b'\r', 0, line).is_some() {
            return Err(bad("a line holds a bare CR or a NUL"));
        }
        Ok((!line.is_empty()).then_some(line))
    }
}

fn request_line(line: &[u8]) -> Judged<(Method, &str, Version)> {
    if line.len() > MOST_LINE {
        return Err(Malformed(
            StatusCode::URI_TOO_LONG,
            "the request line is longer than 16 KiB",
        ));
    }
    let mut parts = line.split(|&b| b == b' ');
    let (Some(method), Some(target), Some(version), None) =
        (parts.next(), parts.next(), parts.next(), parts.next())
    else {
        return Err(bad("the request line is not \"METHOD target HTTP/1.1\""));
    };
    let target = visible(target)?;
    Ok((self::method(method)?, target, self::version(version)?))
}

fn visible(target: &[u8]) -> Judged<&str> {
    if target.is_empty() || !target.iter().all(u8::is_ascii_graphic) || target.contains(&b'#') {
        return Err(UNENCODED);
    }
    std::str::from_utf8(target).map_err(|_| bad("the target is not ASCII"))
}

fn method(bytes: &[u8]) -> Judged<Method> {
    let method = Method::from_bytes(bytes).map_err(|_| bad("the method is not a token"))?;
    refuse_method(&method)?;
    Ok(method)
}

/// Refuses the methods no hub is reached by.
///
/// # Errors
/// 405 for CONNECT and TRACE.
pub fn refuse_method(method: &Method) -> Judged<()> {
    if matches!(*method, Method::CONNECT | Method::TRACE) {
        return Err(Malformed(
            StatusCode::METHOD_NOT_ALLOWED,
            "CONNECT and TRACE are not served",
        ));
    }
    Ok(())
}

/// Refuses what no browser sends in a target, and some hubs read as the end of it.
///
/// # Errors
/// 400 for double quotes and angle brackets (RFC 3986, section 2).
pub fn refuse_target(target: &str) -> Judged<()> {
    if target.contains(['"', '<', '>']) {
        return Err(UNENCODED);
    }
    Ok(())
}

fn version(bytes: &[u8]) -> Judged<Version> {
    match bytes {
        b"HTTP/1.1" => Ok(Version::HTTP_11),
        b"HTTP/1.0" => Ok(Version::HTTP_10),
        [b'H', b'T', b'T', b'P', b'/', major, b'.', minor]
            if major.is_ascii_digit() && minor.is_ascii_digit() =>
        {
            Err(Malformed(
                StatusCode::HTTP_VERSION_NOT_SUPPORTED,
                "only HTTP/1.0, HTTP/1.1 and HTTP/2 are spoken",
            ))
        }
        _ => Err(bad("the request line is not \"METHOD target HTTP/1.1\"")),
    }
}

fn fields<'h>(mut lines: Lines<'h>) -> Judged<Fields<'h>> {
    let mut fields = Fields::with_capacity(USUAL_FIELDS);
    while let Some(line) = lines.next()? {
        if fields.len() == MOST_FIELDS {
            return Err(TOO_MANY_FIELDS);
        }
        fields.push(field(line)?);
    }
    Ok(fields)
}

fn field(line: &[u8]) -> Judged<Field<'_>> {
    if line.first().is_some_and(|b| matches!(b, b' ' | b'\t')) {
        return Err(bad("a header line begins with white space (obs-fold)"));
    }
    let colon = memchr::memchr(b':', line).ok_or(bad("a header line has no colon"))?;
    let field = Field::new(&line[..colon], value(&line[colon + 1..]));
    if !field.has_valid_name() {
        return Err(bad(
            "a header name is not a token, or white space stands before its colon",
        ));
    }
    match field.has_valid_value() {
        true => Ok(field),
        false => Err(bad("a header value holds a control character")),
    }
}

/// A value without the white space around it (RFC 9110, section 5.6.3), which no other byte is.
fn value(rest: &[u8]) -> &[u8] {
    let is_white = |byte: &u8| matches!(byte, b' ' | b'\t');
    let begin = rest.iter().position(|byte| !is_white(byte));
    let end = rest.iter().rposition(|byte| !is_white(byte));
    match (begin, end) {
        (Some(begin), Some(end)) => &rest[begin..=end],
        _ => &[],
    }
}

/// Exactly one valid Host; HTTP/1.0 may go without.
fn host(fields: &Fields<'_>, version: Version) -> Judged<Option<Authority>> {
    let mut hosts = fields.all(FieldName::Host);
    let Some(host) = hosts.next() else {
        return match version {
            Version::HTTP_10 => Ok(None),
            _ => Err(bad("Host is missing")),
        };
    };
    if hosts.next().is_some() {
        return Err(bad("more than one Host"));
    }
    let host = fields::text(host).and_then(Authority::parse);
    host.map(Some)
        .ok_or(bad("Host is not a name or address with an optional port"))
}

/// Path and query of a target, or `*` (RFC 9112, section 3.2.4).
fn origin_form<'h>(
    method: &Method,
    target: &'h str,
    host: Option<&Authority>,
) -> Judged<Cow<'h, str>> {
    if is_origin_form(method, target) {
        return Ok(target.into());
    }
    let rest = strip_scheme(target).ok_or(bad("the target does not begin with /"))?;
    let (authority, path) = rest.split_at(rest.find(['/', '?']).unwrap_or(rest.len()));
    let same = Authority::parse(authority).is_some_and(|named| Some(&named) == host);
    if !same {
        return Err(bad("the target names another host than Host"));
    }
    Ok(match path {
        "" if *method == Method::OPTIONS => "*".into(),
        path if path.starts_with('/') => path.into(),
        path => format!("/{path}").into(),
    })
}

/// Whether a target is a path with an optional query, or the server itself, which only OPTIONS
/// asks about.
pub(crate) fn is_origin_form(method: &Method, target: &str) -> bool {
    target.starts_with('/') || (target == "*" && *method == Method::OPTIONS)
}

fn strip_scheme(target: &str) -> Option<&str> {
    let (scheme, rest) = target.split_once("://")?;
    let known = scheme.eq_ignore_ascii_case("http") || scheme.eq_ignore_ascii_case("https");
    known.then_some(rest)
}

pub(crate) fn expectation(fields: &Fields<'_>) -> Judged<()> {
    let mut expected = fields.all(FieldName::Expect);
    if expected.any(|value| !value.eq_ignore_ascii_case(b"100-continue")) {
        return Err(Malformed(
            StatusCode::EXPECTATION_FAILED,
            "an Expect other than 100-continue",
        ));
    }
    Ok(())
}

#[cfg(test)]
mod tests;
