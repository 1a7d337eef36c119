//! The target of `proxy_pass`, with the `upstream` block that it names.

use super::{inheritance::Inheritance, location::Matcher, variables::Variables};
use crate::{
    config,
    nginx::{
        outcome::Outcome,
        plan::{edits::Edits, request_headers::RequestHeaders},
        read::directive::Directive,
        report::Report,
    },
};

/// An upstream as proxy.yaml has it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Upstream {
    pub(crate) servers: Vec<String>,
    pub(crate) ca: Option<String>,
    /// Request fields that it receives instead of the client's.
    pub(crate) edits: Edits,
    /// Set where NGINX's files show that it is openHAB.
    pub(crate) is_openhab: bool,
}

impl Upstream {
    /// Reports whether a request can do no more here than at the other upstream.
    pub(crate) fn is_safe_for(&self, other: &Self) -> bool {
        self.is_same_server(other) && self.edits.is_safe_for(&other.edits)
    }

    /// Reports whether both have the same servers and the same CA.
    pub(crate) fn is_same_server(&self, other: &Self) -> bool {
        self.servers == other.servers && self.ca == other.ca
    }
}

/// The target of a location's requests.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum ProxyTarget {
    Upstream(Upstream),
    /// A host that the client chooses.
    ForwardProxy,
    /// A target that proxy.yaml cannot express, with the reason.
    Unsupported(String),
}

impl ProxyTarget {
    /// Returns the upstream, if the target is one.
    pub(crate) fn upstream(&self) -> Option<&Upstream> {
        match self {
            Self::Upstream(upstream) => Some(upstream),
            Self::ForwardProxy | Self::Unsupported(_) => None,
        }
    }

    /// Returns the upstream for changes, if the target is one.
    pub(crate) fn upstream_mut(&mut self) -> Option<&mut Upstream> {
        match self {
            Self::Upstream(upstream) => Some(upstream),
            Self::ForwardProxy | Self::Unsupported(_) => None,
        }
    }
}

/// A `proxy_pass` directive of a location.
pub(crate) struct ProxyPass<'p, 'd> {
    pub(crate) directive: &'d Directive,
    pub(crate) matcher: &'p Matcher,
    pub(crate) levels: &'p Inheritance<'d>,
    pub(crate) variables: &'p Variables<'d>,
}

/// The URL of a `proxy_pass`.
struct Url<'u> {
    scheme: &'u str,
    authority: String,
    /// The path from the slash on, if there is one.
    path: Option<&'u str>,
}

const SCHEMES: [&str; 2] = ["http", "https"];

