//! Hand-over: a new process of the same program takes the listening sockets, and this one leaves
//! once the new one serves.
//!
//! The sockets travel as systemd's socket activation passes them (LISTEN_FDS). This process accepts
//! until the new one has reported that it is ready, has answered a request on each listener and has
//! lived for two seconds after that. A stop gives the hand-over up.

mod predecessor;
mod probe;
mod sockets;
mod successor;

use std::{env, sync::Arc, time::Duration};

use anyhow::{Context, bail};
use command_fds::{CommandFdExt, FdMapping};
use sd_notify::NotifyState;
use tokio::{
    net::UnixDatagram,
    signal::unix::Signal,
    time::{sleep, timeout},
};
use tracing::{error, info};

pub(super) use self::{predecessor::Predecessor, sockets::Accepting};
use self::{probe::Probe, sockets::Sockets, successor::Successor};
use super::Server;

/// Path of the socket at which a new process reports that it is ready.
const READY: &str = "HUBGATE_READY_SOCKET";
/// Last segment of the path at which a new process answers the probe of the old one.
const PROBE: &str = "HUBGATE_PROBE";
/// How long a new process may take to become ready.
const PATIENCE: Duration = Duration::from_secs(30);
/// How long orders under way may take before.
const ORDERS: Duration = Duration::from_secs(60);
/// How long a new process must live once it has answered.
const SETTLED: Duration = Duration::from_secs(2);
/// First descriptor of LISTEN_FDS.
const FIRST: i32 = 3;
/// LISTEN_PID is the reader's own process, which only a shell in its place can know.
const SHELL: &str = "export LISTEN_PID=$$; exec \"$0\" \"$@\"";

/// Hands over at each signal, until a new process has taken over or this one is to end.
pub(super) async fn on_signal(server: Arc<Server>, mut signal: Signal) -> Option<Accepting> {
    loop {
        tokio::select! {
            () = server.over.cancelled() => return None,
            _ = signal.recv() => {}
        }
        match hand_over(&server).await {
            Ok(accepting) => return Some(accepting),
            Err(_) if server.over.is_cancelled() => {
                info!("asked to stop: the hand-over was given up");
                return None;
            }
            Err(error) => error!("the hand-over failed, this one goes on: {error:#}"),
        }
    }
}

/// Starts a new process and waits until it serves; while the value lives, it places no order.
///
/// # Errors
/// When it does not start, is not ready in time, does not answer, or this process is to end; it is
/// ended then, with all that it started.
async fn hand_over(server: &Server) -> anyhow::Result<Accepting> {
    let state = server.state();
    let opened = server.files.run(move || Sockets::open(&state)).await;
    let sockets = opened??;
    let taken = take_turns(server, &sockets).await;
    server.files.run(move || drop(sockets)).await.ok();
    taken
}

async fn take_turns(server: &Server, sockets: &Sockets) -> anyhow::Result<Accepting> {
    let (probe, ready, accepting) = (Probe::new()?, sockets.ready()?, sockets.accepting()?);
    let begun = tokio::select! {
        begun = begin(server, sockets, &probe) => begun?,
        () = server.over.cancelled() => bail!("asked to stop"),
    };
    let (mut successor, _at_rest) = begun;
    let settled = tokio::select! {
        settled = settle(server, &ready, &probe, &mut successor) => settled,
        () = server.over.cancelled() => bail_out(),
    };
    if let Err(error) = settled {
        successor.end().await;
        return Err(error);
    }
    let process = successor.release();
    server.manager.notify(&[NotifyState::MainPid(process)]);
    server.proxy.drain.begin();
    info!("process {process} has taken over");
    Ok(accepting)
}

fn bail_out() -> anyhow::Result<()> {
    bail!("asked to stop")
}

/// Waits for orders under way, as the CA would look for their proofs at the new process; then starts
/// it.
async fn begin(
    server: &Server,
    sockets: &Sockets,
    probe: &Probe,
) -> anyhow::Result<(Successor, impl Sized + use<>)> {
    let at_rest = timeout(ORDERS, server.certificates.at_rest()).await;
    let listening = server.listeners.lock().await.copies()?;
    let count = listening.len();
    let mappings = (FIRST..).zip(listening);
    let mappings = mappings.map(|(child_fd, socket)| FdMapping {
        parent_fd: socket.into(),
        child_fd,
    });
    let mut command = std::process::Command::new("/bin/sh");
    command
        .arg("-c")
        .arg(SHELL)
        .args(env::args_os())
        .env_remove("WATCHDOG_PID")
        .env("LISTEN_FDS", count.to_string())
        .env(READY, sockets.path())
        .env(PROBE, probe.token())
        .fd_mappings(mappings.collect())?;
    Ok((Successor::spawn(command)?, at_rest))
}

/// Waits until the new process serves.
async fn settle(
    server: &Server,
    ready: &UnixDatagram,
    probe: &Probe,
    successor: &mut Successor,
) -> anyhow::Result<()> {
    let mut message = [0; 16];
    tokio::select! {
        reported = timeout(PATIENCE, ready.recv(&mut message)) => {
            let seconds = PATIENCE.as_secs();
            reported.with_context(|| format!("it was not ready within {seconds} s"))??;
        }
        status = successor.ended() => bail!("it ended with {}", status?),
    }
    successor.is_ready();
    let serves = async {
        probe.all(server).await?;
        sleep(SETTLED).await;
        Ok(())
    };
    tokio::select! {
        served = serves => served,
        status = successor.ended() => bail!("it ended with {}", status?),
    }
}
