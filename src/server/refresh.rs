//! Refresh: checks certificates, password files, CAs and revocation lists twice a second.

use std::{sync::Arc, time::Duration};

use sd_notify::NotifyState;
use tokio::time::{Interval, MissedTickBehavior, interval, sleep};
use tracing::{error, info};

use super::Server;

/// Interval of the checks.
const INTERVAL: Duration = Duration::from_millis(500);

/// Interval of the warnings and sums that depend on time alone.
const MINUTE: Duration = Duration::from_secs(60);

/// Time in which another program finishes writing a changed file.
const SETTLING: Duration = Duration::from_millis(150);

/// Connections that are re-evaluated before other tasks may run.
const BATCH: usize = 32;

impl Server {
    /// Refreshes the values of all files until the process ends.
    pub(super) async fn refresh(self: Arc<Self>) {
        tokio::spawn(self.clone().sweep_idle());
        let (mut ticks, mut minutes) = (Self::ticks(), interval(MINUTE));
        loop {
            tokio::select! {
                _ = ticks.tick() => {
                    // A half-written file must not end connections: it is read again first.
                    if self.poll_files().await {
                        sleep(SETTLING).await;
                        self.poll_files().await;
                    }
                    self.end_unadmitted().await;
                    self.observe_hubs();
                }
                _ = minutes.tick() => {
                    self.log_warnings();
                    self.observe_minute();
                    self.proxy.events.counters.limits.sum_up();
                    self.proxy.budget.evictions.sum_up();
                    self.acceptor.sum_up();
                }
            }
        }
    }

    /// Closes idle connections to upstreams and notifies the service manager's watchdog.
    async fn sweep_idle(self: Arc<Self>) {
        let mut ticks = Self::ticks();
        loop {
            ticks.tick().await;
            self.proxy.connector.sweep();
            if sd_notify::watchdog_enabled().is_some() {
                self.manager.notify(&[NotifyState::Watchdog]);
            }
        }
    }

    fn ticks() -> Interval {
        let mut ticks = interval(INTERVAL);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        ticks
    }

    /// Reads the changed files; returns true if a value changed.
    pub(super) async fn poll_files(&self) -> bool {
        let mut watches = self.proxy.sites().watches();
        watches.push(self.device_files.clone());
        let refreshed = self.sweeps.run(watches).await;
        self.files.report();
        for fault in &refreshed.faults {
            error!("{fault:#}; what was read before stays in use");
        }
        for change in &refreshed.changes {
            info!("{change} was read again");
        }
        if refreshed.has_changed {
            self.proxy.begin_edition();
            self.observe_devices();
            self.log_warnings();
        }
        refreshed.has_changed
    }

    /// Closes the connections of revoked devices and ends the requests that are no longer admitted
    /// because their password, session, network or path rule has changed.
    pub(super) async fn end_unadmitted(&self) {
        let (sites, registry) = (self.proxy.current_sites(), self.registry.all());
        for link in &registry {
            sites.prepare(link).await;
        }
        self.close_revoked();
        let mut ended = 0;
        for (number, link) in registry.iter().enumerate() {
            ended += self.proxy.end_unadmitted(link);
            if number % BATCH == BATCH - 1 {
                tokio::task::yield_now().await;
            }
        }
        if ended > 0 {
            info!("ended {ended} requests that are no longer admitted");
        }
    }

    /// Closes the connections with a client certificate that is no longer accepted.
    fn close_revoked(&self) {
        let sites = self.proxy.sites();
        let closed = self.registry.cut_unless(|link| sites.still_trusts(link));
        if closed > 0 {
            info!(
                "closed {closed} connections with client certificates that are no longer accepted"
            );
        }
    }
}
