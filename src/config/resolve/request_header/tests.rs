//! Names and values of fields, refused with the cure.

use super::*;

#[test]
fn edited_headers_are_neither_of_the_connection_nor_of_identity() {
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
        ("Connection", "hubgate's"),
        ("Content_Length", "hubgate's"),
        ("Transfer-Encoding", "hubgate's"),
        ("UPGRADE", "hubgate's"),
        ("Expect", "hubgate's"),
        ("Sec-WebSocket-Key", "hubgate's"),
        ("X-Forwarded-For", "hubgate does itself"),
        ("X_Real_IP", "hubgate does itself"),
        ("Remote_User", "`user_header`"),
        ("X-Forwarded-User", "`user_header`"),
        ("X-SSL-Client-Verify", "`client_headers`"),
        ("X-Original-URL", "always drops"),
        ("X Key", "no header name"),
    ] {
        let refused = edited_name(name).unwrap_err();
        assert!(refused.contains(cure), "{name}: {refused}");
    }
}

#[test]
fn user_header_is_no_header_with_another_meaning() {
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
        assert_eq!(authority(host).unwrap(), host);
    }
    for host in [
        "", "http://a", "a/b", "me@a", "a:", "a:0", "a:99999", "*.lan", "a b", "a\r\nb",
    ] {
        assert!(authority(host).is_err(), "{host}");
    }
}

#[test]
fn values_are_reported_without_their_text_and_have_no_control_characters() {
    assert_eq!(header_text(" Basic YTpi ").unwrap(), "Basic YTpi");
    assert!(!format!("{:?}", header_text("secret")).contains("secret"));
    for value in ["secret\r\nX: y", "secret\0", "secret\u{7f}"] {
        let refused = header_text(value).unwrap_err();
        assert!(refused.contains("control") && !refused.contains("secret"));
    }
    assert!(header_text(" ").unwrap_err().contains("null"));
}
