//! The life of an invitation: its code, its end, and its withdrawal.

use super::*;
use crate::clients::name::Name;

fn wish(name: &str) -> Wish {
    Wish {
        name: Name::parse(name).unwrap(),
        days: 30,
        renew: false,
    }
}

fn opened(now: Instant) -> (Invitations, String, String) {
    let mut invitations = Invitations::default();
    let (link, code) = invite(&mut invitations, "Anna", now).unwrap();
    (invitations, link, code)
}

fn invite(
    invitations: &mut Invitations,
    name: &str,
    now: Instant,
) -> anyhow::Result<(String, String)> {
    invitations.open(wish(name), Making::default(), Teller::default(), now)
}

/// Enters a code and returns the result as text.
fn enter(invitations: &mut Invitations, link: &str, code: &str, now: Instant) -> String {
    match invitations.try_code(link, code, [192, 168, 1, 5].into(), now) {
        CodeResult::Right(wish, _) => format!("right for {}", wish.name),
        CodeResult::Wrong(left) => format!("{left} left"),
        CodeResult::Last => "ended".to_owned(),
        CodeResult::Unknown => "unknown".to_owned(),
    }
}

fn other(code: &str) -> String {
    code.chars()
        .rev()
        .map(|digit| if digit == '9' { '0' } else { '9' })
        .collect()
}

#[test]
fn the_correct_code_is_accepted_once() {
    let now = Instant::now();
    let (mut invitations, link, code) = opened(now);
    assert!(invitations.find_link(&link, now).is_some());
    assert_eq!(enter(&mut invitations, &link, &code, now), "right for Anna");
    assert_eq!(enter(&mut invitations, &link, &code, now), "unknown");
    assert!(invitations.find_link(&link, now).is_none());
}

#[test]
fn the_correct_code_is_rejected_after_three_wrong_ones() {
    let now = Instant::now();
    let (mut invitations, link, code) = opened(now);
    let wrong = other(&code);
    assert_eq!(enter(&mut invitations, &link, &wrong, now), "2 left");
    assert_eq!(enter(&mut invitations, &link, "", now), "1 left");
    assert_eq!(enter(&mut invitations, &link, &wrong, now), "ended");
    assert_eq!(enter(&mut invitations, &link, &code, now), "unknown");
    assert_eq!(invitations.take_expired(now).len(), 1);
}

#[test]
fn an_invitation_ends_after_ten_minutes() {
    let now = Instant::now();
    let (mut invitations, link, code) = opened(now);
    let later = now + LIFE;
    assert!(
        invitations
            .take_expired(later - Duration::from_secs(1))
            .is_empty()
    );
    assert_eq!(enter(&mut invitations, &link, &code, later), "unknown");
    assert_eq!(invitations.take_expired(later).len(), 1);
}

#[test]
fn the_link_stays_valid_if_the_certificate_could_not_be_issued() {
    let now = Instant::now();
    let (mut invitations, link, code) = opened(now);
    assert_eq!(enter(&mut invitations, &link, &code, now), "right for Anna");
    assert!(invitations.find_link(&link, now).is_none());
    invitations.failed(&link, "the disk is full");
    assert_eq!(enter(&mut invitations, &link, &code, now), "right for Anna");
}

#[test]
fn a_name_has_one_invitation_and_their_number_is_limited() {
    let now = Instant::now();
    let (mut invitations, ..) = opened(now);
    let again = invite(&mut invitations, "Anna", now).unwrap_err();
    assert!(again.to_string().contains("invited already"));
    for nth in 1..MAX_INVITATIONS {
        invite(&mut invitations, &nth.to_string(), now).unwrap();
    }
    assert!(invite(&mut invitations, "one more", now).is_err());
}

#[test]
fn an_open_invitation_is_shown_again_unchanged() {
    let now = Instant::now();
    let (mut invitations, link, code) = opened(now);
    let name = wish("Anna").name;
    enter(&mut invitations, &link, &other(&code), now);
    let again = invitations.show(&name, Teller::default(), now).unwrap();
    assert_eq!(again, (link.clone(), code.clone()));
    assert_eq!(enter(&mut invitations, &link, &other(&code), now), "1 left");
    let refused = invitations
        .show(&wish("Ben").name, Teller::default(), now)
        .unwrap_err();
    assert!(
        refused.to_string().contains("no open invitation"),
        "{refused}"
    );
    let ended = invitations
        .show(&name, Teller::default(), now + LIFE)
        .unwrap_err();
    assert!(ended.to_string().contains("no open invitation"), "{ended}");
}

#[test]
fn the_code_of_a_withdrawn_invitation_is_rejected() {
    let now = Instant::now();
    let (mut invitations, link, code) = opened(now);
    let name = wish("Anna").name;
    invitations.withdraw(&name, now).unwrap();
    assert_eq!(enter(&mut invitations, &link, &code, now), "unknown");
    assert!(invitations.withdraw(&name, now).is_err());
    let (link, code) = invite(&mut invitations, "Anna", now).unwrap();
    assert_eq!(enter(&mut invitations, &link, &code, now), "right for Anna");
    let used = invitations.withdraw(&name, now).unwrap_err();
    assert!(used.to_string().contains("client revoke"), "{used}");
}
