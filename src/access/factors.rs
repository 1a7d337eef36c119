//! The three factors of access, as a set.

/// Factors, needed by a rule or held by a client.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Factors {
    /// The client is in one of the networks.
    pub network: bool,
    /// Its certificate is valid.
    pub certificate: bool,
    /// Its password is right.
    pub password: bool,
}

impl Factors {
    /// Whether there is one at all.
    #[must_use]
    pub fn any(self) -> bool {
        self != Self::default()
    }

    pub(super) fn of(self, other: Self) -> Self {
        Self {
            network: self.network && other.network,
            certificate: self.certificate && other.certificate,
            password: self.password && other.password,
        }
    }

    pub(super) fn without(self, other: Self) -> Self {
        Self {
            network: self.network && !other.network,
            certificate: self.certificate && !other.certificate,
            password: self.password && !other.password,
        }
    }

    pub(super) fn and(self, other: Self) -> Self {
        Self {
            network: self.network || other.network,
            certificate: self.certificate || other.certificate,
            password: self.password || other.password,
        }
    }
}
