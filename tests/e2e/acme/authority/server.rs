//! The CA's HTTPS server: records each request and responds according to the faults.

use std::{io, sync::Arc};

use http::{Request, Response};
use http_body_util::BodyExt;
use hyper::{body::Incoming, server::conn::http1, service::service_fn};
use hyper_util::rt::TokioIo;
use rustls::{ServerConfig, crypto::aws_lc_rs};
use time::{Duration, OffsetDateTime};
use tokio::{
    net::{TcpListener, TcpStream},
    task::JoinSet,
};
use tokio_rustls::TlsAcceptor;

use super::{
    Fault, Shared,
    directory::{self, Place},
    fault::Part,
    misbehave::{self, Body, Cut},
    refusal::http_date,
};
use crate::harness::Leaf;

/// Serves for ever.
pub(super) async fn serve(listener: TcpListener, leaf: Leaf, shared: Shared) {
    let acceptor = acceptor(&leaf);
    let mut connections = JoinSet::new();
    while let Ok((tcp, _)) = listener.accept().await {
        connections.spawn(converse(tcp, acceptor.clone(), Arc::clone(&shared)));
    }
}

fn acceptor(leaf: &Leaf) -> TlsAcceptor {
    let config = ServerConfig::builder_with_provider(aws_lc_rs::default_provider().into())
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(leaf.chain(), leaf.key())
        .unwrap();
    TlsAcceptor::from(Arc::new(config))
}

async fn converse(tcp: TcpStream, acceptor: TlsAcceptor, shared: Shared) -> Option<()> {
    tcp.set_nodelay(true).ok()?;
    let cut = Cut::of(&tcp);
    let tls = acceptor.accept(tcp).await.ok()?;
    let service = service_fn(|request| answer(request, &shared, &cut));
    let serving = http1::Builder::new().serve_connection(TokioIo::new(tls), service);
    serving.await.ok()
}

async fn answer(
    request: Request<Incoming>,
    shared: &Shared,
    cut: &Cut,
) -> io::Result<Response<Body>> {
    let (parts, body) = request.into_parts();
    let body = body.collect().await.map_err(io::Error::other)?.to_bytes();
    let path = parts.uri.path();
    let place = Place::parse(path);
    let fault = {
        let mut state = shared.lock().unwrap();
        state.record.record_request(&place, path, &body);
        state.faults.strike_on(Part::Response, place.endpoint, path)
    };
    let work = || {
        let reply = directory::answer(shared, &place, path, &body);
        reply.unwrap_or_else(|problem| problem)
    };
    let mut response = misbehave::respond(fault, cut, work).await?;
    dress(&mut response, shared, &place);
    Ok(response)
}

/// Adds the fields of every response, and a wrong date as a fault.
fn dress(response: &mut Response<Body>, shared: &Shared, place: &Place) {
    let mut state = shared.lock().unwrap();
    let fault = state.faults.strike(Part::Head, place.endpoint);
    let wrong = match fault {
        Some(Fault::Date(seconds)) => seconds,
        _ => 0,
    };
    let date = http_date(OffsetDateTime::now_utc() + Duration::seconds(wrong));
    let index = format!("<{}/dir>;rel=\"index\"", state.base);
    let fields = response.headers_mut();
    fields.insert("replay-nonce", state.nonces.next().parse().unwrap());
    fields.insert("date", date.parse().unwrap());
    fields.insert("cache-control", "no-store".parse().unwrap());
    fields.append("link", index.parse().unwrap());
    let location = fields.get("location").and_then(|field| field.to_str().ok());
    if let (Some(Fault::RelativeLocation), Some(location)) = (fault, location) {
        let relative = location.replace(&state.base, "");
        fields.insert("location", relative.parse().unwrap());
    }
}
