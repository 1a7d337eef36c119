//! Names and values of request headers, refused with the cure.

use super::*;

fn edited_name(text: &str) -> Result<String, String> {
    FieldName::parse(text)?.for_upstream()
}

fn user_name(text: &str) -> Result<String, String> {
    FieldName::parse(text)?.for_user()
}

#[test]
fn upstream_headers_are_neither_of_the_connection_nor_of_identity() {
    for name in [
        "X-Api-Key",
        "Authorization",
        "Origin",
        "Referer",
        "Cookie",
        "X_Key",
    ] {
        assert_eq!(edited_name(name), Ok(name.to_owned()));
    }
    for (name, cure) in [
        ("Host", "`host`"),
        ("Connection", "so hubgate sets it"),
        ("Content_Length", "so hubgate sets it"),
        ("Transfer-Encoding", "so hubgate sets it"),
        ("UPGRADE", "so hubgate sets it"),
        ("Expect", "so hubgate sets it"),
        ("Sec-WebSocket-Key", "so hubgate sets it"),
        ("X-Forwarded-For", "hubgate sets itself"),
        ("X_Real_IP", "hubgate sets itself"),
        ("Remote_User", "`user_header`"),
        ("X-Forwarded-User", "`user_header`"),
        ("X-SSL-Client-Verify", "`client_headers`"),
        ("X-Original-URL", "always removes"),
        ("X Key", "no header name"),
    ] {
        let refused = edited_name(name).unwrap_err();
        assert!(refused.contains(cure), "{name}: {refused}");
    }
}

#[test]
fn user_header_has_no_other_meaning() {
    for name in [
        "Remote-User",
        "X-WEBAUTH-USER",
        "X-Forwarded-User",
        "X_User",
    ] {
        assert_eq!(user_name(name), Ok(name.to_owned()));
    }
    for name in [
        "Host",
        "Authorization",
        "X-Forwarded-For",
        "X_Forwarded_Proto",
        "Client-Cert",
        "Accept",
        "Content-Type",
        "Keep_Alive",
    ] {
        assert!(user_name(name).is_err(), "{name}");
    }
}

#[test]
fn host_is_a_name_or_address_with_or_without_a_port() {
    for host in ["router.lan", "192.0.2.1:8080", "[fd00::1]:80", "fritz.box"] {
        assert_eq!(host_value(host).unwrap(), host);
    }
    for host in [
        "", "http://a", "a/b", "me@a", "a:", "a:0", "a:99999", "*.lan", "a b", "a\r\nb",
    ] {
        assert!(host_value(host).is_err(), "{host}");
    }
}

#[test]
fn values_are_reported_without_their_text_and_have_no_control_characters() {
    assert_eq!(secret_value(" Basic YTpi ").unwrap(), "Basic YTpi");
    assert!(!format!("{:?}", secret_value("secret")).contains("secret"));
    for value in ["secret\r\nX: y", "secret\0", "secret\u{7f}"] {
        let refused = secret_value(value).unwrap_err();
        assert!(refused.contains("control") && !refused.contains("secret"));
    }
    assert!(secret_value(" ").unwrap_err().contains("null"));
}
