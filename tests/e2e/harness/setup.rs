//! A `proxy.yaml` with its files in a folder of its own, before hubgate starts.

use std::{
    fs,
    net::SocketAddr,
    os::{
        fd::OwnedFd,
        unix::fs::{PermissionsExt, symlink},
    },
    path::{Path, PathBuf},
    process::Command,
};

use tempfile::TempDir;

use super::{
    Authority, Hubgate, Machine, Port,
    command::{PROGRAM, inheriting},
};

/// The user `anna` with the password `secret`, hashed as openHABian does.
pub const HTPASSWD: &str = "anna:$apr1$hubgate1$rYNu03LLorgdj2aZDjK/W1\n";

/// The credential of `anna`, as browsers send it.
pub const ANNA: &str = "Basic YW5uYTpzZWNyZXQ=";

/// Loopback, HTTP and HTTPS; the words stand for the kept ports.
const LISTEN: &str = r#"listen: {http: ["127.0.0.1:HTTP"], https: ["127.0.0.1:HTTPS"]}"#;

/// One site, `home.test`, and what a test adds to it.
pub struct Setup {
    listen: String,
    top: String,
    acme: String,
    hosts: String,
    certificate: String,
    site: String,
    other_sites: String,
    folder: TempDir,
    root: Authority,
    ports: [Port; 2],
    sockets: Vec<OwnedFd>,
    environment: Vec<(String, String)>,
    elsewhere: Option<Command>,
}

impl Setup {
    /// `home.test` in front of the upstream, open to every client, with a certificate of the
    /// setup's own root.
    pub fn home(upstream: &str) -> Self {
        let setup = Self {
            listen: LISTEN.to_owned(),
            top: String::new(),
            acme: String::new(),
            hosts: "[home.test]".to_owned(),
            certificate: "{chain: home.pem, key: home.key}".to_owned(),
            site: format!("    upstream: {upstream}\n"),
            other_sites: String::new(),
            folder: tempfile::tempdir().unwrap(),
            root: Authority::new("hubgate test root"),
            ports: [Port::keep(), Port::keep()],
            sockets: Vec::new(),
            environment: Vec::new(),
            elsewhere: None,
        };
        setup.with_certificate("home", &["home.test", "other.test", "localhost"])
    }

    /// Adds lines at the top level.
    pub fn top(mut self, lines: &str) -> Self {
        self.top = self.top + lines + "\n";
        self
    }

    /// Adds a line to the site.
    pub fn site(mut self, line: &str) -> Self {
        self.site = self.site + "    " + line + "\n";
        self
    }

    /// Adds another site, on the lines after `  - `; open to every client unless it sets access or
    /// redirects.
    pub fn other_site(mut self, flow: &str) -> Self {
        let open = |flow: &str| Some(flow.strip_suffix('}')?.to_owned() + ", access: public}");
        let is_decided = flow.contains("access:") || flow.contains("redirect:");
        let opened = (!is_decided).then(|| open(flow)).flatten();
        self.other_sites = self.other_sites + "  - " + &opened.unwrap_or(flow.to_owned()) + "\n";
        self
    }

    /// Lets the site answer to other hosts than `home.test`.
    pub fn hosts(mut self, hosts: &str) -> Self {
        hosts.clone_into(&mut self.hosts);
        self
    }

    /// Sets another source of the site's certificate.
    pub fn certificate(mut self, from: &str) -> Self {
        from.clone_into(&mut self.certificate);
        self
    }

    /// Orders certificates, of this site and others with `acme`, from the CA of this directory, by
    /// the challenges; trusts the CA's server by the root in PEM.
    pub fn acme(mut self, directory: &str, root: &str, challenges: &str) -> Self {
        self.acme = format!(
            "acme: {{directory: \"{directory}\", root: acme-root.pem, \
             challenges: [{challenges}]}}\n"
        );
        self.file("acme-root.pem", root).certificate("acme")
    }

    /// Adds a key to `acme`, after [`Self::acme`].
    pub fn acme_key(mut self, key: &str) -> Self {
        self.acme = self.acme.replace("}\n", &format!(", {key}}}\n"));
        self
    }

    /// Listens elsewhere; `HTTP` and `HTTPS` stand for the kept ports.
    pub fn listen(mut self, listen: &str) -> Self {
        listen.clone_into(&mut self.listen);
        self
    }

    /// Writes a file beside `proxy.yaml`.
    pub fn file(self, name: &str, content: &str) -> Self {
        write(self.folder.path(), name, content);
        self
    }

