//! `upstream.host`, `upstream.headers`, `user_header`: fields of a request that the hub gets.
//!
//! Refused are those of the connection and those by which a hub recognizes a visitor. `_` counts
//! as `-`, since many servers take one for the other.

use std::collections::BTreeMap;

use http::{HeaderName, HeaderValue, uri::Authority};

use super::{Resolver, header, host, whole};
use crate::config::{
    file::{self, UpstreamHeader},
    model::{EditedValue, HeaderEdit, Host, PathRule, Upstream},
    tree::Place,
};

/// Fields of the connection beside those of answers.
const CONNECTION: [&str; 5] = ["expect", "http2-settings", "max-forwards", "upgrade", "via"];
/// Fields by which a hub recognizes the visitor who was let in.
const USER_PREFIXES: [&str; 4] = ["remote-", "x-remote-", "x-auth-request-", "x-webauth-"];
/// Fields of a certificate.
const CERTIFICATE_PREFIXES: [&str; 3] = ["client-cert", "x-ssl-", "x-client-"];
/// Fields of the address that a request comes from.
const ORIGIN: [&str; 2] = ["forwarded", "x-real-ip"];
/// Fields that change the target of a request.
const TARGET: [&str; 2] = ["proxy", "x-rewrite-url"];
/// The field of oauth2-proxy for a user, which has the beginning of an address's fields.
const FORWARDED_USER: &str = "x-forwarded-user";
/// Fields with another meaning than a user's name.
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
    /// Host as the hub gets it.
    pub(super) fn upstream_host(
        &mut self,
        place: &Place<'_>,
        written: &str,
    ) -> Option<HeaderValue> {
        self.keep(place, authority(written))
    }

    /// The fields that the hub gets in place of the visitor's.
    pub(super) fn upstream_headers(
        &mut self,
        place: &Place<'_>,
        written: &BTreeMap<String, UpstreamHeader>,
    ) -> Option<Vec<HeaderEdit>> {
        let mut seen = BTreeMap::new();
        let edits = written.iter().map(|(name, value)| {
            let place = place.key(name);
            let edit = self.upstream_header(&place, name, value)?;
            if let Some(other) = seen.insert(normalized(name), name) {
                return self.fault(&place, format!("{other} is the same header: keep one"));
            }
            Some(edit)
        });
        whole(edits.collect())
    }

    fn upstream_header(
        &mut self,
        place: &Place<'_>,
        name: &str,
        value: &UpstreamHeader,
    ) -> Option<HeaderEdit> {
        let checked = self.keep(place, edited_name(name));
        let value = match value {
            UpstreamHeader::Text(text) => {
                let text = self.keep(place, header_text(text));
                if text.is_some()
                    && ["authorization", "cookie"].contains(&normalized(name).as_str())
                {
                    self.warn(place, READABLE);
                }
                text.map(EditedValue::Text)
            }
            UpstreamHeader::Secret(file::SecretFile { file }) => {
                self.file(&place.key("file"), file).map(EditedValue::File)
            }
            UpstreamHeader::Removed => Some(EditedValue::Removed),
        };
        Some(HeaderEdit {
            name: checked?,
            value: value?,
        })
    }

    /// The field that names the user or device to the hub.
    pub(super) fn user_header(&mut self, place: &Place<'_>, written: &str) -> Option<String> {
        self.keep(place, user_name(written))
    }

    /// Refuses a field that both `user_header` and an upstream of the site set.
    pub(super) fn user_header_once(
        &mut self,
        place: &Place<'_>,
        user_header: &str,
        upstream: &Upstream,
        paths: &[PathRule],
    ) -> Option<()> {
        let own = paths.iter().filter_map(|rule| rule.upstream.as_deref());
        let mut edits = own.chain([upstream]).flat_map(|upstream| &upstream.headers);
        let name = normalized(user_header);
        match edits.any(|edit| normalized(&edit.name) == name) {
            true => self.fault(
                place,
                format!("`upstream.headers` has {user_header} too: keep one of the two"),
            ),
            false => Some(()),
        }
    }
}

/// Whether `upstream.headers` may set or remove this field.
#[must_use]
pub fn is_edited_header(name: &str) -> bool {
    edited_name(name).is_ok()
}

/// Whether `upstream.headers` may have this value.
#[must_use]
pub fn is_edited_value(text: &str) -> bool {
    header_text(text).is_ok()
}

