//! Looks at everything a front door depends on, and changes nothing.
//!
//! One file per check. The checks run at the same time, each in a thread of its own, and those
//! that do not end in time are told as such: what is broken may neither hold up nor end the page.

mod certificates;
mod clock;
mod configuration;
mod devices;
pub(crate) mod elsewhere;
pub(crate) mod entry;
pub(crate) mod exposed;
mod finding;
pub(crate) mod hub;
pub(crate) mod loaded;
mod modes;
mod names;
mod network;
mod ports;
mod process;
mod race;
pub(crate) mod startup;

use std::{
    path::Path,
    sync::Arc,
    time::{Duration, Instant},
};

pub use self::finding::{Finding, Level};
use self::{
    process::Running,
    race::{Check, race},
};
use crate::{
    config::{
        self,
        model::{Config, Host, Server, Site, Upstream},
    },
    tls,
};

/// How long everything may take.
const PATIENCE: Duration = Duration::from_millis(4500);

/// All that is found of the `proxy.yaml` at a path, and of the machine it is for.
#[must_use]
pub fn examine(path: &Path) -> Vec<Finding> {
    let until = Instant::now() + PATIENCE;
    tls::install_provider();
    let (config, mut found) = match config::load(path) {
        Ok(config) => (Arc::new(config), Vec::new()),
        Err(faults) => return without_configuration(path, &faults, until),
    };
    let running = Arc::new(process::ask(&config.state));
    found.extend(process::told(&running, path));
    found.extend(race(checks(path, &config, &running), until));
    single(found)
}

/// The ports of the configuration that other programs hold, when no hubgate runs.
pub(crate) fn held_ports(config: &Config) -> Vec<Finding> {
    let mut found = ports::findings(config, &Running::Nobody);
    found.retain(|finding| finding.level != Level::Ok);
    found
}

/// What can be looked at all the same.
fn without_configuration(path: &Path, faults: &config::Faults, until: Instant) -> Vec<Finding> {
    let mut found = vec![configuration::broken(path, faults)];
    let running = process::ask(&config::state_of(path));
    found.extend(running.status().map(process::of_broken_file));
    let written = path.to_owned();
    let checks = vec![
        Check::new("proxy.yaml", move || modes::of_configuration(&written)),
        Check::new("clock", clock::findings),
    ];
    found.extend(race(checks, until));
    found
}

fn checks(path: &Path, config: &Arc<Config>, running: &Arc<Running>) -> Vec<Check> {
    let written = path.to_owned();
    let mut checks = vec![
        of("proxy.yaml", config, move |config| {
            configuration::findings(&written, config)
        }),
        with("ports", config, running, ports::findings),
        of("start", config, starts),
    ];
    checks.extend(hubs(config));
    checks.push(of("hub", config, hub::open));
    checks.push(with(
        "certificates",
        config,
        running,
        certificates::findings,
    ));
    checks.extend(hosts(config));
    let written = path.to_owned();
    checks.extend([
        Check::new("clock", clock::findings),
        of("files", config, move |config| {
            modes::findings(&written, config)
        }),
        with("devices", config, running, devices::findings),
        of("entry", config, entries),
    ]);
    checks
}

/// A check of the configuration alone.
fn of(
    subject: &str,
    config: &Arc<Config>,
    look: impl FnOnce(&Config) -> Vec<Finding> + Send + 'static,
) -> Check {
    let config = config.clone();
    Check::new(subject, move || look(&config))
}

/// A check that also depends on what runs.
fn with(
    subject: &str,
    config: &Arc<Config>,
    running: &Arc<Running>,
    look: fn(&Config, &Running) -> Vec<Finding>,
) -> Check {
    let (config, running) = (config.clone(), running.clone());
    Check::new(subject, move || look(&config, &running))
}

/// One check for each server behind the sites.
fn hubs(config: &Config) -> Vec<Check> {
    let check = |(server, upstream): (Server, Upstream)| {
        let subject = format!("hub {server}");
        Check::new(&subject, move || vec![hub::finding(&server, &upstream)])
    };
    hub::servers(config).into_iter().map(check).collect()
}

/// One check for each host, as a look-up may take its time.
fn hosts(config: &Config) -> Vec<Check> {
    let hosts = config.sites.iter().flat_map(|site| &site.hosts);
    let looked_up = hosts.filter(|host| !matches!(host, Host::Wildcard(_)));
    looked_up
        .map(|host| {
            let host = host.clone();
            Check::new(&format!("name {host}"), move || names::findings(&host))
        })
        .collect()
}

fn starts(config: &Config) -> Vec<Finding> {
    let faults = startup::faults(config).into_iter();
    let warnings = startup::warnings(config).into_iter();
    let faults = faults.map(|fault| Finding::fail("start", fault));
    faults
        .chain(warnings.map(|warning| Finding::warn("start", warning)))
        .collect()
}

fn entries(config: &Config) -> Vec<Finding> {
    let told = |site: &Arc<Site>| {
        let name = site.public_host().or(site.hosts.first());
        let name = name.map_or_else(String::new, ToString::to_string);
        let entry = match site.redirect() {
            Some(origin) => format!("everybody is redirected to {origin}"),
            None => entry::told(&site.access),
        };
        Finding::ok(format!("entry {name}"), entry)
    };
    config.sites.iter().map(told).collect()
}

/// What two checks noticed is told once, by the one that takes it more seriously.
fn single(found: Vec<Finding>) -> Vec<Finding> {
    let mut told: Vec<Finding> = Vec::new();
    for finding in found {
        match told.iter_mut().find(|it| it.repeats(&finding)) {
            Some(same) if same.level < finding.level => *same = finding,
            Some(_) => {}
            None => told.push(finding),
        }
    }
    told
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_two_checks_noticed_is_told_once_by_the_graver() {
        let found = vec![
            Finding::warn("proxy.yaml", "a.org: ended"),
            Finding::ok("a", "fine"),
            Finding::ok("b", "fine"),
            Finding::fail("certificate a", "ended"),
            Finding::warn("process", "ended"),
            Finding::fail("hub one", "it takes no connection"),
            Finding::fail("hub two", "it takes no connection"),
        ];
        let levels = single(found).into_iter().map(|it| (it.level, it.subject));
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
