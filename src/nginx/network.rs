//! Lists of `allow` and `deny`, which the first match decides, as sets of networks.

use std::net::IpAddr;

use ipnet::{IpNet, Ipv4Net, Ipv6Net};

use super::directive::Directive;
use crate::config::LAN;

/// A set of addresses as networks that do not overlap, in order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Networks(Vec<IpNet>);

/// Where a list of `allow` and `deny` lets in from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Reach {
    /// What an `allow` names first.
    pub(super) allowed: Networks,
    /// That, and what nothing names.
    pub(super) undenied: Networks,
}

/// Networks of a set at most; a list that needs more is nobody's to read.
const MOST: usize = 1024;

impl Networks {
    /// Every address.
    pub(super) fn all() -> Self {
        Self(vec![
            IpNet::V4(Ipv4Net::default()),
            IpNet::V6(Ipv6Net::default()),
        ])
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(super) fn is_all(&self) -> bool {
        *self == Self::all()
    }

    pub(super) fn len(&self) -> usize {
        self.0.len()
    }

    pub(super) fn contains(&self, address: IpAddr) -> bool {
        self.0.iter().any(|network| network.contains(&address))
    }

    /// Whether both have an address in common.
    pub(super) fn meets(&self, other: IpNet) -> bool {
        !self.within(other.trunc()).is_empty()
    }

    /// As `proxy.yaml` has them: `lan` for hubgate's own set of home networks.
    pub(super) fn words(&self) -> Vec<String> {
        let home = Self(LAN.to_vec()).ordered().0;
        let has_home = home.iter().all(|network| self.0.contains(network));
        let rest = self
            .0
            .iter()
            .filter(|network| !has_home || !home.contains(network));
        let lan = has_home.then(|| "lan".to_owned());
        lan.into_iter().chain(rest.map(word)).collect()
    }

    /// Addresses at which membership may change, one of each side.
    pub(super) fn edges(&self) -> Vec<IpAddr> {
        self.0.iter().flat_map(edges).collect()
    }

    fn ordered(self) -> Self {
        let mut networks = IpNet::aggregate(&self.0);
        networks.sort_unstable();
        Self(networks)
    }

    /// With the addresses of another network.
    pub(super) fn plus(&self, other: IpNet) -> Self {
        Self([self.0.as_slice(), &[other]].concat()).ordered()
    }

    /// The addresses of both.
    pub(super) fn and(&self, other: &Self) -> Self {
        Self(other.0.iter().flat_map(|it| self.within(*it)).collect()).ordered()
    }

    /// Every address that is not in it.
    pub(super) fn others(&self) -> Self {
        self.0.iter().fold(Self::all(), |rest, it| rest.minus(*it))
    }

    /// Without the addresses of another network.
    pub(super) fn minus(&self, other: IpNet) -> Self {
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

/// Evaluates a list in its order.
///
/// # Errors
/// The directive that cannot be read or makes the set unreadable, and why.
pub(super) fn reach<'d>(list: &[&'d Directive]) -> Result<Reach, (&'d Directive, String)> {
    let mut open = Networks::all();
    let mut allowed = Vec::new();
    for directive in list {
        for network in parse(directive.word()).map_err(|told| (*directive, told))? {
            if directive.name == "allow" {
                allowed.extend(open.within(network));
            }
            open = open.minus(network);
        }
        if open.len() > MOST || allowed.len() > MOST {
            return Err((
                *directive,
                format!(
                    "this list needs more than {MOST} networks: write `networks` in proxy.yaml by hand"
                ),
            ));
        }
    }
    let undenied = [allowed.clone(), open.0].concat();
    Ok(Reach {
        allowed: Networks(allowed).ordered(),
        undenied: Networks(undenied).ordered(),
    })
}

/// The networks of a word of `allow` or `deny`; a socket of this machine is in none.
fn parse(word: &str) -> Result<Vec<IpNet>, String> {
    match word {
        "all" => return Ok(Networks::all().0),
        "unix:" => return Ok(Vec::new()),
        _ => {}
    }
    let address = word.parse::<IpAddr>().map(IpNet::from);
    let network = address.or_else(|_| word.parse::<IpNet>()).map_err(|_| {
        format!("\"{word}\" is no address or network: write one such as 192.168.1.0/24")
    })?;
    if network.addr().to_canonical() != network.addr() {
        return Err(format!(
            "\"{word}\" is IPv4 written as IPv6: write it as IPv4"
        ));
    }
    // NGINX ignores the bits after the prefix.
    Ok(vec![network.trunc()])
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

/// The first and last address of a network, and those before and after them.
fn edges(network: &IpNet) -> [IpAddr; 4] {
    let (first, last) = (network.network(), network.broadcast());
    [step(first, false), first, last, step(last, true)]
}

fn step(address: IpAddr, up: bool) -> IpAddr {
    match address {
        IpAddr::V4(it) => {
            let number = u32::from(it);
            let next = if up {
                number.saturating_add(1)
            } else {
                number.saturating_sub(1)
            };
            IpAddr::V4(next.into())
        }
        IpAddr::V6(it) => {
            let number = u128::from(it);
            let next = if up {
                number.saturating_add(1)
            } else {
                number.saturating_sub(1)
            };
            IpAddr::V6(next.into())
        }
    }
}

/// A single address without its prefix length.
fn word(network: &IpNet) -> String {
    match network.prefix_len() == network.max_prefix_len() {
        true => network.addr().to_string(),
        false => network.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use std::{path::Path, sync::Arc};

    use super::{super::directive::At, *};

    fn reached(list: &str) -> Result<Reach, String> {
        let file: Arc<Path> = Path::new("t").into();
        let directive = |line: &str| {
            let (name, word) = line.trim().split_once(' ').unwrap();
            let at = At {
                file: file.clone(),
                line: 1,
            };
            let (name, words) = (name.to_owned(), vec![word.to_owned()]);
            Directive {
                id: 0,
                name,
                words,
                block: None,
                at,
            }
        };
        let list: Vec<_> = list.split(';').map(directive).collect();
        reach(&list.iter().collect::<Vec<_>>()).map_err(|(_, told)| told)
    }

    fn allowed(list: &str) -> Vec<String> {
        reached(list).unwrap().allowed.words()
    }

    #[test]
    fn the_first_match_decides() {
        assert_eq!(
            allowed("allow 192.168.0.5/24; allow 127.0.0.1; deny all"),
            ["127.0.0.1", "192.168.0.0/24"]
        );
        assert_eq!(
            allowed("deny 10.0.0.1; allow 10.0.0.0/30; deny all"),
            ["10.0.0.0", "10.0.0.2/31"]
        );
        assert!(allowed("deny all; allow 10.0.0.0/8").is_empty());
        assert_eq!(allowed("allow all"), ["0.0.0.0/0", "::/0"]);
        assert!(allowed("allow unix:; deny all").is_empty());
    }

    #[test]
    fn what_nothing_names_is_not_denied() {
        let reach = reached("deny 203.0.113.7").unwrap();
        assert!(reach.allowed.is_empty());
        let contains = |address: &str| reach.undenied.contains(address.parse().unwrap());
        assert!(contains("203.0.113.6") && contains("::1") && !contains("203.0.113.7"));
        assert_eq!(reach.undenied.len(), 33);
    }

    #[test]
    fn hubgates_own_set_of_home_networks_has_its_word() {
        let lan: Vec<_> = LAN.iter().map(|it| format!("allow {it}")).collect();
        let lan = lan.join(";");
        assert_eq!(allowed(&lan), ["lan"]);
        assert_eq!(
            allowed(&format!("allow 203.0.113.0/24;{lan};deny all")),
            ["lan", "203.0.113.0/24"]
        );
        assert_eq!(allowed("allow 10.0.0.0/8"), ["10.0.0.0/8"]);
    }

    #[test]
    fn what_is_no_network_is_told() {
        assert!(reached("allow home").unwrap_err().contains("is no address"));
        assert!(
            reached("allow ::ffff:10.0.0.1")
                .unwrap_err()
                .contains("as IPv4")
        );
    }
}