/// Whether `user_header` may name this field.
#[must_use]
pub fn is_user_header(name: &str) -> bool {
    user_name(name).is_ok()
}

/// Whether `upstream.host` may have this value.
#[must_use]
pub fn is_upstream_host(text: &str) -> bool {
    authority(text).is_ok()
}

const READABLE: &str =
    "all who may read this file may read this secret: write {file: FILE} and put it there";

/// Host and port as Host has them (RFC 9110, section 7.2).
fn authority(text: &str) -> Result<HeaderValue, String> {
    let no_host =
        || format!("\"{text}\" is no Host: write a name or address, such as router.lan:8080");
    let authority: Authority = text.parse().map_err(|_| no_host())?;
    let port = &authority.as_str()[authority.host().len()..];
    let is_port = port.is_empty() || authority.port_u16().is_some_and(|port| port > 0);
    if text.contains('@') || !is_port {
        return Err(no_host());
    }
    if let Host::Wildcard(_) = host::parse(authority.host())? {
        return Err(no_host());
    }
    HeaderValue::from_str(text).map_err(|_| no_host())
}

/// Reads a value; what is wrong is reported without it, as it may be a secret.
fn header_text(text: &str) -> Result<HeaderValue, String> {
    if text.trim().is_empty() {
        return Err("the value is empty: write null to remove the header".into());
    }
    let value = HeaderValue::from_bytes(text.trim().as_bytes());
    let mut value = value.map_err(|_| "the value has control characters: write it without them")?;
    value.set_sensitive(true);
    Ok(value)
}

fn edited_name(text: &str) -> Result<String, String> {
    let name = field_name(text)?;
    let begins = |prefixes: &[&str]| prefixes.iter().any(|prefix| name.starts_with(prefix));
    refuse_of_connection(text, &name)?;
    let cure = match name.as_str() {
        FORWARDED_USER => USER,
        _ if begins(&USER_PREFIXES) => USER,
        _ => return refuse_claim(text, &name),
    };
    Err(format!("{text} {cure}"))
}

const USER: &str = "names the user who was let in, to many hubs: write `user_header` for that";

fn user_name(text: &str) -> Result<String, String> {
    let name = field_name(text)?;
    refuse_of_connection(text, &name)?;
    let standard = STANDARD.contains(&name.as_str())
        || STANDARD_PREFIXES
            .iter()
            .any(|prefix| name.starts_with(prefix));
    if standard {
        return Err(format!(
            "{text} has a meaning of its own: write one such as Remote-User"
        ));
    }
    match name == FORWARDED_USER {
        true => Ok(text.to_owned()),
        false => refuse_claim(text, &name),
    }
}

/// The name in lower case, `_` as `-`.
fn field_name(text: &str) -> Result<String, String> {
    HeaderName::from_bytes(text.as_bytes())
        .map_err(|_| format!("{text:?} is no header name: write one such as X-Api-Key"))?;
    Ok(normalized(text))
}

fn normalized(name: &str) -> String {
    name.to_ascii_lowercase().replace('_', "-")
}

fn refuse_of_connection(text: &str, name: &str) -> Result<(), String> {
    if name == "host" {
        return Err(format!(
            "{text} has its own key: write `host` in `upstream`"
        ));
    }
    let of_connection = header::is_of_connection(name)
        || CONNECTION.contains(&name)
        || name.starts_with("sec-websocket-");
    match of_connection {
        true => Err(format!(
            "{text} belongs to the connection, which is hubgate's: remove it"
        )),
        false => Ok(()),
    }
}

/// Refuses the fields that hubgate sets itself or drops for good.
fn refuse_claim(text: &str, name: &str) -> Result<String, String> {
    let cure = if ORIGIN.contains(&name) || name.starts_with("x-forwarded-") {
        "says where a request comes from, which hubgate does itself: remove it"
    } else if CERTIFICATE_PREFIXES
        .iter()
        .any(|prefix| name.starts_with(prefix))
    {
        "is of a client certificate: write `client_headers` in `access` for that"
    } else if TARGET.contains(&name) || name.starts_with("x-original-") {
        "changes where a request goes, to some hubs; hubgate always drops it: remove it"
    } else {
        return Ok(text.to_owned());
    };
    Err(format!("{text} {cure}"))
}

#[cfg(test)]
mod tests;
