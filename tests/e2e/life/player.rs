//! Every descriptor that hubgate uses made slow or stuck in turn, while a site that needs none of
//! them is visited: its visitors do not notice, and signals are answered.
//!
//! With `HUBGATE_PLAYER=SECONDS` the faults go round for so long.

use std::time::{Duration, Instant};

use tokio::{
    io::AsyncWriteExt,
    net::{TcpStream, UnixStream},
    task::JoinHandle,
};
use tokio_util::sync::CancellationToken;

use super::manager::Manager;
use crate::{
    harness::{Authority, Caller, HTPASSWD, Hubgate, Setup, SlowFiles},
    hub::Hub,
};

/// How long a request may take on a busy machine: what waits for a fault takes longer.
const LIMIT: Duration = Duration::from_secs(3);
/// How long each fault lasts: beyond the deadline of a file in a long run.
const SHORT: Duration = Duration::from_millis(600);
const LONG: Duration = Duration::from_secs(7);
/// Lines that fill the pipe of a journal that is not read, and the queue of a silent hub.
const CROWD: usize = 40;

/// What is slow or stuck.
#[derive(Clone, Copy, Debug)]
enum Fault {
    /// All calls on paths with this end.
    Hang(&'static str),
    /// This call on all paths, for half a second.
    Slow(&'static str),
    /// Stdout and stderr are not read.
    Output,
    /// A hub takes requests and does not answer.
    Hub,
    /// Clients that say half of what they have to.
    Clients,
    /// A command that is never whole.
    Command,
}

const FAULTS: &[Fault] = &[
    Fault::Hang("stuck.users"),
    Fault::Hang("home.pem"),
    Fault::Hang("home.key"),
    Fault::Hang("ca.pem"),
    Fault::Hang("header.secret"),
    Fault::Hang("proxy.yaml"),
    Fault::Hang("session.key"),
    Fault::Hang("register.json"),
    Fault::Hang("clients/lock"),
    Fault::Hang("control.sock"),
    Fault::Slow("open"),
    Fault::Slow("read"),
    Fault::Slow("stat"),
    Fault::Slow("fsync"),
    Fault::Slow("rename"),
    Fault::Output,
    Fault::Hub,
    Fault::Clients,
    Fault::Command,
];

/// hubgate with everything that it can wait for.
struct Stage {
    gate: Hubgate,
    files: SlowFiles,
    _hub: Hub,
    /// Reads nothing: its queue is full soon.
    _manager: Manager,
    ca: Authority,
    /// Connections that are left as they are until the fault ends.
    held: Vec<Box<dyn Send>>,
}

impl Stage {
    async fn new() -> Self {
        let (hub, files, manager) = (Hub::start().await, SlowFiles::build(), Manager::start());
        let ca = Authority::new("devices");
        let witness = format!(
            "{{hosts: [other.test], certificate: {{chain: free.pem, key: free.key}}, \
             upstream: \"{}\"}}",
            hub.url()
        );
        let own = format!(
            "{{hosts: [own.test], certificate: self-signed, upstream: \"{}\", \
             access: {{client_certificate: own}}}}",
            hub.url()
        );
        let upstream = format!(
            "{{servers: [\"{}\"], headers: {{X-Key: {{file: header.secret}}}}}}",
            hub.url()
        );
        let setup = Setup::home(&upstream).with_certificate("free", &["other.test"]);
        let setup = setup.site(
            "access: {password: stuck.users, client_certificate: ca.pem, satisfy: any, session: 1h}",
        );
        let setup = setup
            .file("stuck.users", HTPASSWD)
            .file("header.secret", "key")
            .file("ca.pem", &ca.pem())
            .other_site(&witness)
            .other_site(&own);
        let setup = manager.supervise(files.under(setup));
        let gate = setup.variable("WATCHDOG_USEC", "30000000").start().await;
        gate.answers_commands().await;
        Self {
            gate,
            files,
            _hub: hub,
            _manager: manager,
            ca,
            held: Vec::new(),
        }
    }

    async fn begin(&mut self, fault: Fault) {
        match fault {
            Fault::Hang(end) => {
                self.files.hang(end);
                self.change();
            }
            Fault::Slow(call) => {
                self.files.slow(&[call], "*", 500);
                self.change();
            }
            Fault::Output => self.gate.stall_output(true),
            Fault::Hub => self.ask_what_is_not_answered().await,
            Fault::Clients => self.connect(&b"GET /plain HTTP/1.1\r\nHost: ho"[..]).await,
            Fault::Command => {
                let socket = self.gate.folder().join("certs/control.sock");
                let mut stream = UnixStream::connect(socket).await.unwrap();
                stream.write_all(b"\"Sta").await.unwrap();
                self.held.push(Box::new(stream));
            }
        }
        self.gate.reload();
    }

    /// Gives hubgate something to read.
    fn change(&self) {
        self.gate.write("stuck.users", HTPASSWD);
        self.gate.write("header.secret", "key");
        self.gate.write("ca.pem", &self.ca.pem());
    }

    async fn ask_what_is_not_answered(&mut self) {
        let caller = self.gate.tls().name("other.test").trusting_anybody();
        for _ in 0..CROWD {
            let mut client = caller.raw().await;
            client
                .say("GET /slow HTTP/1.1\r\nHost: other.test\r\n\r\n")
                .await;
            self.held.push(Box::new(client));
        }
    }

    async fn connect(&mut self, said: &[u8]) {
        for _ in 0..CROWD {
            let mut stream = TcpStream::connect(self.gate.http()).await.unwrap();
            stream.write_all(said).await.unwrap();
            self.held.push(Box::new(stream));
        }
    }

    fn end(&mut self) {
        self.files.release();
        self.gate.stall_output(false);
        self.held.clear();
    }
}

/// Visitors of a site that needs nothing of what is stuck, and how long each request took.
struct Witness {
    enough: CancellationToken,
    visits: JoinHandle<Vec<Duration>>,
}

impl Witness {
    fn start(gate: &Hubgate) -> Self {
        let enough = CancellationToken::new();
        let caller = gate.tls().name("other.test").trusting_anybody();
        let visits = tokio::spawn(visit(caller, enough.clone()));
        Self { enough, visits }
    }

    /// Ends the visits.
    async fn end(self, fault: Fault) {
        self.enough.cancel();
        let mut times = self.visits.await.unwrap();
        times.sort();
        let slowest = times[(times.len() - 1) * 99 / 100];
        assert!(slowest < LIMIT, "{fault:?}: {slowest:?}");
    }
}

async fn visit(caller: Caller, enough: CancellationToken) -> Vec<Duration> {
    let mut times = Vec::new();
    while times.is_empty() || !enough.is_cancelled() {
        let asked = Instant::now();
        let answer = caller.http1().await.get("/plain").await;
        assert_eq!(answer.text(), "plain");
        times.push(asked.elapsed());
    }
    times
}

/// How long the faults go round, and how long each lasts.
fn plan() -> (Duration, Duration) {
    let seconds = std::env::var("HUBGATE_PLAYER").ok();
    match seconds.and_then(|seconds| seconds.parse().ok()) {
        Some(seconds) => (Duration::from_secs(seconds), LONG),
        None => (Duration::ZERO, SHORT),
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whatever_is_stuck_other_sites_are_served_and_signals_answered() {
    let (whole, each) = plan();
    let mut stage = Stage::new().await;
    let begin = Instant::now();
    loop {
        for fault in FAULTS {
            let witness = Witness::start(&stage.gate);
            stage.begin(*fault).await;
            tokio::time::sleep(each).await;
            witness.end(*fault).await;
            stage.end();
        }
        if begin.elapsed() >= whole {
            break;
        }
    }
    stage.gate.terminate();
    assert!(stage.gate.ended().await.success());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whatever_is_stuck_sigterm_ends_the_process() {
    let hanging = FAULTS.iter().filter(|fault| !matches!(fault, Fault::Hub));
    for fault in hanging {
        let mut stage = Stage::new().await;
        stage.begin(*fault).await;
        stage.gate.terminate();
        assert!(stage.gate.ended().await.success(), "{fault:?}");
    }
}
