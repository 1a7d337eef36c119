//! `upstream`: the servers behind a site or path.

mod health;
mod server;

use std::sync::Arc;

pub(super) use self::server::ServerUrl;
pub use self::server::{check_server, is_server};
use super::{Resolved, Resolver, collect_all};
use crate::config::{
    file,
    model::{HubKind, Server, Upstream},
    tree::Location,
};

impl Resolver<'_> {
    pub(super) fn upstream(
        &mut self,
        location: &Location<'_>,
        written: &file::Upstream,
    ) -> Resolved<Arc<Upstream>> {
        let upstream = match written {
            file::Upstream::Url(url) => Upstream {
                servers: vec![self.server(location, url)?],
                ..Upstream::default()
            },
            file::Upstream::Servers(written) => self.servers(location, written)?,
        };
        Ok(Arc::new(upstream))
    }

    fn server(&mut self, location: &Location<'_>, url: &str) -> Resolved<Server> {
        let server = Server::parse(url).and_then(|server| self.own_addresses.check(server));
        self.checked(location, server)
    }

    fn servers(&mut self, location: &Location<'_>, written: &file::Servers) -> Resolved<Upstream> {
        let list = location.key("servers");
        let urls = written.servers.iter().enumerate();
        let servers = collect_all(urls.map(|(nth, url)| self.server(&list.item(nth), url)));
        let ca = self.optional(&location.key("ca"), written.ca.as_deref(), Self::file);
        let key = location.key("connections");
        let connections = written.connections.as_ref();
        let connections = self.optional(&key, connections, Self::upstream_connections);
        let pin = self.optional(&location.key("pin"), written.pin.as_deref(), Self::pin);
        let host = written.host.as_deref();
        let host = self.optional(&location.key("host"), host, Self::upstream_host);
        let health = self.optional(
            &location.key("health"),
            written.health.as_ref(),
            Self::health,
        );
        let headers = self.upstream_headers(&location.key("headers"), &written.headers);
        let upstream = Upstream {
            servers: servers?,
            ca: ca?,
            pin: pin?,
            connections: connections?,
            http2: written.http2,
            host: None,
            headers: Vec::new(),
            kind: written.kind.map(HubKind::from),
            health: health?,
        };
        self.check_trust(location, &upstream)?;
        Ok(Upstream {
            host: host?,
            headers: headers?,
            ..upstream
        })
    }

    /// Refuses an upstream without servers, and trust settings without effect.
    fn check_trust(&mut self, location: &Location<'_>, upstream: &Upstream) -> Resolved<()> {
        if upstream.servers.is_empty() {
            let cure = "no servers: name one at least, such as http://127.0.0.1:8080";
            return self.missing(&location.key("servers"), cure);
        }
        if upstream.ca.is_some() && !upstream.is_secure() {
            let cure = "no server here is https: write https, or remove `ca`";
            return self.fault(&location.key("ca"), cure);
        }
        if upstream.pin.is_some() && !upstream.is_secure() {
            let cure = "no server here is https: write https, or remove `pin`";
            return self.fault(&location.key("pin"), cure);
        }
        if upstream.pin.is_some() && upstream.ca.is_some() {
            let cure = "a pinned certificate needs no CA: keep `pin` or `ca`";
            return self.fault(&location.key("pin"), cure);
        }
        Ok(())
    }

    fn upstream_connections(
        &mut self,
        location: &Location<'_>,
        written: &usize,
    ) -> Resolved<usize> {
        match *written {
            0 => self.fault(
                location,
                "0 reaches no server: write 1 or more, or remove the key",
            ),
            connections => Ok(connections),
        }
    }
}

impl From<file::HubKind> for HubKind {
    fn from(written: file::HubKind) -> Self {
        match written {
            file::HubKind::OpenHab => Self::OpenHab,
            file::HubKind::Other => Self::Other,
        }
    }
}
