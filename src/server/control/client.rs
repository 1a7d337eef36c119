//! The client of the control socket: sends a command to the running process.

use std::{
    io::{self, BufRead, BufReader, ErrorKind, Lines, Read, Take, Write},
    os::unix::net::UnixStream,
    path::Path,
    time::Duration,
};

use anyhow::{anyhow, bail};
use serde_json::Value;
use socket2::{Domain, SockAddr, Socket, Type};

use super::{
    ControlSocket, REPLY_LIMIT,
    message::{Command, Invite, Invited, Reply, Status},
};
use crate::{
    acme::manager::status::CertificateReport,
    devices,
    events::event::Record,
    private_file::{OwnerRights, explained},
    telemetry::Printable,
};

/// Most bytes of a reply.
const MAX_REPLY: u64 = 64 << 20;
/// Longest time of a CA's step.
const CA_STEP: Duration = Duration::from_secs(600);
/// Longest time between two lines of a followed log.
const FOLLOWED: Duration = Duration::from_secs(365 * 24 * 3600);
/// Longest time of a device's step: the lifetime of its link and of its download page.
const DEVICE_STEP: Duration = devices::LIFE.saturating_mul(2);

/// A client of the control socket in a state folder.
#[derive(Clone, Copy, Debug)]
pub struct ControlClient<'s> {
    state: &'s Path,
}

impl<'s> ControlClient<'s> {
    /// Creates a client; each command opens a connection of its own.
    #[must_use]
    pub fn new(state: &'s Path) -> Self {
        Self { state }
    }

    /// Reloads the configuration of the running process.
    ///
    /// # Errors
    /// When no process answers, or the faults of the reload.
    pub fn reload(&self) -> anyhow::Result<()> {
        match self.request(&Command::Reload)? {
            Reply::Done => Ok(()),
            _ => Err(unexpected()),
        }
    }

    /// Requests the status of the running process.
    ///
    /// # Errors
    /// When no process answers.
    pub fn status(&self) -> anyhow::Result<Status> {
        match self.request(&Command::Status)? {
            Reply::Status(status) => Ok(*status),
            _ => Err(unexpected()),
        }
    }

    /// Requests the states of the CA certificates.
    ///
    /// # Errors
    /// When no process answers.
    pub fn certificates(&self) -> anyhow::Result<Vec<CertificateReport>> {
        match self.request(&Command::Certificates)? {
            Reply::Certificates(states) => Ok(states),
            _ => Err(unexpected()),
        }
    }

    /// Renews a certificate, revokes the old one if `revoke` is set, and reports each step.
    ///
    /// # Errors
    /// When no process answers, no certificate has the name, or the renewal failed.
    pub fn renew(&self, name: &str, revoke: bool, report: impl FnMut(&str)) -> anyhow::Result<()> {
        let name = name.to_owned();
        self.follow(&Command::Renew { name, revoke }, CA_STEP, report)
    }

    /// Tests the order of a certificate, or of all, up to its issue; changes nothing.
    ///
    /// # Errors
    /// As [`Self::renew`].
    pub fn test(&self, name: Option<&str>, report: impl FnMut(&str)) -> anyhow::Result<()> {
        self.follow(&Command::Test(name.map(str::to_owned)), CA_STEP, report)
    }

    /// Requests the states of the devices.
    ///
    /// # Errors
    /// When no process answers, or the registry cannot be read.
    pub fn devices(&self) -> anyhow::Result<Vec<devices::registry::status::DeviceReport>> {
        match self.request(&Command::Devices)? {
            Reply::Devices(states) => Ok(states),
            _ => Err(unexpected()),
        }
    }

    /// Makes the running process read changed files at once.
    ///
    /// # Errors
    /// When no process answers.
    pub fn poll_files(&self) -> anyhow::Result<()> {
        self.request(&Command::PollFiles).map(drop)
    }

    /// Requests the last entries and refusals and shows them; with `follow`, further ones until the
    /// running process ends.
    ///
    /// # Errors
    /// When no process answers, or those of `show`.
    pub fn log(
        &self,
        lines: usize,
        follow: bool,
        mut show: impl FnMut(&[Record]) -> anyhow::Result<()>,
    ) -> anyhow::Result<()> {
        let limit = if follow { FOLLOWED } else { REPLY_LIMIT };
        let mut replies = self.send(&Command::Log { lines, follow }, limit)?;
        loop {
            match replies.outcome(|_| ())? {
                Reply::Log(records) => show(&records)?,
                Reply::Done => return Ok(()),
                _ => return Err(unexpected()),
            }
            if !follow {
                return Ok(());
            }
        }
    }

    /// Invites a device, shows the link, reports each step and returns after the first use of the
    /// certificate.
    ///
    /// # Errors
    /// When no process answers, the device cannot be invited, or the invitation ends unused.
    pub fn invite(
        &self,
        invite: Invite,
        show: impl FnOnce(&Invited) -> anyhow::Result<()>,
        report: impl FnMut(&str),
    ) -> anyhow::Result<()> {
        self.follow_invitation(&Command::Invite(invite), show, report)
    }

    /// Shows an open invitation, reports each further step and returns after the first use of the
    /// certificate.
    ///
    /// # Errors
    /// When no process answers, the name has no open invitation, or the invitation ends unused.
    pub fn invitation(
        &self,
        name: &str,
        site: Option<String>,
        show: impl FnOnce(&Invited) -> anyhow::Result<()>,
        report: impl FnMut(&str),
    ) -> anyhow::Result<()> {
        let name = name.to_owned();
        self.follow_invitation(&Command::Invitation { name, site }, show, report)
    }

