//! Which connections are reused, how many are opened, and when idle ones make room.

use tokio::{
    io::AsyncWriteExt,
    net::{TcpListener, TcpStream},
};

use super::*;

const LIFETIME: Duration = Duration::from_secs(60);

struct Scene {
    pool: Pool,
    listener: TcpListener,
    key: Key,
}

impl Scene {
    async fn new() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        Self {
            pool: Pool::default(),
            key: Key::Plain(listener.local_addr().unwrap()),
            listener,
        }
    }

    /// An open connection, and the server's end of it.
    async fn open(&self, limit: Option<usize>) -> (UpstreamStream, Slot, TcpStream) {
        let Claim::Open(slot) = self.pool.claim(&self.key, limit, Reuse::Any) else {
            panic!("no new connection");
        };
        let address = self.listener.local_addr().unwrap();
        let stream = TcpStream::connect(address).await.unwrap();
        let server = self.listener.accept().await.unwrap().0;
        (UpstreamStream::Plain(stream), slot, server)
    }

    /// An idle connection, and the server's end of it.
    async fn idle(&self, limit: Option<usize>) -> TcpStream {
        let (stream, slot, server) = self.open(limit).await;
        self.pool.keep(stream, slot, LIFETIME);
        server
    }

    fn claim(&self, limit: Option<usize>, reuse: Reuse) -> Claim {
        self.pool.claim(&self.key, limit, reuse)
    }

    fn open_connections(&self) -> usize {
        self.pool
            .lock()
            .get(&self.key)
            .map_or(0, |server| server.open)
    }
}

#[tokio::test]
async fn only_a_silent_connection_is_reused() {
    let scene = Scene::new().await;
    let _silent = scene.idle(None).await;
    assert!(matches!(scene.claim(None, Reuse::Any), Claim::Idle(_)));
    let mut talkative = scene.idle(None).await;
    talkative.write_all(b"stray").await.unwrap();
    assert!(matches!(scene.claim(None, Reuse::Any), Claim::Open(_)));
    drop(scene.idle(None).await);
    scene.pool.sweep();
    assert_eq!(scene.open_connections(), 0);
}

#[tokio::test]
async fn connections_are_bounded_and_an_idle_one_makes_room() {
    let scene = Scene::new().await;
    let limit = Some(2);
    let (first, first_slot, _server) = scene.open(limit).await;
    let (_second, second_slot, _other) = scene.open(limit).await;
    assert!(matches!(scene.claim(limit, Reuse::Any), Claim::Full));
    drop(second_slot);
    assert!(matches!(scene.claim(limit, Reuse::Any), Claim::Open(_)));
    scene.pool.keep(first, first_slot, LIFETIME);
    let third = scene.claim(limit, Reuse::Never);
    assert!(matches!(third, Claim::Open(_)));
    let fourth = scene.claim(limit, Reuse::Never);
    assert!(matches!(fourth, Claim::Open(_)));
    assert!(matches!(scene.claim(limit, Reuse::Any), Claim::Full));
}

#[tokio::test]
async fn a_request_that_cannot_be_repeated_takes_no_old_connection() {
    let scene = Scene::new().await;
    let _server = scene.idle(None).await;
    scene.pool.lock().get_mut(&scene.key).unwrap().idle[0].since -= RECENT * 2;
    assert!(matches!(scene.claim(None, Reuse::Recent), Claim::Open(_)));
    assert_eq!(scene.open_connections(), 0, "the old one was closed");
    let _server = scene.idle(None).await;
    assert!(matches!(scene.claim(None, Reuse::Recent), Claim::Idle(_)));
}

#[tokio::test]
async fn a_starving_request_closes_one_idle_connection_now_or_later() {
    let scene = Scene::new().await;
    let _kept = scene.idle(None).await;
    let starving = scene.pool.starve(&scene.key);
    assert_eq!(scene.open_connections(), 0, "closed at once");
    let (stream, slot, _server) = scene.open(None).await;
    let starving_too = scene.pool.starve(&scene.key);
    scene.pool.keep(stream, slot, LIFETIME);
    assert_eq!(scene.open_connections(), 0, "closed instead of kept");
    let _kept = scene.idle(None).await;
    assert_eq!(scene.open_connections(), 1, "one for each");
    drop((starving, starving_too));
}

#[tokio::test]
async fn a_request_that_starves_no_more_closes_nothing() {
    let scene = Scene::new().await;
    drop(scene.pool.starve(&scene.key));
    let _server = scene.idle(None).await;
    assert_eq!(scene.open_connections(), 1);
}

#[tokio::test]
async fn a_server_with_few_sockets_waits_a_second_for_an_idle_one() {
    let scene = Scene::new().await;
    drop(scene.pool.starve(&scene.key));
    let _server = scene.idle(None).await;
    scene.pool.lock().get_mut(&scene.key).unwrap().idle[0].since -= SCARCE;
    scene.pool.sweep();
    assert_eq!(scene.open_connections(), 0);
}
