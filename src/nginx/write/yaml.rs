//! Writes the text of `proxy.yaml`: only the keys that differ from the defaults.

mod text;

use self::text::{indent, item, list, scalar};
use super::secret_files::SecretFiles;
use crate::{
    nginx::{
        access::rule::{AccessPhase, Rule},
        model::{listen::Addresses, upstream::Upstream},
        plan::{
            certificate::Certificate,
            edits::{Edit, Value},
            header::Hsts,
            proxy_config::ProxyConfig,
            redirect::Redirect,
            site::Site,
            site_plan::{Access, PlannedPath},
        },
    },
    telemetry::OneLine,
};

/// An address that no client has.
const NO_CLIENT: &str = "255.255.255.255";
/// The number of networks from which on a comment explains the list.
const MANY_NETWORKS: usize = 9;

/// Writes one configuration.
pub(crate) struct Writer<'w> {
    pub(crate) config: &'w ProxyConfig,
    pub(crate) secrets: &'w SecretFiles,
}

/// An access block.
struct AccessBlock<'r> {
    rule: &'r Rule,
    /// Set where the upstream receives fields of the client certificate.
    forwards_certificate: bool,
}

impl Writer<'_> {
    /// Writes the configuration imported from `source`; `state` where the state folder is not
    /// beside the file.
    pub(crate) fn write(&self, source: &str, state: Option<&str>) -> String {
        let mut text = format!(
            "# Made by `hubgate import-nginx` from {source}.\n# `hubgate check` explains it.\n\n"
        );
        text += &self.listen();
        if let Some(state) = state {
            text +=
                &format!("# Keys and certificates that hubgate makes itself.\nstate: {state}\n");
        }
        text += &self.settings();
        text += "\nsites:\n";
        for site in &self.config.sites {
            text += &item(&self.site(site));
        }
        for redirect in &self.config.redirects {
            text += &item(&self.redirect(redirect));
        }
        text
    }

    fn has_tls(&self) -> bool {
        !self.config.https.is_empty()
    }

    fn listen(&self) -> String {
        let (http, https) = (&self.config.http, &self.config.https);
        if http.is_default(80) && https.is_default(443) {
            return String::new();
        }
        let comment = match self.has_tls() {
            true => "",
            false => {
                "# Without TLS, as in NGINX. To turn TLS on: \"[::]:443\" in https, and a `certificate` for each site.\n"
            }
        };
        let (http, https) = (http.yaml(), https.yaml());
        format!("{comment}listen: {{http: {http}, https: {https}}}\n")
    }

    fn settings(&self) -> String {
        let mut text = String::new();
        let proxies = &self.config.trusted_proxies;
        if !proxies.is_empty() {
            text += &format!("trusted_proxies: {}\n", list(proxies));
        }
        let limits = self.config.limits.iter();
        let limits: Vec<_> = limits
            .map(|(key, value)| format!("{key}: {}", scalar(value)))
            .collect();
        if !limits.is_empty() {
            text += &format!("limits: {{{}}}\n", limits.join(", "));
        }
        if let Some(access) = self.config.access_log {
            text += &format!("log: {{access: {}}}\n", scalar(access));
        }
        text
    }

    fn site(&self, site: &Site) -> String {
        let at = site.at.to_string();
        let mut text = format!("# {}\nhosts: {}\n", OneLine(&at), list(&site.hosts));
        if self.has_tls() {
            text += &site.certificate.yaml();
        }
        text += &self.upstream(&site.plan.upstream);
        if let Some(name) = &site.user_header {
            text += &format!("user_header: {}\n", scalar(name));
        }
        text += &site.access_block(&site.plan.rule).yaml();
        if !site.headers.origins.is_empty() {
            text += &format!("  origins: {}\n", list(&site.headers.origins));
        }
        if !site.plan.paths.is_empty() {
            text += "paths:\n";
        }
        for planned in &site.plan.paths {
            text += &item(&self.path(site, planned));
        }
        text + &site.response_headers()
    }

    fn redirect(&self, redirect: &Redirect) -> String {
        let mut text = format!("# {}\nhosts: {}\n", redirect.at, list(&redirect.hosts));
        if self.has_tls() {
            text += &redirect.certificate.yaml();
        }
        text += &format!("redirect: {}\n", scalar(&redirect.origin));
        text + &redirect.hsts.yaml()
    }

    fn upstream(&self, upstream: &Upstream) -> String {
        let mut keys = String::new();
        let edits = &upstream.edits;
        let texts = [("ca", upstream.ca.as_deref()), ("host", edits.host())];
        for (key, text) in texts {
            keys += &text.map_or_else(String::new, |text| format!("{key}: {}\n", scalar(text)));
        }
        if !edits.fields.is_empty() {
            let fields = edits.fields.iter().map(|edit| self.field(edit));
            keys += &format!("headers:\n{}", indent(&fields.collect::<String>()));
        }
        if upstream.is_openhab {
            keys += "kind: openhab\n";
        }
        match (upstream.servers.as_slice(), keys.is_empty()) {
            ([server], true) => format!("upstream: {}\n", scalar(server)),
            (servers, _) => {
                let servers = list(servers);
                format!("upstream:\n  servers: {servers}\n{}", indent(&keys))
            }
        }
    }

    fn field(&self, edit: &Edit) -> String {
        let name = scalar(&edit.name);
        match &edit.value {
            Value::Removed => format!("{name}: null\n"),
            Value::Text(text) => format!("{name}: {}\n", scalar(text)),
            Value::Secret(value) => {
                let file = self.secrets.find(&edit.name, value).unwrap_or_default();
                format!("{name}: {{file: {}}}\n", scalar(&file))
            }
        }
    }

    fn path(&self, site: &Site, planned: &PlannedPath) -> String {
        let mut text = format!("path: {}\n", scalar(&planned.path));
        if planned.prefix {
            text +=
                "prefix: true                     # all paths that begin with it, as in NGINX\n";
        }
        match &planned.access {
            Access::Inherit => {}
            Access::Public => text += "access: public\n",
            Access::And(rule) => text += &site.access_block(rule).yaml(),
        }
        let upstream = planned.upstream.as_ref();
        text + &upstream.map_or_else(String::new, |upstream| self.upstream(upstream))
    }
}

