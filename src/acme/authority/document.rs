//! A problem document (RFC 7807, RFC 8555, 6.7) and the class of problem it makes.

#[cfg(test)]
mod tests;

use http::StatusCode;
use instant_acme::{Identifier, Subproblem};

use super::retry_after;
use crate::acme::problem::{Cause, Class, Problem};

const URN: &str = "urn:ietf:params:acme:error:";
/// The most that is kept of what a CA says, in characters.
const LENGTH: usize = 1000;

/// A problem document.
pub(super) struct Document<'a>(&'a instant_acme::Problem);

impl<'a> Document<'a> {
    pub(super) fn new(problem: &'a instant_acme::Problem) -> Self {
        Self(problem)
    }

    /// The type without its prefix, such as `badNonce`; none if it is not ACME's.
    pub(super) fn kind(&self) -> Option<&'a str> {
        acme_kind(self.0.r#type.as_deref())
    }

    /// The problem it makes, with the HTTP status it came with, if any.
    pub(super) fn problem(&self, status: Option<StatusCode>) -> Problem {
        let detail = self.detail();
        let class = self.class(status, &detail);
        Problem {
            class,
            retry_after: retry_after::in_words(&detail),
            identifier: self.identifier(),
            link: (class == Class::Paused).then(|| link(&detail)).flatten(),
            cause: self.cause(),
            detail: detail.chars().take(LENGTH).collect(),
        }
    }

    /// The types of the document and of those within.
    fn kinds(&self) -> impl Iterator<Item = &'a str> {
        let subproblems = self.0.subproblems.iter();
        let kinds = subproblems.map(|sub| acme_kind(sub.r#type.as_deref()));
        std::iter::once(self.kind()).chain(kinds).flatten()
    }

    fn cause(&self) -> Option<Cause> {
        self.kinds().find_map(cause)
    }

    fn class(&self, status: Option<StatusCode>, detail: &str) -> Class {
        if status.is_some_and(|status| status.is_server_error()) {
            return Class::Network;
        }
        let mut classes = self.kinds().filter_map(|kind| class(kind, detail));
        classes.next().unwrap_or(match status {
            Some(StatusCode::TOO_MANY_REQUESTS) => Class::RateLimited,
            _ => Class::Refused,
        })
    }

    /// What the CA said, in one line, of each identifier.
    fn detail(&self) -> String {
        let kind = self
            .0
            .r#type
            .as_deref()
            .unwrap_or("a problem without words");
        let mut detail = one_line(self.0.detail.as_deref().unwrap_or(kind));
        for sub in &self.0.subproblems {
            let said = one_line(sub.detail.as_deref().unwrap_or_default());
            if !said.is_empty() && !detail.contains(&said) {
                let name = name(sub).map_or_else(String::new, |name| format!("{name}: "));
                detail = format!("{detail}; {name}{said}");
            }
        }
        detail
    }

    /// The identifier it is about, when it is about one only.
    fn identifier(&self) -> Option<String> {
        let mut names = self.0.subproblems.iter().map(name);
        let first = names.next()??;
        names
            .all(|name| name.as_deref() == Some(&first))
            .then_some(first)
    }
}

fn acme_kind(kind: Option<&str>) -> Option<&str> {
    kind?.strip_prefix(URN)
}

/// The class of a type, and of the words where the type does not decide; none if another
/// document within has to be looked at.
fn class(kind: &str, detail: &str) -> Option<Class> {
    Some(match kind {
        "badNonce" | "serverInternal" => Class::Network,
        "rateLimited" if is_pause(detail) => Class::Paused,
        "rateLimited" => Class::RateLimited,
        "unauthorized" if is_pause(detail) => Class::Paused,
        "unauthorized" if is_of_account(detail) => Class::AccountGone,
        "connection" | "dns" | "incorrectResponse" | "tls" | "unauthorized" => Class::Validation,
        "alreadyReplaced" => Class::AlreadyReplaced,
        "invalidProfile" => Class::InvalidProfile,
        "accountDoesNotExist" => Class::AccountGone,
        "orderNotReady" => Class::OrderGone,
        "badCSR"
        | "badPublicKey"
        | "badSignatureAlgorithm"
        | "caa"
        | "externalAccountRequired"
        | "invalidContact"
        | "rejectedIdentifier"
        | "unsupportedContact"
        | "unsupportedIdentifier"
        | "userActionRequired" => Class::Refused,
        _ => return None,
    })
}

fn cause(kind: &str) -> Option<Cause> {
    Some(match kind {
        "caa" => Cause::Caa,
        "externalAccountRequired" => Cause::ExternalAccount,
        "rejectedIdentifier" | "unsupportedIdentifier" => Cause::RejectedName,
        "userActionRequired" => Cause::UserAction,
        _ => return None,
    })
}

/// Boulder's words for a name that a person has to unpause.
fn is_pause(detail: &str) -> bool {
    detail.contains("unpause") || detail.contains("temporarily prevented from requesting")
}

/// Boulder's words for an account that was deactivated or revoked.
fn is_of_account(detail: &str) -> bool {
    let detail = detail.to_ascii_lowercase();
    detail.contains("account is not valid") || detail.contains("account has been deactivated")
}

fn name(sub: &Subproblem) -> Option<String> {
    match sub.identifier.as_ref()? {
        Identifier::Dns(name) => Some(one_line(name)),
        Identifier::Ip(address) => Some(address.to_string()),
        _ => None,
    }
}

/// The first URL in a sentence, without the punctuation that ends it.
fn link(sentence: &str) -> Option<String> {
    let start = sentence.find("https://")?;
    let url = sentence.get(start..)?;
    let end = url
        .find(|c: char| c.is_whitespace() || matches!(c, '"' | '<' | '>' | ')'))
        .unwrap_or(url.len());
    Some(
        url.get(..end)?
            .trim_end_matches(['.', ',', ';', ':'])
            .to_owned(),
    )
}

/// What another wrote, fit for a log: control characters and runs of blanks become one blank.
pub(super) fn one_line(text: &str) -> String {
    let words = text.split(|c: char| c.is_whitespace() || c.is_control());
    let words: Vec<_> = words.filter(|word| !word.is_empty()).collect();
    words.join(" ")
}
