//! Servers with few sockets, as small devices have them: waiting requests are worth more than idle
//! connections.

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

use futures_util::future::join_all;
use http::Method;
use tokio::{
    net::{TcpListener, TcpStream},
    sync::Semaphore,
    task::JoinHandle,
    time::sleep,
};

use crate::harness::{Framing, Hubgate, Port, Setup, Wire, within};

/// A server that accepts a connection only while one of its sockets is free, and never closes one.
struct Device {
    port: Port,
    accepted: Arc<AtomicUsize>,
    open: Arc<AtomicUsize>,
    most: Arc<AtomicUsize>,
    serving: JoinHandle<()>,
}

/// Time that an answer takes.
const WORK: Duration = Duration::from_millis(50);
/// Parts of a page.
const PARTS: usize = 12;
/// Less than idle connections are kept.
const SOON: Duration = Duration::from_secs(3);

impl Device {
    async fn start(sockets: usize) -> Self {
        let port = Port::keep();
        let listener = TcpListener::bind(port.address()).await.unwrap();
        let [accepted, open, most] = [(); 3].map(|()| Arc::new(AtomicUsize::new(0)));
        let counters = (accepted.clone(), open.clone(), most.clone());
        Self {
            port,
            accepted,
            open,
            most,
            serving: tokio::spawn(serve(listener, sockets, counters)),
        }
    }

    fn url(&self) -> String {
        format!("http://{}", self.port.address())
    }
}

impl Drop for Device {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

type Counters = (Arc<AtomicUsize>, Arc<AtomicUsize>, Arc<AtomicUsize>);

async fn serve(listener: TcpListener, sockets: usize, (accepted, open, most): Counters) {
    let free = Arc::new(Semaphore::new(sockets));
    loop {
        let socket = free.clone().acquire_owned().await.unwrap();
        let Ok((stream, _)) = listener.accept().await else {
            return;
        };
        accepted.fetch_add(1, Ordering::SeqCst);
        most.fetch_max(open.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
        let open = open.clone();
        tokio::spawn(async move {
            answer_all(stream).await;
            open.fetch_sub(1, Ordering::SeqCst);
            drop(socket);
        });
    }
}

async fn answer_all(stream: TcpStream) -> Option<()> {
    let mut wire = Wire::new(stream);
    loop {
        let head = wire.head().await.ok()??;
        if let Framing::Length(length) = head.framing() {
            wire.body(Framing::Length(length), |_| {}).await.ok()?;
        }
        sleep(WORK).await;
        wire.write(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
            .await
            .ok()?;
    }
}

#[tokio::test]
async fn a_server_with_few_sockets_delivers_a_page_of_many_parts_in_time() {
    let device = Device::start(4).await;
    let gate = Setup::home(&device.url()).start().await;
    let begun = Instant::now();
    let statuses = page(&gate).await;
    assert_eq!(statuses, [200; PARTS]);
    assert!(begun.elapsed() < SOON, "it took {:?}", begun.elapsed());
}

#[tokio::test]
async fn a_server_with_few_sockets_is_soon_free_for_others() {
    let device = Device::start(4).await;
    let gate = Setup::home(&device.url()).start().await;
    assert_eq!(page(&gate).await, [200; PARTS]);
    let begun = Instant::now();
    let mut direct = Wire::new(TcpStream::connect(device.port.address()).await.unwrap());
    direct.write(b"GET / HTTP/1.1\r\n\r\n").await.unwrap();
    let head = within("the device answers others", direct.head()).await;
    assert_eq!(head.unwrap().unwrap().word(1), "200");
    assert!(begun.elapsed() < SOON, "it took {:?}", begun.elapsed());
}

#[tokio::test]
async fn open_connections_to_a_server_stay_within_its_configured_limit() {
    let device = Device::start(64).await;
    let upstream = format!("{{servers: [\"{}\"], connections: 2}}", device.url());
    let gate = Setup::home(&upstream).start().await;
    assert_eq!(page(&gate).await, [200; PARTS]);
    assert_eq!(device.most.load(Ordering::SeqCst), 2);
    assert!(device.open.load(Ordering::SeqCst) <= 2);
}

#[tokio::test]
async fn an_idle_connection_serves_a_request_of_any_worker() {
    let device = Device::start(64).await;
    let gate = Setup::home(&device.url()).start().await;
    for _ in 0..PARTS {
        let mut client = gate.tls().http1().await;
        assert_eq!(client.get("/").await.status, 200);
    }
    assert_eq!(device.accepted.load(Ordering::SeqCst), 1);
}

#[tokio::test]
async fn a_post_takes_no_connection_that_has_been_idle_for_seconds() {
    let device = Device::start(1).await;
    let gate = Setup::home(&device.url()).start().await;
    let mut client = gate.tls().http1().await;
    assert_eq!(client.get("/").await.status, 200);
    // Idle connections are closed, or the only socket would not be free for another one.
    let begun = Instant::now();
    while device.open.load(Ordering::SeqCst) > 0 {
        assert!(begun.elapsed() < SOON, "an idle connection is kept");
        sleep(Duration::from_millis(10)).await;
    }
    let answer = client.exchange(Method::POST, "/", &[], "x").await;
    assert_eq!(
        (answer.status, device.accepted.load(Ordering::SeqCst)),
        (200, 2)
    );
}

/// The statuses of all parts, asked for at once.
async fn page(gate: &Hubgate) -> Vec<u16> {
    let part = |number: usize| async move {
        let mut client = gate.tls().http2().await;
        client.get(&format!("/{number}")).await.status
    };
    join_all((0..PARTS).map(part)).await
}
