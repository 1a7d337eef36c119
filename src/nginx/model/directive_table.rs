//! The directives that may be left out where an upstream is reached, each with the reason.
//!
//! Every other directive there is translated, or stops the import (`unsupported`).

mod harmless;

use self::harmless::HARMLESS;
use crate::nginx::{outcome::Outcome, read::directive::Directive};

impl Directive {
    /// Returns the outcome of a directive that does not decide which requests reach an upstream,
    /// and the reason; none for directives that are translated or unknown.
    pub(crate) fn harmless(&self) -> Option<(Outcome, &'static str)> {
        let found = HARMLESS
            .iter()
            .find(|(_, _, names)| names.iter().any(|pattern| matches(pattern, &self.name)));
        found.map(|(outcome, reason, _)| (*outcome, *reason))
    }

    /// Reports whether the import computes the effect of the directive on each upstream.
    pub(crate) fn is_translated(&self) -> bool {
        TRANSLATED.contains(&self.name.as_str())
    }

    /// Reports whether the directive replaces the `proxy_pass` of its location.
    pub(crate) fn is_content_handler(&self) -> bool {
        let mut handlers = CONTENT_HANDLERS.iter();
        self.name != "proxy_pass" && handlers.any(|pattern| matches(pattern, &self.name))
    }

    /// Reports whether NGINX redirects to its location from the same path without the slash at the
    /// end.
    pub(crate) fn redirects_to_slash(&self) -> bool {
        const NAMES: [&str; 6] = [
            "proxy_pass",
            "fastcgi_pass",
            "uwsgi_pass",
            "scgi_pass",
            "grpc_pass",
            "memcached_pass",
        ];
        NAMES.contains(&self.name.as_str())
    }

    /// Reports whether the directive is known in an `upstream` block.
    pub(crate) fn is_of_upstream(&self) -> bool {
        const NAMES: [&str; 10] = [
            "server",
            "zone",
            "keepalive",
            "least_conn",
            "ip_hash",
            "hash",
            "random",
            "queue",
            "ntlm",
            "include",
        ];
        let name = self.name.as_str();
        NAMES.contains(&name) || name.starts_with("keepalive_") || name.starts_with("sticky")
    }

    /// Returns the correction of a directive of the tables that is harmless with other parameters
    /// only.
    pub(crate) fn harmful_parameter(&self) -> Option<&'static str> {
        let parameter = self.parameter();
        match self.name.as_str() {
            "load_module" if !is_known_module(parameter) => Some(
                "a module that hubgate does not know and that may decide about access: remove it, and write the access rule into proxy.yaml",
            ),
            "merge_slashes" if !self.parameter_is("on") => Some(
                "hubgate refuses doubled slashes where they could mean another path: remove it",
            ),
            "proxy_pass_request_headers" | "proxy_pass_request_body"
                if !self.parameter_is("on") =>
            {
                Some(
                    "hubgate forwards whole requests: remove it, or move this location to a server of its own that is not imported",
                )
            }
            "set" if BUILT_IN.contains(&parameter.trim_matches(['$', '{', '}'])) => {
                Some("this changes the request, which hubgate forwards unchanged: remove it")
            }
            _ => None,
        }
    }
}

/// Built-in variables that `set` may change.
const BUILT_IN: [&str; 2] = ["args", "limit_rate"];

/// Prefixes of the file names of modules that act through their directives only.
const MODULES: [&str; 22] = [
    "ngx_http_auth_pam",
    "ngx_http_brotli",
    "ngx_http_cache_purge",
    "ngx_http_dav_ext",
    "ngx_http_echo",
    "ngx_http_fancyindex",
    "ngx_http_geoip",
    "ngx_http_headers_more",
    "ngx_http_image_filter",
    "ngx_http_js",
    "ngx_http_lua",
    "ngx_http_modsecurity",
    "ngx_http_perl",
    "ngx_http_subs_filter",
    "ngx_http_uploadprogress",
    "ngx_http_upstream_fair",
    "ngx_http_xslt_filter",
    "ngx_mail",
    "ngx_nchan",
    "ngx_rtmp",
    "ngx_stream",
    "ndk_http",
];

fn is_known_module(path: &str) -> bool {
    let file = path.rsplit('/').next().unwrap_or(path);
    MODULES.iter().any(|module| file.starts_with(module))
}

/// Reports whether a name matches a pattern, which may end in `*`.
fn matches(pattern: &str, name: &str) -> bool {
    match pattern.strip_suffix('*') {
        Some(begin) => name.starts_with(begin),
        None => name == pattern,
    }
}

/// Directives that other modules of the import evaluate for each upstream.
const TRANSLATED: &[&str] = &[
    "add_header",
    "allow",
    "auth_basic",
    "auth_basic_user_file",
    "client_max_body_size",
    "deny",
    "if",
    "internal",
    "listen",
    "location",
    "proxy_pass",
    "proxy_read_timeout",
    "proxy_send_timeout",
    "proxy_set_header",
    "proxy_ssl_trusted_certificate",
    "proxy_ssl_verify",
    "real_ip_header",
    "real_ip_recursive",
    "return",
    "satisfy",
    "server",
    "server_name",
    "set_real_ip_from",
    "ssl",
    "ssl_certificate",
    "ssl_certificate_key",
    "ssl_client_certificate",
    "ssl_crl",
    "ssl_ocsp",
    "ssl_reject_handshake",
    "ssl_verify_client",
    "ssl_verify_depth",
    "upstream",
];

/// Directives that respond to a request instead of an upstream.
const CONTENT_HANDLERS: &[&str] = &[
    "content_by_*",
    "echo*",
    "empty_gif",
    "f4f",
    "fastcgi_pass",
    "flv",
    "grpc_pass",
    "hls",
    "js_content",
    "memcached_pass",
    "mp4",
    "perl",
    "scgi_pass",
    "stub_status",
    "uwsgi_pass",
];

#[cfg(test)]
mod tests {
    use std::{path::Path, sync::Arc};

    use super::*;
    use crate::nginx::{
        outcome::Outcome::{Changed, Dropped},
        read::directive::Position,
    };

    fn directive(name: &str) -> Directive {
        let file: Arc<Path> = Path::new("t").into();
        Directive {
            id: 0,
            name: name.to_owned(),
            parameters: Vec::new(),
            block: None,
            at: Position { file, line: 1 },
        }
    }

    #[test]
    fn a_directive_that_decides_about_requests_is_never_harmless() {
        let outcome = |name| directive(name).harmless().unwrap().0;
        assert_eq!(outcome("gzip_vary"), Dropped);
        assert_eq!(outcome("proxy_buffers"), Changed);
        for name in [
            "gzipped",
            "auth_request",
            "auth_jwt",
            "limit_except",
            "access_by_lua_file",
            "rewrite",
            "rewrite_by_lua_file",
            "break",
            "try_files",
            "modsecurity",
            "secure_link",
            "js_access",
            "testcookie",
            "proxy_method",
            "proxy_set_body",
            "proxy_bind",
        ] {
            assert_eq!(directive(name).harmless(), None, "{name}");
            assert!(!directive(name).is_translated(), "{name}");
        }
    }

    #[test]
    fn no_directive_is_both_translated_and_harmless() {
        for name in TRANSLATED {
            assert_eq!(directive(name).harmless(), None, "{name}");
        }
    }
}
