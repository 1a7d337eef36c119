//! The control socket itself: opened, served, and opened again where it was lost.

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
    secret_file::{self, OwnerRights},
    server::Server,
};

/// How long to wait when the process is out of file descriptors.
const EXHAUSTED: Duration = Duration::from_millis(10);
/// Between two looks whether commands reach the socket, and between two tries to open it.
const LOOK: Duration = Duration::from_secs(1);

/// The open control socket.
pub(in crate::server) struct ControlSocket {
    listener: UnixListener,
    path: PathBuf,
    /// Device and inode of the file.
    file: (u64, u64),
}

/// Name of the socket in the state folder.
pub(super) fn path(state: &Path) -> PathBuf {
    state.join("control.sock")
}

/// Opens the control socket.
///
/// # Errors
/// When it cannot be made in the state folder.
pub(in crate::server) async fn open(server: &Server) -> anyhow::Result<ControlSocket> {
    let path = path(&server.state());
    let place = path.clone();
    let (listener, file) = server.files.run(move || bind(&place)).await??;
    let listener = UnixListener::from_std(listener)?;
    Ok(ControlSocket {
        listener,
        path,
        file,
    })
}

/// Serves the control socket until the process ends; one that was lost with the state folder is
/// opened again. Without it the process serves all the same.
pub(in crate::server) async fn serve(
    server: Arc<Server>,
    mut opened: anyhow::Result<ControlSocket>,
) {
    let mut reported = None;
    loop {
        match opened {
            Ok(socket) => {
                if reported.take().is_some() {
                    info!("{}: opened again", socket.path.display());
                }
                if !socket.serve(&server).await {
                    return;
                }
                reported = Some(String::new());
            }
            Err(fault) => {
                let fault = format!("{fault:#}");
                if reported.as_ref() != Some(&fault) {
                    let path = path(&server.state());
                    error!("{}: no reload and status commands: {fault}", path.display());
                }
                reported = Some(fault);
            }
        }
        tokio::select! {
            () = server.over.cancelled() => return,
            () = sleep(LOOK) => {}
        }
        opened = open(&server).await;
    }
}

impl ControlSocket {
    /// Answers commands until the socket is lost; false when the process ends.
    async fn serve(self, server: &Arc<Server>) -> bool {
        let mut looks = interval(LOOK);
        looks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let spare = Arc::new(Spare::default());
        spare.fill();
        loop {
            let accepted = tokio::select! {
                () = server.over.cancelled() => return false,
                _ = looks.tick() => match self.is_lost(server).await {
                    true => return true,
                    false => continue,
                },
                accepted = self.listener.accept() => accepted,
            };
            match accepted {
                Ok((stream, _)) => {
                    let (server, spare) = (server.clone(), spare.clone());
                    tokio::spawn(async move {
                        server.answer(stream).await.ok();
                        spare.fill();
                    });
                }
                // With the spare one, one command at a time is answered all the same.
                Err(_) if spare.is_given_up() => {}
                Err(_) => {
                    sleep(EXHAUSTED).await;
                    spare.fill();
                }
            }
        }
    }

    async fn is_lost(&self, server: &Server) -> bool {
        let (path, file) = (self.path.clone(), self.file);
        let looked = server.files.run(move || is_lost(&path, file)).await;
        looked.unwrap_or(false)
    }
}

/// A descriptor that is given up for a command when there are no others.
#[derive(Default)]
struct Spare(Mutex<Option<File>>);

impl Spare {
    /// Takes a descriptor, before a connection of a visitor does.
    fn fill(&self) {
        let mut spare = self.lock();
        if spare.is_none() {
            *spare = File::open("/dev/null").ok();
        }
    }

    /// Gives the descriptor up; false when there is none.
    fn is_given_up(&self) -> bool {
        self.lock().take().is_some()
    }

    fn lock(&self) -> MutexGuard<'_, Option<File>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Whether commands reach no process; a process that takes over has put its socket in the place.
fn is_lost(path: &Path, ours: (u64, u64)) -> bool {
    let Ok(_access) = file_access::begin(path) else {
        return false;
    };
    let Ok(_rights) = OwnerRights::assume(path.parent().unwrap_or(Path::new("."))) else {
        return false;
    };
    match identity(path) {
        Ok(found) if found == ours => false,
        Ok(_) => StdStream::connect(path)
            .is_err_and(|fault| fault.kind() == io::ErrorKind::ConnectionRefused),
        Err(fault) => fault.kind() == io::ErrorKind::NotFound,
    }
}

/// Binds beside the socket of a process that may still run, and takes its place.
fn bind(path: &Path) -> io::Result<(StdListener, (u64, u64))> {
    let state = path.parent().unwrap_or(Path::new("."));
    secret_file::make_folder(state)?;
    let _access = file_access::begin(path)?;
    let _rights = OwnerRights::assume(state)?;
    let fresh = path.with_extension("new");
    fs::remove_file(&fresh).ok();
    let listener = StdListener::bind(&fresh)?;
    fs::set_permissions(&fresh, fs::Permissions::from_mode(0o600))?;
    fs::rename(&fresh, path)?;
    listener.set_nonblocking(true)?;
    Ok((listener, identity(path)?))
}

fn identity(path: &Path) -> io::Result<(u64, u64)> {
    let meta = fs::symlink_metadata(path)?;
    Ok((meta.dev(), meta.ino()))
}
