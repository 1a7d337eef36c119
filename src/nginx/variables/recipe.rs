//! Variables that the client's address decides (`geo`) or its certificate (`map $ssl_client_verify`).

use ipnet::IpNet;

use super::{
    super::{condition, directive::Directive, network::Networks},
    DEEPEST, Variables, chosen, is_option, is_wide,
};

impl Variables<'_> {
    /// The addresses of clients for which a variable has a text that fits.
    pub(in super::super) fn addresses(
        &self,
        variable: &str,
        fits: &dyn Fn(&str) -> bool,
    ) -> Option<Networks> {
        self.within(variable, fits, 0)
    }

    /// The addresses that an `if` refuses by a variable that only they decide.
    pub(in super::super) fn refused(&self, directive: &Directive) -> Option<Networks> {
        let test = self
            .test(directive)
            .filter(|_| condition::refuses(directive))?;
        self.addresses(&test.variable, &|text| test.holds(text))
    }

    /// Whether an `if` refuses exactly those who show no valid certificate, by a variable.
    pub(in super::super) fn refuses_without_certificate(&self, directive: &Directive) -> bool {
        let test = self
            .test(directive)
            .filter(|_| condition::refuses(directive));
        let texts = test
            .as_ref()
            .and_then(|test| self.by_certificate(&test.variable));
        let both = test.zip(texts);
        both.is_some_and(|(test, (with, without))| !test.holds(&with) && test.holds(&without))
    }

    fn within(
        &self,
        variable: &str,
        fits: &dyn Fn(&str) -> bool,
        depth: usize,
    ) -> Option<Networks> {
        let definer = self.definer(variable).filter(|_| depth < DEEPEST)?;
        match (definer.name.as_str(), definer.words.as_slice()) {
            ("geo", [_]) => geo(definer, fits),
            ("map", [source, _]) => {
                let entries = entries(definer)?;
                let mapped = |text: &str| fits(chosen(&entries, text));
                self.within(source, &mapped, depth + 1)
            }
            _ => None,
        }
    }

    /// The texts of a variable for a client with a valid certificate, and for one without any.
    pub(in super::super) fn by_certificate(&self, variable: &str) -> Option<(String, String)> {
        let definer = self.definer(variable).filter(|it| it.name == "map")?;
        let entries = entries(definer).filter(|_| definer.word() == "$ssl_client_verify")?;
        let text = |verdict| chosen(&entries, verdict).to_owned();
        Some((text("SUCCESS"), text("NONE")))
    }
}

/// The entries of a `map`, where each is one text that is written out.
fn entries(map: &Directive) -> Option<Vec<&Directive>> {
    let entries = map.inner().iter().filter(|it| !is_option(it));
    let entries: Vec<_> = entries.collect();
    let plain = |it: &&Directive| !is_wide(&it.name) && !it.has_variable();
    let hostnames = map.inner().iter().any(|it| it.name == "hostnames");
    (!hostnames && entries.iter().all(plain)).then_some(entries)
}

/// The addresses to which a `geo` gives a text that fits: the longest prefix decides.
fn geo(block: &Directive, fits: &dyn Fn(&str) -> bool) -> Option<Networks> {
    let mut networks = Vec::new();
    let mut found = Networks::default();
    for entry in block.inner().iter().filter(|it| it.name != "include") {
        match (entry.name.as_str(), entry.words.as_slice()) {
            ("default", [text]) if fits(text) => found = Networks::all(),
            ("default", [_]) => {}
            (network, [text]) => networks.push((read(network)?, fits(text))),
            _ => return None,
        }
    }
    // Of two that are the same the last counts.
    networks.sort_by_key(|(network, _)| network.prefix_len());
    if !block.inner().iter().any(|it| it.name == "default") && fits("") {
        found = Networks::all();
    }
    for (network, is_in) in networks {
        found = match is_in {
            true => found.plus(network),
            false => found.minus(network),
        };
        if found.len() > MOST {
            return None;
        }
    }
    Some(found)
}

/// Networks of a `geo` that are followed at most.
const MOST: usize = 256;

fn read(word: &str) -> Option<IpNet> {
    let address = word.parse::<std::net::IpAddr>().map(IpNet::from);
    let network = address.or_else(|_| word.parse::<IpNet>()).ok()?;
    // IPv4 written as IPv6 is none for NGINX either.
    (network.addr().to_canonical() == network.addr()).then(|| network.trunc())
}
