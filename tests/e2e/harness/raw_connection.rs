//! Raw bytes to and from hubgate over one connection.

use super::{Head, Response, Stream, Wire, head::Framing, within};

/// One connection; it sends bytes unchanged.
pub struct RawConnection {
    wire: Wire<Box<dyn Stream>>,
}

impl RawConnection {
    /// A connection over the stream.
    pub fn over(stream: Box<dyn Stream>) -> Self {
        let wire = Wire::new(stream);
        Self { wire }
    }

    /// Writes the bytes; that hubgate has closed already is no fault here.
    pub async fn send(&mut self, bytes: impl AsRef<[u8]>) {
        let _ = within("hubgate reads", self.wire.write(bytes.as_ref())).await;
    }

    /// Ends the writing side.
    pub async fn finish(&mut self) {
        let _ = within("the connection is shut down", self.wire.shutdown()).await;
    }

    /// Writes the request and reads its answer.
    pub async fn exchange(&mut self, request: impl AsRef<[u8]>) -> Response {
        self.send(request).await;
        self.receive().await
    }

    /// Reads the next answer, an interim one too.
    ///
    /// # Panics
    /// If hubgate closes the connection instead.
    pub async fn receive(&mut self) -> Response {
        let head = self.head().await.expect("an answer, not the end");
        let status = head.word(1).parse().expect("a status code");
        let mut body = Vec::new();
        let framing = match status {
            100..200 | 204 | 304 => Framing::Length(0),
            _ => head.framing(),
        };
        let reading = self
            .wire
            .body(framing, |bytes| body.extend_from_slice(bytes));
        let complete = within("the end of the body", reading).await.is_ok();
        Response {
            status,
            head,
            body,
            complete,
        }
    }

    /// Reads the next head and leaves its body; none when hubgate has closed.
    pub async fn head(&mut self) -> Option<Head> {
        let head = within("the head of an answer", self.wire.head()).await;
        head.ok().flatten()
    }

    /// Reads until the text has come, and returns what came.
    ///
    /// # Panics
    /// If the connection ends before.
    pub async fn until(&mut self, text: &str) -> String {
        let mut read = String::new();
        while !read.contains(text) {
            let some = within(text, self.wire.some(u64::MAX)).await;
            let some = some.unwrap_or_default();
            assert!(!some.is_empty(), "the end instead of {text:?}: {read:?}");
            read += &String::from_utf8_lossy(&some);
        }
        read
    }

    /// Waits until hubgate closes, and returns what it still wrote.
    pub async fn end(&mut self) -> Vec<u8> {
        let mut rest = Vec::new();
        let reading = self
            .wire
            .body(Framing::Undeclared, |bytes| rest.extend_from_slice(bytes));
        let _ = within("the end of the connection", reading).await;
        rest
    }
}
