//! Properties of a client's connection: certificate request, resumption.

use rustls::HandshakeKind;

use super::{Client, RawConnection, client_certificate::RequestedCas};

/// A connection with one request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fetched {
    /// The status of the answer.
    pub status: u16,
    /// True if an earlier session was resumed.
    pub resumed: bool,
}

impl Client {
    /// Returns the names of the CAs, as DER, if hubgate requests a certificate.
    pub async fn requested_cas(&self) -> Option<Vec<Vec<u8>>> {
        let mut client = self.clone();
        let requested = RequestedCas::default();
        let options = client.tls_options();
        (options.requested, options.kept) = (requested.clone(), None);
        client.stream(&[]).await.unwrap();
        requested.lock().unwrap().take()
    }

    /// Makes one request on a connection of its own.
    pub async fn fetch(&self, target: &str) -> Fetched {
        let stream = self.secure(&["http/1.1"]).await.unwrap();
        let resumed = stream.get_ref().1.handshake_kind() == Some(HandshakeKind::Resumed);
        let request = format!("GET {target} HTTP/1.1\r\nHost: {}\r\n\r\n", self.host());
        let answer = RawConnection::over(Box::new(stream))
            .exchange(request)
            .await;
        Fetched {
            status: answer.status,
            resumed,
        }
    }

    /// Returns true if a session of an earlier connection permits early data.
    pub fn may_send_early(&mut self) -> bool {
        self.tls_options().may_send_early()
    }
}
