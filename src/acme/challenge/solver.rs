//! The responses to ACME challenges: published for the CA, and removed afterwards.
//!
//! DNS records are journalled before they are published, so that a crash leaves none behind. The CA
//! may validate an order that is resumed later, so the responses of such an order stay published.

mod active;

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

use tracing::{info, warn};

pub(crate) use self::active::ActiveResponses;
use super::{ActiveChallenges, Presented, ValidationRequest};
use crate::{
    acme::{
        ca::{Authorization, Challenge},
        dns::{self, DnsProviderClient, Outcome, Propagation, Record, RecordJournal, zones},
        manager::shared::Shared,
        problem::{Class, Problem},
        store::{Entry, Kind, Store},
    },
    config::model::{ChallengeKind, Dns, Host},
};

/// Publishes and removes the challenge responses of one certificate.
pub(crate) struct Solver {
    challenges: ActiveChallenges,
    /// The DNS provider, or the problem that is reported when dns-01 needs it.
    provider: Option<Result<Arc<DnsProviderClient>, Problem>>,
    propagation: Propagation,
    store: Arc<dyn Store>,
    records: Entry,
    /// True after a record was published in this attempt.
    has_published_record: AtomicBool,
    active: Arc<ActiveResponses>,
}

/// A published response to a challenge.
pub(crate) struct ChallengeResponse {
    /// The URL of the challenge.
    challenge: String,
    published: Published,
}

/// The place in which the CA finds a response.
enum Published {
    /// An HTTP response on port 80.
    Http(Presented),
    /// A TLS handshake on port 443.
    TlsAlpn(Presented),
    /// A TXT record.
    Dns(Record),
}

impl Solver {
    /// Creates the solver of one certificate. The DNS provider's files are read again, because
    /// tokens and keys change.
    pub(crate) fn new(
        shared: &Shared,
        dns: Option<&Dns>,
        name: &str,
        active: Arc<ActiveResponses>,
    ) -> Self {
        let provider = dns.map(|dns| shared.zones.provider(&dns.provider));
        let unusable = |fault| Problem::new(Class::Provider, format!("{fault:#}"));
        Self {
            challenges: shared.challenges.clone(),
            provider: provider.map(|provider| provider.map_err(unusable)),
            propagation: zones::propagation(dns.and_then(|dns| dns.resolver)),
            store: shared.store.clone(),
            records: Entry::new(Kind::Records, name),
            has_published_record: AtomicBool::new(false),
            active,
        }
    }

    /// Publishes the response to a challenge, unless it is published already.
    ///
    /// # Errors
    /// A problem of the DNS provider or of this machine.
    pub(crate) async fn publish(
        &self,
        authorization: &Authorization,
        challenge: &Challenge,
    ) -> Result<Arc<ChallengeResponse>, Problem> {
        if let Some(response) = self.active.find(&challenge.url) {
            return Ok(response);
        }
        let host = &authorization.identifier;
        Ok(self.active.add(ChallengeResponse {
            challenge: challenge.url.clone(),
            published: self.publish_new(host, challenge).await?,
        }))
    }

    async fn publish_new(
        &self,
        identifier: &Host,
        challenge: &Challenge,
    ) -> Result<Published, Problem> {
        let challenges = &self.challenges;
        match challenge.kind {
            ChallengeKind::Http01 => {
                let (token, answer) = (&challenge.token, &challenge.key_authorization);
                Ok(Published::Http(challenges.present_http(token, answer)))
            }
            ChallengeKind::TlsAlpn01 => challenges
                .present_tls_alpn(identifier, &challenge.digest())
                .map(Published::TlsAlpn),
            ChallengeKind::Dns01 => {
                let name = dns::challenge_name(&identifier.to_string());
                let record = self.publish_record(&name, &challenge.dns_value()).await;
                record.map(Published::Dns)
            }
        }
    }

