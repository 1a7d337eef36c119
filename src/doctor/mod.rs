//! `hubgate doctor`: checks everything that the proxy depends on, and changes nothing.
//!
//! One file per check. The checks run in parallel, each in a thread of its own; a check that does
//! not end in time costs its own line only.

pub(crate) mod access_summary;
mod certificates;
mod clock;
mod configuration;
pub(crate) mod container;
mod devices;
pub(crate) mod dry_run;
pub(crate) mod exposed_hubs;
mod finding;
pub(crate) mod hub;
pub(crate) mod loaded;
mod names;
mod network;
mod parallel;
mod permissions;
mod ports;
mod process;
pub(crate) mod shared_hub;
pub(crate) mod startup;

use std::{
    path::{Path, PathBuf},
    sync::Arc,
    time::{Duration, Instant},
};

pub use self::finding::{Finding, Level};
use self::{
    clock::Clock,
    hub::UpstreamServer,
    names::HostCheck,
    parallel::{Check, run_parallel},
    permissions::PrivateFile,
    process::Running,
};
use crate::{
    config::{
        self,
        model::{Config, Host, Site},
    },
    tls,
};

/// Time limit for all checks together.
const TIMEOUT: Duration = Duration::from_millis(4500);

/// The configuration and the running process that the checks examine.
struct Installation {
    path: PathBuf,
    config: Config,
    running: Running,
}

/// Examines the `proxy.yaml` at a path and the machine, and returns all findings.
#[must_use]
pub fn examine(path: &Path) -> Vec<Finding> {
    let deadline = Instant::now() + TIMEOUT;
    tls::install_provider();
    let config = match config::load(path) {
        Ok(config) => config,
        Err(faults) => return examine_without_configuration(path, &faults, deadline),
    };
    let installation = Arc::new(Installation {
        path: path.to_owned(),
        running: Running::query(&config.state),
        config,
    });
    let mut found = installation.running.findings(path);
    found.extend(run_parallel(installation.checks(), deadline));
    without_repetitions(found)
}

/// Returns the ports of the configuration that other programs hold; a running hubgate counts as
/// another program.
pub(crate) fn held_ports(config: &Config) -> Vec<Finding> {
    let mut found = ports::findings(config, &Running::No);
    found.retain(|finding| finding.level != Level::Ok);
    found
}

/// Runs the checks that need no configuration.
fn examine_without_configuration(
    path: &Path,
    faults: &config::Faults,
    deadline: Instant,
) -> Vec<Finding> {
    let mut found = vec![configuration::invalid(path, faults)];
    found.extend(Running::query(&config::state_folder(path)).with_earlier_file());
    let file = path.to_owned();
    let checks = vec![
        Check::new("proxy.yaml", move || {
            PrivateFile(&file).as_configuration().into_iter().collect()
        }),
        Check::new("clock", || vec![Clock::read().finding()]),
    ];
    found.extend(run_parallel(checks, deadline));
    found
}

impl Installation {
    fn checks(self: &Arc<Self>) -> Vec<Check> {
        let mut checks = vec![
            self.check("proxy.yaml", Self::configuration),
            self.check("ports", |all| ports::findings(&all.config, &all.running)),
            self.check("start", Self::startup),
        ];
        checks.extend(
            UpstreamServer::all(&self.config)
                .into_iter()
                .map(UpstreamServer::check),
        );
        checks.push(self.check("hub", Self::exposed_hubs));
        checks.push(self.check("certificates", Self::certificates));
        checks.extend(self.host_checks());
        checks.extend([
            Check::new("clock", || vec![Clock::read().finding()]),
            self.check("files", Self::files),
            self.check("devices", Self::devices),
            self.check("entry", Self::access_rules),
            self.check("container", |all| container::finding(&all.config)),
        ]);
        checks
    }

    fn check(self: &Arc<Self>, subject: &str, run: fn(&Self) -> Vec<Finding>) -> Check {
        let installation = self.clone();
        Check::new(subject, move || run(&installation))
    }

    /// Returns one check for each host, as a look-up may be slow.
    fn host_checks(&self) -> impl Iterator<Item = Check> {
        let hosts = self.config.sites.iter().flat_map(|site| &site.hosts);
        let hosts = hosts.filter(|host| !matches!(host, Host::Wildcard(_)));
        hosts.map(|host| {
            let host = host.clone();
            Check::new(&format!("name {host}"), move || {
                HostCheck::new(&host).findings()
            })
        })
    }

    fn startup(&self) -> Vec<Finding> {
        let faults = startup::faults(&self.config).into_iter();
        let warnings = startup::warnings(&self.config).into_iter();
        faults
            .map(|fault| Finding::fail("start", fault))
            .chain(warnings.map(|warning| Finding::warn("start", warning)))
            .collect()
    }

    fn exposed_hubs(&self) -> Vec<Finding> {
        let warnings = exposed_hubs::warnings(&self.config).into_iter();
        warnings
            .map(|warning| Finding::warn("hub", warning))
            .collect()
    }

    fn access_rules(&self) -> Vec<Finding> {
        let finding = |site: &Arc<Site>| {
            let name = site.public_host().or(site.hosts.first());
            let name = name.map_or_else(String::new, ToString::to_string);
            let access = match site.redirect() {
                Some(origin) => format!("all clients are redirected to {origin}"),
                None => access_summary::summary(&site.access),
            };
            Finding::ok(format!("entry {name}"), access)
        };
        self.config.sites.iter().map(finding).collect()
    }
}

/// Removes findings that repeat another; of two with the same cause, the more severe one stays.
fn without_repetitions(found: Vec<Finding>) -> Vec<Finding> {
    let mut kept: Vec<Finding> = Vec::new();
    for finding in found {
        match kept.iter_mut().find(|other| other.repeats(&finding)) {
            Some(same) if same.level < finding.level => *same = finding,
            Some(_) => {}
            None => kept.push(finding),
        }
    }
    kept
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_findings_with_the_same_cause_the_more_severe_one_stays() {
        let found = vec![
            Finding::warn("proxy.yaml", "a.org: ended"),
            Finding::ok("a", "fine"),
            Finding::ok("b", "fine"),
            Finding::fail("certificate a", "ended"),
            Finding::warn("process", "ended"),
            Finding::fail("hub one", "it takes no connection"),
            Finding::fail("hub two", "it takes no connection"),
        ];
        let found = without_repetitions(found).into_iter();
        let levels = found.map(|finding| (finding.level, finding.subject));
        let expected = [
            (Level::Fail, "certificate a".to_owned()),
            (Level::Ok, "a".to_owned()),
            (Level::Ok, "b".to_owned()),
            (Level::Fail, "hub one".to_owned()),
            (Level::Fail, "hub two".to_owned()),
        ];
        assert_eq!(levels.collect::<Vec<_>>(), expected);
    }
}
