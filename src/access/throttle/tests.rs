//! Guesses of attackers and of owners, with a clock that the test advances.

use super::{
    failure_counters::{FIRST, MAX_FAILED, MAX_FAMILIAR, NETWORKS, USER},
    hash_queue::{Rank, UNFAMILIAR_PER_SECOND},
    token_bucket::TokenBucket,
};
use crate::access::throttle::*;

struct Scene {
    throttle: Throttle,
    now: Instant,
}

impl Scene {
    fn new() -> Self {
        Self {
            throttle: Throttle::with_permits(2),
            now: Instant::now(),
        }
    }

    fn guess(&self, user: &str, address: &str) -> Guess {
        guess(&self.throttle, user, address)
    }

    /// Counts a failure, or returns the wait in milliseconds.
    fn fail(&self, user: &str, address: &str) -> Result<(), u128> {
        let guess = self.guess(user, address);
        let begun = self
            .throttle
            .counters()
            .begin(&guess, Rank::Further, self.now);
        let begun = begun.map_err(|throttled| throttled.retry_after.as_millis());
        begun.map(|started| assert_eq!(started, Started::Counted))
    }

    fn succeed(&self, user: &str, address: &str) {
        self.fail(user, address).unwrap();
        let guess = self.guess(user, address);
        self.throttle.counters().succeed(&guess);
    }

    fn rank(&self, user: &str, address: &str) -> Option<Rank> {
        let guess = self.guess(user, address);
        self.throttle.counters().rank(&guess, self.now).ok()
    }

    fn pass(&mut self, seconds: u64) {
        self.now += Duration::from_secs(seconds);
    }

    /// Empties the bucket of further guesses at a user.
    fn spend(&self, user: &str) {
        for host in 0..=u8::MAX {
            let address = format!("198.18.0.{host}");
            while self.fail(user, &address).is_ok() {}
        }
    }
}

fn guess(throttle: &Throttle, user: &str, address: &str) -> Guess {
    let file = Path::new("htpasswd");
    throttle.guess(file, user, address.parse().unwrap())
}

/// Returns the address of a machine in a botnet.
fn bot(number: u32) -> String {
    IpAddr::from((0x0a00_0000 + number).to_be_bytes()).to_string()
}

#[test]
fn an_address_waits_longer_with_each_failure() {
    let mut scene = Scene::new();
    for _ in 0..5 {
        assert_eq!(scene.fail("anna", "192.0.2.1"), Ok(()));
    }
    for wait in [1, 2, 4, 8, 16, 32, 60, 60] {
        assert_eq!(scene.fail("anna", "192.0.2.1"), Ok(()));
        assert_eq!(
            scene.fail("anna", "192.0.2.1"),
            Err(u128::from(wait * 1000_u64))
        );
        scene.pass(wait - 1);
        assert_eq!(scene.fail("bert", "192.0.2.1"), Err(1000));
        scene.pass(1);
    }
}

#[test]
fn parallel_guesses_count_before_they_are_hashed() {
    let scene = Scene::new();
    let begun = (0..50).filter(|_| scene.fail("anna", "192.0.2.1").is_ok());
    assert_eq!(begun.count(), 6);
}

#[test]
fn a_success_clears_the_address() {
    let scene = Scene::new();
    for _ in 0..5 {
        scene.fail("anna", "192.0.2.1").unwrap();
    }
    scene.succeed("anna", "192.0.2.1");
    for _ in 0..5 {
        assert_eq!(scene.fail("anna", "192.0.2.1"), Ok(()));
    }
}

#[test]
fn a_success_does_not_forgive_failures_at_another_user() {
    let scene = Scene::new();
    let mut guesses = 0;
    while scene.fail("anna", "192.0.2.1").is_ok() {
        guesses += 1;
        if scene.fail("guest", "192.0.2.1").is_ok() {
            let guess = scene.guess("guest", "192.0.2.1");
            scene.throttle.counters().succeed(&guess);
        }
        assert!(guesses <= 6, "the guest's success forgives anna's failures");
    }
}

