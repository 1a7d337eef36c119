//! NGINX's configuration as a `proxy.yaml`: never weaker than it was, and silent about nothing.
//!
//! One way: text → tokens (`lexer`) → directives (`parser`) → servers with
//! what they inherit (`server`, `levels`, `variables`) → rules (`guard`, `judge`) → sites
//! (`plan`, and `proof` that it is never weaker) → text (`yaml`). Where a hub
//! is reached, a directive is translated, harmless for a reason that stands in
//! `directive_table`, or stops the import (`unsupported`); `report` lists all.

mod certificate;
mod challenge;
mod client_ca;
mod condition;
mod directive;
mod directive_table;
mod edits;
mod files;
mod guard;
mod header;
mod hosts;
mod house;
mod hubless;
mod judge;
mod levels;
mod lexer;
mod limits;
mod listen;
mod location;
mod location_headers;
mod machine;
mod network;
mod outcome;
mod parser;
mod plan;
mod proof;
#[cfg(any(fuzzing, test))]
#[allow(clippy::panic, reason = "that is how a property is broken")]
pub(crate) mod properties;
mod proxy_manager;
mod redirect;
mod redirects;
mod report;
mod request_headers;
mod rule;
mod secret;
mod secret_files;
mod server;
mod site;
mod swag;
mod trusted_proxies;
mod unsupported;
mod upstream;
mod user_header;
mod variables;
mod visitor_fields;
mod yaml;

use std::path::{Path, PathBuf};

pub use self::{
    directive::At,
    files::{Disk, Files, Memory},
    machine::hosts,
    outcome::Outcome,
    parser::Unreadable,
    report::{Report, Stop},
    secret_files::SecretFile,
};
use self::{directive::Directive, parser::Parser, proxy_manager::ProxyManager, swag::Swag};
use crate::{
    config::{self, Faults},
    telemetry::OneLine,
};

/// What the operator wants besides what NGINX says.
#[derive(Clone, Debug, Default)]
pub struct Wishes {
    /// What a server that answers for every name is to be called.
    pub hosts: Vec<String>,
    /// Whether clients connect to the machine themselves, so that no proxy is believed.
    pub direct: bool,
    /// The domain that `app.*` stands for.
    pub domain: Option<String>,
    /// Where the `proxy.yaml` will be.
    pub out: Option<PathBuf>,
}

/// What came of an import.
#[derive(Clone, Debug)]
pub struct Import {
    /// The text of `proxy.yaml`.
    pub yaml: String,
    /// What became of each directive.
    pub report: Report,
    /// Values that `proxy.yaml` names by their files, which are to be written beside it.
    pub secrets: Vec<SecretFile>,
    /// The folder of what the service keeps, as that `proxy.yaml` has it.
    pub state: PathBuf,
}

/// Why nothing came of an import.
#[derive(Debug, thiserror::Error)]
pub enum Failure {
    /// A file that NGINX could not read either, or that has a program in it.
    #[error(transparent)]
    Unreadable(#[from] Unreadable),
    /// What guards access and cannot be said.
    #[error("{}", stopped(.0))]
    Stopped(Report),
    /// No hub is left.
    #[error("no hub found: there is no server with a proxy_pass that could be imported")]
    Nothing(Report),
    /// The text that came of it is no `proxy.yaml`.
    #[error(
        "what came of the import is not a valid proxy.yaml, which is a fault of hubgate: please report it\n{faults}\n{yaml}"
    )]
    Invalid {
        /// What is wrong with it.
        faults: Faults,
        /// The text.
        yaml: String,
    },
}

/// Reads NGINX's files, a whole `nginx.conf` or sites alone, and all that they include; or the data
/// folder of Nginx Proxy Manager.
///
/// # Errors
/// Why there can be no `proxy.yaml` that is as strict.
pub fn import(files: &dyn Files, paths: &[PathBuf], wishes: &Wishes) -> Result<Import, Failure> {
    if let [path] = paths
        && let Some(folder) = ProxyManager::at(files, path)
    {
        return written(&folder, &[proxy_manager::CONF.into()], path, wishes);
    }
    let from: Vec<_> = paths
        .iter()
        .map(|path| path.display().to_string())
        .collect();
    written(
        &Swag::of(files, paths),
        paths,
        from.join(" and ").as_ref(),
        wishes,
    )
}

