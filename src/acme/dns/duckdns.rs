//! TXT records through DuckDNS's API.
//!
//! A domain has one TXT record with one value, which all its subdomains share: a second value is
//! refused until the first is deleted.

use std::{
    collections::HashMap,
    sync::Arc,
    time::{Duration, Instant},
};

use http::Method;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use tokio::sync::Mutex;

use super::{Api, Record, api::Service};
use crate::acme::problem::Problem;

/// The URL of the API.
const BASE: &str = "https://www.duckdns.org";

/// Age at which a value counts as abandoned and is replaced.
const ABANDONED: Duration = Duration::from_secs(15 * 60);

/// DuckDNS's API with the token of an account.
pub struct DuckDns {
    service: Service,
    token: String,
    /// The value of each domain.
    active: Mutex<HashMap<Domain, ActiveValue>>,
}

/// The value of a domain's TXT record.
struct ActiveValue {
    value: String,
    created: Instant,
}

impl DuckDns {
    /// Uses DuckDNS's API with the account's token.
    #[must_use]
    pub fn new(api: Arc<dyn Api>, token: &str) -> Self {
        Self::at(BASE, api, token)
    }

    /// Uses the API at another URL.
    #[must_use]
    pub fn at(base: &str, api: Arc<dyn Api>, token: &str) -> Self {
        Self {
            service: Service::new(api, base),
            token: token.trim().to_owned(),
            active: Mutex::default(),
        }
    }

    pub(super) async fn present(&self, record: &Record) -> Result<(), Problem> {
        let domain = Domain::parse(&record.domain_name())?;
        let mut active = self.active.lock().await;
        let other = active
            .get(&domain)
            .filter(|active| active.value != record.value && active.created.elapsed() < ABANDONED);
        if other.is_some() {
            return Err(domain.occupied());
        }
        let change = format!("txt={}", encode(&record.value));
        self.update(&domain, &change).await?;
        let value = ActiveValue {
            value: record.value.clone(),
            created: Instant::now(),
        };
        active.insert(domain, value);
        Ok(())
    }

    /// Clears the TXT record, unless it has another value by now.
    pub(super) async fn cleanup(&self, record: &Record) -> Result<(), Problem> {
        let domain = Domain::parse(&record.domain_name())?;
        let mut active = self.active.lock().await;
        let current = active.get(&domain);
        if current.is_some_and(|current| current.value != record.value) {
            return Ok(());
        }
        // Without `txt`, DuckDNS would clear the addresses.
        self.update(&domain, "txt=&clear=true").await?;
        active.remove(&domain);
        Ok(())
    }

    async fn update(&self, domain: &Domain, change: &str) -> Result<(), Problem> {
        let token = encode(&self.token);
        let Domain(domain) = domain;
        let path = format!("/update?domains={domain}&token={token}&{change}&verbose=true");
        let response = self.service.send(Method::GET, &path, None).await;
        // The detail can contain the URL, which has the token.
        let response = response.map_err(|problem| Problem {
            detail: problem
                .detail
                .replace(&token, "TOKEN")
                .replace(&self.token, "TOKEN"),
            ..problem
        })?;
        let body = String::from_utf8_lossy(response.body());
        match body.lines().next() {
            Some("OK") if response.status().is_success() => Ok(()),
            Some("KO") => Err(Problem::provider(format!(
                "DuckDNS knows no domain {domain} with this token; \
                 copy the token from duckdns.org again, and check that the domain is there"
            ))),
            _ => Err(self.service.refusal(&response, &body)),
        }
    }
}

fn encode(text: &str) -> String {
    utf8_percent_encode(text, NON_ALPHANUMERIC).to_string()
}

/// A domain of DuckDNS without its suffix: `home` of `_acme-challenge.a.home.duckdns.org`.
#[derive(Debug, PartialEq, Eq, Hash)]
struct Domain(String);

