//! `hubgate check`: all faults of the configuration, or its effect.
//!
//! The effect is described site by site, in sentences for an operator who is new to proxies, so
//! that a wrong setting is noticed before it matters.

use std::{fmt, path::Path};

use super::print;
use crate::{
    config::{
        self,
        model::{Acme, Certificate, Config, PathAccess, PathRule, Serve, Site, Upstream},
    },
    doctor::{
        access_summary, container, exposed_hubs, hub, loaded, shared_hub,
        startup::{self, CannotStart},
    },
};

/// Prints the effect of the configuration.
///
/// # Errors
/// All faults of the configuration and of the files that it names.
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
    config.warnings.extend(exposed_hubs::warnings(&config));
    config.warnings.extend(shared_hub::warnings(&config));
    config.warnings.extend(container::warning(&config));
    config.warnings.extend(hub::refused(&config));
    let summary = Summary { config: &config };
    print(&format!("{} is in order\n\n{summary}", path.display()))
}

/// The effect of a configuration.
struct Summary<'a> {
    config: &'a Config,
}

impl fmt::Display for Summary<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "listens on {}", self.listeners())?;
        for site in &self.config.sites {
            let acme = &self.config.acme;
            write!(f, "{}", SiteSummary { site, acme })?;
        }
        if !self.config.warnings.is_empty() {
            writeln!(f)?;
        }
        let mut warnings = self.config.warnings.iter();
        warnings.try_for_each(|warning| writeln!(f, "warning: {warning}"))
    }
}

impl Summary<'_> {
    fn listeners(&self) -> String {
        let (http, https) = (&self.config.listen.http, &self.config.listen.https);
        let (plain, tls) = (joined(http, ", "), joined(https, ", "));
        match (http.is_empty(), https.is_empty()) {
            (true, _) => format!("{tls} (https)"),
            (_, true) => format!("{plain} (http, in the clear)"),
            _ => format!("{tls} (https) and {plain} (http, redirects to https)"),
        }
    }
}

/// The effect of a site: its hosts, then a line for each setting.
struct SiteSummary<'a> {
    site: &'a Site,
    acme: &'a Acme,
}

impl fmt::Display for SiteSummary<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "\n{}", joined(&self.site.hosts, ", "))?;
        writeln!(f, "  {:<12} {}", "certificate", self.certificate())?;
        for (label, text) in self.settings().into_iter().flatten() {
            writeln!(f, "  {label:<12} {text}")?;
        }
        for rule in &self.site.paths {
            writeln!(f, "  {:<12} {}", rule.pattern(), path(rule))?;
        }
        Ok(())
    }
}

impl SiteSummary<'_> {
    fn certificate(&self) -> String {
        match &self.site.certificate {
            Certificate::SelfSigned => {
                "made by hubgate; browsers ask once whether to trust it".into()
            }
            Certificate::Acme => {
                let directory = &self.acme.authority.directory;
                let challenges = joined(&self.acme.challenges, " or ");
                format!("issued by {directory} with {challenges}, and renewed by hubgate")
            }
            Certificate::Files { chain, key } => {
                format!("{}, its key in {}", chain.display(), key.display())
            }
        }
    }

    /// Returns the settings that a site can have, with their labels.
    fn settings(&self) -> [Option<(&'static str, String)>; 8] {
        let Self { site, .. } = self;
        let redirect = site.redirect();
        let hub = site.upstream();
        let user = site.user_header.as_ref();
        let usages = access_summary::usages(site).map(str::to_owned);
        [
            redirect.map(|origin| ("redirects", format!("every path to {origin}"))),
            hub.map(|hub| ("hub", HubSummary(hub).to_string())),
            site.serve().map(|serve| ("serves", served(serve))),
            redirect
                .is_none()
                .then(|| ("who enters", access_summary::summary(&site.access))),
            user.map(|name| ("user", format!("named to the hub in {name}"))),
            access_summary::origins(&site.origins).map(|origins| ("origins", origins)),
            site.session
                .map(|lifetime| ("login", access_summary::remembered(lifetime))),
            usages.map(|usages| ("certificates", usages)),
        ]
    }
}

