//! `hubgate check`: all that is wrong with the configuration, or what it means.
//!
//! The meaning is told in sentences for somebody who never ran a proxy, site by
//! site, so that a wrong belief is noticed before it matters.

use std::path::Path;

use super::print;
use crate::{
    config::{
        self,
        model::{Acme, Certificate, Config, PathAccess, PathRule, Site, Upstream},
    },
    doctor::{
        entry, exposed, hub, loaded,
        startup::{self, CannotStart},
    },
};

/// Prints what the configuration means.
pub(super) fn run(path: &Path) -> anyhow::Result<()> {
    let mut config = config::load(path)?;
    let loaded = loaded::warnings(&config);
    let mut faults = startup::faults(&config);
    match loaded {
        Ok(warnings) => config.warnings.extend(warnings),
        Err(fault) => faults.insert(0, format!("{fault:#}")),
    }
    if !faults.is_empty() {
        return Err(CannotStart(faults.join("\n")).into());
    }
    config.warnings.extend(startup::warnings(&config));
    config.warnings.extend(exposed::warnings(&config));
    config.warnings.extend(hub::refused(&config));
    let summary = summary(&config);
    print(&format!("{} is in order\n\n{summary}", path.display()))
}

fn summary(config: &Config) -> String {
    let mut lines = vec![format!("listens on {}", listen(config))];
    lines.extend(
        config
            .sites
            .iter()
            .flat_map(|site| told(site, &config.acme)),
    );
    if !config.warnings.is_empty() {
        lines.push(String::new());
    }
    let warnings = config.warnings.iter();
    lines.extend(warnings.map(|warning| format!("warning: {warning}")));
    lines.join("\n") + "\n"
}

fn listen(config: &Config) -> String {
    let (http, https) = (&config.listen.http, &config.listen.https);
    let (plain, tls) = (list(http, ", "), list(https, ", "));
    match (http.is_empty(), https.is_empty()) {
        (true, _) => format!("{tls} (https)"),
        (_, true) => format!("{plain} (http, in the clear)"),
        _ => format!("{tls} (https) and {plain} (http, leads to https)"),
    }
}

fn told(site: &Site, acme: &Acme) -> Vec<String> {
    let line = |label: &str, text: &str| format!("  {label:<12} {text}");
    let mut lines = vec![
        String::new(),
        list(&site.hosts, ", "),
        line("certificate", &certificate(&site.certificate, acme)),
    ];
    lines.extend(destination(site).map(|(label, text)| line(label, &text)));
    let user = site.user_header.as_ref();
    lines.extend(user.map(|name| line("user", &format!("named to the hub in {name}"))));
    lines.extend(entry::origins(&site.origins).map(|origins| line("origins", &origins)));
    let session = site
        .session
        .map(|lifetime| line("login", &entry::remembered(lifetime)));
    lines.extend(session);
    lines.extend(entry::usages(site).map(|usages| line("certificates", usages)));
    lines.extend(
        site.paths
            .iter()
            .map(|rule| line(&rule.pattern(), &path(rule))),
    );
    lines
}

/// The hub with who enters, or the redirect.
fn destination(site: &Site) -> impl Iterator<Item = (&'static str, String)> {
    let redirect = site.redirect();
    let redirect = redirect.map(|origin| ("redirects", format!("every path to {origin}")));
    let hub = site.upstream().map(|hub| ("hub", upstream(hub)));
    let entry = hub.as_ref();
    let entry = entry.map(|_| ("who enters", entry::told(&site.access)));
    redirect.into_iter().chain(hub).chain(entry)
}

fn certificate(certificate: &Certificate, acme: &Acme) -> String {
    match certificate {
        Certificate::SelfSigned => "made by hubgate; browsers ask once whether to trust it".into(),
        Certificate::Acme => by_acme(acme),
        Certificate::Files { chain, key } => {
            format!("{}, its key in {}", chain.display(), key.display())
        }
    }
}

fn by_acme(acme: &Acme) -> String {
    let proofs: Vec<_> = acme.challenges.iter().map(ToString::to_string).collect();
    let directory = &acme.authority.directory;
    let proofs = proofs.join(" or ");
    format!("got from {directory} by {proofs}, and renewed by hubgate")
}

fn upstream(upstream: &Upstream) -> String {
    let servers: Vec<_> = upstream.servers.iter().map(ToString::to_string).collect();
    let servers = servers.join(" or ");
    let mut parts = vec![servers];
    parts.extend(trust(upstream));
    let host = upstream.host.as_ref().and_then(|host| host.to_str().ok());
    parts.extend(host.map(|host| format!("gets the host {host}")));
    parts.extend(upstream.headers.iter().map(ToString::to_string));
    parts.join(", ")
}

