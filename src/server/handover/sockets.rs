//! The Unix sockets of a hand-over in the state folder, opened by the old process.

use std::{
    fs, io,
    os::unix::net::{UnixDatagram as StdDatagram, UnixListener as StdListener},
    path::{Path, PathBuf},
};

use anyhow::Context;
use tokio::net::UnixDatagram;

use crate::{
    file_access,
    private_file::{OwnerRights, PrivateFolder},
};

/// `handover.sock` receives the report of readiness; `handover.accepting` stays open while the old
/// process accepts.
pub(super) struct Sockets {
    path: PathBuf,
    ready: StdDatagram,
    accepting: StdListener,
}

/// Stays open while the old process accepts connections; the new one waits for its close.
pub(in crate::server) struct Accepting(#[expect(dead_code, reason = "held open")] StdListener);

impl Sockets {
    /// Opens both sockets.
    ///
    /// # Errors
    /// When the state folder is not writable.
    pub(super) fn open(state: &Path) -> anyhow::Result<Self> {
        let path = state.join("handover.sock");
        Self::bind(state, &path).with_context(|| format!("opening {}", path.display()))
    }

    fn bind(state: &Path, path: &Path) -> io::Result<Self> {
        PrivateFolder(state).create_if_missing()?;
        let _access = file_access::begin(path)?;
        let _rights = OwnerRights::assume(state)?;
        remove(path);
        let ready = StdDatagram::bind(path)?;
        ready.set_nonblocking(true)?;
        Ok(Self {
            accepting: StdListener::bind(accepting(path))?,
            path: path.to_owned(),
            ready,
        })
    }

    /// Returns the path of the socket for the report of readiness.
    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Duplicates the socket for the report of readiness.
    ///
    /// # Errors
    /// When the process is out of file descriptors.
    pub(super) fn ready(&self) -> io::Result<UnixDatagram> {
        UnixDatagram::from_std(self.ready.try_clone()?)
    }

    /// Duplicates the socket that is open while this process accepts.
    pub(super) fn accepting(&self) -> io::Result<Accepting> {
        self.accepting.try_clone().map(Accepting)
    }
}

impl Drop for Sockets {
    fn drop(&mut self) {
        let folder = self.path.parent().unwrap_or(Path::new("."));
        if let Ok(_rights) = OwnerRights::assume(folder) {
            remove(&self.path);
        }
    }
}

/// Returns the path of the socket that is open while the old process accepts.
pub(super) fn accepting(ready: &Path) -> PathBuf {
    ready.with_extension("accepting")
}

fn remove(path: &Path) {
    fs::remove_file(path).ok();
    fs::remove_file(accepting(path)).ok();
}
