//! The command line: which command, on which file, with which exit code.
//!
//! One module per command. What went wrong is told here, once, on stderr.

mod cert;
mod check;
mod client;
mod completions;
mod demo;
mod doctor;
mod explain;
mod import_nginx;
mod init;
mod prompt;
mod reload;
mod schema;
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
use clap_complete::Shell;
use serde::Serialize;

use self::{client::Client, explain::Explain, import_nginx::ImportNginx, init::Init, user::User};
use crate::{
    config::{Faults, is_obeyed, must_be_visible},
    doctor::startup::CannotStart,
    file_access::{self, FileAccess},
    server::{self, RunMode},
    sites::Unusable,
    telemetry::{Printable, escaped_json},
};

/// The front door of a home hub: a TLS reverse proxy for openHAB.
#[derive(Debug, Parser)]
#[command(version, after_help = EXIT_CODES)]
struct Arguments {
    /// The configuration [default: proxy.yaml here, else /etc/hubgate/proxy.yaml].
    #[arg(short, long, global = true, value_name = "FILE", value_parser = path_argument())]
    config: Option<PathBuf>,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Make a first proxy.yaml and a first user, by a few questions or by flags.
    Init(Init),
    /// Tell everything that is wrong with the configuration, or else what it means.
    Check,
    /// Tell what would be answered to a request, and why, without sending one.
    Explain(Explain),
    /// Serve.
    Run,
    /// Serve this machine's openHAB, or a stand-in, on https://localhost:8443, to look at.
    Demo {
        /// The port to listen on; one after it when it is taken.
        #[arg(long, default_value_t = 8443)]
        port: u16,
        /// The stand-in, even when openHAB answers.
        #[arg(long)]
        stand_in: bool,
    },
    /// Look at all that hubgate depends on: ports, hubs, names, certificates, clock, files.
    Doctor {
        /// As JSON.
        #[arg(long)]
        json: bool,
    },
    /// Have the running process read its configuration again.
    Reload,
    /// Tell what the running process does.
    Status {
        /// As JSON.
        #[arg(long)]
        json: bool,
    },
    /// The certificates that are got from a CA.
    #[command(subcommand)]
    Cert(Cert),
    /// The devices that `client_certificate: own` lets in.
    #[command(subcommand)]
    Client(Client),
    /// Make a proxy.yaml from NGINX's configuration, and tell what became of each directive.
    ImportNginx(ImportNginx),
    /// The users of a password file, as `htpasswd` keeps them.
    User(User),
    /// Print the JSON schema of proxy.yaml, for editors.
    Schema,
    /// Print the completions of a shell.
    Completions {
        /// The shell.
        shell: Shell,
    },
}

/// What to do about certificates.
#[derive(Debug, Subcommand)]
enum Cert {
    /// Tell how each stands, what happens next and what went wrong.
    Status {
        /// As JSON.
        #[arg(long)]
        json: bool,
    },
    /// Renew one now, and tell each step.
    Renew {
        /// A host of its site.
        name: String,
        /// Revoke the old one then: its key may be known to others.
        #[arg(long)]
        revoke: bool,
    },
    /// Try whether the CA would certify the sites, where it has one at its staging; nothing changes.
    Test {
        /// A host of one site; all sites without it.
        name: Option<String>,
    },
}

/// Does what the arguments say, the program's name being the first.
///
/// The exit code is 0, 1 for a failure, 2 for wrong usage, 78 for a
/// configuration with faults (`EX_CONFIG` of sysexits.h).
pub fn run(arguments: impl IntoIterator<Item = OsString>) -> ExitCode {
    let arguments: Vec<OsString> = arguments.into_iter().collect();
    let parsed = match Arguments::try_parse_from(&arguments) {
        Ok(parsed) => parsed,
        Err(usage) => return refuse(&usage),
    };
    let is_reload = matches!(parsed.command, Command::Reload);
    let named = parsed.config.clone();
    let Err(error) = within_deadlines(parsed) else {
        return ExitCode::SUCCESS;
    };
    let mut text = format!("{error:#}");
    if sudo::would_help(&error, named) {
        text += &format!("\nrun: {}", sudo::line(&arguments));
    }
    if is_reload {
        text += "\nnothing changed";
    }
    // Without a stderr the exit code is left.
    let _ = writeln!(io::stderr(), "{}", Printable(&text));
    exit_code(&error).into()
}