    /// Runs the program on a system that trusts this root only.
    pub fn system_root(mut self, pem: &str) -> Self {
        let file = self.folder.path().join("system-roots.pem");
        let file = file.to_string_lossy().into_owned();
        self.environment.push(("SSL_CERT_FILE".to_owned(), file));
        self.file("system-roots.pem", pem)
    }

    /// Starts hubgate with a variable in its environment.
    pub fn variable(mut self, name: &str, value: &str) -> Self {
        self.environment.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Protects the site with a password file that knows `anna`.
    pub fn password(self) -> Self {
        self.site("access: {password: htpasswd}")
            .file("htpasswd", HTPASSWD)
    }

    /// Protects the site by the certificates of a CA.
    pub fn client_certificate(self, ca: &Authority) -> Self {
        self.site("access: {client_certificate: ca.pem}")
            .file("ca.pem", &ca.pem())
    }

    /// The folder of `proxy.yaml`, which is written now.
    pub fn write(&self) -> PathBuf {
        write(self.folder.path(), "proxy.yaml", &self.yaml());
        self.folder.path().to_owned()
    }

    /// The port of HTTP.
    pub fn http(&self) -> &Port {
        &self.ports[0]
    }

    /// The port of HTTPS.
    pub fn https(&self) -> &Port {
        &self.ports[1]
    }

    /// Starts hubgate with listening sockets of the test's.
    pub fn inherit(mut self, socket: impl Into<OwnedFd>) -> Self {
        self.sockets.push(socket.into());
        self
    }

    /// Starts hubgate on a machine where the test's own clients do not reach it.
    pub fn on(mut self, machine: &Machine) -> Self {
        self.elsewhere = Some(machine.command(&self.folder.path().join("hubgate")));
        self
    }

    /// Runs hubgate in a container on a machine.
    pub fn in_container_on(mut self, machine: &Machine) -> Self {
        let program = self.folder.path().join("hubgate");
        self.elsewhere = Some(machine.container_command(&program));
        self
    }

    /// Starts hubgate and waits until it listens; elsewhere, until it answers commands.
    pub async fn start(self) -> Hubgate {
        if self.elsewhere.is_some() {
            let gate = self.launch();
            gate.answers_commands().await;
            return gate;
        }
        let listening = self.listening();
        let mut gate = self.launch();
        for address in listening {
            gate.listens(address).await;
        }
        gate
    }

    /// Starts hubgate, which may refuse to run.
    pub fn launch(mut self) -> Hubgate {
        self.write();
        let command = self.command();
        let environment = self.environment;
        Hubgate::start(command, environment, self.folder, self.root, self.ports)
    }

    /// `hubgate` through its own link, which a test may redirect.
    fn command(&mut self) -> Command {
        let link = self.folder.path().join("hubgate");
        symlink(PROGRAM, &link).unwrap();
        let elsewhere = self.elsewhere.take();
        elsewhere.unwrap_or_else(|| inheriting(&link, std::mem::take(&mut self.sockets)))
    }

    /// Writes a certificate of the setup's root and its key as `NAME.pem` and `NAME.key`.
    pub fn with_certificate(self, name: &str, hosts: &[&str]) -> Self {
        let leaf = self.root.server(hosts);
        self.file(&format!("{name}.pem"), &leaf.chain_pem)
            .file(&format!("{name}.key"), &leaf.key_pem)
    }

    fn listening(&self) -> Vec<SocketAddr> {
        let [http, https] = self.ports.each_ref().map(Port::address);
        let clear = self.listen.replace("HTTPS", "").contains("HTTP");
        let tls = self.listen.contains("HTTPS");
        let used = [(clear, http), (tls, https)];
        let used = used.into_iter().filter(|(used, _)| *used);
        used.map(|(_, address)| address).collect()
    }

    fn yaml(&self) -> String {
        let [http, https] = self.ports.each_ref().map(|port| port.number().to_string());
        let listen = self.listen.replace("HTTPS", &https).replace("HTTP", &http);
        let Self {
            top,
            acme,
            hosts,
            certificate,
            site,
            other_sites,
            ..
        } = self;
        let is_guarded = site.lines().any(|line| line.starts_with("    access:"));
        let access = if is_guarded {
            ""
        } else {
            "    access: public\n"
        };
        format!(
            "{listen}\n{top}{acme}sites:\n  - hosts: {hosts}\n    certificate: {certificate}\n\
             {site}{access}{other_sites}"
        )
    }
}

/// Writes a file only its owner may read, whole or not at all.
pub(super) fn write(folder: &Path, name: &str, content: &str) {
    let new = folder.join(format!("{name}.new"));
    fs::write(&new, content).unwrap();
    fs::set_permissions(&new, fs::Permissions::from_mode(0o600)).unwrap();
    fs::rename(new, folder.join(name)).unwrap();
}
