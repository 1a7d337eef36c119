//! How the hub is told which device came, when a site asks for it.

use base64::{Engine, engine::general_purpose::STANDARD};
use pingora_core::Result;
use pingora_http::RequestHeader;

use crate::{config::model::ClientHeaders, tls::Identity};

use super::exchange::Exchange;

/// Sets the fields that tell the hub of the client's certificate.
///
/// The values are encoded: none holds a control character.
///
/// # Errors
/// Never with valid values; the engine's setters are fallible.
pub(super) fn tell(
    request: &mut RequestHeader,
    exchange: &Exchange,
    identity: Option<&Identity>,
) -> Result<()> {
    let wish = exchange
        .site
        .as_ref()
        .map(|site| site.config.access.client_headers);
    match (wish.unwrap_or_default(), identity) {
        (ClientHeaders::Off, _) | (ClientHeaders::ClientCert, None) => Ok(()),
        (ClientHeaders::ClientCert, Some(identity)) => {
            let der = STANDARD.encode(identity.certificate());
            request.insert_header("Client-Cert", format!(":{der}:"))
        }
        (ClientHeaders::XSslClient, None) => request.insert_header("X-SSL-Client-Verify", "NONE"),
        (ClientHeaders::XSslClient, Some(identity)) => {
            request.insert_header("X-SSL-Client-Verify", "SUCCESS")?;
            request.insert_header("X-SSL-Client-S-DN", identity.subject())?;
            request.insert_header("X-SSL-Client-Serial", identity.serial())?;
            request.insert_header("X-SSL-Client-Fingerprint", identity.fingerprint())
        }
    }
}
