//! Fields that a client claims, cookies, and what a Connection list names.

use super::*;

fn fields(list: &[(&'static str, &'static str)]) -> HeaderMap {
    let mut fields = HeaderMap::new();
    for (name, value) in list {
        let name = http::HeaderName::from_bytes(name.as_bytes()).unwrap();
        fields.append(name, HeaderValue::from_static(value));
    }
    fields
}

#[test]
fn claims_in_all_spellings_are_dropped() {
    let fields = fields(&[
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
    let names = fields.keys().map(http::HeaderName::as_str);
    let left: Vec<_> = names.filter(|name| !is_claim(name)).collect();
    assert_eq!(left, ["accept", "x.version"]);
}

#[test]
fn a_connection_list_of_thousands_costs_no_more_than_its_length() {
    let listed: Vec<_> = (0..20_000).map(|number| format!("a{number}")).collect();
    let list = format!("b,x,{},b", listed.join(","));
    let mut headers = HeaderMap::new();
    headers.insert("connection", HeaderValue::try_from(list).unwrap());
    let changes = Changes::dropping(|_| false, nominated(&headers));
    let others: Vec<_> = (0..4_000).map(|number| format!("c{number}")).collect();
    let others = others.iter().map(String::as_bytes);
    let names = [&b"X"[..], b"B", b"a7", b"A19999"]
        .into_iter()
        .chain(others);
    let begun = std::time::Instant::now();
    let kept = changes.changed(names.map(|name| (name, &b""[..]))).count();
    assert_eq!(kept, 4_000);
    let took = begun.elapsed();
    assert!(took < std::time::Duration::from_millis(50), "{took:?}");
}

#[test]
fn cookies_are_joined_and_those_of_sessions_taken_out() {
    let told = |list: &[&'static str]| {
        let list: Vec<_> = list.iter().map(|value| ("Cookie", *value)).collect();
        let cookie = cookies(&fields(&list))?;
        Some(cookie.map_or("none".to_owned(), |value| {
            value.unwrap().to_str().unwrap().to_owned()
        }))
    };
    assert_eq!(told(&["a=1", "b=2"]).unwrap(), "a=1; b=2");
    assert_eq!(told(&["a=1; b=2"]), None);
    assert_eq!(told(&["a=1; __Host-hubgate=x"]).unwrap(), "a=1");
    assert_eq!(told(&["__Host-hubgate=x", "b=2"]).unwrap(), "b=2");
    assert_eq!(told(&["__Host-hubgate=x"]).unwrap(), "none");
    assert_eq!(told(&[]), None);
}

#[test]
fn a_connection_list_cannot_take_the_host_or_the_framing_away() {
    let fields = fields(&[(
        "Connection",
        "close, X-Private, Host, Content-Length, Sec-WebSocket-Key, upgrade",
    )]);
    assert_eq!(nominated(&fields), ["x-private"]);
}
