//! Each site's hosts: whether they lead to this machine, or to a router that forwards to it.

use std::{
    collections::BTreeSet,
    net::{IpAddr, ToSocketAddrs},
};

use super::{
    Finding,
    network::{is_public, own_addresses},
};
use crate::config::model::Host;

/// Where a host leads, seen from here.
pub(super) fn findings(host: &Host) -> Vec<Finding> {
    let own = own_addresses();
    match host {
        Host::Wildcard(_) => Vec::new(),
        Host::Address(address) => vec![of_address(host, *address, &own)],
        Host::Name(name) => of_name(host, name, &own),
    }
}

fn of_name(host: &Host, name: &str, own: &BTreeSet<IpAddr>) -> Vec<Finding> {
    // The port is asked of nobody; getaddrinfo wants one.
    let found = (name, 0)
        .to_socket_addrs()
        .map_err(|fault| fault.to_string());
    match found {
        Ok(found) => {
            let addresses: BTreeSet<_> = found.map(|it| it.ip().to_canonical()).collect();
            let told = addresses.into_iter().map(|it| judge(host, name, it, own));
            told.collect()
        }
        Err(fault) => vec![unknown(host, name, &fault)],
    }
}

fn unknown(host: &Host, name: &str, fault: &str) -> Finding {
    let subject = format!("name {host}");
    let cause = format!("it does not resolve here ({fault})");
    // Names of the house are asked by multicast, which this machine may not do itself.
    if name.ends_with(".local") || !name.contains('.') {
        return Finding::warn(subject, cause)
            .cure("install libnss-mdns to see it from here, or take it out of `hosts`");
    }
    Finding::fail(subject, cause)
        .cure("have its A or AAAA record lead to your home, or take it out of `hosts`")
}

fn of_address(host: &Host, address: IpAddr, own: &BTreeSet<IpAddr>) -> Finding {
    let subject = format!("name {host}");
    match own.contains(&address) {
        true => Finding::ok(subject, "it is this machine's"),
        false => Finding::warn(subject, "this machine does not have this address")
            .cure("correct it in `hosts`, or have the router always give it to this machine"),
    }
}

fn judge(host: &Host, name: &str, address: IpAddr, own: &BTreeSet<IpAddr>) -> Finding {
    let subject = format!("name {host}");
    if address.is_loopback() {
        return loopback(subject, name, address);
    }
    if own.contains(&address) {
        return Finding::ok(
            subject,
            format!("leads to {address}, which is this machine"),
        );
    }
    match address {
        IpAddr::V6(_) => Finding::warn(
            subject,
            format!("leads to {address}, which is not this machine"),
        )
        .cure("have the AAAA record name this machine's own address, or remove the record"),
        IpAddr::V4(_) if is_public(address) => elsewhere(subject, address, own),
        IpAddr::V4(_) => Finding::warn(
            subject,
            format!("leads to {address}, another machine of a home network"),
        )
        .cure("correct its A record, or the entry in the router or /etc/hosts"),
    }
}

fn loopback(subject: String, name: &str, address: IpAddr) -> Finding {
    let told = format!("leads to {address}, which is each machine itself");
    if name == "localhost" || name.ends_with(".localhost") {
        return Finding::ok(subject, told);
    }
    Finding::warn(subject, told).cure(
        "where this is from /etc/hosts, only this machine sees it so; else correct the record",
    )
}

/// A public address that this machine does not have: right behind a router, wrong without one.
fn elsewhere(subject: String, address: IpAddr, own: &BTreeSet<IpAddr>) -> Finding {
    let on_the_internet = own.iter().any(|it| it.is_ipv4() && is_public(*it));
    if on_the_internet {
        return Finding::warn(
            subject,
            format!("leads to {address}, which is not this machine"),
        )
        .cure("correct its A record");
    }
    Finding::ok(
        subject,
        format!(
            "leads to {address}, probably your router: right when it forwards ports 80 and 443 \
             to this machine"
        ),
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::doctor::Level;

    fn addresses(texts: &[&str]) -> BTreeSet<IpAddr> {
        texts.iter().map(|it| it.parse().unwrap()).collect()
    }

    #[test]
    fn where_a_name_leads_is_judged_by_whose_the_address_is() {
        let home = addresses(&["127.0.0.1", "192.168.1.5", "2001:db8::5"]);
        let host = Host::Name("home.example.org".into());
        for (address, level, part) in [
            ("192.168.1.5", Level::Ok, "this machine"),
            ("2001:db8::5", Level::Ok, "this machine"),
            ("203.0.113.7", Level::Ok, "probably your router"),
            ("192.168.1.6", Level::Warn, "another machine"),
            ("2001:db8::6", Level::Warn, "not this machine"),
            ("127.0.1.1", Level::Warn, "each machine itself"),
        ] {
            let found = judge(&host, "home.example.org", address.parse().unwrap(), &home);
            assert_eq!(found.level, level, "{address}: {found:?}");
            assert!(found.cause.contains(part), "{found:?}");
        }
    }

    #[test]
    fn a_machine_on_the_internet_has_no_router_that_another_address_could_be() {
        let own = addresses(&["127.0.0.1", "203.0.113.5"]);
        let host = Host::Name("home.example.org".into());
        let found = judge(
            &host,
            "home.example.org",
            "203.0.113.7".parse().unwrap(),
            &own,
        );
        assert_eq!(found.level, Level::Warn, "{found:?}");
    }

    #[test]
    fn a_name_nobody_knows_fails_and_one_of_the_house_may_be_known_to_others() {
        let found = |name: &str| unknown(&Host::Name(name.into()), name, "not known").level;
        assert_eq!(found("home.example.org"), Level::Fail);
        assert_eq!(found("openhabian.local"), Level::Warn);
        assert_eq!(found("openhabian"), Level::Warn);
    }
}
