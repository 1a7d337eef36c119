//! One field of `proxy_set_header`, and what becomes of it.

use super::super::{
    edits::{Edit, Host, Value},
    outcome::Outcome::{self, Changed, Dropped, Kept},
    secret,
    variables::Variables,
    visitor_fields::{CREDENTIALS, FORM, ORIGIN},
};
use crate::{config, http::forward};

/// Fields that hubgate itself sets, with the words of NGINX's that come to the same.
const SET: [(&str, &[&str]); 3] = [
    (
        "x-forwarded-for",
        &["$proxy_add_x_forwarded_for", "$remote_addr"],
    ),
    ("x-real-ip", &["$remote_addr"]),
    ("x-forwarded-proto", &["$scheme", "$http_x_forwarded_proto"]),
];
/// Fields of the connection to the hub, which hubgate sets as needed.
const OF_CONNECTION: [&str; 4] = ["connection", "keep-alive", "te", "upgrade"];

/// What becomes of a field.
#[derive(Debug)]
pub(super) enum FieldOutcome {
    Told(Outcome, &'static str),
    Stops(String),
    Host(Host),
    Edit(Edit),
    User(String),
}

/// A field as it is written and as it is sent.
pub(super) struct Field<'f> {
    pub(super) spelled: &'f str,
    /// In lower case.
    pub(super) name: String,
    pub(super) written: &'f str,
    pub(super) value: String,
}

impl Field<'_> {
    /// What hubgate does by itself, whatever a visitor writes.
    pub(super) fn of_hubgate(&self, variables: &Variables<'_>) -> Option<FieldOutcome> {
        let name = self.name.as_str();
        let is_own = self.value == format!("$http_{}", name.replace('-', "_"));
        if OF_CONNECTION.contains(&name) {
            let why = "hubgate speaks to the hub in the same way by itself";
            return Some(FieldOutcome::Told(Kept, why));
        }
        if name.starts_with("sec-websocket-") && !is_own {
            let why = "a WebSocket's handshake is the client's own, which hubgate passes on";
            return Some(FieldOutcome::Told(Changed, why));
        }
        if self.value == "$remote_user" && config::is_user_header(self.spelled) {
            return Some(FieldOutcome::User(self.spelled.to_owned()));
        }
        if forward::is_claim(name) {
            return Some(self.claim(variables));
        }
        is_own.then_some(FieldOutcome::Told(
            Kept,
            "hubgate passes on the client's own",
        ))
    }

    /// A field that hubgate drops of clients, and sets itself if it is one of three.
    fn claim(&self, variables: &Variables<'_>) -> FieldOutcome {
        let mut set = SET.iter();
        let set = set
            .find(|(own, _)| *own == self.name)
            .map(|(_, words)| *words);
        let scheme = self.name == "x-forwarded-proto"
            && variables.fixed("$scheme").as_ref() == Some(&self.value);
        match set {
            Some(words) if scheme || words.contains(&self.written) => {
                FieldOutcome::Told(Kept, "hubgate sets it itself, whatever the client says")
            }
            Some(_) => FieldOutcome::Told(
                Changed,
                "hubgate sets it itself, to what it knows of the client's connection",
            ),
            None if self.value.is_empty() => {
                FieldOutcome::Told(Kept, "hubgate drops it, whatever the client says")
            }
            None => self.edited().unwrap_or(FieldOutcome::Told(
                Dropped,
                "hubgate drops it, whatever the client says, and sets none: the hub does not have it any more",
            )),
        }
    }

    /// The field as `upstream.headers` sets it, if its value is written out.
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

    /// A field that the hub does not get as from NGINX.
    pub(super) fn otherwise(&self) -> FieldOutcome {
        match self.name.as_str() {
            name if FORM.contains(&name) => FieldOutcome::Told(
                Changed,
                "hubgate passes on the client's own, which decides nothing but the form of the answer",
            ),
            name if ORIGIN.contains(&name) => FieldOutcome::Told(
                Changed,
                "hubgate passes it on, and refuses what a page elsewhere made the browser send",
            ),
            name if CREDENTIALS.contains(&name) => self.credentials(),
            name => FieldOutcome::Stops(format!(
                "the hub has `{name}` from NGINX only, and would have it from any client: \
                 write a text without variables, let the hub read X-SSL-Client-S-DN, or remove this"
            )),
        }
    }

    /// What the hub verifies itself.
    fn credentials(&self) -> FieldOutcome {
        match self.value.as_str() {
            "" => FieldOutcome::Told(
                Changed,
                "hubgate keeps its own password from the hub, and passes on what is the hub's to verify",
            ),
            _ => FieldOutcome::Told(
                Dropped,
                "its value depends on the request, and hubgate passes on the visitor's: the hub asks each visitor for its own \
                 password. Where it is always the same, write it into `headers` of `upstream`",
            ),
        }
    }
}
