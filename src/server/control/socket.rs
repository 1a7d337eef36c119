//! The socket file of the control socket: opened, served, and opened again if it is lost.

use std::{
    fs::{self, File},
    io,
    os::unix::{
        fs::{MetadataExt, PermissionsExt},
        net::{UnixListener as StdListener, UnixStream as StdStream},
    },
    path::{Path, PathBuf},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use tokio::{
    net::UnixListener,
    time::{MissedTickBehavior, interval, sleep},
};
use tracing::{error, info};

use crate::{
    file_access,
    private_file::{OwnerRights, PrivateFolder},
    server::Server,
};

/// Wait after a failed accept, such as without a free file descriptor.
const EXHAUSTED: Duration = Duration::from_millis(10);
/// Interval of the checks for a lost socket, and of the attempts to open it.
const INTERVAL: Duration = Duration::from_secs(1);

/// The open control socket.
pub(in crate::server) struct ControlSocket {
    listener: UnixListener,
    path: PathBuf,
    file: FileId,
}

/// Device and inode of a file.
#[derive(Clone, Copy, PartialEq, Eq)]
struct FileId {
    device: u64,
    inode: u64,
}

impl ControlSocket {
    /// Returns the path of the socket in the state folder.
    pub(super) fn path(state: &Path) -> PathBuf {
        state.join("control.sock")
    }

    /// Opens the socket.
    ///
    /// # Errors
    /// When it cannot be created in the state folder.
    pub(in crate::server) async fn open(server: &Server) -> anyhow::Result<Self> {
        let path = Self::path(&server.state());
        let place = path.clone();
        let (listener, file) = server.files.run(move || Self::bind(&place)).await??;
        let listener = UnixListener::from_std(listener)?;
        Ok(Self {
            listener,
            path,
            file,
        })
    }

    /// Binds a new socket and renames it over the one of a process that may still run.
    fn bind(path: &Path) -> io::Result<(StdListener, FileId)> {
        let state = path.parent().unwrap_or(Path::new("."));
        PrivateFolder(state).create_if_missing()?;
        let _access = file_access::begin(path)?;
        let _rights = OwnerRights::assume(state)?;
        let fresh = path.with_extension("new");
        fs::remove_file(&fresh).ok();
        let listener = StdListener::bind(&fresh)?;
        fs::set_permissions(&fresh, fs::Permissions::from_mode(0o600))?;
        fs::rename(&fresh, path)?;
        listener.set_nonblocking(true)?;
        Ok((listener, FileId::read(path)?))
    }

    /// Replies to commands until the socket is lost; returns false if the process shuts down.
    async fn serve(self, server: &Arc<Server>) -> bool {
        let mut checks = interval(INTERVAL);
        checks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let spare = Arc::new(Spare::default());
        spare.fill();
        loop {
            let accepted = tokio::select! {
                () = server.shutdown.cancelled() => return false,
                _ = checks.tick() => match self.is_lost(server).await {
                    true => return true,
                    false => continue,
                },
                accepted = self.listener.accept() => accepted,
            };
            match accepted {
                Ok((stream, _)) => {
                    let (server, spare) = (server.clone(), spare.clone());
                    tokio::spawn(async move {
                        server.reply(stream).await.ok();
                        spare.fill();
                    });
                }
                // The released descriptor suffices for one command at a time.
                Err(_) if spare.release() => {}
                Err(_) => {
                    sleep(EXHAUSTED).await;
                    spare.fill();
                }
            }
        }
    }

    async fn is_lost(&self, server: &Server) -> bool {
        let (path, file) = (self.path.clone(), self.file);
        let lost = server.files.run(move || file.is_lost(&path)).await;
        lost.unwrap_or(false)
    }
}

impl Server {
    /// Serves the control socket until the process shuts down.
    ///
    /// Opens the socket again if it was lost with the state folder; failures are logged once.
    pub(in crate::server) async fn serve_control(
        self: Arc<Self>,
        mut opened: anyhow::Result<ControlSocket>,
    ) {
        let mut reported = None;
        loop {
            match opened {
                Ok(socket) => {
                    if reported.take().is_some() {
                        info!("{}: opened again", socket.path.display());
                    }
                    if !socket.serve(&self).await {
                        return;
                    }
                    reported = Some(String::new());
                }
                Err(fault) => {
                    let fault = format!("{fault:#}");
                    if reported.as_ref() != Some(&fault) {
                        let path = ControlSocket::path(&self.state());
                        error!(
                            "{}: cannot be opened, so `hubgate reload` and `hubgate status` fail: {fault}",
                            path.display()
                        );
                    }
                    reported = Some(fault);
                }
            }
            tokio::select! {
                () = self.shutdown.cancelled() => return,
                () = sleep(INTERVAL) => {}
            }
            opened = ControlSocket::open(&self).await;
        }
    }
}

/// A file descriptor in reserve, released for a command when no other is left.
#[derive(Default)]
struct Spare(Mutex<Option<File>>);

impl Spare {
    /// Opens the descriptor if it is not open.
    fn fill(&self) {
        let mut spare = self.lock();
        if spare.is_none() {
            *spare = File::open("/dev/null").ok();
        }
    }

    /// Closes the descriptor; returns false if it was not open.
    fn release(&self) -> bool {
        self.lock().take().is_some()
    }

    fn lock(&self) -> MutexGuard<'_, Option<File>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl FileId {
    fn read(path: &Path) -> io::Result<Self> {
        let meta = fs::symlink_metadata(path)?;
        Ok(Self {
            device: meta.dev(),
            inode: meta.ino(),
        })
    }

    /// Returns true if the path has no socket that a process serves; the new process of a hand-over
    /// replaces the file with its own socket.
    fn is_lost(self, path: &Path) -> bool {
        let Ok(_access) = file_access::begin(path) else {
            return false;
        };
        let Ok(_rights) = OwnerRights::assume(path.parent().unwrap_or(Path::new("."))) else {
            return false;
        };
        match Self::read(path) {
            Ok(found) if found == self => false,
            Ok(_) => StdStream::connect(path)
                .is_err_and(|fault| fault.kind() == io::ErrorKind::ConnectionRefused),
            Err(fault) => fault.kind() == io::ErrorKind::NotFound,
        }
    }
}
