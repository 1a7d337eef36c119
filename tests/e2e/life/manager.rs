//! Notifications to the service manager (sd_notify).

use tempfile::TempDir;
use tokio::net::UnixDatagram;

use crate::{
    harness::{Setup, within},
    hub::Hub,
};

/// A service manager that only listens.
pub(super) struct Manager {
    folder: TempDir,
    socket: UnixDatagram,
}

#[tokio::test]
async fn a_service_manager_is_notified_of_start_reload_and_end() {
    let (hub, manager) = (Hub::start().await, Manager::start());
    let mut gate = manager.supervise(Setup::home(&hub.url())).start().await;
    manager.receives("READY=1").await;
    gate.reload();
    let reloading = manager.receives("RELOADING=1").await;
    assert!(reloading.contains("MONOTONIC_USEC="), "{reloading}");
    manager.receives("READY=1").await;
    gate.terminate();
    manager.receives("STOPPING=1").await;
    assert!(gate.ended().await.success());
}

#[tokio::test]
async fn a_reload_that_fails_ends_too() {
    let (hub, manager) = (Hub::start().await, Manager::start());
    let gate = manager.supervise(Setup::home(&hub.url())).start().await;
    manager.receives("READY=1").await;
    gate.write("proxy.yaml", "sites: []\n");
    gate.reload();
    manager.receives("RELOADING=1").await;
    manager.receives("READY=1").await;
}

#[tokio::test]
async fn a_service_manager_is_notified_of_the_new_main_process() {
    let (hub, manager) = (Hub::start().await, Manager::start());
    let mut gate = manager.supervise(Setup::home(&hub.url())).start().await;
    manager.receives("READY=1").await;
    gate.take_over().await;
    let message = manager.receives("MAINPID=").await;
    let line = gate.line_with("has taken over").await;
    let pid = message.trim().strip_prefix("MAINPID=").unwrap();
    assert!(
        line.contains(&format!("process {pid} ")),
        "{message} {line}"
    );
    assert!(gate.ended().await.success());
    gate.reload();
    manager.receives("RELOADING=1").await;
    manager.receives("READY=1").await;
    gate.terminate();
    manager.receives("STOPPING=1").await;
}

#[tokio::test]
async fn a_watchdog_is_fed() {
    let (hub, manager) = (Hub::start().await, Manager::start());
    let setup = manager.supervise(Setup::home(&hub.url()));
    let _gate = setup.variable("WATCHDOG_USEC", "2000000").start().await;
    for _ in 0..3 {
        manager.receives("WATCHDOG=1").await;
    }
}

impl Manager {
    pub(super) fn start() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let socket = UnixDatagram::bind(folder.path().join("notify")).unwrap();
        Self { folder, socket }
    }

    /// Lets the process report here.
    pub(super) fn supervise(&self, setup: Setup) -> Setup {
        let path = self.folder.path().join("notify");
        setup.variable("NOTIFY_SOCKET", &path.to_string_lossy())
    }

    /// Waits for a message with the text; others before it are passed over.
    async fn receives(&self, text: &str) -> String {
        loop {
            let mut message = [0; 1024];
            let length = within(text, self.socket.recv(&mut message)).await.unwrap();
            let message = String::from_utf8_lossy(&message[..length]);
            if message.contains(text) {
                return message.into_owned();
            }
        }
    }
}
