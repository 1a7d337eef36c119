//! The TLS of one site: its certificate, and one configuration for each way to answer.

use std::{path::Path, sync::Arc};

use arc_swap::ArcSwap;
use rustls::{
    ServerConfig,
    server::{WebPkiClientVerifier, danger::ClientCertVerifier},
};

use super::{
    Certified, ClientCa, Issued, SystemRoots, Warning, possession::Possession, settings,
    source::Source,
};
use crate::config::model::Site;

/// The TLS of one site: its certificate, and one configuration for each way to answer.
///
/// Sessions and tickets are the site's own; none passes between sites or configurations.
pub struct SiteTls {
    source: Arc<Source>,
    cas: Vec<Arc<ClientCa>>,
    plain: Arc<ServerConfig>,
    asking: ArcSwap<Asking>,
}

/// The configuration that asks, and the CAs' generations it names.
struct Asking {
    config: Arc<ServerConfig>,
    generations: Vec<u64>,
}

impl SiteTls {
    /// Loads or makes the site's certificate, and the configurations that serve it.
    ///
    /// `ask` are all CAs whose clients any rule of the site lets in. A self-signed certificate is
    /// kept under `state`, one got from a CA in its slot of `issued`.
    ///
    /// # Errors
    /// A certificate or key that cannot be served; each error names file, cause and cure.
    pub fn build(
        site: &Site,
        state: &Path,
        issued: &Issued,
        roots: &Arc<SystemRoots>,
        ask: &[Arc<ClientCa>],
    ) -> anyhow::Result<Self> {
        let source = Arc::new(Source::load(site, state, issued, Arc::clone(roots))?);
        Ok(Self {
            plain: settings::plain(source.clone())?,
            asking: ArcSwap::from_pointee(Asking::build(&source, ask)?),
            cas: ask.to_vec(),
            source,
        })
    }

    /// The configuration for a connection: one that asks for a client certificate, or not.
    ///
    /// A site without a client CA has nobody to ask for; its asking configuration asks
    /// nobody and resumes no session.
    #[must_use]
    pub fn config(&self, asking: bool) -> Arc<ServerConfig> {
        if asking {
            Arc::clone(&self.asking.load().config)
        } else {
            Arc::clone(&self.plain)
        }
    }

    /// The certificate being served.
    #[must_use]
    pub fn certified(&self) -> Arc<Certified> {
        self.source.current()
    }

    /// What is wrong with the certificate being served, though it is served.
    #[must_use]
    pub fn warnings(&self) -> Vec<Warning> {
        self.certified().warnings.clone()
    }

    /// Takes up changed files, and the names of CAs that were refreshed before; says whether the
    /// certificate is another.
    ///
    /// Connections from now on get what is new; none is cut.
    ///
    /// # Errors
    /// Files that cannot be served, once for each change; the last good certificate stays.
    pub fn refresh(&self) -> anyhow::Result<bool> {
        if self.asking.load().generations != generations(&self.cas) {
            let asking = Asking::build(&self.source, &self.cas)?;
            self.asking.store(Arc::new(asking));
        }
        self.source.refresh()
    }
}

impl Asking {
    fn build(source: &Arc<Source>, cas: &[Arc<ClientCa>]) -> anyhow::Result<Self> {
        let generations = generations(cas);
        let verifier = verifier(cas);
        Ok(Self {
            config: settings::without_resumption(source.clone(), verifier)?,
            generations,
        })
    }
}

/// Without a CA nobody is asked: a request that names none would ask for any certificate.
fn verifier(cas: &[Arc<ClientCa>]) -> Arc<dyn ClientCertVerifier> {
    if cas.is_empty() {
        return WebPkiClientVerifier::no_client_auth();
    }
    let subjects = cas.iter().flat_map(|ca| ca.subjects()).collect();
    Arc::new(Possession::naming(subjects))
}

fn generations(cas: &[Arc<ClientCa>]) -> Vec<u64> {
    cas.iter().map(|ca| ca.generation()).collect()
}

#[cfg(test)]
mod tests;
