//! A site with its files, and requests with credentials.

use std::{fs, net::IpAddr, path::Path, sync::Arc, time::SystemTime};

use crate::{
    access::{
        basic::Basic,
        evidence::{Evidence, Known},
        network::Client,
        password::Passwords,
        policy::Policy,
        rule::{Credentials, PresentedBy},
        throttle::Throttle,
        verdict::{Admission, Denial},
    },
    config::model::{
        Access, Certificate, ClientCaSource, ClientCertificate, ClientHeaders, Destination, Host,
        Hsts, Networks, PathAccess, PathRule, Satisfy, Server, Site, Upstream,
    },
    tls::{
        ClientAuth, ClientCertificateError,
        testing::{Folder, TestCa},
    },
};

pub(super) const HOME: &str = "192.168.1.20";
pub(super) const AWAY: &str = "203.0.113.9";
const ANNA: &str = "anna:{SHA}L55TUjtiq8FBorTWAZ0jy6g129A=\n";
const BERT: &str = "bert:{SHA}L55TUjtiq8FBorTWAZ0jy6g129A=\n";

/// A site in a folder with the password files `anna` and `bert`.
pub(super) struct Scene {
    pub(super) folder: tempfile::TempDir,
    pub(super) policy: Policy,
    pub(super) throttle: Arc<Throttle>,
}

/// The credentials of a request.
#[derive(Clone, Copy)]
pub(super) struct Presented<'a> {
    pub(super) address: &'a str,
    /// `valid`, `revoked`, or empty for none.
    pub(super) certificate: &'a str,
    /// User and password.
    pub(super) login: Option<(&'a str, &'a str)>,
}

/// Returns the credentials of a request.
pub(super) fn presented<'a>(
    address: &'a str,
    certificate: &'a str,
    login: Option<(&'a str, &'a str)>,
) -> Presented<'a> {
    Presented {
        address,
        certificate,
        login,
    }
}

impl Scene {
    pub(super) fn new(access: &str, paths: &[(&str, &str)]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("anna"), ANNA).unwrap();
        fs::write(folder.path().join("bert"), BERT).unwrap();
        let mut scene = Self {
            policy: policy(folder.path(), access, paths),
            folder,
            throttle: Arc::new(Throttle::new()),
        };
        scene.change(access, paths);
        scene
    }

    pub(super) fn change(&mut self, access: &str, paths: &[(&str, &str)]) {
        self.policy = policy(self.folder.path(), access, paths);
        self.throttle = Arc::new(Throttle::new());
    }

    pub(super) async fn decide(
        &self,
        path: &str,
        credentials: Presented<'_>,
    ) -> Result<Admission, Denial> {
        let Presented {
            address,
            certificate,
            login,
        } = credentials;
        let basic = login.map(|(user, password)| Basic {
            user: user.to_owned(),
            password: password.to_owned(),
        });
        let credentials = Credentials {
            client: client(address),
            basic: basic.as_ref(),
            known: Known::Nothing,
            validate_certificate: |_: PresentedBy, _: &ClientCertificate| validate(certificate),
        };
        let place = self.policy.at_path(path.as_bytes()).unwrap();
        place.decide(&credentials, &self.throttle).await
    }

    /// Reports whether a request from the address is still admitted by the evidence.
    pub(super) fn still_admits(&self, path: &str, address: &str, evidence: &Evidence) -> bool {
        let credentials = Credentials {
            client: client(address),
            basic: None,
            known: Known::Admitted {
                evidence,
                session_lasts: false,
            },
            validate_certificate: |_: PresentedBy, _: &ClientCertificate| ClientAuth::Absent,
        };
        let place = self.policy.at_path(path.as_bytes()).unwrap();
        place.still_admits(&credentials)
    }

    /// Returns the user or `-` of an admission, or the denial as text.
    pub(super) async fn outcome_of(&self, path: &str, credentials: Presented<'_>) -> String {
        match self.decide(path, credentials).await {
            Ok(admission) => admission.user.unwrap_or_else(|| "-".to_owned()),
            Err(Denial::Password { certificate: None }) => "password".to_owned(),
            Err(Denial::Password {
                certificate: Some(reason),
            }) => format!("password, {reason}"),
            Err(Denial::CertificateAbsent) => "no certificate".to_owned(),
            Err(Denial::CertificateInvalid(reason)) => reason.to_string(),
            Err(Denial::Network) => "network".to_owned(),
            Err(Denial::Throttled { .. }) => "throttled".to_owned(),
        }
    }
}

pub(super) fn client(address: &str) -> Client {
    Client::at_handshake(
        address.parse::<IpAddr>().unwrap().into(),
        &Networks::default(),
    )
}

fn validate(certificate: &str) -> ClientAuth {
    match certificate {
        "valid" => {
            let (ca, folder) = (TestCa::new("Home CA"), Folder::new());
            let chain = ca.issue("Anna's phone").chain;
            ClientAuth::of(&chain, &ca.client_ca(&folder), SystemTime::now())
        }
        "revoked" => ClientAuth::Invalid(ClientCertificateError::Revoked),
        _ => ClientAuth::Absent,
    }
}

/// Parses `any network certificate anna`: `any` or `all`, and the factors.
pub(super) fn access(folder: &Path, words: &str) -> Access {
    let has = |word: &str| words.split(' ').any(|other| other == word);
    let file = ["anna", "bert"].into_iter().find(|file| has(file));
    Access {
        satisfy: if has("all") {
            Satisfy::All
        } else {
            Satisfy::Any
        },
        networks: has("network").then(|| Networks(vec!["192.168.0.0/16".parse().unwrap()])),
        password: file.map(|file| folder.join(file)),
        client_certificate: has("certificate").then(|| ClientCertificate {
            ca: ClientCaSource::Files {
                ca: "ca.pem".into(),
                crl: None,
            },
            allow: Vec::new(),
            verify_depth: None,
            any_use: false,
        }),
        client_headers: ClientHeaders::Off,
    }
}

fn policy(folder: &Path, site: &str, paths: &[(&str, &str)]) -> Policy {
    let rule = |(path, words): &(&str, &str)| PathRule {
        path: (*path).to_owned(),
        prefix: false,
        access: match *words {
            "public" => PathAccess::Public,
            "inherit" => PathAccess::Inherit,
            words => PathAccess::And(access(folder, words)),
        },
        origins: Vec::new(),
        upstream: None,
        serve: None,
    };
    let site = Site {
        hosts: vec![Host::Name("home.example.org".to_owned())],
        certificate: Certificate::SelfSigned,
        destination: Destination::Upstream(Arc::new(Upstream {
            servers: vec![Server::Unix("hub.sock".into())],
            ..Upstream::default()
        })),
        user_header: None,
        access: access(folder, site),
        origins: Vec::new(),
        session: None,
        paths: paths.iter().map(rule).collect(),
        hsts: Hsts::Off,
        headers: Vec::new(),
    };
    Policy::build(&site, |path| Ok(Arc::new(Passwords::load(path)?))).unwrap()
}

pub(super) const RIGHT: Option<(&str, &str)> = Some(("anna", "correct horse"));
pub(super) const WRONG: Option<(&str, &str)> = Some(("anna", "wrong"));
pub(super) const TOKEN: Option<(&str, &str)> = Some(("oh.phone.abc", ""));
