//! HTTPS for what hubgate itself asks of others: CAs, and the APIs of DNS providers.
//!
//! HTTP/1.1 with one kept connection per server, bounded in time and size, through the proxy of
//! the environment if there is one. Follows no redirect, and makes nothing of what is answered.

mod connection;
mod dial;
mod origin;
mod proxy;
mod received;
mod roots;
#[cfg(test)]
mod tests;

use std::{
    collections::HashMap,
    path::Path,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use bytes::Bytes;
use http::{
    HeaderValue, Request, Response, Uri,
    header::{HOST, USER_AGENT},
    uri::PathAndQuery,
};
use tokio::time::timeout;

use self::{connection::Connection, dial::Dialer, origin::Origin, proxy::Proxy};
use super::problem::{Cause, Class, Problem};

const PRODUCT: &str = concat!("hubgate/", env!("CARGO_PKG_VERSION"));
/// More servers than hubgate talks to at a time.
const KEPT: usize = 8;

/// A client for HTTPS, cheap to clone; clones share the kept connections.
#[derive(Clone)]
pub struct HttpsClient {
    dialer: Arc<Dialer>,
    kept: Arc<Mutex<HashMap<Origin, Connection>>>,
    limits: Limits,
}

/// How long an answer may take, and how large it may be.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// For a connection, with the proxy's part and the TLS handshake.
    pub connect: Duration,
    /// For the whole exchange, the connection included.
    pub exchange: Duration,
    /// For the body of the answer, in bytes.
    pub body: usize,
    /// How long an idle connection is used again.
    pub idle: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            connect: Duration::from_secs(10),
            exchange: Duration::from_secs(30),
            body: 1 << 20,
            idle: Duration::from_secs(60),
        }
    }
}

impl HttpsClient {
    /// Makes a client that trusts the system's roots and those in a PEM file, and takes the proxy
    /// from `HTTPS_PROXY` and `NO_PROXY`.
    ///
    /// # Errors
    /// The file cannot be read or has no certificate in it, or `HTTPS_PROXY` is no proxy's URL.
    pub fn load(root: Option<&Path>) -> anyhow::Result<Self> {
        let dialer = Dialer::new(roots::load(root)?, Proxy::from_environment()?)?;
        Ok(Self {
            dialer: Arc::new(dialer),
            kept: Arc::default(),
            limits: Limits::default(),
        })
    }

    /// The same client within other limits.
    #[must_use]
    pub fn within(mut self, limits: Limits) -> Self {
        self.limits = limits;
        self
    }

    /// Asks, and reads the whole answer, whatever its status.
    ///
    /// The URL is absolute: `https://`, or `http://` to this machine. `Host` and `User-Agent` are
    /// set. A request may reach the server twice if it closed a kept connection without a word.
    ///
    /// # Errors
    /// `Class::Network` if no whole answer came; `Class::Refused` for a URL as above it is not.
    pub async fn send(&self, request: Request<Bytes>) -> Result<Response<Bytes>, Problem> {
        let origin = Origin::of(request.uri())?;
        let request = addressed(request, &origin);
        timeout(self.limits.exchange, self.exchange(&origin, request))
            .await
            .unwrap_or_else(|_| Err(self.slow(&origin)))
    }

    async fn exchange(
        &self,
        origin: &Origin,
        request: Request<Bytes>,
    ) -> Result<Response<Bytes>, Problem> {
        if let Some(connection) = self.take(origin) {
            match self.ask(origin, connection, request.clone()).await {
                Err(broken) if !broken.heard => {}
                answered => return answered.map_err(|broken| broken.problem),
            }
        }
        let opened = timeout(self.limits.connect, self.dialer.open(origin)).await;
        let connection = opened.unwrap_or_else(|_| Err(self.unconnected(origin)))?;
        let answered = self.ask(origin, connection, request).await;
        answered.map_err(|broken| broken.problem)
    }

    async fn ask(
        &self,
        origin: &Origin,
        mut connection: Connection,
        request: Request<Bytes>,
    ) -> Result<Response<Bytes>, connection::Broken> {
        let answer = connection.ask(origin, request, self.limits.body).await?;
        self.keep(origin, connection);
        Ok(answer)
    }

    fn take(&self, origin: &Origin) -> Option<Connection> {
        let connection = self.lock().remove(origin)?;
        connection.is_usable(self.limits.idle).then_some(connection)
    }

    fn keep(&self, origin: &Origin, connection: Connection) {
        let mut kept = self.lock();
        kept.retain(|_, other| other.is_usable(self.limits.idle));
        if kept.len() < KEPT {
            kept.insert(origin.clone(), connection);
        }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, HashMap<Origin, Connection>> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn slow(&self, origin: &Origin) -> Problem {
        let limit = self.limits.exchange;
        Problem::new(
            Class::Network,
            format!("{origin} did not answer within {limit:?}"),
        )
    }

    fn unconnected(&self, origin: &Origin) -> Problem {
        let limit = self.limits.connect;
        Problem::new(
            Class::Network,
            format!("cannot connect to {origin} within {limit:?}"),
        )
        .caused_by(Cause::Unreachable)
    }
}

/// The request as it goes over the wire: path and query only, with the host beside it.
fn addressed(mut request: Request<Bytes>, origin: &Origin) -> Request<Bytes> {
    let path = request.uri().path_and_query();
    let path = path
        .cloned()
        .unwrap_or_else(|| PathAndQuery::from_static("/"));
    *request.uri_mut() = Uri::from(path);
    let headers = request.headers_mut();
    headers.insert(USER_AGENT, HeaderValue::from_static(PRODUCT));
    if let Ok(host) = HeaderValue::try_from(origin.authority()) {
        headers.insert(HOST, host);
    }
    request
}
