//! Proofs that a name is ours: put up, whichever the kind, and taken away again.
//!
//! DNS records are journalled before they are put up, so that a crash leaves none behind.

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

use tracing::{info, warn};

use super::{
    authority::{Authorization, Challenge},
    challenge::{Challenges, Hit, Presented},
    dns::{self, Outcome, Propagation, Provider, Record, Records},
    problem::{Class, Problem},
    shared::Shared,
    store::{self, Entry, Kind, Store},
    zone,
};
use crate::config::model::{ChallengeKind, Dns};

/// Puts proofs up for one certificate set.
pub(super) struct Prover {
    challenges: Challenges,
    /// Who writes DNS records; what is wrong with that matters only where one is needed.
    zone: Option<Result<Arc<Provider>, Problem>>,
    propagation: Propagation,
    store: Arc<dyn Store>,
    records: Entry,
    /// Whether a record was put up in this attempt.
    has_put_up: AtomicBool,
}

/// A proof that is up.
pub(super) enum Proof {
    /// An answer on port 80.
    Http(Presented),
    /// A handshake on port 443.
    TlsAlpn(Presented),
    /// A TXT record.
    Dns(Record),
}

impl Prover {
    /// For one set; what `dns` names is read anew, since tokens and keys change.
    pub(super) fn new(shared: &Shared, dns: Option<&Dns>, set: &str) -> Self {
        let provider = dns.map(|dns| shared.zones.provider(&dns.provider));
        let unusable = |fault| Problem::new(Class::Provider, format!("{fault:#}"));
        Self {
            challenges: shared.challenges.clone(),
            zone: provider.map(|it| it.map_err(unusable)),
            propagation: zone::propagation(dns.and_then(|dns| dns.resolver)),
            store: shared.store.clone(),
            records: Entry::new(Kind::Records, set),
            has_put_up: AtomicBool::new(false),
        }
    }

    /// Puts up the proof that a challenge asks for.
    pub(super) async fn present(
        &self,
        authorization: &Authorization,
        challenge: &Challenge,
    ) -> Result<Proof, Problem> {
        let (challenges, identifier) = (&self.challenges, &authorization.identifier);
        match challenge.kind {
            ChallengeKind::Http01 => {
                let (token, answer) = (&challenge.token, &challenge.key_authorization);
                Ok(Proof::Http(challenges.present_http(token, answer)))
            }
            ChallengeKind::TlsAlpn01 => challenges
                .present_tls_alpn(identifier, &challenge.digest())
                .map(Proof::TlsAlpn),
            ChallengeKind::Dns01 => {
                let name = dns::challenge_name(&identifier.to_string());
                let record = self.put_up(&name, &challenge.dns_value()).await;
                record.map(Proof::Dns)
            }
        }
    }

    /// Waits until the CA can see a proof.
    pub(super) async fn settle(&self, proof: &Proof) -> Result<(), Problem> {
        let Proof::Dns(record) = proof else {
            return Ok(());
        };
        if let Outcome::Unchecked(why) = self.propagation.wait(record).await? {
            info!(
                "{}: nobody could say whether the record is there ({why})",
                record.fqdn
            );
        }
        Ok(())
    }

    /// Takes proofs away; what cannot be, is tried again at the next order or start.
    pub(super) async fn withdraw(&self, proofs: Vec<Proof>) {
        for proof in proofs {
            if let Proof::Dns(record) = proof {
                self.take_away(&record).await;
            }
        }
    }

    /// Takes away what an end in the middle left behind.
    pub(super) async fn sweep(&self) {
        let records = self.journalled();
        for record in records.iter() {
            self.take_away(record).await;
        }
    }

    async fn put_up(&self, name: &str, value: &str) -> Result<Record, Problem> {
        let provider = self.provider()?;
        if provider.is_one_at_a_time() && self.has_put_up.swap(true, Ordering::Relaxed) {
            return Err(Problem::new(
                Class::Provider,
                "this provider keeps one record at a time; give each name a site of its own",
            ));
        }
        let target = self.propagation.target(name).await?;
        self.note(provider.intent(&target, value))?;
        let record = provider.present(&target, value).await?;
        self.note(record.clone())?;
        Ok(record)
    }

    async fn take_away(&self, record: &Record) {
        let taken = match self.provider() {
            Ok(provider) => provider.cleanup(record).await,
            Err(problem) => Err(problem),
        };
        match taken {
            Ok(()) => self.forget(record),
            Err(problem) => warn!("{}: a record of a challenge stays: {problem}", record.fqdn),
        }
    }

    fn provider(&self) -> Result<&Provider, Problem> {
        let none = || {
            Problem::new(
                Class::Provider,
                "acme.dns says of nobody who keeps the zone",
            )
        };
        let provider = self.zone.as_ref().ok_or_else(none)?;
        provider.as_deref().map_err(Clone::clone)
    }

    fn journalled(&self) -> Records {
        let read = store::load(self.store.as_ref(), &self.records);
        read.inspect_err(|fault| warn!("{fault}"))
            .ok()
            .flatten()
            .unwrap_or_default()
    }

    /// A record that cannot be journalled is not put up.
    fn note(&self, record: Record) -> Result<(), Problem> {
        let mut records = self.journalled();
        records.note(record);
        store::save(self.store.as_ref(), &self.records, &records)
            .map_err(|fault| Problem::new(Class::Local, fault.to_string()))
    }

    fn forget(&self, record: &Record) {
        let mut records = self.journalled();
        records.forget(record);
        let (store, entry) = (self.store.as_ref(), &self.records);
        let forgotten = match records.iter().next() {
            Some(_) => store::save(store, entry, &records),
            None => store.remove(entry),
        };
        if let Err(fault) = forgotten {
            warn!("{fault}");
        }
    }
}

impl Proof {
    /// Who came to look at it.
    pub(super) fn hits(&self) -> Vec<Hit> {
        match self {
            Self::Http(presented) | Self::TlsAlpn(presented) => presented.hits(),
            Self::Dns(_) => Vec::new(),
        }
    }
}
