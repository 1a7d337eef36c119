//! A problem document (RFC 7807, RFC 8555, 6.7) and the `Problem` that it describes.

use http::StatusCode;
use instant_acme::{Identifier, Subproblem};

use super::detail::Detail;
use crate::{
    acme::problem::{Cause, Class, Problem},
    config::model::Host,
};

const URN: &str = "urn:ietf:params:acme:error:";

/// A problem document.
pub(super) struct Document<'a>(&'a instant_acme::Problem);

impl<'a> Document<'a> {
    pub(super) fn new(problem: &'a instant_acme::Problem) -> Self {
        Self(problem)
    }

    /// Returns the type without its prefix, such as `badNonce`; none if it is not ACME's.
    pub(super) fn kind(&self) -> Option<&'a str> {
        ErrorType::parse(self.0.r#type.as_deref()).map(|kind| kind.0)
    }

    pub(super) fn is_bad_nonce(&self) -> bool {
        self.kind() == Some("badNonce")
    }

    /// Classifies the document by its types, its detail and the HTTP status of the response.
    pub(super) fn problem(&self, status: Option<StatusCode>) -> Problem {
        let detail = self.detail();
        let class = self.class(status, &detail);
        Problem {
            class,
            retry_after: detail.retry_after(),
            identifier: self.identifier(),
            link: (class == Class::Paused).then(|| detail.link()).flatten(),
            cause: self.types().find_map(ErrorType::cause),
            detail: detail.shortened(),
        }
    }

    /// Classifies the document as the error of an identifier's challenge.
    ///
    /// The CA counts it as a failed validation, whatever its type; a rate limit, a pause and a
    /// refusal by CAA have their own classes.
    pub(super) fn validation_problem(&self, identifier: &Host) -> Problem {
        let problem = self.problem(None);
        let class = match problem.class {
            class @ (Class::RateLimited | Class::Paused) => class,
            Class::Refused if self.kind() == Some("caa") => Class::Refused,
            _ => Class::Validation,
        };
        Problem {
            class,
            identifier: problem.identifier.or_else(|| Some(identifier.to_string())),
            ..problem
        }
    }

    /// Returns the types of the document and of its subproblems.
    fn types(&self) -> impl Iterator<Item = ErrorType<'a>> {
        let subproblems = self.0.subproblems.iter();
        let types = subproblems.map(|subproblem| subproblem.r#type.as_deref());
        std::iter::once(self.0.r#type.as_deref())
            .chain(types)
            .filter_map(ErrorType::parse)
    }

    fn class(&self, status: Option<StatusCode>, detail: &Detail) -> Class {
        if status.is_some_and(|status| status.is_server_error()) {
            return Class::Network;
        }
        let mut classes = self.types().filter_map(|kind| kind.class(detail));
        classes.next().unwrap_or(match status {
            Some(StatusCode::TOO_MANY_REQUESTS) => Class::RateLimited,
            _ => Class::Refused,
        })
    }

    /// Returns the text of the document, followed by that of each subproblem with its identifier.
    fn detail(&self) -> Detail {
        let kind = self.0.r#type.as_deref();
        let kind = kind.unwrap_or("a problem document without a text");
        let mut detail = Detail::new(self.0.detail.as_deref().unwrap_or(kind));
        for subproblem in &self.0.subproblems {
            let identifier = Self::identifier_of(subproblem);
            let text = subproblem.detail.as_deref().unwrap_or_default();
            detail.append(identifier.as_deref(), text);
        }
        detail
    }

    /// Returns the identifier of the subproblems, if all have the same.
    fn identifier(&self) -> Option<String> {
        let mut identifiers = self.0.subproblems.iter().map(Self::identifier_of);
        let first = identifiers.next()??;
        identifiers
            .all(|identifier| identifier.as_deref() == Some(&first))
            .then_some(first)
    }

    fn identifier_of(subproblem: &Subproblem) -> Option<String> {
        match subproblem.identifier.as_ref()? {
            Identifier::Dns(name) => Some(Detail::new(name).to_string()),
            Identifier::Ip(address) => Some(address.to_string()),
            _ => None,
        }
    }
}

/// An ACME error type without its prefix (RFC 8555, 6.7).
#[derive(Clone, Copy)]
struct ErrorType<'a>(&'a str);

impl<'a> ErrorType<'a> {
    /// Parses the type of a document; none if it is not ACME's.
    fn parse(urn: Option<&'a str>) -> Option<Self> {
        urn?.strip_prefix(URN).map(Self)
    }

    /// Returns the class of the type and, where the type is ambiguous, of the detail; none if the
    /// next type decides.
    fn class(self, detail: &Detail) -> Option<Class> {
        Some(match self.0 {
            "badNonce" | "serverInternal" => Class::Network,
            "rateLimited" if detail.is_about_pause() => Class::Paused,
            "rateLimited" => Class::RateLimited,
            "unauthorized" if detail.is_about_pause() => Class::Paused,
            "unauthorized" if detail.is_about_account() => Class::AccountGone,
            "connection" | "dns" | "incorrectResponse" | "tls" | "unauthorized" => {
                Class::Validation
            }
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

    fn cause(self) -> Option<Cause> {
        Some(match self.0 {
            "caa" => Cause::Caa,
            "externalAccountRequired" => Cause::ExternalAccount,
            "rejectedIdentifier" | "unsupportedIdentifier" => Cause::RejectedName,
            "userActionRequired" => Cause::UserAction,
            _ => return None,
        })
    }
}

#[cfg(test)]
mod tests;
