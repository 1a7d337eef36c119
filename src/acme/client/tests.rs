//! What of a server's answers, and of its silence, reaches who asked.

mod encrypted;

use std::time::Instant;

use super::*;
use crate::acme::testing::{Reply, Server, answer};

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

async fn told(client: &HttpsClient, url: &str) -> String {
    let problem = client.send(get(url)).await.unwrap_err();
    assert_eq!(problem.class, Class::Network, "{problem}");
    problem.detail
}

#[tokio::test]
async fn an_answer_comes_whole_whatever_its_status() {
    let server = Server::start(|_, _| Reply::Keep(answer("404 Not Found", "no such order"))).await;
    let request = Request::post(server.url("/order?id=1")).body("body".into());
    let answer = client().send(request.unwrap()).await.unwrap();
    assert_eq!(answer.status(), 404);
    assert_eq!(answer.body(), "no such order");
    let seen = server.requests().remove(0);
    assert!(seen.starts_with("POST /order?id=1 HTTP/1.1\r\n"), "{seen}");
    assert!(
        seen.contains(&format!("host: {}\r\n", server.address)),
        "{seen}"
    );
    assert!(seen.contains("user-agent: hubgate/"), "{seen}");
    assert!(seen.ends_with("\r\n\r\nbody"), "{seen}");
}

#[tokio::test]
async fn one_connection_serves_many_requests() {
    let server = Server::start(|_, _| Reply::Keep(answer("200 OK", ""))).await;
    let client = client();
    for _ in 0..5 {
        client.clone().send(get(&server.url("/"))).await.unwrap();
    }
    assert_eq!((server.connections(), server.requests().len()), (1, 5));
}

#[tokio::test]
async fn an_idle_connection_is_not_used_again() {
    let server = Server::start(|_, _| Reply::Keep(answer("200 OK", ""))).await;
    let client = limited(|limits| limits.idle = Duration::ZERO);
    for _ in 0..2 {
        client.send(get(&server.url("/"))).await.unwrap();
    }
    assert_eq!(server.connections(), 2);
}

#[tokio::test]
async fn a_kept_connection_that_closes_without_a_word_is_replaced_once() {
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
async fn a_request_is_not_sent_again_once_an_answer_has_begun() {
    let server = Server::start(|number, _| match number {
        0 => Reply::Keep(answer("200 OK", "")),
        _ => Reply::Close("HTTP/1.1 200 OK\r\nContent-".into()),
    })
    .await;
    let client = client();
    client.send(get(&server.url("/"))).await.unwrap();
    assert!(told(&client, &server.url("/")).await.contains("broke off"));
    assert_eq!(server.requests().len(), 2);
}

#[tokio::test]
async fn a_new_connection_that_closes_without_a_word_is_a_problem() {
    let server = Server::start(|_, _| Reply::Close(String::new())).await;
    assert!(
        told(&client(), &server.url("/"))
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
            told(&client(), &server.url("/"))
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
        assert!(told(&small, &url).await.contains("more than 9 bytes"));
        let enough = limited(|limits| limits.body = limit + 1);
        assert_eq!(enough.send(get(&url)).await.unwrap().body().len(), 10);
    }
}

#[tokio::test]
async fn a_silent_server_is_given_up() {
    let server = Server::start(|_, _| Reply::Hang).await;
    let client = limited(|limits| limits.exchange = Duration::from_millis(50));
    let began = Instant::now();
    let told = told(&client, &server.url("/")).await;
    assert!(told.ends_with("did not answer within 50ms"), "{told}");
    assert!(began.elapsed() < Duration::from_secs(5));
}

#[tokio::test]
async fn a_server_that_drips_is_given_up() {
    // The body never ends, so only the limit of the whole exchange ends it.
    let server = Server::start(|number, _| match number {
        0 => Reply::Keep("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf".into()),
        _ => Reply::Hang,
    })
    .await;
    let client = limited(|limits| limits.exchange = Duration::from_millis(50));
    assert!(
        told(&client, &server.url("/"))
            .await
            .contains("within 50ms")
    );
}

#[tokio::test]
async fn a_server_that_is_not_there_is_told() {
    let address = Server::start(|_, _| Reply::Hang).await.address;
    let told = told(&client(), &format!("http://{address}/")).await;
    assert!(told.contains("cannot connect to 127.0.0.1, port"), "{told}");
}

#[tokio::test]
async fn a_handshake_that_hangs_is_given_up() {
    let silent = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let client = limited(|limits| limits.connect = Duration::from_millis(50));
    let url = format!("https://{}/", silent.local_addr().unwrap());
    let told = told(&client, &url).await;
    assert!(told.starts_with("cannot connect to"), "{told}");
}

#[tokio::test]
async fn every_address_of_a_name_is_tried() {
    // `localhost` is ::1 as well on most systems, where nobody listens.
    let server = Server::start(|_, _| Reply::Keep(answer("200 OK", ""))).await;
    let url = format!("http://localhost:{}/", server.address.port());
    assert_eq!(client().send(get(&url)).await.unwrap().status(), 200);
}

#[tokio::test]
async fn an_unencrypted_server_elsewhere_is_refused() {
    let problem = client().send(get("http://192.0.2.1/")).await.unwrap_err();
    assert_eq!(problem.class, Class::Refused);
    assert!(problem.detail.contains("write https://"), "{problem}");
}
