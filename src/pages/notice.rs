//! The kinds of local responses that have words.

use crate::{access::path::BadPath, tls::Reason};

/// What a local response says, in no language yet.
#[derive(Clone, Debug)]
pub enum Notice {
    /// The request is ambiguous or broken, for this reason.
    Malformed(&'static str),
    /// Its path is, for this reason.
    BadPath(BadPath),
    /// No site has this host.
    Misdirected(String),
    /// The site is served over https.
    ToHttps,
    /// The path ends in a slash.
    ToFolder,
    /// The site redirects to another origin.
    ToOrigin,
    /// A password is needed; the certificate that would have done was not good.
    PasswordRequired(Option<Box<Reason>>),
    /// A certificate is needed.
    CertificateRequired,
    /// The certificate, of this device, is not good.
    CertificateInvalid(Box<Reason>, Option<String>),
    /// The client is outside the networks.
    Outside,
    /// A page of another site sent the request.
    ForeignOrigin,
    /// Too many wrong passwords.
    Throttled,
    /// The body is too large.
    TooLarge,
    /// The hub does not listen.
    HubStarting,
    /// openHAB does not listen.
    OpenHabStarting,
    /// The hub's answer is no HTTP, or broke off.
    HubBroken,
    /// The hub is silent.
    HubSlow,
    /// The client is.
    ClientSlow,
    /// A fault of hubgate's.
    Internal,
    /// Anything else, named by its status.
    Other,
}

/// Notices without a fact in them, which [`Notice::slot`] numbers.
pub(super) const FIXED: usize = 15;

impl Notice {
    /// The number of a notice that is the same for each response of a site.
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
            // The status of a foreign origin's is one of two.
            _ => return None,
        })
    }

    /// Whether the same request may succeed when it is sent again.
    pub(super) fn can_be_retried(&self) -> bool {
        !matches!(self, Self::ToHttps | Self::ToFolder | Self::ToOrigin)
    }

    /// Seconds after which the page reloads itself.
    pub(super) fn reload(&self) -> Option<u32> {
        matches!(self, Self::HubStarting | Self::OpenHabStarting).then_some(5)
    }
}
