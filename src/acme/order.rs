//! One order, from the intent to a certificate that can be served (RFC 8555, section 7.4).
//!
//! What a restart interrupted is taken up where the journal says. When to order, and what becomes
//! of the certificate, is `keeper`'s concern.

use std::sync::OnceLock;

use time::{Duration, OffsetDateTime};
use tracing::warn;

use super::{
    authority::{
        Authorization, AuthorizationStatus, CertificateAuthority, Challenge, ChallengeStatus,
        OrderStatus, PlacedOrder,
    },
    diagnosis,
    journal::{OrderEntry, Step},
    private_key::PrivateKey,
    problem::{Class, Problem},
    proof::{Proof, Prover},
    set::{CertificateSet, Meta},
    signing_request::{new_key, signing_request},
    store::Store,
};
use crate::{
    config::model::{ChallengeKind, Host},
    telemetry::progress::Teller,
};

/// How one order is made.
pub(super) struct Attempt<'a> {
    /// The set, as the store and the operator name it.
    pub(super) name: &'a str,
    pub(super) hosts: &'a [Host],
    pub(super) authority: CertificateAuthority,
    pub(super) directory: String,
    /// The certificate that is replaced, in DER (RFC 9773, section 5).
    pub(super) replaces: Option<Vec<u8>>,
    pub(super) profile: Option<String>,
    /// The proofs that may be given, the one to try first in front.
    pub(super) challenges: &'a [ChallengeKind],
    pub(super) prover: Prover,
    /// Where its steps are kept; nowhere for a trial.
    pub(super) journal: Option<&'a dyn Store>,
    /// The key of what is served; an order of it has come to its end.
    pub(super) held: Option<PrivateKey>,
    /// Whether nothing is begun that cannot be kept.
    pub(super) must_be_kept: bool,
    /// When it was begun, here or before an interruption.
    pub(super) began: OnceLock<OffsetDateTime>,
    pub(super) teller: &'a Teller,
}

/// What is not done by then is begun anew.
const OLDEST: Duration = Duration::DAY;

/// What came of it.
pub(super) struct Obtained {
    pub(super) set: CertificateSet,
    /// The proof that convinced the CA; none when it still believed an earlier one.
    pub(super) challenge: Option<ChallengeKind>,
}

/// Why nothing came of it.
#[derive(Debug)]
pub(super) struct Failed {
    pub(super) problem: Problem,
    pub(super) challenge: Option<ChallengeKind>,
    /// Cause and cure.
    pub(super) sentence: String,
}

impl From<Problem> for Failed {
    fn from(problem: Problem) -> Self {
        Self {
            sentence: diagnosis::diagnose(&problem, None, &[]),
            challenge: None,
            problem,
        }
    }
}

