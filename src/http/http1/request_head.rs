//! The head of an HTTP/1 request, parsed strictly (RFC 9112).
//!
//! A head that two parsers could read differently is refused.

mod framing;
mod request_line;

use std::{borrow::Cow, sync::Arc};

use http::{Method, StatusCode, Version};

pub use self::framing::Body;
use self::request_line::RequestLine;
pub(crate) use self::request_line::is_origin_form;
use crate::{
    authority::{LastAuthority, SentAuthority},
    fields::{self, Field, FieldName, Fields},
    http::request::Request,
};

/// A parsed request head, which borrows from the bytes received.
#[derive(Debug)]
pub struct Head<'h> {
    /// Method, as sent.
    pub method: Method,
    /// Path and query, as sent; `*` for OPTIONS of the whole server.
    pub target: Cow<'h, str>,
    /// HTTP/1.0 or HTTP/1.1.
    pub version: Version,
    /// Fields in their order.
    pub fields: Fields<'h>,
    /// Host and port of the Host field.
    pub authority: Option<Arc<SentAuthority>>,
    /// Framing of the body.
    pub body: Body,
}

/// The cause of a refusal: the status of the response, and a sentence.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Malformed(pub StatusCode, pub &'static str);

/// Bytes of a head at most.
pub const MOST_BYTES: usize = 64 * 1024;
/// Fields of a head at most.
pub const MOST_FIELDS: usize = 128;
/// Fields for which room is allocated at first.
const USUAL_FIELDS: usize = 24;

type Judged<T> = Result<T, Malformed>;

impl<'h> Head<'h> {
    /// Parses a complete head, its empty line included. `last` is the connection's last authority.
    ///
    /// # Errors
    /// [`Malformed`], with the status that RFC 9112 names.
    pub fn parse(bytes: &'h [u8], last: &LastAuthority) -> Judged<Self> {
        let mut lines = Lines(bytes);
        let line = lines.next()?;
        let line = line.ok_or(Malformed::bad_request("the request line is missing"))?;
        let line = RequestLine::parse(line)?;
        let fields = lines.fields()?;
        let body = Body::parse(&fields, line.version)?;
        let authority = host(&fields, line.version, last)?;
        let target = line.origin_form(authority.as_deref())?;
        Malformed::check_expectation(&fields)?;
        Ok(Self {
            method: line.method,
            target,
            version: line.version,
            fields,
            authority,
            body,
        })
    }

    /// The request, in the form that both versions share.
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

    /// Content-Length in decimal without leading zeros, if the client wrote it otherwise.
    pub(super) fn plain_length(&self) -> Option<String> {
        self.body.plain_length(&self.fields)
    }

    /// Returns the length of a head with its empty line, once that has arrived. `searched` is the
    /// number of bytes already searched, and is updated.
    #[must_use]
    pub fn end(bytes: &[u8], searched: &mut usize) -> Option<usize> {
        let from = searched.saturating_sub(EMPTY_LINE);
        *searched = bytes.len();
        let is_empty_line = |at: &usize| {
            let line = &bytes[..*at];
            line.ends_with(b"\n") || line.ends_with(b"\n\r")
        };
        let mut line_feeds = memchr::memchr_iter(b'\n', &bytes[from..]).map(|at| from + at);
        line_feeds.find(is_empty_line).map(|at| at + 1)
    }
}

/// Bytes that are searched again, as an empty line may arrive in pieces.
const EMPTY_LINE: usize = 3;

impl Malformed {
    pub(crate) const UNFRAMED: Self = Self::bad_request("the body is not framed in one way");
    pub(crate) const FIELD_NAME: Self = Self::bad_request("a field name is not a token");
    pub(crate) const NO_SCHEME: Self = Self::bad_request("the scheme is empty");
    pub(crate) const PADDED: Self = Self::bad_request("white space surrounds a field value");
    pub(crate) const TWO_HOSTS: Self =
        Self::bad_request("Host differs from :authority, or there is more than one Host");
    pub(crate) const UNENCODED: Self =
        Self::bad_request("the target holds a byte that has to be percent-encoded");
    /// More than [`MOST_FIELDS`], in either version.
    pub(crate) const TOO_MANY_FIELDS: Self = Self(
        StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE,
        "more than 128 header fields",
    );
    const REQUEST_LINE: Self =
        Self::bad_request("the request line is not \"METHOD target HTTP/1.1\"");

    /// A refusal with 400 (Bad Request).
    pub(crate) const fn bad_request(why: &'static str) -> Self {
        Self(StatusCode::BAD_REQUEST, why)
    }

