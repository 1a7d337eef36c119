//! `$remote_user` in a field of requests: `user_header`, where hubgate names nobody else.
//!
//! NGINX sends whatever name a request claims, checked only where a password is asked; hubgate
//! sends the name of the user who logged in, else that of the certificate that let in.

use super::{
    directive::Directive,
    plan::Judged,
    report::Report,
    request_headers::RequestHeaders,
    rule::{Entry, Rule},
    server::Server,
};
use crate::http::forward;

/// The field of the user's name at all hubs of a server, if they have one.
pub(super) fn of(
    server: &Server<'_>,
    places: &[Judged<'_>],
    report: &mut Report,
) -> Option<String> {
    let places = places.iter().take(server.locations.len()).enumerate();
    let hubs: Vec<_> = places.filter(|(_, place)| place.hub().is_some()).collect();
    let users: Vec<_> = hubs
        .iter()
        .map(|(nth, _)| RequestHeaders::of_location(server, *nth, "").users())
        .collect();
    let written: Vec<_> = users.iter().flatten().collect();
    let (_, name) = written.first()?;
    let is_same = |(_, other): &(&Directive, String)| other.eq_ignore_ascii_case(name);
    let everywhere = users
        .iter()
        .all(|users| matches!(users.as_slice(), [user] if is_same(user)));
    let rules = || hubs.iter().map(|(_, place)| &place.rule);
    let logs_in = rules().any(asks_password) && !rules().any(may_name_certificate);
    if !everywhere || !logs_in {
        written
            .iter()
            .for_each(|(directive, name)| lost(directive, name, report));
        return None;
    }
    let always = rules().all(|rule| matches!(rule.entry, Entry::Password(_) | Entry::Both(..)));
    for (directive, _) in &written {
        match always {
            true => report.kept(directive, "`user_header`"),
            false => report.changed(
                directive,
                "`user_header`: the name of a user whose password was right, where NGINX believes any",
            ),
        }
    }
    Some(name.clone())
}

fn asks_password(rule: &Rule) -> bool {
    matches!(
        rule.entry,
        Entry::Password(_) | Entry::Both(..) | Entry::Either(..)
    )
}

/// Whether a certificate lets in without a user.
fn may_name_certificate(rule: &Rule) -> bool {
    let always_user = matches!(rule.entry, Entry::Password(_) | Entry::Both(..));
    rule.certificate.is_some() && (rule.either || !always_user)
}

/// A field that hubgate drops of clients is lost; another would be theirs to write.
fn lost(directive: &Directive, name: &str, report: &mut Report) {
    match forward::is_claim(&name.to_ascii_lowercase()) {
        true => report.dropped(
            directive,
            "hubgate drops it, whatever the client says, and sets it (`user_header`) only where all hubs of a site get it alone and a \
             password is asked without a certificate in its place",
        ),
        false => report.stop(directive, format!(
            "the hub believes `{name}`, which hubgate sets (`user_header`) only where all hubs of a site get it alone and a password is \
             asked without a certificate in its place: write it at each location, or remove it"
        )),
    }
}
