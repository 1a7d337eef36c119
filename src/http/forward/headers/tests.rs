//! Claims of a client, cookies, and the fields that Connection names.

use crate::http::forward::headers::*;

#[test]
fn claims_are_dropped_in_every_spelling() {
    let fields = Fields::from([
        ("X_Forwarded_For", "1.2.3.4"),
        ("x-Forwarded-Host", "evil"),
        ("X-SSL-Client-Verify", "SUCCESS"),
        ("x-client-dn", "CN=owner"),
        ("Client-Cert-Chain", ":x:"),
        ("Forwarded", "for=1.2.3.4"),
        ("Remote-User", "owner"),
        ("X-Original-URL", "/admin"),
        ("X.Real.IP", "1.2.3.4"),
        ("X-Forwarded+For", "1.2.3.4"),
        ("Remote~User", "owner"),
        ("Accept", "*/*"),
        ("X.Version", "1"),
    ]);
    let edits = HeaderEdits::dropping(NOT_FORWARDED, Some(is_claim));
    let left: Vec<_> = edits.changed(&fields).map(|(name, _)| name).collect();
    assert_eq!(left, [&b"Accept"[..], b"X.Version"]);
}

#[test]
fn a_connection_field_with_thousands_of_names_costs_time_linear_in_its_length() {
    let listed: Vec<_> = (0..20_000).map(|number| format!("a{number}")).collect();
    let list = format!("b,x,{},b", listed.join(","));
    let mut edits = HeaderEdits::dropping(NameSet::EMPTY, None);
    edits.nominate(&Fields::from([("connection", &*list)]));
    let others: Vec<_> = (0..4_000).map(|number| format!("c{number}")).collect();
    let names = ["X", "B", "a7", "A19999"].into_iter();
    let names = names.chain(others.iter().map(String::as_str));
    let fields: Fields<'_> = names.map(|name| (name, "")).collect();
    let begun = std::time::Instant::now();
    let kept = edits.changed(&fields).count();
    assert_eq!(kept, 4_000);
    let took = begun.elapsed();
    assert!(took < std::time::Duration::from_millis(50), "{took:?}");
}

#[test]
fn cookie_fields_are_joined_without_the_session_cookie() {
    let sent = |list: &[&'static str]| {
        let list = list.iter().map(|value| ("Cookie", *value));
        Cookies::for_upstream(&list.collect())
    };
    let joined = |cookies: &str| Cookies::Joined(cookies.into());
    assert_eq!(sent(&["a=1", "b=2"]), joined("a=1; b=2"));
    assert_eq!(sent(&["a=1; b=2"]), Cookies::Unchanged);
    assert_eq!(sent(&["a=1; __Host-hubgate=x"]), joined("a=1"));
    assert_eq!(sent(&["__Host-hubgate=x", "b=2"]), joined("b=2"));
    assert_eq!(sent(&["__Host-hubgate=x"]), Cookies::Removed);
    assert_eq!(sent(&[]), Cookies::Unchanged);
}

#[test]
fn a_connection_field_cannot_remove_host_or_framing() {
    let fields = Fields::from([(
        "Connection",
        "close, X-Private, Host, Content-Length, Sec-WebSocket-Key, upgrade",
    )]);
    assert_eq!(nominated(&fields).collect::<Vec<_>>(), ["X-Private"]);
}
