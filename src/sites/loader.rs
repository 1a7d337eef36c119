//! Loads what sites share: a file named twice is read, watched and cached once.

use std::{
    collections::HashMap,
    path::{Path, PathBuf},
    sync::Arc,
};

use super::file_watch::{FileWatch, Refreshed};
use crate::{
    access::{basic::Basic, password::Passwords},
    clients,
    config::model::{self, ClientAuthority, ClientCertificate, Config},
    tls::{ClientCa, Issued, SiteTls, SystemRoots},
    upstream::{SecretValues, Upstream},
};

/// Loads the files of a configuration, each once.
pub(super) struct Loader<'a> {
    config: &'a Config,
    issued: &'a Issued,
    roots: Arc<SystemRoots>,
    shared: Shared,
}

/// The files and upstreams that sites share.
#[derive(Default)]
pub(super) struct Shared {
    passwords: HashMap<PathBuf, Arc<Passwords>>,
    authorities: HashMap<ClientCertificate, Arc<ClientCa>>,
    secrets: SecretValues,
    upstreams: HashMap<model::Upstream, Arc<Upstream>>,
}

impl<'a> Loader<'a> {
    pub(super) fn new(config: &'a Config, issued: &'a Issued) -> Self {
        Self {
            config,
            issued,
            roots: Arc::new(SystemRoots::deferred()),
            shared: Shared::default(),
        }
    }

    pub(super) fn shared(self) -> Shared {
        self.shared
    }

    pub(super) fn upstream(&mut self, config: &model::Upstream) -> anyhow::Result<Arc<Upstream>> {
        if let Some(upstream) = self.shared.upstreams.get(config) {
            return Ok(upstream.clone());
        }
        let silence = self.config.limits.stream_idle;
        let secrets = &mut self.shared.secrets;
        let upstream = Arc::new(Upstream::build(config, silence, secrets, &self.roots)?);
        self.shared
            .upstreams
            .insert(config.clone(), upstream.clone());
        Ok(upstream)
    }

    pub(super) fn tls(
        &self,
        site: &model::Site,
        authorities: &[Arc<ClientCa>],
    ) -> anyhow::Result<SiteTls> {
        let state = &self.config.state;
        SiteTls::build(site, state, self.issued, &self.roots, authorities)
    }

    pub(super) fn passwords(&mut self, path: &Path) -> anyhow::Result<Arc<Passwords>> {
        if let Some(file) = self.shared.passwords.get(path) {
            return Ok(file.clone());
        }
        let file = Arc::new(Passwords::load(path)?);
        self.shared.passwords.insert(path.to_owned(), file.clone());
        Ok(file)
    }

    pub(super) fn authority(
        &mut self,
        config: &ClientCertificate,
    ) -> anyhow::Result<Arc<ClientCa>> {
        if let Some(authority) = self.shared.authorities.get(config) {
            return Ok(authority.clone());
        }
        let (ca, crl) = match &config.ca {
            ClientAuthority::Own => clients::Folder::of(&self.config.state).trust(),
            ClientAuthority::Files { ca, crl } => (ca.clone(), crl.clone()),
        };
        let loaded = ClientCa::load(ca, crl, &config.allow, &self.roots);
        let authority = loaded?.with_verify_depth(config.verify_depth);
        let authority = Arc::new(authority.with_any_use(config.any_use));
        self.shared
            .authorities
            .insert(config.clone(), authority.clone());
        Ok(authority)
    }
}

impl Shared {
    /// Takes a credential for right in each file that has its user.
    pub(super) fn assume(&self, basic: &Basic) {
        self.passwords.values().for_each(|file| file.assume(basic));
    }

    /// Takes over what is known of the hubs from before a reload.
    pub(super) fn remember(&self, before: &Self) {
        for (config, upstream) in &self.upstreams {
            if let Some(before) = before.upstreams.get(config) {
                upstream.remember(before);
            }
        }
    }

    /// What is kept current with files, the CAs first: sites name them to devices.
    pub(super) fn watches(&self) -> Vec<FileWatch> {
        let authorities = self.authorities.values().cloned();
        let authorities = authorities
            .map(|authority| FileWatch::new(move || Refreshed::of_all(authority.refresh())));
        let passwords = self.passwords.iter().map(|(path, file)| {
            let (path, file) = (path.display().to_string(), file.clone());
            FileWatch::new(move || Refreshed::of(file.refresh(), &path))
        });
        let secrets = self.secrets.iter().map(|(path, secret)| {
            let (path, secret) = (path.display().to_string(), secret.clone());
            FileWatch::new(move || Refreshed::of(secret.refresh(), &path))
        });
        authorities.chain(passwords).chain(secrets).collect()
    }

    pub(super) fn warnings(&self) -> Vec<String> {
        let lines = self.passwords.values().flat_map(|file| {
            let faults = file.faults().into_iter();
            faults.map(move |fault| format!("{}:{fault}", file.path().display()))
        });
        let authorities = self
            .authorities
            .values()
            .flat_map(|authority| authority.warnings());
        lines
            .chain(authorities.map(|warning| warning.to_string()))
            .collect()
    }
}
