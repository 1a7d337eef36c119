//! The configured DNS provider and resolver of the zone, as types of `dns`.

use std::{
    net::SocketAddr,
    path::Path,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use anyhow::Context;
use bytes::Bytes;
use http::Request;

use super::{
    Api, Cloudflare, Desec, DnsProviderClient, DuckDns, Hook, Key, Pace, Pending, Propagation,
    Resolver, Rfc2136,
};
use crate::{
    acme::https::HttpsClient, config::model::DnsProvider, file_access::FileAccess, regular_file,
};

impl Api for HttpsClient {
    fn call(&self, request: Request<Bytes>) -> Pending<'_> {
        Box::pin(self.send(request))
    }
}

/// The DNS providers in use, shared by all certificates: some providers accept one change of a name
/// at a time.
#[derive(Default)]
pub(crate) struct DnsProviders {
    zones: Mutex<Vec<Zone>>,
    files: FileAccess,
}

struct Zone {
    credentials: Credentials,
    provider: Arc<DnsProviderClient>,
}

/// A configured provider with the content of its token or key file.
#[derive(Clone, PartialEq)]
struct Credentials {
    configured: DnsProvider,
    /// The token or key; empty for a hook.
    secret: String,
}

impl DnsProviders {
    /// Creates an empty list.
    pub(crate) fn new(files: FileAccess) -> Self {
        let zones = Mutex::default();
        Self { zones, files }
    }

    /// Returns the provider of a configuration. Its token or key file is read at each call; a new
    /// content creates a new provider.
    ///
    /// # Errors
    /// A file that cannot be read, or contains no token or key.
    pub(crate) fn provider(
        &self,
        configured: &DnsProvider,
    ) -> anyhow::Result<Arc<DnsProviderClient>> {
        let configured = configured.clone();
        let load = move || Credentials::load(configured);
        let credentials = self.files.wait(load)??;
        if let Some(provider) = credentials.find(&self.lock()) {
            return Ok(provider);
        }
        let (new, files) = (credentials.clone(), self.files.clone());
        let provider = self.files.wait(move || new.provider(files))??;
        Ok(self.add(credentials, provider))
    }

    /// Adds a provider, unless another thread has added the same one.
    fn add(&self, credentials: Credentials, provider: DnsProviderClient) -> Arc<DnsProviderClient> {
        let mut zones = self.lock();
        if let Some(provider) = credentials.find(&zones) {
            return provider;
        }
        let provider = Arc::new(provider);
        zones.retain(|zone| zone.credentials.configured != credentials.configured);
        zones.push(Zone {
            credentials,
            provider: provider.clone(),
        });
        provider
    }

    fn lock(&self) -> MutexGuard<'_, Vec<Zone>> {
        self.zones.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Credentials {
    fn load(configured: DnsProvider) -> anyhow::Result<Self> {
        let secret = match &configured {
            DnsProvider::Exec(_) => String::new(),
            DnsProvider::Rfc2136 { key, .. } => read(key)?,
            DnsProvider::Cloudflare(token)
            | DnsProvider::Desec(token)
            | DnsProvider::Duckdns(token) => read(token)?.trim().to_owned(),
        };
        Ok(Self { configured, secret })
    }

    fn find(&self, zones: &[Zone]) -> Option<Arc<DnsProviderClient>> {
        let found = zones.iter().find(|zone| zone.credentials == *self);
        found.map(|zone| zone.provider.clone())
    }

    /// Creates the provider with its client, which loads the system's root certificates.
    fn provider(&self, files: FileAccess) -> anyhow::Result<DnsProviderClient> {
        let secret = self.secret.as_str();
        let api = || HttpsClient::load(None).map(Arc::new);
        Ok(match &self.configured {
            DnsProvider::Exec(program) => {
                DnsProviderClient::Exec(Hook::new(program).with_files(files))
            }
            DnsProvider::Rfc2136 { server, key } => {
                let key = Key::parse(secret).with_context(|| key.display().to_string())?;
                DnsProviderClient::Rfc2136(Rfc2136::new(server.to_string(), &key)?)
            }
            DnsProvider::Cloudflare(_) => {
                DnsProviderClient::Cloudflare(Cloudflare::new(api()?, secret)?)
            }
            DnsProvider::Desec(_) => DnsProviderClient::Desec(Desec::new(api()?, secret)?),
            DnsProvider::Duckdns(_) => DnsProviderClient::DuckDns(DuckDns::new(api()?, secret)),
        })
    }
}

/// Creates the check of a record's propagation, which queries the configured resolver at its port.
pub(crate) fn propagation(resolver: Option<SocketAddr>) -> Propagation {
    match resolver {
        Some(server) => {
            let resolver = Resolver::new(vec![server]);
            Propagation::new(resolver, DNS_PORT, Pace::default()).with_server(server)
        }
        None => Propagation::system(),
    }
}

const DNS_PORT: u16 = 53;

fn read(file: &Path) -> anyhow::Result<String> {
    regular_file::read_to_string(file).with_context(|| {
        format!(
            "{}: cannot be read; name the right file, and let hubgate's user read it",
            file.display()
        )
    })
}
