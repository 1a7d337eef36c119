//! `hubgate explain`: how a request would be answered, and why. Sends nothing.
//!
//! The configuration is loaded as `run` loads it, and the request passes the same gate. The
//! client's password, and the key of its certificate, are assumed.

mod decision;
mod explanation;
mod simulation;
mod target;
mod visit;

use std::{net::IpAddr, path::Path};

use anyhow::{Context, anyhow, ensure};
use clap::Args;
use time::OffsetDateTime;

use self::{
    target::Target,
    visit::{Device, Visit},
};
use super::{must_exist, print, print_json};
use crate::{
    access::basic::Basic,
    config::{self, model::Config},
    devices::{ClientCaStore, registry::name::Name},
    doctor::dry_run,
};

/// The request to explain.
#[derive(Debug, Args)]
pub(super) struct Explain {
    /// URL of the request, such as `https://home.example.org/static/`.
    url: String,
    /// Address of the client.
    #[arg(long, value_name = "ADDRESS")]
    from: IpAddr,
    /// Device of `hubgate client list` that offers its certificate.
    #[arg(long, value_name = "NAME")]
    client: Option<String>,
    /// User, with the right password.
    #[arg(long, value_name = "NAME")]
    user: Option<String>,
    /// Print JSON.
    #[arg(long)]
    json: bool,
}

impl Explain {
    /// Prints the explanation.
    pub(super) fn run(&self, path: &Path) -> anyhow::Result<()> {
        let config = config::load(path)?;
        let visit = self.visit(&config)?;
        let explanation = dry_run::dry_run(&config, |config| visit.explain(config))?;
        match self.json {
            true => print_json(&explanation),
            false => print(&explanation.to_string()),
        }
    }

    fn visit(&self, config: &Config) -> anyhow::Result<Visit> {
        let target = Target::parse(&self.url, &config.listen)?;
        let device = self.client.as_deref();
        let device = device.map(|name| Device::load(name, config)).transpose()?;
        Ok(Visit {
            target,
            from: self.from.to_canonical(),
            device,
            basic: self.user.as_deref().map(assumed_login).transpose()?,
        })
    }
}

impl Device {
    fn load(name: &str, config: &Config) -> anyhow::Result<Self> {
        must_exist(&config.state)?;
        let name = Name::parse(name).map_err(|fault| anyhow!("--client: {fault}"))?;
        let (client, certificate) = ClientCaStore::new(&config.state)
            .likeness(&name)
            .context("--client")?;
        let now = OffsetDateTime::now_utc();
        Ok(Self {
            name: client.name.as_str().to_owned(),
            is_valid: client.is_valid(now),
            certificate,
        })
    }
}

/// Returns a login with a password that is assumed to be right, and never compared.
fn assumed_login(user: &str) -> anyhow::Result<Basic> {
    let is_odd = user.is_empty() || user.contains(':') || user.contains(char::is_control);
    ensure!(
        !is_odd && user.len() <= 255,
        "--user {user:?}: no user's name: write 1 to 255 bytes without `:` and control characters"
    );
    Ok(Basic {
        user: user.to_owned(),
        password: "assumed".to_owned(),
    })
}
