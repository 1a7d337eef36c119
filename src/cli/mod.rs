//! The command line: parses the arguments, runs one command, and returns its exit code.
//!
//! Each command has a module. Only this module prints errors, on stderr.

mod cert;
mod check;
mod client;
mod completions;
mod demo;
mod doctor;
mod explain;
mod import_nginx;
mod init;
mod log;
mod manual;
mod output;
mod prompt;
mod reload;
mod schema;
mod span;
mod status;
mod sudo;
mod table;
mod user;

use std::{
    ffi::OsString,
    fs,
    io::{self, Write},
    path::{Path, PathBuf},
    process::ExitCode,
};

use anyhow::{Context, bail};
use clap::{
    CommandFactory, Parser, Subcommand,
    builder::{PathBufValueParser, TypedValueParser},
};

use self::{
    cert::Cert,
    client::Client,
    completions::Completions,
    demo::Demo,
    doctor::Doctor,
    explain::Explain,
    import_nginx::ImportNginx,
    init::Init,
    log::Log,
    manual::Manual,
    output::{print, print_json, print_step, print_verbatim},
    status::Status,
    user::User,
};
use crate::{
    config::{Faults, is_invisible_or_control, must_be_visible},
    doctor::startup::CannotStart,
    file_access::{self, FileAccess},
    server::{self, RunMode},
    sites::UnusableFiles,
    telemetry::Printable,
};

/// The front door of a home hub: a TLS reverse proxy for openHAB.
#[derive(Debug, Parser)]
#[command(version, after_help = EXIT_CODES)]
struct Arguments {
    /// Configuration file [default: proxy.yaml here, else /etc/hubgate/proxy.yaml].
    #[arg(short, long, global = true, value_name = "FILE", value_parser = path_argument())]
    config: Option<PathBuf>,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Create proxy.yaml and a first user, by a few questions or by flags.
    Init(Init),
    /// Check the configuration, and print its effect or all its faults.
    Check,
    /// Explain how a request would be answered; sends nothing.
    Explain(Explain),
    /// Serve the sites of the configuration.
    Run,
    /// Try hubgate in front of this machine's openHAB, or of a stand-in for it.
    Demo(Demo),
    /// Check all that hubgate depends on: ports, hubs, names, certificates, clock, files.
    Doctor(Doctor),
    /// Have the running process reload its configuration.
    Reload,
    /// Print the state of the running process.
    Status(Status),
    /// Print the last entries and refusals, and why.
    Log(Log),
    /// Print, renew and test the certificates that a CA issues.
    #[command(subcommand)]
    Cert(Cert),
    /// Manage the devices that `client_certificate: own` admits.
    #[command(subcommand)]
    Client(Client),
    /// Convert NGINX's configuration to proxy.yaml, with a report on each directive.
    ImportNginx(ImportNginx),
    /// Manage the users of a password file in the format of `htpasswd`.
    User(User),
    /// Print the JSON schema of proxy.yaml, for editors.
    Schema,
    /// Print the completions for a shell.
    Completions(Completions),
    /// Write the man pages and completions of a package to a folder.
    #[command(hide = true)]
    Manual(Manual),
}

/// Runs the command that the arguments name; the first argument is the program's name.
///
/// The exit code is 0 for success, 1 for a failure, 2 for wrong usage, and 78 for a faulty
/// configuration (`EX_CONFIG` of sysexits.h).
pub fn run(arguments: impl IntoIterator<Item = OsString>) -> ExitCode {
    let words: Vec<OsString> = arguments.into_iter().collect();
    let arguments = match Arguments::try_parse_from(&words) {
        Ok(arguments) => arguments,
        Err(usage) => return print_usage(&usage),
    };
    let is_reload = matches!(arguments.command, Command::Reload);
    let config = arguments.config.clone();
    let Err(error) = arguments.run() else {
        return ExitCode::SUCCESS;
    };
    let mut text = format!("{error:#}");
    if sudo::would_help(&error, config) {
        text += &format!("\nrun: {}", sudo::command_line(&words));
    }
    if is_reload {
        text += "\nnothing changed";
    }
    // The exit code reports the failure if stderr is closed.
    let _ = writeln!(io::stderr(), "{}", Printable(&text));
    exit_code(&error).into()
}

impl Arguments {
    /// Runs the command. Every command but `run` and `demo` fails as a whole if a file does not
    /// answer; those two set a deadline for each file.
    fn run(mut self) -> anyhow::Result<()> {
        match self.command {
            Command::Run => {
                let named = self.config.take();
                let config =
                    FileAccess::with_deadline().wait(|| named.unwrap_or_else(default_config));
                server::run(config?, RunMode::Service)
            }
            Command::Demo(demo) => demo.run(),
            _ => FileAccess::with_deadline().wait(move || self.run_command())?,
        }
    }

