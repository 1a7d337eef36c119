//! `upstream`: the servers behind a site or path.

use std::{path::Path, sync::Arc};

use http::{Uri, uri::Authority};

use super::{Resolver, host, whole};
use crate::config::{
    characters::must_be_visible,
    file,
    model::{Host, HubKind, Server, Upstream},
    tree::Place,
};

impl Resolver<'_> {
    pub(super) fn upstream(
        &mut self,
        place: &Place<'_>,
        written: &file::Upstream,
    ) -> Option<Arc<Upstream>> {
        let upstream = match written {
            file::Upstream::Url(url) => Upstream {
                servers: vec![self.keep(
                    place,
                    server(url).and_then(|server| self.itself.refuse(server)),
                )?],
                ..Upstream::default()
            },
            file::Upstream::Servers(written) => self.servers(place, written)?,
        };
        Some(Arc::new(upstream))
    }

    fn servers_of(&mut self, list: &Place<'_>, written: &[String]) -> Option<Vec<Server>> {
        let servers = written.iter().enumerate().map(|(nth, url)| {
            let server = server(url).and_then(|server| self.itself.refuse(server));
            self.keep(&list.item(nth), server)
        });
        whole(servers.collect())
    }

    fn servers(&mut self, place: &Place<'_>, written: &file::Servers) -> Option<Upstream> {
        let list = place.key("servers");
        let servers = self.servers_of(&list, &written.servers);
        let ca_place = place.key("ca");
        let ca = self.optional(&ca_place, written.ca.as_deref(), Self::file);
        let connections = self.optional(
            &place.key("connections"),
            written.connections.as_ref(),
            |this, place, written| this.keep(place, connections(*written)),
        );
        let pin = self.optional(&place.key("pin"), written.pin.as_deref(), Self::pin);
        let host = self.optional(
            &place.key("host"),
            written.host.as_deref(),
            Self::upstream_host,
        );
        let headers = self.upstream_headers(&place.key("headers"), &written.headers);
        let (servers, ca, pin, connections) = (servers?, ca?, pin?, connections?);
        if servers.is_empty() {
            return self.lacking(
                &list,
                "no servers: name one at least, such as http://127.0.0.1:8080",
            );
        }
        let tls = |server: &Server| matches!(server, Server::Tcp { tls: true, .. });
        if ca.is_some() && !servers.iter().any(tls) {
            return self.fault(
                &ca_place,
                "no server here is https: write https, or remove `ca`",
            );
        }
        if pin.is_some() && !servers.iter().any(tls) {
            return self.fault(
                &place.key("pin"),
                "no server here is https: write https, or remove `pin`",
            );
        }
        if pin.is_some() && ca.is_some() {
            return self.fault(
                &place.key("pin"),
                "a pinned certificate needs no CA: keep `pin` or `ca`",
            );
        }
        let kind = written.kind.map(kind);
        Some(Upstream {
            servers,
            ca,
            connections,
            http2: written.http2,
            pin,
            host: host?,
            headers: headers?,
            kind,
        })
    }
}

fn connections(written: usize) -> Result<usize, String> {
    match written {
        0 => Err("0 reaches no server: write 1 or more, or remove the key".to_owned()),
        written => Ok(written),
    }
}

fn kind(written: file::HubKind) -> HubKind {
    match written {
        file::HubKind::OpenHab => HubKind::OpenHab,
        file::HubKind::Other => HubKind::Other,
    }
}

/// The same URL with its host as the DNS knows it, for one that is not ASCII.
pub(super) fn ascii_url(text: &str) -> Option<String> {
    let (scheme, rest) = text.split_once("://")?;
    let end = rest.find([':', '/']).unwrap_or(rest.len());
    let name = host::ascii(&rest[..end]).filter(|_| !text.is_ascii())?;
    Some(format!("{scheme}://{name}{}", &rest[end..]))
}

/// Checks a server of `upstream`.
///
/// # Errors
/// Cause and cure, where `upstream` may not name it.
pub fn check_server(text: &str) -> Result<(), String> {
    server(text).map(drop)
}

/// Whether `upstream` may name this server.
#[must_use]
pub fn is_server(text: &str) -> bool {
    server(text).is_ok()
}

fn server(text: &str) -> Result<Server, String> {
    if let Some(path) = text.strip_prefix("unix:") {
        return unix(path);
    }
    if let Some(ascii) = ascii_url(text) {
        return Err(format!("\"{text}\" is not ASCII: write {ascii}"));
    }
    let uri: Uri = text.parse().map_err(|_| not_a_url(text))?;
    let tls = tls(text, &uri)?;
    let authority = uri.authority().ok_or_else(|| not_a_url(text))?;
    refuse_more(text, &uri, authority)?;
    let port = port(text, authority)?;
    let host = match host::parse(authority.host())? {
        Host::Name(name) => name,
        Host::Address(address) => address.to_string(),
        Host::Wildcard(_) => {
            return Err(format!(
                "\"{text}\" names no single host: write its name or address"
            ));
        }
    };
    Ok(Server::Tcp { host, port, tls })
}

