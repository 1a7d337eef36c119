//! Why a certificate did not come, in one sentence with cause and cure.
//!
//! Made from what the CA said and from what our own server saw of it. Pure: nobody is asked.

mod validation;

use time::{OffsetDateTime, format_description::BorrowedFormatItem, macros::format_description};

use super::{
    challenge::Hit,
    problem::{Class, Problem},
};
use crate::config::model::ChallengeKind;

const MINUTE: &[BorrowedFormatItem<'_>] =
    format_description!("[day padding:none] [month repr:long] [year] [hour]:[minute] UTC");

/// Why a certificate did not come, and what a person can do about it.
///
/// `hits` are those of the challenge that was tried, if one was.
#[must_use]
pub fn diagnose(problem: &Problem, challenge: Option<ChallengeKind>, hits: &[Hit]) -> String {
    let detail = &problem.detail;
    match problem.class {
        Class::Network => unreachable(detail),
        Class::RateLimited => limited(problem),
        Class::Paused => paused(problem),
        Class::Validation => validation::diagnose(problem, challenge, hits),
        Class::Local => format!("{detail}; it is tried again, and what is served goes on"),
        Class::Provider => format!(
            "our own side of the challenge failed ({detail}); check the DNS provider's token, or \
             the hook"
        ),
        Class::Refused => refused(problem),
        Class::Unusable => format!("{detail}; it is tried again, report it to the CA if it stays"),
        Class::AlreadyReplaced | Class::InvalidProfile | Class::AccountGone | Class::OrderGone => {
            format!(
                "the CA has changed its mind about what we asked ({detail}); it is asked otherwise, \
             nothing has to be done"
            )
        }
    }
}

fn unreachable(detail: &str) -> String {
    let sentence = if says(
        detail,
        &["dns error", "lookup", "look up", "resolve", "resolution"],
    ) {
        "the CA's own name cannot be looked up; check the DNS servers of this machine"
    } else if says(
        detail,
        &["certificate", "unknownissuer", "tls", "handshake"],
    ) {
        "the CA's server is not trusted; check the clock, whether a proxy breaks TLS open on the \
         way, and for a private CA that its root is configured"
    } else if says(
        detail,
        &[
            "refused",
            "timed out",
            "time-out",
            "timeout",
            "unreachable",
            "connect",
        ],
    ) {
        "the CA cannot be reached from here; check this machine's way out: router, firewall, proxy"
    } else {
        "the CA does not answer sensibly; nothing has to be done here, it is tried again"
    };
    format!("{sentence} ({detail})")
}

fn limited(problem: &Problem) -> String {
    let until = match problem.retry_after {
        Some(moment) => format!(" until {}", minute(moment)),
        None => String::new(),
    };
    format!(
        "a limit of the CA's is used up{until} ({}); it is tried again then, meanwhile delete \
         nothing and reinstall nothing",
        problem.detail
    )
}

fn minute(moment: OffsetDateTime) -> String {
    let utc = moment.checked_to_offset(time::UtcOffset::UTC);
    let utc = utc.unwrap_or(moment);
    utc.format(MINUTE).unwrap_or_else(|_| utc.to_string())
}

fn paused(problem: &Problem) -> String {
    let name = name(problem);
    let page = problem.link.as_deref().unwrap_or("the page the CA names");
    format!(
        "the CA has paused {name} after very many failures; correct what failed, then unpause it \
         at {page}"
    )
}

fn refused(problem: &Problem) -> String {
    let (name, detail) = (name(problem), &problem.detail);
    let cure = if says(detail, &["caa"]) {
        return forbidden(&name);
    } else if says(
        detail,
        &[
            "policy",
            "rejected",
            "top level",
            "public suffix",
            "at least one dot",
            "cannot issue",
        ],
    ) {
        "use a name of your own under a public domain, or a self-signed certificate"
    } else if says(detail, &["external account", "eab", "binding"]) {
        "get the key for external account binding from the CA, and configure it"
    } else {
        "see what the CA wants, or use another"
    };
    format!("the CA gives no certificate for {name} ({detail}); {cure}")
}

fn forbidden(name: &str) -> String {
    format!(
        "a CAA record in the DNS forbids this CA to issue for {name}; add one that allows the CA, \
         or remove it"
    )
}

fn name(problem: &Problem) -> String {
    problem
        .identifier
        .clone()
        .unwrap_or_else(|| "the name".into())
}

/// Whether a text holds one of some words, which are in lower case.
fn says(text: &str, words: &[&str]) -> bool {
    let text = text.to_ascii_lowercase();
    words.iter().any(|word| text.contains(word))
}

#[cfg(test)]
mod tests;
