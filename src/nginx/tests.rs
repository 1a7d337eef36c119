//! What becomes of NGINX's configurations.

mod access;
mod client_ca;
mod conditions;
mod edits;
mod everything;
mod fields;
mod managers;
mod prefixes;
mod redirects;
mod sites;
mod variables;
mod weaker;
mod wild;

use super::*;

/// What comes of one file, read as a site alone.
fn import_text(text: &str) -> Result<Import, Failure> {
    let files = Memory([("/e/sites-enabled/openhab".into(), text.to_owned())].into());
    let hosts = vec!["openhabian.local".to_owned(), "localhost".to_owned()];
    let wishes = Wishes {
        hosts,
        ..Wishes::default()
    };
    import(&files, &["/e/sites-enabled/openhab".into()], &wishes)
}

/// The same without its first comment and empty lines.
fn yaml(text: &str) -> String {
    let import = import_text(text).unwrap_or_else(|failure| panic!("{failure}"));
    let lines = import.yaml.lines().skip(3).filter(|line| !line.is_empty());
    lines.map(|line| format!("{line}\n")).collect()
}

/// What is said of it.
fn report(text: &str) -> String {
    import_text(text).unwrap().report.to_string()
}

/// Why it stops.
fn stop(text: &str) -> String {
    match import_text(text) {
        Err(Failure::Stopped(report)) => stopped(&report),
        other => panic!("{other:?}"),
    }
}

/// A site over TLS with this in its server.
fn home(inside: &str) -> String {
    format!(
        "server {{\n listen 443 ssl;\n server_name home.example.org;\n \
         ssl_certificate /c/a.pem;\n ssl_certificate_key /c/a.key;\n{inside}\n}}\n"
    )
}

const HUB: &str = "proxy_pass http://127.0.0.1:8080; proxy_set_header Host $host;";
/// The same for other hubs.
const HOST: &str = "proxy_set_header Host $host;";
const PASSWORD: &str =
    "auth_basic \"Username and Password Required\"; auth_basic_user_file /e/.htpasswd;";
