//! The flow-control window of a connection for requests' content (RFC 9113, section 5.2).
//!
//! `h2` does not report it, so that the frames on both ways are followed: DATA that is sent, and
//! WINDOW_UPDATE of stream 0 that is received. A hub that does not read one upload may hold the
//! whole window; uploads take another connection then.

use std::{
    io,
    pin::Pin,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicI64, Ordering},
    },
    task::{Context, Poll, ready},
    time::Instant,
};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// The window of a connection, which its transport updates.
#[derive(Debug)]
pub(super) struct SendWindow {
    bytes: AtomicI64,
    /// The last time at which an exhausted window was opened.
    opened: Mutex<Option<Instant>>,
}

/// A transport that updates a window.
pub(super) struct Windowed<S, F> {
    stream: S,
    window: Arc<SendWindow>,
    sent: Follower,
    received: Follower,
    /// Called when an exhausted window opens.
    opened: F,
}

/// The position in a sequence of frames.
struct Follower {
    /// The frame's head, and the payload of a WINDOW_UPDATE.
    start: [u8; START],
    /// Bytes of `start` that are known.
    known: usize,
    /// Bytes before the next frame.
    rest: usize,
}

/// A change of the window, in bytes.
enum Change {
    Sent(i64),
    Granted(i64),
}

/// The window of a new connection (RFC 9113, section 6.9.2).
const INITIAL: i64 = 65_535;
/// Bytes of the connection preface (RFC 9113, section 3.4).
const PREFACE: usize = 24;
/// Bytes of a frame's head.
const HEAD: usize = 9;
/// Bytes of a WINDOW_UPDATE frame.
const START: usize = HEAD + 4;
/// Type of a DATA frame.
const DATA: u8 = 0;
/// Type of a WINDOW_UPDATE frame.
const WINDOW_UPDATE: u8 = 8;

impl SendWindow {
    pub(super) fn new() -> Arc<Self> {
        Arc::new(Self {
            bytes: AtomicI64::new(INITIAL),
            opened: Mutex::default(),
        })
    }

    /// Reports whether no content can be sent on any stream, and could not since `begin`.
    pub(super) fn is_exhausted_since(&self, begin: Instant) -> bool {
        self.is_exhausted() && self.lock().is_none_or(|opened| opened < begin)
    }

    fn is_exhausted(&self) -> bool {
        self.bytes.load(Ordering::Acquire) <= 0
    }

    /// Applies a change; returns whether it opens an exhausted window.
    fn apply(&self, change: &Change) -> bool {
        let granted = match change {
            Change::Sent(bytes) => -bytes,
            Change::Granted(bytes) => *bytes,
        };
        let before = self.bytes.fetch_add(granted, Ordering::AcqRel);
        let opens = before <= 0 && before + granted > 0;
        if opens {
            *self.lock() = Some(Instant::now());
        }
        opens
    }

    fn lock(&self) -> MutexGuard<'_, Option<Instant>> {
        self.opened.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<S, F: Fn()> Windowed<S, F> {
    pub(super) fn new(stream: S, window: Arc<SendWindow>, opened: F) -> Self {
        Self {
            stream,
            window,
            sent: Follower::after(PREFACE),
            received: Follower::after(0),
            opened,
        }
    }
}

impl Follower {
    /// Begins after this number of bytes that are no frames.
    fn after(rest: usize) -> Self {
        Self {
            start: [0; START],
            known: 0,
            rest,
        }
    }

    /// Follows bytes, and reports each change of the window among them.
    fn follow(&mut self, mut bytes: &[u8], mut changed: impl FnMut(&Change)) {
        while !bytes.is_empty() {
            let taken = match self.rest {
                0 => self.take_start(bytes),
                rest => {
                    let skipped = rest.min(bytes.len());
                    self.rest -= skipped;
                    skipped
                }
            };
            bytes = &bytes[taken..];
            if let Some(change) = self.end_start() {
                changed(&change);
            }
        }
    }

    /// Takes bytes of a frame's start; returns their number.
    fn take_start(&mut self, bytes: &[u8]) -> usize {
        let taken = (self.wanted() - self.known).min(bytes.len());
        self.start[self.known..self.known + taken].copy_from_slice(&bytes[..taken]);
        self.known += taken;
        taken
    }

    /// Bytes of the start that are of interest.
    fn wanted(&self) -> usize {
        let is_update = self.start[3] == WINDOW_UPDATE && self.length() == START - HEAD;
        match self.known >= HEAD && is_update {
            true => START,
            false => HEAD,
        }
    }

