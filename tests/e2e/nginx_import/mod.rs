//! NGINX's own sites, served by NGINX and, once imported, by hubgate: the same requests enter.
//!
//! Ten sites in the manner of openHABian's menu and documentation. Where
//! hubgate means to do otherwise, a test lists it; what is listed must occur.

pub mod asks;
pub mod command;
pub mod nginx;
pub mod pair;
pub mod sites;

use self::{asks::Ask, pair::Pair};

/// A way in which hubgate does otherwise, and why it means to.
pub struct Otherwise(pub &'static str, pub &'static str);

/// Asks both the same and tells where they differ from what is listed.
pub async fn compare(pair: &Pair, asks: &[Ask], wanted: &[Otherwise]) {
    let mut found = Vec::new();
    for ask in asks {
        for difference in pair.differences(ask).await {
            if !found.contains(&difference) {
                found.push(difference);
            }
        }
    }
    let listed = |difference: &&String| !wanted.iter().any(|it| it.0 == **difference);
    let unwanted: Vec<_> = found.iter().filter(listed).collect();
    let missing: Vec<_> = wanted
        .iter()
        .filter(|it| !found.iter().any(|found| found == it.0))
        .collect();
    let missing: Vec<_> = missing
        .iter()
        .map(|it| format!("{} ({})", it.0, it.1))
        .collect();
    assert!(
        unwanted.is_empty() && missing.is_empty(),
        "not wanted: {unwanted:#?}\nlisted, but not so: {missing:#?}\n{}",
        pair.yaml()
    );
}
