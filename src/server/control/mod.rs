//! The control socket, by which `hubgate reload`, `status`, `cert` and `client` reach the running
//! process.
//!
//! It is a Unix socket in the state folder, accessible to its owner only. A command is one line of
//! JSON; the reply is a line per step and one with the outcome.

mod client;
mod message;
mod socket;

use std::{
    io,
    sync::{Arc, PoisonError},
    time::Duration,
};

use anyhow::anyhow;
use time::OffsetDateTime;
use tokio::{
    io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader},
    net::{UnixStream, unix::WriteHalf},
    time::timeout,
};
use tracing::{error, info};

use self::message::{Command, Reply};
pub(super) use self::socket::ControlSocket;
pub use self::{
    client::ControlClient,
    message::{Invite, Invited, Status},
};
use super::Server;
use crate::{
    acme::manager::status::CertificateStatus,
    devices::registry::name::Name,
    http::enrolment_link,
    sites::site,
    telemetry::{
        counters::Snapshot,
        progress::{ProgressReceiver, Step},
    },
};

/// Longest time of a command, or of one step of a command with steps.
const REPLY_LIMIT: Duration = Duration::from_secs(30);
/// Most bytes of a command.
const MAX_COMMAND: u64 = 1024;

/// The sending half of a command's connection.
struct Replies<'a>(WriteHalf<'a>);

impl Replies<'_> {
    async fn send(&mut self, reply: &Reply) -> io::Result<()> {
        let mut line = serde_json::to_vec(reply)?;
        line.push(b'\n');
        self.0.write_all(&line).await
    }

    /// Sends an invitation and its steps; returns the outcome.
    async fn send_invitation(
        &mut self,
        opened: anyhow::Result<(Invited, ProgressReceiver)>,
    ) -> io::Result<Reply> {
        match opened {
            Ok((invited, steps)) => {
                self.send(&Reply::Invited(invited)).await?;
                self.send_steps(Ok(steps)).await
            }
            Err(fault) => Ok(Reply::Failed(format!("{fault:#}"))),
        }
    }

    /// Sends each step and returns the outcome.
    async fn send_steps(&mut self, started: anyhow::Result<ProgressReceiver>) -> io::Result<Reply> {
        let mut steps = match started {
            Ok(steps) => steps,
            Err(error) => return Ok(Reply::Failed(format!("{error:#}"))),
        };
        while let Some(step) = steps.next().await {
            match step {
                Step::Done => return Ok(Reply::Done),
                Step::Failed(sentence) => return Ok(Reply::Failed(sentence)),
                Step::Told(step) => self.send(&Reply::Step(step)).await?,
            }
        }
        Ok(Reply::Failed(
            "the process ended before the command was complete".to_owned(),
        ))
    }
}

impl Server {
    /// Reads a command and replies to it.
    async fn reply(self: Arc<Self>, mut stream: UnixStream) -> io::Result<()> {
        let mut command = String::new();
        let (reader, writer) = stream.split();
        let mut reader = BufReader::new(reader.take(MAX_COMMAND));
        timeout(REPLY_LIMIT, reader.read_line(&mut command)).await??;
        let mut replies = Replies(writer);
        let outcome = match serde_json::from_str(&command) {
            Ok(command) => self.execute(command, &mut replies).await?,
            Err(_) => Reply::Failed("this command is of another version of hubgate".to_owned()),
        };
        replies.send(&outcome).await
    }

