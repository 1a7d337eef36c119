//! An order at the CA (RFC 8555, 7.4): from the proofs to the chain.
//!
//! Bounded in time; what the CA has not finished by then is taken up again by the order's URL.

use std::time::{Duration, Instant};

use instant_acme::{AuthorizationState, Error, Order, OrderStatus, RetryPolicy};

use super::{
    authorization::{Authorization, Challenge, acme_type, disbelief},
    failure::Failure,
    persist::persist,
};
use crate::acme::problem::{Class, Problem};

/// How long an order may take from here on, however often it is waited for.
const IN_ALL: Duration = Duration::from_secs(300);
const FIRST_GAP: Duration = Duration::from_millis(100);
/// Gaps grow to a fifth of what was waited before, unless the CA says when to ask.
const GROWTH: f32 = 1.2;

/// An order at the CA.
pub struct PlacedOrder {
    order: Order,
    thumbprint: String,
    begun: Instant,
    patience: Duration,
}

impl PlacedOrder {
    /// `thumbprint` is that of the account's key.
    pub(super) fn new(order: Order, thumbprint: &str) -> Self {
        Self {
            order,
            thumbprint: thumbprint.to_owned(),
            begun: Instant::now(),
            patience: Duration::from_secs(90),
        }
    }

    /// The same order, waited for no longer than this at a time.
    #[must_use]
    pub fn with_patience(mut self, patience: Duration) -> Self {
        self.patience = patience;
        self
    }

    /// The URL by which it is taken up again.
    #[must_use]
    pub fn url(&self) -> &str {
        self.order.url()
    }

    /// How far it was when the CA was last asked.
    pub fn status(&mut self) -> OrderStatus {
        self.order.state().status
    }

    /// What the CA wants to see for each identifier.
    ///
    /// # Errors
    /// Whatever the CA or the way to it says.
    pub async fn authorizations(&mut self) -> Result<Vec<Authorization>, Problem> {
        persist!(collect(&mut self.order, &self.thumbprint)).map_err(of_order)
    }

    /// Tells the CA that the proof is up.
    ///
    /// # Errors
    /// Whatever the CA or the way to it says; `Class::Validation` if it looked at once.
    pub async fn ready(&mut self, challenge: &Challenge) -> Result<(), Problem> {
        persist!(accept(&mut self.order, challenge)).map_err(of_order)
    }

    /// Waits until the CA has believed all proofs.
    ///
    /// # Errors
    /// `Class::Validation` with the identifier it did not believe, `Class::Network` if it is not
    /// done in time, and whatever else it says.
    pub async fn wait_ready(&mut self) -> Result<(), Problem> {
        let until = self.deadline();
        match persist!(poll_ready(&mut self.order, until)).map_err(of_order)? {
            OrderStatus::Invalid => Err(self.why_invalid().await),
            _ => Ok(()),
        }
    }

    /// Sends the certificate signing request; one already sent is not sent again.
    ///
    /// # Errors
    /// `Class::OrderGone` if the CA does not take it of this order, and whatever else the CA or
    /// the way to it says.
    pub async fn finalize(&mut self, csr_der: &[u8]) -> Result<(), Problem> {
        if self.is_finalized() {
            return Ok(());
        }
        let Err(failure) = persist!(self.order.finalize_csr(csr_der)) else {
            return Ok(());
        };
        // It may have arrived before, and only the answer got lost.
        if failure.kind.as_deref() == Some("orderNotReady") {
            persist!(refresh(&mut self.order)).map_err(of_order)?;
        }
        match self.is_finalized() {
            true => Ok(()),
            false => Err(of_order(failure)),
        }
    }

    /// Waits for the certificate and fetches it with its chain, as PEM, unexamined.
    ///
    /// # Errors
    /// `Class::Network` if the CA is not done in time, `Class::OrderGone` if the order is
    /// invalid without a reason, and whatever else the CA or the way to it says.
    pub async fn wait_certificate(&mut self) -> Result<String, Problem> {
        let until = self.deadline();
        let fetched = persist!(fetch(&mut self.order, until)).map_err(of_order);
        fetched.map_err(|problem| self.explained(problem))
    }

