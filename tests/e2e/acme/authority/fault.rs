//! The faults a test can arm, where they strike and how often.

use std::time::Duration;

use super::{Endpoint, refusal::Refusal, validation_failure::ValidationFailure};

/// A fault of the CA.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fault {
    /// The connection is reset before the request is handled.
    Reset,
    /// The request is done, and the connection reset in place of the answer.
    Lost,
    /// The request is received and never answered.
    BlackHole,
    /// The body ends in the middle.
    Truncated,
    /// The body comes byte by byte, with this pause before each.
    Drip(Duration),
    /// 503 with a page for people, as from a proxy before the CA.
    Html,
    /// The request is refused with a problem.
    Refused(Refusal),
    /// `badNonce`, with a good one beside it.
    BadNonce,
    /// `Location` is relative.
    RelativeLocation,
    /// The `Date` is wrong by this number of seconds.
    Date(i64),
    /// The order stays `processing`.
    Stuck,
    /// The certificate is for another key.
    WrongKey,
    /// The certificate is for another name.
    WrongName,
    /// The certificate expired yesterday.
    Expired,
    /// The certificate is valid from tomorrow on.
    NotYetValid,
    /// There is no certificate in the chain.
    Empty,
    /// The chain is PEM around nonsense.
    Garbage,
    /// The chain lacks its intermediate.
    NoIntermediate,
    /// The certificate is twice in the chain.
    DoubledLeaf,
    /// The intermediate is twice in the chain.
    DoubledIntermediate,
    /// A certificate of another CA stands in the chain.
    Foreign,
    /// An intermediate that has ended stands in the chain beside the good one.
    ExpiredIntermediate,
    /// The certificate is valid for this long only.
    Life(Duration),
    /// The window for renewal is past.
    RenewalInPast,
    /// The window for renewal begins after the certificate's end.
    RenewalAfterEnd,
    /// There is no renewal information: 404.
    RenewalMissing,
    /// The renewal information is no JSON.
    RenewalGarbage,
    /// The validation fails with this result.
    Unproven(ValidationFailure),
    /// The CA validates only after this time.
    Late(Duration),
}

/// A fault with its place and its number.
pub struct Script {
    fault: Fault,
    /// Anywhere without one.
    endpoint: Option<Endpoint>,
    /// The only path, such as `/order/0`; any without one.
    path: Option<&'static str>,
    /// Always without one.
    left: Option<usize>,
}

/// The faults that are armed, in the order in which they strike.
#[derive(Default)]
pub(super) struct Faults {
    scripts: Vec<Script>,
}

/// The part of the CA that a fault strikes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Part {
    /// The answer to any request.
    Response,
    /// The head of any answer.
    Head,
    /// The state of an order that could be valid.
    Order,
    /// The certificate.
    Certificate,
    /// The renewal information.
    Renewal,
    /// The validation.
    Validation,
}

impl Fault {
    /// The fault at this endpoint only.
    pub fn at(self, endpoint: Endpoint) -> Script {
        Script {
            endpoint: Some(endpoint),
            ..Script::anywhere(self)
        }
    }

    /// The fault at this path only, such as `/order/0`.
    pub fn on(self, path: &'static str) -> Script {
        Script {
            path: Some(path),
            ..Script::anywhere(self)
        }
    }

    /// Limits the fault to this number of times.
    pub fn times(self, times: usize) -> Script {
        Script::from(self).times(times)
    }

    fn part(&self) -> Part {
        match self {
            Self::Date(_) | Self::RelativeLocation => Part::Head,
            Self::Stuck => Part::Order,
            Self::WrongKey
            | Self::WrongName
            | Self::Expired
            | Self::NotYetValid
            | Self::Empty
            | Self::Garbage
            | Self::NoIntermediate
            | Self::DoubledLeaf
            | Self::DoubledIntermediate
            | Self::Foreign
            | Self::ExpiredIntermediate
            | Self::Life(_) => Part::Certificate,
            Self::RenewalInPast
            | Self::RenewalAfterEnd
            | Self::RenewalMissing
            | Self::RenewalGarbage => Part::Renewal,
            Self::Unproven(_) | Self::Late(_) => Part::Validation,
            _ => Part::Response,
        }
    }
}

impl Script {
    fn anywhere(fault: Fault) -> Self {
        Self {
            fault,
            endpoint: None,
            path: None,
            left: None,
        }
    }

    /// Remaining number of times.
    pub fn times(mut self, times: usize) -> Self {
        self.left = Some(times);
        self
    }

    fn strikes(&self, part: Part, endpoint: Endpoint, path: &str) -> bool {
        let here = self.endpoint.is_none_or(|place| place == endpoint)
            && self.path.is_none_or(|place| place == path);
        here && self.fault.part() == part && self.left != Some(0)
    }
}

/// A refusal strikes at its own endpoint, any other fault at its resource.
impl From<Fault> for Script {
    fn from(fault: Fault) -> Self {
        let endpoint = match &fault {
            Fault::Refused(refusal) => Some(refusal.endpoint()),
            _ => None,
        };
        Self {
            endpoint,
            ..Self::anywhere(fault)
        }
    }
}

impl Faults {
    pub(super) fn arm(&mut self, script: Script) {
        self.scripts.push(script);
    }

    /// The fault that strikes now, if any; it is counted.
    pub(super) fn strike(&mut self, part: Part, endpoint: Endpoint) -> Option<Fault> {
        self.strike_on(part, endpoint, "")
    }

    /// Like `strike`, where the path is known.
    pub(super) fn strike_on(
        &mut self,
        part: Part,
        endpoint: Endpoint,
        path: &str,
    ) -> Option<Fault> {
        let mut armed = self.scripts.iter_mut();
        let script = armed.find(|script| script.strikes(part, endpoint, path))?;
        if let Some(left) = &mut script.left {
            *left -= 1;
        }
        Some(script.fault.clone())
    }
}
