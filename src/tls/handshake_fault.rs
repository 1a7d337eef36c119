//! Failed TLS handshakes with hubs, in words.

use std::io;

use rustls::{AlertDescription, CertificateError, Error, InvalidMessage, OtherError};

use super::{Reason, RefusedCertificate};

/// Describes a failed TLS handshake with a hub.
#[must_use]
pub fn handshake_fault(error: &io::Error) -> String {
    let cause = error
        .get_ref()
        .and_then(|cause| cause.downcast_ref::<Error>());
    match cause {
        Some(cause) => of_tls(cause),
        None if error.kind() == io::ErrorKind::UnexpectedEof => {
            "it ends the connection within the TLS handshake".to_owned()
        }
        None => format!("in the TLS handshake: {error}"),
    }
}

fn of_tls(error: &Error) -> String {
    if let Some(refused) = RefusedCertificate::of(error) {
        return refused.to_string();
    }
    match error {
        Error::InvalidCertificate(CertificateError::Other(OtherError(fault))) => {
            let reason = fault.downcast_ref::<Reason>();
            reason.map_or_else(|| error.to_string(), ToString::to_string)
        }
        Error::InvalidCertificate(CertificateError::BadSignature) => {
            "it does not have the key of the certificate it shows".to_owned()
        }
        Error::InvalidMessage(InvalidMessage::InvalidContentType) => NO_TLS.to_owned(),
        Error::PeerIncompatible(_) => OLD.to_owned(),
        Error::AlertReceived(alert) => of_alert(*alert),
        other => format!("in the TLS handshake: {other}"),
    }
}

fn of_alert(alert: AlertDescription) -> String {
    match alert {
        AlertDescription::ProtocolVersion
        | AlertDescription::HandshakeFailure
        | AlertDescription::InsufficientSecurity => OLD.to_owned(),
        AlertDescription::CertificateRequired => {
            "it requests a client certificate, and hubgate has none for hubs".to_owned()
        }
        AlertDescription::UnrecognisedName => "it does not know this name (SNI)".to_owned(),
        other => format!("it ends the TLS handshake with the alert {other:?}"),
    }
}

const NO_TLS: &str = "it does not speak TLS: write http in place of https";
const OLD: &str = "it has no TLS version and cipher that are safe: TLS 1.2 with ECDHE is the least";
