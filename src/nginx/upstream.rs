//! The hub of a location: `proxy_pass`, with the `upstream` that it names.

use super::{
    directive::Directive, directive_table, edits::Edits, levels::Levels, location::Matcher,
    outcome::Outcome, report::Report, request_headers::RequestHeaders, variables::Variables,
};
use crate::config;

/// The servers of a hub as proxy.yaml has them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Hub {
    pub(super) servers: Vec<String>,
    pub(super) ca: Option<String>,
    /// Fields that it gets in place of the visitor's.
    pub(super) edits: Edits,
    /// Whether NGINX's files show that it is openHAB.
    pub(super) is_openhab: bool,
}

impl Hub {
    /// Whether a request does no more here than at the other hub.
    pub(super) fn is_safe_for(&self, other: &Self) -> bool {
        self.is_same_server(other) && self.edits.is_safe_for(&other.edits)
    }

    /// Whether both are the same servers.
    pub(super) fn is_same_server(&self, other: &Self) -> bool {
        self.servers == other.servers && self.ca == other.ca
    }
}

/// Where a location's requests go.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Passed {
    Hub(Hub),
    /// To wherever the client says.
    Forward,
    /// Somewhere that hubgate cannot name, and why.
    Unsayable(String),
}

impl Passed {
    /// The hub, if it is one.
    pub(super) fn hub(&self) -> Option<&Hub> {
        match self {
            Self::Hub(hub) => Some(hub),
            Self::Forward | Self::Unsayable(_) => None,
        }
    }

    /// The hub to change, if it is one.
    pub(super) fn hub_mut(&mut self) -> Option<&mut Hub> {
        match self {
            Self::Hub(hub) => Some(hub),
            Self::Forward | Self::Unsayable(_) => None,
        }
    }
}

/// What a `proxy_pass` is made of.
struct Url<'u> {
    scheme: &'u str,
    authority: String,
    /// From the slash on, if there is one.
    path: Option<&'u str>,
}

const WORDS: [&str; 2] = ["http", "https"];

/// Where the location's own `proxy_pass` leads; the blocks `upstream` are among `http`.
pub(super) fn passed<'d>(
    directive: &Directive,
    matcher: &Matcher,
    (levels, variables): (&Levels<'d>, &Variables<'d>),
    http: &[&'d Directive],
    report: &mut Report,
) -> Passed {
    if names_any(directive.word()) {
        return Passed::Forward;
    }
    let word = variables.resolve(directive.word());
    let Some(url) = Url::parse(&word) else {
        return Passed::Unsayable("hubgate cannot tell what this URL means".into());
    };
    if url.authority.contains('$') {
        return Passed::Unsayable("the hub's address is a variable: write it out".into());
    }
    if url.path.is_some_and(|path| path.starts_with("$uri")) {
        return Passed::Unsayable("NGINX sends the hub a decoded path here, and hubgate the path as it came: write `$request_uri`".into());
    }
    // Beside a variable the path is no prefix that is replaced: it is the whole path.
    let whole = directive.has_variable() && url.path.is_some();
    if whole || url.rewrites(matcher) {
        return Passed::Unsayable("hubgate never changes a path: give this hub a host of its own, such as grafana.example.org".into());
    }
    let proxied = url.proxied();
    let servers = match http
        .iter()
        .find(|it| it.name == "upstream" && it.word() == url.authority)
    {
        Some(upstream) => servers(upstream, url.scheme, report),
        None => vec![url.server(&url.authority)],
    };
    if servers.is_empty() {
        return Passed::Unsayable("no server of this upstream is up".into());
    }
    if !servers.iter().all(|server| config::is_server(server)) {
        return Passed::Unsayable(
            "a hub has a name or an address, and a port from 1 to 65535".into(),
        );
    }
    let headers = RequestHeaders {
        levels,
        variables,
        proxied: &proxied,
    };
    Passed::Hub(Hub {
        servers,
        ca: authority(url.scheme, levels, report),
        edits: headers.edits(),
        is_openhab: has_openhab_cookie(levels),
    })
}

/// The address of a `proxy_pass` as `$proxy_host` has it; empty where it is none.
pub(super) fn proxied(directive: &Directive, variables: &Variables<'_>) -> String {
    let word = variables.resolve(directive.word());
    Url::parse(&word).map_or_else(String::new, |url| url.proxied())
}

/// Whether NGINX sets the cookie that has openHAB's pages send their token in a field of its own.
fn has_openhab_cookie(levels: &Levels<'_>) -> bool {
    let mut added = levels.nearest(&["add_header"]).into_iter();
    added.any(|it| it.is("set-cookie") && it.text().contains("X-OPENHAB-AUTH-HEADER"))
}

