//! The faults that all programs get.

use std::time::Duration;

use crate::acme::authority::{Ca, Endpoint, Fault, Refusal, RetryAfter, ValidationFailure};

/// One fault of the CA.
pub(super) struct Case {
    /// The fault as the table names it.
    pub(super) name: &'static str,
    /// Arms it.
    pub(super) arm: fn(&Ca),
    /// Words of the cause, any of which is enough; empty where there is nothing to report.
    pub(super) cause: &'static [&'static str],
    /// The result is of no use, and hubgate does not take it.
    pub(super) is_refused: bool,
}

fn case(name: &'static str, cause: &'static [&'static str], arm: fn(&Ca)) -> Case {
    Case {
        name,
        arm,
        cause,
        is_refused: false,
    }
}

impl Case {
    fn refused(self) -> Self {
        Self {
            is_refused: true,
            ..self
        }
    }
}

/// All faults, in the order of the table.
pub(super) fn cases() -> Vec<Case> {
    let mut cases = lost_answers();
    cases.extend(orders());
    cases.extend(chains());
    cases.extend(refusals());
    cases
}

fn lost_answers() -> Vec<Case> {
    vec![
        case("none", &[], |_| {}),
        case("the directory is reset, once", &[], |ca| {
            ca.fault(Fault::Reset.at(Endpoint::Directory).times(1));
        }),
        case("answer to newAccount lost", &[], |ca| {
            ca.fault(Fault::Lost.at(Endpoint::NewAccount).times(1));
        }),
        case("answer to newOrder lost", &[], |ca| {
            ca.fault(Fault::Lost.at(Endpoint::NewOrder).times(1));
        }),
        case("authorization: 503 with HTML, once", &[], |ca| {
            ca.fault(Fault::Html.at(Endpoint::Authorization).times(1));
        }),
        case("answer to the challenge lost", &[], |ca| {
            ca.fault(Fault::Lost.at(Endpoint::Challenge).times(1));
        }),
        case("answer to the challenge: 503 with HTML, once", &[], |ca| {
            ca.fault(Fault::Html.at(Endpoint::Challenge).times(1));
        }),
        case("order: 503 with HTML twice while the CA looks", &[], |ca| {
            ca.fault(Fault::Late(Duration::from_secs(4)));
            ca.fault(Fault::Html.at(Endpoint::Order).times(2));
        }),
        case("answer to finalize lost", &[], |ca| {
            ca.fault(Fault::Lost.at(Endpoint::Finalize).times(1));
        }),
        case("finalize: 503 with HTML, once", &[], |ca| {
            ca.fault(Fault::Html.at(Endpoint::Finalize).times(1));
        }),
        case("certificate: broken off, once", &[], |ca| {
            ca.fault(Fault::Truncated.at(Endpoint::Certificate).times(1));
        }),
        case("six bad nonces for newOrder", &[], |ca| {
            ca.fault(Fault::BadNonce.at(Endpoint::NewOrder).times(6));
        }),
        case(
            "every connection reset",
            &["reset", "EOF", "cannot be reached", "sensibly"],
            |ca| {
                ca.fault(Fault::Reset);
            },
        ),
    ]
}

fn orders() -> Vec<Case> {
    vec![
        case(
            "order processing for ever",
            &["processing", "still at work"],
            |ca| {
                ca.fault(Fault::Stuck);
            },
        ),
        case("the first order processing for ever", &[], |ca| {
            ca.fault(Fault::Stuck.on("/order/0"));
        }),
        case("`Location` relative", &[], |ca| {
            ca.fault(Fault::RelativeLocation);
        }),
    ]
}

fn chains() -> Vec<Case> {
    const CHAIN: &[&str] = &["served without", "chain"];
    vec![
        case("chain with the certificate twice", CHAIN, |ca| {
            ca.fault(Fault::DoubledLeaf);
        }),
        case("chain with the intermediate twice", CHAIN, |ca| {
            ca.fault(Fault::DoubledIntermediate);
        }),
        case("chain with a foreign certificate", CHAIN, |ca| {
            ca.fault(Fault::Foreign);
        }),
        case("chain with an ended intermediate", CHAIN, |ca| {
            ca.fault(Fault::ExpiredIntermediate);
        }),
        case("certificate of another key", &["key"], |ca| {
            ca.fault(Fault::WrongKey);
        })
        .refused(),
        case("certificate that has ended", &["ended", "expired"], |ca| {
            ca.fault(Fault::Expired);
        })
        .refused(),
        case("empty chain", &["no certificate", "empty"], |ca| {
            ca.fault(Fault::Empty);
        }),
    ]
}

fn refusals() -> Vec<Case> {
    vec![
        case(
            "limit for 10 s, then none",
            &["too many certificates"],
            |ca| {
                let limit = Refusal::RateLimited(RetryAfter::Seconds(10));
                ca.fault(Fault::Refused(limit).times(1));
            },
        ),
        case("name paused", &["unpause"], |ca| {
            ca.fault(Fault::Refused(Refusal::Paused));
        }),
        case(
            "new terms to agree to",
            &["https://ca.test/agreement"],
            |ca| {
                ca.fault(Fault::Refused(Refusal::UserActionRequired));
            },
        ),
        case("CAA record forbids", &["CAA"], |ca| {
            ca.fault(Fault::Refused(Refusal::Caa));
        }),
        case(
            "port closed to the CA",
            &["forward port", "firewall", "refused"],
            |ca| {
                ca.fault(Fault::Unproven(ValidationFailure::Refused));
            },
        ),
        case("clock of the CA three days ahead", &["clock"], |ca| {
            ca.fault(Fault::Date(3 * 24 * 3600));
        })
        .refused(),
    ]
}
