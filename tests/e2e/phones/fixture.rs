//! hubgate with devices, and an invitation.

use std::{fs, path::Path};

use http::Method;

use crate::{
    harness::{Client, Hubgate, Leaf, Response, Running, Setup, foreign},
    hub::Hub,
};

/// An address away from home: hubgate requests a certificate here.
pub const AWAY: &str = "127.0.0.2";

/// A hub with its hubgate.
pub struct Fixture {
    /// The hub behind hubgate.
    pub hub: Hub,
    /// hubgate.
    pub gate: Hubgate,
}

/// `hubgate client add`, waiting for its device.
pub struct Invitation {
    /// The command that waits.
    pub terminal: Running,
    /// The displayed code.
    pub code: String,
    /// The link's path.
    pub link: String,
}

impl Fixture {
    /// Starts hubgate without enrolled devices.
    pub async fn start() -> Self {
        Self::with("").await
    }

    /// With more keys in the site's access.
    pub async fn with(access: &str) -> Self {
        let hub = Hub::start().await;
        let gate = setup(&hub, access).start().await;
        gate.answers_commands().await;
        Self { hub, gate }
    }

    /// A browser at home.
    pub fn home(&self) -> Client {
        self.gate.tls()
    }

    /// A browser away, without a certificate.
    pub fn away(&self) -> Client {
        self.gate.tls().from(AWAY)
    }

    /// Starts `hubgate client` with the arguments.
    pub fn client(&self, arguments: &[&str]) -> Running {
        let arguments = [&["client"], arguments].concat();
        Running::start(self.gate.folder(), &arguments)
    }

    /// Invites a device.
    pub async fn invite(&self, name: &str) -> Invitation {
        self.invited_by(&["add", name]).await
    }

    /// Invites by this command.
    pub async fn invited_by(&self, arguments: &[&str]) -> Invitation {
        Invitation::shown_by(self.client(arguments)).await
    }

    /// Invites a device and takes its certificate to it.
    pub async fn enrol(&self, name: &str) -> Leaf {
        let invitation = self.invite(name).await;
        let page = invitation.page(&self.home()).await;
        self.take(&page).await
    }

    /// Takes the certificate of a page to the device.
    pub async fn take(&self, page: &str) -> Leaf {
        let file = get(&self.home(), &format!("{page}/x.p12")).await;
        assert_eq!(file.status, 200);
        let shown = get(&self.home(), page).await;
        opened(&file.body, &password(&shown.text()), self.gate.folder())
    }
}

impl Invitation {
    /// Reads what the command shows.
    pub async fn shown_by(terminal: Running) -> Self {
        let code = terminal.line_with("enter the code").await;
        let link = terminal.line_with("https://").await;
        let path = link.split_once("/.hubgate").unwrap().1;
        Self {
            code: code.chars().filter(char::is_ascii_digit).collect(),
            link: format!("/.hubgate{path}"),
            terminal,
        }
    }

    /// Enters a code.
    pub async fn enter(&self, code: &str, caller: &Client) -> Response {
        post(caller, &self.link, &format!("code={code}")).await
    }

    /// Enters the right code and returns the path of the page after it.
    pub async fn page(&self, caller: &Client) -> String {
        let answer = self.enter(&self.code, caller).await;
        assert_eq!(answer.status, 303, "{}", answer.text());
        answer.field("location").unwrap().to_owned()
    }

    /// A code that is not the right one.
    pub fn wrong(&self) -> String {
        let next = (self.code.parse::<u32>().unwrap() + 1) % 1_000_000;
        format!("{next:06}")
    }
}

/// The setup of hubgate.
pub fn setup(hub: &Hub, access: &str) -> Setup {
    let factors = "networks: [127.0.0.1], client_certificate: own";
    Setup::home(&hub.url()).site(&format!("access: {{{factors}{access}}}"))
}

/// Asks on a connection of its own.
pub async fn get(caller: &Client, target: &str) -> Response {
    caller.http1().await.get(target).await
}

/// Sends a form on a connection of its own.
pub async fn post(caller: &Client, target: &str, form: &str) -> Response {
    let fields = [("content-type", "application/x-www-form-urlencoded")];
    let mut http = caller.http1().await;
    http.exchange(Method::POST, target, &fields, form).await
}

/// The password that a page shows.
pub fn password(page: &str) -> String {
    let words = page.split(|letter: char| !(letter.is_ascii_alphanumeric() || letter == '-'));
    let is_password = |word: &&str| {
        let groups: Vec<_> = word.split('-').collect();
        groups.len() == 3 && groups.iter().all(|group| group.len() == 5)
    };
    let mut found = words.filter(is_password);
    found.next().expect("a password on the page").to_owned()
}

/// Returns the content of a PKCS#12 file, as OpenSSL reads it.
pub fn opened(file: &[u8], password: &str, folder: &Path) -> Leaf {
    let path = folder.join("taken.p12");
    fs::write(&path, file).unwrap();
    let (path, password) = (path.to_str().unwrap(), format!("pass:{password}"));
    let how = ["pkcs12", "-legacy", "-nodes", "-clcerts"];
    let which = ["-in", path, "-passin", &password];
    Leaf::read(&foreign("openssl", &[how, which].concat()).succeeded())
}
