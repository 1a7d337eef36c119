//! Response headers that an operator may add (RFC 9110, section 5).

use http::{HeaderName, HeaderValue};

/// Parses a header's name. Headers of the connection, and those with a key of their own, are
/// refused.
pub(super) fn name(text: &str) -> Result<HeaderName, String> {
    let name = HeaderName::from_bytes(text.as_bytes())
        .map_err(|_| format!("{text:?} is no header name: write one such as X-Frame-Options"))?;
    match name.as_str() {
        "strict-transport-security" => Err(format!("{text} has its own key: write `hsts`")),
        ours if is_of_connection(ours) => Err(format!(
            "{text} belongs to the connection, so hubgate sets it: remove it"
        )),
        _ => Ok(name),
    }
}

/// Parses a header's value.
pub(super) fn value(text: &str) -> Result<HeaderValue, String> {
    HeaderValue::from_str(text)
        .map_err(|_| format!("{text:?} is no header value: write it without control characters"))
}

/// True if a header, in lower case, is hop-by-hop or frames the message.
#[must_use]
pub fn is_of_connection(name: &str) -> bool {
    CONNECTION.contains(&name)
}

/// Hop-by-hop headers (RFC 9110, section 7.6.1) and those that frame the message.
const CONNECTION: &[&str] = &[
    "connection",
    "content-length",
    "keep-alive",
    "proxy-authenticate",
    "proxy-authorization",
    "proxy-connection",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headers_of_the_connection_are_refused() {
        assert!(name("X-Frame-Options").is_ok());
        assert!(
            name("Transfer-Encoding")
                .unwrap_err()
                .contains("connection")
        );
        assert!(
            name("Strict-Transport-Security")
                .unwrap_err()
                .contains("`hsts`")
        );
        assert!(name("X Frame").unwrap_err().contains("no header name"));
        assert!(value("a\r\nb: c").unwrap_err().contains("no header value"));
    }
}
