//! The DNS-01 challenge (RFC 8555, 8.4): a TXT record put up, seen and taken away.
//!
//! `Propagation::target` says where the record belongs, `Provider::intent` what to journal before
//! anything is done, `Provider::present` puts it up, `Propagation::wait` sees it at the zone's own
//! name servers, `Provider::cleanup` takes it away. What was journalled and never taken away is
//! given to `cleanup` at the next start.

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

pub use self::{
    api::{Api, Pending},
    cloudflare::Cloudflare,
    desec::Desec,
    duckdns::DuckDns,
    exec::Hook,
    propagation::{Outcome, Pace, Propagation},
    records::{Held, Record, Records},
    resolver::Resolver,
    rfc2136::{Algorithm, Key, Rfc2136},
};
use super::problem::{Class, Problem};

/// Who puts TXT records into the operator's zone.
pub enum Provider {
    /// A program of the operator's own.
    Exec(Hook),
    /// A name server that takes dynamic updates.
    Rfc2136(Rfc2136),
    /// Cloudflare's API.
    Cloudflare(Cloudflare),
    /// deSEC's API.
    Desec(Desec),
    /// DuckDNS's API.
    DuckDns(DuckDns),
}

impl Provider {
    /// What `present` would put up: to be journalled first, so that a crash in between leaves
    /// nothing that nobody knows of.
    #[must_use]
    pub fn intent(&self, fqdn: &str, value: &str) -> Record {
        Record {
            fqdn: fqdn.to_owned(),
            value: value.to_owned(),
            held: self.held(),
        }
    }

    /// Puts up a TXT record beside whatever other values its name has.
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

    /// Takes a record away again, and no other value of its name; one already gone is no error.
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
            (now, then) => Err(fault(format!(
                "the TXT record at {} was put up by {}, but {} is configured now; \
                 remove the value {} by hand",
                record.fqdn,
                then.name(),
                now.held().name(),
                record.value
            ))),
        }
    }

    /// Whether a name can have one value only, so that the challenges of an order must be put up
    /// and validated one after the other (DuckDNS).
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

/// The name a CA looks at for a DNS identifier; a wildcard shares that of its parent (RFC 8555, 8.4).
#[must_use]
pub fn challenge_name(identifier: &str) -> String {
    let name = identifier.strip_prefix("*.").unwrap_or(identifier);
    format!("_acme-challenge.{}.", name.trim_end_matches('.'))
}

fn fault(detail: impl Into<String>) -> Problem {
    Problem::new(Class::Provider, detail)
}

/// What somebody else said, fit for one line of a sentence.
pub(super) fn quoted(text: &str) -> String {
    const LONGEST: usize = 300;
    let words = text.split_whitespace().collect::<Vec<_>>().join(" ");
    let kept = words.chars().filter(|c| !c.is_control()).take(LONGEST);
    kept.collect()
}

/// A name without its last dot, as the APIs want it.
fn bare(fqdn: &str) -> String {
    fqdn.trim_end_matches('.').to_ascii_lowercase()
}

/// A name and its parents of two labels or more, longest first.
fn suffixes(name: &str) -> impl Iterator<Item = &str> {
    let cuts = name.match_indices('.').map(|(at, _)| at + 1);
    let all = std::iter::once(0).chain(cuts).map(|at| &name[at..]);
    all.filter(|suffix| suffix.contains('.'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wildcard_and_parent_share_a_challenge_name() {
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
    fn suffixes_go_from_the_name_to_two_labels() {
        let found: Vec<_> = suffixes("a.b.example.org").collect();
        assert_eq!(found, ["a.b.example.org", "b.example.org", "example.org"]);
    }

    #[test]
    fn quoted_text_is_one_short_line() {
        assert_eq!(quoted("a\n  b\u{7}c"), "a bc");
        assert_eq!(quoted(&"x".repeat(1000)).len(), 300);
    }

    #[tokio::test]
    async fn record_of_another_provider_is_told_and_left() {
        let hook = Provider::Exec(Hook::new("/bin/false"));
        let mut record = hook.intent("_acme-challenge.home.example.org.", "abc");
        record.held = Held::Desec;
        let problem = hook.cleanup(&record).await.unwrap_err();
        assert_eq!(problem.class, Class::Provider);
        assert!(problem.detail.contains("put up by deSEC"), "{problem}");
    }

    #[test]
    fn all_work_may_move_between_threads() {
        fn moves(_: impl Send) {}
        let provider = Provider::Exec(Hook::new("/bin/false"));
        let record = provider.intent("_acme-challenge.home.example.org.", "abc");
        let propagation = Propagation::system();
        moves(provider.present(&record.fqdn, &record.value));
        moves(provider.cleanup(&record));
        moves(propagation.target(&record.fqdn));
        moves(propagation.wait(&record));
    }
}
