//! The control socket: how `hubgate reload`, `status` and `cert` reach the running process.
//!
//! A Unix socket in the state folder, for its owner only. One JSON object on a
//! line asks; lines that tell the steps, and one with the outcome, answer.

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

use anyhow::{Context, anyhow, bail};
use serde::{Deserialize, Serialize};
use tokio::{
    io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt},
    net::{UnixListener, UnixStream, unix::WriteHalf},
    time::timeout,
};
use tracing::{error, info};

use super::Server;
use crate::{
    acme::{
        progress::{Step, Steps},
        state::State,
    },
    telemetry::counters::Snapshot,
};

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

/// What is asked of the running process.
#[derive(Debug, Serialize, Deserialize)]
enum Command {
    Status,
    Reload,
    Certificates,
    Renew {
        name: String,
        revoke: bool,
    },
    /// Of one name, or of all.
    TryOut(Option<String>),
}

/// A line of the answer to a command.
#[derive(Debug, Serialize, Deserialize)]
enum Reply {
    /// What is done; more follows.
    Step(String),
    Status(Box<Status>),
    Certificates(Vec<State>),
    Done,
    Failed(String),
}

/// How long a command may take, and how long a step of one that tells its steps.
const PATIENCE: Duration = Duration::from_secs(30);
/// How long a CA may take for one step.
const LONG_STEP: Duration = Duration::from_secs(600);
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
    match ask(state, &Command::Reload, PATIENCE, |_| ())? {
        Reply::Done => Ok(()),
        _ => Err(misunderstood()),
    }
}

/// Asks the running process what it does.
///
/// # Errors
/// When none runs.
pub fn status(state: &Path) -> anyhow::Result<Status> {
    match ask(state, &Command::Status, PATIENCE, |_| ())? {
        Reply::Status(status) => Ok(*status),
        _ => Err(misunderstood()),
    }
}

/// Asks the running process how its certificates stand.
///
/// # Errors
/// When none runs.
pub fn certificates(state: &Path) -> anyhow::Result<Vec<State>> {
    match ask(state, &Command::Certificates, PATIENCE, |_| ())? {
        Reply::Certificates(states) => Ok(states),
        _ => Err(misunderstood()),
    }
}

/// Has the running process renew a certificate, and revoke the old one if that is wanted; tells
/// each step as it is done.
///
/// # Errors
/// When none runs, the name is no certificate's, or it could not be renewed.
pub fn renew(state: &Path, name: &str, revoke: bool, tell: impl FnMut(&str)) -> anyhow::Result<()> {
    let name = name.to_owned();
    ask(state, &Command::Renew { name, revoke }, LONG_STEP, tell).map(drop)
}

/// Has the running process try whether the CA would certify a name, or all; nothing changes.
///
/// # Errors
/// As [`renew`].
pub fn try_out(state: &Path, name: Option<&str>, tell: impl FnMut(&str)) -> anyhow::Result<()> {
    let command = Command::TryOut(name.map(str::to_owned));
    ask(state, &command, LONG_STEP, tell).map(drop)
}

fn ask(
    state: &Path,
    command: &Command,
    patience: Duration,
    mut tell: impl FnMut(&str),
) -> anyhow::Result<Reply> {
    let path = socket(state);
    let mut stream = StdStream::connect(&path).with_context(|| {
        format!(
            "no running hubgate answers at {} (is it started, and with this `state`?)",
            path.display()
        )
    })?;
    stream.set_read_timeout(Some(patience))?;
    serde_json::to_writer(&stream, command)?;
    stream.write_all(b"\n")?;
    for line in BufReader::new(stream).lines() {
        let reply = serde_json::from_str(&line?).map_err(|_| misunderstood())?;
        match reply {
            Reply::Step(step) => tell(&step),
            Reply::Failed(fault) => bail!(fault),
            outcome => return Ok(outcome),
        }
    }
    bail!("the running process gave no answer; its log may say why")
}

fn misunderstood() -> anyhow::Error {
    anyhow!("the running process is of another version; restart it")
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
        tokio::spawn(async move { server.answer(stream).await });
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

/// Passes the steps of a certificate's way on, and says how it ended.
async fn follow(
    writer: &mut WriteHalf<'_>,
    begun: anyhow::Result<Steps>,
) -> std::io::Result<Reply> {
    let mut steps = match begun {
        Ok(steps) => steps,
        Err(error) => return Ok(Reply::Failed(format!("{error:#}"))),
    };
    while let Some(step) = steps.next().await {
        match step {
            Step::Done => return Ok(Reply::Done),
            Step::Failed(sentence) => return Ok(Reply::Failed(sentence)),
            Step::Told(step) => write(writer, &Reply::Step(step)).await?,
        }
    }
    Ok(Reply::Failed(
        "the process ended before this was done".to_owned(),
    ))
}

async fn write(writer: &mut WriteHalf<'_>, reply: &Reply) -> std::io::Result<()> {
    let mut line = serde_json::to_vec(reply)?;
    line.push(b'\n');
    writer.write_all(&line).await
}

impl Server {
    async fn answer(&self, mut stream: UnixStream) -> std::io::Result<()> {
        let mut command = String::new();
        let (reader, mut writer) = stream.split();
        let mut reader = tokio::io::BufReader::new(reader.take(MOST));
        timeout(PATIENCE, reader.read_line(&mut command)).await??;
        let reply = match serde_json::from_str(&command) {
            Ok(Command::Status) => Reply::Status(Box::new(self.status().await)),
            Ok(Command::Reload) => self.reload_on_command().await,
            Ok(Command::Certificates) => Reply::Certificates(self.certificates.states()),
            Ok(Command::Renew { name, revoke }) => {
                follow(&mut writer, self.certificates.renew(&name, revoke)).await?
            }
            Ok(Command::TryOut(name)) => {
                follow(&mut writer, self.certificates.try_out(name.as_deref())).await?
            }
            Err(_) => Reply::Failed("this command is of another version of hubgate".to_owned()),
        };
        write(&mut writer, &reply).await
    }

    async fn reload_on_command(&self) -> Reply {
        match self.reload().await {
            Ok(()) => {
                info!("reloaded {}", self.config.display());
                Reply::Done
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
            sites: self.sites(),
            counters: self.proxy.counters.snapshot(),
        }
    }

    /// The sites, each with what is wrong with its certificate.
    fn sites(&self) -> Vec<crate::proxy::site::State> {
        let mut sites = self.proxy.sites().states();
        for certificate in self.certificates.states() {
            let site = sites
                .iter_mut()
                .find(|site| site.hosts == certificate.hosts);
            if let (Some(site), Some(problem)) = (site, certificate.problem) {
                site.warnings.push(problem.sentence);
            }
        }
        sites
    }
}
