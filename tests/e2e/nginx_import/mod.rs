//! NGINX's own sites, served by NGINX and, once imported, by hubgate: the same requests enter.
//!
//! Sites in the manner of openHABian's menu and documentation, and of Nginx Proxy Manager. A test
//! lists each intended difference, and each listed one must occur.

pub mod command;
pub mod nginx;
pub mod pair;
pub mod play;
pub mod sites;
pub mod test_request;

use self::{pair::Pair, test_request::TestRequest};

/// An intended difference of hubgate, and its reason.
#[derive(Clone, Copy)]
pub struct IntendedDifference {
    /// Subject of the request, or a part of it.
    on: &'static str,
    /// The difference.
    what: &'static str,
    /// The reason.
    why: &'static str,
}

/// Returns a difference in requests on this subject, for this reason.
pub const fn intended(
    on: &'static str,
    what: &'static str,
    why: &'static str,
) -> IntendedDifference {
    IntendedDifference { on, what, why }
}

impl IntendedDifference {
    fn is(&self, difference: &str) -> bool {
        let parts = difference.split_once(": ");
        parts.is_some_and(|(on, what)| on.contains(self.on) && what == self.what)
    }
}

/// Sends the requests to both and asserts that exactly the listed differences occur.
pub async fn compare(pair: &Pair, requests: &[TestRequest], wanted: &[IntendedDifference]) {
    let mut found = Vec::new();
    for request in requests {
        found.extend(pair.differences(request).await);
    }
    let unwanted: Vec<_> = found
        .iter()
        .filter(|difference| !wanted.iter().any(|wanted| wanted.is(difference)))
        .collect();
    let missing: Vec<_> = wanted
        .iter()
        .filter(|wanted| !found.iter().any(|found| wanted.is(found)))
        .collect();
    let missing: Vec<_> = missing
        .iter()
        .map(|wanted| format!("{}: {} ({})", wanted.on, wanted.what, wanted.why))
        .collect();
    assert!(
        unwanted.is_empty() && missing.is_empty(),
        "not wanted: {unwanted:#?}\nlisted, but not so: {missing:#?}\n{}",
        pair.yaml()
    );
}
