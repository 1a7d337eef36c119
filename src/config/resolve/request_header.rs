//! `upstream.host`, `upstream.headers` and `user_header`: request headers for the upstream.
//!
//! Headers of the connection, and those that identify the user to a hub, are refused. `_` is equal
//! to `-` in a name, since many servers do not distinguish them.

use std::collections::BTreeMap;

use http::{HeaderName, HeaderValue, uri::Authority};

use super::{Resolved, Resolver, collect_all, header};
use crate::config::{
    file::{self, UpstreamHeader},
    model::{Destination, EditedValue, HeaderEdit, Host, PathRule},
    tree::Location,
};

/// Headers of the connection, in addition to those of responses.
const CONNECTION: [&str; 5] = ["expect", "http2-settings", "max-forwards", "upgrade", "via"];
/// Headers that identify the admitted user to an upstream.
const USER_PREFIXES: [&str; 4] = ["remote-", "x-remote-", "x-auth-request-", "x-webauth-"];
/// Headers of a client certificate.
const CERTIFICATE_PREFIXES: [&str; 3] = ["client-cert", "x-ssl-", "x-client-"];
/// Headers of the client's address.
const CLIENT_ADDRESS: [&str; 2] = ["forwarded", "x-real-ip"];
/// Headers that change the target of a request.
const TARGET: [&str; 2] = ["proxy", "x-rewrite-url"];
/// The header of oauth2-proxy for a user, which has the prefix of client address headers.
const FORWARDED_USER: &str = "x-forwarded-user";
/// Headers with a standard meaning other than a user's name.
const STANDARD: [&str; 9] = [
    "authorization",
    "cache-control",
    "cookie",
    "date",
    "origin",
    "pragma",
    "range",
    "referer",
    "user-agent",
];
const STANDARD_PREFIXES: [&str; 5] = ["accept", "content-", "if-", "sec-", "access-control-"];

impl Resolver<'_> {
    /// Resolves the value of `Host` that the upstream receives.
    pub(super) fn upstream_host(
        &mut self,
        location: &Location<'_>,
        written: &str,
    ) -> Resolved<HeaderValue> {
        self.checked(location, host_value(written))
    }

    /// Resolves the headers that replace the client's.
    pub(super) fn upstream_headers(
        &mut self,
        location: &Location<'_>,
        written: &BTreeMap<String, UpstreamHeader>,
    ) -> Resolved<Vec<HeaderEdit>> {
        let mut seen = BTreeMap::new();
        let edits = written.iter().map(|(name, value)| {
            let location = location.key(name);
            let edit = self.upstream_header(&location, name, value)?;
            if let Some(other) = seen.insert(normalized(name), name) {
                return self.fault(&location, format!("{other} is the same header: keep one"));
            }
            Ok(edit)
        });
        collect_all(edits)
    }

    fn upstream_header(
        &mut self,
        location: &Location<'_>,
        name: &str,
        value: &UpstreamHeader,
    ) -> Resolved<HeaderEdit> {
        let checked = FieldName::parse(name).and_then(|field| field.for_upstream());
        let checked = self.checked(location, checked);
        let value = match value {
            UpstreamHeader::Text(text) => self.upstream_value(location, name, text),
            UpstreamHeader::Secret(file::SecretFile { file }) => {
                let file = self.file(&location.key("file"), file);
                file.map(EditedValue::File)
            }
            UpstreamHeader::Removed => Ok(EditedValue::Removed),
        };
        Ok(HeaderEdit {
            name: checked?,
            value: value?,
        })
    }

    fn upstream_value(
        &mut self,
        location: &Location<'_>,
        name: &str,
        text: &str,
    ) -> Resolved<EditedValue> {
        let value = self.checked(location, secret_value(text))?;
        if ["authorization", "cookie"].contains(&normalized(name).as_str()) {
            self.warn(location, READABLE);
        }
        Ok(EditedValue::Text(value))
    }

    /// Resolves the header that names the user or device to the upstream.
    pub(super) fn user_header(
        &mut self,
        location: &Location<'_>,
        written: &str,
    ) -> Resolved<String> {
        let name = FieldName::parse(written).and_then(|field| field.for_user());
        self.checked(location, name)
    }

    /// Refuses a header that both `user_header` and an upstream of the site set.
    pub(super) fn refuse_duplicate_user_header(
        &mut self,
        location: &Location<'_>,
        user_header: &str,
        destination: &Destination,
        paths: &[PathRule],
    ) -> Resolved<()> {
        let own = match destination {
            Destination::Upstream(upstream) => Some(&**upstream),
            Destination::Redirect(_) | Destination::Serve(_) => None,
        };
        let upstreams = paths.iter().filter_map(|rule| rule.upstream.as_deref());
        let upstreams = upstreams.chain(own);
        let mut edits = upstreams.flat_map(|upstream| &upstream.headers);
        let name = normalized(user_header);
        match edits.any(|edit| normalized(&edit.name) == name) {
            true => self.fault(
                location,
                format!("`upstream.headers` has {user_header} too: keep one of the two"),
            ),
            false => Ok(()),
        }
    }
}

