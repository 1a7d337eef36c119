//! Why an attempt at a certificate failed, in the classes on which the scheduler acts.

use std::fmt;

use serde::{Deserialize, Serialize};
use time::OffsetDateTime;

/// Why an attempt at a certificate failed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Problem {
    /// What the scheduler acts on.
    pub class: Class,
    /// What the CA, or the way to it, said; one line.
    pub detail: String,
    /// When the CA wants to be asked again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[serde(with = "time::serde::rfc3339::option")]
    pub retry_after: Option<OffsetDateTime>,
    /// The identifier it is about, when only one of the order is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub identifier: Option<String>,
    /// A page of the CA's where a person can help, such as to unpause a name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub link: Option<String>,
    /// The cause, where an error's type has it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cause: Option<Cause>,
}

/// Causes that an error's type has, of the way to a server or of a problem document.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Cause {
    /// The server's name cannot be looked up, or has no address.
    NameLookup,
    /// No connection to the server or through the proxy comes about.
    Unreachable,
    /// The server's certificate is not trusted.
    Untrusted,
    /// TLS does not begin, for another reason than the certificate.
    NoTls,
    /// `caa`: a CAA record forbids the CA to issue.
    Caa,
    /// `externalAccountRequired`, or a binding that the CA refused.
    ExternalAccount,
    /// `rejectedIdentifier`, `unsupportedIdentifier`.
    RejectedName,
    /// `userActionRequired`: a person has to open the link.
    UserAction,
}

/// The classes of problems.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Class {
    /// The CA could not be reached or did not answer sensibly: connection, time-out, 5xx, no JSON.
    Network,
    /// `rateLimited`: too much was asked of the CA.
    RateLimited,
    /// `rateLimited`, and a person has to unpause the name (Let's Encrypt).
    Paused,
    /// The CA could not see the proof it asked for.
    Validation,
    /// Our own side of a challenge failed before the CA was asked to look: hook, DNS provider.
    Provider,
    /// Something of this machine: its disk, a file that is named, a fault in hubgate itself.
    Local,
    /// `alreadyReplaced`, or another fault of `replaces` (RFC 9773, 7.4).
    AlreadyReplaced,
    /// `invalidProfile`: the CA has no such profile.
    InvalidProfile,
    /// `accountDoesNotExist`: the CA has forgotten the account.
    AccountGone,
    /// The order cannot be taken up again: the CA has lost it, or it is invalid or expired.
    OrderGone,
    /// The CA will not, whenever it is asked: rejectedIdentifier, badCSR, caa, EAB, terms.
    Refused,
    /// What came is no certificate to serve: wrong key, names, dates or chain; not PEM.
    Unusable,
}

impl Problem {
    /// A problem of which only the words are known.
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

    /// The same problem with its cause.
    #[must_use]
    pub fn caused_by(self, cause: Cause) -> Self {
        let cause = Some(cause);
        Self { cause, ..self }
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
