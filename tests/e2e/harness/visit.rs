//! Properties of a client's connection: certificate request, resumption.

use rustls::HandshakeKind;

use super::{Caller, Conversation, card::Asked};

/// A connection with one request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Visit {
    /// The status of the answer.
    pub status: u16,
    /// True if an earlier session was resumed.
    pub resumed: bool,
}

impl Caller {
    /// Returns the names of the CAs, as DER, if hubgate requests a certificate.
    pub async fn requested_cas(&self) -> Option<Vec<Vec<u8>>> {
        let mut caller = self.clone();
        let asked = Asked::default();
        let options = caller.tls_options();
        (options.asked, options.kept) = (asked.clone(), None);
        caller.stream(&[]).await.unwrap();
        asked.lock().unwrap().take()
    }

    /// Makes one request on a connection of its own.
    pub async fn visit(&self, target: &str) -> Visit {
        let stream = self.secure(&["http/1.1"]).await.unwrap();
        let resumed = stream.get_ref().1.handshake_kind() == Some(HandshakeKind::Resumed);
        let request = format!("GET {target} HTTP/1.1\r\nHost: {}\r\n\r\n", self.host());
        let answer = Conversation::over(Box::new(stream)).ask(request).await;
        Visit {
            status: answer.status,
            resumed,
        }
    }

    /// Returns true if a session of an earlier connection permits early data.
    pub fn may_send_early(&mut self) -> bool {
        self.tls_options().may_send_early()
    }
}
