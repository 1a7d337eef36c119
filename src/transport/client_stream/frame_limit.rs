//! The rate of HTTP/2 frames that carry little (RFC 9113, section 10.5).
//!
//! Each makes hubgate work or answer, and a client may send any number of them. Every frame costs
//! units of a budget that refills with time; the bytes of bodies that flow either way pay for the
//! frames that belong to them: small DATA frames, and WINDOW_UPDATE for what was received.

use std::time::{Duration, Instant};

/// The budget of one connection.
#[derive(Debug)]
pub(super) struct FrameLimit {
    /// Units left of what refills with time.
    left: u64,
    /// When `left` was last refilled.
    refilled: Instant,
    /// Units that bodies have paid for.
    earned: u64,
}

/// Head of a frame (RFC 9113, section 4.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct FrameHead {
    /// Type.
    pub(super) kind: u8,
    /// Flags.
    pub(super) flags: u8,
    /// Bytes that follow.
    pub(super) length: usize,
}

/// The budget is spent.
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

/// Units that a frame costs: a body in frames of as many bytes pays for itself.
const COST: u64 = 128;
/// Units at once: a browser that leaves a page resets all it waited for.
const BURST: u64 = 500 * COST;
/// Within this time one more frame may come.
const PACE: Duration = Duration::from_millis(20);
/// Units that a byte of an answer's body earns: most clients grant windows for a whole frame, some
/// for the stream and the connection at each frame.
const ANSWER: u64 = 4;
/// Units that a request earns: some clients enlarge the window of each stream at its begin.
const REQUEST: u64 = 2 * COST;
/// Units kept of what was earned.
const MOST_EARNED: u64 = 8_192 * COST;

impl FrameHead {
    /// Reads a head.
    pub(super) fn parse(bytes: &[u8]) -> Option<Self> {
        let [a, b, c, kind, flags, ..] = *bytes.first_chunk::<HEAD>()?;
        let length = usize::from(a) << 16 | usize::from(b) << 8 | usize::from(c);
        Some(Self {
            kind,
            flags,
            length,
        })
    }

    /// Whether a flag is set.
    pub(super) fn has(self, flag: u8) -> bool {
        self.flags & flag != 0
    }
}

impl FrameLimit {
    /// The budget of a connection that has just begun.
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
    /// When the budget is spent.
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

    /// Counts bytes of an answer's body.
    pub(super) fn sent(&mut self, bytes: usize) {
        self.earn((bytes as u64).saturating_mul(ANSWER));
    }

    fn earn(&mut self, units: u64) {
        self.earned = self.earned.saturating_add(units).min(MOST_EARNED);
    }

    /// Pays for a frame from what was earned, as far as that goes.
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
    fn frames_of_requests_and_bodies_never_exhaust_it() {
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
    fn frames_that_carry_little_run_out() {
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
    fn windows_for_what_was_sent_are_free() {
        let mut limit = FrameLimit::new();
        for _ in 0..100_000 {
            limit.sent(64);
            count(&mut limit, 2, frame(WINDOW_UPDATE, 4)).unwrap();
        }
    }

    #[test]
    fn windows_that_let_an_answer_dribble_run_out() {
        let mut limit = FrameLimit::new();
        let dribbled = (0..1_000).try_for_each(|_| {
            limit.sent(1);
            limit.received(frame(WINDOW_UPDATE, 4))
        });
        assert_eq!(dribbled, Err(Flooded));
    }

    #[test]
    fn a_large_answer_pays_for_no_pings() {
        let mut limit = FrameLimit::new();
        limit.sent(100_000_000);
        assert_eq!(count(&mut limit, 2 * AT_ONCE, frame(6, 8)), Err(Flooded));
    }

    #[test]
    fn after_a_while_more_may_come() {
        let mut limit = FrameLimit::new();
        limit.left = 0;
        limit.refilled = Instant::now() - PACE * 10;
        count(&mut limit, 10, frame(6, 8)).unwrap();
    }
}
