//! `proxy_set_header`: request fields that the upstream trusts because NGINX sets or removes them.
//!
//! A literal value becomes `upstream.host` or `upstream.headers`, the user's name `user_header`.
//! hubgate removes the forwarding fields of clients and sets its own. Any other field of NGINX
//! could then be written by the client, so it stops the import.

mod field;

use self::field::{Field, FieldOutcome};
use super::edits::{Edit, Edits, Host, Value};
use crate::{
    config,
    nginx::{
        model::{inheritance::Inheritance, variables::Variables},
        outcome::Outcome::Changed,
        read::directive::Directive,
        report::Report,
    },
};

/// The request fields of one location with an upstream.
#[derive(Clone, Copy)]
pub(crate) struct RequestHeaders<'p, 'd> {
    pub(crate) levels: &'p Inheritance<'d>,
    pub(crate) variables: &'p Variables<'d>,
    /// `$proxy_host`, the default value of `Host`.
    pub(crate) proxy_host: &'p str,
}

impl<'d> RequestHeaders<'_, 'd> {
    /// Returns the fields that the upstream receives instead of the client's.
    pub(crate) fn edits(&self) -> Edits {
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

    /// Returns the fields with the user's name, each with its directive.
    pub(crate) fn user_fields(&self) -> Vec<(&'d Directive, String)> {
        let written = self.written().into_iter();
        let users = written.filter_map(|directive| match self.outcome(directive) {
            FieldOutcome::User(name) => Some((directive, name)),
            _ => None,
        });
        users.collect()
    }

    /// Reports each field that NGINX sets here, or stops there; `is_written` where the edits are
    /// those of a path of the site, the first host of which is `host`.
    pub(crate) fn report(&self, is_written: bool, host: &str, report: &mut Report) {
        let written = self.written();
        for (nth, directive) in written.iter().enumerate() {
            match self.outcome(directive) {
                FieldOutcome::Edit(_) | FieldOutcome::Host(_) | FieldOutcome::User(_)
                    if self.is_sent_twice(directive, &written[..nth]) =>
                {
                    report.stop(directive, "NGINX sends this field twice: leave one");
                }
                FieldOutcome::Recorded(outcome, reason) => {
                    report.record(outcome, directive, reason);
                }
                FieldOutcome::Stops(reason) => report.stop(directive, reason),
                FieldOutcome::User(_) => {}
                FieldOutcome::Host(_) | FieldOutcome::Edit(_) if !is_written => {
                    report.dropped(directive, ELSEWHERE);
                }
                FieldOutcome::Host(Host::Client) => {
                    report.kept(directive, "hubgate forwards the client's `Host`");
                }
                FieldOutcome::Host(_) => report.changed(directive, "`host` of `upstream`"),
                FieldOutcome::Edit(edit) => self.report_edit(directive, &edit, host, report),
            }
        }
        self.report_default(is_written, report);
    }

    /// Reports whether an earlier directive sends the field too; of equivalent hosts, hubgate sends
    /// the last.
    fn is_sent_twice(&self, directive: &Directive, earlier: &[&Directive]) -> bool {
        let is_usual = |directive: &Directive| {
            let outcome = self.outcome(directive);
            matches!(outcome, FieldOutcome::Host(Host::Client | Host::Proxied(_)))
        };
        earlier.iter().any(|other| {
            let is_same = other
                .parameter()
                .eq_ignore_ascii_case(directive.parameter());
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

    /// Reports the default `Host` of NGINX where no directive sets one.
    fn report_default(&self, is_written: bool, report: &mut Report) {
        let sets_host = |directive: &&Directive| directive.parameter_is("host");
        let pass = self.levels.own("proxy_pass").filter(|_| is_written);
        let Some(pass) = pass.filter(|_| !self.written().iter().any(sets_host)) else {
            return;
        };
        let reason = match self.default_host() {
            Host::Client => {
                "NGINX sends the address of the hub by default, and hubgate the client's `Host`"
            }
            _ => "NGINX's default: `host` of `upstream`",
        };
        let what = "proxy_set_header Host $proxy_host";
        report.record_note(Changed, &pass.at, what, reason);
    }

    fn written(&self) -> Vec<&'d Directive> {
        self.levels.inherited_all(&["proxy_set_header"])
    }

    fn default_host(&self) -> Host {
        match config::is_upstream_host(self.proxy_host) {
            true => Host::Proxied(self.proxy_host.to_owned()),
            false => Host::Client,
        }
    }

    fn outcome(&self, directive: &Directive) -> FieldOutcome {
        let written = directive.parameters.get(1).map_or("", String::as_str);
        let field = Field {
            spelled: directive.parameter(),
            name: directive.parameter().to_ascii_lowercase(),
            written,
            value: self.resolve(written),
        };
        if field.name == "host" {
            return self.host(&field.value);
        }
        if let Some(outcome) = field.built_in(self.variables) {
            return outcome;
        }
        field.edited().unwrap_or_else(|| field.otherwise())
    }

    /// Replaces each variable that has one value here, such as `$host` where the server has one
    /// name.
    fn resolve(&self, written: &str) -> String {
        let value = self.variables.resolve(written);
        let names = self.levels.server_names();
        let is_exact = |name: &&String| {
            name.contains('.') && !name.contains(['*', '~', '$']) && !name.starts_with('.')
        };
        match (value.as_str(), names.as_slice()) {
            ("$host" | "$server_name", [name]) if is_exact(&name) => name.clone(),
            _ => value,
        }
    }

    fn host(&self, value: &str) -> FieldOutcome {
        const OF_CLIENT: [&str; 2] = ["$host", "$http_host"];
        let names = self.levels.server_names();
        let is_own = names.as_slice() == [value.to_owned()];
        if OF_CLIENT.contains(&value) || value.starts_with("$host:") || is_own {
            return FieldOutcome::Host(Host::Client);
        }
        let text = match (value, names.first()) {
            ("$proxy_host", _) => return FieldOutcome::Host(self.default_host()),
            ("$server_name", Some(first)) => first.as_str(),
            _ => value,
        };
        if text.eq_ignore_ascii_case(self.proxy_host) {
            return FieldOutcome::Host(self.default_host());
        }
        match !text.contains('$') && config::is_upstream_host(text) {
            true => FieldOutcome::Host(Host::Literal(text.to_owned())),
            false => FieldOutcome::Stops(
                "hubgate forwards the client's `Host`, by which the hub may choose another site: \
                 write `$host`, or the name or address that the hub expects"
                    .to_owned(),
            ),
        }
    }
}

const ELSEWHERE: &str =
    "hubgate has no regular expressions: the hub receives here the fields of the path around it";
