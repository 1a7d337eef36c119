//! One order, from the intent to a certificate that can be served (RFC 8555, section 7.4).
//!
//! What a restart interrupted is taken up where the journal says (`resume`). When to order, and
//! what becomes of the certificate, is `keeper`'s concern.

mod resume;

use std::sync::{Arc, Mutex};

use time::OffsetDateTime;

pub(super) use self::resume::Progress;
use super::{
    authority::{
        Authorization, AuthorizationStatus, CertificateAuthority, Challenge, ChallengeStatus,
        OrderStatus, PlacedOrder,
    },
    diagnosis,
    journal::Step,
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
    /// An order that the CA does not finish gives way to a new one at once: at a person's request, or
    /// past the hard line.
    pub(super) is_hurried: bool,
    /// The journal's fields beside the step.
    pub(super) progress: Mutex<Progress>,
    pub(super) teller: &'a Teller,
}

/// An order under way with the key to certify, or the chain of one that is done.
enum Begun {
    Placed(Box<PlacedOrder>, PrivateKey),
    Issued(Issued),
}

/// A chain that came, as PEM, and the key it is for.
type Issued = (String, PrivateKey);

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

impl Failed {
    /// A problem with the sentence it is reported by.
    pub(super) fn told(problem: Problem, sentence: String) -> Self {
        Self {
            problem,
            challenge: None,
            sentence,
        }
    }
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
        let obtained = self.go().await.map_err(|failed| self.as_of_resumed(failed));
        if let Err(failed) = &obtained {
            self.leave(failed.problem.class);
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
        let mut challenge = None;
        let (chain_pem, key) = match self.begin().await? {
            Begun::Issued(issued) => issued,
            Begun::Placed(mut order, key) => {
                challenge = self.prove(&mut order).await?;
                self.finish(&mut order, key).await?
            }
        };
        let now = OffsetDateTime::now_utc();
        let mut set = CertificateSet {
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
        self.trim(&mut set)?;
        Ok(Obtained { set, challenge })
    }

    /// Serves the line from the certificate to its last issuer, and reports what the CA sent beside.
    fn trim(&self, set: &mut CertificateSet) -> Result<(), Problem> {
        let left_out = set.trim().map_err(|fault| local(&fault))?;
        if !left_out.is_empty() {
            self.tell(&format!(
                "the CA's chain has what does not belong to it, and is served without: {}",
                left_out.join(", ")
            ));
        }
        Ok(())
    }

    /// The order of the journal if it can be taken up, or a new one.
    async fn begin(&self) -> Result<Begun, Problem> {
        if let Some(begun) = self.resume().await? {
            return Ok(begun);
        }
        // Those of an order that does not go on.
        self.prover.withdraw().await;
        self.note(Step::Intent)?;
        let order = self.place().await?;
        let url = order.url().to_owned();
        self.note(Step::Placed { url })?;
        Ok(Begun::Placed(Box::new(order), key()?))
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
        let hits: Vec<_> = proofs.iter().flat_map(|proof| proof.hits()).collect();
        match &proved {
            Err(problem) if self.goes_on_after(problem.class) => self.prover.leave_up().await,
            _ => self.prover.withdraw().await,
        }
        proved.map(|()| challenge).map_err(|problem| Failed {
            sentence: diagnosis::diagnose(&problem, challenge, &hits),
            challenge,
            problem,
        })
    }

    async fn prove_pending(
        &self,
        order: &mut PlacedOrder,
        proofs: &mut Vec<Arc<Proof>>,
        tried: &mut Option<ChallengeKind>,
    ) -> Result<(), Problem> {
        if order.status() != OrderStatus::Pending {
            return order.wait_ready().await;
        }
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

    async fn finish(&self, order: &mut PlacedOrder, key: PrivateKey) -> Result<Issued, Problem> {
        if !is_finalized(order) {
            if let Some(issued) = self.late_success().await {
                return Ok(issued);
            }
            let request = signing_request(self.hosts, key.pem()).map_err(|fault| local(&fault))?;
            let (url, key) = (order.url().to_owned(), key.clone());
            self.note(Step::Finalizing { url, key })?;
            self.tell("the certificate is asked for");
            order.finalize(&request).await?;
        }
        Ok((order.wait_certificate().await?, key))
    }

    /// Returns true if the order is resumed after a problem.
    fn goes_on_after(&self, class: Class) -> bool {
        self.journal.is_some() && matches!(class, Class::Network | Class::RateLimited)
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