    /// Ends a complete start; returns the change of the window that it makes.
    fn end_start(&mut self) -> Option<Change> {
        let wanted = self.wanted();
        if self.known < wanted {
            return None;
        }
        self.known = 0;
        let length = self.length();
        self.rest = HEAD + length - wanted;
        let word = |at: usize| {
            let bytes = [0, 1, 2, 3].map(|nth| self.start[at + nth]);
            // The first bit is reserved (RFC 9113, section 4.1).
            i64::from(u32::from_be_bytes(bytes) & 0x7fff_ffff)
        };
        match self.start[3] {
            DATA => Some(Change::Sent(length as i64)),
            WINDOW_UPDATE if wanted == START && word(5) == 0 => Some(Change::Granted(word(HEAD))),
            _ => None,
        }
    }

    /// Bytes of the frame's payload.
    fn length(&self) -> usize {
        u32::from_be_bytes([0, self.start[0], self.start[1], self.start[2]]) as usize
    }
}

impl<S: AsyncRead + Unpin, F: Fn() + Unpin> AsyncRead for Windowed<S, F> {
    fn poll_read(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        out: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        let before = out.filled().len();
        ready!(Pin::new(&mut this.stream).poll_read(context, out))?;
        let mut has_opened = false;
        this.received.follow(&out.filled()[before..], |change| {
            // DATA that is received has a window of its own.
            if matches!(change, Change::Granted(_)) {
                has_opened |= this.window.apply(change);
            }
        });
        if has_opened {
            (this.opened)();
        }
        Poll::Ready(Ok(()))
    }
}

impl<S: AsyncWrite + Unpin, F: Fn() + Unpin> AsyncWrite for Windowed<S, F> {
    fn poll_write(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        let written = ready!(Pin::new(&mut this.stream).poll_write(context, bytes))?;
        this.sent.follow(&bytes[..written], |change| {
            // WINDOW_UPDATE that is sent opens the window for responses.
            if matches!(change, Change::Sent(_)) {
                this.window.apply(change);
            }
        });
        Poll::Ready(Ok(written))
    }

    fn poll_flush(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_flush(context)
    }

    fn poll_shutdown(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_shutdown(context)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn frame(kind: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
        let mut frame = (payload.len() as u32).to_be_bytes()[1..].to_vec();
        frame.extend_from_slice(&[kind, 0]);
        frame.extend_from_slice(&stream.to_be_bytes());
        frame.extend_from_slice(payload);
        frame
    }

    /// Follows bytes in pieces of this size; returns the bytes sent and granted.
    fn followed(after: usize, bytes: &[u8], size: usize) -> (i64, i64) {
        let (mut follower, mut sent, mut granted) = (Follower::after(after), 0, 0);
        for piece in bytes.chunks(size) {
            follower.follow(piece, |change| match change {
                Change::Sent(bytes) => sent += bytes,
                Change::Granted(bytes) => granted += bytes,
            });
        }
        (sent, granted)
    }

    #[test]
    fn data_and_updates_of_the_connection_count_in_pieces_of_any_size() {
        let mut bytes = vec![b'x'; PREFACE];
        bytes.extend(frame(4, 0, &[0; 12]));
        bytes.extend(frame(1, 1, &[8; 20]));
        bytes.extend(frame(DATA, 1, &[WINDOW_UPDATE; 300]));
        bytes.extend(frame(DATA, 3, &[]));
        bytes.extend(frame(WINDOW_UPDATE, 0, &[0x80, 0, 1, 0]));
        bytes.extend(frame(WINDOW_UPDATE, 1, &[0, 0, 9, 9]));
        bytes.extend(frame(WINDOW_UPDATE, 0, &[0, 0, 1]));
        bytes.extend(frame(DATA, 5, &[0; 7]));
        for size in [1, 2, 3, 8, 9, 10, 13, 64, 1000] {
            assert_eq!(followed(PREFACE, &bytes, size), (307, 256), "{size}");
        }
    }

    #[test]
    fn a_window_is_exhausted_until_the_hub_grants_more() {
        let window = SendWindow::new();
        assert!(!window.apply(&Change::Sent(INITIAL - 1)) && !window.is_exhausted());
        assert!(!window.apply(&Change::Sent(1)) && window.is_exhausted());
        assert!(window.apply(&Change::Granted(1)) && !window.is_exhausted());
        assert!(!window.apply(&Change::Granted(1)));
    }

    #[test]
    fn a_window_that_was_opened_meanwhile_counts_as_read() {
        let (window, before) = (SendWindow::new(), Instant::now());
        window.apply(&Change::Sent(INITIAL));
        assert!(window.is_exhausted_since(before));
        window.apply(&Change::Granted(9));
        window.apply(&Change::Sent(9));
        assert!(!window.is_exhausted_since(before), "the hub reads");
        assert!(window.is_exhausted_since(Instant::now()));
    }
}
