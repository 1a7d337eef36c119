//! Who keeps the zone, and who is asked about it, as configured: from `acme.dns` to `dns`.

use std::{
    net::SocketAddr,
    path::Path,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

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
use crate::{config::model::DnsProvider, file_access::FileAccess, regular_file};

impl Api for HttpsClient {
    fn call(&self, request: Request<Bytes>) -> Pending<'_> {
        Box::pin(self.send(request))
    }
}

/// The providers in use. Each is one for all certificates: some take one change of a name at a
/// time.
#[derive(Default)]
pub(super) struct Zones {
    kept: Mutex<Vec<Zone>>,
    files: FileAccess,
}

struct Zone {
    configured: DnsProvider,
    /// The token or key it was made with; with another it is another provider.
    secret: String,
    provider: Arc<Provider>,
}

impl Zones {
    /// No provider yet.
    pub(super) fn new(files: FileAccess) -> Self {
        let kept = Mutex::default();
        Self { kept, files }
    }

    /// The provider of a configuration, with its token or key as it is now.
    ///
    /// # Errors
    /// A file that cannot be read, or holds no token or key.
    pub(super) fn provider(&self, configured: &DnsProvider) -> anyhow::Result<Arc<Provider>> {
        let wanted = configured.clone();
        let secret = self.files.wait(move || secret(&wanted))??;
        if let Some(provider) = find(&self.zones(), configured, &secret) {
            return Ok(provider);
        }
        let (wanted, known) = (configured.clone(), secret.clone());
        let provider = self.files.wait(move || build(&wanted, &known))??;
        Ok(self.keep(configured, secret, provider))
    }

    /// Keeps a provider, unless another thread has kept the same meanwhile.
    fn keep(&self, configured: &DnsProvider, secret: String, provider: Provider) -> Arc<Provider> {
        let mut zones = self.zones();
        if let Some(provider) = find(&zones, configured, &secret) {
            return provider;
        }
        let provider = Arc::new(provider);
        zones.retain(|zone| zone.configured != *configured);
        zones.push(Zone {
            configured: configured.clone(),
            secret,
            provider: provider.clone(),
        });
        provider
    }

    fn zones(&self) -> MutexGuard<'_, Vec<Zone>> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn find(zones: &[Zone], configured: &DnsProvider, secret: &str) -> Option<Arc<Provider>> {
    let is_same = |zone: &&Zone| zone.configured == *configured && zone.secret == secret;
    let found = zones.iter().find(is_same);
    found.map(|zone| zone.provider.clone())
}

/// The provider with its client, which reads the system's root certificates.
fn build(configured: &DnsProvider, secret: &str) -> anyhow::Result<Provider> {
    Ok(match configured {
        DnsProvider::Exec(program) => Provider::Exec(Hook::new(program)),
        DnsProvider::Rfc2136 { server, key } => {
            let key = Key::parse(secret).with_context(|| key.display().to_string())?;
            Provider::Rfc2136(Rfc2136::new(server.to_string(), &key)?)
        }
        DnsProvider::Cloudflare(_) => Provider::Cloudflare(Cloudflare::new(api()?, secret)?),
        DnsProvider::Desec(_) => Provider::Desec(Desec::new(api()?, secret)?),
        DnsProvider::Duckdns(_) => Provider::DuckDns(DuckDns::new(api()?, secret)),
    })
}

fn secret(configured: &DnsProvider) -> anyhow::Result<String> {
    match configured {
        DnsProvider::Exec(_) => Ok(String::new()),
        DnsProvider::Rfc2136 { key, .. } => read(key),
        DnsProvider::Cloudflare(token)
        | DnsProvider::Desec(token)
        | DnsProvider::Duckdns(token) => Ok(read(token)?.trim().to_owned()),
    }
}

/// How the spread of a record is seen. A resolver that keeps the zone itself is asked at its port.
pub(super) fn propagation(resolver: Option<SocketAddr>) -> Propagation {
    match resolver {
        Some(server) => {
            let resolver = Resolver::new(vec![server]);
            Propagation::new(resolver, DNS_PORT, Pace::default()).with_server(server)
        }
        None => Propagation::system(),
    }
}

const DNS_PORT: u16 = 53;

fn api() -> anyhow::Result<Arc<dyn Api>> {
    Ok(Arc::new(HttpsClient::load(None)?))
}

fn read(file: &Path) -> anyhow::Result<String> {
    regular_file::read_to_string(file).with_context(|| {
        format!(
            "{}: cannot be read; name the right file, and let hubgate's user read it",
            file.display()
        )
    })
}