fn written(
    files: &dyn Files,
    paths: &[PathBuf],
    from: &Path,
    wishes: &Wishes,
) -> Result<Import, Failure> {
    let directives = read(files, paths)?;
    let http = http(&directives);
    let mut report = Report::default();
    let servers = server::all(&http, &mut report);
    unsupported::check(&http, &servers, &mut report);
    client_ca::check(files, &servers, &mut report);
    let house = house::build(files, &servers, wishes, &mut report);
    streams(&directives, &mut report);
    report.finish(&directives);
    if !report.stops().is_empty() {
        return Err(Failure::Stopped(report));
    }
    let Some(house) = house.filter(|house| !house.sites.is_empty()) else {
        return Err(Failure::Nothing(report));
    };
    let out = wishes.out.as_deref().unwrap_or(Path::new("proxy.yaml"));
    let state = out.starts_with("/etc").then_some("/var/lib/hubgate");
    house.secrets(&mut report);
    let secrets = report.secrets.all().to_vec();
    let yaml = yaml::write(
        &house,
        &report.secrets,
        &OneLine(&from.display().to_string()).to_string(),
        state,
    );
    match config::parse(&yaml, out) {
        Ok(config) => Ok(Import {
            yaml,
            report,
            secrets,
            state: config.state,
        }),
        Err(faults) => Err(Failure::Invalid { faults, yaml }),
    }
}

fn read(files: &dyn Files, paths: &[PathBuf]) -> Result<Vec<Directive>, Unreadable> {
    let mut parser = Parser::new(files);
    let mut directives = Vec::new();
    for path in paths {
        directives.extend(parser.root(path, &folder(path))?);
    }
    Ok(directives)
}

/// What the `include`s of a file are relative to: the folder of the nginx.conf that would include it.
fn folder(path: &Path) -> PathBuf {
    let folder = path.parent().unwrap_or(Path::new(""));
    let sites = [
        "sites-enabled",
        "sites-available",
        "conf.d",
        "http.d",
        "proxy-confs",
        "site-confs",
    ];
    let is_sites = folder
        .file_name()
        .is_some_and(|name| sites.iter().any(|it| name == *it));
    match folder.parent().filter(|_| is_sites) {
        Some(outer) => outer.to_owned(),
        None => folder.to_owned(),
    }
}

/// What stands in `http`, or would if it were included there.
fn http<'d>(directives: &'d [Directive]) -> Vec<&'d Directive> {
    let flat = |it: &'d Directive| -> Vec<&'d Directive> {
        match it {
            Directive { name, .. } if name == "http" => it.inner().iter().collect(),
            _ => vec![it],
        }
    };
    directives.iter().flat_map(flat).collect()
}

/// Reports what is forwarded beside HTTP, by its addresses.
fn streams(directives: &[Directive], report: &mut Report) {
    let blocks = directives.iter().filter(|it| it.name == "stream");
    let servers = blocks
        .flat_map(Directive::inner)
        .filter(|it| it.name == "server");
    servers.for_each(|server| {
        let words = |name: &str| -> Vec<_> {
            let named = server.inner().iter().filter(|it| it.name == name);
            named.map(Directive::word).collect()
        };
        let (listen, hub) = (words("listen").join(", "), words("proxy_pass").join(", "));
        report.whole(Outcome::Dropped, server, format!(
            "a stream from {listen} to {hub}: hubgate speaks HTTP only, and nothing is forwarded there any more"
        ));
    });
}

/// All reasons together, as one of them alone would have to be cured first.
fn stopped(report: &Report) -> String {
    let stops = report.stops().iter().map(|stop| format!("\n  {stop}"));
    format!(
        "the import stops, as it would be weaker than NGINX or unclear:{}",
        stops.collect::<String>()
    )
}

#[cfg(test)]
mod tests;