    /// Withdraws an open invitation.
    ///
    /// # Errors
    /// When no process answers, or the name has no open invitation.
    pub fn withdraw(&self, name: &str) -> anyhow::Result<()> {
        let command = Command::Withdraw(name.to_owned());
        self.request(&command).map(drop)
    }

    /// Returns true if the fault means that no process serves the control socket.
    #[must_use]
    pub fn is_not_running(fault: &anyhow::Error) -> bool {
        let kind = fault.downcast_ref::<io::Error>().map(io::Error::kind);
        matches!(
            kind,
            Some(ErrorKind::NotFound | ErrorKind::ConnectionRefused | ErrorKind::NotADirectory)
        )
    }

    /// Sends a command without steps and returns its outcome.
    fn request(&self, command: &Command) -> anyhow::Result<Reply> {
        self.send(command, REPLY_LIMIT)?.outcome(|_| ())
    }

    /// Sends a command with steps, each within the limit, and waits for its outcome.
    fn follow(
        &self,
        command: &Command,
        limit: Duration,
        report: impl FnMut(&str),
    ) -> anyhow::Result<()> {
        self.send(command, limit)?.outcome(report).map(drop)
    }

    /// Sends a command that opens or shows an invitation, and waits for its outcome.
    fn follow_invitation(
        &self,
        command: &Command,
        show: impl FnOnce(&Invited) -> anyhow::Result<()>,
        report: impl FnMut(&str),
    ) -> anyhow::Result<()> {
        let mut replies = self.send(command, DEVICE_STEP)?;
        match replies.outcome(|_| ())? {
            Reply::Invited(invited) => show(&invited)?,
            _ => return Err(unexpected()),
        }
        replies.outcome(report).map(drop)
    }

    fn send(&self, command: &Command, limit: Duration) -> anyhow::Result<Replies> {
        let path = ControlSocket::path(self.state);
        let connected = connect(self.state, &path, limit);
        let mut stream = connected.map_err(|fault| unreachable(&path, fault))?;
        stream.set_read_timeout(Some(limit))?;
        serde_json::to_writer(&stream, command)?;
        stream.write_all(b"\n")?;
        Ok(Replies(BufReader::new(stream.take(MAX_REPLY)).lines()))
    }
}

/// The lines of a reply.
struct Replies(Lines<BufReader<Take<UnixStream>>>);

/// Adds the cause and the remedy to a failed connect(2).
fn unreachable(path: &Path, fault: io::Error) -> anyhow::Error {
    let socket = path.display();
    let cause = match fault.kind() {
        ErrorKind::PermissionDenied => {
            format!("{socket}: accessible only to root and the user that hubgate runs as")
        }
        ErrorKind::WouldBlock => {
            format!("{socket}: the running hubgate accepts no commands; see its log")
        }
        _ => format!(
            "no running hubgate answers at {socket} (is it started, and with this `state`?)"
        ),
    };
    anyhow::Error::from(fault).context(cause)
}

/// Connects with the rights of the folder's owner, since a symbolic link may name a foreign socket.
fn connect(state: &Path, socket: &Path, limit: Duration) -> io::Result<UnixStream> {
    let _rights = OwnerRights::assume(state)?;
    let stream = Socket::new(Domain::UNIX, Type::STREAM, None)?;
    // Limits connect(2), too, which waits while the queue is full (unix(7)).
    stream.set_write_timeout(Some(limit))?;
    let connected = stream.connect(&SockAddr::unix(socket)?);
    connected.map_err(explained)?;
    Ok(stream.into())
}

fn unanswered(fault: io::Error) -> anyhow::Error {
    match fault.kind() {
        ErrorKind::WouldBlock => {
            anyhow!("the running hubgate does not answer; see its log")
        }
        _ => fault.into(),
    }
}

impl Replies {
    /// Reports the steps and returns the reply after them.
    fn outcome(&mut self, mut report: impl FnMut(&str)) -> anyhow::Result<Reply> {
        for line in self.0.by_ref() {
            match Reply::parse(&line.map_err(unanswered)?)? {
                Reply::Step(step) => report(&step),
                Reply::Failed(fault) => bail!(fault),
                outcome => return Ok(outcome),
            }
        }
        bail!("the running hubgate closed the connection without a reply; see its log")
    }
}

impl Reply {
    /// Parses a line and escapes its texts, which are printed on a terminal.
    fn parse(line: &str) -> anyhow::Result<Self> {
        let mut reply = serde_json::from_str(line).map_err(|_| unexpected())?;
        escape(&mut reply);
        serde_json::from_value(reply).map_err(|_| unexpected())
    }
}

fn escape(value: &mut Value) {
    match value {
        Value::String(text) => *text = Printable(text).to_string(),
        Value::Array(values) => values.iter_mut().for_each(escape),
        Value::Object(fields) => fields.values_mut().for_each(escape),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

fn unexpected() -> anyhow::Error {
    anyhow!("the running hubgate is of another version; restart it")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_full_queue_and_a_silent_process_have_their_messages() {
        let folder = tempfile::tempdir().unwrap();
        let path = ControlSocket::path(folder.path());
        let listener = Socket::new(Domain::UNIX, Type::STREAM, None).unwrap();
        listener.bind(&SockAddr::unix(&path).unwrap()).unwrap();
        listener.listen(0).unwrap();
        let silence = Duration::from_millis(50);
        let status = || ControlClient::new(folder.path()).follow(&Command::Status, silence, |_| ());
        let fault = || status().unwrap_err();
        assert!(fault().to_string().contains("does not answer"));
        // The first connection is still in the queue, which is full.
        assert!(fault().to_string().contains("accepts no commands"));
        assert!(!ControlClient::is_not_running(&fault()));
    }
}