    /// Executes a command, sends its steps and returns the outcome.
    async fn execute(
        self: &Arc<Self>,
        command: Command,
        replies: &mut Replies<'_>,
    ) -> io::Result<Reply> {
        Ok(match command {
            Command::Status => Reply::Status(Box::new(self.status().await)),
            Command::Reload => self.reload_on_command().await,
            Command::Certificates => Reply::Certificates(self.certificates.states()),
            Command::Renew { name, revoke } => {
                let steps = self.certificates.renew(&name, revoke);
                replies.send_steps(steps).await?
            }
            Command::Test(name) => {
                let steps = self.certificates.test(name.as_deref());
                replies.send_steps(steps).await?
            }
            Command::Devices => self.client_states().await,
            Command::Invite(invite) => {
                let opened = self.open_link(invite).await;
                replies.send_invitation(opened).await?
            }
            Command::Invitation { name, site } => {
                let shown = self.show_link(&name, site.as_deref());
                replies.send_invitation(shown).await?
            }
            Command::Withdraw(name) => self.withdraw(&name),
            Command::PollFiles => {
                self.poll_files().await;
                self.end_unadmitted().await;
                Reply::Done
            }
        })
    }

    async fn client_states(&self) -> Reply {
        let (devices, sites) = (self.proxy.devices.clone(), self.proxy.current_sites());
        let states = self.files.run(move || devices.states(&sites.config)).await;
        match states.map_err(Into::into).flatten() {
            Ok(states) => Reply::Devices(states),
            Err(fault) => Reply::Failed(format!("{fault:#}")),
        }
    }

    async fn open_link(&self, invite: Invite) -> anyhow::Result<(Invited, ProgressReceiver)> {
        let authority = self.proxy.sites().enrolling(invite.site.as_deref());
        let authority = authority.map_err(|fault| anyhow!(fault))?.to_string();
        let devices = self.proxy.devices.clone();
        let inviting = self
            .files
            .run(move || devices.invite(invite.request, invite.file_options));
        let (link, code, steps) = inviting.await??;
        let link = enrolment_link::url(&authority, &link);
        Ok((Invited { link, code }, steps))
    }

    fn show_link(
        &self,
        name: &str,
        site: Option<&str>,
    ) -> anyhow::Result<(Invited, ProgressReceiver)> {
        let authority = self.proxy.sites().enrolling(site);
        let authority = authority.map_err(|fault| anyhow!(fault))?.to_string();
        let name = Name::parse(name).map_err(|fault| anyhow!(fault))?;
        let (link, code, steps) = self.proxy.devices.invitation(&name)?;
        let link = enrolment_link::url(&authority, &link);
        Ok((Invited { link, code }, steps))
    }

    fn withdraw(&self, name: &str) -> Reply {
        let name = Name::parse(name).map_err(|fault| anyhow!(fault));
        match name.and_then(|name| self.proxy.devices.withdraw(&name)) {
            Ok(()) => Reply::Done,
            Err(fault) => Reply::Failed(format!("{fault:#}")),
        }
    }

    async fn reload_on_command(self: &Arc<Self>) -> Reply {
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
            loaded: Some(self.loaded()),
            listen: self.listeners.lock().await.addresses(),
            memory_limit: Some(self.proxy.sites().config.limits.memory),
            sites: self.sites(),
            warnings: self.warnings(),
            counters: self.counters(),
        }
    }

    fn warnings(&self) -> Vec<String> {
        let mut warnings = self.proxy.devices.warnings();
        warnings.extend(self.files.unanswered().iter().map(ToString::to_string));
        warnings
    }

    fn counters(&self) -> Snapshot {
        let mut counters = self.proxy.counters.snapshot();
        counters.connections.at_limits.memory = self.proxy.budget.evictions.count();
        counters
    }

    fn loaded(&self) -> OffsetDateTime {
        *self.loaded.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Returns the states of the sites, with the problems of their certificates.
    fn sites(&self) -> Vec<site::SiteState> {
        let mut sites = self.proxy.sites().states();
        for certificate in self.certificates.states() {
            let mut sites = sites.iter_mut();
            let Some(site) = sites.find(|site| site.hosts == certificate.hosts) else {
                continue;
            };
            site.stand_in = certificate.status == CertificateStatus::Missing;
            let problems = [certificate.problem, certificate.undelivered];
            let problems = problems.into_iter().flatten();
            site.warnings
                .extend(problems.map(|problem| problem.sentence));
        }
        sites
    }
}
