//! Container networks, by the files of a root folder.

use std::fs::{create_dir_all, write};

use tempfile::TempDir;

use super::*;
use crate::config;

const ROUTE: &str = "proc/self/net/route";
const BRIDGE: &str = "Iface Destination Gateway\neth0 00000000 010011AC\n";
const DESKTOP: &str = "Iface Destination Gateway\neth0 00000000 0141A8C0\n";
const HOME: &str = "Iface Destination Gateway\neth0 00000000 0101A8C0\n";

/// A file system with these files, by path and content.
fn root(files: &[(&str, &str)]) -> TempDir {
    let root = tempfile::tempdir().unwrap();
    for (path, content) in files {
        let path = root.path().join(path);
        create_dir_all(path.parent().unwrap()).unwrap();
        write(path, content).unwrap();
    }
    root
}

fn network_of(files: &[(&str, &str)]) -> ContainerNetwork {
    ContainerNetwork::read(root(files).path())
}

fn is_masqueraded(network: &ContainerNetwork, peer: &str) -> bool {
    let local = "172.17.0.2".parse().unwrap();
    network.is_masqueraded(peer.parse().unwrap(), local)
}

#[test]
fn each_marker_makes_a_container() {
    let markers = [
        (".dockerenv", ""),
        ("run/.containerenv", ""),
        ("usr/share/hubgate/image", ""),
        ("proc/self/cgroup", "12:pids:/docker/4f3c\n"),
        ("proc/self/cgroup", "0::/user.slice/libpod-4f3c.scope\n"),
        ("proc/self/cgroup", "1:cpu:/kubepods/besteffort/pod1\n"),
    ];
    for marker in markers {
        assert_eq!(network_of(&[marker]).kind, Kind::Own, "{marker:?}");
    }
    let service = ("proc/self/cgroup", "0::/system.slice/hubgate.service\n");
    assert_eq!(network_of(&[service]).kind, Kind::Machine);
}

#[test]
fn gateway_and_own_addresses_of_a_bridge_stand_for_every_client() {
    let bridge = network_of(&[(".dockerenv", ""), (ROUTE, BRIDGE)]);
    for peer in ["172.17.0.1", "172.17.0.2", "::ffff:172.17.0.1"] {
        assert!(is_masqueraded(&bridge, peer), "{peer}");
    }
    for peer in [
        "127.0.0.1",
        "::1",
        "172.17.0.3",
        "192.168.1.5",
        "203.0.113.7",
        "2001:db8::1",
    ] {
        assert!(!is_masqueraded(&bridge, peer), "{peer}");
    }
}

#[test]
fn loopback_stands_for_every_client_in_rootless_podman_only() {
    let settings = |rootless| format!("engine=\"podman-5\"\nrootless={rootless}\n");
    for (rootless, expected) in [("1", true), ("0", false)] {
        let network = network_of(&[("run/.containerenv", &settings(rootless)), (ROUTE, BRIDGE)]);
        for peer in ["127.0.0.1", "::1", "::ffff:127.0.0.1"] {
            assert_eq!(is_masqueraded(&network, peer), expected, "{peer}");
        }
        assert!(is_masqueraded(&network, "172.17.0.1"));
    }
}

#[test]
fn the_host_s_network_has_the_real_addresses() {
    let device = ("sys/class/net/eth0/device/vendor", "0x1af4");
    let host = network_of(&[(".dockerenv", ""), (ROUTE, HOME), device]);
    let machine = network_of(&[(ROUTE, HOME)]);
    for network in [host, machine] {
        for peer in ["192.168.1.1", "192.168.1.5", "127.0.0.1", "192.168.65.1"] {
            assert!(!is_masqueraded(&network, peer), "{peer}");
        }
    }
}

#[test]
fn the_host_s_network_of_a_desktop_is_that_of_its_virtual_machine() {
    let device = ("sys/class/net/eth0/device/vendor", "0x1af4");
    let desktop = network_of(&[(".dockerenv", ""), (ROUTE, DESKTOP), device]);
    assert!(is_masqueraded(&desktop, "192.168.65.1"));
    assert!(is_masqueraded(&desktop, "192.168.65.254"));
    assert!(!is_masqueraded(&desktop, "192.168.1.5"));
}

#[test]
fn the_warning_names_the_gateway_unless_it_is_trusted_or_no_rule_has_networks() {
    let bridge = network_of(&[(".dockerenv", ""), (ROUTE, BRIDGE)]);
    let config = |more: &str, access: &str| {
        let text = format!(
            "{more}\nsites:\n  - {{hosts: [home.test], certificate: self-signed, \
             upstream: \"http://hub:8080\", access: {access}}}\n"
        );
        config::parse(&text, Path::new("proxy.yaml")).unwrap()
    };
    let home = "{networks: [lan]}";
    let warning = bridge.warning(&config("", home)).unwrap();
    assert!(warning.contains("by 172.17.0.1,"), "{warning}");
    let trusted = config("trusted_proxies: [172.17.0.1]", home);
    assert_eq!(bridge.warning(&trusted), None);
    assert_eq!(bridge.warning(&config("", "{password: users}")), None);
    assert_eq!(
        network_of(&[(ROUTE, HOME)]).warning(&config("", home)),
        None
    );
}
