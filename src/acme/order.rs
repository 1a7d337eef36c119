//! One order, from the journal to a certificate that can be served (RFC 8555, section 7.4).
//!
//! `resume` continues an order after an interruption. The schedule and the use of the certificate
//! belong to `manager`.

pub(super) mod diagnosis;
mod failed;
mod resume;
pub(super) mod signing_request;

use std::sync::{Arc, Mutex};

use time::OffsetDateTime;

use self::diagnosis::Diagnosis;
pub(super) use self::{failed::Failed, resume::Progress};
use super::{
    ca::{
        Authorization, AuthorizationStatus, CaClient, Challenge, ChallengeStatus, OrderStatus,
        PlacedOrder,
    },
    challenge::solver::{ChallengeResponse, Solver},
    problem::{Class, Problem},
    store::{
        Store,
        order_journal::Step,
        private_key::PrivateKey,
        stored_certificate::{Meta, StoredCertificate},
    },
};
use crate::{
    config::model::{ChallengeKind, Host},
    telemetry::progress::ProgressSender,
};

/// An attempt at one certificate.
pub(super) struct Attempt<'a> {
    /// The name of the certificate in the store and in commands.
    pub(super) name: &'a str,
    pub(super) hosts: &'a [Host],
    pub(super) ca: CaClient,
    /// The URL of the CA's directory.
    pub(super) directory: String,
    /// The certificate to name in `replaces`, in DER (RFC 9773, section 5).
    pub(super) replaces: Option<Vec<u8>>,
    pub(super) profile: Option<String>,
    /// The challenges in order of preference.
    pub(super) challenges: &'a [ChallengeKind],
    pub(super) solver: Solver,
    /// The store of the journal; none for a test.
    pub(super) journal: Option<&'a dyn Store>,
    /// The key of the served certificate; a journalled order with this key is complete.
    pub(super) served_key: Option<PrivateKey>,
    /// True if an order that cannot be journalled is not placed.
    pub(super) requires_journal: bool,
    /// True if an order that the CA does not finish is replaced at once: at the operator's request
    /// or past the hard line.
    pub(super) abandons_slow_order: bool,
    /// The journal's fields beside the step.
    pub(super) progress: Mutex<Progress>,
    pub(super) sender: &'a ProgressSender,
}

/// The order of an attempt, new or resumed.
enum CurrentOrder {
    /// A pending order with the key to certify.
    Pending(Box<PlacedOrder>, PrivateKey),
    /// An order with an issued certificate.
    Issued(IssuedChain),
}

/// The chain of an issued certificate with its key.
struct IssuedChain {
    chain_pem: String,
    key: PrivateKey,
}

/// A certificate that was obtained.
pub(super) struct Obtained {
    pub(super) certificate: StoredCertificate,
    /// The challenge that was validated; none if the CA reused an earlier authorization.
    pub(super) challenge: Option<ChallengeKind>,
}

/// The progress of the challenges of an order.
#[derive(Default)]
struct Challenged {
    responses: Vec<Arc<ChallengeResponse>>,
    /// The kind of the first challenge.
    kind: Option<ChallengeKind>,
}

