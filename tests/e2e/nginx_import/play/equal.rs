//! Checks that NGINX lets the same request reach the same hub.

use super::{
    client::{Answer, Client},
    grammar,
    hubs::{Heard, decoded},
    pair::Stage,
    requests::{Card, Request},
};

impl Stage<'_> {
    /// Returns true if NGINX reaches the same hub, or redirects there by a trailing slash of the
    /// path.
    pub(super) fn reaches(
        &mut self,
        ours: &Heard,
        theirs: Option<&Heard>,
        answer: &Answer,
        request: &Request,
        nginx: &mut Client<'_>,
    ) -> bool {
        if let Some(theirs) = theirs {
            return is_same(ours, theirs);
        }
        // NGINX refuses a wrong certificate even where none is needed; hubgate takes it for none.
        if answer.status == 400 && request.card != Card::None {
            let bare = Request {
                card: Card::None,
                ..request.clone()
            };
            let (_, heard) = self.send(nginx, &bare);
            return heard.is_some_and(|heard| is_same(ours, &heard));
        }
        // NGINX requires the exact name of the handshake where it requests certificates; hubgate
        // accepts any name of the same site.
        if answer.status == 421 && request.name != request.host {
            let named = Request {
                name: request.host.clone(),
                ..request.clone()
            };
            let (_, heard) = self.send(nginx, &named);
            return heard.is_some_and(|heard| is_same(ours, &heard));
        }
        let slash = format!("{}/", decoded(&request.path));
        let location = answer.location.split('?').next().unwrap_or_default();
        let location = location.split_once("://").map_or(location, |(_, rest)| {
            rest.split_once('/')
                .map_or("", |(host, _)| &rest[host.len()..])
        });
        if answer.status != 301 || decoded(location) != slash {
            return false;
        }
        let led = Request {
            path: format!("{}/", request.path),
            ..request.clone()
        };
        let (_, heard) = self.send(nginx, &led);
        heard.is_some_and(|heard| {
            is_same(
                &Heard {
                    path: slash,
                    ..ours.clone()
                },
                &heard,
            )
        })
    }
}

/// Returns true if a hub gets the same request from both, and no claim or secret that NGINX
/// withholds.
fn is_same(ours: &Heard, theirs: &Heard) -> bool {
    let visitors_own =
        |line: &&String| line.starts_with("authorization:") && !line.contains(grammar::SECRET);
    let mut claims = ours.identity.iter().filter(|line| !visitors_own(line));
    ours.hub == theirs.hub
        && ours.method == theirs.method
        && ours.path == theirs.path
        && claims.all(|line| theirs.identity.contains(line))
        && is_same_host(&ours.host, &theirs.host)
}

/// Returns true if hubs select the same virtual host by both names.
fn is_same_host(ours: &str, theirs: &str) -> bool {
    let is_devices = |host: &str| host == grammar::DEVICE;
    ours == theirs || !is_devices(ours) && !is_devices(theirs)
}