impl Addresses {
    fn yaml(&self) -> String {
        let addresses: Vec<_> = self.iter().map(ToString::to_string).collect();
        list(&addresses)
    }
}

impl Site {
    fn access_block<'r>(&self, rule: &'r Rule) -> AccessBlock<'r> {
        AccessBlock {
            rule,
            forwards_certificate: self.forwards_certificate,
        }
    }

    fn response_headers(&self) -> String {
        let mut text = self.headers.hsts.yaml();
        if !self.headers.others.is_empty() {
            text += "headers:\n";
        }
        for (name, value) in &self.headers.others {
            text += &format!("  {}: {}\n", scalar(name), scalar(value));
        }
        text
    }
}

impl Certificate {
    fn yaml(&self) -> String {
        match self {
            Self::SelfSigned => "certificate: self-signed\n".into(),
            Self::Acme => {
                "certificate: acme                # certbot's certificate is served until its renewal\n".into()
            }
            Self::Files { chain, key } => {
                let (chain, key) = (scalar(chain), scalar(key));
                format!("certificate:\n  chain: {chain}\n  key: {key}\n")
            }
        }
    }
}

impl AccessBlock<'_> {
    fn yaml(&self) -> String {
        if self.rule.is_open() {
            return "access: public                   # as in NGINX: all clients are admitted\n"
                .into();
        }
        format!("access:\n{}", indent(&self.keys()))
    }

    fn keys(&self) -> String {
        let factors = [self.networks(), self.password(), self.client_certificate()];
        let written = factors.iter().filter(|factor| !factor.is_empty());
        let is_either = matches!(self.rule.phase, AccessPhase::Either(..));
        let satisfy = match written.count() {
            0 | 1 => "",
            _ if self.rule.certificate_suffices || is_either => "satisfy: any\n",
            _ => "satisfy: all\n",
        };
        satisfy.to_owned() + &factors.concat()
    }

    fn networks(&self) -> String {
        if self.rule.phase == AccessPhase::Denied {
            return format!("networks: [{NO_CLIENT}]      # no client has this address\n");
        }
        let Some(networks) = self.rule.phase.networks() else {
            return String::new();
        };
        let words = networks.words();
        let comment = match words.len() {
            MANY_NETWORKS.. => "# All networks that NGINX's list of allow and deny admits.\n",
            _ => "",
        };
        format!("{comment}networks: {}\n", list(&words))
    }

    fn password(&self) -> String {
        let file = self.rule.phase.password();
        file.map_or_else(String::new, |file| format!("password: {}\n", scalar(file)))
    }

    fn client_certificate(&self) -> String {
        let Some(certificate) = &self.rule.certificate else {
            return String::new();
        };
        let headers = match self.forwards_certificate {
            true => "client_headers: x-ssl-client\n",
            false => "",
        };
        let crl = certificate.crl.as_ref();
        let crl = crl.map(|crl| format!("crl: {}, ", scalar(crl)));
        let (ca, crl) = (scalar(&certificate.ca), crl.unwrap_or_default());
        let depth = certificate.depth;
        format!("client_certificate: {{ca: {ca}, {crl}verify_depth: {depth}}}\n{headers}")
    }
}

impl Hsts {
    fn yaml(self) -> String {
        match self {
            Self::Auto => String::new(),
            Self::Off => "hsts: off\n".into(),
            Self::On {
                days,
                include_subdomains,
            } => format!("hsts: {{max_age: {days}d, include_subdomains: {include_subdomains}}}\n"),
        }
    }
}
