//! hubgate with each descriptor that it can wait for, and the faults of each.

use tokio::{
    io::AsyncWriteExt,
    net::{TcpStream, UnixStream},
};

use super::super::manager::Manager;
use crate::{
    harness::{Authority, HTPASSWD, Hubgate, Setup, SlowFiles},
    hub::Hub,
};

/// Lines that fill the pipe of a journal that is not read, and the queue of a silent hub.
const CROWD: usize = 40;

/// The slow or stuck part.
#[derive(Clone, Copy, Debug)]
pub(super) enum Fault {
    /// All calls on paths with this end.
    Hang(&'static str),
    /// This call on all paths, for half a second.
    Slow(&'static str),
    /// Stdout and stderr are not read.
    Output,
    /// A hub takes requests and does not answer.
    Hub,
    /// Clients that send half a request.
    Clients,
    /// A command that is never whole.
    Command,
}

pub(super) const FAULTS: &[Fault] = &[
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

impl Fault {
    /// Returns true if the journal cannot be read meanwhile.
    pub(super) fn is_of_output(self) -> bool {
        matches!(self, Self::Output)
    }
}

/// hubgate with everything that it can wait for.
pub(super) struct Fixture {
    pub(super) gate: Hubgate,
    files: SlowFiles,
    _hub: Hub,
    /// Reads nothing: its queue is full soon.
    _manager: Manager,
    ca: Authority,
    /// Connections that are left as they are until the fault ends.
    held: Vec<Box<dyn Send>>,
}

impl Fixture {
    pub(super) async fn new() -> Self {
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

    pub(super) async fn begin(&mut self, fault: Fault) {
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
            Fault::Hub => self.send_an_unanswered_request().await,
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
    pub(super) fn change(&self) {
        self.gate.write("stuck.users", HTPASSWD);
        self.gate.write("header.secret", "key");
        self.gate.write("ca.pem", &self.ca.pem());
    }

    async fn send_an_unanswered_request(&mut self) {
        let caller = self
            .gate
            .tls()
            .name("other.test")
            .accepting_any_certificate();
        for _ in 0..CROWD {
            let mut client = caller.raw().await;
            client
                .send("GET /slow HTTP/1.1\r\nHost: other.test\r\n\r\n")
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

    pub(super) fn end(&mut self) {
        self.files.release();
        self.gate.stall_output(false);
        self.held.clear();
    }
}
