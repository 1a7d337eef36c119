//! Loads the files and upstreams that sites share: each is read, watched and cached once.

use std::{
    collections::HashMap,
    path::{Path, PathBuf},
    sync::Arc,
};

use super::file_watch::{FileWatch, Refreshed};
use crate::{
    access::{basic::Basic, password::Passwords},
    config::model::{self, ClientCaSource, ClientCertificate, Config},
    devices,
    events::site_counters::{SiteCounters, SiteTable},
    tls::{AcmeCertificates, ClientCa, SiteTls, SystemRoots},
    upstream::{SecretValues, ServerState, Upstream},
};

/// Loads the files of a configuration.
pub(super) struct Loader<'a> {
    config: &'a Config,
    issued: &'a AcmeCertificates,
    counters: &'a SiteTable,
    roots: Arc<SystemRoots>,
    shared: Shared,
}

/// The files and upstreams that sites share.
#[derive(Default)]
pub(super) struct Shared {
    passwords: HashMap<PathBuf, Arc<Passwords>>,
    client_cas: HashMap<ClientCertificate, Arc<ClientCa>>,
    secrets: SecretValues,
    upstreams: HashMap<model::Upstream, Arc<Upstream>>,
}

impl<'a> Loader<'a> {
    pub(super) fn new(
        config: &'a Config,
        issued: &'a AcmeCertificates,
        counters: &'a SiteTable,
    ) -> Self {
        Self {
            config,
            issued,
            counters,
            roots: Arc::new(SystemRoots::deferred()),
            shared: Shared::default(),
        }
    }

    /// Returns the counters of the site with a name.
    pub(super) fn counters(&self, name: &Arc<str>) -> Arc<SiteCounters> {
        self.counters.counters(name)
    }

    pub(super) fn into_shared(self) -> Shared {
        self.shared
    }

    pub(super) fn upstream(&mut self, config: &model::Upstream) -> anyhow::Result<Arc<Upstream>> {
        if let Some(upstream) = self.shared.upstreams.get(config) {
            return Ok(upstream.clone());
        }
        let idle_timeout = self.config.limits.stream_idle;
        let secrets = &mut self.shared.secrets;
        let upstream = Arc::new(Upstream::build(config, idle_timeout, secrets, &self.roots)?);
        self.shared
            .upstreams
            .insert(config.clone(), upstream.clone());
        Ok(upstream)
    }

    pub(super) fn tls(
        &self,
        site: &model::Site,
        client_cas: &[Arc<ClientCa>],
    ) -> anyhow::Result<SiteTls> {
        let state = &self.config.state;
        SiteTls::build(site, state, self.issued, &self.roots, client_cas)
    }

    pub(super) fn passwords(&mut self, path: &Path) -> anyhow::Result<Arc<Passwords>> {
        if let Some(file) = self.shared.passwords.get(path) {
            return Ok(file.clone());
        }
        let file = Arc::new(Passwords::load(path)?);
        self.shared.passwords.insert(path.to_owned(), file.clone());
        Ok(file)
    }

    pub(super) fn client_ca(
        &mut self,
        config: &ClientCertificate,
    ) -> anyhow::Result<Arc<ClientCa>> {
        if let Some(loaded) = self.shared.client_cas.get(config) {
            return Ok(loaded.clone());
        }
        let (ca, crl) = match &config.ca {
            ClientCaSource::Own => devices::ClientCaStore::new(&self.config.state).trust(),
            ClientCaSource::Files { ca, crl } => (ca.clone(), crl.clone()),
        };
        let loaded = ClientCa::load(ca, crl, &config.allow, &self.roots);
        let client_ca = loaded?.with_verify_depth(config.verify_depth);
        let client_ca = Arc::new(client_ca.with_any_use(config.any_use));
        self.shared
            .client_cas
            .insert(config.clone(), client_ca.clone());
        Ok(client_ca)
    }
}

impl Shared {
    /// Accepts a credential in each password file that has its user, for dry runs.
    pub(super) fn assume(&self, basic: &Basic) {
        self.passwords
            .values()
            .for_each(|file| file.assume_correct(basic));
    }

    /// Returns the states of the servers, one for equal servers of different upstreams.
    pub(super) fn servers(&self) -> Vec<ServerState> {
        let upstreams = self.upstreams.values();
        let mut states: Vec<_> = upstreams.flat_map(|upstream| upstream.states()).collect();
        states.sort_by(|one, other| one.server.cmp(&other.server));
        states.dedup_by(|next, kept| {
            let is_same = next.server == kept.server;
            if is_same {
                kept.add(next);
            }
            is_same
        });
        states
    }

    /// Carries the state of unchanged upstreams over a reload.
    pub(super) fn remember(&self, before: &Self) {
        for (config, upstream) in &self.upstreams {
            if let Some(before) = before.upstreams.get(config) {
                upstream.inherit(before);
            }
        }
    }

    /// Returns the watches of the files; client CAs come first, because sites send their names.
    pub(super) fn watches(&self) -> Vec<FileWatch> {
        let client_cas = self.client_cas.values().cloned();
        let client_cas = client_cas
            .map(|client_ca| FileWatch::new(move || Refreshed::from_changes(client_ca.refresh())));
        let passwords = self.passwords.iter().map(|(path, file)| {
            let (path, file) = (path.display().to_string(), file.clone());
            FileWatch::new(move || Refreshed::from_change(file.refresh(), &path))
        });
        let secrets = self.secrets.iter().map(|(path, secret)| {
            let (path, secret) = (path.display().to_string(), secret.clone());
            FileWatch::new(move || Refreshed::from_change(secret.refresh(), &path))
        });
        client_cas.chain(passwords).chain(secrets).collect()
    }

    /// Returns the faults of password files and client CAs in use.
    pub(super) fn warnings(&self) -> Vec<String> {
        let lines = self.passwords.values().flat_map(|file| {
            let faults = file.faults().into_iter();
            faults.map(move |fault| format!("{}:{fault}", file.path().display()))
        });
        let client_cas = self.client_cas.values();
        let warnings = client_cas.flat_map(|client_ca| client_ca.warnings());
        lines
            .chain(warnings.map(|warning| warning.to_string()))
            .collect()
    }
}
