//! Stand-ins for providers and name servers, for tests only.

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

type Answering = dyn Fn(&Request<Bytes>) -> Result<(u16, String), Problem> + Send + Sync;

/// An API that answers with a status and a text; all answers of 429 may be tried again at once.
pub(super) struct FakeApi(Box<Answering>);

impl FakeApi {
    pub(super) fn new(
        answer: impl Fn(&Request<Bytes>) -> (u16, String) + Send + Sync + 'static,
    ) -> Self {
        Self(Box::new(move |request| Ok(answer(request))))
    }

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

/// How a question came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Way {
    Udp,
    Tcp,
}

type Respond = dyn Fn(&[u8], Way) -> Option<Vec<u8>> + Send + Sync;

/// A name server on a free port of the loopback, UDP and TCP; it ends with the test.
pub(super) struct FakeServer {
    address: SocketAddr,
    tasks: [JoinHandle<()>; 2],
}

impl FakeServer {
    /// A server that answers messages, or is silent.
    pub(super) async fn start(
        respond: impl Fn(&Message, Way) -> Option<Message> + Send + Sync + 'static,
    ) -> Self {
        Self::start_raw(move |bytes, way| {
            let question = Message::from_vec(bytes).unwrap();
            respond(&question, way).map(|answer| answer.to_vec().unwrap())
        })
        .await
    }

    /// A server that answers bytes.
    pub(super) async fn start_raw(
        respond: impl Fn(&[u8], Way) -> Option<Vec<u8>> + Send + Sync + 'static,
    ) -> Self {
        let (udp, tcp) = sockets().await;
        let address = udp.local_addr().unwrap();
        let respond: Arc<Respond> = Arc::new(respond);
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

/// Both kinds of socket on one port, which is free for both only after some tries.
async fn sockets() -> (UdpSocket, TcpListener) {
    for _ in 0..100 {
        let udp = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        if let Ok(tcp) = TcpListener::bind(udp.local_addr().unwrap()).await {
            return (udp, tcp);
        }
    }
    panic!("no port is free for UDP and TCP");
}

async fn serve_udp(socket: UdpSocket, respond: Arc<Respond>) {
    let mut buffer = [0; 4096];
    loop {
        let (length, peer) = socket.recv_from(&mut buffer).await.unwrap();
        if let Some(answer) = respond(&buffer[..length], Way::Udp) {
            socket.send_to(&answer, peer).await.unwrap();
        }
    }
}

async fn serve_tcp(listener: TcpListener, respond: Arc<Respond>) {
    loop {
        let (stream, _) = listener.accept().await.unwrap();
        tokio::spawn(serve_stream(stream, Arc::clone(&respond)));
    }
}

async fn serve_stream(mut stream: TcpStream, respond: Arc<Respond>) {
    let length = stream.read_u16().await.unwrap();
    let mut question = vec![0; length.into()];
    stream.read_exact(&mut question).await.unwrap();
    if let Some(answer) = respond(&question, Way::Tcp) {
        let length = u16::try_from(answer.len()).unwrap();
        let _ = stream
            .write_all(&[&length.to_be_bytes(), &*answer].concat())
            .await;
    }
}

/// An authoritative answer to a question.
pub(super) fn answer(question: &Message, answers: Vec<DnsRecord>) -> Message {
    let mut answer = Message::response(question.id, question.op_code);
    answer.metadata.authoritative = true;
    answer.add_queries(question.queries.iter().cloned());
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
