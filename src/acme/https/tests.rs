//! The client against servers that answer, break off or stay silent.

mod encrypted;

use std::time::Instant;

use crate::acme::{
    https::*,
    problem::Class,
    testing::{Reply, Server, answer},
};

fn client() -> HttpsClient {
    HttpsClient::load(None).unwrap()
}

fn limited(change: impl FnOnce(&mut Limits)) -> HttpsClient {
    let mut limits = Limits::default();
    change(&mut limits);
    client().within(limits)
}

fn get(url: &str) -> Request<Bytes> {
    Request::get(url).body(Bytes::new()).unwrap()
}

/// Sends a request that fails, and returns the detail.
async fn failure(client: &HttpsClient, url: &str) -> String {
    let problem = client.send(get(url)).await.unwrap_err();
    assert_eq!(problem.class, Class::Network, "{problem}");
    problem.detail
}

#[tokio::test]
async fn a_response_is_read_whole_whatever_its_status() {
    let server = Server::start(|_, _| Reply::Keep(answer("404 Not Found", "no such order"))).await;
    let request = Request::post(server.url("/order?id=1")).body("body".into());
    let answer = client().send(request.unwrap()).await.unwrap();
    assert_eq!(answer.status(), 404);
    assert_eq!(answer.body(), "no such order");
    let request = server.requests().remove(0);
    assert!(
        request.starts_with("POST /order?id=1 HTTP/1.1\r\n"),
        "{request}"
    );
    assert!(
        request.contains(&format!("host: {}\r\n", server.address)),
        "{request}"
    );
    assert!(request.contains("user-agent: hubgate/"), "{request}");
    assert!(request.ends_with("\r\n\r\nbody"), "{request}");
}

#[tokio::test]
async fn requests_to_one_server_share_a_connection() {
    let server = Server::start(|_, _| Reply::Keep(answer("200 OK", ""))).await;
    let client = client();
    for _ in 0..5 {
        client.clone().send(get(&server.url("/"))).await.unwrap();
    }
    assert_eq!((server.connections(), server.requests().len()), (1, 5));
}

#[tokio::test]
async fn a_connection_that_was_idle_too_long_is_not_reused() {
    let server = Server::start(|_, _| Reply::Keep(answer("200 OK", ""))).await;
    let client = limited(|limits| limits.idle = Duration::ZERO);
    for _ in 0..2 {
        client.send(get(&server.url("/"))).await.unwrap();
    }
    assert_eq!(server.connections(), 2);
}

#[tokio::test]
async fn an_idle_connection_that_closes_without_a_response_is_replaced_once() {
    let server = Server::start(|number, _| match number {
        1 => Reply::Close(String::new()),
        _ => Reply::Keep(answer("200 OK", "")),
    })
    .await;
    let client = client();
    for _ in 0..2 {
        client.send(get(&server.url("/"))).await.unwrap();
    }
    assert_eq!((server.connections(), server.requests().len()), (2, 3));
}

#[tokio::test]
async fn a_request_is_not_repeated_after_its_response_has_begun() {
    let server = Server::start(|number, _| match number {
        0 => Reply::Keep(answer("200 OK", "")),
        _ => Reply::Close("HTTP/1.1 200 OK\r\nContent-".into()),
    })
    .await;
    let client = client();
    client.send(get(&server.url("/"))).await.unwrap();
    assert!(
        failure(&client, &server.url("/"))
            .await
            .contains("broke off")
    );
    assert_eq!(server.requests().len(), 2);
}

#[tokio::test]
async fn a_new_connection_that_closes_without_a_response_is_a_problem() {
    let server = Server::start(|_, _| Reply::Close(String::new())).await;
    assert!(
        failure(&client(), &server.url("/"))
            .await
            .contains("broke off")
    );
    assert_eq!(server.requests().len(), 1);
}

#[tokio::test]
async fn a_truncated_body_is_a_problem() {
    let whole = "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf";
    let chunked = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n9\r\nhalf";
    for torn in [whole, chunked] {
        let server = Server::start(|_, _| Reply::Close(torn.into())).await;
        assert!(
            failure(&client(), &server.url("/"))
                .await
                .contains("broke off")
        );
    }
}

#[tokio::test]
async fn a_body_over_the_limit_is_a_problem() {
    let sized = answer("200 OK", "0123456789");
    let chunked =
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\na\r\n0123456789\r\n0\r\n\r\n";
    for (bytes, limit) in [(sized, 9), (chunked.to_owned(), 9)] {
        let server = Server::start(move |_, _| Reply::Keep(bytes.clone())).await;
        let url = server.url("/");
        let small = limited(|limits| limits.body = limit);
        assert!(failure(&small, &url).await.contains("more than 9 bytes"));
        let enough = limited(|limits| limits.body = limit + 1);
        assert_eq!(enough.send(get(&url)).await.unwrap().body().len(), 10);
    }
}

#[tokio::test]
async fn a_silent_server_times_out() {
    let server = Server::start(|_, _| Reply::Hang).await;
    let client = limited(|limits| limits.exchange = Duration::from_millis(50));
    let began = Instant::now();
    let detail = failure(&client, &server.url("/")).await;
    assert!(detail.ends_with("did not answer within 50ms"), "{detail}");
    assert!(began.elapsed() < Duration::from_secs(5));
}

#[tokio::test]
async fn a_body_that_stalls_times_out() {
    // The body stalls, so only the limit of the whole exchange ends it.
    let server = Server::start(|number, _| match number {
        0 => Reply::Keep("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf".into()),
        _ => Reply::Hang,
    })
    .await;
    let client = limited(|limits| limits.exchange = Duration::from_millis(50));
    assert!(
        failure(&client, &server.url("/"))
            .await
            .contains("within 50ms")
    );
}

#[tokio::test]
async fn a_refused_connection_is_a_problem() {
    let address = Server::start(|_, _| Reply::Hang).await.address;
    let detail = failure(&client(), &format!("http://{address}/")).await;
    assert!(
        detail.contains("cannot connect to 127.0.0.1, port"),
        "{detail}"
    );
}

#[tokio::test]
async fn a_stalled_handshake_times_out() {
    let silent = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let client = limited(|limits| limits.connect = Duration::from_millis(50));
    let url = format!("https://{}/", silent.local_addr().unwrap());
    let detail = failure(&client, &url).await;
    assert!(detail.starts_with("cannot connect to"), "{detail}");
}

#[tokio::test]
async fn every_address_of_a_name_is_tried() {
    // On most systems `localhost` is ::1 too, on which no server listens.
    let server = Server::start(|_, _| Reply::Keep(answer("200 OK", ""))).await;
    let url = format!("http://localhost:{}/", server.address.port());
    assert_eq!(client().send(get(&url)).await.unwrap().status(), 200);
}

#[tokio::test]
async fn http_to_another_machine_is_refused() {
    let problem = client().send(get("http://192.0.2.1/")).await.unwrap_err();
    assert_eq!(problem.class, Class::Refused);
    assert!(problem.detail.contains("write https://"), "{problem}");
}
