//! `hubgate client`: the devices with certificates of hubgate's own CA.
//!
//! The registry is changed on disk, and the running process reloads it. Invitations are made by the
//! running process.

mod add;
mod backup;
mod list;

use std::path::{Path, PathBuf};

use anyhow::anyhow;
use clap::{Args, Subcommand, ValueEnum};

use self::{add::Enrolment, backup::Backup, list::List};
use super::{must_exist, print};
use crate::{
    config::{self, model::Config},
    devices::{
        CertificateRequest, ClientCaStore, Encryption, FileOptions, KeyKind, registry::name::Name,
    },
    server::control::ControlClient,
};

/// A command about devices.
#[derive(Debug, Subcommand)]
pub(super) enum Client {
    /// Invite a device with a QR code, a link and a code, and wait until it is enrolled.
    Add(Add),
    /// Give a device a new certificate; the old one stays valid until the new one is first used.
    Renew(Add),
    /// List the devices, with the end of their certificates and their last use.
    List(List),
    /// Revoke devices, and close their connections at once.
    Revoke {
        /// Names of the devices.
        #[arg(required = true, value_name = "NAME")]
        names: Vec<String>,
    },
    /// Write the CA, its devices and revocations to a file, encrypted with a passphrase.
    Export {
        /// The file, which must not exist.
        #[arg(value_parser = super::path_argument())]
        file: PathBuf,
    },
    /// Restore a file of `hubgate client export`.
    Import {
        /// The file.
        #[arg(value_parser = super::path_argument())]
        file: PathBuf,
        /// Replace another CA, and lock its devices out.
        #[arg(long)]
        replace: bool,
    },
}

/// The device, and the form of its certificate.
#[derive(Debug, Args)]
pub(super) struct Add {
    /// Name of the device, such as "Anna's phone".
    name: String,
    /// Days for which the certificate is valid.
    #[arg(long, default_value_t = 730, value_parser = clap::value_parser!(u32).range(1..=3650))]
    days: u32,
    /// Kind of the key.
    #[arg(long, value_enum, default_value_t)]
    key: Key,
    /// Encrypt files with AES-256 and SHA-256, which iOS before 18 and Android before 14 cannot
    /// read.
    #[arg(long)]
    modern: bool,
    /// Write files into this folder instead of an invitation.
    #[arg(long, value_name = "DIR", value_parser = super::path_argument())]
    out: Option<PathBuf>,
    /// Show the open invitation again.
    #[arg(long, conflicts_with_all = ["out", "withdraw"])]
    show: bool,
    /// Withdraw the open invitation.
    #[arg(long, conflicts_with = "out")]
    withdraw: bool,
    /// Host of the link [default: the first one that a new device can open].
    #[arg(long, value_name = "HOST", conflicts_with = "out")]
    site: Option<String>,
}

/// The kind of a device's key.
#[derive(Clone, Copy, Debug, Default, ValueEnum)]
enum Key {
    /// 2048 bits, which every device supports.
    #[default]
    Rsa,
    /// P-256.
    Ec,
}

impl Client {
    pub(super) fn run(&self, path: &Path) -> anyhow::Result<()> {
        let config = &config::load(path)?;
        let state = &config.state;
        // Only a backup is restored before the first start; a running process may make it again.
        if !matches!(self, Self::Import { .. } | Self::List(_)) {
            must_exist(state)?;
        }
        match self {
            Self::Add(add) => Enrolment::new(config, add, false)?.run(),
            Self::Renew(add) => Enrolment::new(config, add, true)?.run(),
            Self::List(list) => list.run(config),
            Self::Revoke { names } => revoke(config, names),
            Self::Export { file } => Backup { state, file }.export(),
            Self::Import { file, replace } => Backup { state, file }.import(*replace),
        }
    }
}

fn revoke(config: &Config, names: &[String]) -> anyhow::Result<()> {
    let names = names.iter().map(|name| parse_name(name));
    let names = names.collect::<anyhow::Result<Vec<_>>>()?;
    ClientCaStore::new(&config.state).revoke(&names)?;
    let revoked: Vec<_> = names.iter().map(Name::as_str).collect();
    let revoked = revoked.join(", ");
    match ControlClient::new(&config.state).poll_files() {
        Ok(()) => print(&format!("revoked {revoked}; open connections are closed\n")),
        Err(fault) if ControlClient::is_not_running(&fault) => {
            print(&format!("revoked {revoked}\n"))
        }
        Err(fault) => Err(fault.context(format!("revoked {revoked}, but it may take a second"))),
    }
}

fn parse_name(name: &str) -> anyhow::Result<Name> {
    Name::parse(name).map_err(|fault| anyhow!(fault))
}

impl Add {
    fn request(&self, renew: bool) -> anyhow::Result<CertificateRequest> {
        Ok(CertificateRequest {
            name: parse_name(&self.name)?,
            days: self.days,
            renew,
        })
    }

    fn file_options(&self) -> FileOptions {
        FileOptions {
            key: match self.key {
                Key::Rsa => KeyKind::Rsa,
                Key::Ec => KeyKind::Ec,
            },
            encryption: if self.modern {
                Encryption::Modern
            } else {
                Encryption::Legacy
            },
        }
    }
}
