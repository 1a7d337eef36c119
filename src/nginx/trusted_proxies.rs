//! `set_real_ip_from`, `real_ip_header` and `real_ip_recursive`: `trusted_proxies`, or a stop.
//!
//! hubgate takes the last address of X-Forwarded-For that is no trusted proxy's, everywhere.

use super::{directive::Directive, levels::Levels, report::Report, rule::Entry, site::Site};

/// Proxies of which the word about the client's address is believed at all places of hubs.
pub(super) fn of(
    places: &[Levels<'_>],
    sites: &[Site],
    direct: bool,
    report: &mut Report,
) -> Vec<String> {
    let Some(levels) = places.iter().find(|levels| !networks(levels).is_empty()) else {
        return Vec::new();
    };
    if direct {
        places.iter().for_each(|levels| left_out(levels, report));
        return Vec::new();
    }
    let written = levels.nearest(&["set_real_ip_from"]);
    if places
        .iter()
        .any(|other| networks(other) != networks(levels))
    {
        report.stop(written[0], "not all places believe the same proxies, and hubgate's `trusted_proxies` are believed everywhere: write it once, in `http`");
    }
    if !places.iter().any(is_known) && !decides(sites, &networks(levels)) {
        places.iter().for_each(|levels| needless(levels, report));
        return Vec::new();
    }
    for levels in places {
        header(levels, written[0], report);
        recursive(levels, written[0], report);
    }
    let kept = written
        .into_iter()
        .filter(|directive| keep(directive, report));
    kept.map(|directive| network(directive.word())).collect()
}

const NAMES: [&str; 3] = ["set_real_ip_from", "real_ip_header", "real_ip_recursive"];

fn left_out(levels: &Levels<'_>, report: &mut Report) {
    let written = NAMES.iter().flat_map(|name| levels.nearest(&[name]));
    written.for_each(|it| {
        report.dropped(
            it,
            "`--direct`: clients connect to this machine themselves, so no proxy is believed",
        );
    });
}

fn needless(levels: &Levels<'_>, report: &mut Report) {
    let written = NAMES.iter().flat_map(|name| levels.nearest(&[name]));
    written.for_each(|it| {
        report.changed(
            it,
            "hubgate reads X-Forwarded-For only, and believes no proxy here: no such address lets anybody in, and logs \
             and the hub have that of the proxy",
        );
    });
}

/// Whether the client's address comes in the field that hubgate reads.
fn is_known(levels: &Levels<'_>) -> bool {
    levels
        .one("real_ip_header")
        .is_some_and(|it| it.is(FORWARDED))
}

const FORWARDED: &str = "x-forwarded-for";

/// Whether it matters to any rule which address a client of these proxies has: where an address is
/// needed, or where that of a proxy is enough.
fn decides(sites: &[Site], proxies: &[String]) -> bool {
    let proxies: Vec<_> = proxies
        .iter()
        .map(|word| {
            let address = word.parse::<std::net::IpAddr>().map(ipnet::IpNet::from);
            address.or_else(|_| word.parse::<ipnet::IpNet>())
        })
        .collect();
    let rules = sites.iter().flat_map(|site| site.plan.all_rules());
    let mut entries = rules.map(|rule| &rule.entry);
    entries.any(|entry| match entry {
        Entry::Open | Entry::Nobody | Entry::Password(_) => false,
        Entry::Networks(_) | Entry::Both(..) => true,
        Entry::Either(own, _) => proxies
            .iter()
            .any(|it| it.as_ref().map_or(true, |it| own.meets(*it))),
    })
}

fn networks(levels: &Levels<'_>) -> Vec<String> {
    let written = levels.nearest(&["set_real_ip_from"]);
    written.iter().map(|it| it.word().to_owned()).collect()
}

fn keep(directive: &Directive, report: &mut Report) -> bool {
    let word = directive.word();
    if word == "unix:" {
        report.dropped(
            directive,
            "hubgate does not listen on a socket of this machine",
        );
        return false;
    }
    let is_network =
        word.parse::<ipnet::IpNet>().is_ok() || word.parse::<std::net::IpAddr>().is_ok();
    match is_network {
        true => report.kept(directive, "`trusted_proxies`"),
        false => report.stop(
            directive,
            format!("hubgate believes addresses and networks: write those of {word}"),
        ),
    }
    is_network
}

fn network(word: &str) -> String {
    word.parse::<ipnet::IpNet>()
        .map_or_else(|_| word.to_owned(), |network| network.trunc().to_string())
}

fn header(levels: &Levels<'_>, written: &Directive, report: &mut Report) {
    let header = levels.one("real_ip_header");
    match header {
        Some(header) if header.is(FORWARDED) => {
            report.kept(header, "hubgate reads X-Forwarded-For of `trusted_proxies`");
        }
        _ => report.stop(
            header.unwrap_or(written),
            "the client's address comes in another way than hubgate reads it, and may decide who enters: have the proxy before it \
             send X-Forwarded-For, and write `real_ip_header X-Forwarded-For`; where no proxy stands before it, `--direct` leaves this out",
        ),
    }
}

fn recursive(levels: &Levels<'_>, written: &Directive, report: &mut Report) {
    let recursive = levels.one("real_ip_recursive");
    match recursive {
        Some(recursive) if recursive.is("on") => {
            report.kept(recursive, "hubgate takes the last address that is no trusted proxy's");
        }
        _ => report.stop(
            recursive.unwrap_or(written),
            "NGINX takes the last address of X-Forwarded-For here, even that of a trusted proxy, and hubgate the last one \
             that is no trusted proxy's: write `real_ip_recursive on`",
        ),
    }
}
