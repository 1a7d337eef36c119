//! The diagnosis of a failed attempt: one sentence with cause and cure.
//!
//! Computed from the CA's answer and the validation requests that this server received, without
//! further queries.

mod validation;

use time::{OffsetDateTime, format_description::BorrowedFormatItem, macros::format_description};

use crate::{
    acme::{
        challenge::ValidationRequest,
        problem::{Cause, Class, Problem},
    },
    config::model::ChallengeKind,
};

const MINUTE: &[BorrowedFormatItem<'_>] =
    format_description!("[day padding:none] [month repr:long] [year] [hour]:[minute] UTC");

/// The diagnosis of a failed attempt.
#[derive(Clone, Copy)]
pub(crate) struct Diagnosis<'a> {
    problem: &'a Problem,
    challenge: Option<ChallengeKind>,
    requests: &'a [ValidationRequest],
}

impl<'a> Diagnosis<'a> {
    /// Creates the diagnosis of a problem.
    #[must_use]
    pub(crate) fn new(problem: &'a Problem) -> Self {
        Self {
            problem,
            challenge: None,
            requests: &[],
        }
    }

    /// Adds the challenge that was tried, if any, and its validation requests.
    #[must_use]
    pub(crate) fn with_challenge(
        self,
        challenge: Option<ChallengeKind>,
        requests: &'a [ValidationRequest],
    ) -> Self {
        Self {
            challenge,
            requests,
            ..self
        }
    }

    /// Returns cause and cure in one sentence, without a full stop.
    #[must_use]
    pub(crate) fn sentence(&self) -> String {
        let detail = &self.problem.detail;
        match self.problem.class {
            Class::Network => self.unreachable(),
            Class::RateLimited => self.rate_limited(),
            Class::Paused => self.paused(),
            Class::Validation => self.validation(),
            Class::Local => {
                format!("{detail}; hubgate tries again, and the served certificate stays in use")
            }
            Class::Provider => format!(
                "the challenge response is not published ({detail}); check the DNS provider's \
                 token, or the hook"
            ),
            Class::Refused => self.refused(),
            Class::Unusable => {
                format!("{detail}; hubgate tries again, report it to the CA if it stays")
            }
            Class::AlreadyReplaced
            | Class::InvalidProfile
            | Class::AccountGone
            | Class::OrderGone => format!(
                "the CA no longer accepts the request ({detail}); hubgate changes it and tries \
                 again, nothing has to be done"
            ),
        }
    }

    fn unreachable(&self) -> String {
        let sentence = match self.problem.cause {
            Some(Cause::NameLookup) => {
                "the CA's own name cannot be looked up; check the DNS servers of this machine"
            }
            Some(Cause::Untrusted) => {
                "the CA's server is not trusted; check the clock, that no proxy intercepts TLS, \
                 and for a private CA that its root is configured"
            }
            Some(Cause::NoTls) => {
                "the CA's server does not begin TLS; check that `directory` names the right port, \
                 and that no firewall or proxy cuts the connection"
            }
            Some(Cause::Unreachable) => {
                "the CA cannot be reached from here; check this machine's way out: router, \
                 firewall, proxy"
            }
            _ => {
                "the CA does not answer sensibly; hubgate tries again, nothing has to be done here"
            }
        };
        format!("{sentence} ({})", self.problem.detail)
    }

    fn rate_limited(&self) -> String {
        let until = match self.problem.retry_after {
            Some(moment) => format!(" until {}", minute(moment)),
            None => String::new(),
        };
        format!(
            "a rate limit of the CA is used up{until} ({}); hubgate tries again then, meanwhile \
             delete nothing and reinstall nothing",
            self.problem.detail
        )
    }

    fn paused(&self) -> String {
        let link = self.problem.link.as_deref();
        format!(
            "the CA has paused {} after many failures; correct the cause, then unpause it at {}",
            self.name(),
            link.unwrap_or("the page the CA names")
        )
    }

    fn refused(&self) -> String {
        let cure = match self.problem.cause {
            Some(Cause::Caa) => return self.caa_forbids(),
            Some(Cause::UserAction) => return self.user_action(),
            Some(Cause::RejectedName) => {
                "use a name of your own under a public domain, or a self-signed certificate"
            }
            Some(Cause::ExternalAccount) => {
                "get the key for external account binding from the CA, and configure it"
            }
            _ => "read the CA's requirements, or use another CA",
        };
        let (name, detail) = (self.name(), &self.problem.detail);
        format!("the CA gives no certificate for {name} ({detail}); {cure}")
    }

    fn user_action(&self) -> String {
        let link = self.problem.link.as_deref();
        format!(
            "the CA waits for your action ({}); open {}, do what it says, and run \
             `hubgate cert renew NAME`",
            self.problem.detail,
            link.unwrap_or("the CA's own pages")
        )
    }

    fn caa_forbids(&self) -> String {
        format!(
            "a CAA record in the DNS forbids this CA to issue for {}; add one that allows the CA, \
             or remove it",
            self.name()
        )
    }

    fn name(&self) -> &str {
        self.problem.identifier.as_deref().unwrap_or("the name")
    }

    /// Returns true if the CA's words contain one of these words, which are in lower case.
    fn says(&self, words: &[&str]) -> bool {
        let detail = self.problem.detail.to_ascii_lowercase();
        words.iter().any(|word| detail.contains(word))
    }
}

fn minute(moment: OffsetDateTime) -> String {
    let utc = moment.checked_to_offset(time::UtcOffset::UTC);
    let utc = utc.unwrap_or(moment);
    utc.format(MINUTE).unwrap_or_else(|_| utc.to_string())
}

#[cfg(test)]
mod tests;
