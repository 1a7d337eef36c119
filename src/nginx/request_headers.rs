//! `proxy_set_header`: fields of a request that the hub believes because NGINX sets or clears them.
//!
//! A text that is written out becomes `upstream.host` or `upstream.headers`, the user's name
//! `user_header`. hubgate drops a client's claims by their names and sets its own. Any other field
//! that the hub has from NGINX only would be the client's own to write, so it stops the import.

use super::{
    directive::Directive,
    edits::{Edit, Edits, Host, Value},
    levels::Levels,
    report::{
        Fate::{self, Changed, Dropped, Kept},
        Report,
    },
    secret,
    variables::Variables,
};
use crate::{config, proxy};

/// Fields of which the client's own word decides nothing but the form of the answer.
const FORM: [&str; 16] = [
    "accept",
    "accept-charset",
    "accept-encoding",
    "accept-language",
    "cache-control",
    "dnt",
    "early-data",
    "expect",
    "if-modified-since",
    "if-none-match",
    "if-range",
    "pragma",
    "range",
    "user-agent",
    "x-request-id",
    "x-scheme",
];
/// Where a request says that it comes from: hubgate itself refuses those of other pages.
const ORIGIN: [&str; 2] = ["origin", "referer"];
/// Credentials that the hub verifies itself.
const CREDENTIALS: [&str; 3] = ["authorization", "cookie", "x-openhab-token"];

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

/// The request fields of one place with a hub.
#[derive(Clone, Copy)]
pub(super) struct RequestHeaders<'p, 'd> {
    pub(super) levels: &'p Levels<'d>,
    pub(super) variables: &'p Variables<'d>,
    /// `Host` as NGINX sends it by default.
    pub(super) proxied: &'p str,
}

/// What becomes of a field.
#[derive(Debug, PartialEq, Eq)]
enum Outcome {
    Told(Fate, &'static str),
    Stops(String),
    Host(Host),
    Edit(Edit),
    User(String),
}

/// A field as it is written and as it is sent.
struct Field<'f> {
    spelled: &'f str,
    /// In lower case.
    name: String,
    written: &'f str,
    value: String,
}

/// Whether a visitor may write the field, since hubgate or the hub judges it.
pub(super) fn is_visitors_own(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    let name = name.as_str();
    FORM.contains(&name)
        || ORIGIN.contains(&name)
        || CREDENTIALS.contains(&name)
        || proxy::is_claim(name)
}

