//! The challenge dns-01 (RFC 8555, 8.4): a TXT record in the zone of the identifier.
//!
//! In this order: `Propagation::target` finds the record's name, `DnsProviderClient::intent` makes
//! its entry for the journal, `DnsProviderClient::present` creates it, `Propagation::wait` waits
//! until the zone's name servers serve it, and `DnsProviderClient::cleanup` deletes it. Records
//! that are still in the journal at the next start are passed to `cleanup` then.

mod answer;
mod api;
mod cloudflare;
mod desec;
mod duckdns;
mod exchange;
mod exec;
mod key_file;
mod propagation;
mod records;
mod resolver;
mod rfc2136;
#[cfg(test)]
mod testing;
mod zone;
pub(crate) mod zones;

pub use self::{
    api::{Api, Pending},
    cloudflare::Cloudflare,
    desec::Desec,
    duckdns::DuckDns,
    exec::Hook,
    propagation::{Outcome, Pace, Propagation},
    records::{Held, Record, RecordJournal},
    resolver::Resolver,
    rfc2136::{Algorithm, Key, Rfc2136},
};
use super::problem::Problem;

/// A provider of the operator's zone, which creates and deletes TXT records.
pub enum DnsProviderClient {
    /// A program of the operator.
    Exec(Hook),
    /// A name server that accepts dynamic updates (RFC 2136).
    Rfc2136(Rfc2136),
    /// Cloudflare's API.
    Cloudflare(Cloudflare),
    /// deSEC's API.
    Desec(Desec),
    /// DuckDNS's API.
    DuckDns(DuckDns),
}

impl DnsProviderClient {
    /// Makes the record that `present` would create.
    ///
    /// It is journalled first, so that the record is known after a crash.
    #[must_use]
    pub fn intent(&self, fqdn: &str, value: &str) -> Record {
        Record {
            fqdn: fqdn.to_owned(),
            value: value.to_owned(),
            held: self.held(),
        }
    }

    /// Creates a TXT record, and keeps the other values of its name.
    ///
    /// # Errors
    /// `Class::Provider`, with cause and cure.
    pub async fn present(&self, fqdn: &str, value: &str) -> Result<Record, Problem> {
        let mut record = self.intent(fqdn, value);
        match self {
            Self::Exec(hook) => hook.present(&record).await?,
            Self::Rfc2136(server) => server.present(&record).await?,
            Self::Cloudflare(api) => record.held = api.present(&record).await?,
            Self::Desec(api) => api.present(&record).await?,
            Self::DuckDns(api) => api.present(&record).await?,
        }
        Ok(record)
    }

    /// Deletes a record, and keeps the other values of its name; a missing record is a success.
    ///
    /// # Errors
    /// `Class::Provider`, with cause and cure.
    pub async fn cleanup(&self, record: &Record) -> Result<(), Problem> {
        match (self, &record.held) {
            (Self::Exec(hook), Held::Exec) => hook.cleanup(record).await,
            (Self::Rfc2136(server), Held::Rfc2136) => server.cleanup(record).await,
            (Self::Cloudflare(api), Held::Cloudflare { at }) => {
                api.cleanup(record, at.as_ref()).await
            }
            (Self::Desec(api), Held::Desec) => api.cleanup(record).await,
            (Self::DuckDns(api), Held::DuckDns) => api.cleanup(record).await,
            (now, creator) => Err(Problem::provider(format!(
                "the TXT record at {} was created by {}, but {} is configured now; \
                 remove the value {} by hand",
                record.fqdn,
                creator.name(),
                now.held().name(),
                record.value
            ))),
        }
    }

    /// Returns true if a zone can have one value only (DuckDNS): the challenges of an order then
    /// have to be validated one after the other.
    #[must_use]
    pub fn is_one_at_a_time(&self) -> bool {
        matches!(self, Self::DuckDns(_))
    }

    fn held(&self) -> Held {
        match self {
            Self::Exec(_) => Held::Exec,
            Self::Rfc2136(_) => Held::Rfc2136,
            Self::Cloudflare(_) => Held::Cloudflare { at: None },
            Self::Desec(_) => Held::Desec,
            Self::DuckDns(_) => Held::DuckDns,
        }
    }
}

/// Returns the name of the record for an identifier (RFC 8555, 8.4); a wildcard shares that of its
/// parent.
#[must_use]
pub fn challenge_name(identifier: &str) -> String {
    let name = identifier.strip_prefix("*.").unwrap_or(identifier);
    format!("_acme-challenge.{}.", name.trim_end_matches('.'))
}

/// Makes foreign text fit for a sentence: one line without control characters, 300 characters at
/// most.
pub(super) fn quoted(text: &str) -> String {
    const LONGEST: usize = 300;
    let words = text.split_whitespace().collect::<Vec<_>>().join(" ");
    let kept = words.chars().filter(|c| !c.is_control()).take(LONGEST);
    kept.collect()
}

/// Returns a name and its parents of two labels or more, the longest first.
fn suffixes(name: &str) -> impl Iterator<Item = &str> {
    let cuts = name.match_indices('.').map(|(at, _)| at + 1);
    let all = std::iter::once(0).chain(cuts).map(|at| &name[at..]);
    all.filter(|suffix| suffix.contains('.'))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::acme::problem::Class;

    #[test]
    fn a_wildcard_and_its_parent_share_a_challenge_name() {
        for identifier in [
            "home.example.org",
            "*.home.example.org",
            "home.example.org.",
        ] {
            let name = challenge_name(identifier);
            assert_eq!(name, "_acme-challenge.home.example.org.");
        }
    }

    #[test]
    fn suffixes_range_from_the_name_to_two_labels() {
        let found: Vec<_> = suffixes("a.b.example.org").collect();
        assert_eq!(found, ["a.b.example.org", "b.example.org", "example.org"]);
    }

    #[test]
    fn quoted_text_is_one_short_line() {
        assert_eq!(quoted("a\n  b\u{7}c"), "a bc");
        assert_eq!(quoted(&"x".repeat(1000)).len(), 300);
    }

    #[tokio::test]
    async fn a_record_of_another_provider_is_reported_and_kept() {
        let hook = DnsProviderClient::Exec(Hook::new("/bin/false"));
        let mut record = hook.intent("_acme-challenge.home.example.org.", "abc");
        record.held = Held::Desec;
        let problem = hook.cleanup(&record).await.unwrap_err();
        assert_eq!(problem.class, Class::Provider);
        assert!(problem.detail.contains("created by deSEC"), "{problem}");
    }

    #[test]
    fn all_futures_are_send() {
        fn require_send(_: impl Send) {}
        let provider = DnsProviderClient::Exec(Hook::new("/bin/false"));
        let record = provider.intent("_acme-challenge.home.example.org.", "abc");
        let propagation = Propagation::system();
        require_send(provider.present(&record.fqdn, &record.value));
        require_send(provider.cleanup(&record));
        require_send(propagation.target(&record.fqdn));
        require_send(propagation.wait(&record));
    }
}
