//! One question to one DNS server, and its answer (RFC 1035, 4.2).
//!
//! Over UDP first, and again; over TCP when the answer is cut off or none comes. Nothing is cached
//! and nothing is judged here but whether an answer is one to the question.

use std::{
    io,
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr},
    time::Duration,
};

use hickory_proto::{
    op::{Edns, Message, MessageType, Query},
    rr::{Name, RecordType},
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpStream, UdpSocket},
    time::timeout,
};

/// How often UDP is tried.
const TRIES: usize = 2;

/// The largest answer wanted over UDP: what passes everywhere unfragmented.
const PAYLOAD: u16 = 1232;

/// An answer, as it came and as it reads.
pub(super) struct Reply {
    pub(super) bytes: Vec<u8>,
    pub(super) message: Message,
}

/// A question of one name and type.
pub(super) fn question(name: &Name, kind: RecordType) -> Message {
    let mut message = Message::query();
    let mut edns = Edns::new();
    edns.set_max_payload(PAYLOAD);
    message
        .add_query(Query::query(name.clone(), kind))
        .set_edns(edns);
    message
}

/// Asks a server; `patience` is how long each try may take.
pub(super) async fn ask(
    server: SocketAddr,
    question: &Message,
    patience: Duration,
) -> io::Result<Reply> {
    let bytes = question.to_vec().map_err(io::Error::other)?;
    for _ in 0..TRIES {
        match timeout(patience, over_udp(server, question, &bytes)).await {
            Ok(Ok(reply)) if !reply.message.truncation => return Ok(reply),
            // Cut off, or no way over UDP.
            Ok(_) => break,
            Err(_) => {}
        }
    }
    match timeout(patience, over_tcp(server, question, &bytes)).await {
        Ok(answered) => answered,
        Err(_) => Err(io::Error::new(io::ErrorKind::TimedOut, "no answer")),
    }
}

async fn over_udp(server: SocketAddr, question: &Message, bytes: &[u8]) -> io::Result<Reply> {
    let any: IpAddr = match server {
        SocketAddr::V4(_) => Ipv4Addr::UNSPECIFIED.into(),
        SocketAddr::V6(_) => Ipv6Addr::UNSPECIFIED.into(),
    };
    let socket = UdpSocket::bind((any, 0)).await?;
    socket.connect(server).await?;
    socket.send(bytes).await?;
    let mut buffer = vec![0; usize::from(u16::MAX)];
    loop {
        let length = socket.recv(&mut buffer).await?;
        // Anybody can send a datagram; what does not answer is passed over.
        if let Some(reply) = reply(question, &buffer[..length]) {
            return Ok(reply);
        }
    }
}

async fn over_tcp(server: SocketAddr, question: &Message, bytes: &[u8]) -> io::Result<Reply> {
    let length = u16::try_from(bytes.len()).map_err(io::Error::other)?;
    let mut stream = TcpStream::connect(server).await?;
    stream
        .write_all(&[&length.to_be_bytes(), bytes].concat())
        .await?;
    let length = stream.read_u16().await?;
    let mut answer = vec![0; length.into()];
    stream.read_exact(&mut answer).await?;
    let no_answer = || io::Error::new(io::ErrorKind::InvalidData, "an answer to something else");
    reply(question, &answer).ok_or_else(no_answer)
}

fn reply(question: &Message, bytes: &[u8]) -> Option<Reply> {
    let message = Message::from_vec(bytes).ok()?;
    let is_answer = message.message_type == MessageType::Response
        && message.id == question.id
        && message.op_code == question.op_code
        // Some servers leave the question out of an error or of the answer to an update.
        && (message.queries.is_empty() || message.queries == question.queries);
    is_answer.then(|| Reply {
        bytes: bytes.to_vec(),
        message,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::acme::dns::testing::{FakeServer, Way, answer, name, txt};

    const PATIENCE: Duration = Duration::from_millis(300);

    async fn value(server: &FakeServer) -> io::Result<Message> {
        let question = question(&name("a.example.test."), RecordType::TXT);
        let reply = ask(server.address(), &question, PATIENCE).await?;
        Ok(reply.message)
    }

    #[tokio::test]
    async fn answer_comes_over_udp() {
        let server = FakeServer::start(|question, way| {
            assert_eq!(way, Way::Udp);
            Some(answer(question, vec![txt("a.example.test.", "x")]))
        })
        .await;
        assert_eq!(value(&server).await.unwrap().answers.len(), 1);
    }

    #[tokio::test]
    async fn cut_off_answer_is_asked_for_over_tcp() {
        let server = FakeServer::start(|question, way| {
            let whole = answer(question, vec![txt("a.example.test.", "x")]);
            Some(if way == Way::Udp {
                whole.truncate()
            } else {
                whole
            })
        })
        .await;
        assert_eq!(value(&server).await.unwrap().answers.len(), 1);
    }

    #[tokio::test]
    async fn server_silent_over_udp_is_asked_over_tcp() {
        let server =
            FakeServer::start(|question, way| (way == Way::Tcp).then(|| answer(question, vec![])))
                .await;
        assert!(value(&server).await.is_ok());
    }

    #[tokio::test]
    async fn answer_to_another_question_is_none() {
        let server = FakeServer::start(|question, _| {
            let mut other = answer(question, vec![]);
            other.metadata.id = question.id.wrapping_add(1);
            Some(other)
        })
        .await;
        let fault = value(&server).await.unwrap_err();
        assert_eq!(fault.kind(), io::ErrorKind::InvalidData);
    }

    #[tokio::test]
    async fn nobody_there_is_a_fault() {
        let server = FakeServer::start(|_, _| None).await;
        let address = server.address();
        drop(server);
        let question = question(&name("a.example.test."), RecordType::TXT);
        assert!(ask(address, &question, PATIENCE).await.is_err());
    }
}
