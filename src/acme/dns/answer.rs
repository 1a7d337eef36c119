//! What the answers of resolvers and name servers say.

use hickory_proto::{
    op::{Message, ResponseCode},
    rr::{Name, RData, Record as DnsRecord},
};

/// Whether an answer says what there is, be it nothing.
pub(super) fn is_known(answer: &Message) -> bool {
    matches!(
        answer.response_code,
        ResponseCode::NoError | ResponseCode::NXDomain
    )
}

/// The hosts of NS records.
pub(super) fn hosts<'a>(data: impl Iterator<Item = &'a RData>) -> Vec<Name> {
    data.filter_map(|data| match data {
        RData::NS(host) => Some(host.0.clone()),
        _ => None,
    })
    .collect()
}

/// The records of one name only: an alias brings those of its target.
fn of<'a>(records: &'a [DnsRecord], name: &'a Name) -> impl Iterator<Item = &'a RData> {
    let own = records.iter().filter(move |record| record.name == *name);
    own.map(|record| &record.data)
}

/// Where the CNAME of a name leads.
pub(super) fn cname(answer: &Message, name: &Name) -> Option<Name> {
    of(&answer.answers, name).find_map(|data| match data {
        RData::CNAME(target) => Some(target.0.clone()),
        _ => None,
    })
}

/// Whether a name has a TXT record of this value.
pub(super) fn has_value(answer: &Message, name: &Name, value: &[u8]) -> bool {
    of(&answer.answers, name).any(|data| match data {
        RData::TXT(text) => text.txt_data.concat() == value,
        _ => false,
    })
}

/// The name servers a server refers to for a name below its zone.
pub(super) fn delegation(answer: &Message, name: &Name, zone: &Name) -> Option<Vec<Name>> {
    let is_below = |record: &&DnsRecord| record.name != *zone && record.name.zone_of(name);
    if answer.authoritative {
        return None;
    }
    let below = answer.authorities.iter().filter(is_below);
    let hosts = hosts(below.map(|record| &record.data));
    (!hosts.is_empty()).then_some(hosts)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::acme::dns::testing::{answer, cname as alias, name, ns, txt};

    #[test]
    fn values_and_aliases_are_those_of_the_name_alone() {
        let (a, b) = (name("a.test."), name("b.test."));
        let records = vec![alias("A.test.", "b.test."), txt("b.test.", "x")];
        let answer = answer(&Message::query(), records);
        assert_eq!(cname(&answer, &a), Some(b.clone()));
        assert_eq!(cname(&answer, &b), None);
        assert!(has_value(&answer, &b, b"x"));
        assert!(!has_value(&answer, &a, b"x"));
    }

    #[test]
    fn referral_is_below_the_zone_and_above_the_name() {
        let (asked, zone) = (name("x.sub.test."), name("test."));
        let refer = |owner, authoritative| {
            let mut answer = answer(&Message::query(), vec![]);
            answer.metadata.authoritative = authoritative;
            answer.add_authority(ns(owner, "ns.sub.test."));
            delegation(&answer, &asked, &zone)
        };
        assert_eq!(refer("sub.test.", false), Some(vec![name("ns.sub.test.")]));
        assert_eq!(refer("sub.test.", true), None);
        assert_eq!(refer("test.", false), None);
        assert_eq!(refer("other.test.", false), None);
    }
}
