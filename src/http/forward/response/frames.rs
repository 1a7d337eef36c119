//! The content of a response over HTTP/2, framed for a client of either version.

use std::io;

use bytes::{BufMut, BytesMut};
use http::HeaderMap;

use crate::http::forward::{framing::put_chunk, headers::HeaderEdits};

/// Content that ends with its stream (RFC 9113, section 8.1).
pub(in crate::http::forward) struct Frames {
    /// Bytes of Content-Length that are still to be received.
    pub(in crate::http::forward) left: Option<u64>,
    /// Set when the client gets chunks.
    pub(in crate::http::forward) in_chunks: bool,
    /// Set when the client accepts a trailer section after the chunks.
    pub(in crate::http::forward) takes_trailers: bool,
    pub(in crate::http::forward) has_ended: bool,
}

const WRONG_LENGTH: &str = "the length of its content differs from Content-Length";

impl Frames {
    /// Sets the framing field for an HTTP/1 client, if the upstream sent no Content-Length.
    pub(super) fn frame(&self, edits: &mut HeaderEdits<'_>) {
        if self.left.is_some() {
            return;
        }
        if self.has_ended {
            edits.set("Content-Length", &b"0"[..]);
        } else if self.in_chunks {
            edits.set("Transfer-Encoding", &b"chunked"[..]);
        }
    }

    /// Frames a piece for the client; returns the bytes of content in it.
    ///
    /// # Errors
    /// `InvalidData` if the content is longer than its Content-Length.
    pub(super) fn follow(&mut self, piece: &mut BytesMut) -> io::Result<usize> {
        let length = piece.len();
        if let Some(left) = &mut self.left {
            let after = left.checked_sub(length as u64);
            *left = after.ok_or_else(wrong_length)?;
        }
        if self.in_chunks && length > 0 {
            let mut chunk = BytesMut::with_capacity(length + 32);
            put_chunk(&mut chunk, piece);
            *piece = chunk;
        }
        Ok(length)
    }

    /// Ends the content; chunks end with the trailer section.
    ///
    /// # Errors
    /// `InvalidData` if the content is shorter than its Content-Length.
    pub(super) fn end(&mut self, trailers: &HeaderMap, piece: &mut BytesMut) -> io::Result<()> {
        if self.left.is_some_and(|left| left > 0) {
            return Err(wrong_length());
        }
        self.has_ended = true;
        if !self.in_chunks {
            return Ok(());
        }
        piece.put_slice(b"0\r\n");
        for (name, value) in trailers.iter().filter(|_| self.takes_trailers) {
            for part in [name.as_str().as_bytes(), b": ", value.as_bytes(), b"\r\n"] {
                piece.put_slice(part);
            }
        }
        piece.put_slice(b"\r\n");
        Ok(())
    }
}

fn wrong_length() -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, WRONG_LENGTH)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn frames(left: Option<u64>, in_chunks: bool) -> Frames {
        Frames {
            left,
            in_chunks,
            takes_trailers: true,
            has_ended: false,
        }
    }

    #[test]
    fn frames_become_chunks_with_a_trailer_section() {
        let mut frames = frames(None, true);
        let mut piece = BytesMut::from("twelve bytes");
        assert_eq!(frames.follow(&mut piece).unwrap(), 12);
        let trailers = HeaderMap::from_iter([(
            http::HeaderName::from_static("grpc-status"),
            http::HeaderValue::from_static("0"),
        )]);
        frames.end(&trailers, &mut piece).unwrap();
        assert_eq!(piece, "c\r\ntwelve bytes\r\n0\r\ngrpc-status: 0\r\n\r\n");
        assert!(frames.has_ended);
    }

    #[test]
    fn a_client_without_te_trailers_gets_no_trailer_section() {
        let mut frames = frames(None, true);
        frames.takes_trailers = false;
        let (mut piece, name) = (BytesMut::new(), http::HeaderName::from_static("x-sum"));
        let trailers = HeaderMap::from_iter([(name, http::HeaderValue::from_static("1"))]);
        frames.end(&trailers, &mut piece).unwrap();
        assert_eq!(piece, "0\r\n\r\n");
    }

    #[test]
    fn content_that_differs_from_its_content_length_is_refused() {
        let mut piece = BytesMut::from("abc");
        assert!(frames(Some(2), false).follow(&mut piece).is_err());
        let mut short = frames(Some(4), false);
        assert_eq!(short.follow(&mut piece).unwrap(), 3);
        assert!(short.end(&HeaderMap::new(), &mut piece).is_err());
    }
}