/// Executes a command that ends when a file does not answer; a service waits for each by itself.
fn within_deadlines(mut arguments: Arguments) -> anyhow::Result<()> {
    match arguments.command {
        Command::Run => {
            let named = arguments.config.take();
            let config = FileAccess::with_deadline().wait(|| named.unwrap_or_else(default_config));
            server::run(config?, RunMode::Service)
        }
        Command::Demo { port, stand_in } => demo::run(port, stand_in),
        _ => FileAccess::with_deadline().wait(move || execute(arguments))?,
    }
}

fn execute(arguments: Arguments) -> anyhow::Result<()> {
    if let Command::Init(init) = &arguments.command {
        return init::run(arguments.config.as_deref(), init);
    }
    let config = arguments.config.unwrap_or_else(default_config);
    match arguments.command {
        Command::Init(_) | Command::Run | Command::Demo { .. } => Ok(()),
        Command::Check => check::run(&config),
        Command::Explain(explain) => explain::run(&config, &explain),
        Command::Doctor { json } => doctor::run(&config, json),
        Command::Reload => reload::run(&config),
        Command::Status { json } => status::run(&config, json),
        Command::Cert(Cert::Status { json }) => cert::status(&config, json),
        Command::Cert(Cert::Renew { name, revoke }) => cert::renew(&config, &name, revoke),
        Command::Cert(Cert::Test { name }) => cert::test(&config, name.as_deref()),
        Command::Client(client) => client::run(&config, &client),
        Command::ImportNginx(wanted) => import_nginx::run(&wanted),
        Command::User(user) => user::run(&config, &user),
        Command::Schema => schema::run(),
        Command::Completions { shell } => completions::run(shell),
    }
}

/// The whole command line, for pages and completions made from it.
pub fn command() -> clap::Command {
    Arguments::command()
}

/// A path of the arguments; its name stands in lines that are printed, so it reads as one.
fn path_argument() -> impl TypedValueParser<Value = PathBuf> {
    PathBufValueParser::new()
        .try_map(|path| must_be_visible(&path.to_string_lossy()).map(|()| path))
}

/// Prints what clap has to say: the help that was asked for, or what is wrong.
fn refuse(usage: &clap::Error) -> ExitCode {
    let text = usage.render().to_string();
    let printed = match text.contains(|char: char| is_obeyed(char) && !"\n\t".contains(char)) {
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
    let configuration = error
        .chain()
        .any(|cause| cause.is::<Faults>() || cause.is::<Unusable>() || cause.is::<CannotStart>());
    if configuration { 78 } else { 1 }
}

/// Prints a command's result; a terminal obeys nothing in it, wherever a name came from.
fn print(text: &str) -> anyhow::Result<()> {
    print_verbatim(&Printable(text).to_string())
}

/// Prints a command's result as JSON.
fn print_json(result: &impl Serialize) -> anyhow::Result<()> {
    let json = serde_json::to_string_pretty(result)?;
    let lines: Vec<_> = json.lines().map(escaped_json).collect();
    print_verbatim(&(lines.join("\n") + "\n"))
}

/// Prints text that holds no name from outside or has its own escapes; a reader that has seen
/// enough is no failure.
fn print_verbatim(text: &str) -> anyhow::Result<()> {
    let mut stdout = io::stdout().lock();
    match stdout
        .write_all(text.as_bytes())
        .and_then(|()| stdout.flush())
    {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        printed => Ok(printed?),
    }
}

/// Refuses to say of a folder that is gone that there is nothing yet.
fn must_exist(state: &Path) -> anyhow::Result<()> {
    let _access = file_access::begin(state)?;
    match fs::metadata(state) {
        Ok(meta) if meta.is_dir() => Ok(()),
        Err(fault) if fault.kind() != io::ErrorKind::NotFound => {
            Err(fault).with_context(|| state.display().to_string())
        }
        _ => bail!(
            "{}: no such folder, so nothing is known: it is `state` of proxy.yaml, which hubgate \
             makes when it starts; put it back if it was removed",
            state.display()
        ),
    }
}

/// Tells a step of something that takes its time.
fn tell(step: &str) {
    // Who does not listen any more still gets the exit code.
    let _ = writeln!(io::stdout(), "{}", Printable(step));
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
    fn the_configuration_may_be_named_before_or_after_the_command() {
        for line in ["hubgate -c my.yaml check", "hubgate check --config my.yaml"] {
            let arguments = arguments(line).unwrap();
            assert_eq!(arguments.config.as_deref(), Some(Path::new("my.yaml")));
        }
    }

    #[test]
    fn a_path_that_would_change_the_line_it_stands_in_is_refused() {
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
