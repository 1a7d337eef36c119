//! How the hub is told which device came, when a rule asks for it.

use std::fmt::Write;

use base64::{Engine, engine::general_purpose::STANDARD};
use http::{HeaderValue, header::InvalidHeaderValue};

use crate::{
    access::verdict::{Admission, Told},
    config::model::ClientHeaders,
};

/// A field with its value.
type Field = (&'static str, HeaderValue);

/// The fields that tell the hub of the client's certificate.
///
/// # Errors
/// Never: the values are ASCII without control characters.
pub(crate) fn fields(told: &Told) -> Result<Vec<Field>, InvalidHeaderValue> {
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

/// The name of the user let in, or of the device where a certificate let it in.
///
/// # Errors
/// Never: control characters are escaped.
pub(super) fn user(admission: &Admission) -> Result<Option<HeaderValue>, InvalidHeaderValue> {
    let device = || admission.identity.as_ref()?.common_name();
    let name = admission.user.as_deref().or_else(device);
    let name = name.map(printable).filter(|name| !name.is_empty());
    name.map(|name| HeaderValue::from_bytes(name.as_bytes()))
        .transpose()
}

/// A name in UTF-8 with `\XX` for each control character, and no blanks around it.
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

/// A name with `\XX` for each byte beyond ASCII, as NGINX writes it and RFC 4514 reads it:
/// hubs disagree about the encoding of anything else in a header.
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
    fn bytes_beyond_ascii_are_escaped() {
        assert_eq!(
            printable(" J\u{e4}ger\r\nX: y\0 "),
            "J\u{e4}ger\\0D\\0AX: y\\00"
        );
        assert_eq!(ascii("CN=J\u{e4}ger\\0A"), "CN=J\\C3\\A4ger\\0A");
    }
}
