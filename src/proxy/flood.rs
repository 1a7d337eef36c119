//! HTTP/2 frames that carry nothing, counted (RFC 9113, section 10.5).
//!
//! Each makes the engine work or answer, and a client may send any number of
//! them. Follows the frames of a connection without looking into them.

use std::{
    io,
    time::{Duration, Instant},
};

/// The frames of one client.
#[derive(Debug)]
pub(super) struct Flood {
    header: [u8; HEADER],
    /// How much of the header has come.
    known: usize,
    /// What is to come before the next header.
    payload: usize,
    /// How many may come at once now.
    left: u32,
    /// When `left` was last filled up.
    filled: Instant,
}

/// Length of the connection preface (RFC 9113, section 3.4).
const PREFACE: usize = 24;
/// Length of a frame's header (RFC 9113, section 4.1).
const HEADER: usize = 9;
/// How many may come at once: a browser that leaves a page resets all it waited for.
const AT_ONCE: u32 = 500;
/// After how long one more may come.
const PACE: Duration = Duration::from_millis(20);

impl Flood {
    /// A connection whose preface is still to come.
    pub(super) fn new() -> Self {
        Self {
            header: [0; HEADER],
            known: 0,
            payload: PREFACE,
            left: AT_ONCE,
            filled: Instant::now(),
        }
    }

    /// Follows the next bytes of the client.
    ///
    /// # Errors
    /// When too many idle frames have come.
    pub(super) fn follow(&mut self, mut bytes: &[u8]) -> io::Result<()> {
        while !bytes.is_empty() {
            let some = if self.payload > 0 {
                let some = self.payload.min(bytes.len());
                self.payload -= some;
                some
            } else {
                self.read_header(bytes)?
            };
            bytes = &bytes[some..];
        }
        Ok(())
    }

    fn read_header(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let some = (HEADER - self.known).min(bytes.len());
        self.header[self.known..self.known + some].copy_from_slice(&bytes[..some]);
        self.known += some;
        if self.known == HEADER {
            self.known = 0;
            let [high, middle, low, ..] = self.header;
            self.payload = usize::from(high) << 16 | usize::from(middle) << 8 | usize::from(low);
            if self.is_idle() {
                self.count()?;
            }
        }
        Ok(some)
    }

    /// Whether the frame brings nothing of a request: PRIORITY, RST_STREAM, SETTINGS, PING,
    /// an unknown type, or an empty DATA or CONTINUATION that ends nothing.
    fn is_idle(&self) -> bool {
        let [_, _, _, kind, flags, ..] = self.header;
        match kind {
            0x0 => self.payload == 0 && flags & 0x1 == 0,
            0x9 => self.payload == 0 && flags & 0x4 == 0,
            0x1 | 0x8 => false,
            _ => true,
        }
    }

    fn count(&mut self) -> io::Result<()> {
        if self.left == 0 {
            self.fill_up();
        }
        self.left = self.left.checked_sub(1).ok_or_else(flooded)?;
        Ok(())
    }

    fn fill_up(&mut self) {
        let pieces = self.filled.elapsed().as_millis() / PACE.as_millis();
        self.left = u32::try_from(pieces).map_or(AT_ONCE, |pieces| pieces.min(AT_ONCE));
        if self.left > 0 {
            self.filled = Instant::now();
        }
    }
}

fn flooded() -> io::Error {
    io::Error::new(io::ErrorKind::ConnectionAborted, "too many idle frames")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn frame(kind: u8, flags: u8, payload: &[u8]) -> Vec<u8> {
        let length = u8::try_from(payload.len()).unwrap();
        [&[0, 0, length, kind, flags, 0, 0, 0, 1], payload].concat()
    }

    fn begun() -> Flood {
        let mut flood = Flood::new();
        flood.follow(&[b'P'; PREFACE]).unwrap();
        flood
    }

    #[test]
    fn frames_of_requests_are_never_too_many() {
        let mut flood = begun();
        let request = [
            frame(1, 4, b"fields"),
            frame(0, 0, b"body"),
            frame(0, 1, b""),
        ]
        .concat();
        for piece in request.repeat(2_000).chunks(7) {
            flood.follow(piece).unwrap();
        }
    }

    #[test]
    fn idle_frames_run_out() {
        for (kind, flags) in [(0, 0), (2, 0), (3, 0), (4, 0), (6, 0), (9, 0), (99, 0)] {
            let (mut flood, idle) = (begun(), frame(kind, flags, b""));
            for _ in 0..AT_ONCE {
                flood.follow(&idle).unwrap();
            }
            let more = idle.repeat(AT_ONCE as usize);
            assert!(flood.follow(&more).is_err(), "type {kind}");
        }
    }

    #[test]
    fn after_a_while_more_may_come() {
        let mut flood = begun();
        flood.left = 0;
        flood.filled = Instant::now() - PACE * 10;
        flood.follow(&frame(6, 0, b"").repeat(10)).unwrap();
    }
}
