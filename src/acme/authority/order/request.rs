//! The single requests of an order, each of which may have to be made again.

use std::time::{Duration, Instant};

use instant_acme::{AuthorizationState, Error, Order, OrderStatus, RetryPolicy};

use super::super::{
    authorization::{Authorization, Challenge, acme_type, disbelief},
    failure::Failure,
};

const FIRST_GAP: Duration = Duration::from_millis(250);
/// Gaps grow to a fifth of what was waited before, unless the CA says when to ask.
const GROWTH: f32 = 1.2;

pub(super) async fn collect(
    order: &mut Order,
    thumbprint: &str,
) -> Result<Vec<Authorization>, Error> {
    let mut found = Vec::new();
    let mut authorizations = order.authorizations();
    while let Some(next) = authorizations.next().await {
        found.extend(Authorization::of(&*next?, thumbprint));
    }
    Ok(found)
}

pub(super) async fn accept(order: &mut Order, challenge: &Challenge) -> Result<(), Error> {
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

/// The authorization of a challenge as the CA has it now.
pub(super) async fn look_up(
    order: &mut Order,
    challenge: &Challenge,
) -> Result<Option<Authorization>, Error> {
    let mut authorizations = order.authorizations();
    while let Some(next) = authorizations.next().await {
        let mut authorization = next?;
        if has(&authorization, challenge) {
            return Ok(Authorization::of(authorization.refresh().await?, ""));
        }
    }
    Ok(None)
}

fn has(authorization: &AuthorizationState, challenge: &Challenge) -> bool {
    let mut challenges = authorization.challenges.iter();
    challenges.any(|other| other.url == challenge.url)
}

fn is_disbelief(error: &instant_acme::Problem) -> bool {
    !Failure::of_document(error, None).is_bad_nonce()
}

pub(super) async fn refresh(order: &mut Order) -> Result<(), Error> {
    order.refresh().await.map(|_| ())
}

pub(super) async fn poll_ready(order: &mut Order, until: Instant) -> Result<OrderStatus, Error> {
    let status = order.state().status;
    if status != OrderStatus::Pending {
        return Ok(status);
    }
    match order.poll_ready(&policy(until)).await {
        Err(Error::Api(error)) if is_disbelief(&error) => Ok(OrderStatus::Invalid),
        polled => polled,
    }
}

pub(super) async fn fetch(order: &mut Order, until: Instant) -> Result<String, Error> {
    if order.state().status == OrderStatus::Invalid {
        return Err(Failure::from(super::invalid()).into());
    }
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
