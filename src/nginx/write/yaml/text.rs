//! Scalars, lists and blocks of YAML.

use crate::config::is_invisible_or_control;

/// Writes an item of a list; the first line that is no comment begins with a dash.
pub(super) fn item(text: &str) -> String {
    let mut item = String::new();
    let mut begun = false;
    for line in text.lines() {
        let is_comment = !begun && line.starts_with('#');
        let begin = match (begun, is_comment) {
            (true, _) => "    ",
            (_, true) => "  ",
            _ => "  - ",
        };
        begun |= !is_comment;
        item += &format!("{begin}{line}\n");
    }
    item
}

pub(super) fn indent(text: &str) -> String {
    text.lines().map(|line| format!("  {line}\n")).collect()
}

pub(super) fn list(words: &[String]) -> String {
    let words: Vec<_> = words.iter().map(|word| scalar(word)).collect();
    format!("[{}]", words.join(", "))
}

/// Writes a text as YAML: without quotes where its meaning is certain.
pub(super) fn scalar(text: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "_./-".contains(c);
    let bare =
        text.starts_with(|c: char| c.is_ascii_alphabetic() || c == '/') && text.chars().all(plain);
    let reserved = ["true", "false", "yes", "no", "on", "off", "null", "y", "n"];
    let url = text
        .strip_prefix("http://")
        .or_else(|| text.strip_prefix("https://"));
    let url = url.is_some_and(|rest| {
        !rest.is_empty() && rest.chars().all(|c| plain(c) || c == ':') && !rest.ends_with(':')
    });
    let address = text.parse::<std::net::Ipv4Addr>().is_ok()
        || text.contains('/') && text.parse::<ipnet::Ipv4Net>().is_ok();
    if (bare || url || address) && !reserved.contains(&text.to_ascii_lowercase().as_str()) {
        return text.to_owned();
    }
    let quoted = serde_json::Value::from(text).to_string();
    quoted.chars().map(printable).collect()
}

/// Writes a character, escaped where YAML requires it (YAML 1.2.2, section 5.1) or where a terminal
/// would interpret it.
fn printable(c: char) -> String {
    if is_invisible_or_control(c) || matches!(c, '\u{fffe}' | '\u{ffff}') {
        return format!("\\u{:04x}", c as u32);
    }
    c.to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_quoted_where_yaml_would_parse_them_otherwise() {
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
