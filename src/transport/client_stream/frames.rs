//! The frames of an HTTP/2 client on their way to the `h2` crate.
//!
//! A field block passes once it is complete, and the frames after it once its stream was accepted.
//! So `h2` never holds half a block, and at most one decoded head that is not accepted. All frames
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

use super::{
    super::signal::Signal,
    frame_limit::{CONTINUATION, DATA, END_HEADERS, FrameHead, FrameLimit, HEAD, HEADERS},
};

/// The frames of one connection.
pub(super) struct Frames {
    limit: FrameLimit,
    gate: Arc<Gate>,
    /// Ends the connection once its streams have ended.
    leave: Signal,
    /// Bytes that may pass before the next frame head is parsed.
    pub(super) passing: usize,
    /// Set when a field block ends with them.
    is_block: bool,
    /// Time in which a field block has to arrive whole.
    block_time: Duration,
    timer: Option<Pin<Box<Sleep>>>,
    /// The last field blocks; the dynamic table of HPACK may still refer to their bytes.
    blocks: Blocks,
    sent: Sent,
}

/// The state that the reader of frames shares with the loop that accepts streams.
#[derive(Debug, Default)]
pub(crate) struct Gate {
    shut: AtomicBool,
    fault: AtomicU8,
}

/// The cause for which a connection has to end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fault {
    /// The frame limit was exceeded, or a field block is too large.
    Flooded = 1,
    /// A field block did not arrive whole in time.
    Slow = 2,
}

/// The result of parsing the next frame heads.
pub(super) enum Next {
    /// Frames that may pass.
    Pass,
    /// A frame head or field block that is incomplete.
    Incomplete,
    /// A fault, which the gate reports.
    Faulty,
}

/// The lengths of the last field blocks.
struct Blocks {
    lengths: [u32; TABLE_ENTRIES],
    next: usize,
    sum: usize,
}

/// The position in the frames sent, of which the bytes of DATA count.
#[derive(Default)]
struct Sent {
    head: [u8; HEAD],
    /// Bytes of `head` that are known.
    known: usize,
    /// Bytes of the payload that are left.
    payload: usize,
    is_data: bool,
}

/// Bytes of the connection preface (RFC 9113, section 3.4).
const PREFACE: usize = 24;
/// Bytes of a frame's payload at most, the default of SETTINGS_MAX_FRAME_SIZE.
const MOST_FRAME: usize = 16 * 1024;
/// Bytes of a field block at most, with its frame heads.
const MOST_BLOCK: usize = 72 * 1024;
/// CONTINUATION frames of a field block at most.
const MOST_FRAMES: usize = 8;
/// Entries of the dynamic table at most: each counts 32 bytes of its 4,096 (RFC 7541, section 4.1).
const TABLE_ENTRIES: usize = 128;
/// Bytes of the last field blocks at most: a table entry may keep its whole block in memory.
const MOST_BLOCKS: usize = 128 * 1024;
/// Bytes of field blocks that are not charged.
const USUAL_BLOCKS: usize = 32 * 1024;

impl Frames {
    /// The frames of a connection before its preface.
    pub(super) fn new(block_time: Duration, leave: Signal) -> Self {
        Self {
            limit: FrameLimit::new(),
            gate: Arc::default(),
            leave,
            passing: PREFACE,
            is_block: false,
            block_time,
            timer: None,
            blocks: Blocks::default(),
            sent: Sent::default(),
        }
    }

    pub(super) fn gate(&self) -> Arc<Gate> {
        self.gate.clone()
    }

    /// Reports whether no frame may pass until the gate opens or the connection ends.
    pub(super) fn is_shut(&self) -> bool {
        self.gate.is_shut() || self.gate.fault().is_some()
    }

    /// Bytes that the dynamic table may hold beyond `USUAL_BLOCKS`.
    pub(super) fn held(&self) -> usize {
        self.blocks.sum.saturating_sub(USUAL_BLOCKS)
    }

    /// Subtracts passed bytes; shuts the gate after a field block.
    pub(super) fn passed(&mut self, bytes: usize) {
        self.passing -= bytes;
        if self.passing == 0 && std::mem::take(&mut self.is_block) {
            self.gate.shut.store(true, Ordering::Release);
        }
    }

    /// Parses the next frame heads: those of a field block, or all before the next one.
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

    /// Passes the frames received before the next field block.
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
            self.leave.raise();
        }
        (self.passing, self.is_block) = (length, true);
        Next::Pass
    }

    fn fault(&self, fault: Fault) -> Next {
        self.gate.note(fault);
        Next::Faulty
    }

    /// Reports a fault once a field block has not arrived whole in time.
    pub(super) fn watch(&mut self, context: &mut Context<'_>, received: &[u8]) {
        if received.get(3) != Some(&HEADERS) {
            return;
        }
        let limit = self.block_time;
        let timer = self.timer.get_or_insert_with(|| Box::pin(sleep(limit)));
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

/// The length of a field block and its frame heads, once it is complete. A frame of another type
/// ends the block, which `h2` refuses then.
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

impl Gate {
    /// Opens the gate; returns whether it was shut.
    pub(crate) fn open(&self) -> bool {
        self.shut.swap(false, Ordering::AcqRel)
    }

    fn is_shut(&self) -> bool {
        self.shut.load(Ordering::Acquire)
    }

    fn note(&self, fault: Fault) {
        self.fault.fetch_max(fault as u8, Ordering::AcqRel);
    }

    /// The cause for which the connection has to end, if it has to.
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
    /// Adds a field block and returns the sum of the last ones.
    fn push(&mut self, length: usize) -> usize {
        let slot = &mut self.lengths[self.next];
        self.sum = self.sum + length - *slot as usize;
        *slot = u32::try_from(length).unwrap_or(u32::MAX);
        self.next = (self.next + 1) % TABLE_ENTRIES;
        self.sum
    }
}

impl Sent {
    /// Follows bytes to the next boundary; returns their number, and that of content among them.
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
