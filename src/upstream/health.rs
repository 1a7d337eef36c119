//! The health of a server as its last check found it, for `status` and the journal.
//!
//! It outlives reloads while the server's configuration stays the same. `http/health` makes the
//! checks; `balancer` passes over unhealthy servers.

use std::{
    sync::{
        Arc, Mutex, MutexGuard, PoisonError, Weak,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use pingora_load_balancing::{Backend, HealthRegistry};
use serde::{Deserialize, Serialize};
use time::{OffsetDateTime, serde::rfc3339};

use super::Upstream;
use crate::config::model;

/// The health of a server.
#[derive(Debug)]
pub struct ServerHealth {
    id: u64,
    server: String,
    settings: model::HealthCheck,
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    is_healthy: bool,
    /// The time of the first check with this result.
    since: Option<OffsetDateTime>,
    /// The time of the last check.
    checked: Option<Instant>,
    /// The time that the last response took.
    response_time: Option<Duration>,
    /// The cause of the failure.
    fault: Option<String>,
    /// The server in the configuration in use.
    target: Option<Target>,
}

/// A server in the configuration in use.
#[derive(Clone)]
pub struct Target {
    /// The upstream of the server.
    pub upstream: Weak<Upstream>,
    /// The index of the server.
    pub index: usize,
    /// The sites that the server serves.
    pub sites: Arc<str>,
    /// The host that clients request, if it is a name.
    pub host: Option<Arc<str>>,
}

/// The state of a server for `status`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct HubState {
    /// The URL of the server.
    pub server: String,
    /// True while it passes its checks, false while it fails them; absent before the first check.
    pub healthy: Option<bool>,
    /// The time of the first check with this result (RFC 3339).
    #[serde(with = "rfc3339::option")]
    pub since: Option<OffsetDateTime>,
    /// Milliseconds until the last response.
    pub response_ms: Option<u64>,
    /// The cause of the failure.
    pub fault: Option<String>,
}

impl std::fmt::Debug for Target {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "server {} of {}", self.index, self.sites)
    }
}

impl ServerHealth {
    /// The health of a server before its first check; it counts as healthy.
    pub(super) fn new(server: String, settings: &model::HealthCheck) -> Self {
        static NEXT: AtomicU64 = AtomicU64::new(0);
        Self {
            id: NEXT.fetch_add(1, Ordering::Relaxed),
            server,
            settings: settings.clone(),
            state: Mutex::new(State {
                is_healthy: true,
                since: None,
                checked: None,
                response_time: None,
                fault: None,
                target: None,
            }),
        }
    }

    /// The health of a server, by its own part of the configuration.
    #[must_use]
    pub fn of_server(key: &model::Upstream, settings: &model::HealthCheck) -> Arc<Self> {
        let server = key.servers.first();
        let server = server.map_or_else(String::new, ToString::to_string);
        Arc::new(Self::new(server, settings))
    }

    /// A registry in which servers with one health are checked once.
    #[must_use]
    pub fn registry() -> HealthRegistry {
        HealthRegistry::with_equivalence(|backend| {
            let health = Self::of(backend);
            health.map_or(u64::MAX, |health| health.id)
        })
    }

    /// The health of a server of Pingora's load balancer.
    #[must_use]
    pub fn of(backend: &Backend) -> Option<&Arc<Self>> {
        backend.ext.get()
    }

    /// The URL of the server.
    #[must_use]
    pub fn server(&self) -> &str {
        &self.server
    }

    /// The settings of its checks.
    #[must_use]
    pub fn settings(&self) -> &model::HealthCheck {
        &self.settings
    }

    /// The server in the configuration in use; none once it was removed.
    #[must_use]
    pub fn target(&self) -> Option<Target> {
        self.state().target.clone()
    }

    /// Sets the server in the configuration in use.
    pub fn set_target(&self, target: Option<Target>) {
        self.state().target = target;
    }

    /// The time of the next check; none if it is due now.
    #[must_use]
    pub fn next_check(&self) -> Option<Instant> {
        let checked = self.state().checked?;
        // A little less than the time: checks of several servers join.
        let next = checked + self.settings.every.mul_f32(0.95);
        (next > Instant::now()).then_some(next)
    }

    /// The failure that the last check found.
    ///
    /// # Errors
    /// Its cause.
    pub fn last_result(&self) -> Result<(), String> {
        let state = self.state();
        match state.is_healthy {
            true => Ok(()),
            false => Err(state.fault.clone().unwrap_or_default()),
        }
    }

    /// Records the result of a check, with the time until the response.
    pub fn record(&self, result: &Result<Duration, String>) {
        let mut state = self.state();
        let is_healthy = result.is_ok();
        if state.is_healthy != is_healthy || state.since.is_none() {
            state.since = Some(OffsetDateTime::now_utc());
        }
        state.is_healthy = is_healthy;
        state.checked = Some(Instant::now());
        state.response_time = result.as_ref().ok().copied().or(state.response_time);
        state.fault = result.as_ref().err().cloned();
    }

    /// Records that a check was not made: the next one follows at its usual time.
    pub fn skip(&self) {
        self.state().checked = Some(Instant::now());
    }

    /// Makes the next check of an unhealthy server due: a reload may have mended its cause.
    pub fn recheck_failed(&self) {
        let mut state = self.state();
        if !state.is_healthy {
            state.checked = None;
        }
    }

    /// The state for `status`.
    #[must_use]
    pub fn hub_state(&self) -> HubState {
        let state = self.state();
        let response = state.response_time.map(|time| time.as_millis());
        HubState {
            server: self.server.clone(),
            healthy: state.since.is_some().then_some(state.is_healthy),
            since: state.since,
            response_ms: response.and_then(|time| u64::try_from(time).ok()),
            fault: state.fault.clone(),
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_result_is_kept_until_the_next_check_is_due() {
        let server = model::Server::Unix("/run/hub.sock".into());
        let settings = model::HealthCheck {
            path: "/".to_owned(),
            every: Duration::from_secs(30),
        };
        let health = ServerHealth::new(server.to_string(), &settings);
        assert_eq!(
            (health.next_check(), health.hub_state().healthy),
            (None, None)
        );
        health.record(&Ok(Duration::from_millis(3)));
        assert!(health.next_check().is_some() && health.last_result().is_ok());
        let since = health.hub_state().since;
        health.record(&Ok(Duration::from_millis(4)));
        assert_eq!(health.hub_state().since, since);
        health.record(&Err("refused".to_owned()));
        let state = health.hub_state();
        assert_eq!((state.healthy, state.response_ms), (Some(false), Some(4)));
        assert_eq!(health.last_result(), Err("refused".to_owned()));
        assert!(health.next_check().is_some());
        health.recheck_failed();
        assert_eq!(health.next_check(), None);
    }
}
