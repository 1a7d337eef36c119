//! A host's name or address (RFC 1123, RFC 3986 section 3.2.2), in the one form used from here on.

use std::net::IpAddr;

use crate::config::model::Host;

/// Checks a host of `hosts`.
///
/// # Errors
/// Cause and cure, where `hosts` may not name it.
pub fn check_host(text: &str) -> Result<(), String> {
    of_site(text).map(drop)
}

/// Reads a host of a site, which is none of NGINX's words for every other name.
pub(super) fn of_site(text: &str) -> Result<Host, String> {
    match text {
        "_" | "*" => Err(format!(
            "\"{text}\" is every other name to NGINX, and hubgate answers to the names it knows only: \
             write those that people type, such as home.example.org"
        )),
        text => parse(text),
    }
}

/// Reads a name, a wildcard name or an address; lower case, no final dot, no brackets.
pub(super) fn parse(text: &str) -> Result<Host, String> {
    let bare = text
        .strip_prefix('[')
        .and_then(|text| text.strip_suffix(']'));
    if let Ok(address) = bare.unwrap_or(text).parse::<IpAddr>() {
        return Ok(Host::Address(address.to_canonical()));
    }
    if let Some(ascii) = ascii(text) {
        return Err(format!(
            "\"{text}\" is not ASCII: write {ascii}, as the DNS has it"
        ));
    }
    if let Some(problem) = not_a_host(text) {
        return Err(format!("\"{text}\" {problem}"));
    }
    let name = text.strip_suffix('.').unwrap_or(text).to_ascii_lowercase();
    match name.strip_prefix("*.") {
        Some(parent) => checked(parent, text).map(Host::Wildcard),
        None => checked(&name, text).map(Host::Name),
    }
}

/// The form of a name that the DNS has (RFC 5890), for one that is not ASCII.
pub(super) fn ascii(text: &str) -> Option<String> {
    if text.is_ascii() || text.contains(['/', ':']) {
        return None;
    }
    let (wild, name) = match text.strip_prefix("*.") {
        Some(name) => ("*.", name),
        None => ("", text),
    };
    let name = idna::domain_to_ascii(name).ok()?;
    Some(format!("{wild}{name}"))
}

/// What else it may be that was written where a host belongs.
fn not_a_host(text: &str) -> Option<&'static str> {
    if text.contains('/') {
        return Some("is more than a host: write only the name, without scheme and path");
    }
    if text.contains(':') {
        return Some("is no host: write it without a port; ports belong to `listen`");
    }
    if !text.is_ascii() {
        return Some("is not ASCII: write the name as the DNS has it, beginning with xn--");
    }
    None
}

fn checked(name: &str, text: &str) -> Result<String, String> {
    if name.contains('*') {
        return Err(format!(
            "\"{text}\" has a `*` in the wrong place: write *.example.org"
        ));
    }
    let fits = name.len() <= 253 && name.split('.').all(is_label);
    if !fits || name.ends_with(|c: char| c.is_ascii_digit()) && looks_like_address(name) {
        return Err(format!(
            "\"{text}\" is no host: write a name such as home.example.org, or an address"
        ));
    }
    Ok(name.to_owned())
}

/// One part of a name; `_` is not in RFC 1123, but in many homes.
fn is_label(label: &str) -> bool {
    let fits = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
    let length = 1..=63;
    length.contains(&label.len())
        && label.chars().all(fits)
        && !label.starts_with('-')
        && !label.ends_with('-')
}

/// A last label of digits only is an address to every client (WHATWG URL).
fn looks_like_address(name: &str) -> bool {
    let last = name.rsplit('.').next().unwrap_or(name);
    last.bytes().all(|b| b.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_host_has_one_form_however_it_is_written() {
        let home = Host::Name("home.example.org".into());
        assert_eq!(parse("Home.Example.ORG."), Ok(home));
        assert_eq!(
            parse("*.Example.org"),
            Ok(Host::Wildcard("example.org".into()))
        );
        assert_eq!(parse("[fd00::5]"), parse("fd00:0::5"));
        assert_eq!(parse("::ffff:192.168.1.5"), parse("192.168.1.5"));
        assert_eq!(parse("openhab_pi"), Ok(Host::Name("openhab_pi".into())));
    }

    #[test]
    fn what_is_no_host_is_told_with_the_cure() {
        let told = |text: &str| parse(text).unwrap_err();
        assert!(told("https://home.example.org").contains("without scheme"));
        assert!(told("home.example.org:8443").contains("without a port"));
        assert!(told("Haustür.example.org").contains("write xn--haustr-7ya.example.org,"));
        assert!(told("*.haustür.example.org").contains("write *.xn--haustr-7ya.example.org,"));
        for all in ["_", "*"] {
            assert!(
                of_site(all)
                    .unwrap_err()
                    .contains("every other name to NGINX"),
                "{all}"
            );
        }
        for wild in ["*", "a.*.org", "*.*.org", "*home.org"] {
            assert!(told(wild).contains("wrong place"), "{wild}");
        }
        for odd in [
            "",
            ".",
            "a..b",
            "-a",
            "a b",
            "1.2.3",
            "192.168.1.256",
            &"a".repeat(64),
        ] {
            assert!(told(odd).contains("is no host"), "{odd}");
        }
    }
}
