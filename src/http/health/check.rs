//! The check of one server, as Pingora's registry makes it.
//!
//! A response with a status below 500 passes: a redirect or a 401 comes from a hub that works.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use futures_util::future::BoxFuture;
use http::StatusCode;
use pingora_core::{Error, ErrorType, Result};
use pingora_load_balancing::{Backend, health_check::HealthCheck};
use tokio::time::timeout;
use tracing::{info, warn};

use crate::{
    http::forward::own_request::OwnRequest,
    upstream::{Connector, HealthTarget, ServerHealth},
};

/// Checks the servers of a group.
pub(super) struct ServerCheck {
    /// The connector of forwarded requests.
    pub(super) connector: Arc<Connector>,
}

/// Time from the connect to the response at most.
const DEADLINE: Duration = Duration::from_secs(5);

impl HealthCheck for ServerCheck {
    fn check<'s, 't, 'f>(&'s self, target: &'t Backend) -> BoxFuture<'f, Result<()>>
    where
        's: 'f,
        't: 'f,
        Self: 'f,
    {
        Box::pin(async move {
            let Some(health) = ServerHealth::of(target) else {
                return Ok(());
            };
            self.check_if_due(health).await;
            let fault = |fault| Error::explain(ErrorType::HTTPStatus(503), fault);
            health.last_result().map_err(fault)
        })
    }

    fn health_status_change<'s, 't, 'f>(
        &'s self,
        target: &'t Backend,
        healthy: bool,
    ) -> BoxFuture<'f, ()>
    where
        's: 'f,
        't: 'f,
        Self: 'f,
    {
        if let Some(health) = ServerHealth::of(target) {
            log(health, healthy);
        }
        Box::pin(std::future::ready(()))
    }

    /// One result is enough: a server that failed is tried again at its next check, and while all
    /// fail, requests go to all.
    fn health_threshold(&self, _success: bool) -> usize {
        1
    }
}

impl ServerCheck {
    /// Makes the check and records its result, unless the last one is still valid.
    async fn check_if_due(&self, health: &ServerHealth) {
        let Some(target) = health.target().filter(|_| health.next_check().is_none()) else {
            return;
        };
        let deadline = DEADLINE.min(health.settings().every);
        let began = Instant::now();
        let checked = timeout(deadline, self.send(health, &target)).await;
        let late = || Err(format!("no answer within {} s", deadline.as_secs()));
        let result = match checked.unwrap_or_else(|_| late()) {
            Ok(None) => return health.skip(),
            Ok(Some(status)) if status.is_server_error() => {
                Err(format!("it answers {}", status.as_u16()))
            }
            Ok(Some(_)) => Ok(began.elapsed()),
            Err(fault) => Err(fault),
        };
        health.record(&result);
        if let (Ok(_), Some(upstream)) = (result, target.upstream.upgrade()) {
            upstream.end_rest(target.index);
        }
    }

    /// Requests the path of the check; returns the status, if there was a connection for it.
    async fn send(
        &self,
        health: &ServerHealth,
        target: &HealthTarget,
    ) -> std::result::Result<Option<StatusCode>, String> {
        let Some(upstream) = target.upstream.upgrade() else {
            return Ok(None);
        };
        let request = OwnRequest {
            target: &health.settings().path,
            host: target.host.as_deref().unwrap_or("localhost"),
        };
        let mut route = upstream.check_route(target.index);
        request.send(&self.connector, &mut route).await
    }
}

/// Logs that a server has become healthy or unhealthy.
fn log(health: &ServerHealth, healthy: bool) {
    let Some(target) = health.target() else {
        return;
    };
    let (sites, server) = (&target.sites, health.server());
    let path = health.settings().shown_path();
    match health.last_result() {
        Err(fault) if !healthy => {
            let others = effect(&target);
            warn!("site {sites}: the hub {server} is unhealthy: {path}: {fault}; {others}");
        }
        _ => info!("site {sites}: the hub {server} is healthy again"),
    }
}

/// The effect of an unhealthy server on requests.
fn effect(target: &HealthTarget) -> &'static str {
    match target.upstream.upgrade() {
        Some(upstream) if upstream.server_count() == 1 => "requests still go to it, the only one",
        Some(upstream) if upstream.has_healthy_server() => "requests go to the others",
        _ => "no hub of the site is healthy, and requests go to all",
    }
}