impl Attempt<'_> {
    /// Obtains the certificate.
    ///
    /// # Errors
    /// The problem that ended the attempt. An order that can still succeed stays in the journal.
    pub(super) async fn obtain(&self) -> Result<Obtained, Failed> {
        let obtained = self.run().await.map_err(|failed| self.reclassify(failed));
        if let Err(failed) = &obtained {
            self.update_journal_after(failed.problem.class);
        }
        obtained
    }

    /// Places an order and completes its challenges, but requests no certificate.
    ///
    /// # Errors
    /// The problem that ended the attempt.
    pub(super) async fn authorize_only(&self) -> Result<Option<ChallengeKind>, Failed> {
        let mut order = self.place().await?;
        self.authorize(&mut order).await
    }

    async fn run(&self) -> Result<Obtained, Failed> {
        let mut challenge = None;
        let issued = match self.resume_or_place().await? {
            CurrentOrder::Issued(issued) => issued,
            CurrentOrder::Pending(mut order, key) => {
                challenge = self.authorize(&mut order).await?;
                self.finish(&mut order, key).await?
            }
        };
        let certificate = self.certificate(issued)?;
        Ok(Obtained {
            certificate,
            challenge,
        })
    }

    /// Checks the chain and adds the metadata.
    fn certificate(&self, issued: IssuedChain) -> Result<StoredCertificate, Problem> {
        let now = OffsetDateTime::now_utc();
        let mut certificate = StoredCertificate {
            meta: Meta {
                identifiers: self.hosts.to_vec(),
                directory: self.directory.clone(),
                account: Some(self.ca.account_url().to_owned()),
                issued_at: now,
                renewal_id: None,
            },
            key: issued.key,
            chain_pem: issued.chain_pem.trim().to_owned(),
        };
        certificate.check(self.hosts, now)?;
        self.trim(&mut certificate)?;
        Ok(certificate)
    }

    /// Removes and reports certificates that do not belong to the chain.
    fn trim(&self, certificate: &mut StoredCertificate) -> Result<(), Problem> {
        let left_out = certificate.trim().map_err(Problem::local)?;
        if !left_out.is_empty() {
            self.report(&format!(
                "the CA's chain contains certificates that do not belong to it, and is served \
                 without: {}",
                left_out.join(", ")
            ));
        }
        Ok(())
    }

    async fn resume_or_place(&self) -> Result<CurrentOrder, Problem> {
        if let Some(order) = self.resume().await? {
            return Ok(order);
        }
        // The responses of an order that is not resumed.
        self.solver.withdraw().await;
        self.note(Step::Intent)?;
        let order = self.place().await?;
        let url = order.url().to_owned();
        self.note(Step::Placed { url })?;
        let key = PrivateKey::generate().map_err(Problem::local)?;
        Ok(CurrentOrder::Pending(Box::new(order), key))
    }

    async fn place(&self) -> Result<PlacedOrder, Problem> {
        self.report("placing an order");
        let (replaces, profile) = (self.replaces.as_deref(), self.profile.as_deref());
        self.ca.place(self.hosts, replaces, profile).await
    }

    /// Completes the challenges of the authorizations that are not valid yet.
    async fn authorize(&self, order: &mut PlacedOrder) -> Result<Option<ChallengeKind>, Failed> {
        let mut challenged = Challenged::default();
        let authorized = self.solve_challenges(order, &mut challenged).await;
        let Challenged { responses, kind } = challenged;
        let requests: Vec<_> = responses
            .iter()
            .flat_map(|response| response.validation_requests())
            .collect();
        match &authorized {
            Err(problem) if self.is_resumed_after(problem.class) => self.solver.suspend().await,
            _ => self.solver.withdraw().await,
        }
        authorized.map(|()| kind).map_err(|problem| Failed {
            sentence: Diagnosis::new(&problem)
                .with_challenge(kind, &requests)
                .sentence(),
            challenge: kind,
            problem,
        })
    }

    async fn solve_challenges(
        &self,
        order: &mut PlacedOrder,
        challenged: &mut Challenged,
    ) -> Result<(), Problem> {
        if order.status() != OrderStatus::Pending {
            return order.wait_ready().await;
        }
        let authorizations = order.authorizations().await?;
        let is_pending =
            |authorization: &&Authorization| authorization.status == AuthorizationStatus::Pending;
        let mut ready = Vec::new();
        for authorization in authorizations.iter().filter(is_pending) {
            let challenge = self.choose_challenge(authorization)?;
            challenged.kind = challenged.kind.or(Some(challenge.kind));
            let host = &authorization.identifier;
            self.report(&format!("proving {host} by {}", challenge.kind));
            let response = self.solver.publish(authorization, challenge).await?;
            challenged.responses.push(response);
            // A challenge that the CA validates already is not announced again.
            ready.extend((challenge.status == ChallengeStatus::Pending).then_some(challenge));
        }
        for response in &challenged.responses {
            self.solver.wait_visible(response).await?;
        }
        for challenge in ready {
            order.ready(challenge).await?;
        }
        if !challenged.responses.is_empty() {
            self.report("waiting for the CA's validation");
        }
        order.wait_ready().await
    }

    fn choose_challenge<'c>(
        &self,
        authorization: &'c Authorization,
    ) -> Result<&'c Challenge, Problem> {
        let offers = &authorization.challenges;
        let offered = |kind: &ChallengeKind| offers.iter().find(|offer| offer.kind == *kind);
        self.challenges.iter().find_map(offered).ok_or_else(|| {
            let host = &authorization.identifier;
            let kinds: Vec<_> = self.challenges.iter().map(ToString::to_string).collect();
            let kinds = kinds.join(", ");
            Problem::new(
                Class::Refused,
                format!("the CA offers none of {kinds} for {host}"),
            )
        })
    }

    async fn finish(
        &self,
        order: &mut PlacedOrder,
        key: PrivateKey,
    ) -> Result<IssuedChain, Problem> {
        if !is_finalized(order) {
            if let Some(issued) = self.late_certificate().await {
                return Ok(issued);
            }
            let request = key.signing_request(self.hosts).map_err(Problem::local)?;
            let (url, key) = (order.url().to_owned(), key.clone());
            self.note(Step::Finalizing { url, key })?;
            self.report("requesting the certificate");
            order.finalize(&request).await?;
        }
        let chain_pem = order.wait_certificate().await?;
        Ok(IssuedChain { chain_pem, key })
    }

    /// Returns true if the next attempt resumes the order after a problem.
    fn is_resumed_after(&self, class: Class) -> bool {
        self.journal.is_some() && matches!(class, Class::Network | Class::RateLimited)
    }

    fn report(&self, step: &str) {
        self.sender.report(self.name, step);
    }
}

fn is_finalized(order: &mut PlacedOrder) -> bool {
    matches!(order.status(), OrderStatus::Processing | OrderStatus::Valid)
}
