//! `set_real_ip_from`, `real_ip_header` and `real_ip_recursive`: `trusted_proxies`, or a stop.
//!
//! hubgate takes the last address of X-Forwarded-For that is no trusted proxy's, at all sites.

use std::net::IpAddr;

use ipnet::IpNet;

use super::site::Site;
use crate::nginx::{
    access::rule::AccessPhase,
    model::inheritance::{Inheritance, UpstreamLevels},
    read::directive::Directive,
    report::Report,
};

const NAMES: [&str; 3] = ["set_real_ip_from", "real_ip_header", "real_ip_recursive"];
const FORWARDED_FOR: &str = "x-forwarded-for";

impl UpstreamLevels<'_> {
    /// Returns the proxies that may set the client's address at all locations with an upstream.
    pub(crate) fn trusted_proxies(
        &self,
        sites: &[Site],
        direct: bool,
        report: &mut Report,
    ) -> Vec<String> {
        let locations = &self.0;
        let Some(levels) = locations
            .iter()
            .find(|levels| !levels.trusted_proxies().is_empty())
        else {
            return Vec::new();
        };
        let proxies = levels.trusted_proxies();
        if direct {
            self.report_real_ip(|directive| {
                report.dropped(
                    directive,
                    "`--direct`: clients connect to this machine directly, so no proxy is trusted",
                );
            });
            return Vec::new();
        }
        let written = levels.inherited_all(&["set_real_ip_from"]);
        if locations
            .iter()
            .any(|other| other.trusted_proxies() != proxies)
        {
            report.stop(written[0], "not all locations trust the same proxies, and hubgate's `trusted_proxies` hold for all sites: write it once, in `http`");
        }
        if !locations.iter().any(Inheritance::reads_forwarded_for) && !is_decisive(sites, &proxies)
        {
            self.report_real_ip(|directive| report.changed(
                directive,
                "hubgate reads X-Forwarded-For only, and trusts no proxy here: no such address admits a client, and logs \
                 and the hub have the proxy's address",
            ));
            return Vec::new();
        }
        for levels in locations {
            levels.check_real_ip_header(written[0], report);
            levels.check_real_ip_recursive(written[0], report);
        }
        let trusted = written
            .into_iter()
            .filter_map(|directive| directive.trusted_proxy(report));
        trusted.collect()
    }

    /// Reports the directives of the real-IP module at all locations.
    fn report_real_ip(&self, mut record: impl FnMut(&Directive)) {
        for levels in &self.0 {
            let written = NAMES.iter().flat_map(|name| levels.inherited_all(&[name]));
            written.for_each(&mut record);
        }
    }
}

impl Inheritance<'_> {
    fn trusted_proxies(&self) -> Vec<String> {
        let written = self.inherited_all(&["set_real_ip_from"]).into_iter();
        written
            .map(|directive| directive.parameter().to_owned())
            .collect()
    }

    /// Reports whether NGINX reads the client's address in the field that hubgate reads.
    fn reads_forwarded_for(&self) -> bool {
        let header = self.inherited("real_ip_header");
        header.is_some_and(|header| header.parameter_is(FORWARDED_FOR))
    }

    fn check_real_ip_header(&self, written: &Directive, report: &mut Report) {
        match self.inherited("real_ip_header") {
            Some(header) if header.parameter_is(FORWARDED_FOR) => {
                report.kept(header, "hubgate reads X-Forwarded-For of `trusted_proxies`");
            }
            header => report.stop(
                header.unwrap_or(written),
                "hubgate does not read the client's address in this way, and the address may decide about access: have the proxy before it \
                 send X-Forwarded-For, and write `real_ip_header X-Forwarded-For`; where no proxy is before it, `--direct` leaves this out",
            ),
        }
    }

    fn check_real_ip_recursive(&self, written: &Directive, report: &mut Report) {
        match self.inherited("real_ip_recursive") {
            Some(recursive) if recursive.parameter_is("on") => report.kept(
                recursive,
                "hubgate takes the last address that is no trusted proxy's",
            ),
            recursive => report.stop(
                recursive.unwrap_or(written),
                "NGINX takes the last address of X-Forwarded-For here, even a trusted proxy's, and hubgate the last one \
                 that is no trusted proxy's: write `real_ip_recursive on`",
            ),
        }
    }
}

/// Reports whether the address of a client behind these proxies can change a decision: where an
/// address is required, or where the address of a proxy suffices.
fn is_decisive(sites: &[Site], proxies: &[String]) -> bool {
    let proxies: Vec<_> = proxies.iter().map(|word| parse_network(word)).collect();
    let rules = sites.iter().flat_map(|site| site.plan.all_rules());
    let mut phases = rules.map(|rule| &rule.phase);
    phases.any(|phase| match phase {
        AccessPhase::Open | AccessPhase::Denied | AccessPhase::Password(_) => false,
        AccessPhase::Networks(_) | AccessPhase::Both(..) => true,
        AccessPhase::Either(networks, _) => proxies
            .iter()
            .any(|proxy| proxy.is_none_or(|proxy| networks.intersects(proxy))),
    })
}

fn parse_network(word: &str) -> Option<IpNet> {
    let address = word.parse::<IpAddr>().map(IpNet::from);
    address.or_else(|_| word.parse()).ok()
}

impl Directive {
    /// Returns the entry of `trusted_proxies` for a `set_real_ip_from`.
    fn trusted_proxy(&self, report: &mut Report) -> Option<String> {
        let word = self.parameter();
        if word == "unix:" {
            report.dropped(self, "hubgate does not listen on Unix sockets");
            return None;
        }
        if parse_network(word).is_none() {
            let message = format!("hubgate trusts addresses and networks: write those of {word}");
            report.stop(self, message);
            return None;
        }
        report.kept(self, "`trusted_proxies`");
        let network = word.parse::<IpNet>();
        Some(network.map_or_else(|_| word.to_owned(), |network| network.trunc().to_string()))
    }
}
