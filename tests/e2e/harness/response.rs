//! A complete answer, whichever client received it.

use std::borrow::Cow;

use super::Head;

/// Status, header fields and body.
#[derive(Clone, Debug)]
pub struct Response {
    /// The status code.
    pub status: u16,
    /// The status line and the header fields.
    pub head: Head,
    /// The body without its framing.
    pub body: Vec<u8>,
    /// True if the body ended as its framing requires.
    pub complete: bool,
}

impl Response {
    /// The only value of the header field.
    pub fn field(&self, name: &str) -> Option<&str> {
        self.head.field(name)
    }

    /// All values of the header field, in order.
    pub fn values(&self, name: &str) -> Vec<&str> {
        self.head.values(name)
    }

    /// The body as text.
    pub fn text(&self) -> Cow<'_, str> {
        String::from_utf8_lossy(&self.body)
    }
}
