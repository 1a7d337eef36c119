//! The boundaries of WebSocket frames (RFC 6455, section 5.2).

/// A position in a stream of frames; payloads are not parsed.
#[derive(Debug, Default)]
pub(super) struct Frames {
    /// The bytes of an incomplete frame header.
    header: Vec<u8>,
    /// Bytes of the payload that are still to come.
    payload: u64,
}

impl Frames {
    /// Follows the next bytes of the stream.
    pub(super) fn follow(&mut self, mut bytes: &[u8]) {
        while !bytes.is_empty() {
            if self.payload > 0 {
                let some = usize::try_from(self.payload)
                    .unwrap_or(usize::MAX)
                    .min(bytes.len());
                self.payload -= some as u64;
                bytes = &bytes[some..];
            } else {
                self.header.push(bytes[0]);
                bytes = &bytes[1..];
                self.begin();
            }
        }
    }

    /// Reports whether the position is between two frames.
    pub(super) fn is_between(&self) -> bool {
        self.payload == 0 && self.header.is_empty()
    }

    /// Begins the payload once the header is complete.
    fn begin(&mut self) {
        let &[_, second, ref rest @ ..] = self.header.as_slice() else {
            return;
        };
        let extended = match second & 0x7F {
            126 => 2,
            127 => 8,
            _ => 0,
        };
        let mask = if second & 0x80 == 0 { 0 } else { 4 };
        if rest.len() < extended + mask {
            return;
        }
        self.payload = match extended {
            0 => u64::from(second & 0x7F),
            _ => rest[..extended]
                .iter()
                .fold(0, |length, &byte| length << 8 | u64::from(byte)),
        };
        self.header.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frames_of_all_lengths_are_followed_in_any_pieces() {
        let long = [&[0x82, 126, 1, 0][..], &[0; 256]].concat();
        let huge = [&[0x82, 127, 0, 0, 0, 0, 0, 1, 0, 0][..], &[0; 65536]].concat();
        for frame in [
            vec![0x89, 0],
            vec![0x81, 2, 1, 2],
            vec![0x81, 0x81, 1, 2, 3, 4, 5],
            long,
            huge,
        ] {
            let mut frames = Frames::default();
            for (at, byte) in frame.iter().enumerate() {
                assert_eq!(frames.is_between(), at == 0);
                frames.follow(&[*byte]);
            }
            assert!(frames.is_between());
            frames.follow(&frame);
            assert!(frames.is_between());
        }
    }
}