    /// Why the CA refuses the order: the authorization that failed, or its own error.
    pub(super) async fn why_invalid(&mut self) -> Problem {
        let failed = self.authorizations().await;
        let failed = failed.map(|all| all.iter().find_map(Authorization::failure));
        match failed {
            Ok(Some(problem)) => problem,
            Ok(None) => self.own_error().unwrap_or_else(invalid),
            Err(problem) => self.own_error().unwrap_or(problem),
        }
    }

    fn is_finalized(&mut self) -> bool {
        matches!(self.status(), OrderStatus::Processing | OrderStatus::Valid)
    }

    fn own_error(&mut self) -> Option<Problem> {
        let error = self.order.state().error.as_ref()?;
        Some(Failure::of_document(error, None).problem)
    }

    fn explained(&mut self, problem: Problem) -> Problem {
        match self.status() {
            OrderStatus::Invalid => self.own_error().unwrap_or_else(invalid),
            _ => problem,
        }
    }

    fn deadline(&self) -> Instant {
        let left = IN_ALL.saturating_sub(self.begun.elapsed());
        Instant::now() + left.min(self.patience)
    }
}

async fn collect(order: &mut Order, thumbprint: &str) -> Result<Vec<Authorization>, Error> {
    let mut found = Vec::new();
    let mut authorizations = order.authorizations();
    while let Some(next) = authorizations.next().await {
        found.extend(Authorization::of(&*next?, thumbprint));
    }
    Ok(found)
}

async fn accept(order: &mut Order, challenge: &Challenge) -> Result<(), Error> {
    let mut authorizations = order.authorizations();
    while let Some(next) = authorizations.next().await {
        let mut authorization = next?;
        if !has(&authorization, challenge) {
            continue;
        }
        let known = Authorization::of(&authorization, "");
        let Some(mut handle) = authorization.challenge(acme_type(challenge.kind)) else {
            continue;
        };
        return match (handle.set_ready().await, known) {
            (Err(Error::Api(error)), Some(known)) if is_disbelief(&error) => {
                Err(Failure::from(disbelief(&error, &known.identifier)).into())
            }
            (done, _) => done,
        };
    }
    Err(Error::Str("the order has no such challenge"))
}

fn has(authorization: &AuthorizationState, challenge: &Challenge) -> bool {
    let mut challenges = authorization.challenges.iter();
    challenges.any(|other| other.url == challenge.url)
}

fn is_disbelief(error: &instant_acme::Problem) -> bool {
    !Failure::of_document(error, None).is_bad_nonce()
}

async fn refresh(order: &mut Order) -> Result<(), Error> {
    order.refresh().await.map(|_| ())
}

async fn poll_ready(order: &mut Order, until: Instant) -> Result<OrderStatus, Error> {
    let status = order.state().status;
    if status != OrderStatus::Pending {
        return Ok(status);
    }
    match order.poll_ready(&policy(until)).await {
        Err(Error::Api(error)) if is_disbelief(&error) => Ok(OrderStatus::Invalid),
        polled => polled,
    }
}

async fn fetch(order: &mut Order, until: Instant) -> Result<String, Error> {
    if order.state().status != OrderStatus::Valid {
        return order.poll_certificate(&policy(until)).await;
    }
    let chain = order.certificate().await?;
    chain.ok_or(Error::Timeout(None))
}

fn policy(until: Instant) -> RetryPolicy {
    RetryPolicy::new()
        .initial_delay(FIRST_GAP)
        .backoff(GROWTH)
        .timeout(until.saturating_duration_since(Instant::now()))
}

fn invalid() -> Problem {
    Problem::new(
        Class::OrderGone,
        "the CA calls the order invalid and does not say why",
    )
}

/// An order, or what belongs to it, that the CA does not know is one that is gone.
pub(super) fn of_order(failure: Failure) -> Problem {
    let class = match failure.problem.class {
        class if failure.is_gone() && class != Class::AccountGone => Class::OrderGone,
        class => class,
    };
    Problem {
        class,
        ..failure.problem
    }
}
