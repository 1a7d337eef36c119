//! The rate limit of HTTP/2 frames that carry little content (RFC 9113, section 10.5).
//!
//! Every frame costs units of a budget that refills with time. The content that flows in either
//! direction pays for its own frames: small DATA frames, and WINDOW_UPDATE for received bytes.

use std::time::{Duration, Instant};

/// The budget of one connection.
#[derive(Debug)]
pub(super) struct FrameLimit {
    /// Units that refill with time.
    left: u64,
    /// The time at which `left` was last refilled.
    refilled: Instant,
    /// Units that content has earned.
    earned: u64,
}

/// The head of a frame (RFC 9113, section 4.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct FrameHead {
    /// Type.
    pub(super) kind: u8,
    /// Flags.
    pub(super) flags: u8,
    /// Bytes of the payload.
    pub(super) length: usize,
}

/// The error of a spent budget.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Flooded;

/// Bytes of a frame's head.
pub(super) const HEAD: usize = 9;
pub(super) const DATA: u8 = 0x0;
pub(super) const HEADERS: u8 = 0x1;
pub(super) const CONTINUATION: u8 = 0x9;
const PRIORITY: u8 = 0x2;
const WINDOW_UPDATE: u8 = 0x8;
const PRIORITY_UPDATE: u8 = 0x10;
const END_STREAM: u8 = 0x1;
pub(super) const END_HEADERS: u8 = 0x4;

/// Units that a frame costs, and so the bytes of content in a frame that pays for itself.
const COST: u64 = 128;
/// Units of a full budget: a browser that leaves a page resets many streams at once.
const BURST: u64 = 500 * COST;
/// Time in which the budget refills by one frame.
const PACE: Duration = Duration::from_millis(20);
/// Units that a byte of a response's content earns. Some clients send WINDOW_UPDATE for stream and
/// connection after each frame.
const RESPONSE: u64 = 4;
/// Units that a request earns. Some clients enlarge the window of each stream at its begin.
const REQUEST: u64 = 2 * COST;
/// Earned units at most.
const MOST_EARNED: u64 = 8_192 * COST;

impl FrameHead {
    /// Parses a head; none while it is incomplete.
    pub(super) fn parse(bytes: &[u8]) -> Option<Self> {
        let [a, b, c, kind, flags, ..] = *bytes.first_chunk::<HEAD>()?;
        let length = usize::from(a) << 16 | usize::from(b) << 8 | usize::from(c);
        Some(Self {
            kind,
            flags,
            length,
        })
    }

    /// Reports whether a flag is set.
    pub(super) fn has(self, flag: u8) -> bool {
        self.flags & flag != 0
    }
}

impl FrameLimit {
    /// A full budget.
    pub(super) fn new() -> Self {
        Self {
            left: BURST,
            refilled: Instant::now(),
            earned: 0,
        }
    }

    /// Counts a frame of the client.
    ///
    /// # Errors
    /// If the budget is spent.
    pub(super) fn received(&mut self, frame: FrameHead) -> Result<(), Flooded> {
        let ends = match frame.kind {
            DATA => END_STREAM,
            CONTINUATION => END_HEADERS,
            HEADERS => {
                self.earn(REQUEST);
                return Ok(());
            }
            WINDOW_UPDATE | PRIORITY | PRIORITY_UPDATE => return self.pay(),
            _ => return self.spend(COST),
        };
        self.earn(frame.length as u64);
        match frame.has(ends) {
            true => Ok(()),
            false => self.pay(),
        }
    }

    /// Counts bytes of a response's content.
    pub(super) fn sent(&mut self, bytes: usize) {
        self.earn((bytes as u64).saturating_mul(RESPONSE));
    }

    fn earn(&mut self, units: u64) {
        self.earned = self.earned.saturating_add(units).min(MOST_EARNED);
    }

    /// Pays for a frame from the earned units first.
    fn pay(&mut self) -> Result<(), Flooded> {
        let paid = self.earned.min(COST);
        self.earned -= paid;
        self.spend(COST - paid)
    }

    fn spend(&mut self, units: u64) -> Result<(), Flooded> {
        if self.left < units {
            self.refill();
        }
        self.left = self.left.checked_sub(units).ok_or(Flooded)?;
        Ok(())
    }

    fn refill(&mut self) {
        let pieces = self.refilled.elapsed().as_millis() / PACE.as_millis();
        let units = u64::try_from(pieces)
            .unwrap_or(u64::MAX)
            .saturating_mul(COST);
        if units > 0 {
            self.left = self.left.saturating_add(units).min(BURST);
            self.refilled = Instant::now();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const AT_ONCE: usize = 500;

    fn frame(kind: u8, length: usize) -> FrameHead {
        FrameHead {
            kind,
            flags: 0,
            length,
        }
    }

    fn count(limit: &mut FrameLimit, frames: usize, frame: FrameHead) -> Result<(), Flooded> {
        (0..frames).try_for_each(|_| limit.received(frame))
    }

    #[test]
    fn frames_of_requests_and_their_content_never_spend_the_budget() {
        let mut limit = FrameLimit::new();
        let last = FrameHead {
            flags: END_STREAM,
            ..frame(DATA, 0)
        };
        for _ in 0..10_000 {
            limit.received(frame(HEADERS, 30)).unwrap();
            limit.received(frame(WINDOW_UPDATE, 4)).unwrap();
            limit.received(frame(DATA, 128)).unwrap();
            limit.received(last).unwrap();
        }
    }

    #[test]
    fn frames_that_carry_little_spend_the_budget() {
        for (kind, length) in [
            (DATA, 0),
            (DATA, 1),
            (PRIORITY, 5),
            (3, 4),
            (4, 0),
            (6, 8),
            (WINDOW_UPDATE, 4),
            (CONTINUATION, 1),
            (99, 0),
        ] {
            let mut limit = FrameLimit::new();
            count(&mut limit, AT_ONCE, frame(kind, length)).unwrap();
            let more = count(&mut limit, AT_ONCE, frame(kind, length));
            assert_eq!(more, Err(Flooded), "type {kind}");
        }
    }

    #[test]
    fn window_updates_for_sent_content_are_free() {
        let mut limit = FrameLimit::new();
        for _ in 0..100_000 {
            limit.sent(64);
            count(&mut limit, 2, frame(WINDOW_UPDATE, 4)).unwrap();
        }
    }

    #[test]
    fn window_updates_for_single_bytes_spend_the_budget() {
        let mut limit = FrameLimit::new();
        let counted = (0..1_000).try_for_each(|_| {
            limit.sent(1);
            limit.received(frame(WINDOW_UPDATE, 4))
        });
        assert_eq!(counted, Err(Flooded));
    }

    #[test]
    fn a_large_response_does_not_pay_for_pings() {
        let mut limit = FrameLimit::new();
        limit.sent(100_000_000);
        assert_eq!(count(&mut limit, 2 * AT_ONCE, frame(6, 8)), Err(Flooded));
    }

    #[test]
    fn the_budget_refills_with_time() {
        let mut limit = FrameLimit::new();
        limit.left = 0;
        limit.refilled = Instant::now() - PACE * 10;
        count(&mut limit, 10, frame(6, 8)).unwrap();
    }
}
