//! The open connections, so that their exchanges can be judged again, and those of a revoked
//! device cut: one that showed its certificate, and one on which a session began with it.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use crate::transport::connection_info::ConnectionInfo;

/// The open connections.
#[derive(Debug, Default)]
pub struct ConnectionRegistry(Mutex<HashMap<usize, Arc<ConnectionInfo>>>);

/// An entry, taken out when dropped.
#[derive(Debug)]
pub struct Listed {
    registry: Arc<ConnectionRegistry>,
    key: usize,
}

impl ConnectionRegistry {
    /// Lists a connection while the returned value lives.
    #[must_use]
    pub fn list(self: &Arc<Self>, connection: &Arc<ConnectionInfo>) -> Listed {
        let key = Arc::as_ptr(connection).addr();
        self.lock().insert(key, connection.clone());
        Listed {
            registry: self.clone(),
            key,
        }
    }

    /// The connections that are open now.
    #[must_use]
    pub fn all(&self) -> Vec<Arc<ConnectionInfo>> {
        self.lock().values().cloned().collect()
    }

    /// Cuts every listed connection that `keep` does not want; says how many.
    pub fn cut_unless(&self, keep: impl Fn(&ConnectionInfo) -> bool) -> usize {
        let registry = self.all();
        let cut = registry.iter().filter(|connection| !keep(connection));
        cut.inspect(|connection| connection.cut.raise()).count()
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<usize, Arc<ConnectionInfo>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Listed {
    fn drop(&mut self) {
        self.registry.lock().remove(&self.key);
    }
}
