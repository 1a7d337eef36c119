//! The life of a link: attempts, expiry, withdrawal.

use crate::devices::{invitation::*, registry::name::Name};

fn request(name: &str) -> CertificateRequest {
    CertificateRequest {
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
    invitations.open(
        request(name),
        FileOptions::default(),
        ProgressSender::default(),
        now,
    )
}

/// Returns the result of a code in a word or two.
fn tried(invitations: &mut Invitations, link: &str, code: &str, now: Instant) -> String {
    match invitations.try_code(link, code, [192, 168, 1, 5].into(), now) {
        CodeCheck::Right(request, _) => format!("right for {}", request.name),
        CodeCheck::Wrong(left) => format!("{left} left"),
        CodeCheck::Last => "over".to_owned(),
        CodeCheck::Unknown => "unknown".to_owned(),
    }
}

fn other(code: &str) -> String {
    code.chars()
        .rev()
        .map(|digit| if digit == '9' { '0' } else { '9' })
        .collect()
}

#[test]
fn the_right_code_works_once() {
    let now = Instant::now();
    let (mut invitations, link, code) = opened(now);
    assert!(invitations.open_by_link(&link, now).is_some());
    assert_eq!(tried(&mut invitations, &link, &code, now), "right for Anna");
    assert_eq!(tried(&mut invitations, &link, &code, now), "unknown");
    assert!(invitations.open_by_link(&link, now).is_none());
}

#[test]
fn three_wrong_codes_end_the_invitation() {
    let now = Instant::now();
    let (mut invitations, link, code) = opened(now);
    let wrong = other(&code);
    assert_eq!(tried(&mut invitations, &link, &wrong, now), "2 left");
    assert_eq!(tried(&mut invitations, &link, "", now), "1 left");
    assert_eq!(tried(&mut invitations, &link, &wrong, now), "over");
    assert_eq!(tried(&mut invitations, &link, &code, now), "unknown");
    assert_eq!(invitations.take_expired(now).len(), 1);
}

#[test]
fn an_invitation_expires_after_ten_minutes() {
    let now = Instant::now();
    let (mut invitations, link, code) = opened(now);
    let later = now + LIFE;
    assert!(
        invitations
            .take_expired(later - Duration::from_secs(1))
            .is_empty()
    );
    assert_eq!(tried(&mut invitations, &link, &code, later), "unknown");
    assert_eq!(invitations.take_expired(later).len(), 1);
}

#[test]
fn a_failed_issue_opens_the_link_again() {
    let now = Instant::now();
    let (mut invitations, link, code) = opened(now);
    assert_eq!(tried(&mut invitations, &link, &code, now), "right for Anna");
    assert!(invitations.open_by_link(&link, now).is_none());
    invitations.failed(&link, "the disk is full");
    assert_eq!(tried(&mut invitations, &link, &code, now), "right for Anna");
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
fn showing_an_open_invitation_keeps_its_link_code_and_attempts() {
    let now = Instant::now();
    let (mut invitations, link, code) = opened(now);
    let name = request("Anna").name;
    tried(&mut invitations, &link, &other(&code), now);
    let again = invitations
        .show(&name, ProgressSender::default(), now)
        .unwrap();
    assert_eq!(again, (link.clone(), code.clone()));
    assert_eq!(tried(&mut invitations, &link, &other(&code), now), "1 left");
    let refused = invitations
        .show(&request("Ben").name, ProgressSender::default(), now)
        .unwrap_err();
    assert!(
        refused.to_string().contains("no open invitation"),
        "{refused}"
    );
    let ended = invitations
        .show(&name, ProgressSender::default(), now + LIFE)
        .unwrap_err();
    assert!(ended.to_string().contains("no open invitation"), "{ended}");
}

#[test]
fn a_withdrawn_invitation_accepts_no_code() {
    let now = Instant::now();
    let (mut invitations, link, code) = opened(now);
    let name = request("Anna").name;
    invitations.withdraw(&name, now).unwrap();
    assert_eq!(tried(&mut invitations, &link, &code, now), "unknown");
    assert!(invitations.withdraw(&name, now).is_err());
    let (link, code) = invite(&mut invitations, "Anna", now).unwrap();
    assert_eq!(tried(&mut invitations, &link, &code, now), "right for Anna");
    let used = invitations.withdraw(&name, now).unwrap_err();
    assert!(used.to_string().contains("client revoke"), "{used}");
}
