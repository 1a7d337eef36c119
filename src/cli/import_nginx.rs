//! `hubgate import-nginx`: NGINX's configuration as a `proxy.yaml`, and a report.
//!
//! The report goes to stderr, so that the YAML can be redirected. Nothing is
//! written when the import stops, and never over a file that is there.

mod secrets;

use std::{
    fs::OpenOptions,
    io::{self, Write},
    os::unix::fs::OpenOptionsExt,
    path::{Path, PathBuf},
};

use anyhow::{Context, bail};
use rustix::fs::OFlags;

use super::print_verbatim;
use crate::{
    file_access,
    nginx::{self, Disk, Failure, Wishes},
    secret_file::{OwnerRights, explained},
    telemetry::Printable,
};

/// What to read and where to write.
#[derive(Debug, clap::Args)]
pub(super) struct ImportNginx {
    /// nginx.conf, or sites alone, with all that they include; or the data folder of Nginx Proxy Manager.
    #[arg(value_name = "FILE", default_value = "/etc/nginx/nginx.conf", value_parser = super::path_argument())]
    files: Vec<PathBuf>,
    /// Write here instead of stdout.
    #[arg(long, value_name = "FILE", value_parser = super::path_argument())]
    out: Option<PathBuf>,
    /// Write over a file that is there.
    #[arg(long, requires = "out")]
    force: bool,
    /// A name for the server that answers for every name; this machine's without it.
    #[arg(long = "host", value_name = "NAME")]
    hosts: Vec<String>,
    /// No other proxy stands before NGINX: leave out `set_real_ip_from`.
    #[arg(long)]
    direct: bool,
    /// The domain that `server_name app.*` stands for, as in SWAG's samples.
    #[arg(long, value_name = "NAME")]
    domain: Option<String>,
}

/// Imports, or tells why that would be weaker than NGINX.
pub(super) fn run(wanted: &ImportNginx) -> anyhow::Result<()> {
    let hosts = match wanted.hosts.as_slice() {
        [] => nginx::hosts(),
        named => named.to_vec(),
    };
    let out = wanted.out.as_deref().map(std::path::absolute).transpose()?;
    let wishes = Wishes {
        hosts,
        domain: wanted.domain.clone(),
        direct: wanted.direct,
        out,
    };
    let imported = nginx::import(&Disk, &wanted.files, &wishes);
    if let Err(Failure::Stopped(report) | Failure::Nothing(report)) = &imported {
        tell(&report.to_string());
    }
    let imported = imported?;
    match &wanted.out {
        Some(out) => {
            must_be_free(out, wanted.force)?;
            secrets::write(out, &imported, wanted.force)?;
            write(out, &imported.yaml, wanted.force)?;
        }
        None => print_verbatim(&imported.yaml)?,
    }
    tell(&imported.report.to_string());
    if wanted.out.is_none() && !imported.secrets.is_empty() {
        tell(&secrets::unwritten(&imported.secrets));
    }
    Ok(())
}

/// Fails before anything is written where `proxy.yaml` could not be.
fn must_be_free(out: &Path, force: bool) -> anyhow::Result<()> {
    let _access = file_access::begin(out)?;
    match !force && out.symlink_metadata().is_ok() {
        true => bail!(is_there(out)),
        false => Ok(()),
    }
}

fn is_there(file: &Path) -> String {
    let file = file.display();
    format!("{file} is there already: name another file, or write over it with --force")
}

fn write(out: &Path, yaml: &str, force: bool) -> anyhow::Result<()> {
    let _rights = OwnerRights::assume(out).with_context(|| out.display().to_string())?;
    let mut options = OpenOptions::new();
    options.write(true);
    match force {
        true => options.create(true).truncate(true),
        false => options.create_new(true),
    };
    // A pipe in its place would be waited for.
    let opened = options
        .custom_flags(OFlags::NONBLOCK.bits().cast_signed())
        .open(out);
    match opened {
        Ok(mut file) => file
            .write_all(yaml.as_bytes())
            .with_context(|| format!("cannot write {}", out.display())),
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
            bail!(is_there(out))
        }
        Err(error) => {
            Err(explained(error)).with_context(|| format!("cannot write {}", out.display()))
        }
    }
}

fn tell(report: &str) {
    // Who does not listen any more still gets the exit code.
    let _ = writeln!(io::stderr(), "{}", Printable(report));
}
