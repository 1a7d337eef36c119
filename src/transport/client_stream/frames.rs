//! The frames of an HTTP/2 client on their way to the `h2` crate.
//!
//! A header block goes on once it is whole, and nothing behind it until its stream was accepted:
//! so `h2` never holds half a block, and at most one decoded head that was not judged. All frames
//! are counted.

use std::{
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU8, Ordering},
    },
    task::Context,
    time::Duration,
};

use tokio::time::{Sleep, sleep};
use tokio_util::sync::CancellationToken;

use super::frame_limit::{CONTINUATION, DATA, END_HEADERS, FrameHead, FrameLimit, HEAD, HEADERS};

/// The frames of one connection.
pub(super) struct Frames {
    limit: FrameLimit,
    gate: Arc<Gate>,
    /// Ends the connection once its requests have ended.
    leave: CancellationToken,
    /// Bytes that may go on before the next head of a frame is read.
    pub(super) passing: usize,
    /// Whether a header block ends with them.
    is_block: bool,
    /// Time for a header block to be whole.
    patience: Duration,
    timer: Option<Pin<Box<Sleep>>>,
    /// Raw bytes of the last header blocks, which the table of field compression may still refer to.
    blocks: Blocks,
    sent: Sent,
}

/// What the reader and the loop that accepts streams tell each other.
#[derive(Debug, Default)]
pub(crate) struct Gate {
    shut: AtomicBool,
    fault: AtomicU8,
}

/// Why a connection is to end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fault {
    /// Too many frames carried little, or a header block is too large.
    Flooded = 1,
    /// A header block was not whole in time.
    Slow = 2,
}

/// What the next bytes are.
pub(super) enum Next {
    /// So many bytes that may go on.
    Pass,
    /// Something whose rest has not come.
    Incomplete,
    /// A fault that was noted.
    Faulty,
}

/// The last header blocks.
struct Blocks {
    lengths: [u32; TABLE_ENTRIES],
    next: usize,
    sum: usize,
}

/// Follows the frames sent, of which the bytes of DATA count.
#[derive(Default)]
struct Sent {
    head: [u8; HEAD],
    known: usize,
    payload: usize,
    is_data: bool,
}

/// Bytes of the connection preface (RFC 9113, section 3.4).
const PREFACE: usize = 24;
/// Bytes of a frame's payload at most, as no larger one is announced.
const MOST_FRAME: usize = 16 * 1024;
/// Raw bytes of a header block at most, its frames' heads included.
const MOST_BLOCK: usize = 72 * 1024;
/// CONTINUATION frames of a block at most.
const MOST_FRAMES: usize = 8;
/// Entries of the dynamic table at most: each counts 32 bytes of its 4,096 (RFC 7541, section 4.1).
const TABLE_ENTRIES: usize = 128;
/// Raw bytes of as many blocks at most: an entry may keep its whole block alive.
const MOST_BLOCKS: usize = 128 * 1024;
/// Those of usual clients, which are not charged.
const USUAL_BLOCKS: usize = 32 * 1024;

impl Frames {
    /// A connection whose preface is still to come.
    pub(super) fn new(patience: Duration, leave: CancellationToken) -> Self {
        Self {
            limit: FrameLimit::new(),
            gate: Arc::default(),
            leave,
            passing: PREFACE,
            is_block: false,
            patience,
            timer: None,
            blocks: Blocks::default(),
            sent: Sent::default(),
        }
    }

    pub(super) fn gate(&self) -> Arc<Gate> {
        self.gate.clone()
    }

    /// Whether nothing may go on now: the loop that accepts streams opens the gate, or ends.
    pub(super) fn is_shut(&self) -> bool {
        self.gate.is_shut() || self.gate.fault().is_some()
    }

    /// Bytes that the table of field compression may hold beyond what is usual.
    pub(super) fn held(&self) -> usize {
        self.blocks.sum.saturating_sub(USUAL_BLOCKS)
    }

    /// Takes what went on from what may.
    pub(super) fn passed(&mut self, bytes: usize) {
        self.passing -= bytes;
        if self.passing == 0 && std::mem::take(&mut self.is_block) {
            self.gate.shut.store(true, Ordering::Release);
        }
    }

    /// Reads the heads of the next frames: those of a header block, or all before the next one.
    pub(super) fn next(&mut self, received: &[u8]) -> Next {
        let Some(head) = FrameHead::parse(received) else {
            return Next::Incomplete;
        };
        if head.kind != HEADERS || head.length > MOST_FRAME {
            return self.pass_frames(received);
        }
        match block(received) {
            Some((length, heads)) if length <= MOST_BLOCK => self.pass_block(&heads, length),
            None if received.len() <= MOST_BLOCK => Next::Incomplete,
            _ => self.fault(Fault::Flooded),
        }
    }

