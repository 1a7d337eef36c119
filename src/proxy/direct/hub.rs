//! A connection to a plain hub: one that waits for a request, or a new one.

use std::{io, net::SocketAddr};

use tokio::{net::TcpStream, time::timeout};

use super::super::{Proxy, answer::Answer, exchange::Exchange, page};
use crate::upstream::CONNECT;

/// A connection to a hub.
pub(super) struct Hub {
    /// Its bytes.
    pub(super) stream: TcpStream,
    /// Where it leads.
    pub(super) address: SocketAddr,
    /// Whether it was used before: then it may have ended just now.
    pub(super) used: bool,
}

impl Hub {
    /// Connects to the hub of an exchange, or to its next server or address when one cannot be
    /// reached; to a new connection unless a used one will do.
    ///
    /// # Errors
    /// What the client is told when nobody is left.
    pub(super) async fn reach(
        proxy: &Proxy,
        exchange: &mut Exchange,
        used: bool,
    ) -> Result<Self, Answer> {
        let mut last: fn() -> Answer = page::hub_starting;
        while let Some(route) = &mut exchange.route {
            let Ok(Some(address)) = route.address().await else {
                break;
            };
            let kept = used.then(|| proxy.pool.take(address)).flatten();
            if let Some(stream) = kept {
                return Ok(Self {
                    stream,
                    address,
                    used,
                });
            }
            match connect(address).await {
                Ok(stream) => {
                    return Ok(Self {
                        stream,
                        address,
                        used: false,
                    });
                }
                Err(why) => {
                    last = explained(&why);
                    route.unreachable(&address, &why);
                }
            }
        }
        Err(last())
    }
}

async fn connect(address: SocketAddr) -> io::Result<TcpStream> {
    let stream = timeout(CONNECT, TcpStream::connect(address)).await??;
    stream.set_nodelay(true)?;
    Ok(stream)
}

fn explained(why: &io::Error) -> fn() -> Answer {
    match why.kind() {
        io::ErrorKind::TimedOut => page::hub_slow,
        _ => page::hub_starting,
    }
}
