//! The request line (RFC 9112, section 3).

use std::borrow::Cow;

use http::{Method, StatusCode, Version};

use super::{Judged, Malformed};
use crate::authority::{Authority, SentAuthority};

/// A request line (RFC 9112, section 3).
pub(super) struct RequestLine<'h> {
    pub(super) method: Method,
    /// The request target, in origin or absolute form.
    target: &'h str,
    pub(super) version: Version,
}

/// Bytes of the request line at most.
const MOST_LINE: usize = 16 * 1024;

impl<'h> RequestLine<'h> {
    pub(super) fn parse(line: &'h [u8]) -> Judged<Self> {
        if line.len() > MOST_LINE {
            return Err(Malformed(
                StatusCode::URI_TOO_LONG,
                "the request line is longer than 16 KiB",
            ));
        }
        let mut parts = line.split(|&byte| byte == b' ');
        let (Some(method), Some(target), Some(version), None) =
            (parts.next(), parts.next(), parts.next(), parts.next())
        else {
            return Err(Malformed::REQUEST_LINE);
        };
        let target = Self::target(target)?;
        Ok(Self {
            method: Self::method(method)?,
            target,
            version: Self::version(version)?,
        })
    }

    fn target(target: &[u8]) -> Judged<&str> {
        if target.is_empty() || !target.iter().all(u8::is_ascii_graphic) || target.contains(&b'#') {
            return Err(Malformed::UNENCODED);
        }
        std::str::from_utf8(target).map_err(|_| Malformed::bad_request("the target is not ASCII"))
    }

    fn method(bytes: &[u8]) -> Judged<Method> {
        let method = Method::from_bytes(bytes);
        let method = method.map_err(|_| Malformed::bad_request("the method is not a token"))?;
        Malformed::check_method(&method)?;
        Ok(method)
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
                    "only HTTP/1.0, HTTP/1.1 and HTTP/2 are supported",
                ))
            }
            _ => Err(Malformed::REQUEST_LINE),
        }
    }

    /// The target in origin or asterisk form; a host in absolute form has to be that of Host
    /// (RFC 9112, section 3.2).
    pub(super) fn origin_form(&self, host: Option<&SentAuthority>) -> Judged<Cow<'h, str>> {
        let target = self.target;
        if is_origin_form(&self.method, target) {
            return Ok(target.into());
        }
        let rest = strip_scheme(target);
        let rest = rest.ok_or(Malformed::bad_request("the target does not begin with /"))?;
        let (authority, path) = rest.split_at(rest.find(['/', '?']).unwrap_or(rest.len()));
        let same = Authority::parse(authority)
            .is_some_and(|named| host.is_some_and(|host| **host == named));
        if !same {
            return Err(Malformed::bad_request(
                "the target names another host than Host",
            ));
        }
        Ok(match path {
            "" if self.method == Method::OPTIONS => "*".into(),
            path if path.starts_with('/') => path.into(),
            path => format!("/{path}").into(),
        })
    }
}

/// Reports whether a target is a path with an optional query, or `*` for OPTIONS
/// (RFC 9112, sections 3.2.1 and 3.2.4).
pub(crate) fn is_origin_form(method: &Method, target: &str) -> bool {
    target.starts_with('/') || (target == "*" && *method == Method::OPTIONS)
}

fn strip_scheme(target: &str) -> Option<&str> {
    let (scheme, rest) = target.split_once("://")?;
    let known = scheme.eq_ignore_ascii_case("http") || scheme.eq_ignore_ascii_case("https");
    known.then_some(rest)
}
