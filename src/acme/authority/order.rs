//! An order at the CA (RFC 8555, 7.4): from the proofs to the chain.
//!
//! Bounded in time; what the CA has not finished by then is taken up again by the order's URL.

mod request;

use std::time::{Duration, Instant};

use instant_acme::{Order, OrderStatus};

use super::{
    authorization::{Authorization, Challenge},
    failure::Failure,
    persist::persist,
};
use crate::acme::problem::{Class, Problem};

/// How long an order may take from here on, however often it is waited for.
const IN_ALL: Duration = Duration::from_secs(300);

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
        persist!(request::collect(&mut self.order, &self.thumbprint)).map_err(of_order)
    }

    /// Tells the CA that the proof is up.
    ///
    /// # Errors
    /// Whatever the CA or the way to it says; `Class::Validation` if it looked at once.
    pub async fn ready(&mut self, challenge: &Challenge) -> Result<(), Problem> {
        // What was put up before took its own time.
        self.begun = Instant::now();
        persist!(request::accept(&mut self.order, challenge)).map_err(of_order)
    }

    /// Waits until the CA has believed all proofs.
    ///
    /// # Errors
    /// `Class::Validation` with the identifier it did not believe, `Class::Network` if it is not
    /// done in time, and whatever else it says.
    pub async fn wait_ready(&mut self) -> Result<(), Problem> {
        let until = self.deadline();
        match persist!(request::poll_ready(&mut self.order, until)).map_err(of_order)? {
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
            persist!(request::refresh(&mut self.order)).map_err(of_order)?;
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
        let fetched = persist!(request::fetch(&mut self.order, until)).map_err(of_order);
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
