//! `set_real_ip_from`, `real_ip_header` and `real_ip_recursive`: `trusted_proxies`, or a stop.
//!
//! hubgate takes the last address of X-Forwarded-For that is no trusted proxy's, everywhere.

use super::{directive::Directive, levels::Levels, report::Report};

/// Proxies of which the word about the client's address is believed at all places of hubs.
pub(super) fn of(places: &[Levels<'_>], report: &mut Report) -> Vec<String> {
    let Some(levels) = places.iter().find(|levels| !networks(levels).is_empty()) else {
        return Vec::new();
    };
    let written = levels.nearest(&["set_real_ip_from"]);
    if places
        .iter()
        .any(|other| networks(other) != networks(levels))
    {
        report.stop(written[0], "not all places believe the same proxies, and hubgate's `trusted_proxies` are believed everywhere: write it once, in `http`");
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
        Some(header) if header.word().eq_ignore_ascii_case("x-forwarded-for") => {
            report.kept(header, "hubgate reads X-Forwarded-For of `trusted_proxies`");
        }
        _ => report.stop(
            header.unwrap_or(written),
            "the client's address comes in another way than hubgate reads it: have the proxy \
            before it send X-Forwarded-For, and write `real_ip_header X-Forwarded-For`",
        ),
    }
}

fn recursive(levels: &Levels<'_>, written: &Directive, report: &mut Report) {
    let recursive = levels.one("real_ip_recursive");
    match recursive {
        Some(recursive) if recursive.word() == "on" => {
            report.kept(recursive, "hubgate takes the last address that is no trusted proxy's");
        }
        _ => report.stop(
            recursive.unwrap_or(written),
            "NGINX takes the last address of X-Forwarded-For here, even that of a trusted proxy, and hubgate the last one \
             that is no trusted proxy's: write `real_ip_recursive on`",
        ),
    }
}
