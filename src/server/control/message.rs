//! Messages of the control socket: one JSON object per line.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};
use time::{OffsetDateTime, serde::rfc3339};

use crate::{
    acme::manager::status::CertificateReport,
    devices::{self, CertificateRequest, FileOptions},
    events::{counters::Snapshot, event::Record},
    sites::site,
};

/// Status of the running process.
#[derive(Debug, Serialize, Deserialize)]
pub struct Status {
    /// Version of the running program.
    pub version: String,
    /// Process id.
    pub pid: u32,
    /// Seconds since the start.
    pub uptime: u64,
    /// Path of the configuration.
    pub config: PathBuf,
    /// Time of the last load of the configuration (RFC 3339).
    #[serde(default, with = "rfc3339::option")]
    pub loaded: Option<OffsetDateTime>,
    /// Addresses with an open listener.
    pub listen: Vec<String>,
    /// Resolved `limits.memory` in bytes.
    #[serde(default)]
    pub memory_limit: Option<usize>,
    /// Sites with their hosts, certificates and warnings.
    pub sites: Vec<site::SiteState>,
    /// Warnings about devices and files.
    pub warnings: Vec<String>,
    /// Connections, requests and bytes since the start.
    pub counters: Snapshot,
}

/// A command to the running process.
#[derive(Debug, Serialize, Deserialize)]
pub(super) enum Command {
    Status,
    Reload,
    Certificates,
    Renew {
        name: String,
        revoke: bool,
    },
    /// A test order for one name, or for all.
    #[serde(rename = "TryOut")]
    Test(Option<String>),
    #[serde(rename = "Clients")]
    Devices,
    Invite(Invite),
    /// Shows an open invitation again.
    Invitation {
        name: String,
        site: Option<String>,
    },
    Withdraw(String),
    /// The last entries and refusals; with `follow`, further ones as they happen.
    Log {
        lines: usize,
        follow: bool,
    },
    /// Reads changed files at once.
    #[serde(rename = "Look")]
    PollFiles,
}

/// The invitation of a device.
#[derive(Debug, Serialize, Deserialize)]
pub struct Invite {
    /// Certificate request.
    #[serde(rename = "wish")]
    pub request: CertificateRequest,
    /// Algorithms of key and files.
    #[serde(rename = "making")]
    pub file_options: FileOptions,
    /// Host of the link; by default the first host that serves enrolment pages.
    pub site: Option<String>,
}

/// The link and code of an invited device.
#[derive(Debug, Serialize, Deserialize)]
pub struct Invited {
    /// Link to the enrolment page.
    pub link: String,
    /// Code to enter there.
    pub code: String,
}

/// A line of the reply to a command.
#[derive(Debug, Serialize, Deserialize)]
pub(super) enum Reply {
    /// A completed step; more lines follow.
    Step(String),
    Status(Box<Status>),
    Certificates(Vec<CertificateReport>),
    #[serde(rename = "Clients")]
    Devices(Vec<devices::registry::status::DeviceReport>),
    /// The open invitation; steps follow.
    Invited(Invited),
    /// Entries and refusals; more may follow.
    Log(Vec<Record>),
    Done,
    Failed(String),
}
