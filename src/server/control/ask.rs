//! Asks the running process, from a command's own process.

use std::{
    io::{self, BufRead, BufReader, Lines, Read, Take, Write},
    os::unix::net::UnixStream,
    path::Path,
    time::Duration,
};

use anyhow::{anyhow, bail};
use serde_json::Value;
use socket2::{Domain, SockAddr, Socket, Type};

use super::{
    PATIENCE,
    message::{Command, Invite, Invited, Reply, Status},
    socket,
};
use crate::{
    acme::state::State,
    clients,
    secret_file::{OwnerRights, explained},
    telemetry::Printable,
};

/// Bytes of an answer at most.
const MOST: u64 = 64 << 20;
/// How long a CA may take for one step.
const LONG_STEP: Duration = Duration::from_secs(600);
/// How long an invited device may take for one step: as long as its link and its page live.
const INVITATION: Duration = clients::LIFE.saturating_mul(2);

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

/// Asks the running process how the house's devices stand.
///
/// # Errors
/// When none runs, or the register cannot be read.
pub fn clients(state: &Path) -> anyhow::Result<Vec<clients::state::State>> {
    match ask(state, &Command::Clients, PATIENCE, |_| ())? {
        Reply::Clients(states) => Ok(states),
        _ => Err(misunderstood()),
    }
}

/// Has the running process look at what changed on disk, before it would by itself.
///
/// # Errors
/// When none runs.
pub fn look(state: &Path) -> anyhow::Result<()> {
    ask(state, &Command::Look, PATIENCE, |_| ()).map(drop)
}

/// Has the running process invite a device; shows the link once it is open, tells each step, and
/// returns when the device is in.
///
/// # Errors
/// When none runs, the device cannot be invited, or it does not come.
pub fn invite(
    state: &Path,
    invite: Invite,
    show: impl FnOnce(&Invited) -> anyhow::Result<()>,
    tell: impl FnMut(&str),
) -> anyhow::Result<()> {
    follow(state, &Command::Invite(invite), show, tell)
}

/// Shows an open invitation again, tells each step, and returns when the device is in.
///
/// # Errors
/// When none runs, no such invitation is open, or the device does not come.
pub fn invitation(
    state: &Path,
    name: &str,
    site: Option<String>,
    show: impl FnOnce(&Invited) -> anyhow::Result<()>,
    tell: impl FnMut(&str),
) -> anyhow::Result<()> {
    let name = name.to_owned();
    follow(state, &Command::Invitation { name, site }, show, tell)
}

/// Ends an open invitation.
///
/// # Errors
/// When none runs, or no such invitation is open.
pub fn withdraw(state: &Path, name: &str) -> anyhow::Result<()> {
    ask(state, &Command::Withdraw(name.to_owned()), PATIENCE, |_| ()).map(drop)
}

fn follow(
    state: &Path,
    command: &Command,
    show: impl FnOnce(&Invited) -> anyhow::Result<()>,
    tell: impl FnMut(&str),
) -> anyhow::Result<()> {
    let mut replies = send(state, command, INVITATION)?;
    match replies.outcome(|_| ())? {
        Reply::Invited(invited) => show(&invited)?,
        _ => return Err(misunderstood()),
    }
    replies.outcome(tell).map(drop)
}

/// Whether nobody listens at the control socket, for whatever reason but a want of permission.
#[must_use]
pub fn is_nobody(fault: &anyhow::Error) -> bool {
    let kind = fault.downcast_ref::<io::Error>().map(io::Error::kind);
    matches!(
        kind,
        Some(
            io::ErrorKind::NotFound
                | io::ErrorKind::ConnectionRefused
                | io::ErrorKind::NotADirectory
        )
    )
}

fn ask(
    state: &Path,
    command: &Command,
    patience: Duration,
    tell: impl FnMut(&str),
) -> anyhow::Result<Reply> {
    send(state, command, patience)?.outcome(tell)
}

