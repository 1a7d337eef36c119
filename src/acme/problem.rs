//! Reasons for a failed attempt at a certificate, in the classes on which the schedule acts.

use std::fmt;

use serde::{Deserialize, Serialize};
use time::OffsetDateTime;

/// The reason for a failed attempt at a certificate.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Problem {
    /// The class on which the schedule acts.
    pub class: Class,
    /// The text of the CA or of the failed operation; one line.
    pub detail: String,
    /// The earliest moment of the next request, as the CA names it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[serde(with = "time::serde::rfc3339::option")]
    pub retry_after: Option<OffsetDateTime>,
    /// The identifier that the problem is about; none if it is about several.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub identifier: Option<String>,
    /// A page of the CA for the operator, such as the one that unpauses a name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub link: Option<String>,
    /// The cause, if the type of the error names one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cause: Option<Cause>,
}

/// Causes that follow from the type of an error: of a connection, or of a problem document.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Cause {
    /// The look-up of the server's name fails or returns no address.
    NameLookup,
    /// The server or the HTTP proxy refuses the connection or does not respond.
    Unreachable,
    /// The server's certificate is not trusted.
    Untrusted,
    /// The TLS handshake fails for another reason than the certificate.
    NoTls,
    /// `caa`: a CAA record forbids the CA to issue.
    Caa,
    /// `externalAccountRequired`, or an external account binding that the CA refused.
    ExternalAccount,
    /// `rejectedIdentifier` or `unsupportedIdentifier`.
    RejectedName,
    /// `userActionRequired`: the operator has to open the link.
    UserAction,
}

/// The classes of problems.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Class {
    /// The CA is unreachable or sends no valid ACME response: connection, time-out, 5xx, no JSON.
    Network,
    /// `rateLimited`: a rate limit of the CA is used up.
    RateLimited,
    /// `rateLimited` until the operator unpauses the name (Let's Encrypt).
    Paused,
    /// The CA's validation of a challenge failed.
    Validation,
    /// The challenge could not be set up here: hook, DNS provider, validation certificate.
    Provider,
    /// A failure of this machine: its disk, a file of the configuration, a defect of hubgate.
    Local,
    /// `alreadyReplaced`, or another fault of the field `replaces` (RFC 9773, 7.4).
    AlreadyReplaced,
    /// `invalidProfile`: the CA has no such profile.
    InvalidProfile,
    /// `accountDoesNotExist`: the CA does not know the account.
    AccountGone,
    /// The order cannot be resumed: it is unknown to the CA, invalid or expired.
    OrderGone,
    /// A refusal that repetition does not change: rejectedIdentifier, badCSR, caa, terms.
    Refused,
    /// The certificate cannot be served: wrong key, names, dates or chain, or no PEM.
    Unusable,
}

impl Problem {
    /// Makes a problem of a class and a text; everything else is unknown.
    #[must_use]
    pub fn new(class: Class, detail: impl Into<String>) -> Self {
        Self {
            class,
            detail: detail.into(),
            retry_after: None,
            identifier: None,
            link: None,
            cause: None,
        }
    }

    /// Makes a problem of [`Class::Network`].
    pub(super) fn network(detail: impl Into<String>) -> Self {
        Self::new(Class::Network, detail)
    }

    /// Makes a problem of [`Class::Provider`].
    pub(super) fn provider(detail: impl Into<String>) -> Self {
        Self::new(Class::Provider, detail)
    }

    /// Adds a cause.
    #[must_use]
    pub fn caused_by(self, cause: Cause) -> Self {
        let cause = Some(cause);
        Self { cause, ..self }
    }

    /// Replaces the class.
    #[must_use]
    pub(super) fn with_class(self, class: Class) -> Self {
        Self { class, ..self }
    }

    /// Creates a problem of this machine from an error, with its chain of causes.
    pub(super) fn local(fault: impl fmt::Display) -> Self {
        Self::new(Class::Local, format!("{fault:#}"))
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.detail)
    }
}

impl std::error::Error for Problem {}
