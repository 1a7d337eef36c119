//! Builds a site from its configuration, and collects the faults of all its files.

use std::{collections::HashMap, sync::Arc};

use super::{super::loader::Loader, Site};
use crate::{
    access::policy::Policy,
    config::model::{self, ClientCertificate},
    pages::reader::PageCache,
    tls::ClientCa,
    upstream::Upstream,
};

/// Builds a site and collects faults.
pub(super) struct SiteBuilder<'a, 'l> {
    config: &'a Arc<model::Site>,
    loader: &'a mut Loader<'l>,
    faults: &'a mut Vec<anyhow::Error>,
}

impl<'a, 'l> SiteBuilder<'a, 'l> {
    /// Builds the site of a configuration; the faults are added to `faults`.
    pub(super) fn new(
        config: &'a Arc<model::Site>,
        loader: &'a mut Loader<'l>,
        faults: &'a mut Vec<anyhow::Error>,
    ) -> Self {
        Self {
            config,
            loader,
            faults,
        }
    }

    /// Builds the site; loads all files first, so that every fault is collected.
    pub(super) fn build(mut self) -> Option<Site> {
        let config = self.config;
        let policy = self.policy();
        let client_cas = self.client_cas();
        let upstream = self.upstream_of(config.upstream());
        let path_upstreams = self.path_upstreams();
        let requested = client_cas.iter().flat_map(HashMap::values).cloned();
        let tls = self.loader.tls(config, &requested.collect::<Vec<_>>());
        let tls = self.note(tls);
        let name = config.hosts[0].to_string().into();
        Some(Site {
            counters: self.loader.counters(&name),
            name,
            upstream: upstream?,
            tls: tls?,
            config: config.clone(),
            policy: policy?,
            client_cas: client_cas?,
            path_upstreams: path_upstreams?,
            pages: PageCache::of(self.display_name()),
        })
    }

    /// Stores the fault of a failed load.
    fn note<T>(&mut self, loaded: anyhow::Result<T>) -> Option<T> {
        loaded.map_err(|fault| self.faults.push(fault)).ok()
    }

    fn policy(&mut self) -> Option<Policy> {
        let rules = self.config.rules();
        for path in rules.filter_map(|rule| rule.password.as_ref()) {
            let loaded = self.loader.passwords(path);
            self.note(loaded);
        }
        let policy = Policy::build(self.config, |path| self.loader.passwords(path));
        self.note(policy)
    }

    /// Loads the client CAs of all rules.
    fn client_cas(&mut self) -> Option<HashMap<ClientCertificate, Arc<ClientCa>>> {
        let rules = self.config.rules();
        let named = rules.filter_map(|access| access.client_certificate.as_ref());
        let loaded: Vec<_> = named
            .map(|config| {
                let client_ca = self.loader.client_ca(config);
                Some((config.clone(), self.note(client_ca)?))
            })
            .collect();
        loaded.into_iter().collect()
    }

    /// Loads the upstreams of the path rules, by index.
    fn path_upstreams(&mut self) -> Option<Vec<Option<Arc<Upstream>>>> {
        let paths = self.config.paths.iter();
        let loaded: Vec<_> = paths
            .map(|path| self.upstream_of(path.upstream.as_deref()))
            .collect();
        loaded.into_iter().collect()
    }

    /// Loads an upstream, if one is configured.
    fn upstream_of(&mut self, config: Option<&model::Upstream>) -> Option<Option<Arc<Upstream>>> {
        let Some(config) = config else {
            return Some(None);
        };
        let upstream = self.loader.upstream(config);
        self.note(upstream).map(Some)
    }

    /// Returns the name of the site on pages.
    fn display_name(&self) -> String {
        let host = self.config.public_host().or(self.config.hosts.first());
        host.map_or_else(String::new, ToString::to_string)
    }
}
