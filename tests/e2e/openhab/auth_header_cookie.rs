//! A cookie informs openHAB's pages that `Authorization` is in use, so that they send their token
//! as `X-OPENHAB-TOKEN`.

use http::Method;

use crate::{
    harness::{Hubgate, Response, Setup},
    hub::Hub,
};

const AUTHORIZATION: (&str, &str) = ("authorization", "Basic YW5uYTpzZWNyZXQ=");
const COOKIE: &str = "X-OPENHAB-AUTH-HEADER=1; Path=/; Secure; SameSite=Strict";

#[tokio::test]
async fn the_cookie_is_set_where_a_password_is_required() {
    let hub = Hub::start().await;
    let gate = Setup::home(&openhab(&hub)).password().start().await;
    let answer = get(&gate, "/", &[AUTHORIZATION]).await;
    assert_eq!(beside_sessions(&answer), [COOKIE]);
}

#[tokio::test]
async fn the_cookie_stands_beside_the_hubs_own() {
    let hub = Hub::start().await;
    let gate = Setup::home(&openhab(&hub)).password().start().await;
    let answer = get(&gate, "/cookies", &[AUTHORIZATION]).await;
    let cookies = beside_sessions(&answer);
    assert_eq!(cookies.len(), 3, "{cookies:?}");
    assert!(cookies.contains(&COOKIE), "{cookies:?}");
}

#[tokio::test]
async fn a_client_with_the_cookie_gets_no_second_one() {
    let hub = Hub::start().await;
    let gate = Setup::home(&openhab(&hub)).password().start().await;
    let cookie = ("cookie", "a=1; X-OPENHAB-AUTH-HEADER=1; b=2");
    let answer = get(&gate, "/", &[AUTHORIZATION, cookie]).await;
    assert_eq!(beside_sessions(&answer), [""; 0]);
}

#[tokio::test]
async fn a_cookie_of_a_longer_name_does_not_count() {
    let hub = Hub::start().await;
    let gate = Setup::home(&openhab(&hub)).password().start().await;
    let cookie = (
        "cookie",
        "NO-X-OPENHAB-AUTH-HEADER=1; X-OPENHAB-AUTH-HEADER2=1",
    );
    let answer = get(&gate, "/", &[AUTHORIZATION, cookie]).await;
    assert_eq!(beside_sessions(&answer), [COOKIE]);
}

#[tokio::test]
async fn without_a_password_there_is_no_cookie() {
    let hub = Hub::start().await;
    let gate = Setup::home(&openhab(&hub)).start().await;
    assert_eq!(get(&gate, "/", &[]).await.values("set-cookie"), [""; 0]);
}

#[tokio::test]
async fn a_hub_that_is_not_openhab_gets_no_cookie() {
    let hub = Hub::start().await;
    for upstream in [hub.url(), openhab(&hub).replace("openhab", "other")] {
        let gate = Setup::home(&upstream).password().start().await;
        let answer = get(&gate, "/", &[AUTHORIZATION]).await;
        assert_eq!(beside_sessions(&answer), [""; 0], "{upstream}");
    }
}

#[tokio::test]
async fn openhab_is_recognised_by_its_rest_api_and_beyond_a_reload() {
    let hub = Hub::start().await;
    let gate = Setup::home(&hub.url()).password().start().await;
    gate.answers_commands().await;
    for target in ["/rest/", "/"] {
        let answer = get(&gate, target, &[AUTHORIZATION]).await;
        assert_eq!(beside_sessions(&answer), [COOKIE], "{target}");
    }
    assert_eq!(gate.command(&["reload"]).status, Some(0));
    let answer = get(&gate, "/", &[AUTHORIZATION]).await;
    assert_eq!(beside_sessions(&answer), [COOKIE]);
}

fn openhab(hub: &Hub) -> String {
    format!("{{servers: [\"{}\"], kind: openhab}}", hub.url())
}

async fn get(gate: &Hubgate, target: &str, fields: &[(&str, &str)]) -> Response {
    let mut client = gate.tls().http2().await;
    client.exchange(Method::GET, target, fields, "").await
}

/// The cookies of a response, without hubgate's session cookie.
fn beside_sessions(answer: &Response) -> Vec<&str> {
    let mut cookies = answer.values("set-cookie");
    cookies.retain(|cookie| !cookie.starts_with("__Host-hubgate="));
    cookies
}
