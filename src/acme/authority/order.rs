//! An order at the CA (RFC 8555, 7.4): from the proofs to the chain.
//!
//! Bounded in time; what the CA has not finished by then is taken up again by the order's URL.

mod polls;
mod request;

use std::time::{Duration, Instant};

use instant_acme::{Order, OrderStatus};

use self::polls::Polls;
use super::{
    authorization::{Authorization, AuthorizationStatus, Challenge, ChallengeStatus},
    failure::Failure,
    persist::{Outages, endure, persist},
    transport::Transport,
};
use crate::acme::problem::{Class, Problem};

/// How long an order may take from here on, however often it is waited for.
const IN_ALL: Duration = Duration::from_secs(300);
/// Longest wait at a time. A CA that is not done by then is reported, and the order taken up again.
const AT_A_TIME: Duration = Duration::from_secs(50);

/// An order at the CA.
pub struct PlacedOrder {
    order: Order,
    thumbprint: String,
    transport: Transport,
    begun: Instant,
    patience: Duration,
}

impl PlacedOrder {
    /// `thumbprint` is that of the account's key.
    pub(super) fn new(order: Order, thumbprint: &str, transport: &Transport) -> Self {
        Self {
            order,
            thumbprint: thumbprint.to_owned(),
            transport: transport.clone(),
            begun: Instant::now(),
            patience: AT_A_TIME,
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
        let until = self.deadline();
        endure!(until, request::collect(&mut self.order, &self.thumbprint)).map_err(of_order)
    }

    /// Tells the CA that the proof is up. Its answer may get lost, and a repetition be refused, so
    /// after a failure the authorization decides.
    ///
    /// # Errors
    /// `Class::Validation` if the CA looked and did not believe; whatever the CA or the way to it
    /// says while validation has not begun.
    pub async fn ready(&mut self, challenge: &Challenge) -> Result<(), Problem> {
        // What was put up before took its own time.
        self.begun = Instant::now();
        let mut outages = Outages::until(self.deadline());
        loop {
            let Err(failure) = persist!(request::accept(&mut self.order, challenge)) else {
                return Ok(());
            };
            if self.is_taken(challenge).await? {
                return Ok(());
            }
            if !outages.wait(&failure).await {
                return Err(of_order(failure));
            }
        }
    }

    /// Returns true once the CA validates the challenge, or has done so.
    async fn is_taken(&mut self, challenge: &Challenge) -> Result<bool, Problem> {
        let until = self.deadline();
        let found = endure!(until, request::look_up(&mut self.order, challenge));
        let Some(authorization) = found.map_err(of_order)? else {
            return Ok(false);
        };
        if let Some(problem) = authorization.failure() {
            return Err(problem);
        }
        let mut challenges = authorization.challenges.iter();
        let same = challenges.find(|other| other.url == challenge.url);
        let is_pending = same.is_some_and(|same| same.status == ChallengeStatus::Pending);
        Ok(authorization.status == AuthorizationStatus::Valid || !is_pending)
    }

    /// Waits until the CA has believed all proofs.
    ///
    /// # Errors
    /// `Class::Validation` with the identifier it did not believe, `Class::Network` if it is not
    /// done in time, and whatever else it says.
    pub async fn wait_ready(&mut self) -> Result<(), Problem> {
        let until = self.deadline();
        let polled = endure!(until, {
            let polls = Polls::until(until, &self.transport);
            request::poll_ready(&mut self.order, polls)
        });
        match polled.map_err(of_order)? {
            OrderStatus::Invalid => Err(self.why_invalid().await),
            _ => Ok(()),
        }
    }

    /// Sends the certificate signing request; one that the CA has is not sent again, although its
    /// answer got lost.
    ///
    /// # Errors
    /// `Class::OrderGone` if the CA does not take it of this order, and whatever else the CA or
    /// the way to it says.
    pub async fn finalize(&mut self, csr_der: &[u8]) -> Result<(), Problem> {
        let mut outages = Outages::until(self.deadline());
        while !self.is_finalized() {
            let Err(failure) = persist!(self.order.finalize_csr(csr_der)) else {
                return Ok(());
            };
            let until = self.deadline();
            let read = endure!(until, request::refresh(&mut self.order)).map_err(of_order);
            read?;
            if !self.is_finalized() && !outages.wait(&failure).await {
                return Err(of_order(failure));
            }
        }
        Ok(())
    }

    /// Waits for the certificate and fetches it with its chain, as PEM, unexamined.
    ///
    /// # Errors
    /// `Class::Network` if the CA is not done in time, `Class::OrderGone` if the order is
    /// invalid without a reason, and whatever else the CA or the way to it says.
    pub async fn wait_certificate(&mut self) -> Result<String, Problem> {
        let until = self.deadline();
        let fetched = endure!(until, {
            let polls = Polls::until(until, &self.transport);
            request::fetch(&mut self.order, polls)
        });
        let fetched = fetched.map_err(of_order);
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
