//! Cookies pass unchanged in both directions.

use http::Method;

use crate::{harness::Setup, hub::Hub};

#[tokio::test]
async fn two_cookies_of_the_hub_stay_two() {
    let hub = Hub::start().await;
    let gate = Setup::home(&hub.url()).start().await;
    let mut http1 = gate.tls().http1().await;
    let mut http2 = gate.tls().http2().await;
    for client in [&mut http1, &mut http2] {
        let answer = client.get("/cookies").await;
        let expected = [
            "X-OPENHAB-SESSIONID=node01a; Path=/; HttpOnly; SameSite=Strict",
            "CLOUD=a b=c; Expires=Thu, 01 Jan 2099 00:00:00 GMT",
        ];
        assert_eq!(answer.values("set-cookie"), expected);
    }
}

#[tokio::test]
async fn the_session_cookie_reaches_the_hub_unchanged() {
    let hub = Hub::start().await;
    let gate = Setup::home(&hub.url()).start().await;
    let cookie = r#"X-OPENHAB-SESSIONID=node01a; a="b c"; empty=; X-OPENHAB-AUTH-HEADER=1"#;
    let mut client = gate.tls().http1().await;
    client
        .exchange(Method::GET, "/one", &[("cookie", cookie)], "")
        .await;
    assert_eq!(hub.request("/one").await.field("cookie"), Some(cookie));
}

#[tokio::test]
async fn cookie_crumbs_of_http2_become_one_field() {
    let hub = Hub::start().await;
    let gate = Setup::home(&hub.url()).start().await;
    let mut client = gate.tls().http2().await;
    let crumbs = [("cookie", "a=1"), ("cookie", "b=2"), ("cookie", "c=3")];
    client.exchange(Method::GET, "/one", &crumbs, "").await;
    let request = hub.request("/one").await;
    assert_eq!(request.values("cookie"), ["a=1; b=2; c=3"]);
}
