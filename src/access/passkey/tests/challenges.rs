//! Challenges: once, bound, for five minutes, bounded, under races.

use std::{
    net::IpAddr,
    sync::{
        Barrier,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

use crate::access::passkey::{
    challenge::{CAPACITY, CLIENT_CAPACITY, Challenge, Challenges, LIFETIME, Purpose},
    refusal::CeremonyError,
    relying_party::RelyingParty,
    testing::{Authenticator, CHALLENGE, handle, home, party},
};
use crate::{
    access::passkey::{assertion::AssertionResponse, public_key::Algorithm},
    authority::Authority,
};

const CLIENT: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(192, 0, 2, 1));

fn issue(challenges: &Challenges, client: IpAddr, now: Instant) -> Challenge {
    challenges
        .issue(&home(), Purpose::Assertion, client, now)
        .unwrap()
}

fn take(challenges: &Challenges, challenge: Challenge, now: Instant) -> bool {
    challenges
        .take(challenge, &home(), Purpose::Assertion, now)
        .is_ok()
}

/// An address of its own /48.
fn client(number: usize) -> IpAddr {
    IpAddr::from((u128::try_from(number).unwrap() << 80).to_be_bytes())
}

#[test]
fn challenge_is_valid_once_and_for_five_minutes() {
    let (challenges, now) = (Challenges::default(), Instant::now());
    let challenge = issue(&challenges, CLIENT, now);
    assert!(take(&challenges, challenge, now));
    assert!(!take(&challenges, challenge, now));
    let last = LIFETIME.as_secs() - 1;
    let challenge = issue(&challenges, CLIENT, now);
    assert!(take(
        &challenges,
        challenge,
        now + Duration::from_secs(last)
    ));
    let challenge = issue(&challenges, CLIENT, now);
    assert!(!take(
        &challenges,
        challenge,
        now + Duration::from_secs(last + 1)
    ));
    assert!(!take(&challenges, Challenge::from([0; 32]), now));
    issue(&challenges, CLIENT, now);
    issue(&challenges, CLIENT, now + Duration::from_secs(last + 1));
    assert_eq!(challenges.len(), 1, "an expired challenge is removed");
}

#[test]
fn challenge_is_bound_to_site_user_and_purpose() {
    let (anna, ben) = (handle("anna"), handle("ben"));
    let above = Authority::parse("home.example.org").unwrap();
    let above = RelyingParty::new(&above, Some("example.org")).unwrap();
    let ceremonies = [
        (home(), Purpose::Assertion),
        (home(), Purpose::Registration(&anna)),
        (home(), Purpose::Registration(&ben)),
        (party("other.example.org"), Purpose::Assertion),
        (party("home.example.org:8443"), Purpose::Assertion),
        (above, Purpose::Assertion),
    ];
    for (issued, (at, purpose)) in ceremonies.iter().enumerate() {
        for (taken, (other, other_purpose)) in ceremonies.iter().enumerate() {
            let (challenges, now) = (Challenges::default(), Instant::now());
            let challenge = challenges.issue(at, *purpose, CLIENT, now).unwrap();
            let result = challenges.take(challenge, other, *other_purpose, now);
            assert_eq!(result.is_ok(), issued == taken, "{issued} {taken}");
            assert_eq!(challenges.len(), 0, "a wrong ceremony uses the challenge");
        }
    }
}

#[test]
fn replayed_and_refused_responses_have_used_their_challenge() {
    let mut authenticator = Authenticator::new(Algorithm::EdDsa);
    let register = authenticator.registered();
    for origin in ["https://home.example.org", "https://evil.example.org"] {
        authenticator.origin = origin.to_owned();
        let response = authenticator.assert().to_string();
        let response = AssertionResponse::parse(response.as_bytes()).unwrap();
        let (challenges, now) = (Challenges::default(), Instant::now());
        challenges.open_known(Challenge::from(CHALLENGE), &home(), Purpose::Assertion, now);
        let first = home().verify_assertion(&response, &register, &challenges, now);
        assert_eq!(first.is_ok(), origin == "https://home.example.org");
        let second = home().verify_assertion(&response, &register, &challenges, now);
        assert_eq!(second, Err(CeremonyError::Challenge));
    }
}

#[test]
fn of_many_requests_at_once_one_takes_the_challenge() {
    let (challenges, now) = (Challenges::default(), Instant::now());
    for _ in 0..50 {
        let challenge = issue(&challenges, CLIENT, now);
        let (start, taken) = (Barrier::new(8), AtomicUsize::new(0));
        thread::scope(|scope| {
            for _ in 0..8 {
                scope.spawn(|| {
                    start.wait();
                    if take(&challenges, challenge, now) {
                        taken.fetch_add(1, Ordering::Relaxed);
                    }
                });
            }
        });
        assert_eq!(taken.into_inner(), 1);
    }
    assert_eq!(challenges.len(), 0);
}

#[test]
fn number_of_challenges_is_bounded_and_the_oldest_is_evicted() {
    let (challenges, now) = (Challenges::default(), Instant::now());
    let issued: Vec<_> = (0..CAPACITY + 10)
        .map(|number| issue(&challenges, client(number), now))
        .collect();
    assert_eq!(challenges.len(), CAPACITY);
    assert!(issued[..10].iter().all(|old| !take(&challenges, *old, now)));
    assert!(issued[10..].iter().all(|new| take(&challenges, *new, now)));
    assert_eq!(challenges.len(), 0);
}

#[test]
fn one_client_evicts_its_own_challenges_only() {
    let (challenges, now) = (Challenges::default(), Instant::now());
    let others = issue(&challenges, client(1), now);
    let flood: Vec<_> = (0..2 * CAPACITY)
        .map(|_| issue(&challenges, CLIENT, now))
        .collect();
    assert_eq!(challenges.len(), CLIENT_CAPACITY + 1);
    assert!(take(&challenges, others, now));
    let (old, new) = flood.split_at(flood.len() - CLIENT_CAPACITY);
    assert!(old.iter().all(|old| !take(&challenges, *old, now)));
    assert!(new.iter().all(|new| take(&challenges, *new, now)));
}

#[test]
fn challenges_differ_and_debug_hides_them() {
    let (challenges, now) = (Challenges::default(), Instant::now());
    let [first, second] = [(); 2].map(|()| issue(&challenges, CLIENT, now));
    assert_ne!(first, second);
    assert_eq!(first.to_string().len(), 43);
    assert_eq!(format!("{first:?}"), "Challenge(..)");
}
