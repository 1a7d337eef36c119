//! Imports NGINX's configuration as a `proxy.yaml` that is never weaker; reports each directive.
//!
//! Five stages, each with a folder: `read` parses files into directives, `model` adds inheritance
//! and variables, `access` finds the clients that NGINX admits, `plan` builds sites and proves that
//! none is weaker, `write` prints `proxy.yaml`. All stages record into `report`. Where an upstream
//! is reached, a directive is translated, harmless for a reason in `directive_table`, or stops the
//! import (`unsupported`).

pub(crate) mod access;
pub(crate) mod model;
mod outcome;
pub(crate) mod plan;
#[cfg(any(fuzzing, test))]
#[allow(clippy::panic, reason = "a broken property panics")]
pub(crate) mod properties;
pub(crate) mod read;
mod report;
pub(crate) mod write;

use std::path::{Path, PathBuf};

use self::{
    model::server::Server,
    plan::proxy_config::Source,
    read::{directive::Directive, parser::Parser, proxy_manager::ProxyManager, swag::Swag},
    write::yaml::Writer,
};
pub use self::{
    outcome::Outcome,
    read::{
        directive::Position,
        files::{Disk, Files, InMemory},
        machine::hosts,
        parser::Unreadable,
    },
    report::{Report, Stop},
    write::secret_files::SecretFile,
};
use crate::{
    config::{self, Faults},
    telemetry::OneLine,
};

/// The options of an import.
#[derive(Clone, Debug, Default)]
pub struct ImportOptions {
    /// The hosts of a server that answers for every name.
    pub hosts: Vec<String>,
    /// Set where clients connect to the machine directly, so that no proxy is trusted.
    pub direct: bool,
    /// The domain for `*` in `app.*`.
    pub domain: Option<String>,
    /// The path of the `proxy.yaml`.
    pub out: Option<PathBuf>,
}

/// The result of an import.
#[derive(Clone, Debug)]
pub struct Import {
    /// The text of `proxy.yaml`.
    pub yaml: String,
    /// The outcome of each directive.
    pub report: Report,
    /// The secret values that `proxy.yaml` names by their files, to be written beside it.
    pub secrets: Vec<SecretFile>,
    /// The state folder of that `proxy.yaml`.
    pub state: PathBuf,
}

/// A failed import.
#[derive(Debug, thiserror::Error)]
pub enum ImportError {
    /// A file that NGINX could not read either, or that contains program code.
    #[error(transparent)]
    Unreadable(#[from] Unreadable),
    /// Directives that may protect an upstream and that proxy.yaml cannot express.
    #[error("{}", .0.stop_message())]
    Stopped(Report),
    /// A configuration without an upstream.
    #[error("no hub found: no server has a proxy_pass that can be imported")]
    NoUpstream(Report),
    /// A result that is no valid `proxy.yaml`.
    #[error(
        "the result of the import is not a valid proxy.yaml, which is a fault of hubgate: please report it\n{faults}\n{yaml}"
    )]
    Invalid {
        /// The faults of the text.
        faults: Faults,
        /// The text.
        yaml: String,
    },
}

impl ImportOptions {
    /// Returns the options without hosts for a server that answers for every name.
    fn without_hosts(&self) -> Self {
        Self {
            domain: self.domain.clone(),
            ..Self::default()
        }
    }
}

/// Imports NGINX's files, a whole `nginx.conf` or sites alone, with all that they include; or the
/// data folder of Nginx Proxy Manager.
///
/// # Errors
/// Fails if no `proxy.yaml` can be as strict.
pub fn import(
    files: &dyn Files,
    paths: &[PathBuf],
    options: &ImportOptions,
) -> Result<Import, ImportError> {
    let shown: Vec<_> = paths
        .iter()
        .map(|path| path.display().to_string())
        .collect();
    let shown = shown.join(" and ");
    if let [path] = paths
        && let Some(folder) = ProxyManager::open(files, path)
    {
        return import_files(
            &folder,
            &[read::proxy_manager::CONF.into()],
            &shown,
            options,
        );
    }
    import_files(&Swag::new(files, paths), paths, &shown, options)
}

fn import_files(
    files: &dyn Files,
    paths: &[PathBuf],
    shown: &str,
    options: &ImportOptions,
) -> Result<Import, ImportError> {
    let directives = parse(files, paths)?;
    let http = http(&directives);
    let mut report = Report::default();
    let servers = Server::all(&http, &mut report);
    model::unsupported::check(&http, &servers, &mut report);
    for server in &servers {
        server.check_client_ca(files, &mut report);
    }
    let source = Source {
        files,
        servers: &servers,
        options,
    };
    let config = source.build(&mut report);
    report_streams(&directives, &mut report);
    report.record_rest(&directives);
    if !report.stops().is_empty() {
        return Err(ImportError::Stopped(report));
    }
    let Some(config) = config.filter(|config| !config.sites.is_empty()) else {
        return Err(ImportError::NoUpstream(report));
    };
    config.assign_secrets(&mut report);
    let out = options.out.as_deref().unwrap_or(Path::new("proxy.yaml"));
    let state = out.starts_with("/etc").then_some("/var/lib/hubgate");
    let writer = Writer {
        config: &config,
        secrets: &report.secrets,
    };
    let yaml = writer.write(&OneLine(shown).to_string(), state);
    match config::parse(&yaml, out) {
        Ok(config) => Ok(Import {
            yaml,
            secrets: report.secrets.all().to_vec(),
            report,
            state: config.state,
        }),
        Err(faults) => Err(ImportError::Invalid { faults, yaml }),
    }
}

fn parse(files: &dyn Files, paths: &[PathBuf]) -> Result<Vec<Directive>, Unreadable> {
    let mut parser = Parser::new(files);
    let mut directives = Vec::new();
    for path in paths {
        directives.extend(parser.parse(path, &include_folder(path))?);
    }
    Ok(directives)
}

/// Returns the folder to which the `include`s of a file refer: that of the nginx.conf around it.
fn include_folder(path: &Path) -> PathBuf {
    const SITES: [&str; 6] = [
        "sites-enabled",
        "sites-available",
        "conf.d",
        "http.d",
        "proxy-confs",
        "site-confs",
    ];
    let folder = path.parent().unwrap_or(Path::new(""));
    let name = folder.file_name();
    let has_sites = name.is_some_and(|name| SITES.iter().any(|sites| name == *sites));
    match folder.parent().filter(|_| has_sites) {
        Some(outer) => outer.to_owned(),
        None => folder.to_owned(),
    }
}

/// Returns the directives of `http`; those outside of it count as included there.
fn http(directives: &[Directive]) -> Vec<&Directive> {
    let mut http = Vec::new();
    for directive in directives {
        match directive.name.as_str() {
            "http" => http.extend(directive.children()),
            _ => http.push(directive),
        }
    }
    http
}

/// Reports the servers of `stream`, with their addresses.
fn report_streams(directives: &[Directive], report: &mut Report) {
    let named = |name: &'static str| move |directive: &&Directive| directive.name == name;
    let blocks = directives.iter().filter(named("stream"));
    for server in blocks.flat_map(Directive::children).filter(named("server")) {
        let parameters = |name| {
            let directives = server.children().iter().filter(named(name));
            let parameters: Vec<_> = directives.map(Directive::parameter).collect();
            parameters.join(", ")
        };
        let (listen, hub) = (parameters("listen"), parameters("proxy_pass"));
        report.record_block(
            Outcome::Dropped,
            server,
            format!(
                "a stream from {listen} to {hub}: hubgate supports HTTP only, and forwards nothing there"
            ),
        );
    }
}

#[cfg(test)]
mod tests;
