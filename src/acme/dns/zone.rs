//! Which zone a name is in: the owner of the SOA record nearest above it.
//!
//! Whoever asks goes through `candidates` and reads each answer with `told`; a server names the
//! zone in the first answer already, even to say that the name does not exist (RFC 2308, 2).

use hickory_proto::{
    op::Message,
    rr::{Name, RecordType},
};

/// The name itself and its parents, the root excepted.
pub(super) fn candidates(name: &Name) -> impl Iterator<Item = Name> {
    std::iter::successors(Some(name.clone()), |name| Some(name.base_name()))
        .take_while(|name| !name.is_root())
}

/// The zone of `name`, if the answer names it.
pub(super) fn told(answer: &Message, name: &Name) -> Option<Name> {
    let records = answer.answers.iter().chain(&answer.authorities);
    let mut owners = records
        .filter(|record| record.record_type() == RecordType::SOA)
        .map(|record| &record.name);
    // An alias on the way brings the SOA of its target's zone.
    owners
        .find(|owner| owner.zone_of(name) && !owner.is_root())
        .cloned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::acme::dns::testing::{name, soa};

    #[test]
    fn candidates_end_below_the_root() {
        let all: Vec<_> = candidates(&name("a.b.test."))
            .map(|name| name.to_ascii())
            .collect();
        assert_eq!(all, ["a.b.test.", "b.test.", "test."]);
    }

    #[test]
    fn zone_is_told_by_answer_or_authority_and_must_hold_the_name() {
        let mut answer = Message::query().into_response();
        let asked = name("home.example.test.");
        answer.add_answer(soa("elsewhere.test."));
        answer.add_authority(soa("."));
        assert_eq!(told(&answer, &asked), None);
        answer.add_authority(soa("Example.test."));
        assert_eq!(told(&answer, &asked), Some(name("example.test.")));
    }
}
