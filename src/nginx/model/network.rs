//! Sets of addresses: their algebra, and their words in `proxy.yaml`.

mod access_list;

use std::net::IpAddr;

use ipnet::{IpNet, Ipv4Net, Ipv6Net};

pub(crate) use self::access_list::AccessList;
use crate::config::LAN;

/// A set of addresses as networks that do not overlap, in order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Networks(Vec<IpNet>);

impl Networks {
    /// Returns the set of all addresses.
    pub(crate) fn all() -> Self {
        Self(vec![
            IpNet::V4(Ipv4Net::default()),
            IpNet::V6(Ipv6Net::default()),
        ])
    }

    /// Parses the parameter of `allow` or `deny`; `unix:` stands for no network.
    fn parse(parameter: &str) -> Result<Vec<IpNet>, String> {
        match parameter {
            "all" => return Ok(Self::all().0),
            "unix:" => return Ok(Vec::new()),
            _ => {}
        }
        let address = parameter.parse::<IpAddr>().map(IpNet::from);
        let network = address
            .or_else(|_| parameter.parse::<IpNet>())
            .map_err(|_| {
                format!(
                    "\"{parameter}\" is no address or network: write one such as 192.168.1.0/24"
                )
            })?;
        if network.addr().to_canonical() != network.addr() {
            return Err(format!(
                "\"{parameter}\" is IPv4 written as IPv6: write it as IPv4"
            ));
        }
        // NGINX ignores the bits after the prefix.
        Ok(vec![network.trunc()])
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(crate) fn is_all(&self) -> bool {
        *self == Self::all()
    }

    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }

    pub(crate) fn contains(&self, address: IpAddr) -> bool {
        self.0.iter().any(|network| network.contains(&address))
    }

    /// Reports whether the set has an address of the network.
    pub(crate) fn intersects(&self, other: IpNet) -> bool {
        !self.within(other.trunc()).is_empty()
    }

    /// Returns the words of `proxy.yaml`: `public` for all addresses, `lan` for hubgate's own set
    /// of home networks.
    pub(crate) fn words(&self) -> Vec<String> {
        if self.is_all() {
            return vec!["public".to_owned()];
        }
        let home = Self(LAN.to_vec()).ordered().0;
        let has_home = home.iter().all(|network| self.0.contains(network));
        let rest = self
            .0
            .iter()
            .filter(|network| !has_home || !home.contains(network));
        let lan = has_home.then(|| "lan".to_owned());
        lan.into_iter().chain(rest.flat_map(words)).collect()
    }

    /// Returns the addresses on both sides of each border of the set.
    pub(crate) fn edges(&self) -> Vec<IpAddr> {
        self.0.iter().flat_map(edges).collect()
    }

    fn ordered(self) -> Self {
        let mut networks = IpNet::aggregate(&self.0);
        networks.sort_unstable();
        Self(networks)
    }

    /// Adds the addresses of a network.
    pub(crate) fn plus(&self, other: IpNet) -> Self {
        Self([self.0.as_slice(), &[other]].concat()).ordered()
    }

    /// Returns the addresses that are in both sets.
    pub(crate) fn intersection(&self, other: &Self) -> Self {
        Self(
            other
                .0
                .iter()
                .flat_map(|network| self.within(*network))
                .collect(),
        )
        .ordered()
    }

    /// Returns the addresses that are not in the set.
    pub(crate) fn complement(&self) -> Self {
        let networks = self.0.iter();
        networks.fold(Self::all(), |rest, network| rest.minus(*network))
    }

    /// Removes the addresses of a network.
    pub(crate) fn minus(&self, other: IpNet) -> Self {
        Self(
            self.0
                .iter()
                .flat_map(|own| subtract(*own, other))
                .collect(),
        )
        .ordered()
    }

    fn within(&self, other: IpNet) -> Vec<IpNet> {
        let common = |own: &IpNet| match (own.contains(&other), other.contains(own)) {
            (true, _) => Some(other),
            (_, true) => Some(*own),
            _ => None,
        };
        self.0.iter().filter_map(common).collect()
    }
}

fn subtract(from: IpNet, other: IpNet) -> Vec<IpNet> {
    if other.contains(&from) {
        return Vec::new();
    }
    if !from.contains(&other) {
        return vec![from];
    }
    match from.subnets(from.prefix_len() + 1) {
        Ok(halves) => halves.flat_map(|half| subtract(half, other)).collect(),
        Err(_) => vec![from],
    }
}

/// Returns the first and the last address of a network, and the addresses before and after them.
fn edges(network: &IpNet) -> [IpAddr; 4] {
    let (first, last) = (network.network(), network.broadcast());
    [step(first, false), first, last, step(last, true)]
}

/// Returns the next or the previous address; the last and the first one have none.
fn step(address: IpAddr, up: bool) -> IpAddr {
    match (address, up) {
        (IpAddr::V4(v4), true) => IpAddr::V4(u32::from(v4).saturating_add(1).into()),
        (IpAddr::V4(v4), false) => IpAddr::V4(u32::from(v4).saturating_sub(1).into()),
        (IpAddr::V6(v6), true) => IpAddr::V6(u128::from(v6).saturating_add(1).into()),
        (IpAddr::V6(v6), false) => IpAddr::V6(u128::from(v6).saturating_sub(1).into()),
    }
}

/// Returns the words of a network; all addresses of one IP version become two halves, as
/// `proxy.yaml` takes `0.0.0.0/0` for the whole Internet.
fn words(network: &IpNet) -> Vec<String> {
    match network.subnets(1) {
        Ok(halves) if network.prefix_len() == 0 => halves.map(|half| half.to_string()).collect(),
        _ => vec![word(network)],
    }
}

/// Writes a single address without its prefix length, unless it looks like the address of a
/// network.
fn word(network: &IpNet) -> String {
    let is_single = network.prefix_len() == network.max_prefix_len();
    match is_single && !begins_network(network.addr()) {
        true => network.addr().to_string(),
        false => network.to_string(),
    }
}

fn begins_network(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => address.octets()[3] == 0,
        IpAddr::V6(address) => address.segments()[4..] == [0; 4],
    }
}
