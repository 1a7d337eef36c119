//! Fake providers and name servers, for tests only.

use std::{
    net::{Ipv4Addr, SocketAddr},
    sync::Arc,
};

use bytes::Bytes;
use hickory_proto::{
    op::Message,
    rr::{
        Name, RData, Record as DnsRecord,
        rdata::{A, CNAME, NS, SOA, TXT},
    },
};
use http::{Request, Response, header::RETRY_AFTER};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream, UdpSocket},
    task::JoinHandle,
};

use super::{Api, Pending};
use crate::acme::problem::Problem;

type Respond = dyn Fn(&Request<Bytes>) -> Result<(u16, String), Problem> + Send + Sync;

/// An API that responds with a status and a text; a 429 permits an immediate repetition.
pub(super) struct FakeApi(Box<Respond>);

impl FakeApi {
    pub(super) fn new(
        answer: impl Fn(&Request<Bytes>) -> (u16, String) + Send + Sync + 'static,
    ) -> Self {
        Self(Box::new(move |request| Ok(answer(request))))
    }

    /// Makes an API to which every request fails.
    pub(super) fn broken(problem: Problem) -> Self {
        Self(Box::new(move |_| Err(problem.clone())))
    }
}

impl Api for FakeApi {
    fn call(&self, request: Request<Bytes>) -> Pending<'_> {
        let answer = (self.0)(&request).map(|(status, body)| {
            let mut answer = Response::builder().status(status);
            if status == 429 {
                answer = answer.header(RETRY_AFTER, "0");
            }
            answer.body(body.into()).unwrap()
        });
        Box::pin(async { answer })
    }
}

/// The transport protocol of a query.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Protocol {
    Udp,
    Tcp,
}

type RespondBytes = dyn Fn(&[u8], Protocol) -> Option<Vec<u8>> + Send + Sync;

/// A name server on a free loopback port, UDP and TCP; dropping it stops it.
pub(super) struct FakeServer {
    address: SocketAddr,
    tasks: [JoinHandle<()>; 2],
}

impl FakeServer {
    /// Starts a server that responds to messages, or stays silent.
    pub(super) async fn start(
        respond: impl Fn(&Message, Protocol) -> Option<Message> + Send + Sync + 'static,
    ) -> Self {
        Self::start_raw(move |bytes, protocol| {
            let query = Message::from_vec(bytes).unwrap();
            respond(&query, protocol).map(|answer| answer.to_vec().unwrap())
        })
        .await
    }

    /// Starts a server that responds to bytes.
    pub(super) async fn start_raw(
        respond: impl Fn(&[u8], Protocol) -> Option<Vec<u8>> + Send + Sync + 'static,
    ) -> Self {
        let (udp, tcp) = sockets().await;
        let address = udp.local_addr().unwrap();
        let respond: Arc<RespondBytes> = Arc::new(respond);
        let tasks = [
            tokio::spawn(serve_udp(udp, Arc::clone(&respond))),
            tokio::spawn(serve_tcp(tcp, respond)),
        ];
        Self { address, tasks }
    }

    pub(super) fn address(&self) -> SocketAddr {
        self.address
    }
}

impl Drop for FakeServer {
    fn drop(&mut self) {
        self.tasks.iter().for_each(JoinHandle::abort);
    }
}

/// Binds both sockets to one port; a port can be free for only one of them.
async fn sockets() -> (UdpSocket, TcpListener) {
    for _ in 0..100 {
        let udp = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        if let Ok(tcp) = TcpListener::bind(udp.local_addr().unwrap()).await {
            return (udp, tcp);
        }
    }
    panic!("no port is free for UDP and TCP");
}

async fn serve_udp(socket: UdpSocket, respond: Arc<RespondBytes>) {
    let mut buffer = [0; 4096];
    loop {
        let (length, peer) = socket.recv_from(&mut buffer).await.unwrap();
        if let Some(answer) = respond(&buffer[..length], Protocol::Udp) {
            socket.send_to(&answer, peer).await.unwrap();
        }
    }
}

async fn serve_tcp(listener: TcpListener, respond: Arc<RespondBytes>) {
    loop {
        let (stream, _) = listener.accept().await.unwrap();
        tokio::spawn(serve_stream(stream, Arc::clone(&respond)));
    }
}

async fn serve_stream(mut stream: TcpStream, respond: Arc<RespondBytes>) {
    let length = stream.read_u16().await.unwrap();
    let mut query = vec![0; length.into()];
    stream.read_exact(&mut query).await.unwrap();
    if let Some(answer) = respond(&query, Protocol::Tcp) {
        let length = u16::try_from(answer.len()).unwrap();
        let _ = stream
            .write_all(&[&length.to_be_bytes(), &*answer].concat())
            .await;
    }
}

/// Makes an authoritative response to a query.
pub(super) fn answer(query: &Message, answers: Vec<DnsRecord>) -> Message {
    let mut answer = Message::response(query.id, query.op_code);
    answer.metadata.authoritative = true;
    answer.add_queries(query.queries.iter().cloned());
    answer.add_answers(answers);
    answer
}

pub(super) fn name(text: &str) -> Name {
    Name::from_ascii(text).unwrap()
}

fn record(owner: &str, data: RData) -> DnsRecord {
    DnsRecord::from_rdata(name(owner), 60, data)
}

pub(super) fn txt(owner: &str, value: &str) -> DnsRecord {
    record(owner, RData::TXT(TXT::new(vec![value.to_owned()])))
}

pub(super) fn cname(owner: &str, target: &str) -> DnsRecord {
    record(owner, RData::CNAME(CNAME(name(target))))
}

pub(super) fn ns(owner: &str, host: &str) -> DnsRecord {
    record(owner, RData::NS(NS(name(host))))
}

pub(super) fn a(owner: &str) -> DnsRecord {
    record(owner, RData::A(A(Ipv4Addr::LOCALHOST)))
}

pub(super) fn soa(owner: &str) -> DnsRecord {
    let (primary, mail) = (name("ns.test."), name("mail.test."));
    record(
        owner,
        RData::SOA(SOA::new(primary, mail, 1, 60, 60, 600, 60)),
    )
}
