//! A query to one DNS server and its response (RFC 1035, 4.2).
//!
//! Over UDP, with one repetition; over TCP after a truncated response or none. An exchange caches
//! nothing, and checks only that a response belongs to its query.

use std::{
    io,
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr},
    time::Duration,
};

use hickory_proto::{
    op::{Edns, Message, Query},
    rr::{Name, RecordType},
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpStream, UdpSocket},
    time::timeout,
};

use super::answer::Answer;

/// Attempts over UDP.
const UDP_ATTEMPTS: usize = 2;

/// The largest UDP response that a query permits, in bytes: it is not fragmented on most networks.
const PAYLOAD: u16 = 1232;

/// Makes a query for one name and type.
pub(super) fn query(name: &Name, kind: RecordType) -> Message {
    let mut message = Message::query();
    let mut edns = Edns::new();
    edns.set_max_payload(PAYLOAD);
    message
        .add_query(Query::query(name.clone(), kind))
        .set_edns(edns);
    message
}

/// A query or update to one DNS server.
pub(super) struct Exchange<'a> {
    server: SocketAddr,
    query: &'a Message,
    attempt_limit: Duration,
}

impl<'a> Exchange<'a> {
    /// Addresses a query to a server; `attempt_limit` is the time for each attempt.
    pub(super) fn new(server: SocketAddr, query: &'a Message, attempt_limit: Duration) -> Self {
        Self {
            server,
            query,
            attempt_limit,
        }
    }

    /// Sends the query and returns the server's response.
    pub(super) async fn answer(&self) -> io::Result<Answer> {
        let bytes = self.query.to_vec().map_err(io::Error::other)?;
        for _ in 0..UDP_ATTEMPTS {
            match timeout(self.attempt_limit, self.over_udp(&bytes)).await {
                Ok(Ok(answer)) if !answer.message.truncation => return Ok(answer),
                // Truncated, or UDP is blocked.
                Ok(_) => break,
                Err(_) => {}
            }
        }
        match timeout(self.attempt_limit, self.over_tcp(&bytes)).await {
            Ok(answered) => answered,
            Err(_) => Err(io::Error::new(io::ErrorKind::TimedOut, "no answer")),
        }
    }

    async fn over_udp(&self, bytes: &[u8]) -> io::Result<Answer> {
        let any: IpAddr = match self.server {
            SocketAddr::V4(_) => Ipv4Addr::UNSPECIFIED.into(),
            SocketAddr::V6(_) => Ipv6Addr::UNSPECIFIED.into(),
        };
        let socket = UdpSocket::bind((any, 0)).await?;
        socket.connect(self.server).await?;
        socket.send(bytes).await?;
        let mut buffer = vec![0; usize::from(u16::MAX)];
        loop {
            let length = socket.recv(&mut buffer).await?;
            // Forged datagrams are skipped.
            if let Some(answer) = Answer::parse(self.query, &buffer[..length]) {
                return Ok(answer);
            }
        }
    }

    async fn over_tcp(&self, bytes: &[u8]) -> io::Result<Answer> {
        let length = u16::try_from(bytes.len()).map_err(io::Error::other)?;
        let mut stream = TcpStream::connect(self.server).await?;
        stream
            .write_all(&[&length.to_be_bytes(), bytes].concat())
            .await?;
        let length = stream.read_u16().await?;
        let mut response = vec![0; length.into()];
        stream.read_exact(&mut response).await?;
        let mismatch = || {
            let fault = "the response does not belong to the query";
            io::Error::new(io::ErrorKind::InvalidData, fault)
        };
        Answer::parse(self.query, &response).ok_or_else(mismatch)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::acme::dns::testing::{FakeServer, Protocol, answer, name, txt};

    const ATTEMPT_LIMIT: Duration = Duration::from_millis(300);

    async fn response(server: &FakeServer) -> io::Result<Message> {
        let query = query(&name("a.example.test."), RecordType::TXT);
        let exchange = Exchange::new(server.address(), &query, ATTEMPT_LIMIT);
        exchange.answer().await.map(|answer| answer.message)
    }

    #[tokio::test]
    async fn a_response_arrives_over_udp() {
        let server = FakeServer::start(|query, protocol| {
            assert_eq!(protocol, Protocol::Udp);
            Some(answer(query, vec![txt("a.example.test.", "x")]))
        })
        .await;
        assert_eq!(response(&server).await.unwrap().answers.len(), 1);
    }

    #[tokio::test]
    async fn a_truncated_response_is_requested_again_over_tcp() {
        let server = FakeServer::start(|query, protocol| {
            let whole = answer(query, vec![txt("a.example.test.", "x")]);
            Some(if protocol == Protocol::Udp {
                whole.truncate()
            } else {
                whole
            })
        })
        .await;
        assert_eq!(response(&server).await.unwrap().answers.len(), 1);
    }

    #[tokio::test]
    async fn a_server_that_is_silent_over_udp_is_queried_over_tcp() {
        let server = FakeServer::start(|query, protocol| {
            (protocol == Protocol::Tcp).then(|| answer(query, vec![]))
        })
        .await;
        assert!(response(&server).await.is_ok());
    }

    #[tokio::test]
    async fn a_response_to_another_query_is_an_error() {
        let server = FakeServer::start(|query, _| {
            let mut other = answer(query, vec![]);
            other.metadata.id = query.id.wrapping_add(1);
            Some(other)
        })
        .await;
        let fault = response(&server).await.unwrap_err();
        assert_eq!(fault.kind(), io::ErrorKind::InvalidData);
    }

    #[tokio::test]
    async fn a_closed_port_is_an_error() {
        let server = FakeServer::start(|_, _| None).await;
        let address = server.address();
        drop(server);
        let query = query(&name("a.example.test."), RecordType::TXT);
        let exchange = Exchange::new(address, &query, ATTEMPT_LIMIT);
        assert!(exchange.answer().await.is_err());
    }
}