impl<'d> ProxyPass<'_, 'd> {
    /// Resolves the target; the `upstream` blocks are among the directives of `http`.
    pub(crate) fn target(&self, http: &[&'d Directive], report: &mut Report) -> ProxyTarget {
        if self.is_forward_proxy() {
            return ProxyTarget::ForwardProxy;
        }
        let word = self.url();
        let Some(url) = Url::parse(&word) else {
            return ProxyTarget::Unsupported("hubgate cannot parse this URL".into());
        };
        if let Some(reason) = self.unsupported(&url) {
            return ProxyTarget::Unsupported(reason.into());
        }
        let block = http.iter().find(|directive| {
            directive.name == "upstream" && directive.parameter() == url.authority
        });
        let servers = match block {
            Some(block) => url.servers(block, report),
            None => vec![url.server(&url.authority)],
        };
        if servers.is_empty() {
            return ProxyTarget::Unsupported("no server of this upstream is up".into());
        }
        if !servers.iter().all(|server| config::is_server(server)) {
            return ProxyTarget::Unsupported(
                "a hub has a name or an address, and a port from 1 to 65535".into(),
            );
        }
        let proxy_host = url.proxy_host();
        let headers = RequestHeaders {
            levels: self.levels,
            variables: self.variables,
            proxy_host: &proxy_host,
        };
        ProxyTarget::Upstream(Upstream {
            servers,
            ca: self.ca(&url, report),
            edits: headers.edits(),
            is_openhab: self.has_openhab_cookie(),
        })
    }

    /// Returns `$proxy_host`; empty where the URL cannot be parsed.
    pub(crate) fn proxy_host(&self) -> String {
        Url::parse(&self.url()).map_or_else(String::new, |url| url.proxy_host())
    }

    fn url(&self) -> String {
        self.variables.resolve(self.directive.parameter())
    }

    /// Returns the reason why proxy.yaml cannot express the URL.
    fn unsupported(&self, url: &Url<'_>) -> Option<&'static str> {
        if url.authority.contains('$') {
            return Some("the hub's address is a variable: write the address itself");
        }
        if url.path.is_some_and(|path| path.starts_with("$uri")) {
            return Some(
                "NGINX sends the decoded path to the hub here, and hubgate the path as the client sent it: write `$request_uri`",
            );
        }
        // Beside a variable, the path is no prefix to replace: it is the whole path.
        let is_whole = self.directive.has_variable() && url.path.is_some();
        let changes_path = is_whole || url.rewrites(self.matcher);
        changes_path.then_some(
            "hubgate never changes a path: give this hub a host of its own, such as grafana.example.org",
        )
    }

    /// Reports whether NGINX sets the cookie by which openHAB's pages send their token in a field
    /// of its own.
    fn has_openhab_cookie(&self) -> bool {
        let mut added = self.levels.inherited_all(&["add_header"]).into_iter();
        added.any(|header| {
            header.parameter_is("set-cookie")
                && header.joined_parameters().contains("X-OPENHAB-AUTH-HEADER")
        })
    }

    /// Reports whether the client chooses the host to which its requests go.
    fn is_forward_proxy(&self) -> bool {
        const OF_CLIENT: [&str; 6] = [
            "$http_host",
            "$host",
            "$proxy_host",
            "$arg_",
            "$uri",
            "$request",
        ];
        let url = self.directive.parameter();
        let (_, rest) = url.split_once("://").unwrap_or(("", url));
        let ends = [
            rest.find(['/', '?']),
            rest.find("$request_uri"),
            rest.find("$uri"),
        ];
        let end = ends.into_iter().flatten().min().unwrap_or(rest.len());
        let authority = &rest[..end];
        OF_CLIENT.iter().any(|name| authority.contains(name))
    }

    /// Returns the CA for servers over TLS.
    fn ca(&self, url: &Url<'_>, report: &mut Report) -> Option<String> {
        if url.scheme != "https" {
            return None;
        }
        let trusted = self.levels.inherited("proxy_ssl_trusted_certificate");
        if let Some(trusted) = trusted {
            report.kept(trusted, "the CA of the hub's certificate");
        }
        let verify = self.levels.inherited("proxy_ssl_verify");
        if let Some(verify) = verify.filter(|verify| verify.parameter_is("on")) {
            report.kept(verify, "hubgate always verifies the hub's certificate");
        } else if let Some(pass) = self.levels.inherited("proxy_pass") {
            report.record_note(Outcome::Changed, &pass.at, "proxy_ssl_verify off",
                "hubgate verifies the hub's certificate, for the name or address written here: where it is \
                 self-signed, name it as `ca` of the upstream, or use http on this machine");
        }
        trusted.map(|trusted| trusted.parameter().to_owned())
    }
}

impl<'u> Url<'u> {
    fn parse(word: &'u str) -> Option<Self> {
        let (scheme, rest) = word.split_once("://")?;
        if !SCHEMES.contains(&scheme) {
            return None;
        }
        if let Some(socket) = rest.strip_prefix("unix:") {
            let (socket, path) = socket
                .split_once(':')
                .map_or((socket, None), |(socket, path)| (socket, Some(path)));
            return Some(Self {
                scheme,
                authority: format!("unix:{socket}"),
                path,
            });
        }
        let end = rest
            .find(['/', '?'])
            .or_else(|| rest.find("$request_uri"))
            .or_else(|| rest.find("$uri"))
            .unwrap_or(rest.len());
        let (authority, path) = rest.split_at(end);
        let path = Some(path).filter(|path| !path.is_empty() && *path != UNCHANGED);
        Some(Self {
            scheme,
            authority: authority.to_owned(),
            path,
        })
    }

    /// Returns `$proxy_host`: the authority without the default port of the scheme.
    fn proxy_host(&self) -> String {
        if self.authority.starts_with("unix:") {
            return "localhost".to_owned();
        }
        let host = self
            .authority
            .strip_suffix(&format!(":{}", self.default_port()));
        host.unwrap_or(&self.authority).to_owned()
    }

    /// Reports whether the upstream would receive another path than the client sent.
    fn rewrites(&self, matcher: &Matcher) -> bool {
        self.path.is_some_and(|path| matcher.path() != Some(path))
    }

    /// Returns the servers of an `upstream` block; those marked `down` are left out.
    fn servers(&self, block: &Directive, report: &mut Report) -> Vec<String> {
        report.kept(block, "the hub's servers");
        let children = block.children().iter();
        for directive in children.filter(|directive| !directive.is_of_upstream()) {
            report.stop(directive, "this may choose the server of a request, in a way that hubgate does not support: remove it");
        }
        let servers = block.children().iter();
        let used = servers
            .filter(|directive| directive.name == "server" && directive.is_used_server(report));
        let mut addresses = Vec::new();
        for server in used {
            // A server listens on port 80 without a port, whatever the scheme.
            let authority = match has_port(server.parameter()) {
                true => server.parameter().to_owned(),
                false => format!("{}:80", server.parameter()),
            };
            addresses.push(self.server(&authority));
        }
        addresses
    }

    fn server(&self, authority: &str) -> String {
        if authority.starts_with("unix:") {
            return authority.to_owned();
        }
        match has_port(authority) {
            true => format!("{}://{authority}", self.scheme),
            false => format!("{}://{authority}:{}", self.scheme, self.default_port()),
        }
    }

    fn default_port(&self) -> u16 {
        if self.scheme == "https" { 443 } else { 80 }
    }
}

impl Directive {
    /// Reports whether hubgate uses the `server` of an `upstream` block.
    fn is_used_server(&self, report: &mut Report) -> bool {
        let options = self.parameters.get(1..).unwrap_or_default();
        let has = |name: &str| options.iter().any(|option| option == name);
        if has("down") {
            report.dropped(self, "it is down");
            return false;
        }
        if has("backup") {
            report.dropped(
                self,
                "hubgate has no backup servers: it receives no requests",
            );
            return false;
        }
        match options.is_empty() {
            true => report.kept(self, "a server of the hub"),
            false => report.changed(self, "hubgate uses the servers in turn, without weights, and skips servers that do not respond"),
        }
        true
    }
}

/// The variable that leaves path and query as the client sent them; `$uri` is the decoded path.
const UNCHANGED: &str = "$request_uri";

fn has_port(authority: &str) -> bool {
    let after_brackets = authority.rsplit(']').next().unwrap_or(authority);
    after_brackets.contains(':')
}