/// The lines of an answer, one after the other.
struct Replies(Lines<BufReader<Take<UnixStream>>>);

fn send(state: &Path, command: &Command, patience: Duration) -> anyhow::Result<Replies> {
    let path = socket::path(state);
    let connected = connect(state, &path, patience);
    let mut stream = connected.map_err(|fault| unreachable(&path, fault))?;
    stream.set_read_timeout(Some(patience))?;
    serde_json::to_writer(&stream, command)?;
    stream.write_all(b"\n")?;
    Ok(Replies(BufReader::new(stream.take(MOST)).lines()))
}

/// Why no process answers, in words of what to do.
fn unreachable(path: &Path, fault: io::Error) -> anyhow::Error {
    let socket = path.display();
    let cause = match fault.kind() {
        io::ErrorKind::PermissionDenied => {
            format!("{socket}: only root and the user that hubgate runs as may use it")
        }
        io::ErrorKind::WouldBlock => {
            format!("{socket}: the running hubgate takes no commands; its log may say why")
        }
        _ => format!(
            "no running hubgate answers at {socket} (is it started, and with this `state`?)"
        ),
    };
    anyhow::Error::from(fault).context(cause)
}

/// A link in its place may lead to the socket of another program.
fn connect(state: &Path, socket: &Path, patience: Duration) -> io::Result<UnixStream> {
    let _rights = OwnerRights::assume(state)?;
    let stream = Socket::new(Domain::UNIX, Type::STREAM, None)?;
    // Of the connect too, which waits for a full queue (unix(7)).
    stream.set_write_timeout(Some(patience))?;
    let connected = stream.connect(&SockAddr::unix(socket)?);
    connected.map_err(explained)?;
    Ok(stream.into())
}

fn unanswered(fault: io::Error) -> anyhow::Error {
    match fault.kind() {
        io::ErrorKind::WouldBlock => {
            anyhow!("the running hubgate does not answer; its log may say why")
        }
        _ => fault.into(),
    }
}

impl Replies {
    /// What comes after the steps.
    fn outcome(&mut self, mut tell: impl FnMut(&str)) -> anyhow::Result<Reply> {
        for line in self.0.by_ref() {
            match parse(&line.map_err(unanswered)?)? {
                Reply::Step(step) => tell(&step),
                Reply::Failed(fault) => bail!(fault),
                outcome => return Ok(outcome),
            }
        }
        bail!("the running process gave no answer; its log may say why")
    }
}

/// What stands in an answer is printed: a terminal must not obey it.
fn parse(line: &str) -> anyhow::Result<Reply> {
    let mut reply = serde_json::from_str(line).map_err(|_| misunderstood())?;
    escape(&mut reply);
    serde_json::from_value(reply).map_err(|_| misunderstood())
}

fn escape(value: &mut Value) {
    match value {
        Value::String(text) => *text = Printable(text).to_string(),
        Value::Array(values) => values.iter_mut().for_each(escape),
        Value::Object(fields) => fields.values_mut().for_each(escape),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

fn misunderstood() -> anyhow::Error {
    anyhow!("the running process is of another version; restart it")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_process_that_takes_or_answers_no_command_is_reported_in_words() {
        let folder = tempfile::tempdir().unwrap();
        let path = socket::path(folder.path());
        let listener = Socket::new(Domain::UNIX, Type::STREAM, None).unwrap();
        listener.bind(&SockAddr::unix(&path).unwrap()).unwrap();
        listener.listen(0).unwrap();
        let silence = Duration::from_millis(50);
        let fault = || ask(folder.path(), &Command::Status, silence, |_| ()).unwrap_err();
        assert!(fault().to_string().contains("does not answer"));
        // One that was given up waits in the queue, which is full.
        assert!(fault().to_string().contains("takes no commands"));
        assert!(!is_nobody(&fault()));
    }
}