#[test]
fn failures_are_forgiven_with_time() {
    let mut scene = Scene::new();
    for _ in 0..6 {
        scene.fail("anna", "192.0.2.1").unwrap();
    }
    scene.pass(300);
    assert_eq!(scene.fail("anna", "192.0.2.1"), Ok(()));
    assert_eq!(scene.fail("anna", "192.0.2.1"), Err(1000));
    scene.pass(300 * 6);
    for _ in 0..6 {
        assert_eq!(scene.fail("anna", "192.0.2.1"), Ok(()));
    }
}

#[test]
fn an_ipv6_network_is_one_address_and_a_mapped_address_is_ipv4() {
    let scene = Scene::new();
    let same = |one: &str, other: &str| {
        scene.guess("anna", one).address == scene.guess("anna", other).address
    };
    assert!(same("2001:db8::1", "2001:db8::ffff:0:0:1"));
    assert!(!same("2001:db8::1", "2001:db8:0:1::1"));
    assert!(same("::ffff:192.0.2.1", "192.0.2.1"));
    assert!(!same("192.0.2.1", "192.0.2.2"));
}

#[test]
fn a_new_address_has_its_first_guesses_while_others_guess_at_the_user() {
    let scene = Scene::new();
    scene.spend("anna");
    for address in ["192.0.2.1", "2001:db8::1"] {
        for earlier in 0..FIRST {
            assert_eq!(scene.rank("anna", address), Some(Rank::First(earlier)));
            assert_eq!(scene.fail("anna", address), Ok(()));
        }
        let wait = USER.interval.as_millis();
        assert_eq!(scene.fail("anna", address), Err(wait), "{address}");
    }
    assert_eq!(scene.fail("bert", "192.0.2.1"), Ok(()), "another user");
}

#[test]
fn a_guess_loses_rank_to_an_earlier_guess_of_its_address() {
    let scene = Scene::new();
    let begin = |user: &str| {
        let guess = scene.guess(user, "192.0.2.1");
        let mut counters = scene.throttle.counters();
        counters.begin(&guess, Rank::First(0), scene.now)
    };
    assert_eq!(begin("anna"), Ok(Started::Counted));
    assert_eq!(begin("bert"), Ok(Started::Outranked(Rank::First(1))));
}

#[test]
fn guesses_of_others_do_not_throttle_a_familiar_address() {
    let scene = Scene::new();
    scene.succeed("anna", "192.0.2.1");
    scene.spend("anna");
    assert_eq!(scene.rank("anna", "192.0.2.1"), Some(Rank::Familiar));
    for _ in 0..5 {
        assert_eq!(scene.fail("anna", "192.0.2.1"), Ok(()));
    }
}

#[test]
fn an_address_is_new_again_after_a_day() {
    let mut scene = Scene::new();
    scene.spend("anna");
    for _ in 0..FIRST {
        scene.fail("anna", "192.0.2.1").unwrap();
    }
    scene.pass(24 * 3600 - 1);
    assert_eq!(scene.rank("anna", "192.0.2.1"), Some(Rank::Further));
    scene.pass(1);
    assert_eq!(scene.rank("anna", "192.0.2.1"), Some(Rank::First(0)));
}

#[test]
fn a_large_ipv6_network_has_a_bounded_number_of_first_guesses() {
    let first_guesses = |address: fn(u32) -> String| {
        let scene = Scene::new();
        scene.spend("anna");
        let guesses = (0..4096).filter(|number| scene.fail("anna", &address(*number)).is_ok());
        u32::try_from(guesses.count()).unwrap()
    };
    let of_a_56 = first_guesses(|number| format!("2001:db8:0:{:x}::1", number % 256));
    let of_a_48 = first_guesses(|number| format!("2001:db8:0:{:x}::1", number * 16));
    let [in_a_56, in_a_48] = NETWORKS.map(|bucket: TokenBucket| bucket.burst);
    // An address that has made one guess has the other first guesses too.
    assert_eq!(of_a_56, in_a_56 * FIRST);
    assert_eq!(of_a_48, in_a_48);
}

