//! TXT records by DuckDNS's API.
//!
//! A domain there has one TXT record, which all its subdomains share. So there is one value at a
//! time: a second is refused while the first is in use, and is put up once that is taken away.

use std::{
    collections::HashMap,
    sync::Arc,
    time::{Duration, Instant},
};

use http::Method;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use tokio::sync::Mutex;

use super::{Api, Record, api::Service, bare, fault};
use crate::acme::problem::Problem;

/// Where the API is.
const BASE: &str = "https://www.duckdns.org";

/// After so long a value counts as forgotten: whoever put it up has ended without a word.
const FORGOTTEN: Duration = Duration::from_secs(15 * 60);

/// DuckDNS, with the token of an account.
pub struct DuckDns {
    service: Service,
    token: String,
    /// What each domain holds, and since when.
    live: Mutex<HashMap<String, (String, Instant)>>,
}

impl DuckDns {
    /// DuckDNS's API with the account's token.
    #[must_use]
    pub fn new(api: Arc<dyn Api>, token: &str) -> Self {
        Self::at(BASE, api, token)
    }

    /// The same API at another URL.
    #[must_use]
    pub fn at(base: &str, api: Arc<dyn Api>, token: &str) -> Self {
        Self {
            service: Service::new(api, base),
            token: token.trim().to_owned(),
            live: Mutex::default(),
        }
    }

    pub(super) async fn present(&self, record: &Record) -> Result<(), Problem> {
        let domain = domain(&record.fqdn)?;
        let mut live = self.live.lock().await;
        let other = live
            .get(&domain)
            .filter(|(value, since)| *value != record.value && since.elapsed() < FORGOTTEN);
        if other.is_some() {
            return Err(fault(format!(
                "DuckDNS has one TXT record for {domain}.duckdns.org and all below it, which \
                 another validation is using; put a wildcard and its parent into certificates \
                 of their own"
            )));
        }
        self.update(&domain, &format!("txt={}", encoded(&record.value)))
            .await?;
        live.insert(domain, (record.value.clone(), Instant::now()));
        Ok(())
    }

    /// Clears the TXT record, unless it is known to hold another value by now.
    pub(super) async fn cleanup(&self, record: &Record) -> Result<(), Problem> {
        let domain = domain(&record.fqdn)?;
        let mut live = self.live.lock().await;
        if live
            .get(&domain)
            .is_some_and(|(value, _)| *value != record.value)
        {
            return Ok(());
        }
        // Without `txt`, the addresses would be cleared.
        self.update(&domain, "txt=&clear=true").await?;
        live.remove(&domain);
        Ok(())
    }

    async fn update(&self, domain: &str, change: &str) -> Result<(), Problem> {
        let token = encoded(&self.token);
        let path = format!("/update?domains={domain}&token={token}&{change}&verbose=true");
        let sent = self.service.send(Method::GET, &path, None).await;
        // Whoever sends a request may name its URL.
        let answer = sent.map_err(|problem| Problem {
            detail: problem
                .detail
                .replace(&token, "TOKEN")
                .replace(&self.token, "TOKEN"),
            ..problem
        })?;
        let body = String::from_utf8_lossy(answer.body());
        match body.lines().next() {
            Some("OK") if answer.status().is_success() => Ok(()),
            Some("KO") => Err(fault(format!(
                "DuckDNS knows no domain {domain} with this token; \
                 copy the token from duckdns.org again, and check that the domain is there"
            ))),
            _ => Err(self.service.refusal(&answer, &body)),
        }
    }
}

fn encoded(text: &str) -> String {
    utf8_percent_encode(text, NON_ALPHANUMERIC).to_string()
}

/// The account's part of a name: `home` of `_acme-challenge.a.home.duckdns.org`.
fn domain(fqdn: &str) -> Result<String, Problem> {
    let name = bare(fqdn);
    let domain = name
        .strip_suffix(".duckdns.org")
        .and_then(|above| above.rsplit('.').next());
    match domain {
        Some(domain) if !domain.starts_with('_') => Ok(domain.to_owned()),
        _ => Err(fault(format!(
            "{name} is not below a domain of duckdns.org; choose the provider that has its zone, \
             or let it be a CNAME to a DuckDNS domain"
        ))),
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

    type Asked = Arc<Mutex<Vec<String>>>;

    fn client(answer: &'static str) -> (DuckDns, Asked) {
        let asked = Asked::default();
        let kept = Arc::clone(&asked);
        let api = FakeApi::new(move |request| {
            kept.lock().unwrap().push(request.uri().to_string());
            (200, answer.to_owned())
        });
        (DuckDns::new(Arc::new(api), "a7c4-9"), asked)
    }

    fn record(value: &str) -> Record {
        Record {
            fqdn: "_acme-challenge.home.duckdns.org.".to_owned(),
            value: value.to_owned(),
            held: Held::DuckDns,
        }
    }

    #[tokio::test]
    async fn value_is_set_and_cleared() {
        let (client, asked) = client("OK\nab-c\n\nUPDATED");
        client.present(&record("ab-c")).await.unwrap();
        client.cleanup(&record("ab-c")).await.unwrap();
        let base = "https://www.duckdns.org/update?domains=home&token=a7c4%2D9";
        let expected = [
            format!("{base}&txt=ab%2Dc&verbose=true"),
            format!("{base}&txt=&clear=true&verbose=true"),
        ];
        assert_eq!(*asked.lock().unwrap(), expected);
    }

    #[tokio::test]
    async fn second_value_waits_for_the_first_to_go() {
        let (client, asked) = client("OK");
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
        assert_eq!(asked.lock().unwrap().len(), 1, "the first is left alone");
        client.cleanup(&record("one")).await.unwrap();
        client.present(&record("two")).await.unwrap();
    }

    #[tokio::test]
    async fn leftover_of_an_earlier_process_is_cleared() {
        let (client, asked) = client("OK");
        client.cleanup(&record("old")).await.unwrap();
        assert!(asked.lock().unwrap()[0].contains("&txt=&clear=true"));
    }

    #[tokio::test]
    async fn refusal_is_told_without_the_token() {
        let (client, _) = client("KO");
        let problem = client.present(&record("one")).await.unwrap_err();
        assert!(problem.detail.contains("knows no domain home"), "{problem}");
        let named = "GET /update?token=a7c4%2D9: reset (a7c4-9)";
        let api = FakeApi::broken(Problem::new(Class::Network, named));
        let client = DuckDns::new(Arc::new(api), "a7c4-9");
        let problem = client.present(&record("one")).await.unwrap_err();
        assert!(!problem.detail.contains("a7c4"), "{problem}");
    }

    #[test]
    fn domain_is_the_label_below_duckdns() {
        assert_eq!(
            domain("_acme-challenge.a.Home.duckdns.org.").unwrap(),
            "home"
        );
        assert_eq!(domain("home.duckdns.org.").unwrap(), "home");
        assert!(domain("_acme-challenge.example.org.").is_err());
        assert!(domain("_acme-challenge.duckdns.org.").is_err());
    }
}
