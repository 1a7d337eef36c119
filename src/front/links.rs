//! The open connections, so that their exchanges can be judged again, and those of a revoked
//! device cut: one that showed its certificate, and one on which a session began with it.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use crate::proxy::link::Link;

/// The open connections.
#[derive(Debug, Default)]
pub struct Links(Mutex<HashMap<usize, Arc<Link>>>);

/// An entry, taken out when dropped.
#[derive(Debug)]
pub struct Listed {
    links: Arc<Links>,
    key: usize,
}

impl Links {
    /// Lists a connection while the returned value lives.
    #[must_use]
    pub fn list(self: &Arc<Self>, link: &Arc<Link>) -> Listed {
        let key = Arc::as_ptr(link).addr();
        self.lock().insert(key, link.clone());
        Listed {
            links: self.clone(),
            key,
        }
    }

    /// The connections that are open now.
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

    fn lock(&self) -> MutexGuard<'_, HashMap<usize, Arc<Link>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Listed {
    fn drop(&mut self) {
        self.links.lock().remove(&self.key);
    }
}
