//! An order at the CA (RFC 8555, 7.4), from its authorizations to the certificate.
//!
//! Each step has a time limit; an unfinished order is resumed later by its URL.

mod polls;
mod resource;

use std::time::{Duration, Instant};

use instant_acme::{Order, OrderStatus};

use self::resource::OrderResource;
use super::{
    authorization::{Authorization, AuthorizationStatus, Challenge, ChallengeStatus},
    failure::Failure,
    retry::{NetworkRetries, retry_bad_nonce, retry_read},
    transport::Transport,
};
use crate::acme::problem::Problem;

/// Time for all steps of an order, counted from the last response to a challenge.
const TOTAL_LIMIT: Duration = Duration::from_secs(300);
/// Time for one step. An order that is not done by then is reported, and resumed later.
const STEP_LIMIT: Duration = Duration::from_secs(50);

/// An order at the CA.
pub struct PlacedOrder {
    resource: OrderResource,
    began: Instant,
    step_limit: Duration,
}

impl PlacedOrder {
    /// Wraps an order; `thumbprint` is that of the account's key.
    pub(super) fn new(order: Order, thumbprint: &str, transport: &Transport) -> Self {
        Self {
            resource: OrderResource::new(order, thumbprint, transport),
            began: Instant::now(),
            step_limit: STEP_LIMIT,
        }
    }

    /// Sets the time limit of one step; 50 seconds without it.
    #[must_use]
    pub fn with_patience(mut self, patience: Duration) -> Self {
        self.step_limit = patience;
        self
    }

    /// Returns the URL by which the order is resumed.
    #[must_use]
    pub fn url(&self) -> &str {
        self.resource.url()
    }

    /// Returns the status in the CA's last response.
    pub fn status(&mut self) -> OrderStatus {
        self.resource.state().status
    }

    /// Fetches the authorization of each identifier.
    ///
    /// # Errors
    /// Every problem of the CA or the connection.
    pub async fn authorizations(&mut self) -> Result<Vec<Authorization>, Problem> {
        let until = self.deadline();
        retry_read!(until, self.resource.authorizations()).map_err(Failure::into_order_problem)
    }

    /// Responds to a challenge, so that the CA validates it.
    ///
    /// A CA refuses the repetition of a response that it has received already; so after a failure
    /// the authorization is fetched and its status decides.
    ///
    /// # Errors
    /// `Class::Validation` for a validation that failed; every problem of the CA or the
    /// connection while validation has not begun.
    pub async fn ready(&mut self, challenge: &Challenge) -> Result<(), Problem> {
        // The time until now went into setting up the challenge.
        self.began = Instant::now();
        let mut retries = NetworkRetries::until(self.deadline());
        loop {
            let Err(failure) = retry_bad_nonce!(self.resource.respond(challenge)) else {
                return Ok(());
            };
            if self.is_accepted(challenge).await? {
                return Ok(());
            }
            if !retries.wait(&failure).await {
                return Err(failure.into_order_problem());
            }
        }
    }

    /// Fetches the authorization, and returns true if validation of the challenge has begun.
    async fn is_accepted(&mut self, challenge: &Challenge) -> Result<bool, Problem> {
        let until = self.deadline();
        let found = retry_read!(until, self.resource.authorization_of(challenge));
        let Some(authorization) = found.map_err(Failure::into_order_problem)? else {
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

    /// Waits until the CA has validated all challenges.
    ///
    /// # Errors
    /// `Class::Validation` with the identifier that failed, `Class::Network` if the CA is not
    /// done in time, and every problem of the CA or the connection.
    pub async fn wait_ready(&mut self) -> Result<(), Problem> {
        let until = self.deadline();
        let polled = retry_read!(until, self.resource.poll_ready(until));
        match polled.map_err(Failure::into_order_problem)? {
            OrderStatus::Invalid => Err(self.invalid_reason().await),
            _ => Ok(()),
        }
    }

    /// Finalizes the order with a certificate signing request in DER.
    ///
    /// The request is not repeated if the CA has received it but its response was lost.
    ///
    /// # Errors
    /// `Class::OrderGone` if the order cannot be finalized, and every problem of the CA or the
    /// connection.
    pub async fn finalize(&mut self, csr_der: &[u8]) -> Result<(), Problem> {
        let mut retries = NetworkRetries::until(self.deadline());
        while !self.is_finalized() {
            let Err(failure) = retry_bad_nonce!(self.resource.finalize(csr_der)) else {
                return Ok(());
            };
            let until = self.deadline();
            let refreshed = retry_read!(until, self.resource.refresh());
            refreshed.map_err(Failure::into_order_problem)?;
            if !self.is_finalized() && !retries.wait(&failure).await {
                return Err(failure.into_order_problem());
            }
        }
        Ok(())
    }

    /// Waits for the certificate and downloads its chain as PEM, which is not checked here.
    ///
    /// # Errors
    /// `Class::Network` if the CA is not done in time, `Class::OrderGone` if the order is
    /// invalid without a reason, and every problem of the CA or the connection.
    pub async fn wait_certificate(&mut self) -> Result<String, Problem> {
        let until = self.deadline();
        let chain = retry_read!(until, self.resource.poll_certificate(until));
        chain.map_err(|failure| match self.status() {
            OrderStatus::Invalid => self.error().unwrap_or_else(OrderResource::invalid),
            _ => failure.into_order_problem(),
        })
    }

    /// Fetches the reason of an invalid order: the failed authorization, or the order's error.
    pub(super) async fn invalid_reason(&mut self) -> Problem {
        let authorizations = self.authorizations().await;
        let failed = authorizations.map(|all| all.iter().find_map(Authorization::failure));
        match failed {
            Ok(Some(problem)) => problem,
            Ok(None) => self.error().unwrap_or_else(OrderResource::invalid),
            Err(problem) => self.error().unwrap_or(problem),
        }
    }

    fn is_finalized(&mut self) -> bool {
        matches!(self.status(), OrderStatus::Processing | OrderStatus::Valid)
    }

    /// Returns the `error` of the order object.
    fn error(&mut self) -> Option<Problem> {
        let error = self.resource.state().error.as_ref()?;
        Some(Failure::from_document(error, None).problem)
    }

    fn deadline(&self) -> Instant {
        let left = TOTAL_LIMIT.saturating_sub(self.began.elapsed());
        Instant::now() + left.min(self.step_limit)
    }
}
