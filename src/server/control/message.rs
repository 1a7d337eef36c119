//! What goes over the control socket: one JSON object on a line each.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};
use time::{OffsetDateTime, serde::rfc3339};

use crate::{
    acme::state::State,
    clients::{self, Making, Wish},
    sites::site,
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
    /// When that file was read (RFC 3339).
    #[serde(default, with = "rfc3339::option")]
    pub loaded: Option<OffsetDateTime>,
    /// Addresses listened on.
    pub listen: Vec<String>,
    /// Bytes that clients may occupy: what `limits.memory` resolves to.
    #[serde(default)]
    pub memory_limit: Option<usize>,
    /// The sites, each with its hosts, its certificate's end and what is wrong with it.
    pub sites: Vec<site::State>,
    /// What is wrong with the house's own devices, or will be soon.
    pub warnings: Vec<String>,
    /// Connections, requests and bytes since the start.
    pub counters: Snapshot,
}

/// What is asked of the running process.
#[derive(Debug, Serialize, Deserialize)]
pub(super) enum Command {
    Status,
    Reload,
    Certificates,
    Renew {
        name: String,
        revoke: bool,
    },
    /// Of one name, or of all.
    TryOut(Option<String>),
    Clients,
    Invite(Invite),
    /// An open invitation again.
    Invitation {
        name: String,
        site: Option<String>,
    },
    Withdraw(String),
    /// At what changed on disk.
    Look,
}

/// A device to be invited.
#[derive(Debug, Serialize, Deserialize)]
pub struct Invite {
    /// Which, and what for a certificate.
    pub wish: Wish,
    /// How its files are made.
    pub making: Making,
    /// The host that the link leads to, if not the first that can be opened.
    pub site: Option<String>,
}

/// What an invited device has to be told.
#[derive(Debug, Serialize, Deserialize)]
pub struct Invited {
    /// What to open.
    pub link: String,
    /// What to enter there.
    pub code: String,
}

/// A line of the answer to a command.
#[derive(Debug, Serialize, Deserialize)]
pub(super) enum Reply {
    /// What is done; more follows.
    Step(String),
    Status(Box<Status>),
    Certificates(Vec<State>),
    Clients(Vec<clients::state::State>),
    /// The link is open; steps follow.
    Invited(Invited),
    Done,
    Failed(String),
}
