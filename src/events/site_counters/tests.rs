use std::{net::IpAddr, time::SystemTime};

use http::Version;

use super::*;
use crate::{
    events::{
        factors::Factors,
        reason::Reason,
        request::{LastVisitor, RequestEnd, Visitor},
    },
    telemetry::access_log,
};

const ADDRESS: IpAddr = IpAddr::V4(std::net::Ipv4Addr::LOCALHOST);

/// Counts one request.
pub(in crate::events) fn count_for_test(site: &SiteCounters) {
    count(site, "GET", 200, Version::HTTP_11);
}

fn count(site: &SiteCounters, method: &str, status: u16, version: Version) {
    let last = LastVisitor::default();
    let ended = RequestEnd {
        entry: access_log::Entry {
            time: SystemTime::UNIX_EPOCH,
            client: ADDRESS,
            user: None,
            certificate: None,
            protocol: access_log::Protocol::Https,
            host: None,
            method,
            target: b"/",
            version,
            status,
            body_bytes_sent: 7,
            duration: std::time::Duration::from_millis(10),
            upstream_time: None,
            referer: None,
            user_agent: None,
        },
        site: None,
        received: 3,
        visitor: Some(Visitor {
            factors: Factors::from_number(2),
            user: None,
            device: None,
            address: ADDRESS,
        }),
        reason: Some(Reason::HubSlow),
        detail: None,
        last_visitor: &last,
    };
    ended.count(site);
}

#[test]
fn a_request_is_counted_once_by_each_of_its_properties() {
    let site = SiteCounters::new("home.test".into());
    for status in [101, 200, 226, 301, 404, 418, 599, 99, 777] {
        count(&site, "GET", status, Version::HTTP_2);
    }
    count(&site, "POST", 200, Version::HTTP_11);
    let totals = site.totals();
    let by_class: Vec<_> = (0..6).map(|class| totals.class(class)).collect();
    assert_eq!(by_class, [2, 1, 3, 1, 2, 1]);
    assert_eq!(totals.requests(), 10);
    let named = Cell::requests().filter(|(_, cell)| totals.get(*cell) > 0);
    let named: Vec<_> = named
        .map(|((method, protocol, status), cell)| {
            let (method, protocol) = (method.name(), protocol.name());
            let status = status_name(status);
            format!("{method} {protocol} {status} {}", totals.get(cell))
        })
        .collect();
    assert_eq!(
        named,
        [
            "read http2 200 1",
            "read http2 301 1",
            "read http2 404 1",
            "read http2 2xx 1",
            "read http2 4xx 1",
            "read http2 5xx 1",
            "read http2 0xx 2",
            "read websocket 101 1",
            "write http1 200 1"
        ]
    );
    assert_eq!(
        totals.get(Cell::bucket(1)),
        9,
        "10 ms, without the WebSocket"
    );
    assert_eq!(totals.get(Cell::DURATION_SUM), 90_000);
    assert_eq!(totals.get(Cell::RECEIVED), 30);
    assert_eq!(totals.get(Cell::SENT), 70);
    assert_eq!(totals.get(Cell::entry(Factors::from_number(2))), 10);
    assert_eq!(totals.get(Cell::reason(Reason::HubSlow)), 10);
}

#[test]
fn the_counts_of_a_removed_site_stay_in_the_sums_and_its_late_requests_count() {
    let table = SiteTable::default();
    let (old, new): (Arc<str>, Arc<str>) = ("old.test".into(), "new.test".into());
    let site = table.counters(&old);
    count(&site, "GET", 200, Version::HTTP_11);
    let _ = table.counters(&new);
    table.keep(std::slice::from_ref(&new));
    table.retire();
    count(&site, "GET", 200, Version::HTTP_11);
    assert_eq!(table.totals().requests(), 2, "a request of the old site");
    assert_eq!(
        table.current().len(),
        2,
        "new.test and requests without a site"
    );
    drop(site);
    table.retire();
    assert!(
        table
            .counting()
            .iter()
            .all(|site| site.name() != "old.test")
    );
    assert_eq!(table.totals().requests(), 2);
}
