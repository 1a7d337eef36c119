//! Variables that depend on the client's address (`geo`) or certificate (`$ssl_client_verify`).

use std::collections::BTreeSet;

use ipnet::IpNet;

use super::{MAX_DEPTH, Variables};
use crate::nginx::{model::network::Networks, read::directive::Directive};

/// The largest number of networks of a `geo` that are followed.
const MAX_NETWORKS: usize = 256;

/// A `map` block with one source.
pub(super) struct Map<'d> {
    pub(super) source: &'d str,
    /// The entries, without the parameters of the block.
    entries: Vec<&'d Directive>,
    /// Set by the parameter `hostnames`.
    has_hostnames: bool,
}

/// A `geo` block by the client's address.
struct Geo<'d>(&'d Directive);

impl Variables<'_> {
    /// Returns the addresses of clients for which the value of a variable fulfils `accepts`.
    pub(crate) fn addresses(
        &self,
        variable: &str,
        accepts: &dyn Fn(&str) -> bool,
    ) -> Option<Networks> {
        self.addresses_within(variable, accepts, 0)
    }

    /// Returns the addresses that an `if` refuses, where they alone decide its variable.
    pub(crate) fn refused_addresses(&self, directive: &Directive) -> Option<Networks> {
        let comparison = self
            .comparison(directive)
            .filter(|_| directive.only_refuses())?;
        self.addresses(&comparison.variable, &|value| comparison.holds(value))
    }

    /// Reports whether an `if` refuses exactly the clients without a valid certificate, by a
    /// variable.
    pub(crate) fn refuses_without_certificate(&self, directive: &Directive) -> bool {
        let comparison = self
            .comparison(directive)
            .filter(|_| directive.only_refuses());
        let values = comparison
            .as_ref()
            .and_then(|comparison| self.by_certificate(&comparison.variable));
        let both = comparison.zip(values);
        both.is_some_and(|(comparison, (with, without))| {
            !comparison.holds(&with) && comparison.holds(&without)
        })
    }

    fn addresses_within(
        &self,
        variable: &str,
        accepts: &dyn Fn(&str) -> bool,
        depth: usize,
    ) -> Option<Networks> {
        let definition = self.definition(variable).filter(|_| depth < MAX_DEPTH)?;
        match (definition.name.as_str(), definition.parameters.as_slice()) {
            ("geo", [_]) => Geo(definition).addresses(accepts),
            ("map", [source, _]) => {
                let map = Map::literal(definition)?;
                let mapped = |value: &str| accepts(map.value(value));
                self.addresses_within(source, &mapped, depth + 1)
            }
            _ => None,
        }
    }

    /// Returns the values of a variable for a client with a valid certificate and for one without.
    pub(crate) fn by_certificate(&self, variable: &str) -> Option<(String, String)> {
        let map = Map::literal(self.definition(variable)?)?;
        let value = |verdict| map.value(verdict).to_owned();
        (map.source == "$ssl_client_verify").then(|| (value("SUCCESS"), value("NONE")))
    }
}

impl<'d> Map<'d> {
    /// Reads a block, if it is a `map`.
    pub(super) fn new(block: &'d Directive) -> Option<Self> {
        let [source, _] = block.parameters.as_slice() else {
            return None;
        };
        let is_option = |entry: &Directive| {
            let is_switch = matches!(entry.name.as_str(), "hostnames" | "volatile");
            is_switch && entry.parameters.is_empty() || entry.name == "include"
        };
        let entries = block.children().iter();
        (block.name == "map").then(|| Self {
            source,
            has_hostnames: entries.clone().any(|entry| entry.name == "hostnames"),
            entries: entries.filter(|entry| !is_option(entry)).collect(),
        })
    }

    /// Reads a block, if it is a `map` of exact keys to values without variables.
    fn literal(block: &'d Directive) -> Option<Self> {
        let has_variable = |map: &Self| map.entries.iter().any(|entry| entry.has_variable());
        Self::new(block).filter(|map| map.has_exact_keys() && !has_variable(map))
    }

    /// Reports whether each key stands for one text.
    pub(super) fn has_exact_keys(&self) -> bool {
        !self.has_hostnames && !self.entries.iter().any(|entry| entry.name.starts_with('~'))
    }

    /// Returns the source and all values.
    pub(super) fn expressions(&self) -> impl Iterator<Item = &'d str> {
        let values = self.entries.iter().map(|entry| entry.parameter());
        values.chain([self.source])
    }

    /// Returns the value of a key; empty without an entry and a `default`.
    pub(super) fn value(&self, key: &str) -> &'d str {
        let has_key = |entry: &&&Directive| {
            let name = entry.name.strip_prefix('\\').unwrap_or(&entry.name);
            entry.name != "default" && name.eq_ignore_ascii_case(key)
        };
        let chosen = self.entries.iter().find(has_key).copied();
        chosen
            .or_else(|| self.default())
            .map_or("", Directive::parameter)
    }

    /// Returns the values of all entries, and the empty one of a map without `default`.
    pub(super) fn all_values(&self) -> BTreeSet<&'d str> {
        let values = self.entries.iter().map(|entry| entry.parameter());
        let missing = self.default().is_none().then_some("");
        values.chain(missing).collect()
    }

    fn default(&self) -> Option<&'d Directive> {
        let mut entries = self.entries.iter().copied();
        entries.find(|entry| entry.name == "default")
    }
}

impl Geo<'_> {
    /// Returns the addresses with an accepted value: the longest prefix decides.
    fn addresses(&self, accepts: &dyn Fn(&str) -> bool) -> Option<Networks> {
        let mut networks = Vec::new();
        let mut default = None;
        let entries = self.0.children().iter();
        for entry in entries.filter(|entry| entry.name != "include") {
            match (entry.name.as_str(), entry.parameters.as_slice()) {
                ("default", [value]) => {
                    default = Some(default.unwrap_or(false) || accepts(value));
                }
                (network, [value]) => networks.push((parse_network(network)?, accepts(value))),
                _ => return None,
            }
        }
        // The sort is stable: of two equal networks, the last one counts.
        networks.sort_by_key(|(network, _)| network.prefix_len());
        let mut found = match default.unwrap_or_else(|| accepts("")) {
            true => Networks::all(),
            false => Networks::default(),
        };
        for (network, is_in) in networks {
            found = match is_in {
                true => found.plus(network),
                false => found.minus(network),
            };
            if found.len() > MAX_NETWORKS {
                return None;
            }
        }
        Some(found)
    }
}

fn parse_network(word: &str) -> Option<IpNet> {
    let address = word.parse::<std::net::IpAddr>().map(IpNet::from);
    let network = address.or_else(|_| word.parse::<IpNet>()).ok()?;
    // NGINX does not match IPv4 written as IPv6 either.
    (network.addr().to_canonical() == network.addr()).then(|| network.trunc())
}
