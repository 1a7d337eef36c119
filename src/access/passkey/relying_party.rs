//! The relying party of a request: its RP ID and the origin of its pages.

use crate::{authority::Authority, config::model::Host};

/// RP ID and origin of the host that a page was loaded from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RelyingParty {
    id: String,
    origin: String,
}

/// The reason for which a host has no relying party.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RpIdError {
    /// Browsers have no passkeys for addresses (section 5.1.2).
    #[error("passkeys need a host name, not an address or a wildcard")]
    NotAName,
    /// The named RP ID is neither the host nor a domain above it.
    #[error("{0} is neither the host nor a domain above it")]
    NotAParent(String),
    /// The named RP ID has a single label, below which anybody can register a name.
    #[error("{0} is a top-level domain")]
    TopLevel(String),
}

impl RelyingParty {
    /// Returns the relying party of a request's host over TLS: the RP ID is the host, or the
    /// domain above it that is `named`.
    ///
    /// Browsers refuse an RP ID that is a public suffix, such as `co.uk`.
    ///
    /// # Errors
    /// The host is no name, or `named` is no domain above it.
    pub fn new(authority: &Authority, named: Option<&str>) -> Result<Self, RpIdError> {
        let Host::Name(host) = &authority.host else {
            return Err(RpIdError::NotAName);
        };
        let port = authority.port.filter(|port| *port != 443);
        let port = port.map_or_else(String::new, |port| format!(":{port}"));
        Ok(Self {
            id: named.map_or(Ok(host.clone()), |named| parent(host, named))?,
            origin: format!("https://{host}{port}"),
        })
    }

    /// Returns the RP ID (section 4).
    #[must_use]
    pub fn id(&self) -> &str {
        &self.id
    }

    /// Returns the origin (RFC 6454, section 6.2).
    #[must_use]
    pub fn origin(&self) -> &str {
        &self.origin
    }
}

/// Verifies that a domain is a host or above it.
fn parent(host: &str, named: &str) -> Result<String, RpIdError> {
    let named = named.to_ascii_lowercase();
    if named == host {
        return Ok(named);
    }
    let above = host.strip_suffix(&named);
    let is_above = !named.is_empty() && above.is_some_and(|below| below.ends_with('.'));
    if !is_above {
        return Err(RpIdError::NotAParent(named));
    }
    match named.contains('.') {
        true => Ok(named),
        false => Err(RpIdError::TopLevel(named)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn party(authority: &str, named: Option<&str>) -> Result<(String, String), RpIdError> {
        let party = RelyingParty::new(&Authority::parse(authority).unwrap(), named)?;
        Ok((party.id, party.origin))
    }

    #[test]
    fn rp_id_is_the_host_or_a_domain_above_it() {
        for (authority, named, id, origin) in [
            (
                "home.example.org",
                None,
                "home.example.org",
                "https://home.example.org",
            ),
            (
                "Home.Example.org:443",
                None,
                "home.example.org",
                "https://home.example.org",
            ),
            (
                "a.example.org:8443",
                Some("Example.org"),
                "example.org",
                "https://a.example.org:8443",
            ),
            (
                "localhost:8443",
                Some("localhost"),
                "localhost",
                "https://localhost:8443",
            ),
        ] {
            let expected = Ok((id.to_owned(), origin.to_owned()));
            assert_eq!(party(authority, named), expected, "{authority}");
        }
    }

    #[test]
    fn addresses_top_level_domains_and_other_domains_have_no_relying_party() {
        let not_a_parent = |text: &str| Err(RpIdError::NotAParent(text.to_owned()));
        assert_eq!(party("192.0.2.1", None), Err(RpIdError::NotAName));
        assert_eq!(party("[2001:db8::1]", None), Err(RpIdError::NotAName));
        assert_eq!(
            party("a.example.org", Some("b.a.example.org")),
            not_a_parent("b.a.example.org")
        );
        assert_eq!(
            party("evilexample.org", Some("example.org")),
            not_a_parent("example.org")
        );
        assert_eq!(party("a.example.org", Some("")), not_a_parent(""));
        assert_eq!(
            party("a.example.org", Some(".example.org")),
            not_a_parent(".example.org")
        );
        let top = Err(RpIdError::TopLevel("org".to_owned()));
        assert_eq!(party("a.example.org", Some("org")), top);
    }
}
