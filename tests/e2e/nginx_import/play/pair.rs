//! NGINX and hubgate with the same random site, before the same hubs.

use std::{
    collections::HashMap,
    fs,
    path::Path,
    process::{Command, Stdio},
};

use hubgate::nginx::{self, Disk, Import, ImportError, ImportOptions};

use super::{
    client::{Certificates, Client, Response},
    hubs::{Hubs, ReceivedRequest},
    node::{self, Node},
    processes::{Ending, listened, nginx_listens, start_hubgate, wait},
    requests::Request,
};
use crate::harness::Port;

/// Resources that all sites of a thread share.
pub(super) struct Fixture<'s> {
    pub hubs: &'s Hubs,
    pub certificates: &'s Certificates,
    folder: tempfile::TempDir,
    ours: Ports,
    theirs: Ports,
    number: u64,
}

struct Ports(HashMap<&'static str, Port>);

/// Outcome of a site.
#[derive(Debug)]
pub(super) enum Outcome {
    /// The import stops.
    Stopped(String),
    /// NGINX refuses it, or hubgate cannot listen.
    Unplayable(String),
    /// This many requests reached a hub through hubgate, all of them through NGINX too.
    Equal(usize),
    /// hubgate forwards a request that NGINX does not.
    Weaker(Box<Weakness>),
}

/// A request that reaches a hub through hubgate only.
#[derive(Debug)]
pub(super) struct Weakness {
    pub request: Request,
    pub ours: ReceivedRequest,
    pub theirs: Option<ReceivedRequest>,
    pub status: u16,
    pub yaml: String,
}

const ALL: [&str; 3] = ["@HTTP@", "@HTTPS@", "@ALT@"];

impl Ports {
    fn keep() -> Self {
        Self(ALL.into_iter().map(|name| (name, Port::keep())).collect())
    }

    fn numbers(&self) -> HashMap<&'static str, u16> {
        self.0
            .iter()
            .map(|(name, port)| (*name, port.number()))
            .collect()
    }
}

const AROUND: &str = "daemon off; master_process off; pid nginx.pid; error_log stderr;\n\
    events { worker_connections 256; }\nhttp {\naccess_log off; client_body_temp_path body; proxy_temp_path proxy;\n\
    fastcgi_temp_path fastcgi; uwsgi_temp_path uwsgi; scgi_temp_path scgi; keepalive_timeout 75; keepalive_requests 100000;\n";

impl<'s> Fixture<'s> {
    /// A folder with all the files that sites name, and ports for both.
    pub(super) fn new(hubs: &'s Hubs, certificates: &'s Certificates) -> Self {
        let folder = tempfile::tempdir().unwrap();
        // {SHA} of `secret`, which costs next to nothing.
        let secret = "{SHA}5en6G6MezRroT3XKqkdPOmY/BfQ=";
        for (name, text) in [
            ("s.pem", certificates.server.chain_pem.clone()),
            ("s.key", certificates.server.key_pem.clone()),
            ("ca.pem", certificates.ca.pem()),
            ("ca2.pem", certificates.strangers.pem()),
            (
                "both.pem",
                certificates.between.pem() + &certificates.ca.pem(),
            ),
            ("cut.pem", certificates.between.pem()),
            ("pw", format!("anna:{secret}\nbert:{{SHA}}x\n")),
            ("pw2", format!("bert:{secret}\n")),
            (
                "twice",
                format!("anna:$1$broken\nanna:{secret}\nbert:{secret}\n"),
            ),
        ] {
            fs::write(folder.path().join(name), text).unwrap();
        }
        Self {
            hubs,
            certificates,
            folder,
            ours: Ports::keep(),
            theirs: Ports::keep(),
            number: 0,
        }
    }

