//! The open connections over TLS, so that those of a revoked device can be cut: one that showed
//! its certificate, and one on which a session began with it.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};

use crate::proxy::link::Link;

/// The open connections over TLS.
#[derive(Debug, Default)]
pub struct Links(Mutex<HashMap<usize, Arc<Link>>>);

/// An entry, taken out when dropped.
#[derive(Debug)]
pub struct Listed {
    links: Arc<Links>,
    key: Option<usize>,
}

impl Links {
    /// Lists a connection while the returned value lives; one in the clear is not listed.
    #[must_use]
    pub fn list(self: &Arc<Self>, link: &Arc<Link>) -> Listed {
        let key = link.tls.is_some().then(|| Arc::as_ptr(link).addr());
        if let Some(key) = key {
            self.lock().insert(key, link.clone());
        }
        Listed {
            links: self.clone(),
            key,
        }
    }

    /// The listed connections.
    #[must_use]
    pub fn all(&self) -> Vec<Arc<Link>> {
        self.lock().values().cloned().collect()
    }

    /// Cuts every listed connection that `keep` does not want; says how many.
    pub fn cut_unless(&self, keep: impl Fn(&Link) -> bool) -> usize {
        let links = self.all();
        let cut = links.iter().filter(|link| !keep(link));
        cut.inspect(|link| link.cut.cancel()).count()
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, HashMap<usize, Arc<Link>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Listed {
    fn drop(&mut self) {
        if let Some(key) = self.key {
            self.links.lock().remove(&key);
        }
    }
}
