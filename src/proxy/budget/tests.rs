use std::time::Duration;

use bytes::Bytes;

use super::*;

fn account(budget: &Arc<MemoryBudget>, peer: &str) -> Arc<Account> {
    budget.open(peer.parse().unwrap(), CancellationToken::new())
}

#[test]
fn the_connection_that_holds_most_of_the_group_that_holds_most_is_cut() {
    let budget = MemoryBudget::new(1_000);
    let owner = account(&budget, "192.0.2.1");
    let _owners = owner.charge(450);
    let [small, large] = ["2001:db8::1", "2001:db8::2"].map(|peer| account(&budget, peer));
    let _small = small.charge(200);
    let _large = large.charge(300);
    assert!(!small.is_evicted() && !large.is_evicted());
    let _more = small.charge(51);
    assert!(large.cut.is_cancelled());
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
fn what_is_dropped_is_given_back() {
    let budget = MemoryBudget::new(usize::MAX);
    let account = account(&budget, "192.0.2.1");
    let mut charge = account.charge(10);
    charge.resize(30);
    charge.resize(20);
    let queued = account.queue(Bytes::from_static(b"answer"));
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
async fn an_answer_is_queued_in_small_pieces_when_a_connection_holds_too_much() {
    let account = Account::unlimited([192, 0, 2, 1].into(), CancellationToken::new());
    let heads = account.charge(CONNECTION);
    assert!(!account.has_room(1));
    assert_eq!(account.queueable(64 * 1024), QUEUE);
    let queued = account.queue(Bytes::from(vec![0; QUEUE]));
    let waited = tokio::time::timeout(Duration::from_secs(1), account.room()).await;
    assert!(waited.is_err(), "nothing was given back");
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
