//! The orderly end: no request that was begun is lost.

use std::time::Duration;

use sd_notify::NotifyState;
use tokio::time::timeout;
use tracing::{info, warn};

use super::{End, Server, signals::EndSignals};

/// In which idle connections learn with an answer that it was their last.
const LAST_ANSWERS: Duration = Duration::from_secs(3);
/// In which begun requests end, after a signal to stop.
const REQUESTS: Duration = Duration::from_secs(10);
/// The same after a hand-over, when nobody waits for this process.
const IN_PEACE: Duration = Duration::from_secs(3600);
/// In which WebSockets end that were told goodbye.
const GOODBYE: Duration = Duration::from_secs(2);

/// In which it is written where devices were last seen.
const LAST_WRITE: Duration = Duration::from_secs(1);

/// Ends the process, with less patience each time it is asked to; says whether it was not asked again.
pub(super) async fn end(server: &Server, end: End, signals: &mut EndSignals) -> bool {
    if matches!(end, End::HandOver(_)) {
        tokio::select! {
            () = stop(server, end) => return true,
            () = signals.recv() => info!("asked to stop: open connections are not waited for long"),
        }
    }
    tokio::select! {
        () = stop(server, End::Stop) => true,
        () = signals.recv() => {
            info!("asked again: {} connections are cut", server.acceptor.tasks().len());
            server.proxy.log.flush();
            false
        }
    }
}

/// Ends the process step by step.
async fn stop(server: &Server, end: End) {
    if matches!(end, End::Stop) {
        server.manager.notify(&[NotifyState::Stopping]);
    }
    server.over.cancel();
    server.listeners.lock().await.close();
    let tasks = server.acceptor.tasks();
    tasks.close();
    server.proxy.drain.begin();
    match end {
        End::Stop => hurry(server).await,
        End::HandOver(accepting) => {
            drop(accepting);
            timeout(IN_PEACE, tasks.wait()).await.ok();
        }
    }
    say_goodbye(server).await;
    let clients = server.proxy.clients.clone();
    let keep = server.files.run(move || clients.keep(Duration::ZERO));
    timeout(LAST_WRITE, keep).await.ok();
    server.proxy.log.flush();
    info!("ended");
}

/// Closes what is idle after a while, and lets begun requests end.
async fn hurry(server: &Server) {
    let tasks = server.acceptor.tasks();
    if timeout(LAST_ANSWERS, tasks.wait()).await.is_ok() {
        return;
    }
    let drain = &server.proxy.drain;
    drain.closing.raise();
    drain.leaving.raise();
    timeout(REQUESTS, tasks.wait()).await.ok();
}

async fn say_goodbye(server: &Server) {
    let tasks = server.acceptor.tasks();
    server.proxy.drain.leaving.raise();
    if timeout(GOODBYE, tasks.wait()).await.is_err() {
        warn!("{} connections did not end and are cut", tasks.len());
    }
}