    fn run_command(self) -> anyhow::Result<()> {
        if let Command::Init(init) = &self.command {
            return init.run(self.config.as_deref());
        }
        let config = self.config.unwrap_or_else(default_config);
        match self.command {
            Command::Init(_) | Command::Run | Command::Demo(_) => Ok(()),
            Command::Check => check::run(&config),
            Command::Explain(explain) => explain.run(&config),
            Command::Doctor(doctor) => doctor.run(&config),
            Command::Reload => reload::run(&config),
            Command::Status(status) => status.run(&config),
            Command::Log(log) => log.run(&config),
            Command::Cert(cert) => cert.run(&config),
            Command::Client(client) => client.run(&config),
            Command::ImportNginx(import) => import_nginx::run(&import),
            Command::User(user) => user.run(&config),
            Command::Schema => schema::run(),
            Command::Completions(completions) => completions.run(),
            Command::Manual(manual) => manual.run(),
        }
    }
}

/// Returns the definition of the command line, from which man pages and completions are made.
pub fn command() -> clap::Command {
    Arguments::command()
}

/// Parses a path of the arguments. Messages contain it, so invisible characters are refused.
fn path_argument() -> impl TypedValueParser<Value = PathBuf> {
    PathBufValueParser::new()
        .try_map(|path| must_be_visible(&path.to_string_lossy()).map(|()| path))
}

/// Prints clap's help, or its message about wrong arguments.
fn print_usage(usage: &clap::Error) -> ExitCode {
    let text = usage.render().to_string();
    let printed =
        match text.contains(|char: char| is_invisible_or_control(char) && !"\n\t".contains(char)) {
            true => write!(io::stderr(), "{}", Printable(&text)),
            false => usage.print(),
        };
    match printed {
        Ok(()) => u8::try_from(usage.exit_code()).map_or(ExitCode::FAILURE, ExitCode::from),
        Err(_) => ExitCode::FAILURE,
    }
}

fn default_config() -> PathBuf {
    let exists = |path: &&&str| {
        file_access::begin(Path::new(path)).is_ok_and(|_access| Path::new(path).exists())
    };
    let found = DEFAULT_CONFIGS.iter().find(exists);
    found.unwrap_or(&DEFAULT_CONFIGS[0]).into()
}

fn exit_code(error: &anyhow::Error) -> u8 {
    let is_configuration = error.chain().any(|cause| {
        cause.is::<Faults>() || cause.is::<UnusableFiles>() || cause.is::<CannotStart>()
    });
    if is_configuration { 78 } else { 1 }
}

/// Fails if the state folder does not exist, so that it is not read as an empty one.
fn must_exist(state: &Path) -> anyhow::Result<()> {
    let _access = file_access::begin(state)?;
    match fs::metadata(state) {
        Ok(meta) if meta.is_dir() => Ok(()),
        Err(fault) if fault.kind() != io::ErrorKind::NotFound => {
            Err(fault).with_context(|| state.display().to_string())
        }
        _ => bail!(
            "{}: no such folder: `state` of proxy.yaml names it, and hubgate makes it when it first \
             starts; start hubgate, or restore the folder if it was removed",
            state.display()
        ),
    }
}

const DEFAULT_CONFIGS: [&str; 2] = ["proxy.yaml", "/etc/hubgate/proxy.yaml"];

const EXIT_CODES: &str =
    "Exit codes: 0 done, 1 failed, 2 wrong usage, 78 the configuration has faults.";

#[cfg(test)]
mod tests {
    use anyhow::Context;

    use super::*;
    use crate::config;

    fn arguments(line: &str) -> Result<Arguments, clap::Error> {
        Arguments::try_parse_from(line.split(' '))
    }

    #[test]
    fn commands_are_consistent() {
        command().debug_assert();
    }

    #[test]
    fn the_configuration_can_be_named_before_or_after_the_command() {
        for line in ["hubgate -c my.yaml check", "hubgate check --config my.yaml"] {
            let arguments = arguments(line).unwrap();
            assert_eq!(arguments.config.as_deref(), Some(Path::new("my.yaml")));
        }
    }

    #[test]
    fn a_path_with_an_invisible_character_is_refused() {
        for path in ["a\nb.yaml", "\u{1b}[2Jb.yaml", "a\u{202e}b.yaml"] {
            let parsed = Arguments::try_parse_from(["hubgate", "check", "-c", path]);
            let refused = parsed.unwrap_err().to_string();
            assert!(refused.contains("invisible character U+"), "{refused}");
        }
        let parsed = Arguments::try_parse_from(["hubgate", "check", "-c", "Haus & Hof/ü.yaml"]);
        parsed.unwrap();
    }

    #[test]
    fn wrong_usage_has_the_exit_code_2() {
        for line in [
            "hubgate",
            "hubgate chekc",
            "hubgate completions",
            "hubgate check x",
        ] {
            assert_eq!(arguments(line).unwrap_err().exit_code(), 2, "{line}");
        }
        assert_eq!(arguments("hubgate --help").unwrap_err().exit_code(), 0);
    }

    #[test]
    fn faults_of_the_configuration_have_the_exit_code_78_under_any_context() {
        let faults = config::parse("", Path::new("proxy.yaml")).unwrap_err();
        assert_eq!(exit_code(&anyhow::Error::from(faults.clone())), 78);
        let wrapped = Err::<(), _>(faults).context("cannot reload").unwrap_err();
        assert_eq!(exit_code(&wrapped), 78);
        assert_eq!(exit_code(&anyhow::anyhow!("no such process")), 1);
    }
}
