//! The text of `proxy.yaml`, as a person would have written it: only what differs from the defaults.

use std::net::SocketAddr;

use super::{
    certificate::Certificate,
    edits::{Edit, Value},
    header::Hsts,
    house::House,
    network::Networks,
    plan::{Access, Planned},
    redirect::Redirect,
    rule::{self, Entry, Rule},
    secret_files::SecretFiles,
    site::Site,
    upstream::Hub,
};
use crate::{config::is_obeyed, telemetry::OneLine};

/// Writes the house; `state` where keys are not kept beside the file.
pub(super) fn write(
    house: &House,
    secrets: &SecretFiles,
    from: &str,
    state: Option<&str>,
) -> String {
    let mut text = format!(
        "# Made by `hubgate import-nginx` from {from}.\n# `hubgate check` tells what it means.\n\n"
    );
    text += &listen(house);
    if let Some(state) = state {
        text += &format!("# Keys and certificates that hubgate makes itself.\nstate: {state}\n");
    }
    text += &top(house);
    text += "\nsites:\n";
    for site in &house.sites {
        text += &item(&self::site(site, house, secrets));
    }
    for redirect in &house.redirects {
        text += &item(&self::redirect(redirect, house));
    }
    text
}

fn listen(house: &House) -> String {
    let usual = |addresses: &[SocketAddr], port| {
        *addresses == [SocketAddr::from((std::net::Ipv6Addr::UNSPECIFIED, port))]
    };
    if house.https.is_empty() {
        let clear = "# In the clear, as in NGINX. To turn TLS on: \"[::]:443\" in https, and a `certificate` for each site.\n";
        return format!(
            "{clear}listen: {{http: {}, https: []}}\n",
            addresses(&house.http)
        );
    }
    if usual(&house.http, 80) && usual(&house.https, 443) {
        return String::new();
    }
    format!(
        "listen: {{http: {}, https: {}}}\n",
        addresses(&house.http),
        addresses(&house.https)
    )
}

fn addresses(addresses: &[SocketAddr]) -> String {
    list(addresses.iter().map(ToString::to_string))
}

fn top(house: &House) -> String {
    let mut text = String::new();
    if !house.trusted_proxies.is_empty() {
        text += &format!(
            "trusted_proxies: {}\n",
            list(house.trusted_proxies.iter().cloned())
        );
    }
    if !house.limits.is_empty() {
        let limits: Vec<_> = house
            .limits
            .iter()
            .map(|(key, value)| format!("{key}: {}", scalar(value)))
            .collect();
        text += &format!("limits: {{{}}}\n", limits.join(", "));
    }
    if let Some(access) = house.access_log {
        text += &format!("log: {{access: {}}}\n", scalar(access));
    }
    text
}

fn site(site: &Site, house: &House, secrets: &SecretFiles) -> String {
    let mut text = format!(
        "# {}\nhosts: {}\n",
        OneLine(&site.at.to_string()),
        list(site.hosts.iter().cloned())
    );
    if !house.https.is_empty() {
        text += &certificate(&site.certificate);
    }
    text += &upstream(&site.plan.hub, secrets);
    if let Some(name) = &site.user_header {
        text += &format!("user_header: {}\n", scalar(name));
    }
    text += &access(&site.plan.rule, site.tells_certificate);
    if !site.headers.origins.is_empty() {
        let origins = list(site.headers.origins.iter().cloned());
        text += &format!("  origins: {origins}\n");
    }
    if !site.plan.paths.is_empty() {
        text += "paths:\n";
        let paths = site
            .plan
            .paths
            .iter()
            .map(|it| item(&path(it, site.tells_certificate, secrets)));
        text += &paths.collect::<String>();
    }
    text + &headers(site)
}

fn redirect(redirect: &Redirect, house: &House) -> String {
    let hosts = list(redirect.hosts.iter().cloned());
    let mut text = format!("# {}\nhosts: {hosts}\n", redirect.at);
    if !house.https.is_empty() {
        text += &certificate(&redirect.certificate);
    }
    text += &format!("redirect: {}\n", scalar(&redirect.origin));
    text + &hsts(&redirect.hsts)
}

