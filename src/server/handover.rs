//! Hand-over: a new process of the same program takes the listening sockets and replaces this one.
//!
//! The sockets are passed like those of systemd's socket activation (LISTEN_FDS). This process
//! accepts until the new one has reported readiness, has answered a request on each listener and
//! has run for two more seconds. A stop signal abandons the hand-over.

mod predecessor;
mod probe;
mod sockets;
mod successor;

use std::{env, sync::Arc, time::Duration};

use anyhow::{Context, anyhow, bail};
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

/// Environment variable: path of the socket for the new process's report of readiness.
const READY: &str = "HUBGATE_READY_SOCKET";
/// Environment variable: last segment of the probe's path.
const PROBE: &str = "HUBGATE_PROBE";
/// Time in which the new process must report readiness.
const START_LIMIT: Duration = Duration::from_secs(30);
/// Time for ACME orders in progress before the start of the new process.
const ORDERS: Duration = Duration::from_secs(60);
/// Time that the new process must run after the probe.
const PROBATION: Duration = Duration::from_secs(2);
/// First descriptor of LISTEN_FDS (SD_LISTEN_FDS_START).
const FIRST_DESCRIPTOR: i32 = 3;
/// Sets LISTEN_PID, which must be the process id of the program that the shell executes.
const SHELL: &str = "export LISTEN_PID=$$; exec \"$0\" \"$@\"";

/// A hand-over in progress.
struct HandOver<'a> {
    server: &'a Server,
    sockets: &'a Sockets,
    probe: Probe,
}

impl Server {
    /// Hands over at each signal, until a new process has taken over or this one shuts down.
    ///
    /// Waits for the end of the hand-over that started this process: it would fail if this process
    /// ended, and the old and the next process would serve beside each other.
    pub(super) async fn hand_over_on_signal(
        self: Arc<Self>,
        mut signal: Signal,
    ) -> Option<Accepting> {
        tokio::select! {
            () = self.shutdown.cancelled() => return None,
            () = self.alone.cancelled() => {}
        }
        loop {
            tokio::select! {
                () = self.shutdown.cancelled() => return None,
                _ = signal.recv() => {}
            }
            match self.hand_over().await {
                Ok(accepting) => return Some(accepting),
                Err(_) if self.shutdown.is_cancelled() => {
                    info!("stop requested: the hand-over was abandoned");
                    return None;
                }
                Err(error) => error!("the hand-over failed, this process continues: {error:#}"),
            }
        }
    }

    /// Starts a new process and waits until it serves; it places no ACME order while the returned
    /// value lives.
    ///
    /// # Errors
    /// When the new process does not start, is not ready in time or does not answer, or this
    /// process shuts down. The new process and its children are ended then.
    async fn hand_over(&self) -> anyhow::Result<Accepting> {
        let state = self.state();
        let opened = self.files.run(move || Sockets::open(&state)).await;
        let sockets = opened??;
        let handed_over = async {
            let hand_over = HandOver {
                server: self,
                sockets: &sockets,
                probe: Probe::new()?,
            };
            hand_over.complete().await
        };
        let handed_over = handed_over.await;
        self.files.run(move || drop(sockets)).await.ok();
        handed_over
    }
}

impl HandOver<'_> {
    async fn complete(&self) -> anyhow::Result<Accepting> {
        let server = self.server;
        let (ready, accepting) = (self.sockets.ready()?, self.sockets.accepting()?);
        let started = tokio::select! {
            started = self.start_successor() => started?,
            () = server.shutdown.cancelled() => bail!("stop requested"),
        };
        let (mut successor, _orders_paused) = started;
        let serves = tokio::select! {
            serves = self.wait_until_serving(&ready, &mut successor) => serves,
            () = server.shutdown.cancelled() => Err(anyhow!("stop requested")),
        };
        if let Err(error) = serves {
            successor.end().await;
            return Err(error);
        }
        let process = successor.release();
        server.manager.notify(&[NotifyState::MainPid(process)]);
        server.proxy.drain.begin();
        info!("process {process} has taken over");
        Ok(accepting)
    }

    /// Waits for ACME orders in progress, since the CA would validate at either process, then
    /// starts the new process.
    async fn start_successor(&self) -> anyhow::Result<(Successor, impl Sized + use<>)> {
        let orders_paused = timeout(ORDERS, self.server.certificates.pause_orders()).await;
        let listening = self.server.listeners.lock().await.copies()?;
        let count = listening.len();
        let mappings = (FIRST_DESCRIPTOR..).zip(listening);
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
            .env(READY, self.sockets.path())
            .env(PROBE, self.probe.token())
            .fd_mappings(mappings.collect())?;
        Ok((Successor::spawn(command)?, orders_paused))
    }

    /// Waits until the new process is ready, has answered the probe and has passed its probation.
    async fn wait_until_serving(
        &self,
        ready: &UnixDatagram,
        successor: &mut Successor,
    ) -> anyhow::Result<()> {
        let mut message = [0; 16];
        tokio::select! {
            reported = timeout(START_LIMIT, ready.recv(&mut message)) => {
                let seconds = START_LIMIT.as_secs();
                reported.with_context(|| format!("the new process was not ready within {seconds} s"))??;
            }
            status = successor.ended() => bail!("the new process ended with {}", status?),
        }
        successor.set_ready();
        let serves = async {
            self.probe.all(self.server).await?;
            sleep(PROBATION).await;
            Ok(())
        };
        tokio::select! {
            serves = serves => serves,
            status = successor.ended() => bail!("the new process ended with {}", status?),
        }
    }
}
