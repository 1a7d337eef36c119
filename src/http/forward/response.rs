//! The hub's answer: its head as the client hears it, and where its body ends (RFC 9112, 6.3).

pub(super) mod frames;
#[cfg(any(fuzzing, test))]
#[allow(clippy::panic, reason = "that is how a property is broken")]
pub(super) mod properties;
mod trailers;

use std::{io, mem::MaybeUninit};

use bytes::{Buf, BytesMut};
use http::{HeaderMap, StatusCode, Version};

use super::{
    client::Client,
    headers,
    response_head::{Asked, Body, Read, ResponseHead},
};
use crate::{
    http::{admission::Admitted, websocket::handshake},
    transport::chunked::Unwrapped,
};

/// An answer, as far as it has come.
pub(super) struct Response<H> {
    /// Status.
    pub(crate) status: StatusCode,
    /// Its head for the client.
    pub(super) head: H,
    /// What came with it of the body.
    pub(super) first: BytesMut,
    /// Lines of the trailer section that came, where the client takes no chunks.
    trailers: BytesMut,
    /// The trailers of a response over HTTP/2.
    fields_behind: HeaderMap,
    /// Whether it goes on until somebody leaves.
    pub(super) streaming: bool,
    /// Whether the client's connection ends with it.
    pub(super) last: bool,
    /// Bytes of the body handed out.
    pub(super) sent: u64,
    body: Body,
    /// Whether the client takes chunks as they are.
    takes_chunks: bool,
    /// Whether the hub's connection goes on after it.
    persists: bool,
    /// Whether something came behind its end.
    overflowed: bool,
}

/// Bytes of a head at most.
const MOST_BYTES: usize = 256 * 1024;
/// Fields of a head at most.
pub(super) const MOST_FIELDS: usize = 256;

const TOO_LARGE: &str = "its head is too large";
const NO_FIELD: &str = "a field that is no field";

impl<H> Response<H> {
    /// Takes the next answer from what was heard, once its head is there.
    ///
    /// # Errors
    /// What is wrong with it.
    pub(super) fn read<C: Client<ResponseHead = H>>(
        heard: &mut BytesMut,
        asked: &Asked<'_>,
        admitted: &Admitted,
    ) -> Read<Option<Self>> {
        let mut space = [const { MaybeUninit::uninit() }; MOST_FIELDS];
        let mut parsed = httparse::Response::new(&mut []);
        let strict = httparse::ParserConfig::default();
        let read = strict.parse_response_with_uninit_headers(&mut parsed, heard, &mut space);
        let length = match read {
            Ok(httparse::Status::Complete(length)) if length <= MOST_BYTES => length,
            Ok(httparse::Status::Partial) if heard.len() <= MOST_BYTES => return Ok(None),
            Ok(_) | Err(httparse::Error::TooManyHeaders) => return Err(TOO_LARGE),
            Err(_) => return Err("this is not HTTP/1.1"),
        };
        let head = ResponseHead::of(&parsed)?;
        let mut response = Self::of::<C>(&head, asked, admitted)?;
        heard.advance(length);
        if response.is_final() {
            response.first = heard.split();
            response.begin()?;
        }
        Ok(Some(response))
    }

    /// The response over HTTP/2 with this head, which may be all of it.
    ///
    /// # Errors
    /// What is wrong with it.
    pub(super) fn of_http2<C: Client<ResponseHead = H>>(
        head: &http::Response<()>,
        has_ended: bool,
        asked: &Asked<'_>,
        admitted: &Admitted,
    ) -> Read<Self> {
        if head.headers().len() > MOST_FIELDS {
            return Err(TOO_LARGE);
        }
        Self::of::<C>(&ResponseHead::of_http2(head, has_ended), asked, admitted)
    }

    /// The response with this head.
    fn of<C: Client<ResponseHead = H>>(
        head: &ResponseHead<'_>,
        asked: &Asked<'_>,
        admitted: &Admitted,
    ) -> Read<Self> {
        let switches = head.switches(asked)?;
        let length = head.content_length()?;
        let body = match switches {
            true => Body::UntilClose,
            false => head.body(asked.method, length)?,
        };
        let version = admitted.exchange.logged.version;
        let takes_chunks = C::TAKES_CHUNKS && version != Version::HTTP_10;
        let body = body.for_client(takes_chunks, asked.takes_trailers);
        if !takes_chunks && head.codings().count() > 1 {
            return Err("its Transfer-Encoding cannot be told to this client");
        }
        // HTTP/1.0 knows no chunks (RFC 9112, section 6.1): the end of the connection is the end.
        let ends = asked.last
            || matches!(body, Body::UntilClose)
            || (version == Version::HTTP_10 && !body.has_length());
        // `close` belongs to the final answer (RFC 9112, section 9.6).
        let last = ends && !head.status.is_informational();
        let mut edits = headers::to_client(&head.fields, head.status, admitted);
        head.frame(length, takes_chunks, &mut edits);
        if C::TAKES_CHUNKS
            && let Body::Frames(frames) = &body
        {
            frames.frame(&mut edits);
        }
        if version == Version::HTTP_10 {
            edits.remove("Trailer");
        }
        if switches {
            edits.set("Upgrade", handshake::PROTOCOL);
        }
        let connection = match last {
            _ if switches => Some("Upgrade"),
            true => Some("close"),
            false => (version == Version::HTTP_10).then_some("keep-alive"),
        };
        Ok(Self {
            status: head.status,
            head: C::answer(head, &edits, connection).ok_or(NO_FIELD)?,
            first: BytesMut::new(),
            trailers: BytesMut::new(),
            fields_behind: HeaderMap::new(),
            streaming: headers::is_streaming(&head.fields),
            last,
            sent: 0,
            body,
            takes_chunks,
            persists: head.is_http_1_1 && !head.fields.connection_has("close"),
            overflowed: false,
        })
    }