fn trust(upstream: &Upstream) -> Option<String> {
    if let Some(pin) = &upstream.pin {
        return Some(format!("only with the certificate {pin}"));
    }
    let ca = upstream.ca.as_ref()?;
    Some(format!("trusted by {}", ca.display()))
}

/// What a path rule changes.
pub(super) fn path(rule: &PathRule) -> String {
    let access = match &rule.access {
        PathAccess::Inherit => "as above".into(),
        PathAccess::Public => "all clients, without authentication".into(),
        PathAccess::And(access) => format!("as above, and also: {}", entry::told(access)),
    };
    let access = match entry::origins(&rule.origins) {
        Some(origins) => format!("{access}; {origins}"),
        None => access,
    };
    match &rule.upstream {
        Some(other) => format!("{access}; hub {}", upstream(other)),
        None => access,
    }
}

fn list<T: ToString>(items: &[T], separator: &str) -> String {
    let items: Vec<_> = items.iter().map(ToString::to_string).collect();
    items.join(separator)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(text: &str) -> String {
        summary(&config::parse(text, Path::new("proxy.yaml")).unwrap())
    }

    #[test]
    fn a_home_is_told_in_sentences() {
        let text = r#"
sites:
  - hosts: [home.example.org, "*.home.example.org", "fd00::5"]
    certificate: {chain: full.pem, key: key.pem}
    upstream: {servers: ["https://hub:8443", "https://[::1]:8443"], ca: ca.pem}
    access: {networks: [lan], password: users}
    paths:
      - {path: /static/, access: public}
      - {path: /admin, access: {satisfy: all, networks: [lan], client_certificate: phones.pem}}
      - {path: /grafana/, upstream: "unix:/run/grafana.sock"}
      - path: /router/
        upstream:
          servers: ["http://192.0.2.1:80"]
          host: router.lan
          headers: {Authorization: {file: router.auth}, Origin: null, X-Key: secret}
    user_header: Remote-User
  - hosts: [panel]
    upstream: "http://127.0.0.1:8081"
    access: {networks: [lan], origins: ["https://a.example:443", "https://b.example"]}
    paths: [{path: /camera/, access: {origins: ["null"]}}]
  - {hosts: [guest], upstream: "http://127.0.0.1:8080", access: public}
  - {hosts: [www.example.org], redirect: "https://home.example.org"}
"#;
        let expected = "\
listens on [::]:443 (https) and [::]:80 (http, leads to https)

home.example.org, *.home.example.org, fd00::5
  certificate  full.pem, its key in key.pem
  hub          https://hub:8443 or https://[::1]:8443, trusted by ca.pem
  who enters   from your networks without authentication; from elsewhere with a password
  user         named to the hub in Remote-User
  login        remembered for 30 days, and longer while it is used
  certificates need the extended key usage clientAuth; `any_use: true` accepts those without any too
  /static/     all clients, without authentication
  /admin       as above, and also: from your networks with a client certificate of phones.pem; no access from elsewhere
  /grafana/    as above; hub unix:/run/grafana.sock
  /router/     as above; hub http://192.0.2.1:80, gets the host router.lan, sets Authorization from router.auth, removes Origin, sets X-Key

panel
  certificate  made by hubgate; browsers ask once whether to trust it
  hub          http://127.0.0.1:8081
  who enters   from your networks without authentication; no access from elsewhere
  origins      pages of https://a.example and https://b.example have the rights of its own pages here
  /camera/     as above; pages of null have the rights of its own pages here

guest
  certificate  made by hubgate; browsers ask once whether to trust it
  hub          http://127.0.0.1:8080
  who enters   all clients, without authentication

www.example.org
  certificate  made by hubgate; browsers ask once whether to trust it
  redirects    every path to https://home.example.org

warning: proxy.yaml:20:49: sites[1].paths[0].access.origins[0]: every site can open a page whose origin is null: give that page a host
";
        assert_eq!(told(text), expected);
    }

    #[test]
    fn a_certificate_of_a_ca_says_whose_and_by_which_proof() {
        let told = told(
            "sites: [{hosts: [home.example.org], certificate: acme, upstream: 'http://h:1', access: public}]",
        );
        let expected = "got from https://acme-v02.api.letsencrypt.org/directory \
                        by http-01 or tls-alpn-01, and renewed by hubgate";
        assert!(told.contains(expected), "{told}");
    }

    #[test]
    fn what_is_listened_on_says_whether_it_is_in_the_clear() {
        let site = "sites: [{hosts: [a], upstream: 'http://h:1', access: public}]";
        let plain = told(&format!(
            "listen: {{http: ['127.0.0.1:80'], https: []}}\n{site}"
        ));
        assert!(plain.starts_with("listens on 127.0.0.1:80 (http, in the clear)\n"));
        let tls = told(&format!("listen: {{http: []}}\n{site}"));
        assert!(tls.starts_with("listens on [::]:443 (https)\n"));
    }
}
