//! A real name server, Knot DNS, with a zone of its own that takes signed updates.

use std::{
    fs,
    io::{Read, Write},
    net::{SocketAddr, TcpStream},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    thread,
    time::Duration,
};

use hickory_proto::{
    op::{Message, Query},
    rr::{Name, RData, RecordType},
};
use tempfile::TempDir;

use super::{DEADLINE, Output, Port, eventually};

/// Debian's path of Knot DNS, which is not in every user's PATH.
const PROGRAM: &str = "/usr/sbin/knotd";

/// Longest time for one response.
const PATIENCE: Duration = Duration::from_secs(5);

/// The name server of `example.test`; it ends with the test.
pub struct NameServer {
    child: Child,
    output: Output,
    port: Port,
    _folder: TempDir,
}

impl NameServer {
    /// The name of its key for updates, which is one of hmac-sha256.
    pub const KEY: &str = "hubgate";

    /// The secret of that key, in Base64.
    pub const SECRET: &str = "c2VjcmV0c2VjcmV0c2VjcmV0c2VjcmV0c2VjcmV0MTI=";

    /// Starts it with more records in its zone; none where it is not installed.
    pub async fn start(records: &str) -> Option<Self> {
        if !Path::new(PROGRAM).exists() {
            return None;
        }
        let (folder, port) = (tempfile::tempdir().unwrap(), Port::keep());
        let config = write(folder.path(), port.address(), records);
        let mut child = Command::new(PROGRAM)
            .arg("-c")
            .arg(config)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let output = Output::capture(&mut child);
        let mut server = Self {
            child,
            output,
            port,
            _folder: folder,
        };
        server.answers().await;
        Some(server)
    }

    /// Returns the address of the server, for UDP and TCP.
    pub fn address(&self) -> SocketAddr {
        self.port.address()
    }

    /// The texts of a name, sorted.
    pub fn texts(&self, name: &str) -> Vec<String> {
        let answer = self.query(name, RecordType::TXT).unwrap();
        let texts = answer
            .answers
            .iter()
            .filter_map(|record| match &record.data {
                RData::TXT(text) => Some(String::from_utf8(text.txt_data.concat()).unwrap()),
                _ => None,
            });
        let mut texts: Vec<_> = texts.collect();
        texts.sort();
        texts
    }

    fn query(&self, name: &str, kind: RecordType) -> Option<Message> {
        let mut question = Message::query();
        question.add_query(Query::query(Name::from_ascii(name).unwrap(), kind));
        let question = question.to_vec().unwrap();
        let mut stream = TcpStream::connect_timeout(&self.address(), PATIENCE).ok()?;
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        let length = u16::try_from(question.len()).unwrap().to_be_bytes();
        stream.write_all(&[&length, &*question].concat()).ok()?;
        let mut length = [0; 2];
        stream.read_exact(&mut length).ok()?;
        let mut answer = vec![0; u16::from_be_bytes(length).into()];
        stream.read_exact(&mut answer).ok()?;
        Message::from_vec(&answer).ok()
    }

    async fn answers(&mut self) {
        eventually(DEADLINE, "the name server has its zone", async || {
            let ended = self.child.try_wait().unwrap();
            assert!(ended.is_none(), "the name server ended: {ended:?}");
            let answer = self.query("example.test.", RecordType::SOA);
            answer.is_some_and(|answer| !answer.answers.is_empty())
        })
        .await;
    }
}

impl Drop for NameServer {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
        let printed = self.output.finish();
        if thread::panicking() {
            eprintln!("--- the name server printed:\n{printed}\n---");
        }
    }
}

/// Writes the zone and the configuration; nothing is kept outside the folder.
fn write(folder: &Path, address: SocketAddr, records: &str) -> PathBuf {
    let zone = format!(
        "$ORIGIN example.test.\n$TTL 60\n\
         @ SOA ns hostmaster 1 3600 600 86400 60\n@ NS ns\nns A 127.0.0.1\n{records}\n"
    );
    fs::write(folder.join("example.test.zone"), zone).unwrap();
    let (here, ip, port) = (folder.display(), address.ip(), address.port());
    let (key, secret) = (NameServer::KEY, NameServer::SECRET);
    let config = format!(
        "server:
    listen: {ip}@{port}
    rundir: {here}
    udp-workers: 1
    tcp-workers: 1
    background-workers: 1
control:
    listen: {here}/knot.sock
database:
    storage: {here}
    journal-db-max-size: 8M
    timer-db-max-size: 8M
log:
  - target: stderr
    any: info
key:
  - id: {key}
    algorithm: hmac-sha256
    secret: {secret}
acl:
  - id: update
    key: {key}
    action: [query, update]
zone:
  - domain: example.test
    storage: {here}
    file: example.test.zone
    zonefile-sync: -1
    acl: update
"
    );
    let file = folder.join("knot.conf");
    fs::write(&file, config).unwrap();
    file
}
