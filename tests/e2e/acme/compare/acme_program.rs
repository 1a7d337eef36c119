//! The programs that are compared, each with a CA of its own that has the same fault.

use std::{
    fs,
    path::Path,
    process::{Command, Stdio},
    time::{Duration, Instant},
};

use tempfile::TempDir;
use tokio::time::sleep;

use super::{Case, WATCHED};
use crate::{
    acme::{
        authority::{Ca, Options},
        fixture::{PreparedFixture, served, status},
        program::Program,
    },
    harness::{Client, Port, print_figure},
};

/// A program that gets certificates.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum AcmeProgram {
    Hubgate,
    Caddy,
    Certbot,
}

/// The outcome of a case for one program.
pub(super) struct Outcome {
    pub(super) program: AcmeProgram,
    /// The time until it had a certificate of the CA.
    pub(super) after: Option<Duration>,
    requests: usize,
    orders: usize,
    log: String,
}

/// Interval between two checks for the certificate.
const LOOK: Duration = Duration::from_millis(500);

impl AcmeProgram {
    pub(super) const ALL: [Self; 3] = [Self::Hubgate, Self::Caddy, Self::Certbot];

    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Hubgate => "hubgate",
            Self::Caddy => "Caddy",
            Self::Certbot => "certbot",
        }
    }

    /// Plays a case for as long as it is watched.
    pub(super) async fn play(self, case: &Case) -> Outcome {
        match self {
            Self::Hubgate => play_hubgate(case).await,
            Self::Caddy => play_caddy(case).await,
            Self::Certbot => play_certbot(case).await,
        }
    }
}

impl Outcome {
    fn of(program: AcmeProgram, ca: &Ca, after: Option<Duration>, log: String) -> Self {
        if std::env::var_os("HUBGATE_CASE").is_some() {
            let requests = ca.requests().into_iter();
            let endpoints: Vec<_> = requests.map(|request| request.endpoint).collect();
            print_figure(format_args!("{}: {endpoints:?}", program.name()));
        }
        Self {
            program,
            after,
            requests: ca.requests().len(),
            orders: ca.orders().len(),
            log,
        }
    }

    /// Returns true if its output has one of the words.
    pub(super) fn logged(&self, words: &[&str]) -> bool {
        let log = self.log.to_lowercase();
        words.iter().any(|word| log.contains(&word.to_lowercase()))
    }

    /// Seconds until the certificate, requests, orders.
    pub(super) fn cell(&self) -> String {
        let after = self
            .after
            .map(|after| format!("{} s", after.as_secs_f32().ceil()));
        let after = after.unwrap_or_else(|| "none".to_owned());
        format!("{after}, {}, {}", self.requests, self.orders)
    }
}

async fn play_hubgate(case: &Case) -> Outcome {
    let prepared = PreparedFixture::new().await;
    (case.arm)(&prepared.ca);
    let began = Instant::now();
    let fixture = prepared.start().await;
    let after = watch(began, async || {
        let shown = served(&fixture.gate).await;
        is_issued(&fixture.ca, shown.as_deref())
    })
    .await;
    let log = format!("{}{}", fixture.gate.printed(), status(&fixture.gate).await);
    Outcome::of(AcmeProgram::Hubgate, &fixture.ca, after, log)
}

/// Looks for the certificate until it is there, and watches on until the end.
async fn watch(began: Instant, has_certificate: impl AsyncFn() -> bool) -> Option<Duration> {
    let mut after = None;
    while began.elapsed() < WATCHED {
        if after.is_none() && has_certificate().await {
            after = Some(began.elapsed());
        }
        sleep(LOOK).await;
    }
    after
}

fn is_issued(ca: &Ca, shown: Option<&[u8]>) -> bool {
    let issued = ca.issued();
    let mut issued = issued.iter().map(|issued| &*issued.certificate);
    issued.any(|der| Some(der) == shown)
}

async fn ca(case: &Case, http: &Port, tls: &Port, folder: &Path) -> Ca {
    let ca = Ca::start(Options::new(http.address(), tls.address())).await;
    fs::write(folder.join("root.pem"), ca.ca_pem()).unwrap();
    (case.arm)(&ca);
    ca
}

async fn play_caddy(case: &Case) -> Outcome {
    let (folder, http, tls) = (tempfile::tempdir().unwrap(), Port::keep(), Port::keep());
    let ca = ca(case, &http, &tls, folder.path()).await;
    let caddyfile = format!(
        "{{\n admin off\n http_port {}\n https_port {}\n default_bind 127.0.0.1\n \
         storage file_system data\n acme_ca {}\n acme_ca_root root.pem\n}}\n\
         home.test {{\n respond hello\n}}\n",
        http.number(),
        tls.number(),
        ca.directory()
    );
    fs::write(folder.path().join("Caddyfile"), caddyfile).unwrap();
    let mut command = Command::new("caddy");
    command.args(["run", "--adapter", "caddyfile", "--config", "Caddyfile"]);
    command.env("HOME", folder.path());
    let began = Instant::now();
    let program = Program::start(command, folder, &[tls.address()]).await;
    let after = watch(began, async || {
        let client = Client::tls(tls.address(), ca.root()).accepting_any_certificate();
        is_issued(&ca, client.certificate().await.ok().as_deref())
    })
    .await;
    Outcome::of(AcmeProgram::Caddy, &ca, after, program.printed())
}

/// certbot runs once: its timer calls it twice a day.
async fn play_certbot(case: &Case) -> Outcome {
    let (folder, http, tls) = (tempfile::tempdir().unwrap(), Port::keep(), Port::keep());
    let ca = ca(case, &http, &tls, folder.path()).await;
    let began = Instant::now();
    let log = run_certbot(&folder, &http, &ca).await;
    let is_there = folder
        .path()
        .join("c/live/home.test/fullchain.pem")
        .exists();
    let after = is_there.then(|| began.elapsed());
    Outcome::of(AcmeProgram::Certbot, &ca, after, log)
}

async fn run_certbot(folder: &TempDir, http: &Port, ca: &Ca) -> String {
    let (port, directory) = (http.number().to_string(), ca.directory());
    let mut command = tokio::process::Command::new("certbot");
    command
        .args([
            "certonly",
            "-n",
            "--agree-tos",
            "--standalone",
            "-d",
            "home.test",
        ])
        .args([
            "--register-unsafely-without-email",
            "--http-01-address",
            "127.0.0.1",
        ])
        .args(["--http-01-port", &port, "--server", &directory])
        .args(["--config-dir", "c", "--work-dir", "w", "--logs-dir", "l"])
        .env("REQUESTS_CA_BUNDLE", "root.pem")
        .current_dir(folder.path())
        .stdin(Stdio::null())
        .kill_on_drop(true);
    match tokio::time::timeout(WATCHED, command.output()).await {
        Ok(Ok(output)) => {
            let [out, err] =
                [&output.stdout, &output.stderr].map(|bytes| String::from_utf8_lossy(bytes));
            format!("{out}{err}")
        }
        _ => String::new(),
    }
}