fn certificate(certificate: &Certificate) -> String {
    match certificate {
        Certificate::SelfSigned => "certificate: self-signed\n".into(),
        Certificate::Acme => {
            "certificate: acme                # what certbot got serves until it is renewed\n"
                .into()
        }
        Certificate::Files { chain, key } => {
            format!(
                "certificate:\n  chain: {}\n  key: {}\n",
                scalar(chain),
                scalar(key)
            )
        }
    }
}

fn upstream(hub: &Hub, secrets: &SecretFiles) -> String {
    let mut keys = String::new();
    let edits = &hub.edits;
    let texts = [("ca", hub.ca.as_deref()), ("host", edits.host())];
    for (key, text) in texts {
        keys += &text.map_or_else(String::new, |text| format!("{key}: {}\n", scalar(text)));
    }
    if !edits.fields.is_empty() {
        let fields = edits.fields.iter().map(|edit| field(edit, secrets));
        keys += &format!("headers:\n{}", indent(&fields.collect::<String>()));
    }
    if hub.is_openhab {
        keys += "kind: openhab\n";
    }
    match (hub.servers.as_slice(), keys.is_empty()) {
        ([server], true) => format!("upstream: {}\n", scalar(server)),
        (servers, _) => {
            let servers = list(servers.iter().cloned());
            format!("upstream:\n  servers: {servers}\n{}", indent(&keys))
        }
    }
}

fn field(edit: &Edit, secrets: &SecretFiles) -> String {
    let name = scalar(&edit.name);
    match &edit.value {
        Value::Removed => format!("{name}: null\n"),
        Value::Text(text) => format!("{name}: {}\n", scalar(text)),
        Value::Secret(value) => {
            let file = secrets.find(&edit.name, value).unwrap_or_default();
            format!("{name}: {{file: {}}}\n", scalar(&file))
        }
    }
}

fn access(rule: &Rule, tells: bool) -> String {
    if rule::same(&[rule], &[&Rule::OPEN]) {
        return "access: public                   # as in NGINX: everybody enters\n".into();
    }
    format!("access:\n{}", indent(&block(rule, tells)))
}

fn path(planned: &Planned, tells: bool, secrets: &SecretFiles) -> String {
    let mut text = format!("path: {}\n", scalar(&planned.path));
    if planned.prefix {
        text += "prefix: true                     # all that begins with it, as in NGINX\n";
    }
    match &planned.access {
        Access::Inherit => {}
        Access::Public => text += "access: public\n",
        Access::And(rule) => text += &access(rule, tells),
    }
    let hub = planned.hub.as_ref();
    text + &hub.map(|hub| upstream(hub, secrets)).unwrap_or_default()
}

/// The keys of an access block.
fn block(rule: &Rule, tells: bool) -> String {
    let factors = [
        networks(rule),
        password(rule),
        client_certificate(rule, tells),
    ];
    let several = factors.iter().filter(|it| !it.is_empty()).count() > 1;
    let either = rule.either || matches!(rule.entry, Entry::Either(..));
    let satisfy = match (several, either) {
        (true, false) => "satisfy: all\n",
        (true, true) => "satisfy: any\n",
        _ => "",
    };
    satisfy.to_owned() + &factors.concat()
}

fn networks(rule: &Rule) -> String {
    match &rule.entry {
        Entry::Nobody => {
            format!("networks: [{NOWHERE}]      # nobody: no client has this address\n")
        }
        Entry::Networks(networks) | Entry::Either(networks, _) | Entry::Both(networks, _) => {
            named(networks)
        }
        Entry::Open | Entry::Password(_) => String::new(),
    }
}

/// An address that nobody ever comes from.
const NOWHERE: &str = "255.255.255.255";

fn named(networks: &Networks) -> String {
    let words = networks.words();
    let comment = match words.len() {
        MANY.. => "# All that NGINX's list of allow and deny leaves.\n",
        _ => "",
    };
    format!("{comment}networks: {}\n", list(words.into_iter()))
}

/// Networks from which on nobody would know what they mean.
const MANY: usize = 9;

fn password(rule: &Rule) -> String {
    match &rule.entry {
        Entry::Password(file) | Entry::Either(_, file) | Entry::Both(_, file) => {
            format!("password: {}\n", scalar(file))
        }
        _ => String::new(),
    }
}

