//! `hubgate import-nginx`: imports NGINX's configuration as a `proxy.yaml`, with a report.
//!
//! The report is written to stderr, so that the YAML can be redirected. Nothing is written when the
//! import stops, and no existing file is overwritten without `--force`.

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
    nginx::{self, Disk, ImportError, ImportOptions},
    private_file::{OwnerRights, explained},
    telemetry::Printable,
};

/// The arguments of `hubgate import-nginx`.
#[derive(Debug, clap::Args)]
pub(super) struct ImportNginx {
    /// nginx.conf, or sites alone, with all that they include; or the data folder of Nginx Proxy
    /// Manager.
    #[arg(value_name = "FILE", default_value = "/etc/nginx/nginx.conf", value_parser = super::path_argument())]
    files: Vec<PathBuf>,
    /// Write here instead of stdout.
    #[arg(long, value_name = "FILE", value_parser = super::path_argument())]
    out: Option<PathBuf>,
    /// Overwrite an existing file.
    #[arg(long, requires = "out")]
    force: bool,
    /// A host for a server that responds to every name; this machine's names by default.
    #[arg(long = "host", value_name = "NAME")]
    hosts: Vec<String>,
    /// Leave out `set_real_ip_from`, as no other proxy is before NGINX.
    #[arg(long)]
    direct: bool,
    /// The domain that `server_name app.*` stands for, as in SWAG's samples.
    #[arg(long, value_name = "NAME")]
    domain: Option<String>,
}

/// Imports the configuration, or reports why the result would be weaker than NGINX.
pub(super) fn run(arguments: &ImportNginx) -> anyhow::Result<()> {
    let imported = nginx::import(&Disk, &arguments.files, &arguments.options()?);
    if let Err(ImportError::Stopped(report) | ImportError::NoUpstream(report)) = &imported {
        print_report(&report.to_string());
    }
    let imported = imported?;
    match &arguments.out {
        Some(out) => {
            let target = Target {
                path: out,
                force: arguments.force,
            };
            target.check()?;
            target.write_secrets(&imported)?;
            target.write(&imported.yaml)?;
        }
        None => print_verbatim(&imported.yaml)?,
    }
    print_report(&imported.report.to_string());
    if arguments.out.is_none() && !imported.secrets.is_empty() {
        print_report(&secrets::unwritten(&imported.secrets));
    }
    Ok(())
}

impl ImportNginx {
    fn options(&self) -> anyhow::Result<ImportOptions> {
        let hosts = match self.hosts.as_slice() {
            [] => nginx::hosts(),
            named => named.to_vec(),
        };
        let out = self.out.as_deref().map(std::path::absolute).transpose()?;
        Ok(ImportOptions {
            hosts,
            domain: self.domain.clone(),
            direct: self.direct,
            out,
        })
    }
}

/// The path of the new `proxy.yaml`.
struct Target<'t> {
    path: &'t Path,
    /// Set where existing files may be overwritten.
    force: bool,
}

impl Target<'_> {
    /// Fails before anything is written if `proxy.yaml` exists.
    fn check(&self) -> anyhow::Result<()> {
        let _access = file_access::begin(self.path)?;
        match !self.force && self.path.symlink_metadata().is_ok() {
            true => bail!(exists(self.path)),
            false => Ok(()),
        }
    }

    fn write(&self, yaml: &str) -> anyhow::Result<()> {
        let shown = self.path.display();
        let _rights = OwnerRights::assume(self.path).with_context(|| shown.to_string())?;
        let mut options = OpenOptions::new();
        options.write(true);
        match self.force {
            true => options.create(true).truncate(true),
            false => options.create_new(true),
        };
        // Without O_NONBLOCK, opening a pipe would wait for a reader.
        let opened = options
            .custom_flags(OFlags::NONBLOCK.bits().cast_signed())
            .open(self.path);
        match opened {
            Ok(mut file) => file
                .write_all(yaml.as_bytes())
                .with_context(|| format!("cannot write {shown}")),
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
                bail!(exists(self.path))
            }
            Err(error) => Err(explained(error)).with_context(|| format!("cannot write {shown}")),
        }
    }
}

fn exists(file: &Path) -> String {
    let file = file.display();
    format!("{file} exists already: name another file, or overwrite it with --force")
}

fn print_report(report: &str) {
    // A closed stderr does not change the exit code.
    let _ = writeln!(io::stderr(), "{}", Printable(report));
}
