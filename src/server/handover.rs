//! Hand-over: a new process of the same program takes the listening sockets,
//! and this one leaves when the new one says that it is ready.
//!
//! The sockets travel as systemd's socket activation passes them (LISTEN_FDS).

use std::{
    env,
    os::unix::net::UnixDatagram as StdDatagram,
    path::Path,
    process::{Child, Command},
    time::Duration,
};

use anyhow::{Context, bail};
use command_fds::{CommandFdExt, FdMapping};
use sd_notify::NotifyState;
use tokio::{net::UnixDatagram, time::timeout};
use tracing::warn;

use super::{Server, notify};

/// Where a new process reports that it is ready.
const READY: &str = "HUBGATE_READY_SOCKET";
/// How long a new process may take to become ready.
const PATIENCE: Duration = Duration::from_secs(30);
/// How long orders under way may take before.
const ORDERS: Duration = Duration::from_secs(60);
/// Between two looks whether the new process is still there.
const LOOK: Duration = Duration::from_millis(50);
/// First descriptor of LISTEN_FDS.
const FIRST: i32 = 3;
/// LISTEN_PID is the reader's own process, which only a shell in its place can know.
const SHELL: &str = "export LISTEN_PID=$$; exec \"$0\" \"$@\"";

/// Says that this process is ready: to the one it takes over from, or to systemd.
pub(super) fn ready() {
    let Some(path) = env::var_os(READY) else {
        return notify(&[NotifyState::Ready]);
    };
    let told = StdDatagram::unbound().and_then(|socket| socket.send_to(b"ready", Path::new(&path)));
    if let Err(error) = told {
        warn!("cannot tell the old process that this one is ready: {error}");
    }
}

/// Starts a new process and waits until it serves; returns its process id.
///
/// # Errors
/// When it does not start or is not ready in time; it is ended then.
pub(super) async fn hand_over(server: &Server) -> anyhow::Result<u32> {
    let path = server.proxy.sites().config.state.join("handover.sock");
    std::fs::remove_file(&path).ok();
    let socket =
        UnixDatagram::bind(&path).with_context(|| format!("opening {}", path.display()))?;
    // The CA would look for the proofs of an order under way at the new process.
    let _at_rest = timeout(ORDERS, server.certificates.at_rest()).await;
    let mut child = spawn(server, &path).await?;
    let ready = timeout(PATIENCE, wait(&socket, &mut child)).await;
    std::fs::remove_file(&path).ok();
    match ready {
        Ok(Ok(())) => {
            notify(&[NotifyState::MainPid(child.id())]);
            Ok(child.id())
        }
        Ok(Err(error)) => Err(error),
        Err(_) => {
            child.kill().ok();
            bail!("it was not ready within {} s", PATIENCE.as_secs())
        }
    }
}

async fn spawn(server: &Server, ready: &Path) -> anyhow::Result<Child> {
    let sockets = server.listeners.lock().await.copies()?;
    let count = sockets.len();
    let mappings = (FIRST..)
        .zip(sockets)
        .map(|(child_fd, socket)| FdMapping {
            parent_fd: socket.into(),
            child_fd,
        })
        .collect();
    let mut command = Command::new("/bin/sh");
    command
        .arg("-c")
        .arg(SHELL)
        .args(env::args_os())
        .env_remove("WATCHDOG_PID")
        .env("LISTEN_FDS", count.to_string())
        .env(READY, ready)
        .fd_mappings(mappings)?;
    command.spawn().context("starting /bin/sh")
}

async fn wait(socket: &UnixDatagram, child: &mut Child) -> anyhow::Result<()> {
    let mut message = [0; 16];
    loop {
        tokio::select! {
            received = socket.recv(&mut message) => {
                received?;
                return Ok(());
            }
            () = tokio::time::sleep(LOOK) => {
                if let Some(status) = child.try_wait()? {
                    bail!("it ended with {status}");
                }
            }
        }
    }
}
