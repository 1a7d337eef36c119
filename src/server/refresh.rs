//! Looks at certificates, passwords and revocation lists twice a second.

use std::{sync::Arc, time::Duration};

use sd_notify::NotifyState;
use tokio::time::{MissedTickBehavior, interval, sleep};
use tracing::{error, info};

use super::Server;

/// Between two looks at the files.
const LOOK: Duration = Duration::from_millis(500);

/// Between two looks at what time alone changes.
const MINUTE: Duration = Duration::from_secs(60);

/// Time in which a file that changed is written whole.
const SETTLED: Duration = Duration::from_millis(150);

/// Connections judged again before others may run.
const AT_ONCE: usize = 32;

/// Keeps what is read from files current, until the process ends.
pub(super) async fn keep_current(server: Arc<Server>) {
    tokio::spawn(keep_house(server.clone()));
    let mut ticks = interval(LOOK);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut minutes = interval(MINUTE);
    loop {
        tokio::select! {
            _ = ticks.tick() => {
                // Other programs write in place: what a half-written file refuses is not ended.
                if server.look().await {
                    sleep(SETTLED).await;
                    server.look().await;
                }
                server.end_unadmitted().await;
            }
            // Some things become wrong by nothing but time.
            _ = minutes.tick() => {
                server.tell_warnings();
                server.proxy.counters.limits.sum_up();
                server.proxy.budget.evictions.sum_up();
                server.acceptor.sum_up();
            }
        }
    }
}

/// Closes idle connections to hubs, and tells the service manager that the process lives.
async fn keep_house(server: Arc<Server>) {
    let mut ticks = interval(LOOK);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        server.proxy.connector.sweep();
        if sd_notify::watchdog_enabled().is_some() {
            server.manager.notify(&[NotifyState::Watchdog]);
        }
    }
}

impl Server {
    /// Takes up the files that changed; says whether any did.
    pub(super) async fn look(&self) -> bool {
        let mut watches = self.proxy.sites().watches();
        watches.push(self.devices.clone());
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
            self.tell_warnings();
        }
        refreshed.has_changed
    }

    /// Ends what is open and would not be admitted now: connections of revoked devices, and
    /// exchanges whose password, session, network or path rule is no more.
    pub(super) async fn end_unadmitted(&self) {
        let (sites, registry) = (self.proxy.sites_now(), self.registry.all());
        for link in &registry {
            sites.prepare(link).await;
        }
        self.cut_revoked();
        let mut ended = 0;
        for (number, link) in registry.iter().enumerate() {
            ended += self.proxy.end_unadmitted(link);
            if number % AT_ONCE == AT_ONCE - 1 {
                tokio::task::yield_now().await;
            }
        }
        if ended > 0 {
            info!("ended {ended} requests that are no longer admitted");
        }
    }

    /// Ends the connections of devices whose certificate is not good any more.
    fn cut_revoked(&self) {
        let sites = self.proxy.sites();
        let cut = self.registry.cut_unless(|link| sites.still_trusts(link));
        if cut > 0 {
            info!("closed {cut} connections of devices that are no longer let in");
        }
    }
}