/// True if `upstream.headers` can set or remove this header.
#[must_use]
pub fn is_edited_header(name: &str) -> bool {
    FieldName::parse(name).is_ok_and(|field| field.for_upstream().is_ok())
}

/// True if `upstream.headers` can have this value.
#[must_use]
pub fn is_edited_value(text: &str) -> bool {
    secret_value(text).is_ok()
}

/// True if `user_header` can name this header.
#[must_use]
pub fn is_user_header(name: &str) -> bool {
    FieldName::parse(name).is_ok_and(|field| field.for_user().is_ok())
}

/// True if `upstream.host` can have this value.
#[must_use]
pub fn is_upstream_host(text: &str) -> bool {
    host_value(text).is_ok()
}

const READABLE: &str = "every user who can read this file can read this secret: write {file: FILE} and \
     put it there";

/// Parses a value of `Host`: a host with or without a port (RFC 9110, section 7.2).
fn host_value(text: &str) -> Result<HeaderValue, String> {
    let refusal =
        || format!("\"{text}\" is no Host: write a name or address, such as router.lan:8080");
    let authority: Authority = text.parse().map_err(|_| refusal())?;
    let port = &authority.as_str()[authority.host().len()..];
    let is_port = port.is_empty() || authority.port_u16().is_some_and(|port| port > 0);
    if text.contains('@') || !is_port {
        return Err(refusal());
    }
    if let Host::Wildcard(_) = Host::parse(authority.host())? {
        return Err(refusal());
    }
    HeaderValue::from_str(text).map_err(|_| refusal())
}

/// Parses a header's value. Since it can be a secret, errors do not contain it.
fn secret_value(text: &str) -> Result<HeaderValue, String> {
    if text.trim().is_empty() {
        return Err("the value is empty: write null to remove the header".into());
    }
    let value = HeaderValue::from_bytes(text.trim().as_bytes());
    let mut value = value.map_err(|_| "the value has control characters: write it without them")?;
    value.set_sensitive(true);
    Ok(value)
}

fn normalized(name: &str) -> String {
    name.to_ascii_lowercase().replace('_', "-")
}

/// The name of a request header.
struct FieldName<'t> {
    /// The name as written.
    text: &'t str,
    /// The name in lower case, with `-` for `_`.
    name: String,
}

impl<'t> FieldName<'t> {
    fn parse(text: &'t str) -> Result<Self, String> {
        HeaderName::from_bytes(text.as_bytes())
            .map_err(|_| format!("{text:?} is no header name: write one such as X-Api-Key"))?;
        let name = normalized(text);
        Ok(Self { text, name })
    }

    /// Checks that `upstream.headers` can set or remove the header.
    fn for_upstream(&self) -> Result<String, String> {
        self.refuse_connection()?;
        if self.name == FORWARDED_USER || self.begins_with(&USER_PREFIXES) {
            let cure = "names the admitted user to many hubs: write `user_header` for that";
            return Err(format!("{} {cure}", self.text));
        }
        self.refuse_reserved()
    }

    /// Checks that `user_header` can name the header.
    fn for_user(&self) -> Result<String, String> {
        self.refuse_connection()?;
        if STANDARD.contains(&self.name.as_str()) || self.begins_with(&STANDARD_PREFIXES) {
            let cure = "has a meaning of its own: write one such as Remote-User";
            return Err(format!("{} {cure}", self.text));
        }
        match self.name == FORWARDED_USER {
            true => Ok(self.text.to_owned()),
            false => self.refuse_reserved(),
        }
    }

    fn refuse_connection(&self) -> Result<(), String> {
        let (text, name) = (self.text, self.name.as_str());
        if name == "host" {
            return Err(format!(
                "{text} has its own key: write `host` in `upstream`"
            ));
        }
        let of_connection = header::is_of_connection(name)
            || CONNECTION.contains(&name)
            || self.begins_with(&["sec-websocket-"]);
        match of_connection {
            true => Err(format!(
                "{text} belongs to the connection, so hubgate sets it: remove it"
            )),
            false => Ok(()),
        }
    }

    /// Refuses the headers that hubgate always sets or always removes.
    fn refuse_reserved(&self) -> Result<String, String> {
        let name = self.name.as_str();
        let cure = if CLIENT_ADDRESS.contains(&name) || self.begins_with(&["x-forwarded-"]) {
            "names the client's address, which hubgate sets itself: remove it"
        } else if self.begins_with(&CERTIFICATE_PREFIXES) {
            "is for a client certificate: write `client_headers` in `access` for that"
        } else if TARGET.contains(&name) || self.begins_with(&["x-original-"]) {
            "changes the target of a request in some hubs, so hubgate always removes it: remove it here"
        } else {
            return Ok(self.text.to_owned());
        };
        Err(format!("{} {cure}", self.text))
    }

    fn begins_with(&self, prefixes: &[&str]) -> bool {
        prefixes.iter().any(|prefix| self.name.starts_with(prefix))
    }
}

#[cfg(test)]
mod tests;
