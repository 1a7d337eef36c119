//! Observation: compares the states of hubs, certificates, devices and limits with those before,
//! and reports the differences as events.

use std::{
    collections::{HashMap, HashSet},
    sync::PoisonError,
};

use super::Server;
use crate::{
    acme::manager::status::{CertificateReport, CertificateStatus},
    events::event::{CertificateStep, Event},
};

/// The states at the last observation.
#[derive(Default)]
pub(super) struct Observed {
    /// Servers of upstreams that are down.
    down: HashSet<String>,
    /// Certificates of CAs by name.
    certificates: Option<HashMap<String, CertificateReport>>,
    /// Serial numbers of revoked certificates of devices.
    revoked: Option<HashSet<String>>,
    /// Connections at each limit.
    limits: HashMap<&'static str, u64>,
}

impl Server {
    /// Reports the hubs that accept connections no more, or again.
    pub(super) fn observe_hubs(&self) {
        let servers = self.proxy.sites().servers();
        let mut observed = self.observed.lock().unwrap_or_else(PoisonError::into_inner);
        let down = servers.iter().filter(|state| !state.is_up);
        let down: HashSet<_> = down.map(|state| state.server.clone()).collect();
        for state in servers {
            let was_up = !observed.down.contains(&state.server);
            if was_up != state.is_up {
                let (server, up) = (state.server, state.is_up);
                self.proxy.events.report(Event::Hub { server, up });
            }
        }
        observed.down = down;
    }

    /// Reports the devices whose certificates were revoked.
    pub(super) fn observe_devices(&self) {
        let revoked = self.proxy.devices.revoked();
        let mut observed = self.observed.lock().unwrap_or_else(PoisonError::into_inner);
        for (serial, device) in &revoked {
            let before = observed.revoked.as_ref();
            if before.is_some_and(|before| !before.contains(serial)) {
                let device = device.as_str().to_owned();
                self.proxy.events.report(Event::Revocation { device });
            }
        }
        let serials = revoked.into_iter().map(|(serial, _)| serial);
        observed.revoked = Some(serials.collect());
    }

    /// Reports the steps of certificates, and limits that were reached.
    pub(super) fn observe_minute(&self) {
        let states = self.certificates.states();
        let mut observed = self.observed.lock().unwrap_or_else(PoisonError::into_inner);
        let before = observed.certificates.take();
        for state in &states {
            let before = before.as_ref().and_then(|before| before.get(&state.name));
            for step in before.into_iter().flat_map(|before| steps(before, state)) {
                let name = state.name.clone();
                self.proxy.events.report(Event::Certificate { name, step });
            }
        }
        let named = states.into_iter().map(|state| (state.name.clone(), state));
        observed.certificates = Some(named.collect());
        self.observe_limits(&mut observed);
    }

    fn observe_limits(&self, observed: &mut Observed) {
        let limits = &self.proxy.events.counters.limits;
        let counts = [
            ("limits.connections_per_address", limits.per_address.count()),
            (
                "limits.connections",
                limits.all.count() + limits.evicted.count(),
            ),
            ("limits.memory", self.proxy.budget.evictions.count()),
        ];
        for (limit, count) in counts {
            let before = observed.limits.insert(limit, count).unwrap_or_default();
            let connections = count.saturating_sub(before);
            if connections > 0 {
                let limit = limit.to_owned();
                self.proxy
                    .events
                    .report(Event::Limit { limit, connections });
            }
        }
    }
}

/// Returns the steps of a certificate between two states.
fn steps(before: &CertificateReport, now: &CertificateReport) -> Vec<CertificateStep> {
    let mut steps = Vec::new();
    if let Some(ends) = now.ends.filter(|ends| before.ends != Some(*ends)) {
        steps.push(CertificateStep::Issued(ends));
    }
    let problem = |state: &CertificateReport| Some(state.problem.as_ref()?.at);
    if problem(now) != problem(before)
        && let Some(problem) = &now.problem
    {
        steps.push(CertificateStep::Failed(problem.sentence.clone()));
    }
    let is_overdue = |state: &CertificateReport| state.status == CertificateStatus::Overdue;
    if is_overdue(now) && !is_overdue(before) {
        steps.push(CertificateStep::Overdue);
    }
    steps
}