fn client_certificate(rule: &Rule, tells: bool) -> String {
    let Some(certificate) = &rule.certificate else {
        return String::new();
    };
    let headers = if tells {
        "client_headers: x-ssl-client\n"
    } else {
        ""
    };
    let ca = scalar(&certificate.ca);
    let crl = certificate.crl.as_ref();
    let crl = crl.map(|crl| format!("crl: {}, ", scalar(crl)));
    let depth = certificate.depth;
    format!(
        "client_certificate: {{ca: {ca}, {}verify_depth: {depth}}}\n{headers}",
        crl.unwrap_or_default()
    )
}

fn hsts(hsts: &Hsts) -> String {
    match hsts {
        Hsts::Auto => String::new(),
        Hsts::Off => "hsts: off\n".into(),
        Hsts::On {
            days,
            include_subdomains,
        } => format!("hsts: {{max_age: {days}d, include_subdomains: {include_subdomains}}}\n"),
    }
}

fn headers(site: &Site) -> String {
    let mut text = hsts(&site.headers.hsts);
    if !site.headers.others.is_empty() {
        text += "headers:\n";
    }
    for (name, value) in &site.headers.others {
        text += &format!("  {}: {}\n", scalar(name), scalar(value));
    }
    text
}

/// An entry of a list; the first line that is no comment begins with a dash.
fn item(text: &str) -> String {
    let mut item = String::new();
    let mut begun = false;
    for line in text.lines() {
        let comment = !begun && line.starts_with('#');
        let begin = match (begun, comment) {
            (true, _) => "    ",
            (_, true) => "  ",
            _ => "  - ",
        };
        begun |= !comment;
        item += &format!("{begin}{line}\n");
    }
    item
}

fn indent(text: &str) -> String {
    text.lines().map(|line| format!("  {line}\n")).collect()
}

fn list(words: impl Iterator<Item = String>) -> String {
    let words: Vec<_> = words.map(|word| scalar(&word)).collect();
    format!("[{}]", words.join(", "))
}

/// A text as YAML: bare where nobody could read it otherwise.
fn scalar(text: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "_./-".contains(c);
    let bare =
        text.starts_with(|c: char| c.is_ascii_alphabetic() || c == '/') && text.chars().all(plain);
    let word = ["true", "false", "yes", "no", "on", "off", "null", "y", "n"];
    let url = text
        .strip_prefix("http://")
        .or_else(|| text.strip_prefix("https://"));
    let url = url.is_some_and(|rest| {
        !rest.is_empty() && rest.chars().all(|c| plain(c) || c == ':') && !rest.ends_with(':')
    });
    let address = text.parse::<std::net::Ipv4Addr>().is_ok()
        || text.contains('/') && text.parse::<ipnet::Ipv4Net>().is_ok();
    if (bare || url || address) && !word.contains(&text.to_ascii_lowercase().as_str()) {
        return text.to_owned();
    }
    let quoted = serde_json::Value::from(text).to_string();
    quoted.chars().map(printable).collect()
}

/// A character, escaped where YAML takes it in no other way (YAML 1.2.2, section 5.1), or where a
/// terminal would obey it.
fn printable(c: char) -> String {
    if is_obeyed(c) || matches!(c, '\u{fffe}' | '\u{ffff}') {
        return format!("\\u{:04x}", c as u32);
    }
    c.to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_quoted_where_yaml_would_read_them_otherwise() {
        for bare in [
            "lan",
            "/etc/nginx/.htpasswd",
            "http://127.0.0.1:8080",
            "192.168.1.0/24",
            "x-ssl-client",
        ] {
            assert_eq!(scalar(bare), bare);
        }
        for quoted in [
            "", "off", "[::]:80", "fd00::/8", "*.x", "a b", "1", "x: y", "#", "unix:/x",
        ] {
            assert_eq!(scalar(quoted), format!("\"{quoted}\""));
        }
        assert_eq!(
            scalar("ü\u{7f}\n\u{feff}\u{202e}"),
            r#""ü\u007f\n\ufeff\u202e""#
        );
    }
}
