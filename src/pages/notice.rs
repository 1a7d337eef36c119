//! The notices of local responses, independent of language and format.

use std::fmt::Display;

use crate::{access::path::InvalidPath, events::reason::Reason, tls::ClientCertificateError};

/// The notice of a local response.
#[derive(Clone, Debug)]
pub enum Notice {
    /// The request is ambiguous or malformed, for this reason.
    Malformed(&'static str),
    /// The path is ambiguous or malformed, for this reason.
    BadPath(InvalidPath),
    /// No site has this host.
    Misdirected(String),
    /// The site is served over https.
    ToHttps,
    /// The path ends in a slash.
    ToFolder,
    /// The site redirects to another origin.
    ToOrigin,
    /// A password is needed; the certificate, which would be sufficient, is invalid for this
    /// reason.
    PasswordRequired(Option<Box<ClientCertificateError>>),
    /// A certificate is needed.
    CertificateRequired,
    /// The certificate is invalid for this reason; it is of this device, if the registry has it.
    CertificateInvalid(Box<ClientCertificateError>, Option<String>),
    /// The client's address is in none of the networks.
    Outside,
    /// The client's address is that of a container network's gateway.
    Masqueraded,
    /// A page of another site sent the request.
    ForeignOrigin,
    /// Too many passwords were wrong.
    Throttled,
    /// The body is too large.
    TooLarge,
    /// The hub does not accept connections.
    HubStarting,
    /// openHAB does not accept connections.
    OpenHabStarting,
    /// The hub's response is malformed or incomplete.
    HubBroken,
    /// The hub does not respond in time.
    HubSlow,
    /// The client does not send its request in time.
    ClientSlow,
    /// hubgate has an internal error.
    Internal,
    /// Another notice, named by its status.
    Other,
}

/// Number of notices without facts: see [`Notice::slot`].
pub(super) const FIXED: usize = 16;

impl Notice {
    /// Returns the cache slot of a notice that is equal in each response of a site.
    pub(super) fn slot(&self) -> Option<usize> {
        Some(match self {
            Self::ToHttps => 0,
            Self::ToFolder => 1,
            Self::PasswordRequired(None) => 2,
            Self::CertificateRequired => 3,
            Self::Outside => 4,
            Self::Throttled => 6,
            Self::TooLarge => 7,
            Self::HubStarting => 8,
            Self::OpenHabStarting => 9,
            Self::HubBroken => 10,
            Self::HubSlow => 11,
            Self::ClientSlow => 12,
            Self::Internal => 13,
            Self::ToOrigin => 14,
            Self::Masqueraded => 15,
            // The status of a foreign origin varies.
            _ => return None,
        })
    }

    /// Returns the reason for which the request is refused or fails; none for a redirect.
    #[must_use]
    pub fn reason(&self) -> Option<Reason> {
        Some(match self {
            Self::Malformed(_) => Reason::Malformed,
            Self::BadPath(_) => Reason::BadPath,
            Self::Misdirected(_) => Reason::NoSite,
            Self::PasswordRequired(_) => Reason::PasswordAbsent,
            Self::CertificateRequired => Reason::CertificateAbsent,
            Self::CertificateInvalid(..) => Reason::CertificateInvalid,
            Self::Outside | Self::Masqueraded => Reason::Network,
            Self::ForeignOrigin => Reason::ForeignOrigin,
            Self::Throttled => Reason::BackOff,
            Self::TooLarge => Reason::TooLarge,
            Self::ClientSlow => Reason::ClientSlow,
            Self::HubStarting | Self::OpenHabStarting => Reason::HubDown,
            Self::HubBroken => Reason::HubBroken,
            Self::HubSlow => Reason::HubSlow,
            Self::Internal => Reason::Internal,
            Self::ToHttps | Self::ToFolder | Self::ToOrigin | Self::Other => return None,
        })
    }

    /// Returns the cause of a reason that has several.
    #[must_use]
    pub fn detail(&self) -> Option<&dyn Display> {
        match self {
            Self::Malformed(cause) => Some(cause),
            Self::BadPath(cause) => Some(cause),
            Self::CertificateInvalid(cause, _) | Self::PasswordRequired(Some(cause)) => Some(cause),
            _ => None,
        }
    }

    /// Reports whether the same request may succeed if it is sent again.
    pub(super) fn can_be_retried(&self) -> bool {
        !matches!(self, Self::ToHttps | Self::ToFolder | Self::ToOrigin)
    }

    /// Returns the seconds after which the page reloads itself.
    pub(super) fn reload(&self) -> Option<u32> {
        matches!(self, Self::HubStarting | Self::OpenHabStarting).then_some(5)
    }
}
