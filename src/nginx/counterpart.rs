//! What hubgate has in place of a directive that needs no translation.

use super::report::Fate::{self, Changed, Dropped, Kept};

/// What becomes of a directive of this name, and why; none of names that are not known.
pub(super) fn of(name: &str) -> Option<(Fate, &'static str)> {
    let found = TABLE
        .iter()
        .find(|(_, _, names)| names.iter().any(|it| fits(it, name)));
    found.map(|(fate, why, _)| (*fate, *why))
}

/// Whether a directive that is not known may be there to keep people out.
pub(super) fn may_guard(name: &str) -> bool {
    let parts = [
        "auth",
        "verify",
        "allow",
        "deny",
        "access",
        "limit_except",
        "modsecurity",
        "secure",
        "block",
        "guard",
        "jwt",
        "naxsi",
        "geo",
        "crowdsec",
        "waf",
    ];
    parts.iter().any(|part| name.contains(part))
}

/// Whether the name is the pattern's, which may end in `*`.
fn fits(pattern: &str, name: &str) -> bool {
    match pattern.strip_suffix('*') {
        Some(begin) => name.starts_with(begin),
        None => name == pattern,
    }
}

type Row = (Fate, &'static str, &'static [&'static str]);

const TABLE: &[Row] = &[
    (Kept, "read with the rest", &["include", "http"]),
    (
        Kept,
        "hubgate tells the hub the same by itself",
        &[
            "proxy_set_header",
            "proxy_http_version",
            "proxy_buffering",
            "proxy_request_buffering",
            "proxy_cache_bypass",
            "proxy_no_cache",
            "proxy_redirect",
            "proxy_pass_request_*",
            "proxy_pass_header",
            "proxy_set_body",
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
        ],
    ),
    (
        Kept,
        "built in: HTTP/2 wherever there is TLS",
        &["http2", "http2_*"],
    ),
    (
        Changed,
        "built in: sessions of one site only, never where a certificate may be asked for",
        &["ssl_session_*"],
    ),
    (
        Changed,
        "built in: no version is ever told",
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
            "send_timeout",
            "reset_timedout_connection",
            "lingering_*",
            "connection_pool_size",
            "request_pool_size",
            "ignore_invalid_headers",
            "underscores_in_headers",
            "max_headers",
        ],
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
            "proxy_intercept_errors",
            "proxy_ignore_client_abort",
            "proxy_headers_hash_*",
            "proxy_limit_rate",
            "proxy_bind",
            "proxy_force_ranges",
            "error_page",
            "recursive_error_pages",
            "proxy_ignore_headers",
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
        "the hub compresses its answers itself",
        &["gzip", "gzip_*", "gunzip", "gunzip_*", "brotli", "brotli_*"],
    ),
    (
        Dropped,
        "hubgate keeps no copies of answers; the hub and the browser do",
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
        ],
    ),
    (
        Dropped,
        "hubgate serves no files",
        &[
            "root",
            "alias",
            "index",
            "try_files",
            "autoindex*",
            "sendfile*",
            "directio*",
            "aio*",
            "tcp_nopush",
            "types",
            "types_hash_*",
            "default_type",
            "charset*",
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
            "image_filter*",
            "xslt_*",
            "stub_status",
            "read_ahead",
            "output_buffers",
            "postpone_output",
            "override_charset",
            "source_charset",
            "empty_gif",
            "log_empty",
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
            "load_module",
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
            "ssl_engine",
            "google_perftools_profiles",
        ],
    ),
    (
        Dropped,
        "how NGINX keeps its tables and sockets",
        &[
            "server_names_hash_*",
            "variables_hash_*",
            "map_hash_*",
            "tcp_nodelay",
            "merge_slashes",
            "port_in_redirect",
            "server_name_in_redirect",
            "absolute_redirect",
            "msie_*",
            "chunked_transfer_encoding",
            "etag",
            "variables_*",
            "subrequest_output_buffer_size",
            "uninitialized_variable_warn",
            "rewrite_log",
            "ignore_*",
            "http3*",
            "quic_*",
            "zone",
            "keepalive",
            "keepalive_timeout",
            "keepalive_*",
            "least_conn",
            "ip_hash",
            "hash",
            "random",
            "queue",
            "sticky*",
            "ntlm",
        ],
    ),
    (Dropped, "hubgate speaks HTTP only", &["stream", "mail"]),
    (
        Dropped,
        "a variable: nothing that is imported depends on it",
        &[
            "map",
            "geo",
            "split_clients",
            "set",
            "perl_set",
            "geoip_country",
            "geoip_city",
            "geoip2",
            "userid*",
            "set_random",
            "break",
        ],
    ),
    (
        Dropped,
        "hubgate's headers are those of `location /`, on all answers",
        &["add_header"],
    ),
    (
        Dropped,
        "nothing that is imported inherits it",
        &[
            "allow",
            "deny",
            "auth_basic",
            "auth_basic_user_file",
            "satisfy",
            "proxy_pass",
            "proxy_read_timeout",
            "proxy_send_timeout",
            "client_max_body_size",
            "ssl_*",
            "proxy_ssl_*",
            "upstream",
            "server",
            "location",
            "listen",
            "server_name",
            "return",
            "rewrite",
            "if",
            "set_real_ip_from",
            "real_ip_*",
            "ssl",
            "internal",
        ],
    ),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_known_is_never_suspected_of_guarding() {
        assert_eq!(of("gzip_vary").unwrap().0, Dropped);
        assert_eq!(of("proxy_buffers").unwrap().0, Changed);
        assert_eq!(of("gzipped"), None);
        for name in [
            "auth_request",
            "auth_jwt",
            "limit_except",
            "access_by_lua_file",
            "modsecurity",
            "secure_link",
            "js_access",
        ] {
            assert_eq!(of(name), None, "{name}");
            assert!(may_guard(name), "{name}");
        }
    }
}
