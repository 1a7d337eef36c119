//! Directives as the report shows them: without passwords, tokens and keys.

use super::directive::Directive;

/// Parts of names of fields, variables and directives that hold a secret.
const SECRET: [&str; 12] = [
    "auth",
    "token",
    "secret",
    "passw",
    "passwd",
    "pwd",
    "apikey",
    "api-key",
    "api_key",
    "credential",
    "cookie",
    "session",
];
/// Directives whose words name files, switches or realms, never a secret.
const PLAIN: [&str; 12] = [
    "auth_basic",
    "auth_basic_user_file",
    "auth_delay",
    "auth_request",
    "include",
    "location",
    "proxy_cookie_domain",
    "proxy_cookie_flags",
    "proxy_cookie_path",
    "proxy_pass_header",
    "proxy_hide_header",
    "server_name",
];
/// Fields of requests whose values are compared openly.
const OPEN: [&str; 9] = [
    "$http_host",
    "$http_upgrade",
    "$http_connection",
    "$http_user_agent",
    "$http_referer",
    "$http_origin",
    "$http_accept",
    "$http_x_forwarded_proto",
    "$http_x_forwarded_scheme",
];

/// The directive as one line, control characters as blanks, secrets as `…`.
pub(super) fn shown(directive: &Directive) -> String {
    let words = directive.words.iter().enumerate();
    let words = words.map(|(nth, word)| match is_secret(directive, nth) {
        true => HIDDEN.to_owned(),
        false => without_user(word),
    });
    let text = std::iter::once(directive.name.clone()).chain(words);
    text.collect::<Vec<_>>()
        .join(" ")
        .replace(char::is_control, " ")
}

/// Whether a field of requests holds a secret, by its name, the variables of its value, or the value.
pub(super) fn is_secret_field(name: &str, written: &str, value: &str) -> bool {
    let named = written.split('$').skip(1).any(sounds);
    sounds(name) || named || carries(value)
}

pub(super) const HIDDEN: &str = "…";

fn is_secret(directive: &Directive, nth: usize) -> bool {
    let word = directive.words[nth].as_str();
    let name = directive.name.as_str();
    if PLAIN.contains(&name) || is_variable(word) || word.is_empty() {
        return false;
    }
    match name {
        "proxy_set_header" | "add_header" | "add_trailer" | "set" => {
            nth > 0 && (sounds(directive.word()) || carries(word))
        }
        "if" => nth > 0 && is_compared(directive, nth),
        _ => {
            nth > 0 && sounds(directive.word())
                || sounds(name) && !word.starts_with('/') && !is_switch(word)
                || carries(word)
        }
    }
}

/// A word that an `if` compares with something that only the client knows.
fn is_compared(directive: &Directive, nth: usize) -> bool {
    let left = directive.words[0].trim_start_matches('(');
    let theirs = ["$http_", "$arg_", "$cookie_"]
        .iter()
        .any(|begin| left.starts_with(begin));
    let sign = matches!(
        directive.words[nth].as_str(),
        "=" | "!=" | "~" | "~*" | "!~" | "!~*" | ")" | "("
    );
    (theirs && !OPEN.contains(&left) || sounds(left)) && !sign
}

fn sounds(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    !name.starts_with("ssl_")
        && (name.ends_with("key") || SECRET.iter().any(|part| name.contains(part)))
}

/// Whether the text is a field of credentials.
fn carries(word: &str) -> bool {
    let word = word.to_ascii_lowercase();
    ["basic ", "bearer ", "token "]
        .iter()
        .any(|scheme| word.contains(scheme))
}

fn is_switch(word: &str) -> bool {
    matches!(
        word.to_ascii_lowercase().as_str(),
        "on" | "off" | "any" | "all"
    )
}

/// Whether nothing of it is written out, as in `$http_authorization`.
fn is_variable(word: &str) -> bool {
    let plain = |c: char| c.is_ascii_alphanumeric() || "_{}$".contains(c);
    word.starts_with('$') && word.chars().all(plain)
}

/// An address without the user and password before its host.
fn without_user(word: &str) -> String {
    let Some((scheme, rest)) = word.split_once("://") else {
        return word.to_owned();
    };
    let end = rest.find('/').unwrap_or(rest.len());
    match rest[..end].rfind('@') {
        Some(at) => format!("{scheme}://{HIDDEN}{}", &rest[at..]),
        None => word.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::{
        super::{files::Memory, parser::Parser},
        *,
    };

    fn line(text: &str) -> String {
        let files = Memory([("/e/n".into(), text.to_owned())].into());
        let read = Parser::new(&files)
            .root(Path::new("/e/n"), Path::new("/e"))
            .unwrap();
        shown(&read[0])
    }

    #[test]
    fn the_report_hides_credentials() {
        for text in [
            "proxy_set_header Authorization 'Basic S3CRET';",
            "proxy_set_header X-Api-Key S3CRET;",
            "proxy_set_header Cookie sid=S3CRET;",
            "proxy_set_header X-A 'Bearer S3CRET';",
            "add_header Set-Cookie S3CRET;",
            "set $token S3CRET;",
            "if ($http_x_key = S3CRET) { return 200; }",
            "if ($arg_k != \"S3CRET\") { return 403; }",
            "if ($cookie_door ~ S3CRET) { return 403; }",
            "proxy_pass http://anna:S3CRET@127.0.0.1;",
            "secure_link_secret S3CRET;",
            "fastcgi_param API_TOKEN S3CRET;",
            "more_set_input_headers 'Authorization: Basic S3CRET';",
            "api_key S3CRET;",
        ] {
            let shown = line(text);
            assert!(
                shown.contains(HIDDEN) && !shown.contains("S3CRET"),
                "{shown}"
            );
        }
    }

    #[test]
    fn the_report_shows_what_the_operator_has_to_find() {
        for text in [
            "proxy_set_header Authorization $http_authorization;",
            "proxy_set_header X-Forwarded-Proto https;",
            "auth_basic_user_file /etc/nginx/.htpasswd;",
            "auth_basic \"My home\";",
            "ssl_certificate_key /c/a.key;",
            "if ($http_host = a.example.org) { return 403; }",
            "if ($host = a) { return 403; }",
            "location /api/token { return 403; }",
            "set $port 8080;",
            "auth_jwt off;",
            "map $http_authorization $known { default 0; }",
        ] {
            assert!(!line(text).contains(HIDDEN), "{}", line(text));
        }
    }
}
