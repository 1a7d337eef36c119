//! All certificates that are got from CAs: a keeper for each, as the configuration wants.

use std::{
    collections::HashMap,
    path::Path,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use anyhow::bail;
use time::OffsetDateTime;
use tokio::runtime::Handle;
use tokio_util::sync::CancellationToken;

use super::{
    challenge::Challenges,
    keeper::Keeper,
    shared::Shared,
    state::State,
    store::{Files, Timed},
};
use crate::{
    config::model::{Certificate, Config, Host},
    file_access::FileAccess,
    telemetry::progress::{self, Steps},
    tls::Issued,
};

/// All certificates that are got from CAs.
pub struct Certificates {
    shared: Arc<Shared>,
    issued: Arc<Issued>,
    running: Mutex<HashMap<String, Running>>,
    /// Ends all keepers.
    over: CancellationToken,
    /// Runs the keepers: they wait for disks.
    runtime: Option<Handle>,
}

struct Running {
    keeper: Arc<Keeper>,
    stop: CancellationToken,
}

/// The keepers that a configuration wants; what is kept on disk is served already.
pub struct Prepared(Vec<Arc<Keeper>>);

impl Certificates {
    /// Nothing is kept yet. What is got is kept below `state`, and served in the slots of `issued`;
    /// `over` ends it all.
    #[must_use]
    pub fn new(
        state: &Path,
        issued: Arc<Issued>,
        over: CancellationToken,
        files: FileAccess,
    ) -> Self {
        let store = Timed::new(Files::open(state), files.clone());
        Self {
            shared: Arc::new(Shared::new(Arc::new(store), files)),
            issued,
            running: Mutex::default(),
            over,
            runtime: None,
        }
    }

    /// Runs the keepers on another runtime, none of whose threads serves: they wait for disks.
    #[must_use]
    pub fn on(mut self, runtime: Handle) -> Self {
        self.runtime = Some(runtime);
        self
    }

    /// The proofs that are up, for those who answer the CA.
    #[must_use]
    pub fn challenges(&self) -> &Challenges {
        &self.shared.challenges
    }

    /// Serves what is on disk for the sites of a configuration, before they are built.
    ///
    /// # Errors
    /// When the system gives no random numbers.
    pub fn prepare(&self, config: &Config) -> anyhow::Result<Prepared> {
        let by_acme = config
            .sites
            .iter()
            .filter(|site| site.certificate == Certificate::Acme);
        let keepers = by_acme.map(|site| self.keeper(&site.hosts, config));
        keepers.collect::<anyhow::Result<_>>().map(Prepared)
    }

    /// Keeps the certificates that were prepared, and no others.
    pub fn keep(&self, prepared: Prepared) {
        let mut running = self.running();
        let mut before = std::mem::take(&mut *running);
        for keeper in prepared.0 {
            let name = keeper.name().to_owned();
            let same = before
                .get(&name)
                .is_some_and(|it| Arc::ptr_eq(&it.keeper, &keeper));
            let run = match before.remove(&name).filter(|_| same) {
                Some(run) => run,
                None => self.run(keeper),
            };
            running.insert(name, run);
        }
        drop(running);
    }

    /// How all certificates stand, by name.
    #[must_use]
    pub fn states(&self) -> Vec<State> {
        let running = self.running();
        states(running.values().map(|run| &run.keeper))
    }

    /// Renews the certificate of a host's site now, and revokes the old one if that is wanted.
    ///
    /// # Errors
    /// No site with this host gets its certificate from a CA.
    pub fn renew(&self, host: &str, revoke: bool) -> anyhow::Result<Steps> {
        let (teller, steps) = progress::channel();
        self.named(host)?.ask(teller, revoke);
        Ok(steps)
    }

    /// Tries whether the CA would certify a host's site, or each; nothing changes.
    ///
    /// # Errors
    /// No site with this host gets its certificate from a CA.
    pub fn try_out(&self, host: Option<&str>) -> anyhow::Result<Steps> {
        let keepers = match host {
            Some(host) => vec![self.named(host)?],
            None => self.keepers(),
        };
        let (teller, steps) = progress::channel();
        self.spawn(async move {
            let mut failed = Vec::new();
            for keeper in keepers {
                failed.extend(keeper.try_out(&teller).await.err());
            }
            match failed.is_empty() {
                true => teller.done(),
                false => teller.failed(failed.join("\n")),
            }
        });
        Ok(steps)
    }

    /// Waits until no order is under way, and lets none begin while the value lives.
    pub async fn at_rest(&self) -> impl Sized + use<> {
        self.shared.rest().await
    }

    /// The keeper that runs already, if nothing of it changed.
    fn keeper(&self, hosts: &[Host], config: &Config) -> anyhow::Result<Arc<Keeper>> {
        let running = self.running();
        let same = running
            .values()
            .find(|run| run.keeper.is_as(hosts, &config.acme));
        if let Some(run) = same {
            return Ok(run.keeper.clone());
        }
        drop(running);
        let slot = self.issued.slot(hosts, &self.shared.roots)?;
        let (acme, shared) = (config.acme.clone(), self.shared.clone());
        Ok(Arc::new(Keeper::load(hosts, acme, slot, shared)))
    }

    fn run(&self, keeper: Arc<Keeper>) -> Running {
        let stop = self.over.child_token();
        self.spawn(keeper.clone().run(stop.clone()));
        Running { keeper, stop }
    }

    fn spawn(&self, task: impl Future<Output = ()> + Send + 'static) {
        match &self.runtime {
            Some(runtime) => drop(runtime.spawn(task)),
            None => drop(tokio::spawn(task)),
        }
    }

    fn named(&self, host: &str) -> anyhow::Result<Arc<Keeper>> {
        let keepers = self.keepers();
        let Some(keeper) = keepers.iter().find(|keeper| keeper.has(host)) else {
            let names: Vec<_> = keepers.iter().map(|keeper| keeper.name()).collect();
            match names.is_empty() {
                true => bail!("no site has `certificate: acme`"),
                false => bail!(
                    "no site with the host {host} has `certificate: acme`; there are: {}",
                    names.join(", ")
                ),
            }
        };
        Ok(keeper.clone())
    }

    fn keepers(&self) -> Vec<Arc<Keeper>> {
        let mut keepers: Vec<_> = self
            .running()
            .values()
            .map(|it| it.keeper.clone())
            .collect();
        keepers.sort_by(|one, other| one.name().cmp(other.name()));
        keepers
    }

    fn running(&self) -> MutexGuard<'_, HashMap<String, Running>> {
        self.running.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.stop.cancel();
    }
}

/// How the certificates of a configuration stand by what is on disk, when no process runs.
///
/// # Errors
/// As [`Certificates::prepare`].
pub fn states_on_disk(config: &Config) -> anyhow::Result<Vec<State>> {
    let over = CancellationToken::new();
    let certificates =
        Certificates::new(&config.state, Arc::default(), over, FileAccess::default());
    let prepared = certificates.prepare(config)?;
    Ok(states(prepared.0.iter()))
}

fn states<'a>(keepers: impl Iterator<Item = &'a Arc<Keeper>>) -> Vec<State> {
    let now = OffsetDateTime::now_utc();
    let mut states: Vec<_> = keepers.map(|keeper| keeper.state(now)).collect();
    states.sort_by(|one, other| one.name.cmp(&other.name));
    states
}
