//! The records as the bytes of the history file.
//!
//! The file has a first line with its version, the encoded records, and a checksum of both. One
//! that was cut or damaged is not decoded.

mod decode;

use aws_lc_rs::digest::{SHA256, digest};
use time::OffsetDateTime;

use super::{
    codec::{Decoder, Encoder},
    records::{Records, seconds},
    ring::Ring,
    visitors::{self, Visitor},
};
use crate::events::event::{Entry, Refusal};

/// The fault of a history file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum Fault {
    /// The file is of another version of hubgate.
    #[error("it is of version {0} of the history, and this hubgate reads version {VERSION}")]
    Version(u64),
    /// The file is incomplete or damaged.
    #[error("it is incomplete or damaged")]
    Damaged,
}

/// Version of the file.
const VERSION: u64 = 1;
/// The first line, before the version.
const MAGIC: &[u8] = b"hubgate history ";
/// Bytes of the checksum.
const CHECKSUM: usize = 8;
/// Most bytes of the file.
pub(super) const MOST_BYTES: usize = 300_000;

impl Records {
    /// Encodes the records; leaves out the oldest minutes if the file would be too large.
    pub(super) fn encode(&self) -> Vec<u8> {
        let mut minutes = self.rings.minutes.length();
        loop {
            let encoded = self.encode_with(minutes);
            if encoded.len() <= MOST_BYTES || minutes == 0 {
                return encoded;
            }
            minutes /= 2;
        }
    }

    fn encode_with(&self, minutes: usize) -> Vec<u8> {
        let mut to = Encoder(format!("hubgate history {VERSION}\n").into_bytes());
        to.number(self.names.all().len() as u64);
        self.names.all().iter().for_each(|name| to.text(name));
        to.number(self.merged.len() as u64);
        self.merged.iter().for_each(|part| to.number(*part));
        to.ring(&self.rings.minutes, minutes);
        to.ring(&self.rings.hours, usize::MAX);
        to.ring(&self.rings.days, usize::MAX);
        let latest = self.visitors.latest();
        to.number(latest.len() as u64);
        for (key, visitor) in latest.into_iter().rev() {
            to.visitor(key, visitor);
        }
        to.number(self.entries.len() as u64);
        self.entries
            .iter()
            .for_each(|(at, entry)| to.entry(*at, entry));
        to.number(self.refusals.len() as u64);
        let refusals = self.refusals.iter();
        refusals.for_each(|(at, refusal)| to.refusal(*at, refusal));
        let checksum = checksum(&to.0);
        to.0.extend_from_slice(&checksum);
        to.0
    }

    /// Decodes the bytes of a file.
    ///
    /// # Errors
    /// The file is of another version, incomplete or damaged.
    pub(super) fn decode(bytes: &[u8]) -> Result<Self, Fault> {
        let rest = bytes.strip_prefix(MAGIC).ok_or(Fault::Damaged)?;
        let line = rest.split(|byte| *byte == b'\n').next().unwrap_or_default();
        let version = std::str::from_utf8(line)
            .ok()
            .and_then(|line| line.parse().ok());
        match version.ok_or(Fault::Damaged)? {
            VERSION => {}
            other => return Err(Fault::Version(other)),
        }
        let (content, sum) = bytes.split_last_chunk::<CHECKSUM>().ok_or(Fault::Damaged)?;
        if checksum(content) != *sum {
            return Err(Fault::Damaged);
        }
        let begin = MAGIC.len() + line.len() + 1;
        let content = content.get(begin..).ok_or(Fault::Damaged)?;
        Decoder(content).records().ok_or(Fault::Damaged)
    }
}

fn checksum(content: &[u8]) -> [u8; CHECKSUM] {
    let digest = digest(&SHA256, content);
    let mut sum = [0; CHECKSUM];
    sum.copy_from_slice(&digest.as_ref()[..CHECKSUM]);
    sum
}

impl Encoder {
    /// Encodes the latest slots of a ring, each by the distance from the one before.
    fn ring(&mut self, ring: &Ring, most: usize) {
        let mut slots = ring.filled();
        slots.drain(..slots.len().saturating_sub(most));
        self.number(slots.len() as u64);
        let mut last = 0;
        for slot in slots {
            self.number(slot.number - last);
            last = slot.number;
            self.number(slot.counts.len() as u64);
            for count in &slot.counts {
                self.0.extend([count.site, count.key.number()]);
                self.number(count.count);
            }
        }
    }

    /// Encodes a time in milliseconds since 1970.
    fn time(&mut self, at: OffsetDateTime) {
        self.number(seconds(at) * 1000 + u64::from(at.millisecond()));
    }

    fn visitor(&mut self, key: &visitors::Key, visitor: &Visitor) {
        self.number(key.kind as u64);
        self.text(&key.name);
        self.number(visitor.first);
        self.number(visitor.last);
        self.number(visitor.entries);
        self.number(visitor.factors.number() as u64);
        self.address(visitor.address, 4);
        self.number(visitor.networks.len() as u64);
        for network in &visitor.networks {
            self.address(Some(network.prefix), 2);
            self.number(network.last);
        }
    }

    fn entry(&mut self, at: OffsetDateTime, entry: &Entry) {
        self.time(at);
        self.text(&entry.site);
        self.optional(entry.user.as_deref());
        self.optional(entry.device.as_deref());
        self.address(entry.address, 4);
        self.number(entry.factors.number() as u64);
        self.text(&entry.agent);
    }

    fn refusal(&mut self, at: OffsetDateTime, refusal: &Refusal) {
        self.time(at);
        self.time(refusal.first);
        self.optional(refusal.site.as_deref());
        self.address(refusal.address, 4);
        self.number(refusal.reason.number() as u64);
        self.optional(refusal.detail.as_deref());
        self.number(refusal.status.into());
        for text in [
            &refusal.host,
            &refusal.method,
            &refusal.path,
            &refusal.agent,
        ] {
            self.text(text);
        }
        self.number(refusal.times.into());
    }
}

#[cfg(test)]
mod tests;