    /// Parts the head from the rest.
    pub(super) fn split(self) -> (H, Response<()>) {
        let rest = Response {
            status: self.status,
            head: (),
            first: self.first,
            trailers: self.trailers,
            fields_behind: self.fields_behind,
            streaming: self.streaming,
            last: self.last,
            sent: self.sent,
            body: self.body,
            takes_chunks: self.takes_chunks,
            persists: self.persists,
            overflowed: self.overflowed,
        };
        (self.head, rest)
    }

    /// Whether the connection changes to another protocol with it.
    pub(super) fn switches(&self) -> bool {
        self.status == StatusCode::SWITCHING_PROTOCOLS
    }

    /// Whether no other answer follows it (RFC 9110, section 15.2).
    pub(super) fn is_final(&self) -> bool {
        !self.status.is_informational() || self.switches()
    }

    /// Whether all of the body was handed out.
    pub(super) fn has_ended(&self) -> bool {
        match &self.body {
            Body::Length(left) => *left == 0,
            Body::Chunked(chunks) => chunks.have_ended(),
            Body::Frames(frames) => frames.has_ended,
            Body::UntilClose => false,
        }
    }

    /// Whether the hub's connection can be used again.
    pub(super) fn keeps(&self) -> bool {
        self.persists && !self.overflowed && self.has_ended()
    }

    /// Leaves what goes to the client of more that was heard.
    ///
    /// # Errors
    /// `InvalidData` for chunks that are not framed as the RFC writes it.
    pub(super) fn follow(&mut self, heard: &mut BytesMut) -> io::Result<()> {
        let before = heard.len();
        let belong = match &mut self.body {
            Body::Frames(frames) => {
                self.sent += frames.follow(heard)? as u64;
                return Ok(());
            }
            Body::UntilClose => before,
            Body::Chunked(chunks) if self.takes_chunks => chunks.follow(heard)?,
            Body::Chunked(chunks) => {
                let mut out = Unwrapped {
                    data: BytesMut::with_capacity(before),
                    trailers: std::mem::take(&mut self.trailers),
                };
                let belong = chunks.unwrap(heard, &mut out)?;
                self.overflowed |= belong < before;
                (*heard, self.trailers) = (out.data, out.trailers);
                heard.len()
            }
            Body::Length(left) => {
                let belong = usize::try_from(*left).unwrap_or(usize::MAX).min(before);
                *left -= belong as u64;
                belong
            }
        };
        self.overflowed |= belong < heard.len();
        heard.truncate(belong);
        self.sent += belong as u64;
        Ok(())
    }

    /// The trailers for a client that takes no chunks, once the body has ended.
    pub(super) fn take_trailers(&mut self) -> Option<HeaderMap> {
        if self.has_ended() && !self.fields_behind.is_empty() {
            return Some(std::mem::take(&mut self.fields_behind));
        }
        if !self.has_ended() || self.trailers.is_empty() {
            return None;
        }
        trailers::parse(&std::mem::take(&mut self.trailers))
    }

    /// Takes the end of a response over HTTP/2; what it adds for the client is appended.
    ///
    /// # Errors
    /// `InvalidData` where the body is shorter than its Content-Length.
    pub(super) fn end(&mut self, trailers: HeaderMap, piece: &mut BytesMut) -> io::Result<()> {
        let Body::Frames(frames) = &mut self.body else {
            return Ok(());
        };
        let trailers = trailers::allowed(trailers);
        frames.end(&trailers, piece)?;
        self.fields_behind = trailers;
        Ok(())
    }

    /// What it means that the hub has hung up.
    ///
    /// # Errors
    /// `UnexpectedEof` unless that is the body's end.
    pub(super) fn breaks_off(&self) -> io::Result<()> {
        match self.body {
            Body::UntilClose => Ok(()),
            _ => Err(io::ErrorKind::UnexpectedEof.into()),
        }
    }

    /// Takes what has come of the body.
    fn begin(&mut self) -> Read<()> {
        let mut first = std::mem::take(&mut self.first);
        let followed = self.follow(&mut first);
        followed.map_err(|_| "its chunks are malformed")?;
        self.first = first;
        Ok(())
    }
}
