//! The fields that name the client's certificate or user to the upstream.

use std::fmt::Write;

use base64::{Engine, engine::general_purpose::STANDARD};
use http::{HeaderValue, header::InvalidHeaderValue};

use crate::{
    access::verdict::{Admission, ForwardedCertificate},
    config::model::ClientHeaders,
};

/// A field with its value.
type Field = (&'static str, HeaderValue);

/// The fields of `access.client_headers`, which describe the client's certificate.
///
/// # Errors
/// None: the values are ASCII without control characters.
pub(crate) fn fields(told: &ForwardedCertificate) -> Result<Vec<Field>, InvalidHeaderValue> {
    Ok(match (told.fields, &told.identity) {
        (ClientHeaders::Off, _) | (ClientHeaders::ClientCert, None) => Vec::new(),
        (ClientHeaders::ClientCert, Some(identity)) => {
            let der = STANDARD.encode(identity.certificate());
            vec![("Client-Cert", format!(":{der}:").try_into()?)]
        }
        (ClientHeaders::XSslClient, None) => vec![(VERIFY, HeaderValue::from_static("NONE"))],
        (ClientHeaders::XSslClient, Some(identity)) => vec![
            (VERIFY, HeaderValue::from_static("SUCCESS")),
            ("X-SSL-Client-S-DN", ascii(identity.subject()).try_into()?),
            ("X-SSL-Client-Serial", identity.serial().try_into()?),
            (
                "X-SSL-Client-Fingerprint",
                identity.fingerprint().try_into()?,
            ),
        ],
    })
}

/// The name of the user, if a password was accepted, otherwise of the certificate.
///
/// # Errors
/// None: control characters are escaped.
pub(super) fn user(admission: &Admission) -> Result<Option<HeaderValue>, InvalidHeaderValue> {
    let device = || admission.identity.as_ref()?.common_name();
    let name = admission.user.as_deref().or_else(device);
    let name = name.map(printable).filter(|name| !name.is_empty());
    name.map(|name| HeaderValue::from_bytes(name.as_bytes()))
        .transpose()
}

/// Writes a name in UTF-8 with `\XX` for each control character, and trims blanks.
fn printable(name: &str) -> String {
    let mut text = String::with_capacity(name.len());
    for letter in name.trim().chars() {
        if letter.is_ascii_control() {
            // Writing to a string cannot fail.
            let _ = write!(text, "\\{:02X}", u32::from(letter));
        } else {
            text.push(letter);
        }
    }
    text
}

const VERIFY: &str = "X-SSL-Client-Verify";

/// Writes a distinguished name with `\XX` for each byte beyond ASCII, as NGINX does (RFC 4514,
/// section 2.4): upstreams differ in the encoding of other bytes in a field.
fn ascii(name: &str) -> String {
    let mut text = String::with_capacity(name.len());
    for byte in name.bytes() {
        if byte.is_ascii() {
            text.push(char::from(byte));
        } else {
            // Writing to a string cannot fail.
            let _ = write!(text, "\\{byte:02X}");
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_escaped_in_field_values() {
        assert_eq!(
            printable(" J\u{e4}ger\r\nX: y\0 "),
            "J\u{e4}ger\\0D\\0AX: y\\00"
        );
        assert_eq!(ascii("CN=J\u{e4}ger\\0A"), "CN=J\\C3\\A4ger\\0A");
    }
}
