//! Directives that hubgate may leave out although a hub is reached there, each with the reason.
//!
//! Every other directive in the scope of a hub is translated, or stops the import (`unsupported`).

use super::{
    directive::Directive,
    report::Fate::{self, Changed, Dropped, Kept},
};

/// The outcome of a directive that does not decide which requests reach a hub, and the reason;
/// none of directives that are translated or not known.
pub(super) fn harmless(name: &str) -> Option<(Fate, &'static str)> {
    let found = HARMLESS
        .iter()
        .find(|(_, _, names)| names.iter().any(|pattern| fits(pattern, name)));
    found.map(|(fate, why, _)| (*fate, *why))
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
        "merge_slashes" if word != "on" => {
            Some("hubgate refuses doubled slashes where they could mean another place: remove it")
        }
        "proxy_pass_request_headers" | "proxy_pass_request_body" if word != "on" => Some(
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

type Row = (Fate, &'static str, &'static [&'static str]);

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

const HARMLESS: &[Row] = &[
    (Kept, "read with the rest", &["include", "http"]),
    (
        Kept,
        "hubgate speaks to the hub in the same way by itself",
        &[
            "proxy_http_version",
            "proxy_buffering",
            "proxy_request_buffering",
            "proxy_cache_bypass",
            "proxy_no_cache",
            "proxy_redirect",
            "proxy_pass_request_headers",
            "proxy_pass_request_body",
            "proxy_pass_header",
        ],
    ),
    (
        Kept,
        "built in: TLS 1.2 and 1.3 with safe ciphers",
        &[
            "ssl_protocols",
            "ssl_ciphers",
            "ssl_prefer_server_ciphers",
            "ssl_dhparam",
            "ssl_ecdh_curve",
            "ssl_conf_command",
            "ssl_buffer_size",
            "ssl_early_data",
            "ssl_engine",
        ],
    ),
    (
        Kept,
        "built in: HTTP/2 wherever there is TLS",
        &["http2", "http2_*"],
    ),
    (
        Kept,
        "built in: hubgate refuses doubled slashes where they could mean another place",
        &["merge_slashes"],
    ),
    (
        Changed,
        "built in: sessions of one site only, never where a certificate may be asked for",
        &["ssl_session_*"],
    ),
    (
        Changed,
        "built in: no version is ever sent",
        &["server_tokens"],
    ),
    (
        Changed,
        "the log goes to the journal (journalctl -u hubgate); `log` in proxy.yaml sets its form",
        &[
            "error_log",
            "access_log",
            "log_format",
            "log_not_found",
            "log_subrequest",
            "open_log_file_cache",
            "log_empty",
            "rewrite_log",
            "uninitialized_variable_warn",
        ],
    ),
    (
        Changed,
        "built in: wrong passwords are slowed down by address and user, connections limited by `limits`",
        &[
            "limit_req",
            "limit_req_*",
            "limit_conn",
            "limit_conn_*",
            "limit_rate*",
            "auth_delay",
        ],
    ),
    (
        Changed,
        "built in: requests and connections are cut by `limits`",
        &[
            "client_header_*",
            "client_body_*",
            "large_client_header_buffers",
            "keepalive_requests",
            "keepalive_time",
            "keepalive_disable",
            "keepalive_timeout",
            "keepalive_min_timeout",
            "send_timeout",
            "send_lowat",
            "reset_timedout_connection",
            "lingering_*",
            "connection_pool_size",
            "request_pool_size",
            "max_headers",
        ],
    ),
    (
        Changed,
        "built in: hubgate refuses header fields that are malformed and drops those with `_`",
        &["ignore_invalid_headers", "underscores_in_headers"],
    ),
    (
        Changed,
        "built in: connections to the hub are kept and limited, its failures answered with pages of hubgate's own",
        &[
            "proxy_connect_timeout",
            "proxy_next_upstream*",
            "proxy_buffer*",
            "proxy_busy_buffers_size",
            "proxy_temp_*",
            "proxy_max_temp_file_size",
            "proxy_socket_keepalive",
            "proxy_ignore_client_abort",
            "proxy_headers_hash_*",
            "proxy_limit_rate",
            "proxy_send_lowat",
            "proxy_force_ranges",
            "proxy_ignore_headers",
        ],
    ),
    (
        Changed,
        "the page of a request that was refused, or that the hub has answered; hubgate has pages of its own",
        &[
            "error_page",
            "recursive_error_pages",
            "proxy_intercept_errors",
        ],
    ),
    (
        Dropped,
        "hubgate looks names of hubs up at each connection, with the system's resolver",
        &["resolver", "resolver_timeout"],
    ),
    (
        Dropped,
        "no OCSP stapling: browsers and Let's Encrypt gave it up",
        &["ssl_stapling*", "ssl_trusted_certificate"],
    ),
    (
        Dropped,
        "works only with `ssl_ocsp`, which stops the import where it is on",
        &["ssl_ocsp_*"],
    ),
    (
        Dropped,
        "how NGINX shows itself to the hub by TLS, which the hub judges; hubgate shows no certificate",
        &[
            "proxy_ssl_certificate",
            "proxy_ssl_certificate_key",
            "proxy_ssl_ciphers",
            "proxy_ssl_conf_command",
            "proxy_ssl_crl",
            "proxy_ssl_name",
            "proxy_ssl_password_file",
            "proxy_ssl_protocols",
            "proxy_ssl_server_name",
            "proxy_ssl_session_reuse",
            "proxy_ssl_verify_depth",
        ],
    ),
    (
        Dropped,
        "the hub compresses its answers itself",
        &["gzip", "gzip_*", "gunzip", "gunzip_*", "brotli", "brotli_*"],
    ),
    (
        Dropped,
        "changes or keeps answers only; hubgate passes on those of the hub",
        &[
            "proxy_cache",
            "proxy_cache_*",
            "proxy_store*",
            "expires",
            "etag",
            "if_modified_since",
            "open_file_cache*",
            "slice",
            "proxy_hide_header",
            "proxy_cookie_*",
            "sub_filter*",
            "addition_types",
            "add_before_body",
            "add_after_body",
            "ssi*",
            "add_trailer",
            "more_set_headers",
            "more_clear_headers",
            "charset*",
            "override_charset",
            "source_charset",
            "image_filter*",
            "xslt_*",
            "mirror*",
            "userid*",
            "chunked_transfer_encoding",
            "msie_*",
            "output_buffers",
            "postpone_output",
            "absolute_redirect",
            "port_in_redirect",
            "server_name_in_redirect",
        ],
    ),
    (
        Dropped,
        "about files and programs that NGINX serves itself; hubgate serves none",
        &[
            "root",
            "alias",
            "index",
            "autoindex*",
            "sendfile*",
            "directio*",
            "aio*",
            "tcp_nopush",
            "types",
            "types_hash_*",
            "default_type",
            "disable_symlinks",
            "fastcgi_*",
            "uwsgi_*",
            "scgi_*",
            "grpc_*",
            "memcached_*",
            "dav_*",
            "create_full_put_path",
            "random_index",
            "mp4*",
            "flv",
            "read_ahead",
            "empty_gif",
            "stub_status",
            "subrequest_output_buffer_size",
        ],
    ),
    (
        Dropped,
        "how NGINX runs; hubgate runs as the unit of systemd says",
        &[
            "user",
            "worker_*",
            "pid",
            "daemon",
            "master_process",
            "events",
            "pcre_jit",
            "thread_pool",
            "timer_resolution",
            "lock_file",
            "env",
            "debug_*",
            "working_directory",
            "use",
            "multi_accept",
            "accept_mutex*",
            "google_perftools_profiles",
        ],
    ),
    (
        Dropped,
        "the module acts through its directives only, which stop the import where they reach a hub",
        &["load_module"],
    ),
    (
        Dropped,
        "how NGINX keeps its tables and sockets",
        &[
            "server_names_hash_*",
            "variables_hash_*",
            "map_hash_*",
            "tcp_nodelay",
            "http3*",
            "quic_*",
        ],
    ),
    (
        Dropped,
        "hubgate speaks HTTP only, and listens only where NGINX's HTTP does",
        &["stream", "mail"],
    ),
    (
        Dropped,
        "a variable, and each directive that could use it at a hub is translated without, or stops the import",
        &[
            "map",
            "geo",
            "split_clients",
            "set",
            "geoip_country",
            "geoip_city",
            "geoip_org",
            "geoip_proxy*",
            "geoip2",
        ],
    ),
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
    use super::*;

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
