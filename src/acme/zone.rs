//! Who keeps the zone, and who is asked about it, as configured: from `acme.dns` to `dns`.

use std::{fs, net::SocketAddr, path::Path, sync::Arc};

use anyhow::Context;
use bytes::Bytes;
use http::Request;

use super::{
    client::HttpsClient,
    dns::{
        Api, Cloudflare, Desec, DuckDns, Hook, Key, Pace, Pending, Propagation, Provider, Resolver,
        Rfc2136,
    },
};
use crate::config::model::DnsProvider;

impl Api for HttpsClient {
    fn call(&self, request: Request<Bytes>) -> Pending<'_> {
        Box::pin(self.send(request))
    }
}

/// The provider of a configuration, with its token or key read now.
///
/// # Errors
/// A file that cannot be read, or holds no token or key.
pub(super) fn provider(configured: &DnsProvider) -> anyhow::Result<Provider> {
    Ok(match configured {
        DnsProvider::Exec(program) => Provider::Exec(Hook::new(program)),
        DnsProvider::Rfc2136 { server, key } => {
            let key = Key::parse(&read(key)?).with_context(|| key.display().to_string())?;
            Provider::Rfc2136(Rfc2136::new(server.to_string(), &key)?)
        }
        DnsProvider::Cloudflare(token) => {
            Provider::Cloudflare(Cloudflare::new(api()?, &secret(token)?)?)
        }
        DnsProvider::Desec(token) => Provider::Desec(Desec::new(api()?, &secret(token)?)?),
        DnsProvider::Duckdns(token) => Provider::DuckDns(DuckDns::new(api()?, &secret(token)?)),
    })
}

/// How the spread of a record is seen; name servers are asked at the resolver's own port.
pub(super) fn propagation(resolver: Option<SocketAddr>) -> Propagation {
    match resolver {
        Some(server) => {
            Propagation::new(Resolver::new(vec![server]), server.port(), Pace::default())
        }
        None => Propagation::system(),
    }
}

fn api() -> anyhow::Result<Arc<dyn Api>> {
    Ok(Arc::new(HttpsClient::load(None)?))
}

fn secret(file: &Path) -> anyhow::Result<String> {
    Ok(read(file)?.trim().to_owned())
}

fn read(file: &Path) -> anyhow::Result<String> {
    fs::read_to_string(file).with_context(|| {
        format!(
            "{}: cannot be read; name the right file, and let hubgate's user read it",
            file.display()
        )
    })
}
