use std::time::Duration;

use super::*;

fn limits(connections: usize, connections_per_address: usize) -> Limits {
    Limits {
        body: None,
        connections,
        connections_per_address,
        header_time: Duration::ZERO,
        idle: Duration::ZERO,
        memory: 0,
        stream_idle: Duration::ZERO,
    }
}

fn connect(
    limiter: &Arc<ConnectionLimiter>,
    from: &str,
    limits: &Limits,
    peer: PeerClass,
) -> Option<Connected> {
    let permitted = limiter.permit(from.parse().unwrap(), limits, peer);
    let (permit, aborted) = permitted.ok()?;
    Some(Connected { permit, aborted })
}

struct Connected {
    permit: ConnectionPermit,
    aborted: AbortRegistration,
}

impl Connected {
    fn is_evicted(&self) -> bool {
        self.aborted.handle().is_aborted()
    }
}

#[test]
fn a_permit_is_returned_and_an_address_group_shares_one_limit() {
    let limiter = Arc::new(ConnectionLimiter::default());
    let permit = |from, peer| connect(&limiter, from, &limits(3, 2), peer);
    let first = permit("2001:db8::1", PeerClass::Home);
    let _second = permit("2001:db8::2", PeerClass::Home).unwrap();
    assert!(permit("2001:db8::3", PeerClass::Home).is_none());
    let _third = permit("2001:db8::3", PeerClass::Proxy).unwrap();
    assert!(permit("192.0.2.1", PeerClass::Home).is_none(), "full");
    drop(first);
    assert!(permit("::ffff:192.0.2.1", PeerClass::Guest).is_some());
    assert_eq!(limiter.lock().groups.len(), 1);
}

#[test]
fn the_oldest_connection_of_the_largest_group_is_evicted_first() {
    let limiter = Arc::new(ConnectionLimiter::default());
    let permit = |from| connect(&limiter, from, &limits(4, 3), PeerClass::Guest);
    let greedy: Vec<_> = (0..3).map(|_| permit("192.0.2.1").unwrap()).collect();
    let other = permit("192.0.2.2").unwrap();
    let owner = permit("192.0.2.3").unwrap();
    let evicted: Vec<_> = greedy.iter().map(Connected::is_evicted).collect();
    assert_eq!(evicted, [true, false, false]);
    assert!(!other.is_evicted() && !owner.is_evicted());
    drop(greedy);
    assert_eq!(limiter.lock().total, 2);
}

#[test]
fn a_guest_evicts_no_group_with_as_few_connections_as_its_own() {
    let limiter = Arc::new(ConnectionLimiter::default());
    let permit = |from, peer| connect(&limiter, from, &limits(2, 2), peer);
    let (first, second) = (
        permit("192.0.2.1", PeerClass::Guest),
        permit("192.0.2.2", PeerClass::Guest),
    );
    assert!(permit("192.0.2.1", PeerClass::Guest).is_none());
    let home = permit("192.168.1.2", PeerClass::Home).unwrap();
    let evicted = [first.unwrap().is_evicted(), second.unwrap().is_evicted()];
    assert_eq!(evicted.iter().filter(|evicted| **evicted).count(), 1);
    assert!(!home.is_evicted());
}

#[test]
fn a_prefix_with_many_groups_is_evicted_before_one_group_with_some_connections() {
    let limiter = Arc::new(ConnectionLimiter::default());
    let permit = |from: &str| connect(&limiter, from, &limits(64, 8), PeerClass::Guest);
    let owners = ["192.0.2.1", "2001:db8:ffff:1::1"].map(|from| {
        let connections = (0..6).map(|_| permit(from).unwrap());
        connections.collect::<Vec<_>>()
    });
    let spread = |network: usize| format!("2001:db8:1:{network:x}::1");
    let mut spread_out: Vec<_> = (0..52).map(|n| permit(&spread(n)).unwrap()).collect();
    spread_out.extend((52..300).filter_map(|n| permit(&spread(n))));
    assert!(!owners.iter().flatten().any(Connected::is_evicted));
    assert!(permit("192.0.2.1").is_some() && permit("2001:db8:ffff:1::1").is_some());
    assert!(spread_out.iter().any(Connected::is_evicted));
}

#[test]
fn neither_home_nor_a_guest_with_a_certificate_is_evicted() {
    let limiter = Arc::new(ConnectionLimiter::default());
    let permit = |from, peer| connect(&limiter, from, &limits(2, 2), peer);
    let phone = permit("192.0.2.1", PeerClass::Guest).unwrap();
    phone.permit.protect();
    let home = permit("192.168.1.2", PeerClass::Home).unwrap();
    assert!(permit("192.0.2.2", PeerClass::Guest).is_none());
    assert!(!phone.is_evicted() && !home.is_evicted());
}
