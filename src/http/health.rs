//! Active health checks of hubs (`upstream.health`), over Pingora's registry of backends.
//!
//! Servers with the same time between checks form a group, which one task checks. A server keeps
//! its health over a reload while its configuration is the same, and its next check stays due at
//! the same time. Without the key there is no task.

mod check;

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use pingora_load_balancing::HealthRegistry;
use tokio::{sync::Notify, time::sleep_until};
use tokio_util::task::AbortOnDropHandle;

use self::check::ServerCheck;
use crate::{
    config::model,
    sites::Sites,
    upstream::{Connector, HealthTarget, ServerHealth, Upstream},
};

/// The health checks of all servers.
pub struct HealthChecks {
    connector: Arc<Connector>,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    groups: HashMap<Duration, Group>,
    /// By the part of the configuration that belongs to one server.
    healths: Healths,
    /// Set once the process drains.
    is_over: bool,
}

type Healths = HashMap<model::Upstream, Arc<ServerHealth>>;

/// The servers with the same time between checks.
struct Group {
    registry: Arc<HealthRegistry>,
    servers: Arc<Servers>,
    _task: AbortOnDropHandle<()>,
}

/// The servers that a task checks.
#[derive(Default)]
struct Servers {
    healths: Mutex<Vec<Arc<ServerHealth>>>,
    changed: Notify,
}

/// An upstream with the sites that it serves.
struct Served {
    upstream: Arc<Upstream>,
    sites: Vec<Arc<str>>,
    host: Option<Arc<str>>,
}

impl HealthChecks {
    pub(super) fn new(connector: Arc<Connector>) -> Self {
        Self {
            connector,
            state: Mutex::default(),
        }
    }

    /// Follows the servers of these sites, before the first request reaches them. Must be called on
    /// the runtime that makes the checks.
    pub fn follow(&self, sites: &Sites) {
        let served = Served::all(sites);
        let mut state = self.state();
        if state.is_over || (served.is_empty() && state.groups.is_empty()) {
            return;
        }
        let before = std::mem::take(&mut state.healths);
        for served in &served {
            self.follow_upstream(&mut state, &before, served);
        }
        let removed = before
            .iter()
            .filter(|(key, _)| !state.healths.contains_key(*key));
        removed.for_each(|(_, health)| health.set_target(None));
        state.regroup();
    }

    /// Ends all checks.
    pub fn stop(&self) {
        let mut state = self.state();
        state.is_over = true;
        state.groups.clear();
    }

    fn follow_upstream(&self, state: &mut State, before: &Healths, served: &Served) {
        let upstream = &served.upstream;
        let Some(settings) = upstream.health_check() else {
            return;
        };
        let group = state.groups.entry(settings.every);
        let group = group.or_insert_with(|| Group::start(self.connector.clone()));
        let registry = group.registry.clone();
        let mut healths = Vec::new();
        for (index, key) in upstream.health_keys().enumerate() {
            let known = state.healths.get(&key).or_else(|| before.get(&key));
            let health = known
                .cloned()
                .unwrap_or_else(|| ServerHealth::of_server(&key, settings));
            health.set_target(Some(served.target(index)));
            health.recheck_failed();
            state.healths.insert(key, health.clone());
            healths.push(health);
        }
        upstream.follow_health(&healths, registry);
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    /// Assigns the servers to their groups; ends those without a server.
    fn regroup(&mut self) {
        self.groups.retain(|every, group| {
            let of_group = |health: &&Arc<ServerHealth>| health.settings().every == *every;
            let healths = self.healths.values().filter(of_group).cloned();
            let healths: Vec<_> = healths.collect();
            let is_used = !healths.is_empty();
            group.servers.replace(healths);
            is_used
        });
    }
}

impl Group {
    fn start(connector: Arc<Connector>) -> Self {
        let registry = Arc::new(ServerHealth::registry());
        registry.set_health_check(Box::new(ServerCheck { connector }));
        let servers = Arc::<Servers>::default();
        let (checked, due) = (registry.clone(), servers.clone());
        let task = tokio::spawn(async move {
            loop {
                due.wait_until_due().await;
                checked.run_health_check(true).await;
            }
        });
        Self {
            registry,
            servers,
            _task: AbortOnDropHandle::new(task),
        }
    }
}

impl Servers {
    fn replace(&self, healths: Vec<Arc<ServerHealth>>) {
        *self.healths() = healths;
        self.changed.notify_one();
    }

    /// Waits until the check of a server is due.
    async fn wait_until_due(&self) {
        loop {
            let next = self.next_check();
            if next.is_some_and(|next| next <= Instant::now()) {
                return;
            }
            let far = Instant::now() + LONGEST;
            tokio::select! {
                () = sleep_until(next.unwrap_or(far).into()) => {}
                () = self.changed.notified() => {}
            }
        }
    }

    /// The time of the first check that is due; none without a server.
    fn next_check(&self) -> Option<Instant> {
        let now = Instant::now();
        let healths = self.healths();
        let next = healths
            .iter()
            .map(|health| health.next_check().unwrap_or(now));
        next.min()
    }

    fn healths(&self) -> MutexGuard<'_, Vec<Arc<ServerHealth>>> {
        self.healths.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Time between checks at most.
const LONGEST: Duration = Duration::from_secs(3600);

impl Served {
    /// Each upstream with health checks, once.
    fn all(sites: &Sites) -> Vec<Self> {
        let mut all: Vec<Self> = Vec::new();
        for (site, upstream) in sites.upstreams() {
            if upstream.health_check().is_none() {
                continue;
            }
            let known = all.iter_mut();
            let mut known = known.filter(|served| Arc::ptr_eq(&served.upstream, upstream));
            match known.next() {
                Some(served) if served.sites.contains(&site.name) => {}
                Some(served) => served.sites.push(site.name.clone()),
                None => all.push(Self {
                    upstream: upstream.clone(),
                    sites: vec![site.name.clone()],
                    host: site.config.first_name().map(Arc::from),
                }),
            }
        }
        all
    }

    fn target(&self, index: usize) -> HealthTarget {
        HealthTarget {
            upstream: Arc::downgrade(&self.upstream),
            index,
            sites: self.sites.join(", ").into(),
            host: self.host.clone(),
        }
    }
}
