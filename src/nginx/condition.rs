//! `if`, and what is there in its place: hubgate has no conditions.

use super::{directive::Directive, directive_table};

/// What an `if` is there for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Condition {
    /// It leads from http to https.
    ToTls,
    /// It refuses who shows no valid certificate.
    Certificate,
    /// It refuses requests for other hosts.
    OtherHosts,
    /// It decides about nobody.
    Comfort,
    /// It leads to another path of the server, by a field that a client may leave out.
    Detour,
    /// It may decide who enters.
    Guard,
}

/// What an `if` of a server with these hosts is there for; `tls` where it is reached over TLS,
/// which no condition on the scheme is true of.
pub(super) fn condition(directive: &Directive, hosts: &[String], tls: bool) -> Condition {
    let text = directive.text();
    let text = text
        .trim_start_matches('(')
        .trim_end_matches([')', ' '])
        .trim();
    let words: Vec<_> = text.split_whitespace().collect();
    let inner = directive.inner();
    let refuses = refuses(directive);
    let leads = inner.iter().all(leads_to_tls);
    match words.as_slice() {
        ["$ssl_client_verify", "!=", "SUCCESS"] | ["$ssl_client_verify", "=", "NONE"]
            if refuses =>
        {
            Condition::Certificate
        }
        ["$host", "!=", name] if refuses && hosts == [name.to_owned()] => Condition::OtherHosts,
        ["$scheme", "=", "http"]
        | ["$scheme", "!=", "https"]
        | ["$https", "="]
        | ["$https", "!=", "on"]
            if leads =>
        {
            Condition::ToTls
        }
        [
            "$scheme" | "$host" | "$https" | "$server_port" | "$http_x_forwarded_proto",
            ..,
        ] if leads && !tls => Condition::ToTls,
        _ if inner.iter().all(is_comfort) => Condition::Comfort,
        [field, "~" | "~*" | "=", text]
            if is_optional(field, text) && inner.iter().all(leads_within) =>
        {
            Condition::Detour
        }
        _ => Condition::Guard,
    }
}

/// Whether the block of an `if` refuses whatever enters it.
pub(super) fn refuses(directive: &Directive) -> bool {
    const ALONE: [&str; 2] = ["return", "set"];
    let inner = directive.inner();
    inner.iter().any(is_refusal) && inner.iter().all(|it| ALONE.contains(&it.name.as_str()))
}

pub(super) fn is_refusal(directive: &Directive) -> bool {
    directive.name == "return" && directive.word().starts_with(['4', '5'])
}

/// Whether it redirects to the same path over https.
pub(super) fn leads_to_tls(directive: &Directive) -> bool {
    let target = match (directive.name.as_str(), directive.words.as_slice()) {
        ("return", [code, target]) if code.starts_with("30") => target,
        ("return", [target]) => target,
        ("rewrite", [_, target, ..]) => target,
        _ => return false,
    };
    target.starts_with("https://")
}

/// Whether a request without this field does not fit the text.
fn is_optional(field: &str, text: &str) -> bool {
    let plain = |c: char| c.is_ascii_alphanumeric() || "/-_".contains(c);
    let is_sent = field.starts_with("$http_") && field != "$http_host";
    is_sent && !text.is_empty() && text.chars().all(plain)
}

/// Whether it redirects to another path of the same server.
fn leads_within(directive: &Directive) -> bool {
    let target = match (directive.name.as_str(), directive.words.as_slice()) {
        ("return", [code, target]) if code.starts_with("30") => target,
        ("rewrite", [_, target, flag]) if flag == "redirect" || flag == "permanent" => target,
        _ => return false,
    };
    target.starts_with('/') && !target.starts_with("//")
}

/// Whether it changes nothing of the request or of where it goes.
fn is_comfort(directive: &Directive) -> bool {
    const NAMES: [&str; 7] = [
        "add_header",
        "set",
        "access_log",
        "expires",
        "gzip",
        "limit_rate",
        "proxy_hide_header",
    ];
    NAMES.contains(&directive.name.as_str()) && directive_table::wrong_words(directive).is_none()
}