    /// Keeps the responses published until the order is resumed, except records of a provider that
    /// holds one at a time: such a record would block other names.
    pub(crate) async fn suspend(&self) {
        if self
            .provider()
            .is_ok_and(DnsProviderClient::is_one_at_a_time)
        {
            let is_record =
                |response: &ChallengeResponse| matches!(response.published, Published::Dns(_));
            self.remove(self.active.take(is_record)).await;
        }
    }

    /// Removes the responses. A record that cannot be removed is tried again at the next order or
    /// start.
    pub(crate) async fn withdraw(&self) {
        self.remove(self.active.take(|_| true)).await;
    }

    async fn remove(&self, responses: Vec<Arc<ChallengeResponse>>) {
        for response in responses {
            if let Published::Dns(record) = &response.published {
                self.remove_record(record).await;
            }
        }
    }

    /// Waits until the CA can see a response.
    ///
    /// # Errors
    /// A name server of the zone does not serve the record in time.
    pub(crate) async fn wait_visible(&self, response: &ChallengeResponse) -> Result<(), Problem> {
        let Published::Dns(record) = &response.published else {
            return Ok(());
        };
        if let Outcome::Unchecked(cause) = self.propagation.wait(record).await? {
            let name = &record.fqdn;
            info!(
                "{name}: the TXT record cannot be verified ({cause}); the CA validates it anyway"
            );
        }
        Ok(())
    }

    /// Removes records that a crash left behind, but not those of a suspended order.
    pub(crate) async fn sweep(&self) {
        let records = self.journalled();
        for record in records.iter().filter(|record| !self.active.has(record)) {
            self.remove_record(record).await;
        }
    }

    async fn publish_record(&self, name: &str, value: &str) -> Result<Record, Problem> {
        let provider = self.provider()?;
        if provider.is_one_at_a_time() && self.has_published_record.swap(true, Ordering::Relaxed) {
            return Err(Problem::new(
                Class::Provider,
                "this provider holds one record at a time; give each name a site of its own",
            ));
        }
        let target = self.propagation.target(name).await?;
        self.note(provider.intent(&target, value))?;
        let record = provider.present(&target, value).await?;
        self.note(record.clone())?;
        Ok(record)
    }

    async fn remove_record(&self, record: &Record) {
        let removed = match self.provider() {
            Ok(provider) => provider.cleanup(record).await,
            Err(problem) => Err(problem),
        };
        match removed {
            Ok(()) => self.forget(record),
            Err(problem) => {
                let name = &record.fqdn;
                warn!("{name}: the TXT record of a challenge cannot be removed: {problem}");
            }
        }
    }

    fn provider(&self) -> Result<&DnsProviderClient, Problem> {
        let missing = || Problem::new(Class::Provider, "acme.dns names no DNS provider");
        let provider = self.provider.as_ref().ok_or_else(missing)?;
        provider.as_deref().map_err(Clone::clone)
    }

    fn journalled(&self) -> RecordJournal {
        let loaded = self.records.load(self.store.as_ref());
        loaded
            .inspect_err(|fault| warn!("{fault}"))
            .ok()
            .flatten()
            .unwrap_or_default()
    }

    /// Journals a record, which is not published otherwise.
    fn note(&self, record: Record) -> Result<(), Problem> {
        let mut records = self.journalled();
        records.note(record);
        let saved = self.records.save(self.store.as_ref(), &records);
        saved.map_err(Problem::local)
    }

    fn forget(&self, record: &Record) {
        let mut records = self.journalled();
        records.forget(record);
        let (store, entry) = (self.store.as_ref(), &self.records);
        let forgotten = match records.iter().next() {
            Some(_) => entry.save(store, &records),
            None => store.remove(entry),
        };
        if let Err(fault) = forgotten {
            warn!("{fault}");
        }
    }
}

impl ChallengeResponse {
    /// Returns the validation requests so far; none are known for a TXT record.
    pub(crate) fn validation_requests(&self) -> Vec<ValidationRequest> {
        match &self.published {
            Published::Http(presented) | Published::TlsAlpn(presented) => {
                presented.validation_requests()
            }
            Published::Dns(_) => Vec::new(),
        }
    }
}
