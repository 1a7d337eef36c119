//! Proofs that a name is ours: put up, whichever the kind, and taken away again.
//!
//! DNS records are journalled before they are put up, so that a crash leaves none behind. The CA
//! may still validate an order that is resumed later, so its proofs stay up until then.

mod standing;

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

use tracing::{info, warn};

pub(super) use self::standing::StandingProofs;
use super::{
    authority::{Authorization, Challenge},
    challenge::{Challenges, Hit, Presented},
    dns::{self, Outcome, Propagation, Provider, Record, Records},
    problem::{Class, Problem},
    shared::Shared,
    store::{self, Entry, Kind, Store},
    zone,
};
use crate::config::model::{ChallengeKind, Dns, Host};

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
    standing: Arc<StandingProofs>,
}

/// A proof that is up.
pub(super) struct Proof {
    /// The URL of its challenge.
    challenge: String,
    shown: Shown,
}

/// The form in which the CA sees a proof.
enum Shown {
    /// An answer on port 80.
    Http(Presented),
    /// A handshake on port 443.
    TlsAlpn(Presented),
    /// A TXT record.
    Dns(Record),
}

impl Prover {
    /// For one set; what `dns` names is read anew, since tokens and keys change.
    pub(super) fn new(
        shared: &Shared,
        dns: Option<&Dns>,
        set: &str,
        standing: Arc<StandingProofs>,
    ) -> Self {
        let provider = dns.map(|dns| shared.zones.provider(&dns.provider));
        let unusable = |fault| Problem::new(Class::Provider, format!("{fault:#}"));
        Self {
            challenges: shared.challenges.clone(),
            zone: provider.map(|it| it.map_err(unusable)),
            propagation: zone::propagation(dns.and_then(|dns| dns.resolver)),
            store: shared.store.clone(),
            records: Entry::new(Kind::Records, set),
            has_put_up: AtomicBool::new(false),
            standing,
        }
    }

    /// Puts up the proof that a challenge asks for, unless it is up.
    pub(super) async fn present(
        &self,
        authorization: &Authorization,
        challenge: &Challenge,
    ) -> Result<Arc<Proof>, Problem> {
        if let Some(proof) = self.standing.find(&challenge.url) {
            return Ok(proof);
        }
        Ok(self.standing.add(Proof {
            challenge: challenge.url.clone(),
            shown: self.show(&authorization.identifier, challenge).await?,
        }))
    }

    async fn show(&self, identifier: &Host, challenge: &Challenge) -> Result<Shown, Problem> {
        let challenges = &self.challenges;
        match challenge.kind {
            ChallengeKind::Http01 => {
                let (token, answer) = (&challenge.token, &challenge.key_authorization);
                Ok(Shown::Http(challenges.present_http(token, answer)))
            }
            ChallengeKind::TlsAlpn01 => challenges
                .present_tls_alpn(identifier, &challenge.digest())
                .map(Shown::TlsAlpn),
            ChallengeKind::Dns01 => {
                let name = dns::challenge_name(&identifier.to_string());
                let record = self.put_up(&name, &challenge.dns_value()).await;
                record.map(Shown::Dns)
            }
        }
    }

    /// Leaves the proofs up until the order goes on. Of a provider with one record at a time none
    /// is, since it keeps other names from being proved.
    pub(super) async fn leave_up(&self) {
        if self.provider().is_ok_and(Provider::is_one_at_a_time) {
            let records = self
                .standing
                .take(|proof| matches!(proof.shown, Shown::Dns(_)));
            self.take_down(records).await;
        }
    }

    /// Takes the proofs away; what cannot be, is tried again at the next order or start.
    pub(super) async fn withdraw(&self) {
        self.take_down(self.standing.take(|_| true)).await;
    }

    async fn take_down(&self, proofs: Vec<Arc<Proof>>) {
        for proof in proofs {
            if let Shown::Dns(record) = &proof.shown {
                self.take_away(record).await;
            }
        }
    }

    /// Waits until the CA can see a proof.
    pub(super) async fn settle(&self, proof: &Proof) -> Result<(), Problem> {
        let Shown::Dns(record) = &proof.shown else {
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

    /// Takes away what an end in the middle left behind, and not what was left up on purpose.
    pub(super) async fn sweep(&self) {
        let records = self.journalled();
        for record in records.iter().filter(|record| !self.standing.has(record)) {
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
        match &self.shown {
            Shown::Http(presented) | Shown::TlsAlpn(presented) => presented.hits(),
            Shown::Dns(_) => Vec::new(),
        }
    }
}
