//! Reuse of connections, their limit, and idle ones that are closed for new ones.

use tokio::{
    io::AsyncWriteExt,
    net::{TcpListener, TcpStream},
};

use super::*;
use crate::upstream::UpstreamStream;

const LIFETIME: Duration = Duration::from_secs(60);

struct Scene {
    pool: Pool,
    listener: TcpListener,
    server: Arc<ServerConnections>,
}

impl Scene {
    async fn new() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let pool = Pool::default();
        let key = Key::Plain(listener.local_addr().unwrap());
        Self {
            server: pool.server(&key),
            pool,
            listener,
        }
    }

    /// Opens a connection; returns the server's end too.
    async fn open(&self, limit: Option<usize>) -> (UpstreamStream, Slot, TcpStream) {
        let Some(Err(slot)) = self.server.claim(limit, Reuse::Any) else {
            panic!("no new connection");
        };
        let address = self.listener.local_addr().unwrap();
        let stream = TcpStream::connect(address).await.unwrap();
        let (server, _) = self.listener.accept().await.unwrap();
        (UpstreamStream::Plain(stream), slot, server)
    }

    /// Opens a connection and makes it idle; returns the server's end.
    async fn idle(&self, limit: Option<usize>) -> TcpStream {
        let (stream, slot, server) = self.open(limit).await;
        slot.store(stream, LIFETIME);
        server
    }

    fn claim(&self, limit: Option<usize>, reuse: Reuse) -> Option<Result<Idle, Slot>> {
        self.server.claim(limit, reuse)
    }

    fn open_connections(&self) -> usize {
        self.server.counts().open
    }

    /// Makes the idle connections older.
    fn age(&self, time: Duration) {
        let age =
            |shard: &Mutex<Vec<Idle>>| lock(shard).iter_mut().for_each(|idle| idle.since -= time);
        self.server.idle.iter().for_each(age);
    }
}

#[tokio::test]
async fn a_connection_with_unread_bytes_or_eof_is_not_reused() {
    let scene = Scene::new().await;
    let _silent = scene.idle(None).await;
    assert!(matches!(scene.claim(None, Reuse::Any), Some(Ok(_))));
    let mut with_bytes = scene.idle(None).await;
    with_bytes.write_all(b"stray").await.unwrap();
    assert!(matches!(scene.claim(None, Reuse::Any), Some(Err(_))));
    drop(scene.idle(None).await);
    scene.pool.sweep();
    assert_eq!(scene.open_connections(), 0);
}

#[tokio::test]
async fn connections_are_limited_and_an_idle_one_makes_room() {
    let scene = Scene::new().await;
    let limit = Some(2);
    let (first, first_slot, _server) = scene.open(limit).await;
    let (_second, second_slot, _other) = scene.open(limit).await;
    assert!(scene.claim(limit, Reuse::Any).is_none());
    drop(second_slot);
    assert!(matches!(scene.claim(limit, Reuse::Any), Some(Err(_))));
    first_slot.store(first, LIFETIME);
    let third = scene.claim(limit, Reuse::Never);
    assert!(matches!(third, Some(Err(_))));
    let fourth = scene.claim(limit, Reuse::Never);
    assert!(matches!(fourth, Some(Err(_))));
    assert!(scene.claim(limit, Reuse::Any).is_none());
}

#[tokio::test]
async fn a_request_that_cannot_be_sent_again_takes_no_old_connection() {
    let scene = Scene::new().await;
    let _server = scene.idle(None).await;
    scene.age(RECENT * 2);
    assert!(matches!(scene.claim(None, Reuse::Recent), Some(Err(_))));
    assert_eq!(scene.open_connections(), 0, "the old one was closed");
    let _server = scene.idle(None).await;
    assert!(matches!(scene.claim(None, Reuse::Recent), Some(Ok(_))));
}

#[tokio::test]
async fn a_starving_request_closes_one_idle_connection_now_or_later() {
    let scene = Scene::new().await;
    let _kept = scene.idle(None).await;
    let starving = scene.server.starve();
    assert_eq!(scene.open_connections(), 0, "closed at once");
    let (stream, slot, _server) = scene.open(None).await;
    let starving_too = scene.server.starve();
    slot.store(stream, LIFETIME);
    assert_eq!(scene.open_connections(), 0, "closed instead of kept");
    let _kept = scene.idle(None).await;
    assert_eq!(scene.open_connections(), 1, "one for each");
    drop((starving, starving_too));
}

#[tokio::test]
async fn a_request_that_no_longer_starves_closes_no_connection() {
    let scene = Scene::new().await;
    drop(scene.server.starve());
    let _server = scene.idle(None).await;
    assert_eq!(scene.open_connections(), 1);
}

#[tokio::test]
async fn a_connection_to_a_server_with_few_sockets_is_idle_for_a_second_at_most() {
    let scene = Scene::new().await;
    drop(scene.server.starve());
    let _server = scene.idle(None).await;
    scene.age(SCARCE);
    scene.pool.sweep();
    assert_eq!(scene.open_connections(), 0);
}

#[test]
fn an_idle_connection_of_another_thread_is_moved_before_a_new_one_is_opened() {
    let runtime = || {
        tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
    };
    let (first, second) = (runtime().unwrap(), runtime().unwrap());
    let (scene, kept) = first.block_on(async {
        let scene = Scene::new().await;
        let kept = scene.idle(None).await;
        (scene, kept)
    });
    let server = scene.server.clone();
    let taken = std::thread::spawn(move || {
        second.block_on(async {
            let Some(Ok(mut idle)) = server.claim(None, Reuse::Any) else {
                panic!("a new connection is opened");
            };
            idle.stream.write_all(b"moved").await.unwrap();
            assert_eq!(server.counts().open, 1);
        });
    });
    taken.join().unwrap();
    let mut received = [0; 5];
    let read =
        first.block_on(async { tokio::io::AsyncReadExt::read(&mut { kept }, &mut received).await });
    assert_eq!((read.unwrap(), &received), (5, b"moved"));
}
