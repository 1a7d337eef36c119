//! Candidates for the zone of a name, from the name upwards.
//!
//! A query for the SOA record of each finds the zone; `Answer::zone_of` reads it.

use hickory_proto::rr::Name;

/// Returns the name and its parents without the root.
pub(super) fn candidates(name: &Name) -> impl Iterator<Item = Name> {
    std::iter::successors(Some(name.clone()), |name| Some(name.base_name()))
        .take_while(|name| !name.is_root())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::acme::dns::testing::name;

    #[test]
    fn candidates_end_below_the_root() {
        let all: Vec<_> = candidates(&name("a.b.test."))
            .map(|name| name.to_ascii())
            .collect();
        assert_eq!(all, ["a.b.test.", "b.test.", "test."]);
    }
}
