//! An HTTP/2 client that falls silent within a body: the engine would wait for ever.

use std::{sync::Arc, time::Duration};

use tokio::{sync::watch, time::timeout};

use super::link::Link;

/// A body that is still coming; to be dropped when it has come.
pub struct Upload(watch::Sender<()>);

impl Upload {
    /// Cuts the connection when nothing of the body comes for so long.
    pub(super) fn watch(link: Arc<Link>, patience: Duration) -> Self {
        let (come, mut coming) = watch::channel(());
        tokio::spawn(async move {
            loop {
                match timeout(patience, coming.changed()).await {
                    Ok(Ok(())) => {}
                    Ok(Err(_)) => return,
                    Err(_) => return link.cut.cancel(),
                }
            }
        });
        Self(come)
    }

    /// Notes that some of the body has come.
    pub(super) fn goes_on(&self) {
        self.0.send_replace(());
    }
}
