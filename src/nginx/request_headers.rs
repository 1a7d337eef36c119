//! `proxy_set_header`: fields of a request that the hub believes because NGINX sets or clears them.
//!
//! hubgate drops a client's claims by their names and sets its own. A field beside these that the
//! hub would have from NGINX only is the client's own to write under hubgate, so it stops the import.

use super::{directive::Directive, levels::Levels, report::Report, upstream::Hub};
use crate::proxy;

/// Fields of which the client's own word decides nothing but the form of the answer.
const FORM: [&str; 19] = [
    "accept",
    "accept-charset",
    "accept-encoding",
    "accept-language",
    "cache-control",
    "connection",
    "dnt",
    "early-data",
    "expect",
    "if-modified-since",
    "if-none-match",
    "if-range",
    "keep-alive",
    "pragma",
    "range",
    "te",
    "upgrade",
    "user-agent",
    "x-request-id",
];
/// Where a request says that it comes from: hubgate itself refuses those of other pages.
const ORIGIN: [&str; 2] = ["origin", "referer"];
/// Credentials that the hub verifies itself.
const CREDENTIALS: [&str; 3] = ["authorization", "cookie", "x-openhab-token"];

/// Reports each field that NGINX sets at a place of this hub, or stops there.
pub(super) fn check(levels: &Levels<'_>, hub: &Hub, hosts: &[String], report: &mut Report) {
    for directive in levels.nearest(&["proxy_set_header"]) {
        field(directive, hub, hosts, report);
    }
}

fn field(directive: &Directive, hub: &Hub, hosts: &[String], report: &mut Report) {
    let name = directive.word().to_ascii_lowercase();
    let value = directive.words.get(1).map_or("", String::as_str);
    if name == "host" {
        return host(directive, value, hub, hosts, report);
    }
    let own = format!("$http_{}", name.replace('-', "_"));
    if value == own || FORM.contains(&name.as_str()) || name.starts_with("sec-websocket-") {
        return report.kept(
            directive,
            "the client's own word, which decides nothing here",
        );
    }
    if ORIGIN.contains(&name.as_str()) {
        return report.changed(
            directive,
            "hubgate passes it on, and refuses what a page elsewhere made the browser send",
        );
    }
    if CREDENTIALS.contains(&name.as_str()) {
        return report.changed(directive, "hubgate keeps its own password from the hub, and passes on what is the hub's to verify");
    }
    if proxy::is_claim(&name) {
        return report.kept(
            directive,
            "hubgate sets it itself or drops it, whatever the client says",
        );
    }
    report.stop(
        directive,
        format!(
            "the hub has `{name}` from NGINX only, and would have it from any client: \
         let the hub read X-SSL-Client-S-DN or no such field, and remove this"
        ),
    );
}

/// hubgate passes the host on that the client asked for.
fn host(directive: &Directive, value: &str, hub: &Hub, hosts: &[String], report: &mut Report) {
    const PASSED: [&str; 4] = ["$host", "$http_host", "$server_name", "$proxy_host"];
    let address = hub.servers.iter().any(|server| {
        let authority = server.rsplit('/').next().unwrap_or(server);
        authority == value
            || authority
                .rsplit_once(':')
                .is_some_and(|(host, _)| host == value)
    });
    let with_port = value.starts_with("$host:");
    if PASSED.contains(&value) || with_port || address || hosts.iter().any(|host| host == value) {
        return report.kept(
            directive,
            "hubgate passes on the host that the client asked for",
        );
    }
    report.stop(directive, "hubgate passes on the host that the client asked for, by which the hub may choose another site: write `$host`");
}
