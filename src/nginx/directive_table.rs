//! Directives that hubgate may leave out although a hub is reached there, each with the reason.
//!
//! Every other directive in the scope of a hub is translated, or stops the import (`unsupported`).

mod harmless;

use self::harmless::HARMLESS;
use super::{directive::Directive, outcome::Outcome};

/// The outcome of a directive that does not decide which requests reach a hub, and the reason;
/// none of directives that are translated or not known.
pub(super) fn harmless(name: &str) -> Option<(Outcome, &'static str)> {
    let found = HARMLESS
        .iter()
        .find(|(_, _, names)| names.iter().any(|pattern| fits(pattern, name)));
    found.map(|(outcome, why, _)| (*outcome, *why))
}

/// Whether the effect of the directive on each hub is computed.
pub(super) fn is_translated(name: &str) -> bool {
    TRANSLATED.contains(&name)
}

/// Whether the directive replaces the `proxy_pass` of its location.
pub(super) fn is_content_handler(name: &str) -> bool {
    name != "proxy_pass" && CONTENT_HANDLERS.iter().any(|pattern| fits(pattern, name))
}

/// Whether NGINX redirects to its location from the path without the slash at the end.
pub(super) fn leads_on(directive: &Directive) -> bool {
    const NAMES: [&str; 6] = [
        "proxy_pass",
        "fastcgi_pass",
        "uwsgi_pass",
        "scgi_pass",
        "grpc_pass",
        "memcached_pass",
    ];
    NAMES.contains(&directive.name.as_str())
}

/// The cure where a directive of the tables is harmless with other words only.
pub(super) fn wrong_words(directive: &Directive) -> Option<&'static str> {
    let word = directive.word();
    match directive.name.as_str() {
        "load_module" if !loads_known(word) => Some(
            "a module that hubgate does not know, which may decide who enters: remove it, and write into proxy.yaml who may",
        ),
        "merge_slashes" if !directive.is("on") => {
            Some("hubgate refuses doubled slashes where they could mean another place: remove it")
        }
        "proxy_pass_request_headers" | "proxy_pass_request_body" if !directive.is("on") => Some(
            "hubgate forwards requests whole: remove it, or give this place a server of its own that is not imported",
        ),
        "set" if BUILT_IN.contains(&word.trim_matches(['$', '{', '}'])) => {
            Some("this changes the request, which hubgate forwards as it came: remove it")
        }
        _ => None,
    }
}

/// Variables with a meaning of their own that `set` may change.
const BUILT_IN: [&str; 2] = ["args", "limit_rate"];

/// Modules, by the beginning of the name of their file, that act through their directives only.
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

fn loads_known(path: &str) -> bool {
    let file = path.rsplit('/').next().unwrap_or(path);
    MODULES.iter().any(|module| file.starts_with(module))
}

/// Whether the name is the pattern's, which may end in `*`.
fn fits(pattern: &str, name: &str) -> bool {
    match pattern.strip_suffix('*') {
        Some(begin) => name.starts_with(begin),
        None => name == pattern,
    }
}

/// Directives that other modules of the import evaluate for each hub.
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

/// Directives that answer a request in the place of a hub.
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

/// What may stand in an `upstream`.
pub(super) fn is_of_upstream(name: &str) -> bool {
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
    NAMES.contains(&name) || name.starts_with("keepalive_") || name.starts_with("sticky")
}

#[cfg(test)]
mod tests {
    use super::{
        super::outcome::Outcome::{Changed, Dropped},
        *,
    };

    #[test]
    fn a_directive_that_decides_about_requests_is_never_harmless() {
        assert_eq!(harmless("gzip_vary").unwrap().0, Dropped);
        assert_eq!(harmless("proxy_buffers").unwrap().0, Changed);
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
            assert_eq!(harmless(name), None, "{name}");
            assert!(!is_translated(name), "{name}");
        }
    }

    #[test]
    fn no_directive_is_both_translated_and_harmless() {
        for name in TRANSLATED {
            assert_eq!(harmless(name), None, "{name}");
        }
    }
}
