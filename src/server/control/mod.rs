//! The control socket: how `hubgate reload`, `status`, `cert` and `client` reach the running
//! process.
//!
//! A Unix socket in the state folder, for its owner only. One JSON object on a
//! line asks; lines that tell the steps, and one with the outcome, answer.

mod ask;
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
    io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt},
    net::{UnixStream, unix::WriteHalf},
    time::timeout,
};
use tracing::{error, info};

use self::message::{Command, Reply};
pub(super) use self::socket::{open, serve};
pub use self::{
    ask::{
        certificates, clients, invitation, invite, is_nobody, look, reload, renew, status, try_out,
        withdraw,
    },
    message::{Invite, Invited, Status},
};
use super::Server;
use crate::{
    acme::state::Standing,
    clients::name::Name,
    http::enrolment_link,
    sites::site,
    telemetry::{
        counters::Snapshot,
        progress::{Step, Steps},
    },
};

/// How long a command may take, and how long a step of one that tells its steps.
const PATIENCE: Duration = Duration::from_secs(30);
/// Bytes of a command at most.
const MOST: u64 = 1024;

/// Passes the steps of a certificate's way on, and says how it ended.
async fn follow(writer: &mut WriteHalf<'_>, begun: anyhow::Result<Steps>) -> io::Result<Reply> {
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

/// Shows an invitation, and passes its steps on.
async fn invited(
    writer: &mut WriteHalf<'_>,
    opened: anyhow::Result<(Invited, Steps)>,
) -> io::Result<Reply> {
    match opened {
        Ok((invited, steps)) => {
            write(writer, &Reply::Invited(invited)).await?;
            follow(writer, Ok(steps)).await
        }
        Err(fault) => Ok(Reply::Failed(format!("{fault:#}"))),
    }
}

async fn write(writer: &mut WriteHalf<'_>, reply: &Reply) -> io::Result<()> {
    let mut line = serde_json::to_vec(reply)?;
    line.push(b'\n');
    writer.write_all(&line).await
}

impl Server {
    async fn answer(self: Arc<Self>, mut stream: UnixStream) -> io::Result<()> {
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
            Ok(Command::Clients) => self.client_states().await,
            Ok(Command::Invite(invite)) => {
                let opened = self.open_link(invite).await;
                invited(&mut writer, opened).await?
            }
            Ok(Command::Invitation { name, site }) => {
                let shown = self.show_link(&name, site.as_deref());
                invited(&mut writer, shown).await?
            }
            Ok(Command::Withdraw(name)) => self.withdraw(&name),
            Ok(Command::Look) => {
                self.look().await;
                self.end_unadmitted().await;
                Reply::Done
            }
            Err(_) => Reply::Failed("this command is of another version of hubgate".to_owned()),
        };
        write(&mut writer, &reply).await
    }

    async fn client_states(&self) -> Reply {
        let clients = self.proxy.clients.clone();
        let states = self.files.run(move || clients.states()).await;
        match states.map_err(Into::into).flatten() {
            Ok(states) => Reply::Clients(states),
            Err(fault) => Reply::Failed(format!("{fault:#}")),
        }
    }

    async fn open_link(&self, invite: Invite) -> anyhow::Result<(Invited, Steps)> {
        let authority = self.proxy.sites().enrolling(invite.site.as_deref());
        let authority = authority.map_err(|fault| anyhow!(fault))?.to_string();
        let clients = self.proxy.clients.clone();
        let inviting = self
            .files
            .run(move || clients.invite(invite.wish, invite.making));
        let (link, code, steps) = inviting.await??;
        let link = enrolment_link::url(&authority, &link);
        Ok((Invited { link, code }, steps))
    }

    fn show_link(&self, name: &str, site: Option<&str>) -> anyhow::Result<(Invited, Steps)> {
        let authority = self.proxy.sites().enrolling(site);
        let authority = authority.map_err(|fault| anyhow!(fault))?.to_string();
        let name = Name::parse(name).map_err(|fault| anyhow!(fault))?;
        let (link, code, steps) = self.proxy.clients.invitation(&name)?;
        let link = enrolment_link::url(&authority, &link);
        Ok((Invited { link, code }, steps))
    }

    fn withdraw(&self, name: &str) -> Reply {
        let name = Name::parse(name).map_err(|fault| anyhow!(fault));
        match name.and_then(|name| self.proxy.clients.withdraw(&name)) {
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
        let mut warnings = self.proxy.clients.warnings();
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

    /// The sites, each with what is wrong with its certificate.
    fn sites(&self) -> Vec<site::State> {
        let mut sites = self.proxy.sites().states();
        for certificate in self.certificates.states() {
            let mut sites = sites.iter_mut();
            let Some(site) = sites.find(|site| site.hosts == certificate.hosts) else {
                continue;
            };
            site.stand_in = certificate.standing == Standing::Missing;
            let told = [certificate.problem, certificate.undelivered];
            let sentences = told.into_iter().flatten().map(|told| told.sentence);
            site.warnings.extend(sentences);
        }
        sites
    }
}