/// Whether the client names the host that the requests go to.
fn names_any(url: &str) -> bool {
    const CLIENTS: [&str; 6] = [
        "$http_host",
        "$host",
        "$proxy_host",
        "$arg_",
        "$uri",
        "$request",
    ];
    let (_, rest) = url.split_once("://").unwrap_or(("", url));
    let ends = [
        rest.find(['/', '?']),
        rest.find("$request_uri"),
        rest.find("$uri"),
    ];
    let end = ends.into_iter().flatten().min().unwrap_or(rest.len());
    let authority = &rest[..end];
    CLIENTS.iter().any(|name| authority.contains(name))
}

/// The servers of an `upstream`, those that are down left out.
fn servers(upstream: &Directive, scheme: &str, report: &mut Report) -> Vec<String> {
    report.kept(upstream, "the hub's servers");
    let inner = upstream.inner().iter();
    for directive in inner.filter(|it| !directive_table::is_of_upstream(&it.name)) {
        report.stop(directive, "this may decide which server a request goes to, in a way that hubgate does not have: remove it");
    }
    let mut servers = Vec::new();
    for server in upstream.inner().iter().filter(|it| it.name == "server") {
        let options = server.words.get(1..).unwrap_or_default();
        if options.iter().any(|option| option == "down") {
            report.dropped(server, "it is down");
            continue;
        }
        if options.iter().any(|option| option == "backup") {
            report.dropped(server, "hubgate has no spare servers: nothing goes to it");
            continue;
        }
        let plain = options.is_empty();
        if plain {
            report.kept(server, "a server of the hub");
        } else {
            report.changed(server, "hubgate tries the servers in turn, all alike, and passes over those that do not answer");
        }
        let path = None;
        let url = Url {
            scheme,
            authority: server.word().to_owned(),
            path,
        };
        servers.push(url.server(&with_port(server.word())));
    }
    servers
}

/// The CA that servers over TLS are trusted by.
fn authority(scheme: &str, levels: &Levels<'_>, report: &mut Report) -> Option<String> {
    if scheme != "https" {
        return None;
    }
    let trusted = levels.one("proxy_ssl_trusted_certificate");
    if let Some(trusted) = trusted {
        report.kept(trusted, "the CA of the hub's certificate");
    }
    if let Some(verify) = levels.one("proxy_ssl_verify").filter(|it| it.is("on")) {
        report.kept(verify, "hubgate always verifies the hub's certificate");
    } else if let Some(pass) = levels.one("proxy_pass") {
        report.note(Outcome::Changed, &pass.at, "proxy_ssl_verify off",
            "hubgate verifies the hub's certificate, for the name or address written here: where it is \
             self-signed, name it as `ca` of the upstream, or speak http on this machine");
    }
    trusted.map(|it| it.word().to_owned())
}

impl<'u> Url<'u> {
    fn parse(word: &'u str) -> Option<Self> {
        let (scheme, rest) = word.split_once("://")?;
        if !WORDS.contains(&scheme) {
            return None;
        }
        if let Some(socket) = rest.strip_prefix("unix:") {
            let (socket, path) = socket
                .split_once(':')
                .map_or((socket, None), |(socket, path)| (socket, Some(path)));
            let authority = format!("unix:{socket}");
            return Some(Self {
                scheme,
                authority,
                path,
            });
        }
        let end = rest
            .find(['/', '?'])
            .or_else(|| rest.find("$request_uri"))
            .or_else(|| rest.find("$uri"))
            .unwrap_or(rest.len());
        let (authority, path) = rest.split_at(end);
        let path = Some(path).filter(|path| !path.is_empty() && *path != AS_IT_CAME);
        Some(Self {
            scheme,
            authority: authority.to_owned(),
            path,
        })
    }

    /// `$proxy_host`: the address without the port that the scheme has by default.
    fn proxied(&self) -> String {
        if self.authority.starts_with("unix:") {
            return "localhost".to_owned();
        }
        let port = if self.scheme == "https" {
            ":443"
        } else {
            ":80"
        };
        let host = self.authority.strip_suffix(port);
        host.unwrap_or(&self.authority).to_owned()
    }

    /// Whether the hub would hear another path than the client said.
    fn rewrites(&self, matcher: &Matcher) -> bool {
        let Some(path) = self.path else {
            return false;
        };
        !matches!(matcher, Matcher::Prefix(own) | Matcher::Exact(own) if own == path)
    }

    fn server(&self, authority: &str) -> String {
        if authority.starts_with("unix:") {
            return authority.to_owned();
        }
        let port = if self.scheme == "https" { 443 } else { 80 };
        match has_port(authority) {
            true => format!("{}://{authority}", self.scheme),
            false => format!("{}://{authority}:{port}", self.scheme),
        }
    }
}

/// The variable that leaves path and query as the client sent them; `$uri` is the decoded path.
const AS_IT_CAME: &str = "$request_uri";

fn has_port(authority: &str) -> bool {
    let after_brackets = authority.rsplit(']').next().unwrap_or(authority);
    after_brackets.contains(':')
}

/// A server of an `upstream` listens on port 80 if nothing else is said.
fn with_port(server: &str) -> String {
    match has_port(server) {
        true => server.to_owned(),
        false => format!("{server}:80"),
    }
}
