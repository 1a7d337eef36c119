//! The purpose of an `if`, for which hubgate has no counterpart in general.

use crate::nginx::read::directive::Directive;

/// The purpose of an `if`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Condition {
    /// It redirects from http to https.
    ToHttps,
    /// It refuses clients without a valid certificate.
    Certificate,
    /// It refuses requests for other hosts.
    OtherHosts,
    /// It changes the response only.
    ResponseOnly,
    /// It redirects to another path of the server, by a field that a client may leave out.
    OptionalRedirect,
    /// It may decide about access.
    Access,
}

impl Condition {
    /// Classifies an `if` of a server with these hosts; `tls` where the server is reached over TLS,
    /// so that no condition on the scheme holds.
    pub(crate) fn classify(directive: &Directive, hosts: &[String], tls: bool) -> Self {
        let text = directive.joined_parameters();
        let text = text
            .trim_start_matches('(')
            .trim_end_matches([')', ' '])
            .trim();
        let words: Vec<_> = text.split_whitespace().collect();
        let block = directive.children();
        let refuses = directive.only_refuses();
        let redirects = block.iter().all(Directive::redirects_to_https);
        match words.as_slice() {
            ["$ssl_client_verify", "!=", "SUCCESS"] | ["$ssl_client_verify", "=", "NONE"]
                if refuses =>
            {
                Self::Certificate
            }
            ["$host", "!=", name] if refuses && hosts == [name.to_owned()] => Self::OtherHosts,
            ["$scheme", "=", "http"]
            | ["$scheme", "!=", "https"]
            | ["$https", "="]
            | ["$https", "!=", "on"]
                if redirects =>
            {
                Self::ToHttps
            }
            [
                "$scheme" | "$host" | "$https" | "$server_port" | "$http_x_forwarded_proto",
                ..,
            ] if redirects && !tls => Self::ToHttps,
            _ if block.iter().all(Directive::changes_response_only) => Self::ResponseOnly,
            [field, "~" | "~*" | "=", text]
                if is_optional(field, text) && block.iter().all(Directive::redirects_within) =>
            {
                Self::OptionalRedirect
            }
            _ => Self::Access,
        }
    }
}

impl Directive {
    /// Reports whether its block refuses every request that enters it.
    pub(crate) fn only_refuses(&self) -> bool {
        const ALLOWED: [&str; 2] = ["return", "set"];
        let block = self.children();
        let is_allowed = |directive: &Self| ALLOWED.contains(&directive.name.as_str());
        block.iter().any(Self::is_refusal) && block.iter().all(is_allowed)
    }

    /// Reports whether it is a `return` with a status of 4xx or 5xx.
    pub(crate) fn is_refusal(&self) -> bool {
        self.name == "return" && self.parameter().starts_with(['4', '5'])
    }

    /// Reports whether it redirects to https.
    pub(crate) fn redirects_to_https(&self) -> bool {
        let target = match (self.name.as_str(), self.parameters.as_slice()) {
            ("return", [code, target]) if code.starts_with("30") => target,
            ("return", [target]) => target,
            ("rewrite", [_, target, ..]) => target,
            _ => return false,
        };
        target.starts_with("https://")
    }

    /// Reports whether it redirects to another path of the same server.
    fn redirects_within(&self) -> bool {
        let target = match (self.name.as_str(), self.parameters.as_slice()) {
            ("return", [code, target]) if code.starts_with("30") => target,
            ("rewrite", [_, target, flag]) if flag == "redirect" || flag == "permanent" => target,
            _ => return false,
        };
        target.starts_with('/') && !target.starts_with("//")
    }

    /// Reports whether it changes neither the request nor its destination.
    fn changes_response_only(&self) -> bool {
        const NAMES: [&str; 7] = [
            "add_header",
            "set",
            "access_log",
            "expires",
            "gzip",
            "limit_rate",
            "proxy_hide_header",
        ];
        NAMES.contains(&self.name.as_str()) && self.harmful_parameter().is_none()
    }
}

/// Reports whether a request without the field does not match the text.
fn is_optional(field: &str, text: &str) -> bool {
    let plain = |c: char| c.is_ascii_alphanumeric() || "/-_".contains(c);
    let is_sent = field.starts_with("$http_") && field != "$http_host";
    is_sent && !text.is_empty() && text.chars().all(plain)
}
