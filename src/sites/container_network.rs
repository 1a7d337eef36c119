//! Container networks that replace the source addresses of connections (masquerading): behind the
//! gateway of a bridge, of a rootless network or of a virtual machine, every client looks the same.
//!
//! Such an address names no client, so it is in none of the `networks`. A container in the host's
//! network, as the packages' service, has the real addresses.

use std::{
    fs,
    net::{IpAddr, Ipv4Addr},
    path::Path,
    sync::atomic::{AtomicBool, Ordering},
};

use ipnet::{IpNet, Ipv4Net};
use tracing::warn;

use super::gateways::Gateways;
use crate::config::model::Config;

/// The network in which the process runs.
#[derive(Debug)]
pub(crate) struct ContainerNetwork {
    kind: Kind,
    gateways: Gateways,
    /// Set in rootless Podman, whose port forwarder connected from loopback (CVE-2021-20199).
    is_rootless: bool,
    has_warned: AtomicBool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    /// No container.
    Machine,
    /// A container in the host's network; the host may be a virtual machine of Docker Desktop.
    Host,
    /// A container with a network of its own.
    Own,
}

/// Files of Docker, of Podman and of hubgate's own image.
const MARKERS: [&str; 3] = [".dockerenv", PODMAN, "usr/share/hubgate/image"];
/// The settings of a container of Podman.
const PODMAN: &str = "run/.containerenv";
/// Parts of a control group's path: of Docker, Podman, and Kubernetes.
const CONTROL_GROUPS: [&str; 3] = ["docker", "libpod", "kubepods"];
const CONTROL_GROUP: &str = "proc/self/cgroup";
const INTERFACES: &str = "sys/class/net";
/// Networks between a desktop and its virtual machine: Docker Desktop, `podman machine` (gvproxy),
/// Lima, slirp4netns and QEMU.
const DESKTOPS: [Ipv4Net; 4] = [
    network([192, 168, 65, 0]),
    network([192, 168, 127, 0]),
    network([192, 168, 5, 0]),
    network([10, 0, 2, 0]),
];

/// Correction of a network in which clients are not distinguishable.
pub(crate) const CURE: &str = "run the container in the host's network (`network_mode: host`, `--network host`); or, if a \
     proxy that sends the PROXY header is the only way to these ports, name its address in \
     `trusted_proxies`";

impl ContainerNetwork {
    /// Reads the markers of containers, the interfaces and the routes of this machine.
    pub(crate) fn load() -> Self {
        Self::read(Path::new("/"))
    }

    fn read(root: &Path) -> Self {
        Self {
            kind: Kind::read(root),
            gateways: Gateways::load(root),
            is_rootless: is_rootless(root),
            has_warned: AtomicBool::new(false),
        }
    }

    /// Reports whether a peer's address may stand for any client.
    ///
    /// In a container with its own network these are the gateways and the addresses of a port
    /// forwarder inside.
    pub(crate) fn is_masqueraded(&self, peer: IpAddr, local: IpAddr) -> bool {
        let peer = peer.to_canonical();
        match self.kind {
            Kind::Machine => false,
            Kind::Host => self.is_desktop(peer),
            Kind::Own => {
                let is_gateway = self.gateways.contains(peer) || self.is_desktop(peer);
                is_gateway || self.is_forwarder(peer, local)
            }
        }
    }

    /// Reports whether a port forwarder inside the container connects from this address: from the
    /// container's own, or in rootless Podman from loopback, elsewhere the address of its processes.
    fn is_forwarder(&self, peer: IpAddr, local: IpAddr) -> bool {
        match peer.is_loopback() {
            true => self.is_rootless,
            false => peer == local.to_canonical(),
        }
    }

    /// Reports whether the address is in the network between a desktop and this virtual machine.
    fn is_desktop(&self, peer: IpAddr) -> bool {
        let mut desktops = DESKTOPS.iter().copied().map(IpNet::from);
        desktops.any(|desktop| {
            desktop.contains(&peer)
                && self
                    .gateways
                    .iter()
                    .any(|gateway| desktop.contains(&gateway))
        })
    }

    /// Describes the effect of the network on a configuration with `networks`; none if there is
    /// none.
    pub(crate) fn warning(&self, config: &Config) -> Option<String> {
        let named: Vec<_> = self
            .gateways
            .iter()
            .filter(|gateway| self.is_masqueraded(*gateway, *gateway))
            .filter(|gateway| !config.trusted_proxies.contains(*gateway))
            .map(|gateway| gateway.to_string())
            .collect();
        let mut rules = config.sites.iter().flat_map(|site| site.rules());
        let has_networks = rules.any(|rule| rule.networks.is_some());
        (has_networks && !named.is_empty()).then(|| {
            format!(
                "this container's network may replace the address of every client by {}, which \
                 therefore counts as outside `networks`",
                named.join(" or ")
            )
        })
    }

    /// Logs once that a connection has the address of the gateway.
    pub(crate) fn notice(&self, peer: IpAddr) {
        if !self.has_warned.swap(true, Ordering::Relaxed) {
            warn!(
                "a connection comes from {peer}, by which this container's network replaces the \
                 address of every client: it counts as outside `networks`, and back-off and limits \
                 treat all these clients as one: {CURE}"
            );
        }
    }
}

impl Kind {
    fn read(root: &Path) -> Self {
        if !is_container(root) {
            return Self::Machine;
        }
        match has_device(root) {
            true => Self::Host,
            false => Self::Own,
        }
    }
}

fn is_container(root: &Path) -> bool {
    let group = fs::read_to_string(root.join(CONTROL_GROUP)).unwrap_or_default();
    MARKERS.iter().any(|marker| root.join(marker).exists())
        || CONTROL_GROUPS.iter().any(|name| group.contains(name))
}

fn is_rootless(root: &Path) -> bool {
    let settings = fs::read_to_string(root.join(PODMAN)).unwrap_or_default();
    settings.lines().any(|line| line.trim() == "rootless=1")
}

/// Reports whether an interface is a device of the machine; a container's own network has virtual
/// ones only.
fn has_device(root: &Path) -> bool {
    let Ok(interfaces) = fs::read_dir(root.join(INTERFACES)) else {
        return false;
    };
    let mut interfaces = interfaces.flatten();
    interfaces.any(|interface| interface.path().join("device").exists())
}

/// The /24 of an address.
const fn network(address: [u8; 4]) -> Ipv4Net {
    let [a, b, c, d] = address;
    Ipv4Net::new_assert(Ipv4Addr::new(a, b, c, d), 24)
}

#[cfg(test)]
mod tests;