impl Attempt<'_> {
    /// Takes the order to its end.
    ///
    /// # Errors
    /// The problem that ended it; an order that may still come to a good end stays in the journal.
    pub(super) async fn obtain(&self) -> Result<Obtained, Failed> {
        let obtained = self.go().await;
        if let Err(failed) = &obtained {
            self.give_up_unless_waiting(failed.problem.class);
        }
        obtained
    }

    /// Only shows the CA that the names are ours; the order is left to lapse.
    ///
    /// # Errors
    /// The problem that ended it.
    pub(super) async fn prove_only(&self) -> Result<Option<ChallengeKind>, Failed> {
        let mut order = self.place().await?;
        self.prove(&mut order).await
    }

    async fn go(&self) -> Result<Obtained, Failed> {
        let (mut order, key) = self.begin().await?;
        let challenge = self.prove(&mut order).await?;
        let chain_pem = self.finish(&mut order, &key).await?;
        let now = OffsetDateTime::now_utc();
        let set = CertificateSet {
            meta: Meta {
                identifiers: self.hosts.to_vec(),
                directory: self.directory.clone(),
                account: Some(self.authority.account_url().to_owned()),
                issued_at: now,
                renewal_id: None,
            },
            key,
            chain_pem: chain_pem.trim().to_owned(),
        };
        set.check(self.hosts, now)?;
        Ok(Obtained { set, challenge })
    }

    /// The order of the journal if it can be taken up, or a new one; and the key to certify.
    async fn begin(&self) -> Result<(PlacedOrder, PrivateKey), Problem> {
        if let Some(begun) = self.resume().await? {
            return Ok(begun);
        }
        self.note(Step::Intent)?;
        let order = self.place().await?;
        let url = order.url().to_owned();
        self.note(Step::Placed { url })?;
        Ok((order, key()?))
    }

    async fn resume(&self) -> Result<Option<(PlacedOrder, PrivateKey)>, Problem> {
        let Some(entry) = self.journalled() else {
            return Ok(None);
        };
        let Some(url) = entry.url() else {
            return Ok(None);
        };
        let mut order = match self.authority.resume(url).await {
            Err(problem) if problem.class == Class::OrderGone => return Ok(None),
            resumed => resumed?,
        };
        self.began.set(entry.began).ok();
        self.tell("an order that was interrupted is taken up again");
        let key = match entry.step {
            Step::Finalizing { key, .. } => key,
            // The key of a certificate that is there already is lost with its request.
            _ if is_finalized(&mut order) => return Ok(None),
            _ => key()?,
        };
        Ok(Some((order, key)))
    }

    /// What the journal knows, if it is of the same names, CA and account.
    fn journalled(&self) -> Option<OrderEntry> {
        let store = self.journal?;
        let entry = OrderEntry::load(store, self.name)
            .inspect_err(|fault| warn!("{fault}"))
            .ok()??;
        let age = OffsetDateTime::now_utc() - entry.began;
        let is_over = age > OLDEST || self.held.as_ref().is_some_and(|key| entry.is_of(key));
        let same = entry.identifiers == self.hosts
            && entry.directory == self.directory
            && entry.account == self.authority.account_url();
        (same && !is_over).then_some(entry)
    }

    async fn place(&self) -> Result<PlacedOrder, Problem> {
        self.tell("an order is placed");
        let (replaces, profile) = (self.replaces.as_deref(), self.profile.as_deref());
        self.authority.place(self.hosts, replaces, profile).await
    }

    /// Shows the CA that the names are ours, as far as it does not believe it already.
    async fn prove(&self, order: &mut PlacedOrder) -> Result<Option<ChallengeKind>, Failed> {
        let mut proofs = Vec::new();
        let mut challenge = None;
        let proved = self.prove_pending(order, &mut proofs, &mut challenge).await;
        let hits: Vec<_> = proofs.iter().flat_map(Proof::hits).collect();
        self.prover.withdraw(proofs).await;
        proved.map(|()| challenge).map_err(|problem| Failed {
            sentence: diagnosis::diagnose(&problem, challenge, &hits),
            challenge,
            problem,
        })
    }

    async fn prove_pending(
        &self,
        order: &mut PlacedOrder,
        proofs: &mut Vec<Proof>,
        tried: &mut Option<ChallengeKind>,
    ) -> Result<(), Problem> {
        let authorizations = order.authorizations().await?;
        let is_pending = |it: &&Authorization| it.status == AuthorizationStatus::Pending;
        let mut ready = Vec::new();
        for authorization in authorizations.iter().filter(is_pending) {
            let challenge = self.choose(authorization)?;
            *tried = tried.or(Some(challenge.kind));
            let host = &authorization.identifier;
            self.tell(&format!("{host} is to be proved by {}", challenge.kind));
            proofs.push(self.prover.present(authorization, challenge).await?);
            // One that the CA looks at already is not announced twice.
            ready.extend((challenge.status == ChallengeStatus::Pending).then_some(challenge));
        }
        for proof in proofs.iter() {
            self.prover.settle(proof).await?;
        }
        for challenge in ready {
            order.ready(challenge).await?;
        }
        if !proofs.is_empty() {
            self.tell("the CA looks at the proofs");
        }
        order.wait_ready().await
    }

    fn choose<'c>(&self, authorization: &'c Authorization) -> Result<&'c Challenge, Problem> {
        let offers = &authorization.challenges;
        let offered = |kind: &ChallengeKind| offers.iter().find(|offer| offer.kind == *kind);
        self.challenges.iter().find_map(offered).ok_or_else(|| {
            let host = &authorization.identifier;
            let kinds: Vec<_> = self.challenges.iter().map(ToString::to_string).collect();
            Problem::new(
                Class::Refused,
                format!(
                    "the CA takes none of {} as a proof of {host}",
                    kinds.join(", ")
                ),
            )
        })
    }

    async fn finish(&self, order: &mut PlacedOrder, key: &PrivateKey) -> Result<String, Problem> {
        if !is_finalized(order) {
            let request = signing_request(self.hosts, key.pem()).map_err(|fault| local(&fault))?;
            let (url, key) = (order.url().to_owned(), key.clone());
            self.note(Step::Finalizing { url, key })?;
            self.tell("the certificate is asked for");
            order.finalize(&request).await?;
        }
        order.wait_certificate().await
    }

    /// Keeps a step. Without a journal a crash would cost an order, and a loop of them all that
    /// the CA gives in a week; so nothing is begun then, unless it is urgent.
    fn note(&self, step: Step) -> Result<(), Problem> {
        let Some(store) = self.journal else {
            return Ok(());
        };
        let entry = OrderEntry {
            identifiers: self.hosts.to_vec(),
            directory: self.directory.clone(),
            account: self.authority.account_url().to_owned(),
            replaces: None,
            step,
            began: *self.began.get_or_init(OffsetDateTime::now_utc),
        };
        match entry.save(store, self.name) {
            Err(fault) if self.must_be_kept => Err(Problem::new(Class::Local, fault.to_string())),
            Err(fault) => {
                warn!("{fault}; the order goes on without");
                Ok(())
            }
            Ok(()) => Ok(()),
        }
    }

    fn give_up_unless_waiting(&self, class: Class) {
        let Some(store) = self.journal else { return };
        if matches!(class, Class::Network | Class::RateLimited) {
            return;
        }
        if let Err(fault) = OrderEntry::remove(store, self.name) {
            warn!("{fault}");
        }
    }

    fn tell(&self, step: &str) {
        self.teller.tell(self.name, step);
    }
}

fn key() -> Result<PrivateKey, Problem> {
    new_key()
        .map(PrivateKey::new)
        .map_err(|fault| local(&fault))
}

fn local(fault: &anyhow::Error) -> Problem {
    Problem::new(Class::Local, format!("{fault:#}"))
}

fn is_finalized(order: &mut PlacedOrder) -> bool {
    matches!(order.status(), OrderStatus::Processing | OrderStatus::Valid)
}
