//! `proxy_set_header`: fields of a request that the hub believes because NGINX sets or clears them.
//!
//! A text that is written out becomes `upstream.host` or `upstream.headers`, the user's name
//! `user_header`. hubgate drops a client's claims by their names and sets its own. Any other field
//! that the hub has from NGINX only would be the client's own to write, so it stops the import.

mod field;

use self::field::{Field, FieldOutcome};
use super::{
    directive::Directive,
    edits::{Edit, Edits, Host, Value},
    levels::Levels,
    outcome::Outcome::Changed,
    report::Report,
    variables::Variables,
};
use crate::config;

/// The request fields of one place with a hub.
#[derive(Clone, Copy)]
pub(super) struct RequestHeaders<'p, 'd> {
    pub(super) levels: &'p Levels<'d>,
    pub(super) variables: &'p Variables<'d>,
    /// `Host` as NGINX sends it by default.
    pub(super) proxied: &'p str,
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
                FieldOutcome::Host(host) => edits.host = host,
                FieldOutcome::Edit(edit) => edits.add(edit),
                _ => {}
            }
        }
        edits
    }

    /// The fields that have the user's name, each with the directive that says so.
    pub(super) fn users(&self) -> Vec<(&'d Directive, String)> {
        let written = self.written().into_iter();
        let users = written.filter_map(|directive| match self.outcome(directive) {
            FieldOutcome::User(name) => Some((directive, name)),
            _ => None,
        });
        users.collect()
    }

    /// Reports each field that NGINX sets here, or stops there; `is_written` where the edits are
    /// those of a path of the site, whose first host is `host`.
    pub(super) fn report(&self, is_written: bool, host: &str, report: &mut Report) {
        let written = self.written();
        for (nth, directive) in written.iter().enumerate() {
            match self.outcome(directive) {
                FieldOutcome::Edit(_) | FieldOutcome::Host(_) | FieldOutcome::User(_)
                    if self.is_sent_twice(directive, &written[..nth]) =>
                {
                    report.stop(directive, "NGINX sends this field twice: leave one");
                }
                FieldOutcome::Told(outcome, why) => report.tell(outcome, directive, why),
                FieldOutcome::Stops(why) => report.stop(directive, why),
                FieldOutcome::User(_) => {}
                FieldOutcome::Host(_) | FieldOutcome::Edit(_) if !is_written => {
                    report.dropped(directive, ELSEWHERE);
                }
                FieldOutcome::Host(Host::Visitor) => {
                    report.kept(
                        directive,
                        "hubgate passes on the host that the client asked for",
                    );
                }
                FieldOutcome::Host(_) => report.changed(directive, "`host` of `upstream`"),
                FieldOutcome::Edit(edit) => self.report_edit(directive, &edit, host, report),
            }
        }
        self.report_default(is_written, report);
    }

    /// Whether an earlier directive sends the field too; of hosts that lead to the same, hubgate sends
    /// the last.
    fn is_sent_twice(&self, directive: &Directive, earlier: &[&Directive]) -> bool {
        let is_usual = |directive: &Directive| {
            let outcome = self.outcome(directive);
            matches!(
                outcome,
                FieldOutcome::Host(Host::Visitor | Host::Proxied(_))
            )
        };
        earlier.iter().any(|other| {
            let is_same = other.word().eq_ignore_ascii_case(directive.word());
            is_same && !(is_usual(directive) && is_usual(other))
        })
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
        let (outcome, why) = match self.default_host() {
            Host::Visitor => (
                Changed,
                "NGINX sends the address of the hub by default, and hubgate the host that the client asked for",
            ),
            _ => (Changed, "NGINX's default: `host` of `upstream`"),
        };
        report.note(outcome, &pass.at, "proxy_set_header Host $proxy_host", why);
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

    fn outcome(&self, directive: &Directive) -> FieldOutcome {
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

    fn host(&self, value: &str) -> FieldOutcome {
        const VISITORS: [&str; 2] = ["$host", "$http_host"];
        let names = self.levels.server_names();
        let is_own = names.as_slice() == [value.to_owned()];
        if VISITORS.contains(&value) || value.starts_with("$host:") || is_own {
            return FieldOutcome::Host(Host::Visitor);
        }
        let text = match (value, names.first()) {
            ("$proxy_host", _) => return FieldOutcome::Host(self.default_host()),
            ("$server_name", Some(first)) => first.as_str(),
            _ => value,
        };
        if text.eq_ignore_ascii_case(self.proxied) {
            return FieldOutcome::Host(self.default_host());
        }
        match !text.contains('$') && config::is_upstream_host(text) {
            true => FieldOutcome::Host(Host::Literal(text.to_owned())),
            false => FieldOutcome::Stops(
                "hubgate passes on the host that the client asked for, by which the hub may choose another site: \
                 write `$host`, or the name or address that the hub wants"
                    .to_owned(),
            ),
        }
    }
}

const ELSEWHERE: &str =
    "hubgate knows no expressions: the hub gets here what it gets at the place that this falls in";
