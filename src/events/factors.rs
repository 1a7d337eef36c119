//! A set of the three access factors: network, client certificate and password.
//!
//! `access` evaluates the factors; counters and history count entries by their set.

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
    /// Number of different sets.
    pub const SETS: usize = 8;

    /// Reports whether the set has a factor.
    #[must_use]
    pub fn any(self) -> bool {
        self != Self::default()
    }

    /// Returns the number of the set, below [`Factors::SETS`].
    #[must_use]
    pub fn number(self) -> usize {
        let Self {
            network,
            certificate,
            password,
        } = self;
        usize::from(network) | usize::from(certificate) << 1 | usize::from(password) << 2
    }

    /// Returns the set with a number.
    #[must_use]
    pub fn from_number(number: usize) -> Self {
        Self {
            network: number & 1 != 0,
            certificate: number & 2 != 0,
            password: number & 4 != 0,
        }
    }

    /// Returns the names of the factors joined by `+`, or `none`.
    #[must_use]
    pub fn name(self) -> &'static str {
        [
            "none",
            "network",
            "certificate",
            "network+certificate",
            "password",
            "network+password",
            "certificate+password",
            "network+certificate+password",
        ][self.number()]
    }

    pub(crate) fn intersection(self, other: Self) -> Self {
        Self {
            network: self.network && other.network,
            certificate: self.certificate && other.certificate,
            password: self.password && other.password,
        }
    }

    pub(crate) fn difference(self, other: Self) -> Self {
        Self {
            network: self.network && !other.network,
            certificate: self.certificate && !other.certificate,
            password: self.password && !other.password,
        }
    }

    pub(crate) fn union(self, other: Self) -> Self {
        Self {
            network: self.network || other.network,
            certificate: self.certificate || other.certificate,
            password: self.password || other.password,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_set_has_its_number_and_its_name() {
        for number in 0..Factors::SETS {
            let factors = Factors::from_number(number);
            assert_eq!(factors.number(), number);
            let named = |name: &str| factors.name().split('+').any(|factor| factor == name);
            assert_eq!(named("network"), factors.network);
            assert_eq!(named("certificate"), factors.certificate);
            assert_eq!(named("password"), factors.password);
            assert_eq!(named("none"), !factors.any());
        }
    }
}
