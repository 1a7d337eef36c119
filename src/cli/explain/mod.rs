//! `hubgate explain`: what would be answered to a request, and why; nothing is sent to anybody.
//!
//! The configuration is loaded as `run` loads it, and the request goes through the one gate. Only
//! what a visitor would have at hand is assumed: a password, a device's key.

mod called;
mod judgement;
mod reason;
mod told;
mod visit;

use std::{net::IpAddr, path::Path};

use anyhow::Context;
use clap::Args;
use time::OffsetDateTime;

use self::{called::Called, visit::Visit};
use super::{print, print_json};
use crate::{
    access::basic::Basic,
    clients::{Folder, name::Name},
    config::{self, model::Config},
    doctor::elsewhere,
};

/// Which request to explain.
#[derive(Debug, Args)]
pub(super) struct Explain {
    /// The address, such as `https://home.example.org/static/`.
    url: String,
    /// The address that the request comes from.
    #[arg(long, value_name = "ADDRESS")]
    from: IpAddr,
    /// A device of hubgate's own register that has its certificate at hand.
    #[arg(long, value_name = "NAME")]
    client: Option<String>,
    /// A user who knows his password.
    #[arg(long, value_name = "NAME")]
    user: Option<String>,
    /// As JSON.
    #[arg(long)]
    json: bool,
}

/// Prints what would be answered.
pub(super) fn run(path: &Path, explain: &Explain) -> anyhow::Result<()> {
    let config = config::load(path)?;
    let visit = visit(explain, &config)?;
    let told = elsewhere::rehearse(&config, |config| visit.explain(config))?;
    if explain.json {
        return print_json(&told);
    }
    print(&told.to_string())
}

fn visit(explain: &Explain, config: &Config) -> anyhow::Result<Visit> {
    let called = Called::parse(&explain.url, &config.listen)?;
    let device = explain.client.as_deref();
    let device = device.map(|name| device_of(name, config)).transpose()?;
    let basic = explain.user.as_deref().map(credential).transpose()?;
    Ok(Visit {
        called,
        from: explain.from.to_canonical(),
        device,
        basic,
    })
}

fn device_of(name: &str, config: &Config) -> anyhow::Result<visit::Device> {
    let name = Name::parse(name).map_err(|fault| anyhow::anyhow!("--client: {fault}"))?;
    let (client, certificate) = Folder::of(&config.state)
        .likeness(&name)
        .context("--client")?;
    let now = OffsetDateTime::now_utc();
    Ok(visit::Device {
        name: client.name.as_str().to_owned(),
        good: client.is_good(now),
        certificate,
    })
}

/// The credential of somebody who knows the password, which is never looked at.
fn credential(user: &str) -> anyhow::Result<Basic> {
    let odd = user.is_empty() || user.contains(':') || user.contains(char::is_control);
    anyhow::ensure!(
        !odd && user.len() <= 255,
        "--user {user:?}: no user's name: it is 1 to 255 bytes without `:` and control characters"
    );
    Ok(Basic {
        user: user.to_owned(),
        password: "assumed".to_owned(),
    })
}