impl Domain {
    /// Parses a name in lower case without the last dot.
    fn parse(name: &str) -> Result<Self, Problem> {
        let domain = name
            .strip_suffix(".duckdns.org")
            .and_then(|labels| labels.rsplit('.').next());
        match domain {
            Some(domain) if !domain.starts_with('_') => Ok(Self(domain.to_owned())),
            _ => Err(Problem::provider(format!(
                "{name} is not in a domain of duckdns.org; configure the provider of its zone, \
                 or make it a CNAME to a DuckDNS domain"
            ))),
        }
    }

    fn occupied(&self) -> Problem {
        let Self(domain) = self;
        Problem::provider(format!(
            "DuckDNS has one TXT record for {domain}.duckdns.org and its subdomains, which \
             another validation is using; put a wildcard and its parent into certificates \
             of their own"
        ))
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use super::*;
    use crate::acme::{
        dns::{Held, testing::FakeApi},
        problem::Class,
    };

    type Urls = Arc<Mutex<Vec<String>>>;

    fn client(answer: &'static str) -> (DuckDns, Urls) {
        let urls = Urls::default();
        let requested = Arc::clone(&urls);
        let api = FakeApi::new(move |request| {
            requested.lock().unwrap().push(request.uri().to_string());
            (200, answer.to_owned())
        });
        (DuckDns::new(Arc::new(api), "a7c4-9"), urls)
    }

    fn record(value: &str) -> Record {
        Record {
            fqdn: "_acme-challenge.home.duckdns.org.".to_owned(),
            value: value.to_owned(),
            held: Held::DuckDns,
        }
    }

    #[tokio::test]
    async fn a_value_is_set_and_cleared() {
        let (client, urls) = client("OK\nab-c\n\nUPDATED");
        client.present(&record("ab-c")).await.unwrap();
        client.cleanup(&record("ab-c")).await.unwrap();
        let base = "https://www.duckdns.org/update?domains=home&token=a7c4%2D9";
        let expected = [
            format!("{base}&txt=ab%2Dc&verbose=true"),
            format!("{base}&txt=&clear=true&verbose=true"),
        ];
        assert_eq!(*urls.lock().unwrap(), expected);
    }

    #[tokio::test]
    async fn a_second_value_is_refused_until_the_first_is_deleted() {
        let (client, urls) = client("OK");
        client.present(&record("one")).await.unwrap();
        let problem = client.present(&record("two")).await.unwrap_err();
        assert_eq!(problem.class, Class::Provider);
        assert!(
            problem
                .detail
                .contains("one TXT record for home.duckdns.org"),
            "{problem}"
        );
        client.cleanup(&record("two")).await.unwrap();
        assert_eq!(urls.lock().unwrap().len(), 1, "the first is left alone");
        client.cleanup(&record("one")).await.unwrap();
        client.present(&record("two")).await.unwrap();
    }

    #[tokio::test]
    async fn a_record_of_an_earlier_process_is_cleared() {
        let (client, urls) = client("OK");
        client.cleanup(&record("old")).await.unwrap();
        assert!(urls.lock().unwrap()[0].contains("&txt=&clear=true"));
    }

    #[tokio::test]
    async fn a_refusal_omits_the_token() {
        let (client, _) = client("KO");
        let problem = client.present(&record("one")).await.unwrap_err();
        assert!(problem.detail.contains("knows no domain home"), "{problem}");
        let detail = "GET /update?token=a7c4%2D9: reset (a7c4-9)";
        let api = FakeApi::broken(Problem::new(Class::Network, detail));
        let client = DuckDns::new(Arc::new(api), "a7c4-9");
        let problem = client.present(&record("one")).await.unwrap_err();
        assert!(!problem.detail.contains("a7c4"), "{problem}");
    }

    #[test]
    fn the_domain_is_the_label_before_the_suffix() {
        let home = Domain("home".to_owned());
        let parse = Domain::parse;
        assert_eq!(parse("_acme-challenge.a.home.duckdns.org").unwrap(), home);
        assert_eq!(parse("home.duckdns.org").unwrap(), home);
        assert!(parse("_acme-challenge.example.org").is_err());
        assert!(parse("_acme-challenge.duckdns.org").is_err());
    }
}
