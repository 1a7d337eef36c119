//! The hub gets the path and the query as the client wrote them.

use crate::{harness::Setup, hub::Hub};

const TARGETS: [&str; 10] = [
    "/",
    "/?",
    "/rest/items?recursive=false&fields=name,state",
    "/rest/items/%C3%84pfel",
    "/static/caf%e9/%FC.png",
    "/rest/items/a%20b?q=%2e%2e/%00+",
    "/nodes/@scope%2Fname",
    "/a;b=c/d",
    "/a//b/",
    "/A%2dB~c!$&'()*+,=:@",
];

#[tokio::test]
async fn no_path_is_rewritten() {
    let hub = Hub::start().await;
    let gate = Setup::home(&hub.url()).start().await;
    let mut client = gate.tls().raw().await;
    for target in TARGETS {
        let request = format!("GET {target} HTTP/1.1\r\nHost: home.test\r\n\r\n");
        assert_eq!(client.exchange(request).await.status, 200, "{target}");
        assert_eq!(hub.requests().last().unwrap().target(), target);
    }
}

#[tokio::test]
async fn http2_paths_arrive_alike() {
    let hub = Hub::start().await;
    let gate = Setup::home(&hub.url()).start().await;
    let mut client = gate.tls().http2().await;
    for target in TARGETS.iter().skip(2) {
        assert_eq!(client.get(target).await.status, 200, "{target}");
        assert_eq!(hub.requests().last().unwrap().target(), *target);
    }
}
