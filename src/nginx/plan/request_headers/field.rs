//! One field of `proxy_set_header` and its outcome.

use crate::{
    config,
    http::forward,
    nginx::{
        access::client_fields::{CREDENTIALS, FORM, ORIGIN},
        model::variables::Variables,
        outcome::Outcome::{self, Changed, Dropped, Kept},
        plan::{
            edits::{Edit, Host, Value},
            secret,
        },
    },
};

/// Fields that hubgate sets, with the equivalent values of NGINX.
const SET: [(&str, &[&str]); 3] = [
    (
        "x-forwarded-for",
        &["$proxy_add_x_forwarded_for", "$remote_addr"],
    ),
    ("x-real-ip", &["$remote_addr"]),
    ("x-forwarded-proto", &["$scheme", "$http_x_forwarded_proto"]),
];
/// Fields of the connection to the upstream, which hubgate sets as needed.
const OF_CONNECTION: [&str; 4] = ["connection", "keep-alive", "te", "upgrade"];

/// The outcome of a field.
#[derive(Debug)]
pub(super) enum FieldOutcome {
    /// An entry of the report, and nothing in proxy.yaml.
    Recorded(Outcome, &'static str),
    /// The reason to stop the import.
    Stops(String),
    Host(Host),
    Edit(Edit),
    /// The name of the field with the user's name.
    User(String),
}

/// A field of NGINX.
pub(super) struct Field<'f> {
    pub(super) spelled: &'f str,
    /// The name in lower case.
    pub(super) name: String,
    pub(super) written: &'f str,
    /// The written value with its fixed variables replaced.
    pub(super) value: String,
}

impl Field<'_> {
    /// Returns the outcome of a field that hubgate handles without configuration.
    pub(super) fn built_in(&self, variables: &Variables<'_>) -> Option<FieldOutcome> {
        let name = self.name.as_str();
        let is_own = self.value == format!("$http_{}", name.replace('-', "_"));
        if OF_CONNECTION.contains(&name) {
            let reason = "built in: hubgate connects to the hub in the same way";
            return Some(FieldOutcome::Recorded(Kept, reason));
        }
        if name.starts_with("sec-websocket-") && !is_own {
            let reason = "hubgate forwards the client's own WebSocket handshake";
            return Some(FieldOutcome::Recorded(Changed, reason));
        }
        if self.value == "$remote_user" && config::is_user_header(self.spelled) {
            return Some(FieldOutcome::User(self.spelled.to_owned()));
        }
        if forward::is_claim(name) {
            return Some(self.forwarding_field(variables));
        }
        let reason = "hubgate forwards the client's own";
        is_own.then_some(FieldOutcome::Recorded(Kept, reason))
    }

    /// Returns the outcome of a field that hubgate removes from clients' requests, and sets if it
    /// is one of three.
    fn forwarding_field(&self, variables: &Variables<'_>) -> FieldOutcome {
        let mut set = SET.iter();
        let set = set.find(|(name, _)| *name == self.name);
        let is_scheme = self.name == "x-forwarded-proto"
            && variables.fixed("$scheme").as_ref() == Some(&self.value);
        match set {
            Some((_, values)) if is_scheme || values.contains(&self.written) => {
                FieldOutcome::Recorded(Kept, "hubgate sets it, and removes the client's")
            }
            Some(_) => FieldOutcome::Recorded(
                Changed,
                "hubgate sets it, to the client's address or scheme",
            ),
            None if self.value.is_empty() => {
                FieldOutcome::Recorded(Kept, "hubgate removes the client's")
            }
            None => self.edited().unwrap_or(FieldOutcome::Recorded(
                Dropped,
                "hubgate removes the client's and sets none: the hub no longer receives it",
            )),
        }
    }

    /// Returns the field as `upstream.headers` sets it, if its value is literal.
    pub(super) fn edited(&self) -> Option<FieldOutcome> {
        let is_left = matches!(self.name.as_str(), "authorization" | "accept-encoding")
            && self.value.is_empty();
        // A byte that is not UTF-8 was replaced when the file was read.
        let is_open = self.value.contains(['$', '\u{fffd}']);
        if is_open || is_left || !config::is_edited_header(self.spelled) {
            return None;
        }
        let value = match self.value.as_str() {
            "" => Value::Removed,
            text if !config::is_edited_value(text) => return None,
            text if self.is_secret() => Value::Secret(text.to_owned()),
            text => Value::Text(text.to_owned()),
        };
        Some(FieldOutcome::Edit(Edit {
            name: self.spelled.to_owned(),
            value,
        }))
    }

    fn is_secret(&self) -> bool {
        CREDENTIALS.contains(&self.name.as_str())
            || secret::is_secret_field(&self.name, self.written, &self.value)
    }

    /// Returns the outcome of a field that the upstream cannot receive as from NGINX.
    pub(super) fn otherwise(&self) -> FieldOutcome {
        match self.name.as_str() {
            name if FORM.contains(&name) => FieldOutcome::Recorded(
                Changed,
                "hubgate forwards the client's own, which decides about the form of the response only",
            ),
            name if ORIGIN.contains(&name) => FieldOutcome::Recorded(
                Changed,
                "hubgate forwards it, and refuses requests that a page of another site makes a browser send",
            ),
            name if CREDENTIALS.contains(&name) => self.credentials(),
            name => FieldOutcome::Stops(format!(
                "the hub receives `{name}` from NGINX only, and would accept it from any client: \
                 write a text without variables, let the hub read X-SSL-Client-S-DN, or remove this"
            )),
        }
    }

    /// Returns the outcome of credentials that the upstream verifies.
    fn credentials(&self) -> FieldOutcome {
        match self.value.as_str() {
            "" => FieldOutcome::Recorded(
                Changed,
                "hubgate removes its own password from requests, and forwards the credentials that the hub verifies",
            ),
            _ => FieldOutcome::Recorded(
                Dropped,
                "its value depends on the request, and hubgate forwards the client's: the hub asks each client for its own \
                 password. Where it is always the same, write it into `headers` of `upstream`",
            ),
        }
    }
}
