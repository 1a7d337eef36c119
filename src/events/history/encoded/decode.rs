//! The values of the history file, decoded in the order in which they are encoded.

use time::OffsetDateTime;

use crate::events::{
    event::{Entry, Kind, Refusal},
    factors::Factors,
    history::{
        codec::Decoder,
        records::{MOST, MOST_MERGED, Records, SiteNames},
        ring::{Count, Key, Ring, Slot},
        visitors::{self, NETWORKS, Network, Visitor},
    },
    reason::Reason,
};

impl Decoder<'_> {
    pub(super) fn records(&mut self) -> Option<Records> {
        let mut records = Records {
            names: self.names()?,
            ..Records::default()
        };
        for _ in 0..self.length(MOST_MERGED)? {
            records.merged.push_back(self.number()?);
        }
        let rings = &mut records.rings;
        for ring in [&mut rings.minutes, &mut rings.hours, &mut rings.days] {
            self.ring(ring)?;
        }
        for _ in 0..self.length(visitors::MOST)? {
            let (key, visitor) = self.visitor()?;
            records.visitors.merge(key, visitor);
        }
        for _ in 0..self.length(MOST)? {
            records.entries.push_back(self.entry()?);
        }
        for _ in 0..self.length(MOST)? {
            records.refusals.push_back(self.refusal()?);
        }
        self.0.is_empty().then_some(records)
    }

    fn names(&mut self) -> Option<SiteNames> {
        let length = self.length(SiteNames::MOST)?;
        let names: Option<_> = (0..length).map(|_| self.text()).collect();
        names.map(SiteNames::new)
    }

    fn ring(&mut self, ring: &mut Ring) -> Option<()> {
        let mut number: u64 = 0;
        for _ in 0..self.length(ring.length())? {
            number = number.checked_add(self.number()?)?;
            let length = self.length(ring.most_counts())?;
            let counts: Option<_> = (0..length).map(|_| self.count()).collect();
            ring.put(Slot {
                number,
                counts: counts?,
            });
        }
        Some(())
    }

    fn count(&mut self) -> Option<Count> {
        let [site, key] = *self.bytes(2)? else {
            return None;
        };
        Some(Count {
            site,
            key: Key::from_number(key.into())?,
            count: self.number()?,
        })
    }

    fn visitor(&mut self) -> Option<(visitors::Key, Visitor)> {
        let kind = match self.number()? {
            0 => Kind::Person,
            1 => Kind::Device,
            2 => Kind::Address,
            _ => return None,
        };
        let name = self.text()?;
        let mut visitor = Visitor {
            first: self.number()?,
            last: self.number()?,
            entries: self.number()?,
            factors: self.factors()?,
            address: self.address(4)?,
            networks: Vec::new(),
        };
        for _ in 0..self.length(NETWORKS)? {
            visitor.networks.push(Network {
                prefix: self.address(2)??,
                last: self.number()?,
            });
        }
        Some((visitors::Key { kind, name }, visitor))
    }

    fn entry(&mut self) -> Option<(OffsetDateTime, Entry)> {
        let at = self.time()?;
        let entry = Entry {
            site: self.text()?,
            user: self.optional()?,
            device: self.optional()?,
            address: self.address(4)?,
            factors: self.factors()?,
            agent: self.text()?,
        };
        Some((at, entry))
    }

    fn refusal(&mut self) -> Option<(OffsetDateTime, Refusal)> {
        let at = self.time()?;
        let refusal = Refusal {
            first: self.time()?,
            site: self.optional()?,
            address: self.address(4)?,
            reason: Reason::from_number(self.length(usize::MAX)?)?,
            detail: self.optional()?,
            status: self.number()?.try_into().ok()?,
            host: self.text()?,
            method: self.text()?,
            path: self.text()?,
            agent: self.text()?,
            times: self.number()?.try_into().ok()?,
        };
        Some((at, refusal))
    }

    fn factors(&mut self) -> Option<Factors> {
        self.length(Factors::SETS - 1).map(Factors::from_number)
    }

    fn time(&mut self) -> Option<OffsetDateTime> {
        let number = i128::from(self.number()?);
        OffsetDateTime::from_unix_timestamp_nanos(number * 1_000_000).ok()
    }
}
