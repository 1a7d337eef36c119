//! The answers of `hubgate init`, and the `proxy.yaml` that is made of them.

use anyhow::{anyhow, bail};

use super::Away;
use crate::{access::password::entry::UserName, config};

/// Name of the password file beside `proxy.yaml`.
pub(super) const PASSWORDS: &str = "htpasswd";

/// Valid answers.
#[derive(Debug)]
pub(super) struct Draft {
    pub(super) hosts: Vec<String>,
    pub(super) hub: String,
    pub(super) away: Away,
    pub(super) email: Option<String>,
    pub(super) user: Option<UserName>,
}

impl Draft {
    pub(super) fn parse_hosts(text: &str) -> anyhow::Result<Vec<String>> {
        let hosts: Vec<_> = text
            .split(',')
            .map(str::trim)
            .filter(|host| !host.is_empty())
            .collect();
        if hosts.is_empty() {
            bail!("no host: write a name such as home.example.org");
        }
        let checked = hosts.into_iter().map(|host| {
            config::check_host(host).map_err(|fault| anyhow!(fault))?;
            if host.starts_with('*') {
                bail!(
                    "\"{host}\" needs a DNS provider, which `hubgate init` does not ask for: write each name"
                );
            }
            Ok(host.to_owned())
        });
        checked.collect()
    }

    pub(super) fn parse_hub(text: &str) -> anyhow::Result<String> {
        config::check_server(text).map_err(|fault| anyhow!(fault))?;
        Ok(text.to_owned())
    }

    pub(super) fn parse_email(text: &str) -> anyhow::Result<String> {
        config::check_email(text).map_err(|fault| anyhow!(fault))?;
        Ok(text.to_owned())
    }

    pub(super) fn parse_optional_email(text: &str) -> anyhow::Result<Option<String>> {
        match text {
            "" => Ok(None),
            text => Self::parse_email(text).map(Some),
        }
    }

    /// Returns the text of `proxy.yaml`, with one site for the names that a public CA certifies,
    /// and one for the others.
    pub(super) fn yaml(&self, state: Option<&str>) -> String {
        let mut text =
            "# Made by `hubgate init`. Every key: man proxy.yaml, or `hubgate schema`.\n\
             # After a change: hubgate check && hubgate reload\n"
                .to_owned();
        text.extend(state.map(|state| format!("\n# Keys and certificates.\nstate: {state}\n")));
        let email = self.email.as_ref().filter(|_| self.is_public());
        text.extend(email.map(|email| format!("\nacme:\n  email: {}\n", scalar(email))));
        text += "\nsites:\n";
        let (public, local): (Vec<&String>, Vec<_>) = self
            .hosts
            .iter()
            .partition(|host| config::is_certifiable(host));
        text += &self.site(
            &public,
            "acme                  # from Let's Encrypt, renewed by hubgate",
        );
        text += &self.site(
            &local,
            "self-signed           # browsers ask once whether to trust it",
        );
        text
    }

    /// True if a public CA certifies one of the hosts.
    pub(super) fn is_public(&self) -> bool {
        self.hosts.iter().any(|host| config::is_certifiable(host))
    }

    fn site(&self, hosts: &[&String], certificate: &str) -> String {
        if hosts.is_empty() {
            return String::new();
        }
        let hosts: Vec<_> = hosts.iter().map(|host| scalar(host)).collect();
        let hosts = hosts.join(", ");
        let hub = scalar(&self.hub);
        let mut text = format!(
            "  - hosts: [{hosts}]\n    certificate: {certificate}\n    upstream: {hub}\n    \
             access:                           # any one of these is enough\n      \
             networks: [lan]                 # at home\n"
        );
        if self.away.takes_password() {
            text += "      password: htpasswd              # away: hubgate user add NAME\n";
        }
        if self.away.takes_certificates() {
            text += "      client_certificate: own         # away: hubgate client add NAME\n";
        }
        text
    }
}

impl Away {
    pub(super) fn parse(text: &str) -> anyhow::Result<Self> {
        Ok(match text {
            "1" | "nobody" => Self::Nobody,
            "2" | "password" => Self::Password,
            "3" | "phones" => Self::Phones,
            "4" | "both" => Self::Both,
            _ => bail!("\"{text}\" is none of these: write a number from 1 to 4"),
        })
    }

    pub(super) fn takes_password(self) -> bool {
        matches!(self, Self::Password | Self::Both)
    }

    pub(super) fn takes_certificates(self) -> bool {
        matches!(self, Self::Phones | Self::Both)
    }
}

/// Returns the text as a YAML scalar, in quotes unless it is plain text without them.
fn scalar(text: &str) -> String {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "./-@_".contains(c);
    let is_url = text.starts_with("http") && !text.contains(['#', '[', ' ']);
    match text.starts_with(|c: char| c.is_ascii_alphabetic())
        && (is_url || text.chars().all(is_plain))
    {
        true => text.to_owned(),
        false => serde_json::Value::from(text).to_string(),
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::config::model::Certificate;

    fn draft(hosts: &[&str], away: Away) -> Draft {
        Draft {
            hosts: hosts.iter().map(ToString::to_string).collect(),
            hub: "http://127.0.0.1:8080".into(),
            away,
            email: Some("me@example.org".into()),
            user: None,
        }
    }

    #[test]
    fn public_and_local_hosts_are_sites_with_the_certificate_that_they_can_have() {
        let hosts = ["home.example.org", "openhabian.local", "fd00::5"];
        let text = draft(&hosts, Away::Both).yaml(Some("/var/lib/hubgate"));
        let config = config::parse(&text, Path::new("/etc/hubgate/proxy.yaml")).unwrap();
        let [public, local] = &config.sites[..] else {
            panic!("{text}")
        };
        assert_eq!(
            (&public.certificate, public.hosts.len()),
            (&Certificate::Acme, 1)
        );
        assert_eq!(
            (&local.certificate, local.hosts.len()),
            (&Certificate::SelfSigned, 2)
        );
        assert_eq!(config.acme.email.as_deref(), Some("me@example.org"));
        let password = public.access.password.as_deref();
        assert_eq!(password, Some(Path::new("/etc/hubgate/htpasswd")));
        assert!(config.uses_own_ca() && config.warnings.is_empty(), "{text}");
    }

    #[test]
    fn the_answer_decides_the_factors() {
        for (away, password, phones) in [
            (Away::Nobody, false, false),
            (Away::Password, true, false),
            (Away::Phones, false, true),
        ] {
            let text = draft(&["localhost"], away).yaml(None);
            let config = config::parse(&text, Path::new("proxy.yaml")).unwrap();
            let access = &config.sites[0].access;
            assert_eq!(access.password.is_some(), password, "{text}");
            assert_eq!(access.client_certificate.is_some(), phones, "{text}");
            assert!(!text.contains("email"), "{text}");
        }
    }

    #[test]
    fn odd_answers_are_quoted() {
        for text in [
            "http://[::1]:8080",
            "http://hub:80",
            "yes: no",
            "*.example.org",
            "1.2",
        ] {
            let read: serde_json::Value =
                serde_saphyr::from_str(&format!("a: {}", scalar(text))).unwrap();
            assert_eq!(read["a"], text);
        }
    }
}