    /// Refuses CONNECT and TRACE with 405.
    pub(crate) fn check_method(method: &Method) -> Judged<()> {
        if matches!(*method, Method::CONNECT | Method::TRACE) {
            return Err(Self(
                StatusCode::METHOD_NOT_ALLOWED,
                "CONNECT and TRACE are not served",
            ));
        }
        Ok(())
    }

    /// Refuses double quotes and angle brackets in a target with 400 (RFC 3986, section 2):
    /// browsers encode them, and some hubs end the target at them.
    pub(crate) fn check_target(target: &str) -> Judged<()> {
        if target.contains(['"', '<', '>']) {
            return Err(Self::UNENCODED);
        }
        Ok(())
    }

    /// Refuses an expectation other than `100-continue` with 417.
    pub(crate) fn check_expectation(fields: &Fields<'_>) -> Judged<()> {
        let mut expected = fields.all(FieldName::Expect);
        if expected.any(|value| !value.eq_ignore_ascii_case(b"100-continue")) {
            return Err(Self(
                StatusCode::EXPECTATION_FAILED,
                "an Expect other than 100-continue",
            ));
        }
        Ok(())
    }
}

/// The lines of a head that are not parsed yet.
struct Lines<'h>(&'h [u8]);

impl<'h> Lines<'h> {
    /// Takes the next line without its CRLF; none at the empty line. What a line may hold is checked
    /// by its parts.
    fn next(&mut self) -> Judged<Option<&'h [u8]>> {
        let end = memchr::memchr(b'\n', self.0);
        let (line, rest) = self.0.split_at(end.map_or(self.0.len(), |at| at + 1));
        self.0 = rest;
        let line = line.strip_suffix(b"\r\n");
        let line = line.ok_or(Malformed::bad_request("a line ends without CR LF"))?;
        Ok((!line.is_empty()).then_some(line))
    }

    /// Parses the field lines to the empty line.
    fn fields(mut self) -> Judged<Fields<'h>> {
        let mut fields = Fields::with_capacity(USUAL_FIELDS);
        while let Some(line) = self.next()? {
            if fields.len() == MOST_FIELDS {
                return Err(Malformed::TOO_MANY_FIELDS);
            }
            fields.push(field(line)?);
        }
        Ok(fields)
    }
}

/// Parses a field line (RFC 9112, section 5).
fn field(line: &[u8]) -> Judged<Field<'_>> {
    if line
        .first()
        .is_some_and(|byte| matches!(byte, b' ' | b'\t'))
    {
        return Err(Malformed::bad_request(
            "a field line begins with white space (obs-fold)",
        ));
    }
    let colon = memchr::memchr(b':', line);
    let colon = colon.ok_or(Malformed::bad_request("a field line has no colon"))?;
    let field = Field::new(&line[..colon], value(&line[colon + 1..]));
    if !field.has_valid_name() {
        return Err(Malformed::bad_request(
            "a field name is not a token, or white space precedes its colon",
        ));
    }
    match field.has_valid_value() {
        true => Ok(field),
        false => Err(Malformed::bad_request(
            "a field value holds a control character",
        )),
    }
}

/// Trims spaces and tabs, and no other white space (RFC 9110, section 5.6.3).
fn value(rest: &[u8]) -> &[u8] {
    let is_white = |byte: &u8| matches!(byte, b' ' | b'\t');
    let begin = rest.iter().position(|byte| !is_white(byte));
    let end = rest.iter().rposition(|byte| !is_white(byte));
    match (begin, end) {
        (Some(begin), Some(end)) => &rest[begin..=end],
        _ => &[],
    }
}

/// Parses the one valid Host, which HTTP/1.0 may leave out (RFC 9112, section 3.2).
fn host(
    fields: &Fields<'_>,
    version: Version,
    last: &LastAuthority,
) -> Judged<Option<Arc<SentAuthority>>> {
    let mut hosts = fields.all(FieldName::Host);
    let Some(host) = hosts.next() else {
        return match version {
            Version::HTTP_10 => Ok(None),
            _ => Err(Malformed::bad_request("Host is missing")),
        };
    };
    if hosts.next().is_some() {
        return Err(Malformed::bad_request("more than one Host"));
    }
    let host = fields::text(host).and_then(|host| last.parse(host));
    host.map(Some).ok_or(Malformed::bad_request(
        "Host is not a name or address with an optional port",
    ))
}

#[cfg(test)]
mod tests;
