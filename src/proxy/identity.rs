//! How the hub is told which device came, when a rule asks for it.

use std::fmt::Write;

use base64::{Engine, engine::general_purpose::STANDARD};
use pingora_core::Result;
use pingora_http::RequestHeader;

use crate::{access::verdict::Told, config::model::ClientHeaders};

/// Sets the fields that tell the hub of the client's certificate.
///
/// The values are ASCII without control characters.
///
/// # Errors
/// Never with valid values; the engine's setters are fallible.
pub(super) fn tell(request: &mut RequestHeader, told: &Told) -> Result<()> {
    match (told.fields, &told.identity) {
        (ClientHeaders::Off, _) | (ClientHeaders::ClientCert, None) => Ok(()),
        (ClientHeaders::ClientCert, Some(identity)) => {
            let der = STANDARD.encode(identity.certificate());
            request.insert_header("Client-Cert", format!(":{der}:"))
        }
        (ClientHeaders::XSslClient, None) => request.insert_header("X-SSL-Client-Verify", "NONE"),
        (ClientHeaders::XSslClient, Some(identity)) => {
            request.insert_header("X-SSL-Client-Verify", "SUCCESS")?;
            request.insert_header("X-SSL-Client-S-DN", ascii(identity.subject()))?;
            request.insert_header("X-SSL-Client-Serial", identity.serial())?;
            request.insert_header("X-SSL-Client-Fingerprint", identity.fingerprint())
        }
    }
}

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
        assert_eq!(ascii("CN=J\u{e4}ger\\0A"), "CN=J\\C3\\A4ger\\0A");
    }
}
