//! Checks that NGINX lets the same request reach the same hub.

use super::{
    client::{Client, Response},
    grammar,
    hubs::{ReceivedRequest, decoded},
    pair::Fixture,
    requests::{ClientCertificate, Request},
};

impl Fixture<'_> {
    /// Returns true if NGINX reaches the same hub, or redirects there by a trailing slash of the
    /// path.
    pub(super) fn reaches(
        &mut self,
        ours: &ReceivedRequest,
        theirs: Option<&ReceivedRequest>,
        answer: &Response,
        request: &Request,
        nginx: &mut Client<'_>,
    ) -> bool {
        if let Some(theirs) = theirs {
            return is_same(ours, theirs);
        }
        // NGINX refuses a wrong certificate even where none is needed; hubgate takes it for none.
        if answer.status == 400 && request.certificate != ClientCertificate::None {
            let bare = Request {
                certificate: ClientCertificate::None,
                ..request.clone()
            };
            let (_, received) = self.send(nginx, &bare);
            return received.is_some_and(|received| is_same(ours, &received));
        }
        // NGINX requires the exact name of the handshake where it requests certificates; hubgate
        // accepts any name of the same site.
        if answer.status == 421 && request.name != request.host {
            let named = Request {
                name: request.host.clone(),
                ..request.clone()
            };
            let (_, received) = self.send(nginx, &named);
            return received.is_some_and(|received| is_same(ours, &received));
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
        let (_, received) = self.send(nginx, &led);
        received.is_some_and(|received| {
            is_same(
                &ReceivedRequest {
                    path: slash,
                    ..ours.clone()
                },
                &received,
            )
        })
    }
}

/// Returns true if a hub gets the same request from both, and no claim or secret that NGINX
/// withholds.
fn is_same(ours: &ReceivedRequest, theirs: &ReceivedRequest) -> bool {
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