    /// Plays a site to both.
    pub(super) fn play(&mut self, site: &[Node], requests: &[Request]) -> Outcome {
        let path = self.folder.path().to_owned();
        let imported = match self.import(site, &path) {
            Ok(imported) => imported,
            Err(ImportError::Invalid { faults, yaml }) => {
                return Outcome::Unplayable(format!("{faults}\n{yaml}"));
            }
            Err(failure) => return Outcome::Stopped(failure.to_string()),
        };
        let yaml = &imported.yaml;
        let listened = listened(yaml);
        let ours = match start_hubgate(&path, &imported, &listened) {
            Ok(child) => child,
            Err(why) => return Outcome::Unplayable(format!("hubgate: {why}\n{yaml}")),
        };
        let mut theirs = match self.start_nginx(site, &path) {
            Ok(child) => child,
            Err(why) => return Outcome::Unplayable(format!("nginx: {why}")),
        };
        let played = self.compare(requests, yaml);
        drop(ours);
        match theirs.0.try_wait().unwrap() {
            // It gives up some time after it listens on the first address.
            Some(_) => Outcome::Unplayable("nginx: ended".to_owned()),
            None => played,
        }
    }

    fn import(&self, site: &[Node], path: &Path) -> Result<Import, ImportError> {
        let conf = path.join("ours.conf");
        fs::write(&conf, self.nginx_conf(site, &self.ours)).unwrap();
        let hosts = ["machine.test", "home.test", "localhost"]
            .map(str::to_owned)
            .into();
        let options = ImportOptions {
            hosts,
            out: Some(path.join("proxy.yaml")),
            ..ImportOptions::default()
        };
        nginx::import(&Disk, &[conf], &options)
    }

    fn nginx_conf(&self, site: &[Node], ports: &Ports) -> String {
        let mut text = format!("{AROUND}{}}}\n", node::text(site));
        for (name, number) in ports.numbers() {
            text = text.replace(name, &number.to_string());
        }
        let words = [
            ("@HUB@", self.hubs.hub.to_string()),
            ("@OTHER@", self.hubs.other.to_string()),
            ("@W@", self.folder.path().display().to_string()),
        ];
        words
            .iter()
            .fold(text, |text, (word, value)| text.replace(word, value))
    }

    fn start_nginx(&self, site: &[Node], path: &Path) -> Result<Ending, String> {
        let folder = path.join("nginx");
        fs::create_dir_all(&folder).unwrap();
        let text = self.nginx_conf(site, &self.theirs);
        let conf = folder.join("nginx.conf");
        fs::write(&conf, &text).unwrap();
        let log = fs::File::create(folder.join("log")).unwrap();
        let mut command = Command::new("nginx");
        let command = command
            .arg("-p")
            .arg(&folder)
            .arg("-c")
            .arg(&conf)
            .args(["-e", "stderr"]);
        let child = command
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(log)
            .spawn()
            .unwrap();
        let listened = nginx_listens(&text);
        wait(Ending(child), &listened, &folder.join("log"))
    }

    fn compare(&mut self, requests: &[Request], yaml: &str) -> Outcome {
        let mut ours = Client::new(self.certificates, self.ours.numbers());
        let mut theirs = Client::new(self.certificates, self.theirs.numbers());
        let mut equal = 0;
        for request in requests {
            let (_, Some(received)) = self.send(&mut ours, request) else {
                continue;
            };
            let (answer, other) = self.answered(&mut theirs, request);
            if !self.reaches(&received, other.as_ref(), &answer, request, &mut theirs) {
                let yaml = yaml.to_owned();
                return Outcome::Weaker(Box::new(Weakness {
                    request: request.clone(),
                    ours: received,
                    theirs: other,
                    status: answer.status,
                    yaml,
                }));
            }
            equal += 1;
        }
        Outcome::Equal(equal)
    }

    /// The answer of NGINX, which on a busy machine may take more than one try; 444 is none.
    fn answered(
        &mut self,
        nginx: &mut Client<'_>,
        request: &Request,
    ) -> (Response, Option<ReceivedRequest>) {
        let mut last = self.send(nginx, request);
        for _ in 0..2 {
            if last.0.status > 0 {
                break;
            }
            last = self.send(nginx, request);
        }
        last
    }

    pub(super) fn send(
        &mut self,
        client: &mut Client<'_>,
        request: &Request,
    ) -> (Response, Option<ReceivedRequest>) {
        self.number += 1;
        // Numbers of several threads differ, as do those of hubs that they share.
        let number = self.number * 64
            + u64::from(self.ours.0["@HTTP@"].number()) % 64
            + (u64::from(self.ours.0["@HTTP@"].number()) << 40);
        let answer = client.send(request, number);
        (answer, self.hubs.take_received(number))
    }
}
