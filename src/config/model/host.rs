//! Hosts of sites, and origins of web pages.

use std::{fmt, net::IpAddr};

/// A host of a site, in lower case.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Host {
    /// `home.example.org`
    Name(String),
    /// `*.example.org`, stored as `example.org`; `*` stands for exactly one label.
    Wildcard(String),
    /// `192.168.1.5` or `fd00::5`, without brackets.
    Address(IpAddr),
}

/// An origin of web pages as browsers send it in `Origin` (RFC 6454, section 6.2), or `null`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Origin(String);

impl fmt::Display for Host {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Name(name) => f.write_str(name),
            Self::Wildcard(parent) => write!(f, "*.{parent}"),
            Self::Address(address) => address.fmt(f),
        }
    }
}

impl Origin {
    /// Wraps an origin that is serialized already.
    #[must_use]
    pub fn new(serialized: &str) -> Self {
        Self(serialized.to_owned())
    }

    /// Returns the serialization.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
