//! Why a certificate did not come, in one sentence with cause and cure.
//!
//! Made from what the CA said and from what our own server saw of it. Pure: nobody is asked.

mod validation;

use time::{OffsetDateTime, format_description::BorrowedFormatItem, macros::format_description};

use super::{
    challenge::Hit,
    problem::{Cause, Class, Problem},
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
        Class::Network => unreachable(problem),
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

fn unreachable(problem: &Problem) -> String {
    let sentence = match problem.cause {
        Some(Cause::NameLookup) => {
            "the CA's own name cannot be looked up; check the DNS servers of this machine"
        }
        Some(Cause::Untrusted) => {
            "the CA's server is not trusted; check the clock, whether a proxy breaks TLS open on \
             the way, and for a private CA that its root is configured"
        }
        Some(Cause::NoTls) => {
            "the CA's server does not begin TLS; check that `directory` names the right port, and \
             whether a firewall or a proxy on the way cuts the connection"
        }
        Some(Cause::Unreachable) => {
            "the CA cannot be reached from here; check this machine's way out: router, firewall, \
             proxy"
        }
        _ => "the CA does not answer sensibly; nothing has to be done here, it is tried again",
    };
    format!("{sentence} ({})", problem.detail)
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
    let cure = match problem.cause {
        Some(Cause::Caa) => return forbidden(&name),
        Some(Cause::UserAction) => return user_action(problem),
        Some(Cause::RejectedName) => {
            "use a name of your own under a public domain, or a self-signed certificate"
        }
        Some(Cause::ExternalAccount) => {
            "get the key for external account binding from the CA, and configure it"
        }
        _ => "see what the CA wants, or use another",
    };
    format!("the CA gives no certificate for {name} ({detail}); {cure}")
}

fn user_action(problem: &Problem) -> String {
    let page = problem.link.as_deref().unwrap_or("the CA's own pages");
    format!(
        "the CA waits for a person ({}); open {page}, do what it says, and run \
         `hubgate cert renew NAME`",
        problem.detail
    )
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
