//! A stand-in for openHAB, with a page, events, files and a WebSocket to try.
//!
//! It serves plain HTTP/1.1, stores nothing, and requires no password: hubgate does.

#[cfg(test)]
mod tests;

use std::{convert::Infallible, io, time::Duration};

use axum::{
    Json, Router,
    body::Body,
    extract::{
        Path, Request, WebSocketUpgrade,
        ws::{Message, WebSocket},
    },
    http::{HeaderValue, StatusCode, request::Parts},
    response::{Html, IntoResponse, Response, Sse, sse::Event},
    routing::{any, get},
};
use futures_util::{Stream, StreamExt, stream};
use serde::Serialize;
use tokio::{net::TcpListener, time};

/// Serves the stand-in on the listener until the future is dropped.
///
/// # Errors
/// The listener fails permanently.
pub(super) async fn serve(listener: TcpListener) -> io::Result<()> {
    let hub = Router::new()
        .route("/", get(Html(PAGE)))
        .route("/rest/echo", any(echo))
        .route("/rest/events", get(events))
        .route("/static/{*path}", get(file))
        .route("/ws", any(websocket));
    axum::serve(listener, hub).await
}

/// A request as the hub received it.
#[derive(Serialize)]
struct Echo {
    method: String,
    path: String,
    query: Option<String>,
    /// Names and values in the order received; a name can occur twice.
    headers: Vec<(String, String)>,
    body_length: u64,
}

async fn echo(request: Request) -> Response {
    let (head, body) = request.into_parts();
    match length(body).await {
        Ok(body_length) => Json(Echo::new(&head, body_length)).into_response(),
        Err(error) => (StatusCode::BAD_REQUEST, format!("body: {error}\n")).into_response(),
    }
}

impl Echo {
    fn new(head: &Parts, body_length: u64) -> Self {
        let text = |value: &[u8]| String::from_utf8_lossy(value).into_owned();
        Self {
            method: head.method.to_string(),
            path: head.uri.path().to_owned(),
            query: head.uri.query().map(str::to_owned),
            headers: head
                .headers
                .iter()
                .map(|(name, value)| (name.to_string(), text(value.as_bytes())))
                .collect(),
            body_length,
        }
    }
}

/// Counts the bytes of a body without storing it.
async fn length(body: Body) -> Result<u64, axum::Error> {
    let mut chunks = body.into_data_stream();
    let mut length = 0;
    while let Some(chunk) = chunks.next().await {
        length += chunk?.len() as u64;
    }
    Ok(length)
}

async fn events() -> impl IntoResponse {
    Sse::new(ticks())
}

/// Yields a tick each second, counted from 1; every tenth has the comment `alive`, as openHAB's.
fn ticks() -> impl Stream<Item = Result<Event, Infallible>> {
    let clock = time::interval(Duration::from_secs(1));
    stream::unfold((clock, 1_u64), |(mut clock, count)| async move {
        clock.tick().await;
        let mut tick = Event::default().event("tick").data(count.to_string());
        if count.is_multiple_of(HEARTBEAT) {
            tick = tick.comment("alive");
        }
        Some((Ok(tick), (clock, count + 1)))
    })
}

async fn file(Path(path): Path<String>) -> impl IntoResponse {
    (
        [
            ("cache-control", "max-age=3600"),
            ("x-content-type-options", "nosniff"),
        ],
        format!("This is {path}.\n"),
    )
}

/// Selects a subprotocol that the client offers; like openHAB, never the one that carries a token.
async fn websocket(mut upgrade: WebSocketUpgrade) -> Response {
    let carries_token = |name: &HeaderValue| name.as_bytes().starts_with(TOKEN_PROTOCOL);
    let chosen = upgrade
        .requested_protocols()
        .find(|name| !carries_token(name))
        .cloned();
    if let Some(protocol) = chosen {
        upgrade.set_selected_protocol(protocol);
    }
    upgrade.on_upgrade(repeat)
}

/// Sends every message back.
async fn repeat(mut socket: WebSocket) {
    while let Some(Ok(message)) = socket.recv().await {
        let repeated = match message {
            Message::Text(_) | Message::Binary(_) => socket.send(message).await,
            Message::Ping(_) | Message::Pong(_) | Message::Close(_) => Ok(()),
        };
        if repeated.is_err() {
            return;
        }
    }
}

const PAGE: &str = include_str!("hub.html");
const TOKEN_PROTOCOL: &[u8] = b"org.openhab.ws.accessToken.";
/// Seconds between heartbeats.
const HEARTBEAT: u64 = 10;
