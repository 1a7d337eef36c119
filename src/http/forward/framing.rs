//! How the upstream is told where the body of a request ends.

use crate::http::http1::request_head::Body;

/// How the hub is told where the body ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Framing {
    /// There is none.
    Nothing,
    /// By its length, in the head.
    Length,
    /// In chunks that are made here.
    Chunks,
    /// By the frames of HTTP/2.
    Frames,
}

impl Framing {
    /// The framing for the server of a body that came so.
    pub(crate) fn of(body: Body) -> Self {
        match body {
            Body::Length(0) => Self::Nothing,
            Body::Length(_) => Self::Length,
            Body::Chunked => Self::Chunks,
        }
    }

    /// The framing of the same body over HTTP/2.
    pub(super) fn of_http2(self) -> Self {
        match self {
            Self::Nothing => Self::Nothing,
            Self::Length | Self::Chunks | Self::Frames => Self::Frames,
        }
    }
}