/// Names an answer of hubgate's own.
fn served(serve: Serve) -> String {
    match serve {
        Serve::Metrics => "metrics for Prometheus".to_owned(),
    }
}

/// The servers of a hub, and their settings.
pub(super) struct HubSummary<'a>(pub(super) &'a Upstream);

impl fmt::Display for HubSummary<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self(hub) = self;
        f.write_str(&joined(&hub.servers, " or "))?;
        if let Some(trust) = self.trust() {
            write!(f, ", {trust}")?;
        }
        if hub.http2 {
            f.write_str(", over HTTP/2")?;
        }
        if let Some(host) = hub.host.as_ref().and_then(|host| host.to_str().ok()) {
            write!(f, ", gets the host {host}")?;
        }
        let mut edits = hub.headers.iter();
        edits.try_for_each(|edit| write!(f, ", {edit}"))?;
        match &hub.health {
            Some(health) => write!(f, ", {health}"),
            None => Ok(()),
        }
    }
}

impl HubSummary<'_> {
    fn trust(&self) -> Option<String> {
        if let Some(pin) = &self.0.pin {
            return Some(format!("only with the certificate {pin}"));
        }
        let ca = self.0.ca.as_ref()?;
        Some(format!("trusted by {}", ca.display()))
    }
}

/// Describes the change that a path rule makes to its site.
pub(super) fn path(rule: &PathRule) -> String {
    let access = match &rule.access {
        PathAccess::Inherit => "as above".into(),
        PathAccess::Public => "all clients, without authentication".into(),
        PathAccess::And(access) => {
            format!("as above, and also: {}", access_summary::summary(access))
        }
    };
    let access = match access_summary::origins(&rule.origins) {
        Some(origins) => format!("{access}; {origins}"),
        None => access,
    };
    match (&rule.upstream, rule.serve) {
        (Some(hub), _) => format!("{access}; hub {}", HubSummary(hub)),
        (None, Some(serve)) => format!("{access}; {}", served(serve)),
        (None, None) => access,
    }
}

fn joined<T: ToString>(items: &[T], separator: &str) -> String {
    let items: Vec<_> = items.iter().map(ToString::to_string).collect();
    items.join(separator)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn summary(text: &str) -> String {
        let config = config::parse(text, Path::new("proxy.yaml")).unwrap();
        Summary { config: &config }.to_string()
    }

    #[test]
    fn the_summary_has_the_sites_in_sentences() {
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
  - hosts: [guest]
    upstream: {servers: ["http://127.0.0.1:8080"], http2: true, health: {path: /up?key=s3cret}}
    access: public
  - {hosts: [www.example.org], redirect: "https://home.example.org"}
"#;
        let expected = "\
listens on [::]:443 (https) and [::]:80 (http, redirects to https)

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
  hub          http://127.0.0.1:8080, over HTTP/2, its health is checked by /up every 30 s
  who enters   all clients, without authentication

www.example.org
  certificate  made by hubgate; browsers ask once whether to trust it
  redirects    every path to https://home.example.org

warning: proxy.yaml:20:49: sites[1].paths[0].access.origins[0]: every site can open a page with the origin null: give that page a host
";
        assert_eq!(summary(text), expected);
    }

    #[test]
    fn a_certificate_of_a_ca_has_its_directory_and_challenge_types() {
        let summary = summary(
            "sites: [{hosts: [home.example.org], certificate: acme, upstream: 'http://h:1', access: public}]",
        );
        let expected = "issued by https://acme-v02.api.letsencrypt.org/directory \
                        with http-01 or tls-alpn-01, and renewed by hubgate";
        assert!(summary.contains(expected), "{summary}");
    }

    #[test]
    fn listeners_in_the_clear_are_marked() {
        let site = "sites: [{hosts: [a], upstream: 'http://h:1', access: public}]";
        let plain = summary(&format!(
            "listen: {{http: ['127.0.0.1:80'], https: []}}\n{site}"
        ));
        assert!(plain.starts_with("listens on 127.0.0.1:80 (http, in the clear)\n"));
        let tls = summary(&format!("listen: {{http: []}}\n{site}"));
        assert!(tls.starts_with("listens on [::]:443 (https)\n"));
    }
}