impl<'d> RequestHeaders<'_, 'd> {
    /// What the hub gets in place of the visitor's fields.
    pub(super) fn edits(&self) -> Edits {
        let mut edits = Edits {
            host: self.default_host(),
            fields: Vec::new(),
        };
        for directive in self.written() {
            match self.outcome(directive) {
                Outcome::Host(host) => edits.host = host,
                Outcome::Edit(edit) => edits.add(edit),
                _ => {}
            }
        }
        edits
    }

    /// The field that has the user's name, with the directive that says so.
    pub(super) fn user(&self) -> Option<(&'d Directive, String)> {
        self.written()
            .into_iter()
            .find_map(|directive| match self.outcome(directive) {
                Outcome::User(name) => Some((directive, name)),
                _ => None,
            })
    }

    /// Reports each field that NGINX sets here, or stops there; `is_written` where the edits are
    /// those of a path of the site, whose first host is `host`.
    pub(super) fn report(&self, is_written: bool, host: &str, report: &mut Report) {
        let written = self.written();
        for (nth, directive) in written.iter().enumerate() {
            let is_same = |other: &&Directive| other.word().eq_ignore_ascii_case(directive.word());
            match self.outcome(directive) {
                Outcome::Edit(_) | Outcome::Host(_) | Outcome::User(_)
                    if written[..nth].iter().any(is_same) =>
                {
                    report.stop(directive, "NGINX sends this field twice: leave one");
                }
                Outcome::Told(fate, why) => report.tell(fate, directive, why),
                Outcome::Stops(why) => report.stop(directive, why),
                Outcome::User(_) => {}
                Outcome::Host(_) | Outcome::Edit(_) if !is_written => {
                    report.dropped(directive, ELSEWHERE);
                }
                Outcome::Host(Host::Visitor) => {
                    report.kept(
                        directive,
                        "hubgate passes on the host that the client asked for",
                    );
                }
                Outcome::Host(_) => report.changed(directive, "`host` of `upstream`"),
                Outcome::Edit(edit) => self.report_edit(directive, &edit, host, report),
            }
        }
        self.report_default(is_written, report);
    }

    fn report_edit(&self, directive: &Directive, edit: &Edit, host: &str, report: &mut Report) {
        match &edit.value {
            Value::Removed => report.changed(directive, "`headers` of `upstream` remove it"),
            Value::Text(_) => report.changed(directive, "`headers` of `upstream`"),
            Value::Secret(value) => {
                let file = report.secrets.file(host, &edit.name, value);
                report.hide(value);
                report.changed(
                    directive,
                    format!("`headers` of `upstream`, with the value in the private file {file}"),
                );
            }
        }
    }

    /// Reports the `Host` that NGINX sends where no directive sets one.
    fn report_default(&self, is_written: bool, report: &mut Report) {
        let sets = |directive: &&Directive| directive.word().eq_ignore_ascii_case("host");
        let pass = self.levels.own_one("proxy_pass").filter(|_| is_written);
        let Some(pass) = pass.filter(|_| !self.written().iter().any(sets)) else {
            return;
        };
        let (fate, why) = match self.default_host() {
            Host::Visitor => (
                Changed,
                "NGINX sends the address of the hub by default, and hubgate the host that the client asked for",
            ),
            _ => (Changed, "NGINX's default: `host` of `upstream`"),
        };
        report.note(fate, &pass.at, "proxy_set_header Host $proxy_host", why);
    }

    fn written(&self) -> Vec<&'d Directive> {
        self.levels.nearest(&["proxy_set_header"])
    }

    fn default_host(&self) -> Host {
        match config::is_upstream_host(self.proxied) {
            true => Host::Proxied(self.proxied.to_owned()),
            false => Host::Visitor,
        }
    }

    fn outcome(&self, directive: &Directive) -> Outcome {
        let written = directive.words.get(1).map_or("", String::as_str);
        let field = Field {
            spelled: directive.word(),
            name: directive.word().to_ascii_lowercase(),
            written,
            value: self.resolve(written),
        };
        if field.name == "host" {
            return self.host(&field.value);
        }
        if let Some(found) = field.of_hubgate(self.variables) {
            return found;
        }
        field.edited().unwrap_or_else(|| field.otherwise())
    }

    /// The value with each variable replaced that has one text here; `$host` has, where the server has
    /// one name.
    fn resolve(&self, written: &str) -> String {
        let value = self.variables.resolve(written);
        let names = self.levels.server_names();
        let is_plain = |name: &&String| {
            name.contains('.') && !name.contains(['*', '~', '$']) && !name.starts_with('.')
        };
        match (value.as_str(), names.as_slice()) {
            ("$host" | "$server_name", [name]) if is_plain(&name) => name.clone(),
            _ => value,
        }
    }

    fn host(&self, value: &str) -> Outcome {
        const VISITORS: [&str; 2] = ["$host", "$http_host"];
        let names = self.levels.server_names();
        let is_own = names.as_slice() == [value.to_owned()];
        if VISITORS.contains(&value) || value.starts_with("$host:") || is_own {
            return Outcome::Host(Host::Visitor);
        }
        let text = match (value, names.first()) {
            ("$proxy_host", _) => return Outcome::Host(self.default_host()),
            ("$server_name", Some(first)) => first.as_str(),
            _ => value,
        };
        match !text.contains('$') && config::is_upstream_host(text) {
            true => Outcome::Host(Host::Literal(text.to_owned())),
            false => Outcome::Stops(
                "hubgate passes on the host that the client asked for, by which the hub may choose another site: \
                 write `$host`, or the name or address that the hub wants"
                    .to_owned(),
            ),
        }
    }
}

