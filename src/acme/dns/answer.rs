//! The response of a DNS server and the records in it (RFC 1035, 4.1).

use hickory_proto::{
    op::{Message, MessageType, ResponseCode},
    rr::{Name, RData, Record as DnsRecord, RecordType},
};

/// The response of a DNS server.
#[derive(Debug)]
pub(super) struct Answer {
    /// The bytes of the message, for the check of its signature.
    pub(super) bytes: Vec<u8>,
    pub(super) message: Message,
}

impl Answer {
    /// Parses a response; none for a message that does not respond to the query.
    pub(super) fn parse(query: &Message, bytes: &[u8]) -> Option<Self> {
        let message = Message::from_vec(bytes).ok()?;
        let is_response = message.message_type == MessageType::Response
            && message.id == query.id
            && message.op_code == query.op_code
            // Some servers omit the question in an error and in the response to an update.
            && (message.queries.is_empty() || message.queries == query.queries);
        is_response.then(|| Self {
            bytes: bytes.to_vec(),
            message,
        })
    }

    /// Returns true if the response has the records of the name, or states that there are none.
    pub(super) fn is_conclusive(&self) -> bool {
        matches!(
            self.message.response_code,
            ResponseCode::NoError | ResponseCode::NXDomain
        )
    }

    pub(super) fn is_authoritative(&self) -> bool {
        self.message.authoritative
    }

    /// Returns the hosts of the NS records in the answer section.
    pub(super) fn name_servers(&self) -> Vec<Name> {
        hosts(self.message.answers.iter())
    }

    /// Returns the target of a name's CNAME.
    pub(super) fn cname(&self, name: &Name) -> Option<Name> {
        self.data_of(name).find_map(|data| match data {
            RData::CNAME(target) => Some(target.0.clone()),
            _ => None,
        })
    }

    /// Returns true if a name has a TXT record with this value.
    pub(super) fn has_txt(&self, name: &Name, value: &[u8]) -> bool {
        self.data_of(name).any(|data| match data {
            RData::TXT(text) => text.txt_data.concat() == value,
            _ => false,
        })
    }

    /// Returns the name servers of a referral to a zone below `zone` that contains the name.
    pub(super) fn delegation(&self, name: &Name, zone: &Name) -> Option<Vec<Name>> {
        if self.is_authoritative() {
            return None;
        }
        let is_below = |record: &&DnsRecord| record.name != *zone && record.name.zone_of(name);
        let hosts = hosts(self.message.authorities.iter().filter(is_below));
        (!hosts.is_empty()).then_some(hosts)
    }

    /// Returns the zone of a name: the owner of the SOA record, which is also in the response for a
    /// name that does not exist (RFC 2308, 2).
    pub(super) fn zone_of(&self, name: &Name) -> Option<Name> {
        let records = self.message.answers.iter().chain(&self.message.authorities);
        let mut owners = records
            .filter(|record| record.record_type() == RecordType::SOA)
            .map(|record| &record.name);
        // The response for an alias has the SOA record of the target's zone.
        owners
            .find(|owner| owner.zone_of(name) && !owner.is_root())
            .cloned()
    }

    /// Returns the records of one name alone: the response for an alias has also those of its
    /// target.
    fn data_of(&self, name: &Name) -> impl Iterator<Item = &RData> {
        let records = self.message.answers.iter();
        let own = records.filter(move |record| record.name == *name);
        own.map(|record| &record.data)
    }
}

/// Returns the hosts of NS records.
fn hosts<'a>(records: impl Iterator<Item = &'a DnsRecord>) -> Vec<Name> {
    let hosts = records.filter_map(|record| match &record.data {
        RData::NS(host) => Some(host.0.clone()),
        _ => None,
    });
    hosts.collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::acme::dns::testing::{answer, cname, name, ns, soa, txt};

    fn parsed(message: Message) -> Answer {
        let bytes = Vec::new();
        Answer { bytes, message }
    }

    #[test]
    fn values_and_aliases_are_those_of_the_name_alone() {
        let (a, b) = (name("a.test."), name("b.test."));
        let records = vec![cname("A.test.", "b.test."), txt("b.test.", "x")];
        let answer = parsed(answer(&Message::query(), records));
        assert_eq!(answer.cname(&a), Some(b.clone()));
        assert_eq!(answer.cname(&b), None);
        assert!(answer.has_txt(&b, b"x"));
        assert!(!answer.has_txt(&a, b"x"));
    }

    #[test]
    fn a_referral_is_below_the_zone_and_above_the_name() {
        let (queried, zone) = (name("x.sub.test."), name("test."));
        let refer = |owner, authoritative| {
            let mut answer = answer(&Message::query(), vec![]);
            answer.metadata.authoritative = authoritative;
            answer.add_authority(ns(owner, "ns.sub.test."));
            parsed(answer).delegation(&queried, &zone)
        };
        assert_eq!(refer("sub.test.", false), Some(vec![name("ns.sub.test.")]));
        assert_eq!(refer("sub.test.", true), None);
        assert_eq!(refer("test.", false), None);
        assert_eq!(refer("other.test.", false), None);
    }

    #[test]
    fn the_zone_is_the_owner_of_an_soa_record_above_the_name() {
        let queried = name("home.example.test.");
        let mut message = Message::query().into_response();
        message.add_answer(soa("elsewhere.test."));
        message.add_authority(soa("."));
        assert_eq!(parsed(message.clone()).zone_of(&queried), None);
        message.add_authority(soa("Example.test."));
        assert_eq!(
            parsed(message).zone_of(&queried),
            Some(name("example.test."))
        );
    }
}
