//! Headers added to answers (RFC 9110 section 5): which an operator may set.

use http::{HeaderName, HeaderValue};

/// Reads a header's name; refused are those that speak of the connection or have a key of their own.
pub(super) fn name(text: &str) -> Result<HeaderName, String> {
    let name = HeaderName::from_bytes(text.as_bytes())
        .map_err(|_| format!("{text:?} is no header name: write one such as X-Frame-Options"))?;
    match name.as_str() {
        "strict-transport-security" => Err(format!("{text} has its own key: write `hsts`")),
        ours if is_of_connection(ours) => Err(format!(
            "{text} belongs to the connection, which is hubgate's: remove it"
        )),
        _ => Ok(name),
    }
}

/// Reads a header's value.
pub(super) fn value(text: &str) -> Result<HeaderValue, String> {
    HeaderValue::from_str(text)
        .map_err(|_| format!("{text:?} is no header value: write it without control characters"))
}

/// Whether a header, in lower case, is hop-by-hop or frames the message.
pub(super) fn is_of_connection(name: &str) -> bool {
    OURS.contains(&name)
}

/// Hop-by-hop headers (RFC 9110 section 7.6.1) and those that frame the message.
const OURS: &[&str] = &[
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
    fn headers_of_the_connection_are_not_the_operators() {
        assert!(name("X-Frame-Options").is_ok());
        assert!(name("Transfer-Encoding").unwrap_err().contains("hubgate's"));
        assert!(
            name("Strict-Transport-Security")
                .unwrap_err()
                .contains("`hsts`")
        );
        assert!(name("X Frame").unwrap_err().contains("no header name"));
        assert!(value("a\r\nb: c").unwrap_err().contains("no header value"));
    }
}
