//! The text of a directive in the report, without passwords, tokens and keys.

use crate::nginx::read::directive::Directive;

/// Parts of the names of fields, variables and directives that contain a secret.
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
/// Directives with files, switches or realms as parameters, never a secret.
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
/// Request fields with values that are no secret.
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

/// The text that replaces a secret.
pub(crate) const HIDDEN: &str = "…";

impl Directive {
    /// Returns the directive in one line, with blanks for control characters and `…` for secrets.
    pub(crate) fn shown(&self) -> String {
        let parameters = self.parameters.iter().enumerate();
        let parameters = parameters.map(|(nth, word)| match self.is_secret(nth) {
            true => HIDDEN.to_owned(),
            false => without_user(word),
        });
        let text = std::iter::once(self.name.clone()).chain(parameters);
        text.collect::<Vec<_>>()
            .join(" ")
            .replace(char::is_control, " ")
    }

    fn is_secret(&self, nth: usize) -> bool {
        let word = self.parameters[nth].as_str();
        let name = self.name.as_str();
        if PLAIN.contains(&name) || is_variable(word) || word.is_empty() {
            return false;
        }
        match name {
            "proxy_set_header" | "add_header" | "add_trailer" | "set" => {
                nth > 0 && (names_secret(self.parameter()) || has_credentials(word))
            }
            "if" => nth > 0 && self.compares_secret(nth),
            _ => {
                nth > 0 && names_secret(self.parameter())
                    || names_secret(name) && !word.starts_with('/') && !is_switch(word)
                    || has_credentials(word)
            }
        }
    }

    /// Reports whether an `if` compares the parameter with a value that only the client knows.
    fn compares_secret(&self, nth: usize) -> bool {
        let left = self.parameters[0].trim_start_matches('(');
        let is_of_client = ["$http_", "$arg_", "$cookie_"]
            .iter()
            .any(|begin| left.starts_with(begin));
        let is_operator = matches!(
            self.parameters[nth].as_str(),
            "=" | "!=" | "~" | "~*" | "!~" | "!~*" | ")" | "("
        );
        (is_of_client && !OPEN.contains(&left) || names_secret(left)) && !is_operator
    }
}

/// Reports whether a request field contains a secret, by its name, the variables of its value, or
/// the value.
pub(crate) fn is_secret_field(name: &str, written: &str, value: &str) -> bool {
    let has_secret_variable = written.split('$').skip(1).any(names_secret);
    names_secret(name) || has_secret_variable || has_credentials(value)
}

fn names_secret(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    !name.starts_with("ssl_")
        && (name.ends_with("key") || SECRET.iter().any(|part| name.contains(part)))
}

/// Reports whether the text contains the scheme of credentials.
fn has_credentials(word: &str) -> bool {
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

/// Reports whether the word is a variable without literal text, such as `$http_authorization`.
fn is_variable(word: &str) -> bool {
    let plain = |c: char| c.is_ascii_alphanumeric() || "_{}$".contains(c);
    word.starts_with('$') && word.chars().all(plain)
}

/// Hides user and password before the host of a URL.
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

    use super::*;
    use crate::nginx::read::{files::InMemory, parser::Parser};

    fn line(text: &str) -> String {
        let files = InMemory([("/e/n".into(), text.to_owned())].into());
        let parsed = Parser::new(&files)
            .parse(Path::new("/e/n"), Path::new("/e"))
            .unwrap();
        parsed[0].shown()
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
    fn the_report_shows_all_other_parameters() {
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
