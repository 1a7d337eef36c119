//! `proxy_set_header`: fields of a request that the hub believes because NGINX sets or clears them.
//!
//! hubgate drops a client's claims by their names and sets its own. A field beside these that the
//! hub would have from NGINX only is the client's own to write under hubgate, so it stops the import.

use super::{
    directive::Directive, levels::Levels, report::Report, upstream::Hub, variables::Variables,
};
use crate::proxy;

/// Fields of which the client's own word decides nothing but the form of the answer.
const FORM: [&str; 16] = [
    "accept",
    "accept-charset",
    "accept-encoding",
    "accept-language",
    "cache-control",
    "dnt",
    "early-data",
    "expect",
    "if-modified-since",
    "if-none-match",
    "if-range",
    "pragma",
    "range",
    "user-agent",
    "x-request-id",
    "x-scheme",
];
/// Where a request says that it comes from: hubgate itself refuses those of other pages.
const ORIGIN: [&str; 2] = ["origin", "referer"];
/// Credentials that the hub verifies itself.
const CREDENTIALS: [&str; 3] = ["authorization", "cookie", "x-openhab-token"];

/// Fields that hubgate itself sets, with the words of NGINX's that come to the same.
const SET: [(&str, &[&str]); 3] = [
    (
        "x-forwarded-for",
        &["$proxy_add_x_forwarded_for", "$remote_addr"],
    ),
    ("x-real-ip", &["$remote_addr"]),
    ("x-forwarded-proto", &["$scheme", "$http_x_forwarded_proto"]),
];
/// Fields of the connection to the hub, which hubgate sets as needed.
const OF_CONNECTION: [&str; 4] = ["connection", "keep-alive", "te", "upgrade"];

/// A place of a hub as far as fields matter there.
pub(super) struct Place<'p, 'd> {
    pub(super) levels: &'p Levels<'d>,
    pub(super) variables: &'p Variables<'d>,
    pub(super) hub: &'p Hub,
    pub(super) hosts: &'p [String],
}

impl Place<'_, '_> {
    /// Reports each field that NGINX sets here, or stops there.
    pub(super) fn check(&self, report: &mut Report) {
        for directive in self.levels.nearest(&["proxy_set_header"]) {
            self.field(directive, report);
        }
    }

    fn field(&self, directive: &Directive, report: &mut Report) {
        let name = directive.word().to_ascii_lowercase();
        let written = directive.words.get(1).map_or("", String::as_str);
        let value = self.variables.resolve(written);
        let own = format!("$http_{}", name.replace('-', "_"));
        match name.as_str() {
            "host" => host(directive, &value, self.hub, self.hosts, report),
            _ if value == own => {
                report.kept(directive, "hubgate passes on the client's own");
            }
            name if OF_CONNECTION.contains(&name) || name.starts_with("sec-websocket-") => {
                report.kept(directive, "hubgate speaks to the hub in the same way by itself");
            }
            name if FORM.contains(&name) => report.changed(
                directive,
                "hubgate passes on the client's own, which decides nothing but the form of the answer",
            ),
            name if ORIGIN.contains(&name) => report.changed(
                directive,
                "hubgate passes it on, and refuses what a page elsewhere made the browser send",
            ),
            name if CREDENTIALS.contains(&name) => credentials(directive, &value, report),
            name if proxy::is_claim(name) => self.claim(directive, name, (written, &value), report),
            name => report.stop(directive, format!(
                "the hub has `{name}` from NGINX only, and would have it from any client: \
                 let the hub read X-SSL-Client-S-DN or no such field, and remove this"
            )),
        }
    }

    /// A field that hubgate drops of clients, and sets itself if it is one of three.
    fn claim(
        &self,
        directive: &Directive,
        name: &str,
        (written, value): (&str, &str),
        report: &mut Report,
    ) {
        let set = SET
            .iter()
            .find(|(own, _)| *own == name)
            .map(|(_, words)| *words);
        let scheme = name == "x-forwarded-proto"
            && self.variables.fixed("$scheme").as_deref() == Some(value);
        match set {
            Some(words) if scheme || words.contains(&written) => {
                report.kept(directive, "hubgate sets it itself, whatever the client says");
            }
            Some(_) => report.changed(
                directive,
                "hubgate sets it itself, to what it knows of the client's connection",
            ),
            None if value.is_empty() => {
                report.kept(directive, "hubgate drops it, whatever the client says");
            }
            None => report.dropped(
                directive,
                "hubgate drops it, whatever the client says, and sets none: the hub does not have it any more",
            ),
        }
    }
}

/// What the hub verifies itself.
fn credentials(directive: &Directive, value: &str, report: &mut Report) {
    match value {
        "" => report.changed(
            directive,
            "hubgate keeps its own password from the hub, and passes on what is the hub's to verify",
        ),
        _ => report.dropped(
            directive,
            "hubgate has no secrets of the hub's, and passes on the visitor's: the hub asks each visitor for its own password",
        ),
    }
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
