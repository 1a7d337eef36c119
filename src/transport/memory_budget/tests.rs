use std::time::Duration;

use bytes::Bytes;

use crate::transport::memory_budget::*;

fn account(budget: &Arc<MemoryBudget>, peer: &str) -> Arc<Account> {
    budget.open(peer.parse().unwrap(), Signal::default())
}

#[test]
fn the_largest_connection_of_the_largest_address_group_is_cut() {
    let budget = MemoryBudget::new(1_000);
    let owner = account(&budget, "192.0.2.1");
    let _owners = owner.charge(450);
    let [small, large] = ["2001:db8::1", "2001:db8::2"].map(|peer| account(&budget, peer));
    let _small = small.charge(200);
    let _large = large.charge(300);
    assert!(!small.is_evicted() && !large.is_evicted());
    let _more = small.charge(51);
    assert!(large.cut.is_raised());
    assert!(!small.is_evicted() && !owner.is_evicted());
}

#[test]
fn an_evicted_connection_is_not_counted_while_it_ends() {
    let budget = MemoryBudget::new(1_000);
    let [first, second] = ["192.0.2.1", "192.0.2.2"].map(|peer| account(&budget, peer));
    let first_charge = first.charge(1_500);
    assert!(first.is_evicted());
    let _other = second.charge(900);
    assert!(!second.is_evicted());
    drop(first_charge);
    assert_eq!(budget.held.load(Ordering::Relaxed), 900);
}

#[test]
fn connections_of_the_largest_prefix_are_cut_before_those_of_a_single_address() {
    let budget = MemoryBudget::new(10_000);
    let owner = account(&budget, "2001:db8:ffff::1");
    let _owners = owner.charge(2_000);
    let spread: Vec<_> = (0..200)
        .map(|network| account(&budget, &format!("2001:db8:1:{network:x}::1")))
        .collect();
    let _charges: Vec<_> = spread.iter().map(|account| account.charge(100)).collect();
    assert!(!owner.is_evicted());
    assert!(spread.iter().filter(|account| account.is_evicted()).count() >= 100);
}

#[test]
fn overhead_counts_against_the_budget_and_not_against_the_connection() {
    let budget = MemoryBudget::new(2 * CONNECTION);
    let [first, second] = ["192.0.2.1", "192.0.2.2"].map(|peer| account(&budget, peer));
    let mut needed = first.overhead(CONNECTION);
    assert!(first.has_room(CONNECTION));
    let _held = second.charge(CONNECTION / 2);
    assert!(!first.is_evicted());
    needed.resize(2 * CONNECTION);
    assert!(first.is_evicted() && !second.is_evicted());
    drop(needed);
    assert_eq!(budget.held.load(Ordering::Relaxed), CONNECTION / 2);
}

#[test]
fn an_eviction_frees_a_spare_part_of_the_limit() {
    let budget = MemoryBudget::new(16_000);
    let accounts: Vec<_> = (0..160).map(|_| account(&budget, "192.0.2.1")).collect();
    let _charges: Vec<_> = accounts.iter().map(|account| account.charge(100)).collect();
    assert!(!accounts.iter().any(|account| account.is_evicted()));
    let _more = accounts[0].charge(1);
    let cut = accounts.iter().filter(|account| account.is_evicted());
    assert_eq!(cut.count(), 10);
}

#[test]
fn a_dropped_charge_is_released() {
    let budget = MemoryBudget::new(usize::MAX);
    let account = account(&budget, "192.0.2.1");
    let mut charge = account.charge(10);
    charge.resize(30);
    charge.resize(20);
    let queued = account.queue(Bytes::from_static(b"queued"));
    let part = queued.slice(2..);
    drop(queued);
    assert_eq!(account.held(), 26);
    drop((part, charge));
    assert_eq!(
        (account.held(), account.queued.load(Ordering::Relaxed)),
        (0, 0)
    );
    drop(account);
    assert!(budget.lock().is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_response_is_queued_in_small_pieces_at_the_limit_of_its_connection() {
    let account = Account::unlimited([192, 0, 2, 1].into(), Signal::default());
    let heads = account.charge(CONNECTION);
    assert!(!account.has_room(1));
    assert_eq!(account.queueable(64 * 1024), QUEUE);
    let queued = account.queue(Bytes::from(vec![0; QUEUE]));
    let waited = tokio::time::timeout(Duration::from_secs(1), account.room()).await;
    assert!(waited.is_err(), "no charge was released");
    let waiting = tokio::spawn({
        let account = account.clone();
        async move { account.room().await }
    });
    tokio::task::yield_now().await;
    drop(queued);
    waiting.await.unwrap();
    drop(heads);
    assert_eq!(account.queueable(64 * 1024), 64 * 1024);
}

#[test]
fn responses_may_queue_half_of_a_connections_limit() {
    let account = Account::unlimited([192, 0, 2, 1].into(), Signal::default());
    let queued = account.queue(Bytes::from(vec![0; MOST_QUEUED - 5_000]));
    assert_eq!(account.queueable(64 * 1024), 5_000);
    let rest = account.queue(Bytes::from(vec![0; 5_000]));
    assert_eq!(account.queueable(1), 0);
    assert!(account.has_room(CONNECTION - MOST_QUEUED));
    drop((queued, rest));
    assert_eq!(account.queueable(64 * 1024), 64 * 1024);
}
