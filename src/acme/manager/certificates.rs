//! The certificates of all sites with `certificate: acme`: one task for each.

use std::{
    collections::HashMap,
    path::Path,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use anyhow::bail;
use time::OffsetDateTime;
use tokio::runtime::Handle;
use tokio_util::sync::CancellationToken;

use super::{certificate_task::CertificateTask, shared::Shared, status::CertificateReport};
use crate::{
    acme::{
        challenge::ActiveChallenges,
        store::{FileStore, TimedStore},
    },
    config::model::{Certificate, Config, Host},
    file_access::FileAccess,
    telemetry::progress::{self, ProgressReceiver},
    tls::AcmeCertificates,
};

/// The certificates of all sites with `certificate: acme`.
pub struct Certificates {
    shared: Arc<Shared>,
    acme_certificates: Arc<AcmeCertificates>,
    running: Mutex<HashMap<String, Running>>,
    /// Cancels all tasks.
    shutdown: CancellationToken,
    /// The runtime of the tasks, which block on disks; `None` for the current one.
    runtime: Option<Handle>,
}

/// A running task, cancelled when dropped.
struct Running {
    task: Arc<CertificateTask>,
    stop: CancellationToken,
}

/// The tasks of a configuration, which serve their stored certificates already.
pub struct Prepared(Vec<Arc<CertificateTask>>);

impl Certificates {
    /// Creates the manager without tasks. Certificates are stored below `state` and served in the
    /// slots of `acme_certificates`; `shutdown` cancels the tasks.
    #[must_use]
    pub fn new(
        state: &Path,
        acme_certificates: Arc<AcmeCertificates>,
        shutdown: CancellationToken,
        files: FileAccess,
    ) -> Self {
        let store = TimedStore::new(FileStore::open(state), files.clone());
        Self {
            shared: Arc::new(Shared::new(Arc::new(store), files)),
            acme_certificates,
            running: Mutex::default(),
            shutdown,
            runtime: None,
        }
    }

    /// Runs the tasks on another runtime, which serves no requests, because tasks block on disks.
    #[must_use]
    pub fn on_runtime(mut self, runtime: Handle) -> Self {
        self.runtime = Some(runtime);
        self
    }

    /// Returns the published challenge responses, for the listeners that answer the CA.
    #[must_use]
    pub fn challenges(&self) -> &ActiveChallenges {
        &self.shared.challenges
    }

    /// Serves the stored certificates of a configuration, before its sites are built.
    ///
    /// # Errors
    /// The system has no randomness.
    pub fn prepare(&self, config: &Config) -> anyhow::Result<Prepared> {
        let by_acme = config
            .sites
            .iter()
            .filter(|site| site.certificate == Certificate::Acme);
        let tasks = by_acme.map(|site| self.task(&site.hosts, config));
        tasks.collect::<anyhow::Result<_>>().map(Prepared)
    }

    /// Runs the prepared tasks, and ends all others.
    pub fn run_prepared(&self, prepared: Prepared) {
        let mut running = self.running();
        let mut old = std::mem::take(&mut *running);
        for task in prepared.0 {
            let name = task.name().to_owned();
            let same = old
                .remove(&name)
                .filter(|run| Arc::ptr_eq(&run.task, &task));
            let run = match same {
                Some(run) => run,
                None => self.run(task),
            };
            running.insert(name, run);
        }
        drop(running);
    }

    /// Reports all certificates in the order of their names.
    #[must_use]
    pub fn states(&self) -> Vec<CertificateReport> {
        let running = self.running();
        reports(running.values().map(|run| &run.task))
    }

    /// Requests a renewal of the certificate of a host's site now, and optionally the revocation of
    /// the old one; returns the progress.
    ///
    /// # Errors
    /// No site with this host has `certificate: acme`.
    pub fn renew(&self, host: &str, revoke: bool) -> anyhow::Result<ProgressReceiver> {
        let (progress, steps) = progress::channel();
        self.find(host)?.request(progress, revoke);
        Ok(steps)
    }

    /// Tests whether the CA would issue the certificate of a host's site, or those of all sites;
    /// returns the progress.
    ///
    /// # Errors
    /// No site with this host has `certificate: acme`.
    pub fn test(&self, host: Option<&str>) -> anyhow::Result<ProgressReceiver> {
        let tasks = match host {
            Some(host) => vec![self.find(host)?],
            None => self.tasks(),
        };
        let (progress, steps) = progress::channel();
        self.spawn(async move {
            let mut failed = Vec::new();
            for task in tasks {
                failed.extend(task.test(&progress).await.err());
            }
            match failed.is_empty() {
                true => progress.done(),
                false => progress.failed(failed.join("\n")),
            }
        });
        Ok(steps)
    }

    /// Waits until no order is running, and delays new ones until the returned value is dropped.
    pub async fn pause_orders(&self) -> impl Sized + use<> {
        self.shared.pause_orders().await
    }

    /// Returns the running task with these hosts and settings, or a new one.
    fn task(&self, hosts: &[Host], config: &Config) -> anyhow::Result<Arc<CertificateTask>> {
        let running = self.running();
        let same = running
            .values()
            .find(|run| run.task.matches(hosts, &config.acme));
        if let Some(run) = same {
            return Ok(run.task.clone());
        }
        drop(running);
        let slot = self.acme_certificates.slot(hosts, &self.shared.roots)?;
        let (acme, shared) = (config.acme.clone(), self.shared.clone());
        Ok(Arc::new(CertificateTask::load(hosts, acme, slot, shared)))
    }

    fn run(&self, task: Arc<CertificateTask>) -> Running {
        let stop = self.shutdown.child_token();
        self.spawn(task.clone().run(stop.clone()));
        Running { task, stop }
    }

    fn spawn(&self, task: impl Future<Output = ()> + Send + 'static) {
        match &self.runtime {
            Some(runtime) => drop(runtime.spawn(task)),
            None => drop(tokio::spawn(task)),
        }
    }

    fn find(&self, host: &str) -> anyhow::Result<Arc<CertificateTask>> {
        let tasks = self.tasks();
        let Some(task) = tasks.iter().find(|task| task.is_for(host)) else {
            let names: Vec<_> = tasks.iter().map(|task| task.name()).collect();
            match names.is_empty() {
                true => bail!("no site has `certificate: acme`"),
                false => bail!(
                    "no site with the host {host} has `certificate: acme`; there are: {}",
                    names.join(", ")
                ),
            }
        };
        Ok(task.clone())
    }

    fn tasks(&self) -> Vec<Arc<CertificateTask>> {
        let running = self.running();
        let mut tasks: Vec<_> = running.values().map(|run| run.task.clone()).collect();
        tasks.sort_by(|one, other| one.name().cmp(other.name()));
        tasks
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

/// Reports the certificates of a configuration from the state folder, when no process runs.
///
/// # Errors
/// As [`Certificates::prepare`].
pub fn states_on_disk(config: &Config) -> anyhow::Result<Vec<CertificateReport>> {
    let shutdown = CancellationToken::new();
    let certificates = Certificates::new(
        &config.state,
        Arc::default(),
        shutdown,
        FileAccess::default(),
    );
    let prepared = certificates.prepare(config)?;
    Ok(reports(prepared.0.iter()))
}

fn reports<'a>(tasks: impl Iterator<Item = &'a Arc<CertificateTask>>) -> Vec<CertificateReport> {
    let now = OffsetDateTime::now_utc();
    let mut reports: Vec<_> = tasks.map(|task| task.report(now)).collect();
    reports.sort_by(|one, other| one.name.cmp(&other.name));
    reports
}
