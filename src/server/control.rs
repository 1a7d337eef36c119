//! The control socket: how `hubgate reload` and `hubgate status` reach the running process.
//!
//! A Unix socket in the state folder, for its owner only. One line asks, one
//! JSON object answers.

use std::{
    fs,
    io::{BufRead, BufReader, Write},
    os::unix::{
        fs::PermissionsExt,
        net::{UnixListener as StdListener, UnixStream as StdStream},
    },
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use anyhow::Context;
use serde::{Deserialize, Serialize};
use tokio::{
    io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt},
    net::{UnixListener, UnixStream},
    time::timeout,
};
use tracing::{error, info};

use super::Server;
use crate::telemetry::counters::Snapshot;

/// What runs.
#[derive(Debug, Serialize, Deserialize)]
pub struct Status {
    /// Version of the running program.
    pub version: String,
    /// Process id.
    pub pid: u32,
    /// Seconds since it started.
    pub uptime: u64,
    /// The file it was configured from.
    pub config: PathBuf,
    /// Addresses listened on.
    pub listen: Vec<String>,
    /// The sites, each with its hosts, its certificate's end and what is wrong with it.
    pub sites: Vec<crate::proxy::site::State>,
    /// Connections, requests and bytes since the start.
    pub counters: Snapshot,
}

/// An answer to a command.
#[derive(Debug, Serialize, Deserialize)]
enum Reply {
    Status(Box<Status>),
    Reloaded,
    Failed(String),
}

/// How long a command may take.
const PATIENCE: Duration = Duration::from_secs(30);
/// How long to wait when the process is out of file descriptors.
const EXHAUSTED: Duration = Duration::from_millis(200);
/// Bytes of a command at most.
const MOST: u64 = 1024;

/// Name of the socket in the state folder.
fn socket(state: &Path) -> PathBuf {
    state.join("control.sock")
}

/// Tells the running process to reload; returns when it has.
///
/// # Errors
/// When none runs, or with its faults.
pub fn reload(state: &Path) -> anyhow::Result<()> {
    match ask(state, "reload")? {
        Reply::Failed(fault) => anyhow::bail!(fault),
        _ => Ok(()),
    }
}

/// Asks the running process what it does.
///
/// # Errors
/// When none runs.
pub fn status(state: &Path) -> anyhow::Result<Status> {
    match ask(state, "status")? {
        Reply::Status(status) => Ok(*status),
        _ => anyhow::bail!("the running process did not understand; is it of another version"),
    }
}

fn ask(state: &Path, command: &str) -> anyhow::Result<Reply> {
    let path = socket(state);
    let mut stream = StdStream::connect(&path).with_context(|| {
        format!(
            "no running hubgate answers at {} (is it started, and with this `state`?)",
            path.display()
        )
    })?;
    stream.set_read_timeout(Some(PATIENCE))?;
    writeln!(stream, "{command}")?;
    let mut line = String::new();
    BufReader::new(stream).read_line(&mut line)?;
    serde_json::from_str(&line).context("the running process gave no answer")
}

/// Opens the control socket; without it the process serves all the same.
pub(super) fn open(server: &Server) -> Option<UnixListener> {
    let path = socket(&server.proxy.sites().config.state);
    bind(&path)
        .inspect_err(|error| error!("{}: no reload and status commands: {error}", path.display()))
        .ok()
}

/// Serves the control socket until the process ends.
pub(super) async fn serve(server: Arc<Server>, listener: UnixListener) {
    loop {
        let accepted = tokio::select! {
            () = server.over.cancelled() => return,
            accepted = listener.accept() => accepted,
        };
        let Ok((stream, _)) = accepted else {
            tokio::time::sleep(EXHAUSTED).await;
            continue;
        };
        let server = server.clone();
        tokio::spawn(async move { timeout(PATIENCE, server.answer(stream)).await });
    }
}

/// Binds beside the socket of a process that may still run, and takes its place.
fn bind(path: &Path) -> std::io::Result<UnixListener> {
    let fresh = path.with_extension("new");
    fs::remove_file(&fresh).ok();
    let listener = StdListener::bind(&fresh)?;
    fs::set_permissions(&fresh, fs::Permissions::from_mode(0o600))?;
    fs::rename(&fresh, path)?;
    listener.set_nonblocking(true)?;
    UnixListener::from_std(listener)
}

impl Server {
    async fn answer(&self, mut stream: UnixStream) -> std::io::Result<()> {
        let mut command = String::new();
        let (reader, mut writer) = stream.split();
        tokio::io::BufReader::new(reader.take(MOST))
            .read_line(&mut command)
            .await?;
        let reply = match command.trim() {
            "status" => Reply::Status(Box::new(self.status().await)),
            "reload" => self.reload_on_command().await,
            _ => Reply::Failed("unknown command".to_owned()),
        };
        let mut line = serde_json::to_vec(&reply)?;
        line.push(b'\n');
        writer.write_all(&line).await
    }

    async fn reload_on_command(&self) -> Reply {
        match self.reload().await {
            Ok(()) => {
                info!("reloaded {}", self.config.display());
                Reply::Reloaded
            }
            Err(error) => {
                error!("not reloaded, nothing has changed: {error:#}");
                Reply::Failed(format!("{error:#}"))
            }
        }
    }

    async fn status(&self) -> Status {
        Status {
            version: env!("CARGO_PKG_VERSION").to_owned(),
            pid: std::process::id(),
            uptime: self.since.elapsed().as_secs(),
            config: self.config.clone(),
            listen: self.listeners.lock().await.addresses(),
            sites: self.proxy.sites().states(),
            counters: self.proxy.counters.snapshot(),
        }
    }
}