fn tls(text: &str, uri: &Uri) -> Result<bool, String> {
    match uri.scheme_str() {
        Some("http") => Ok(false),
        Some("https") => Ok(true),
        Some(other) => Err(format!(
            "{other} is not spoken to a hub: write http, https or unix"
        )),
        None => Err(format!("no scheme in \"{text}\": write http://{text}")),
    }
}

fn not_a_url(text: &str) -> String {
    format!("\"{text}\" is no URL: write one such as http://127.0.0.1:8080 or unix:/run/hub.sock")
}

fn unix(path: &str) -> Result<Server, String> {
    must_be_visible(path)?;
    if !path.starts_with('/') {
        return Err(format!(
            "\"{path}\" is no absolute path: write one such as unix:/run/hub.sock"
        ));
    }
    Ok(Server::Unix(Path::new(path).to_owned()))
}

/// Refuses what a URL may carry beyond scheme, host and port.
fn refuse_more(text: &str, uri: &Uri, authority: &Authority) -> Result<(), String> {
    if authority.as_str().contains('@') {
        return Err(format!(
            "\"{text}\" carries a user: remove what is before the @"
        ));
    }
    if uri.path() != "/" || uri.query().is_some() || text.contains('#') {
        return Err(format!(
            "\"{text}\" has more than scheme, host and port: hubgate hands every path on as it came; remove the rest"
        ));
    }
    Ok(())
}

fn port(text: &str, authority: &Authority) -> Result<u16, String> {
    let after_host = &authority.as_str()[authority.host().len()..];
    if after_host.is_empty() {
        return Err(format!(
            "no port in \"{text}\": write one, such as http://{authority}:8080"
        ));
    }
    match authority.port_u16() {
        None | Some(0) => Err(format!(
            "no port from 1 to 65535 in \"{text}\": write one, such as 8080"
        )),
        Some(port) => Ok(port),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tcp(host: &str, port: u16, tls: bool) -> Result<Server, String> {
        let host = host.into();
        Ok(Server::Tcp { host, port, tls })
    }

    #[test]
    fn a_server_is_scheme_host_and_port() {
        assert_eq!(
            server("http://127.0.0.1:8080"),
            tcp("127.0.0.1", 8080, false)
        );
        assert_eq!(
            server("http://localhost:8080/"),
            tcp("localhost", 8080, false)
        );
        assert_eq!(
            server("HTTPS://Hub.local:8443"),
            tcp("hub.local", 8443, true)
        );
        assert_eq!(server("http://[::1]:8080"), tcp("::1", 8080, false));
        assert_eq!(
            server("unix:/run/hub.sock"),
            Ok(Server::Unix("/run/hub.sock".into()))
        );
    }

    #[test]
    fn anything_else_is_told_with_the_cure() {
        let told = |text: &str| server(text).unwrap_err();
        assert!(told("http://hub").starts_with("no port in \"http://hub\""));
        assert!(told("https://hub").starts_with("no port in"));
        assert!(told("localhost:8080").ends_with("write http://localhost:8080"));
        assert!(told("http://küche.local:80").ends_with("write http://xn--kche-0ra.local:80"));
        assert!(told("ws://hub:80").starts_with("ws is not spoken"));
        for port in ["http://hub:0", "http://hub:99999", "http://hub:"] {
            assert!(told(port).contains("no port from 1"), "{port}");
        }
        for more in [
            "http://hub:80/openhab",
            "http://hub:80?a",
            "http://hub:80/#a",
        ] {
            assert!(told(more).contains("remove the rest"), "{more}");
        }
        assert!(told("http://me:secret@hub:80").contains("before the @"));
        assert!(told("unix:hub.sock").contains("absolute"));
        assert!(told("http://*.hub:80").contains("no single host"));
        for odd in ["", "http://", "http:///x", "/", "http://a b:80"] {
            assert!(server(odd).is_err(), "{odd}");
        }
    }

    #[test]
    fn a_socket_whose_name_changes_the_line_it_stands_in_is_refused() {
        for odd in [
            "unix:/a\nb",
            "unix:/a\u{1b}[2J",
            "unix:/a\u{202e}b",
            "unix:/\0",
        ] {
            let fault = server(odd).unwrap_err();
            assert!(fault.contains("invisible character U+"), "{odd:?}");
        }
    }
}
