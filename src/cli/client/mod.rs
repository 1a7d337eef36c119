//! `hubgate client`: the house's own devices.
//!
//! What changes the register is done on disk, where the running process sees it; an invitation
//! is the running process's own.

mod add;
mod backup;
mod list;

use std::path::{Path, PathBuf};

use anyhow::{anyhow, bail};
use clap::{Args, Subcommand, ValueEnum};

use super::print;
use crate::{
    clients::{Encryption, Folder, KeyKind, Making, Wish, name::Name},
    config::{self, model::Config},
    server::control,
};

/// What to do about devices.
#[derive(Debug, Subcommand)]
pub(super) enum Client {
    /// Invite a device: a QR code, a link and a code, and waits until it is in.
    Add(Add),
    /// Give a device a new certificate; the old one ends when the new one is first shown.
    Renew(Add),
    /// Tell which devices there are, until when, and when and where they were last seen.
    List {
        /// Revoked ones too.
        #[arg(long)]
        all: bool,
        /// As JSON, with revoked ones.
        #[arg(long)]
        json: bool,
    },
    /// Lock devices out at once; what they have open is closed.
    Revoke {
        /// Their names.
        #[arg(required = true, value_name = "NAME")]
        names: Vec<String>,
    },
    /// Write the CA, its devices and revocations to a file, encrypted with a passphrase.
    Export {
        /// The file, which must not be there yet.
        #[arg(value_parser = super::path_argument())]
        file: PathBuf,
    },
    /// Put back what was exported.
    Import {
        /// The file.
        #[arg(value_parser = super::path_argument())]
        file: PathBuf,
        /// Even in the place of another CA, whose devices are locked out.
        #[arg(long)]
        replace: bool,
    },
}

/// Which device, and what for a certificate.
#[derive(Debug, Args)]
pub(super) struct Add {
    /// The device, such as "Anna's phone".
    name: String,
    /// Days that the certificate is good for.
    #[arg(long, default_value_t = 730, value_parser = clap::value_parser!(u32).range(1..=3650))]
    days: u32,
    /// The kind of key.
    #[arg(long, value_enum, default_value_t)]
    key: Key,
    /// Files with AES-256 and SHA-256: not for iOS before 18 and Android before 14.
    #[arg(long)]
    modern: bool,
    /// Write files into this folder instead of inviting.
    #[arg(long, value_name = "DIR", value_parser = super::path_argument())]
    out: Option<PathBuf>,
    /// Show the open invitation again.
    #[arg(long, conflicts_with_all = ["out", "withdraw"])]
    show: bool,
    /// End the open invitation.
    #[arg(long, conflicts_with = "out")]
    withdraw: bool,
    /// The host that the link leads to [default: the first that a new device can open].
    #[arg(long, value_name = "HOST", conflicts_with = "out")]
    site: Option<String>,
}

/// What kind of key a device gets.
#[derive(Clone, Copy, Debug, Default, ValueEnum)]
enum Key {
    /// 2048 bits; everything takes it.
    #[default]
    Rsa,
    /// P-256.
    Ec,
}

/// Does what was asked.
pub(super) fn run(path: &Path, client: &Client) -> anyhow::Result<()> {
    let config = config::load(path)?;
    match client {
        Client::Add(add) => add::run(&config, add, false),
        Client::Renew(add) => add::run(&config, add, true),
        Client::List { all, json } => list::run(&config, *all, *json),
        Client::Revoke { names } => revoke(&config, names),
        Client::Export { file } => backup::export(&config, file),
        Client::Import { file, replace } => backup::import(&config, file, *replace),
    }
}

fn revoke(config: &Config, names: &[String]) -> anyhow::Result<()> {
    let names = names.iter().map(|name| parse(name));
    let names = names.collect::<anyhow::Result<Vec<_>>>()?;
    Folder::of(&config.state).revoke(&names)?;
    let told: Vec<_> = names.iter().map(Name::as_str).collect();
    let told = told.join(", ");
    match control::look(&config.state) {
        Ok(()) => print(&format!("revoked {told}; what was open is closed\n")),
        Err(fault) if control::is_nobody(&fault) => print(&format!("revoked {told}\n")),
        Err(fault) => Err(fault.context(format!("revoked {told}, but it may take a second"))),
    }
}

fn parse(name: &str) -> anyhow::Result<Name> {
    Name::parse(name).map_err(|fault| anyhow!(fault))
}

impl Add {
    fn wish(&self, renew: bool) -> anyhow::Result<Wish> {
        Ok(Wish {
            name: parse(&self.name)?,
            days: self.days,
            renew,
        })
    }

    fn making(&self) -> Making {
        Making {
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

/// Devices are of use only where a rule takes them.
fn must_take_devices(config: &Config) -> anyhow::Result<()> {
    if config.has_own_clients() {
        return Ok(());
    }
    bail!("no site has `client_certificate: own` in its access: add it to proxy.yaml")
}
