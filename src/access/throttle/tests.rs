//! Attackers and owners at a clock that the test turns.

use super::*;

struct Scene {
    throttle: Throttle,
    now: Instant,
}

impl Scene {
    fn new() -> Self {
        Self {
            throttle: Throttle::new(),
            now: Instant::now(),
        }
    }

    fn guess(&self, user: &str, address: &str) -> Guess {
        let file = Path::new("htpasswd");
        self.throttle.guess(file, user, address.parse().unwrap())
    }

    /// Fails, or says how many milliseconds to wait.
    fn fail(&self, user: &str, address: &str) -> Result<(), u128> {
        let guess = self.guess(user, address);
        let begun = self.throttle.books().begin(guess, self.now);
        begun.map_err(|throttled| throttled.retry_after.as_millis())
    }

    fn succeed(&self, user: &str, address: &str) {
        self.fail(user, address).unwrap();
        let guess = self.guess(user, address);
        self.throttle.books().succeed(guess, self.now);
    }

    fn pass(&mut self, seconds: u64) {
        self.now += Duration::from_secs(seconds);
    }
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
fn guesses_made_together_count_before_they_are_judged() {
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
fn many_addresses_slow_the_user_but_not_where_the_owner_has_logged_in() {
    let scene = Scene::new();
    scene.succeed("anna", "198.51.100.1");
    let mut throttled = 0;
    for host in 1..=100 {
        throttled += u32::from(scene.fail("anna", &format!("192.0.2.{host}")).is_err());
    }
    assert_eq!(throttled, 79);
    assert_eq!(scene.fail("anna", "198.51.100.2"), Err(1000));
    assert_eq!(scene.fail("anna", "198.51.100.1"), Ok(()));
    assert_eq!(scene.fail("bert", "198.51.100.2"), Ok(()));
}

#[test]
fn a_user_never_waits_longer_than_seconds() {
    let mut scene = Scene::new();
    for host in 0..200 {
        scene.fail("anna", &format!("192.0.2.{host}")).unwrap();
        scene.pass(4);
    }
    scene.now -= Duration::from_secs(4);
    assert_eq!(scene.fail("anna", "198.51.100.2"), Err(4000));
}

#[test]
fn memory_is_bounded() {
    let scene = Scene::new();
    for number in 0..u32::try_from(MAX_REMEMBERED + 10).unwrap() {
        let address = IpAddr::from(number.to_be_bytes()).to_string();
        scene.succeed(&format!("user {number}"), &address);
        scene.fail(&format!("user {number}"), &address).unwrap();
    }
    let books = scene.throttle.books();
    for length in [
        books.addresses.len(),
        books.users.len(),
        books.familiar.len(),
    ] {
        assert_eq!(length, MAX_REMEMBERED);
    }
}
