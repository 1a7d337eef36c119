//! Lists of `allow` and `deny`; the first match in a list decides.

use super::Networks;
use crate::nginx::read::directive::Directive;

/// The networks that a list of `allow` and `deny` admits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct AccessList {
    /// The networks of which an `allow` is the first match.
    pub(crate) allowed: Networks,
    /// The same, and the networks that match no directive.
    pub(crate) undenied: Networks,
}

/// The largest number of networks in a set; a longer list is unreadable in `proxy.yaml`.
const MAX_NETWORKS: usize = 1024;

impl AccessList {
    /// Evaluates a list in its order.
    ///
    /// # Errors
    /// Returns the directive that cannot be parsed or that needs too many networks, and the reason.
    pub(crate) fn evaluate<'d>(list: &[&'d Directive]) -> Result<Self, (&'d Directive, String)> {
        let mut open = Networks::all();
        let mut allowed = Vec::new();
        for directive in list {
            let networks = Networks::parse(directive.parameter());
            for network in networks.map_err(|message| (*directive, message))? {
                if directive.name == "allow" {
                    allowed.extend(open.within(network));
                }
                open = open.minus(network);
            }
            if open.len() > MAX_NETWORKS || allowed.len() > MAX_NETWORKS {
                let message = format!(
                    "this list needs more than {MAX_NETWORKS} networks: write `networks` in proxy.yaml by hand"
                );
                return Err((*directive, message));
            }
        }
        let undenied = [allowed.clone(), open.0].concat();
        Ok(Self {
            allowed: Networks(allowed).ordered(),
            undenied: Networks(undenied).ordered(),
        })
    }
}

#[cfg(test)]
mod tests {
    use std::{path::Path, sync::Arc};

    use super::*;
    use crate::{config::LAN, nginx::read::directive::Position};

    fn evaluate(list: &str) -> Result<AccessList, String> {
        let file: Arc<Path> = Path::new("t").into();
        let directive = |line: &str| {
            let (name, word) = line.trim().split_once(' ').unwrap();
            let at = Position {
                file: file.clone(),
                line: 1,
            };
            let (name, parameters) = (name.to_owned(), vec![word.to_owned()]);
            Directive {
                id: 0,
                name,
                parameters,
                block: None,
                at,
            }
        };
        let list: Vec<_> = list.split(';').map(directive).collect();
        let list: Vec<_> = list.iter().collect();
        AccessList::evaluate(&list).map_err(|(_, message)| message)
    }

    fn allowed(list: &str) -> Vec<String> {
        evaluate(list).unwrap().allowed.words()
    }

    #[test]
    fn the_first_match_decides() {
        assert_eq!(
            allowed("allow 192.168.0.5/24; allow 127.0.0.1; deny all"),
            ["127.0.0.1", "192.168.0.0/24"]
        );
        assert_eq!(
            allowed("deny 10.0.0.1; allow 10.0.0.0/30; deny all"),
            ["10.0.0.0/32", "10.0.0.2/31"]
        );
        assert!(allowed("deny all; allow 10.0.0.0/8").is_empty());
        assert_eq!(allowed("allow all"), ["public"]);
        assert_eq!(
            allowed("allow 0.0.0.0/0; deny all"),
            ["0.0.0.0/1", "128.0.0.0/1"]
        );
        assert!(allowed("allow unix:; deny all").is_empty());
    }

    #[test]
    fn an_address_without_a_match_is_not_denied() {
        let list = evaluate("deny 203.0.113.7").unwrap();
        assert!(list.allowed.is_empty());
        let contains = |address: &str| list.undenied.contains(address.parse().unwrap());
        assert!(contains("203.0.113.6") && contains("::1") && !contains("203.0.113.7"));
        assert_eq!(list.undenied.len(), 33);
    }

    #[test]
    fn hubgates_set_of_home_networks_is_written_as_lan() {
        let lan: Vec<_> = LAN
            .iter()
            .map(|network| format!("allow {network}"))
            .collect();
        let lan = lan.join(";");
        assert_eq!(allowed(&lan), ["lan"]);
        assert_eq!(
            allowed(&format!("allow 203.0.113.0/24;{lan};deny all")),
            ["lan", "203.0.113.0/24"]
        );
        assert_eq!(allowed("allow 10.0.0.0/8"), ["10.0.0.0/8"]);
    }

    #[test]
    fn a_word_that_is_no_network_is_refused_with_the_correction() {
        assert!(
            evaluate("allow home")
                .unwrap_err()
                .contains("is no address")
        );
        assert!(
            evaluate("allow ::ffff:10.0.0.1")
                .unwrap_err()
                .contains("as IPv4")
        );
    }
}
