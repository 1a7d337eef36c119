//! A set of the three access factors: network, client certificate and password.

/// The factors that a rule needs or a client holds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Factors {
    /// The client's address is in one of the networks.
    pub network: bool,
    /// The client's certificate is valid.
    pub certificate: bool,
    /// The client's password is correct.
    pub password: bool,
}

impl Factors {
    /// Reports whether the set has a factor.
    #[must_use]
    pub fn any(self) -> bool {
        self != Self::default()
    }

    pub(super) fn intersection(self, other: Self) -> Self {
        Self {
            network: self.network && other.network,
            certificate: self.certificate && other.certificate,
            password: self.password && other.password,
        }
    }

    pub(super) fn difference(self, other: Self) -> Self {
        Self {
            network: self.network && !other.network,
            certificate: self.certificate && !other.certificate,
            password: self.password && !other.password,
        }
    }

    pub(super) fn union(self, other: Self) -> Self {
        Self {
            network: self.network || other.network,
            certificate: self.certificate || other.certificate,
            password: self.password || other.password,
        }
    }
}
