//! HTTPS client for hubgate's own requests, to CAs and to the APIs of DNS providers.
//!
//! HTTP/1.1 with one idle connection per server, limits on time and size, through the proxy of
//! the environment if there is one. The client follows no redirect and interprets no status.

mod connection;
mod dial;
mod observed_stream;
mod origin;
mod proxy;
pub(crate) mod retry_after;
mod roots;
#[cfg(test)]
mod tests;

use std::{
    collections::HashMap,
    path::Path,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use bytes::Bytes;
use http::{
    HeaderValue, Request, Response, Uri,
    header::{HOST, USER_AGENT},
    uri::PathAndQuery,
};
use tokio::time::timeout;

use self::{
    connection::{Connection, Interrupted},
    dial::Dialer,
    origin::Origin,
    proxy::Proxy,
};
use super::problem::{Cause, Problem};

const PRODUCT: &str = concat!("hubgate/", env!("CARGO_PKG_VERSION"));
/// The most idle connections, each to another server.
const IDLE_CONNECTIONS: usize = 8;

/// An HTTPS client, cheap to clone; clones share the idle connections.
#[derive(Clone)]
pub struct HttpsClient {
    dialer: Arc<Dialer>,
    idle: Arc<Mutex<HashMap<Origin, Connection>>>,
    limits: Limits,
}

/// Limits on the time and size of an exchange.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Time to connect, including the CONNECT of a proxy and the TLS handshake.
    pub connect: Duration,
    /// Time for the whole exchange, including the connection.
    pub exchange: Duration,
    /// Length of the response body in bytes.
    pub body: usize,
    /// Time for which an idle connection can be reused.
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
    /// Makes a client that trusts the system's root certificates and those of a PEM file, and
    /// uses the proxy of `HTTPS_PROXY` and `NO_PROXY`.
    ///
    /// # Errors
    /// A file that cannot be read or has no certificate, or an `HTTPS_PROXY` that is no URL of an
    /// HTTP proxy.
    pub fn load(root: Option<&Path>) -> anyhow::Result<Self> {
        let dialer = Dialer::new(roots::load(root)?, Proxy::from_environment()?)?;
        Ok(Self {
            dialer: Arc::new(dialer),
            idle: Arc::default(),
            limits: Limits::default(),
        })
    }

    /// Replaces the limits.
    #[must_use]
    pub fn within(mut self, limits: Limits) -> Self {
        self.limits = limits;
        self
    }

    /// Sends a request and reads the whole response, whatever its status.
    ///
    /// The URL is absolute: `https://`, or `http://` to this machine. The client sets `Host` and
    /// `User-Agent`. The server may receive the request twice if it closes an idle connection
    /// without a response.
    ///
    /// # Errors
    /// `Class::Network` without a complete response; `Class::Refused` for any other URL.
    pub async fn send(&self, request: Request<Bytes>) -> Result<Response<Bytes>, Problem> {
        let origin = Origin::parse(request.uri())?;
        let request = origin.address(request);
        timeout(self.limits.exchange, self.exchange(&origin, request))
            .await
            .unwrap_or_else(|_| Err(self.exchange_timeout(&origin)))
    }

    async fn exchange(
        &self,
        origin: &Origin,
        request: Request<Bytes>,
    ) -> Result<Response<Bytes>, Problem> {
        if let Some(connection) = self.take_idle(origin) {
            match self.send_on(connection, request.clone()).await {
                Err(interrupted) if !interrupted.response_began => {}
                result => return result.map_err(|interrupted| interrupted.problem),
            }
        }
        let opened = timeout(self.limits.connect, self.dialer.open(origin)).await;
        let connection = opened.unwrap_or_else(|_| Err(self.connect_timeout(origin)))?;
        let result = self.send_on(connection, request).await;
        result.map_err(|interrupted| interrupted.problem)
    }

    async fn send_on(
        &self,
        mut connection: Connection,
        request: Request<Bytes>,
    ) -> Result<Response<Bytes>, Interrupted> {
        let response = connection.send(request, self.limits.body).await?;
        self.store_idle(connection);
        Ok(response)
    }

    fn take_idle(&self, origin: &Origin) -> Option<Connection> {
        let connection = self.lock().remove(origin)?;
        connection.is_usable(self.limits.idle).then_some(connection)
    }

    fn store_idle(&self, connection: Connection) {
        let mut idle = self.lock();
        idle.retain(|_, other| other.is_usable(self.limits.idle));
        if idle.len() < IDLE_CONNECTIONS {
            idle.insert(connection.origin().clone(), connection);
        }
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<Origin, Connection>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn exchange_timeout(&self, origin: &Origin) -> Problem {
        let limit = self.limits.exchange;
        Problem::network(format!("{origin} did not answer within {limit:?}"))
    }

    fn connect_timeout(&self, origin: &Origin) -> Problem {
        let limit = self.limits.connect;
        Problem::network(format!("cannot connect to {origin} within {limit:?}"))
            .caused_by(Cause::Unreachable)
    }
}

impl Origin {
    /// Rewrites the target to path and query, and adds `Host` and `User-Agent`.
    fn address(&self, mut request: Request<Bytes>) -> Request<Bytes> {
        let path = request.uri().path_and_query();
        let path = path
            .cloned()
            .unwrap_or_else(|| PathAndQuery::from_static("/"));
        *request.uri_mut() = Uri::from(path);
        let headers = request.headers_mut();
        headers.insert(USER_AGENT, HeaderValue::from_static(PRODUCT));
        if let Ok(host) = HeaderValue::try_from(self.authority()) {
            headers.insert(HOST, host);
        }
        request
    }
}
