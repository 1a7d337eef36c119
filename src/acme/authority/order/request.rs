//! The single requests of an order, each of which may have to be made again.

use instant_acme::{AuthorizationState, Error, Order, OrderStatus};

use super::{
    super::{
        authorization::{Authorization, Challenge, acme_type, disbelief},
        failure::Failure,
    },
    polls::Polls,
};

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

/// Polls until the CA has judged all proofs.
pub(super) async fn poll_ready(order: &mut Order, polls: Polls) -> Result<OrderStatus, Error> {
    const OPEN: &[OrderStatus] = &[OrderStatus::Pending];
    match poll_while(order, OPEN, polls).await {
        Err(Error::Api(error)) if is_disbelief(&error) => Ok(OrderStatus::Invalid),
        polled => polled,
    }
}

/// Polls until the certificate is issued, and fetches its chain.
pub(super) async fn fetch(order: &mut Order, polls: Polls) -> Result<String, Error> {
    const OPEN: &[OrderStatus] = &[
        OrderStatus::Pending,
        OrderStatus::Ready,
        OrderStatus::Processing,
    ];
    if poll_while(order, OPEN, polls).await? == OrderStatus::Invalid {
        return Err(Failure::from(super::invalid()).into());
    }
    let chain = order.certificate().await?;
    chain.ok_or(Error::Timeout(None))
}

async fn poll_while(
    order: &mut Order,
    open: &[OrderStatus],
    mut polls: Polls,
) -> Result<OrderStatus, Error> {
    while open.contains(&order.state().status) {
        polls.wait().await?;
        let state = order.refresh().await?;
        if let Some(error) = &state.error {
            return Err(Error::Api(error.clone()));
        }
    }
    Ok(order.state().status)
}
