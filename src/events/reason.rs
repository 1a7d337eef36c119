//! The reason for which a request gets no response of a hub.
//!
//! It is the one list of reasons: local responses name theirs, `hubgate explain` and `hubgate log`
//! print its words, counters and history count by it.

use serde::{Deserialize, Serialize};

/// The reason for which a request gets no response of a hub.
///
/// The history file stores the positions of [`Reason::ALL`]: new reasons are appended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reason {
    /// The request is ambiguous or malformed.
    Malformed,
    /// The path is ambiguous or malformed.
    BadPath,
    /// No site has the host, or the handshake was for another one.
    NoSite,
    /// A password is needed, and none was sent.
    PasswordAbsent,
    /// A password is needed, and the one that was sent is wrong.
    PasswordWrong,
    /// A client certificate is needed, and none was sent.
    CertificateAbsent,
    /// The client certificate is invalid.
    CertificateInvalid,
    /// The address is in none of the networks.
    Network,
    /// A page of another site sent the request.
    ForeignOrigin,
    /// Too many passwords were wrong before.
    BackOff,
    /// The content is larger than `limits.body`.
    TooLarge,
    /// The client sent its request too slowly.
    ClientSlow,
    /// The hub accepts no connection.
    HubDown,
    /// The hub's response is malformed or incomplete.
    HubBroken,
    /// The hub did not respond in time.
    HubSlow,
    /// hubgate has an internal error.
    Internal,
}

impl Reason {
    /// All reasons, in the order of their numbers.
    pub const ALL: [Self; 16] = [
        Self::Malformed,
        Self::BadPath,
        Self::NoSite,
        Self::PasswordAbsent,
        Self::PasswordWrong,
        Self::CertificateAbsent,
        Self::CertificateInvalid,
        Self::Network,
        Self::ForeignOrigin,
        Self::BackOff,
        Self::TooLarge,
        Self::ClientSlow,
        Self::HubDown,
        Self::HubBroken,
        Self::HubSlow,
        Self::Internal,
    ];

    /// Returns the reason with a number.
    #[must_use]
    pub fn from_number(number: usize) -> Option<Self> {
        Self::ALL.get(number).copied()
    }

    /// Returns the position in [`Reason::ALL`].
    #[must_use]
    pub fn number(self) -> usize {
        self as usize
    }

    /// Reports whether hubgate refused the request; otherwise the hub or hubgate failed.
    #[must_use]
    pub fn is_refusal(self) -> bool {
        self.number() < Self::HubDown.number()
    }

    /// Returns the name in JSON and metrics.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Malformed => "malformed",
            Self::BadPath => "bad_path",
            Self::NoSite => "no_site",
            Self::PasswordAbsent => "password_absent",
            Self::PasswordWrong => "password_wrong",
            Self::CertificateAbsent => "certificate_absent",
            Self::CertificateInvalid => "certificate_invalid",
            Self::Network => "network",
            Self::ForeignOrigin => "foreign_origin",
            Self::BackOff => "back_off",
            Self::TooLarge => "too_large",
            Self::ClientSlow => "client_slow",
            Self::HubDown => "hub_down",
            Self::HubBroken => "hub_broken",
            Self::HubSlow => "hub_slow",
            Self::Internal => "internal",
        }
    }

    /// Returns the reason in words, as part of a sentence.
    #[must_use]
    pub fn words(self) -> &'static str {
        match self {
            Self::Malformed => "the request is malformed",
            Self::BadPath => "the path is ambiguous or malformed",
            Self::NoSite => "no site has the host, or the connection was opened for another one",
            Self::PasswordAbsent => "a password is needed, and none was sent",
            Self::PasswordWrong => "the password or the user is wrong",
            Self::CertificateAbsent => "a client certificate is needed, and none was sent",
            Self::CertificateInvalid => "the client certificate is invalid",
            Self::Network => "the address is in none of the networks of the access rule",
            Self::ForeignOrigin => "a page of another site sent the request",
            Self::BackOff => "too many wrong passwords were sent before",
            Self::TooLarge => "the content is larger than limits.body",
            Self::ClientSlow => "the client sent its request too slowly",
            Self::HubDown => "the hub accepts no connection",
            Self::HubBroken => "the hub's response is malformed or incomplete",
            Self::HubSlow => "the hub did not respond in time",
            Self::Internal => "hubgate has an internal error",
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn each_reason_has_its_number_and_a_name_of_its_own() {
        let mut names = HashSet::new();
        for (number, reason) in Reason::ALL.into_iter().enumerate() {
            assert_eq!(reason.number(), number);
            assert_eq!(Reason::from_number(number), Some(reason));
            let json = serde_json::to_value(reason).unwrap();
            assert_eq!(json, reason.name());
            assert!(names.insert(reason.name()));
        }
    }
}
