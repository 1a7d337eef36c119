//! Descriptions of failed TLS handshakes with upstreams.

use std::io;

use rustls::{AlertDescription, CertificateError, Error, InvalidMessage, OtherError};

use crate::tls::{ClientCertificateError, RefusedCertificate};

/// Describes a failed TLS handshake with a hub.
#[must_use]
pub fn handshake_fault(error: &io::Error) -> String {
    let cause = error
        .get_ref()
        .and_then(|cause| cause.downcast_ref::<Error>());
    match cause {
        Some(cause) => tls_fault(cause),
        None if error.kind() == io::ErrorKind::UnexpectedEof => {
            "it closes the connection during the TLS handshake".to_owned()
        }
        None => format!("in the TLS handshake: {error}"),
    }
}

fn tls_fault(error: &Error) -> String {
    if let Some(refused) = RefusedCertificate::from_error(error) {
        return refused.to_string();
    }
    match error {
        Error::InvalidCertificate(CertificateError::Other(OtherError(fault))) => {
            let reason = fault.downcast_ref::<ClientCertificateError>();
            reason.map_or_else(|| error.to_string(), ToString::to_string)
        }
        Error::InvalidCertificate(CertificateError::BadSignature) => {
            "it does not have the private key of its certificate".to_owned()
        }
        Error::InvalidMessage(InvalidMessage::InvalidContentType) => NOT_TLS.to_owned(),
        Error::PeerIncompatible(_) => OBSOLETE.to_owned(),
        Error::AlertReceived(alert) => alert_fault(*alert),
        other => format!("in the TLS handshake: {other}"),
    }
}

fn alert_fault(alert: AlertDescription) -> String {
    match alert {
        AlertDescription::ProtocolVersion
        | AlertDescription::HandshakeFailure
        | AlertDescription::InsufficientSecurity => OBSOLETE.to_owned(),
        AlertDescription::CertificateRequired => {
            "it requests a client certificate, and hubgate has none for hubs".to_owned()
        }
        AlertDescription::UnrecognisedName => "it does not know this name (SNI)".to_owned(),
        other => format!("it ends the TLS handshake with the alert {other:?}"),
    }
}

const NOT_TLS: &str = "it does not speak TLS: write http instead of https";
const OBSOLETE: &str =
    "it offers no safe TLS version and cipher: hubgate requires TLS 1.2 with ECDHE, or TLS 1.3";