impl Field<'_> {
    /// What hubgate does by itself, whatever a visitor writes.
    fn of_hubgate(&self, variables: &Variables<'_>) -> Option<Outcome> {
        let name = self.name.as_str();
        if OF_CONNECTION.contains(&name) || name.starts_with("sec-websocket-") {
            let why = "hubgate speaks to the hub in the same way by itself";
            return Some(Outcome::Told(Kept, why));
        }
        if self.value == "$remote_user" && config::is_user_header(self.spelled) {
            return Some(Outcome::User(self.spelled.to_owned()));
        }
        if proxy::is_claim(name) {
            return Some(self.claim(variables));
        }
        let own = format!("$http_{}", name.replace('-', "_"));
        (self.value == own).then_some(Outcome::Told(Kept, "hubgate passes on the client's own"))
    }

    /// A field that hubgate drops of clients, and sets itself if it is one of three.
    fn claim(&self, variables: &Variables<'_>) -> Outcome {
        let mut set = SET.iter();
        let set = set
            .find(|(own, _)| *own == self.name)
            .map(|(_, words)| *words);
        let scheme = self.name == "x-forwarded-proto"
            && variables.fixed("$scheme").as_ref() == Some(&self.value);
        match set {
            Some(words) if scheme || words.contains(&self.written) => {
                Outcome::Told(Kept, "hubgate sets it itself, whatever the client says")
            }
            Some(_) => Outcome::Told(
                Changed,
                "hubgate sets it itself, to what it knows of the client's connection",
            ),
            None if self.value.is_empty() => {
                Outcome::Told(Kept, "hubgate drops it, whatever the client says")
            }
            None => self.edited().unwrap_or(Outcome::Told(
                Dropped,
                "hubgate drops it, whatever the client says, and sets none: the hub does not have it any more",
            )),
        }
    }

    /// The field as `upstream.headers` sets it, if its value is written out.
    fn edited(&self) -> Option<Outcome> {
        let is_left = matches!(self.name.as_str(), "authorization" | "accept-encoding")
            && self.value.is_empty();
        if self.value.contains('$') || is_left || !config::is_edited_header(self.spelled) {
            return None;
        }
        let value = match self.value.as_str() {
            "" => Value::Removed,
            text if !config::is_edited_value(text) => return None,
            text if self.is_secret() => Value::Secret(text.to_owned()),
            text => Value::Text(text.to_owned()),
        };
        Some(Outcome::Edit(Edit {
            name: self.spelled.to_owned(),
            value,
        }))
    }

    fn is_secret(&self) -> bool {
        CREDENTIALS.contains(&self.name.as_str())
            || secret::is_secret_field(&self.name, self.written, &self.value)
    }

    /// A field that the hub does not get as from NGINX.
    fn otherwise(&self) -> Outcome {
        match self.name.as_str() {
            name if FORM.contains(&name) => Outcome::Told(
                Changed,
                "hubgate passes on the client's own, which decides nothing but the form of the answer",
            ),
            name if ORIGIN.contains(&name) => Outcome::Told(
                Changed,
                "hubgate passes it on, and refuses what a page elsewhere made the browser send",
            ),
            name if CREDENTIALS.contains(&name) => self.credentials(),
            name => Outcome::Stops(format!(
                "the hub has `{name}` from NGINX only, and would have it from any client: \
                 write a text without variables, let the hub read X-SSL-Client-S-DN, or remove this"
            )),
        }
    }

    /// What the hub verifies itself.
    fn credentials(&self) -> Outcome {
        match self.value.as_str() {
            "" => Outcome::Told(
                Changed,
                "hubgate keeps its own password from the hub, and passes on what is the hub's to verify",
            ),
            _ => Outcome::Told(
                Dropped,
                "its value depends on the request, and hubgate passes on the visitor's: the hub asks each visitor for its own \
                 password. Where it is always the same, write it into `headers` of `upstream`",
            ),
        }
    }
}

const ELSEWHERE: &str =
    "hubgate knows no expressions: the hub gets here what it gets at the place that this falls in";
