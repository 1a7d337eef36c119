//! `$remote_user` in a request field: `user_header`, where hubgate sends the name of a user only.
//!
//! NGINX sends the name that a request claims, verified only where a password is required; hubgate
//! sends the name of the authenticated user, else that of the client certificate.

use super::{request_headers::RequestHeaders, site_plan::LocationAccess};
use crate::{
    http::forward,
    nginx::{
        access::rule::Rule, model::server::Server, read::directive::Directive, report::Report,
    },
};

impl Server<'_> {
    /// Returns the field with the user's name, if all upstreams of the server receive the same one.
    pub(crate) fn user_header(
        &self,
        locations: &[LocationAccess<'_>],
        report: &mut Report,
    ) -> Option<String> {
        let locations = locations.iter().take(self.locations.len()).enumerate();
        let with_upstream: Vec<_> = locations
            .filter(|(_, location)| location.upstream().is_some())
            .collect();
        let fields: Vec<_> = with_upstream
            .iter()
            .map(|(nth, _)| RequestHeaders::of_location(self, *nth, "").user_fields())
            .collect();
        let written: Vec<_> = fields.iter().flatten().collect();
        let (_, name) = written.first()?;
        let has_name = |(_, other): &(&Directive, String)| other.eq_ignore_ascii_case(name);
        let is_everywhere = fields
            .iter()
            .all(|fields| matches!(fields.as_slice(), [field] if has_name(field)));
        let rules = || with_upstream.iter().map(|(_, location)| &location.rule);
        let has_users = rules().any(|rule| rule.phase.password().is_some());
        let has_others = rules().any(Rule::may_name_certificate);
        if !is_everywhere || !has_users || has_others {
            for (directive, name) in &written {
                directive.report_lost_user(name, report);
            }
            return None;
        }
        let always = rules().all(|rule| rule.phase.always_needs_password());
        for (directive, _) in &written {
            match always {
                true => report.kept(directive, "`user_header`"),
                false => report.changed(
                    directive,
                    "`user_header`: the name of an authenticated user, where NGINX sends any claimed name",
                ),
            }
        }
        Some(name.clone())
    }
}

impl Rule {
    /// Reports whether a certificate can admit a client without a user.
    fn may_name_certificate(&self) -> bool {
        let always_user = self.phase.always_needs_password();
        self.certificate.is_some() && (self.certificate_suffices || !always_user)
    }
}

impl Directive {
    /// Reports a field that hubgate cannot set: it is dropped where hubgate removes it from
    /// clients' requests, and otherwise stops the import, as any client could write it.
    fn report_lost_user(&self, name: &str, report: &mut Report) {
        match forward::is_claim(&name.to_ascii_lowercase()) {
            true => report.dropped(
                self,
                "hubgate removes the client's, and sets it (`user_header`) only where it is the only such field of all hubs of a site, and a \
                 password is required that no certificate replaces",
            ),
            false => report.stop(self, format!(
                "the hub trusts `{name}`, which hubgate sets (`user_header`) only where it is the only such field of all hubs of a site, and a \
                 password is required that no certificate replaces: write it at each location, or remove it"
            )),
        }
    }
}
