//! Imports of whole configurations.

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

/// Imports one file as a site alone.
fn import_text(text: &str) -> Result<Import, ImportError> {
    let files = InMemory([("/e/sites-enabled/openhab".into(), text.to_owned())].into());
    let hosts = vec!["openhabian.local".to_owned(), "localhost".to_owned()];
    let options = ImportOptions {
        hosts,
        ..ImportOptions::default()
    };
    import(&files, &["/e/sites-enabled/openhab".into()], &options)
}

/// Returns the text of proxy.yaml without its first comment and empty lines.
fn yaml(text: &str) -> String {
    let import = import_text(text).unwrap_or_else(|failure| panic!("{failure}"));
    let lines = import.yaml.lines().skip(3).filter(|line| !line.is_empty());
    lines.map(|line| format!("{line}\n")).collect()
}

/// Returns the report.
fn report(text: &str) -> String {
    import_text(text).unwrap().report.to_string()
}

/// Returns the reasons to stop.
fn stop(text: &str) -> String {
    match import_text(text) {
        Err(ImportError::Stopped(report)) => report.stop_message(),
        other => panic!("{other:?}"),
    }
}

/// Returns a site over TLS with these directives in its server.
fn home(inside: &str) -> String {
    format!(
        "server {{\n listen 443 ssl;\n server_name home.example.org;\n \
         ssl_certificate /c/a.pem;\n ssl_certificate_key /c/a.key;\n{inside}\n}}\n"
    )
}

const HUB: &str = "proxy_pass http://127.0.0.1:8080; proxy_set_header Host $host;";
/// The same field for other upstreams.
const HOST: &str = "proxy_set_header Host $host;";
const PASSWORD: &str =
    "auth_basic \"Username and Password Required\"; auth_basic_user_file /e/.htpasswd;";
