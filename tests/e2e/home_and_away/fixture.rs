//! hubgate on two networks, and clients in each.

use std::{fs, path::Path};

use crate::{
    acme::program::{Program, has_programs},
    harness::{DEADLINE, HTPASSWD, Hubgate, Leaf, Machine, Setup, eventually, foreign},
    phones::fixture::opened,
};

/// hubgate's address in the home network.
const AT_HOME: &str = "192.168.77.1";
/// The client's address in the home network.
const CLIENT_AT_HOME: &str = "192.168.77.2";
/// hubgate's public address.
const PUBLIC: &str = "203.0.113.1";
/// The hub's URL.
const HUB: &str = "http://127.0.0.1:8080";

/// hubgate with its hub and clients; the fields are dropped in order.
pub struct Fixture {
    /// hubgate.
    pub gate: Hubgate,
    _hub: Program,
    _door: Machine,
    home: Machine,
    away: Machine,
}

/// A client in one of the networks.
pub struct Browser<'a> {
    from: &'a Machine,
    to: &'static str,
    folder: &'a Path,
}

impl Fixture {
    /// Starts hubgate without enrolled devices; prints a note and returns none if it cannot be
    /// built.
    pub async fn start() -> Option<Self> {
        Self::start_with(|door| setup().on(door)).await
    }

    /// Starts hubgate in a container, whose gateway is the client at home.
    pub async fn in_container() -> Option<Self> {
        let configured = |door: &Machine| {
            door.route_by(CLIENT_AT_HOME);
            setup().in_container_on(door)
        };
        Self::start_with(configured).await
    }

    async fn start_with(configured: impl FnOnce(&Machine) -> Setup) -> Option<Self> {
        if !has_programs(&["curl", "ip", "openssl", "python3"]) {
            return None;
        }
        let (door, home, away) = (Machine::new()?, Machine::new()?, Machine::new()?);
        door.connect(
            &format!("{AT_HOME}/24"),
            &home,
            &format!("{CLIENT_AT_HOME}/24"),
        );
        door.connect(&format!("{PUBLIC}/24"), &away, "203.0.113.7/24");
        home.route_by(AT_HOME);
        let hub = hub(&door).await;
        let gate = configured(&door).start().await;
        gate.write("root.pem", &gate.root_pem());
        Some(Self {
            gate,
            _hub: hub,
            _door: door,
            home,
            away,
        })
    }

    /// Returns a client at home.
    pub fn home(&self) -> Browser<'_> {
        self.browser(&self.home, AT_HOME)
    }

    /// Returns a client at home that resolves the name to the public address.
    pub fn home_by_public_address(&self) -> Browser<'_> {
        self.browser(&self.home, PUBLIC)
    }

    /// Returns a client on the Internet.
    pub fn away(&self) -> Browser<'_> {
        self.browser(&self.away, PUBLIC)
    }

    /// The name of hubgate's own CA, as OpenSSL writes it.
    pub fn name_of_ca(&self) -> String {
        let file = self.gate.folder().join("certs/clients/ca.pem");
        let arguments = ["x509", "-noout", "-subject", "-in", file.to_str().unwrap()];
        let output = foreign("openssl", &arguments).succeeded();
        output
            .trim_end()
            .strip_prefix("subject=")
            .unwrap()
            .to_owned()
    }

    /// Makes a device's files; the path of its certificate with the key.
    pub fn enrolled(&self, name: &str) -> String {
        let add = ["client", "add", name, "--out", "files"];
        let output = self.gate.command(&add).succeeded();
        let (file, _) = output.split_once(".p12 ").unwrap();
        let file = fs::read(self.gate.folder().join(format!("{file}.p12"))).unwrap();
        let mut lines = output.lines();
        let password = lines.find_map(|line| line.strip_prefix("password  "));
        let leaf = opened(&file, password.unwrap(), self.gate.folder());
        self.written("enrolled", &leaf)
    }

    /// Writes a certificate and its key into one file; its path.
    pub fn written(&self, name: &str, leaf: &Leaf) -> String {
        let name = format!("{name}.pem");
        let content = format!("{}{}", leaf.chain_pem, leaf.key_pem);
        self.gate.write(&name, &content);
        self.gate.folder().join(name).to_str().unwrap().to_owned()
    }

    fn browser<'a>(&'a self, from: &'a Machine, to: &'static str) -> Browser<'a> {
        Browser {
            from,
            to,
            folder: self.gate.folder(),
        }
    }
}

impl Browser<'_> {
    /// The status of the answer to curl with these options.
    pub fn get(&self, url: &str, options: &[&str]) -> String {
        self.curl(url, &[options, &["--write-out", "%{http_code}"]].concat())
    }

    /// Enters the right code and returns the page after it.
    pub fn redirected(&self, url: &str, form: &str) -> String {
        let format = "%{http_code} %{redirect_url}";
        let redirect = self.curl(url, &["--data", form, "--write-out", format]);
        redirect.strip_prefix("303 https://").unwrap().to_owned()
    }

    /// Returns the body at the URL.
    pub fn fetched(&self, url: &str) -> Vec<u8> {
        assert_eq!(self.get(url, &[]), "200");
        fs::read(self.path("body")).unwrap()
    }

    /// Returns OpenSSL's trace of a handshake, which must succeed: each message and its result.
    pub fn handshake(&self, host: &str, version: &str) -> String {
        let (to, root) = (format!("{}:443", self.to), self.path("root.pem"));
        let call = ["s_client", "-connect", &to, "-servername", host, version];
        let checks = ["-msg", "-CAfile", &root, "-verify_return_error"];
        let ran = self.from.run("openssl", &[&call[..], &checks].concat());
        let trace = ran.succeeded();
        assert!(trace.contains(", ServerHello\n"), "{trace}");
        assert!(trace.contains("Verify return code: 0 (ok)"), "{trace}");
        trace
    }

    fn curl(&self, url: &str, options: &[&str]) -> String {
        let (host, _) = url.split_once('/').unwrap_or((url, ""));
        let there = format!("{host}:443:{}", self.to);
        let (url, root) = (format!("https://{url}"), self.path("root.pem"));
        let quietly = ["--silent", "--show-error", "--output", &self.path("body")];
        let call = ["--cacert", &root, "--resolve", &there, &url];
        let ran = self
            .from
            .run("curl", &[&quietly, &call[..], options].concat());
        ran.succeeded()
    }

    fn path(&self, name: &str) -> String {
        self.folder.join(name).to_str().unwrap().to_owned()
    }
}

fn setup() -> Setup {
    let factors = "satisfy: any, networks: [lan], client_certificate: own";
    let garden = format!(
        "{{hosts: [garden.test], upstream: \"{HUB}\", \
         certificate: {{chain: garden.pem, key: garden.key}}, \
         access: {{{factors}, password: htpasswd}}}}"
    );
    Setup::home(HUB)
        .listen(r#"listen: {http: ["0.0.0.0:80"], https: ["0.0.0.0:443"]}"#)
        .site(&format!("access: {{{factors}}}"))
        .with_certificate("garden", &["garden.test"])
        .file("htpasswd", HTPASSWD)
        .other_site(&garden)
}

/// A hub beside hubgate, which serves an empty folder.
async fn hub(door: &Machine) -> Program {
    let mut command = door.command(Path::new("python3"));
    command.args(["-m", "http.server", "--bind", "127.0.0.1", "8080"]);
    let hub = Program::start(command, tempfile::tempdir().unwrap(), &[]).await;
    eventually(DEADLINE, "the hub answers", async || {
        door.run("curl", &["--silent", HUB]).status == Some(0)
    })
    .await;
    hub
}
