//! The requests of an order (RFC 8555, 7.4), without retries.

use std::time::Instant;

use instant_acme::{Error, Order, OrderState, OrderStatus};

use super::polls::Polls;
use crate::acme::{
    ca::{
        authorization::{Authorization, Challenge},
        document::Document,
        failure::Failure,
        transport::Transport,
    },
    problem::{Class, Problem},
};

/// An order object at the CA (RFC 8555, 7.1.3).
pub(super) struct OrderResource {
    order: Order,
    /// The thumbprint of the account's key.
    thumbprint: String,
    transport: Transport,
}

impl OrderResource {
    pub(super) fn new(order: Order, thumbprint: &str, transport: &Transport) -> Self {
        Self {
            order,
            thumbprint: thumbprint.to_owned(),
            transport: transport.clone(),
        }
    }

    pub(super) fn url(&self) -> &str {
        self.order.url()
    }

    /// Returns the order object of the CA's last response.
    pub(super) fn state(&mut self) -> &OrderState {
        self.order.state()
    }

    pub(super) async fn authorizations(&mut self) -> Result<Vec<Authorization>, Error> {
        let mut found = Vec::new();
        let mut authorizations = self.order.authorizations();
        while let Some(next) = authorizations.next().await {
            found.extend(Authorization::from_state(&*next?, &self.thumbprint));
        }
        Ok(found)
    }

    /// Responds to a challenge (RFC 8555, 7.5.1).
    pub(super) async fn respond(&mut self, challenge: &Challenge) -> Result<(), Error> {
        let mut authorizations = self.order.authorizations();
        while let Some(next) = authorizations.next().await {
            let mut authorization = next?;
            if !challenge.is_in(&authorization) {
                continue;
            }
            let known = Authorization::from_state(&authorization, &self.thumbprint);
            let Some(mut handle) = authorization.challenge(challenge.acme_type()) else {
                continue;
            };
            return match (handle.set_ready().await, known) {
                (Err(Error::Api(error)), Some(known)) if !Document::new(&error).is_bad_nonce() => {
                    let problem = Document::new(&error).validation_problem(&known.identifier);
                    Err(Failure::from(problem).into())
                }
                (result, _) => result,
            };
        }
        Err(Error::Str("the order has no such challenge"))
    }

    /// Fetches the current authorization of a challenge.
    pub(super) async fn authorization_of(
        &mut self,
        challenge: &Challenge,
    ) -> Result<Option<Authorization>, Error> {
        let mut authorizations = self.order.authorizations();
        while let Some(next) = authorizations.next().await {
            let mut authorization = next?;
            if challenge.is_in(&authorization) {
                let state = authorization.refresh().await?;
                return Ok(Authorization::from_state(state, &self.thumbprint));
            }
        }
        Ok(None)
    }

    pub(super) async fn refresh(&mut self) -> Result<(), Error> {
        self.order.refresh().await.map(|_| ())
    }

    pub(super) async fn finalize(&mut self, csr_der: &[u8]) -> Result<(), Error> {
        self.order.finalize_csr(csr_der).await
    }

    /// Polls until the CA has validated all challenges.
    pub(super) async fn poll_ready(&mut self, until: Instant) -> Result<OrderStatus, Error> {
        const OPEN: &[OrderStatus] = &[OrderStatus::Pending];
        match self.poll_while(OPEN, until).await {
            Err(Error::Api(error)) if !Document::new(&error).is_bad_nonce() => {
                Ok(OrderStatus::Invalid)
            }
            polled => polled,
        }
    }

    /// Polls until the certificate is issued, and downloads its chain as PEM.
    pub(super) async fn poll_certificate(&mut self, until: Instant) -> Result<String, Error> {
        const OPEN: &[OrderStatus] = &[
            OrderStatus::Pending,
            OrderStatus::Ready,
            OrderStatus::Processing,
        ];
        if self.poll_while(OPEN, until).await? == OrderStatus::Invalid {
            return Err(Failure::from(Self::invalid()).into());
        }
        let chain = self.order.certificate().await?;
        chain.ok_or(Error::Timeout(None))
    }

    async fn poll_while(
        &mut self,
        open: &[OrderStatus],
        until: Instant,
    ) -> Result<OrderStatus, Error> {
        let mut polls = Polls::until(until, &self.transport);
        while open.contains(&self.order.state().status) {
            polls.wait().await?;
            let state = self.order.refresh().await?;
            if let Some(error) = &state.error {
                return Err(Error::Api(error.clone()));
            }
        }
        Ok(self.order.state().status)
    }

    /// Returns the problem of an invalid order to which the CA adds no error.
    pub(super) fn invalid() -> Problem {
        Problem::new(
            Class::OrderGone,
            "the order is invalid, and the CA gives no reason",
        )
    }
}