    /// Passes as many frames as have come before the next header block.
    fn pass_frames(&mut self, received: &[u8]) -> Next {
        self.timer = None;
        let mut length = 0;
        while let Some(head) = received.get(length..).and_then(FrameHead::parse) {
            if head.kind == HEADERS && length > 0 {
                break;
            }
            if self.limit.received(head).is_err() {
                return self.fault(Fault::Flooded);
            }
            length += HEAD + head.length;
        }
        (self.passing, self.is_block) = (length, false);
        Next::Pass
    }

    fn pass_block(&mut self, heads: &[FrameHead], length: usize) -> Next {
        self.timer = None;
        if heads.iter().any(|head| self.limit.received(*head).is_err()) {
            return self.fault(Fault::Flooded);
        }
        if self.blocks.push(length) > MOST_BLOCKS {
            self.leave.cancel();
        }
        (self.passing, self.is_block) = (length, true);
        Next::Pass
    }

    fn fault(&self, fault: Fault) -> Next {
        self.gate.note(fault);
        Next::Faulty
    }

    /// Notes that a header block was not whole in time, once that is so.
    pub(super) fn watch(&mut self, context: &mut Context<'_>, received: &[u8]) {
        if !is_block_begun(received) {
            return;
        }
        let patience = self.patience;
        let timer = self.timer.get_or_insert_with(|| Box::pin(sleep(patience)));
        if timer.as_mut().poll(context).is_ready() {
            self.gate.note(Fault::Slow);
        }
    }

    /// Follows bytes sent to the client.
    pub(super) fn sent(&mut self, mut bytes: &[u8]) {
        while !bytes.is_empty() {
            let (some, data) = self.sent.step(bytes);
            self.limit.sent(data);
            bytes = &bytes[some..];
        }
    }
}

/// The length of a header block and the heads of its frames, once it is whole; what cannot
/// belong to it ends it, and `h2` refuses that.
fn block(received: &[u8]) -> Option<(usize, Vec<FrameHead>)> {
    let (mut at, mut heads) = (0, Vec::new());
    loop {
        let head = FrameHead::parse(&received[at..])?;
        if !heads.is_empty() && head.kind != CONTINUATION {
            return Some((at, heads));
        }
        at += HEAD + head.length;
        heads.push(head);
        let is_last = head.has(END_HEADERS);
        if !is_last && (heads.len() > MOST_FRAMES || head.length > MOST_FRAME) {
            return Some((MOST_BLOCK + 1, heads));
        }
        if received.len() < at {
            return None;
        }
        if is_last {
            return Some((at, heads));
        }
    }
}

fn is_block_begun(received: &[u8]) -> bool {
    received.get(3) == Some(&HEADERS)
}

impl Gate {
    /// Lets the next frames go on; says whether they were held back.
    pub(crate) fn open(&self) -> bool {
        self.shut.swap(false, Ordering::AcqRel)
    }

    fn is_shut(&self) -> bool {
        self.shut.load(Ordering::Acquire)
    }

    fn note(&self, fault: Fault) {
        self.fault.fetch_max(fault as u8, Ordering::AcqRel);
    }

    /// Why the connection is to end, once it is.
    pub(crate) fn fault(&self) -> Option<Fault> {
        match self.fault.load(Ordering::Acquire) {
            0 => None,
            1 => Some(Fault::Flooded),
            _ => Some(Fault::Slow),
        }
    }
}

impl Default for Blocks {
    fn default() -> Self {
        Self {
            lengths: [0; TABLE_ENTRIES],
            next: 0,
            sum: 0,
        }
    }
}

impl Blocks {
    /// Takes the next block in; the sum of the last ones.
    fn push(&mut self, length: usize) -> usize {
        let slot = &mut self.lengths[self.next];
        self.sum = self.sum + length - *slot as usize;
        *slot = u32::try_from(length).unwrap_or(u32::MAX);
        self.next = (self.next + 1) % TABLE_ENTRIES;
        self.sum
    }
}

impl Sent {
    /// How many bytes the next step takes, and how many of them are a body's.
    fn step(&mut self, bytes: &[u8]) -> (usize, usize) {
        if self.payload > 0 {
            let some = self.payload.min(bytes.len());
            self.payload -= some;
            return (some, if self.is_data { some } else { 0 });
        }
        let some = (HEAD - self.known).min(bytes.len());
        self.head[self.known..self.known + some].copy_from_slice(&bytes[..some]);
        self.known += some;
        if let (HEAD, Some(head)) = (self.known, FrameHead::parse(&self.head)) {
            (self.known, self.payload) = (0, head.length);
            self.is_data = head.kind == DATA;
        }
        (some, 0)
    }
}

#[cfg(test)]
mod tests;
