//! The last entries and refusals, for `hubgate log`.

use std::{io, sync::Arc};

use tokio::{
    sync::broadcast::{Receiver, error::RecvError},
    time::timeout,
};

use super::{REPLY_LIMIT, Replies, message::Reply};
use crate::{events::event::Record, server::Server};

/// Commands that follow the log at a time.
const FOLLOWERS: usize = 8;

impl Server {
    /// Replies with the last entries and refusals; with `follow`, sends further ones until the
    /// command or this process ends.
    pub(super) async fn send_log(
        &self,
        lines: usize,
        follow: bool,
        replies: &mut Replies<'_>,
    ) -> io::Result<Reply> {
        let events = &self.proxy.events;
        if follow && events.subscribers() >= FOLLOWERS {
            return Ok(Reply::Failed(format!(
                "{FOLLOWERS} commands follow the log already: end one"
            )));
        }
        self.history.refresh().await;
        let followed = follow.then(|| events.subscribe());
        let records = events.history.read(|records| records.latest(lines));
        let Some(followed) = followed else {
            return Ok(Reply::Log(records));
        };
        replies.send(&Reply::Log(records.clone())).await?;
        tokio::select! {
            () = self.shutdown.cancelled() => Ok(Reply::Done),
            ended = replies.follow(followed, &records) => ended,
        }
    }
}

impl Replies<'_> {
    /// Sends entries and refusals, without those that were sent before.
    async fn follow(
        &mut self,
        mut events: Receiver<Arc<Record>>,
        sent: &[Record],
    ) -> io::Result<Reply> {
        loop {
            let record = match events.recv().await {
                Ok(record) => record,
                Err(RecvError::Lagged(_)) => continue,
                Err(RecvError::Closed) => return Ok(Reply::Done),
            };
            if record.event.is_logged() && !sent.contains(&record) {
                let reply = Reply::Log(vec![Record::clone(&record)]);
                timeout(REPLY_LIMIT, self.send(&reply)).await??;
            }
        }
    }
}