#[test]
fn a_guessing_network_does_not_throttle_its_neighbour() {
    let scene = Scene::new();
    scene.spend("anna");
    for number in 0..4096 {
        scene
            .fail("anna", &format!("2001:db8:0:{number:x}::1"))
            .ok();
    }
    let neighbour = scene.rank("anna", "2001:db8:1::1");
    assert_eq!(neighbour, Some(Rank::First(0)));
}

#[test]
fn a_botnet_makes_no_more_guesses_a_day_than_documented() {
    for bots in [1, 10, 100] {
        let mut scene = Scene::new();
        let mut guesses = 0;
        for _ in 0..24 * 3600 / 10 {
            for number in 0..bots {
                guesses += u64::from(scene.fail("anna", &bot(number)).is_ok());
            }
            scene.pass(10);
        }
        let together = 20 + 24 * 3600 / USER.interval.as_secs();
        let most = (1452 * u64::from(bots)).min(u64::from(bots * FIRST) + together);
        assert!(guesses <= most, "{bots}: {guesses} of {most}");
        assert!(guesses * 10 > most * 7, "{bots}: {guesses} of {most}");
    }
}

/// Runs a botnet that guesses as often as possible, and the owner at a new address.
#[tokio::test(start_paused = true)]
async fn the_owner_logs_in_while_a_thousand_addresses_guess() {
    const BOTS: u32 = 1000;
    let throttle = Arc::new(Throttle::with_permits(2));
    for number in 0..BOTS {
        let throttle = throttle.clone();
        tokio::spawn(async move {
            loop {
                let guess = guess(&throttle, "anna", &bot(number));
                log_in(&throttle, guess, false).await;
            }
        });
    }
    tokio::task::yield_now().await;
    for address in ["192.0.2.1", "2001:db8::1", "192.0.2.1"] {
        let began = Instant::now();
        let guess = guess(&throttle, "anna", address);
        while !log_in(&throttle, guess, true).await {}
        let (took, most) = (
            began.elapsed().as_secs(),
            u64::from(BOTS / UNFAMILIAR_PER_SECOND),
        );
        assert!(took <= most + 1, "{address}: {took} s");
    }
    let familiar = guess(&throttle, "anna", "192.0.2.1");
    let began = Instant::now();
    assert!(log_in(&throttle, familiar, true).await);
    assert!(began.elapsed() <= HASH, "a familiar address does not wait");
}

const HASH: Duration = Duration::from_millis(50);

/// Hashes, or waits as long as the throttle demands.
async fn log_in(throttle: &Arc<Throttle>, guess: Guess, correct: bool) -> bool {
    match throttle.begin(guess, &throttle.wait()).await {
        Ok(attempt) => {
            tokio::time::sleep(HASH).await;
            attempt.finish(correct);
            true
        }
        Err(throttled) => {
            tokio::time::sleep(throttled.retry_after).await;
            false
        }
    }
}

#[test]
fn memory_is_bounded() {
    let scene = Scene::new();
    for number in 0..u32::try_from(MAX_FAILED + 10).unwrap() {
        scene.fail("anna", &bot(number)).unwrap();
        let network = format!("2001:{:x}:{:x}::1", number >> 12, number & 0xfff);
        scene.fail("anna", &network).unwrap();
        scene.succeed(&format!("user {number}"), "192.0.2.1");
    }
    let [addresses, networks, familiar] = scene.throttle.counters().sizes();
    assert!((MAX_FAILED / 2..=MAX_FAILED).contains(&addresses));
    assert!((MAX_FAILED / 2..=MAX_FAILED).contains(&networks));
    assert!((MAX_FAMILIAR / 2..=MAX_FAMILIAR).contains(&familiar));
}

#[test]
fn guesses_do_not_evict_a_familiar_address() {
    let scene = Scene::new();
    scene.succeed("anna", "192.0.2.1");
    for number in 0..u32::try_from(MAX_FAILED * 2).unwrap() {
        scene.fail(&format!("user {number}"), &bot(number)).unwrap();
    }
    assert_eq!(scene.rank("anna", "192.0.2.1"), Some(Rank::Familiar));
}
