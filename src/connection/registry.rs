//! The registry of open connections, for the re-evaluation of their requests and for the close of
//! connections of revoked devices.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use crate::transport::connection_info::ConnectionInfo;

/// The open connections.
#[derive(Debug, Default)]
pub struct ConnectionRegistry(Mutex<HashMap<usize, Arc<ConnectionInfo>>>);

/// An entry of the registry, removed on drop.
#[derive(Debug)]
pub struct Listed {
    registry: Arc<ConnectionRegistry>,
    key: usize,
}

impl ConnectionRegistry {
    /// Registers a connection while the returned value lives.
    #[must_use]
    pub fn list(self: &Arc<Self>, connection: &Arc<ConnectionInfo>) -> Listed {
        let key = Arc::as_ptr(connection).addr();
        self.lock().insert(key, connection.clone());
        Listed {
            registry: self.clone(),
            key,
        }
    }

    /// Returns the open connections.
    #[must_use]
    pub fn all(&self) -> Vec<Arc<ConnectionInfo>> {
        self.lock().values().cloned().collect()
    }

    /// Closes every connection that `keep` rejects and returns their number.
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
