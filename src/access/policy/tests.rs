//! The stories the rules were made for.

mod every_rule;
mod scene;

use std::net::IpAddr;

use self::scene::{AWAY, Brought, HOME, RIGHT, Scene, TOKEN, WRONG, client};
use super::{Client, ClientAuth, ClientCertificate, Shown, Visitor};
use crate::access::evidence::Known;
use crate::config::model::Networks;

#[tokio::test]
async fn one_factor_of_any_is_enough() {
    let mut scene = Scene::new("any network certificate anna", &[]);
    for (brought, outcome) in [
        (Brought(HOME, "", None), "-"),
        (Brought(HOME, "revoked", None), "-"),
        (Brought(AWAY, "valid", None), "-"),
        (Brought(AWAY, "", RIGHT), "anna"),
        (Brought(AWAY, "revoked", RIGHT), "anna"),
        (Brought(AWAY, "", None), "password"),
        (Brought(AWAY, "", WRONG), "password"),
        (Brought(AWAY, "", TOKEN), "password"),
        (
            Brought(AWAY, "revoked", None),
            "password, the certificate was revoked",
        ),
    ] {
        assert_eq!(scene.told("/", brought).await, outcome);
    }
    scene.change("any network certificate", &[]);
    assert_eq!(
        scene.told("/", Brought(AWAY, "", RIGHT)).await,
        "no certificate"
    );
    let expired = Brought(AWAY, "revoked", None);
    assert_eq!(
        scene.told("/", expired).await,
        "the certificate was revoked"
    );
    scene.change("any network", &[]);
    assert_eq!(
        scene.told("/", Brought(AWAY, "valid", RIGHT)).await,
        "network"
    );
}

#[tokio::test]
async fn the_first_missing_factor_of_all_is_told() {
    let scene = Scene::new("all network certificate anna", &[]);
    for (brought, outcome) in [
        (Brought(HOME, "valid", RIGHT), "anna"),
        (Brought(AWAY, "valid", RIGHT), "network"),
        (Brought(AWAY, "", None), "network"),
        (Brought(HOME, "", RIGHT), "no certificate"),
        (
            Brought(HOME, "revoked", RIGHT),
            "the certificate was revoked",
        ),
        (Brought(HOME, "valid", None), "password"),
        (Brought(HOME, "valid", WRONG), "password"),
    ] {
        assert_eq!(scene.told("/", brought).await, outcome);
    }
}

#[tokio::test]
async fn our_own_password_is_kept_from_the_hub_and_a_token_is_not() {
    let scene = Scene::new("any network certificate anna", &[]);
    for (brought, strips) in [
        (Brought(HOME, "", RIGHT), true),
        (Brought(AWAY, "valid", RIGHT), true),
        (Brought(AWAY, "", RIGHT), true),
        (Brought(HOME, "", None), false),
        (Brought(HOME, "", WRONG), false),
        (Brought(HOME, "", TOKEN), false),
        (Brought(AWAY, "valid", TOKEN), false),
    ] {
        let admission = scene.decide("/", brought).await.unwrap();
        assert_eq!(admission.strips_authorization(), strips);
        assert_eq!(admission.factors.password, strips);
        assert_eq!(admission.factors.network, brought.0 == HOME);
        assert_eq!(admission.identity.is_some(), brought.1 == "valid");
    }
}

#[tokio::test]
async fn our_own_password_is_kept_from_the_hub_on_public_paths_too() {
    let scene = Scene::new("any anna", &[("/static/", "public")]);
    for (login, strips) in [(RIGHT, true), (WRONG, false), (TOKEN, false), (None, false)] {
        let admission = scene.decide("/static/", Brought(AWAY, "", login)).await;
        assert_eq!(admission.unwrap().strips_authorization(), strips);
    }
}

#[tokio::test]
async fn a_token_is_no_failed_login_and_failed_logins_never_lock_the_home() {
    let scene = Scene::new("any network anna", &[]);
    for _ in 0..20 {
        assert_eq!(scene.told("/", Brought(HOME, "", TOKEN)).await, "-");
    }
    assert_eq!(scene.told("/", Brought(HOME, "", RIGHT)).await, "anna");
    for _ in 0..20 {
        assert_eq!(scene.told("/", Brought(HOME, "", WRONG)).await, "-");
        scene.told("/", Brought(AWAY, "", WRONG)).await;
    }
    assert_eq!(scene.told("/", Brought(AWAY, "", RIGHT)).await, "throttled");
    assert_eq!(scene.told("/", Brought(AWAY, "", None)).await, "password");
}

#[tokio::test]
async fn every_wrong_password_is_reported_whether_it_was_needed_or_not() {
    let scene = Scene::new("any network anna", &[("/static/", "public")]);
    let unknown = Some(("nobody", "wrong"));
    for (login, failed) in [
        (RIGHT, false),
        (WRONG, true),
        (unknown, true),
        (TOKEN, false),
        (None, false),
    ] {
        for (path, address) in [("/", HOME), ("/static/", AWAY)] {
            let admission = scene.decide(path, Brought(address, "", login)).await;
            assert_eq!(admission.unwrap().login_failed, failed, "{path} {login:?}");
        }
    }
}

#[tokio::test]
async fn guesses_at_a_public_place_are_held_back_at_the_others() {
    for user in ["anna", "nobody"] {
        let scene = Scene::new("any anna", &[("/static/", "public")]);
        let mut looked_at = 0;
        for _ in 0..12 {
            let wrong = Brought(AWAY, "", Some((user, "wrong")));
            let admission = scene.decide("/static/", wrong).await;
            looked_at += u32::from(admission.unwrap().login_failed);
        }
        assert!((6..12).contains(&looked_at), "{looked_at}");
        assert_eq!(scene.told("/", Brought(AWAY, "", RIGHT)).await, "throttled");
    }
}

#[tokio::test]
async fn an_admitted_request_holds_as_long_as_the_evidence_it_was_admitted_by() {
    let mut scene = Scene::new("any network anna", &[("/vault/", "all bert")]);
    let admission = scene.decide("/", Brought(AWAY, "", RIGHT)).await.unwrap();
    let evidence = admission.evidence;
    assert!(scene.still_admits("/", AWAY, &evidence));
    assert!(!scene.still_admits("/vault/", AWAY, &evidence));
    scene.change("any network bert", &[]);
    assert!(!scene.still_admits("/", AWAY, &evidence));
    assert!(scene.still_admits("/", HOME, &evidence));
    scene.change("any bert", &[("/", "public")]);
    assert!(scene.still_admits("/", AWAY, &evidence));
    scene.change("any anna", &[]);
    assert!(scene.still_admits("/", AWAY, &evidence));
    let changed = "anna:{SHA}5en6G6MezRroT3XKqkdPOmY/BfQ=\n";
    std::fs::write(scene.folder.path().join("anna"), changed).unwrap();
    scene.change("any anna", &[]);
    assert!(!scene.still_admits("/", AWAY, &evidence));
}

#[tokio::test]
async fn a_path_tightens_its_site_unless_it_is_public() {
    let paths = [
        ("/static/", "public"),
        ("/admin", "any network"),
        ("/admin/news", "inherit"),
        ("/vault/", "all bert"),
    ];
    let scene = Scene::new("any anna", &paths);
    let bert = Some(("bert", "correct horse"));
    for (path, brought, outcome) in [
        ("/static/a", Brought(AWAY, "", None), "-"),
        ("/", Brought(AWAY, "", RIGHT), "anna"),
        ("/admin/x", Brought(AWAY, "", RIGHT), "network"),
        ("/admin/x", Brought(HOME, "", None), "password"),
        ("/admin/x", Brought(HOME, "", RIGHT), "anna"),
        ("/admin/news", Brought(AWAY, "", RIGHT), "anna"),
        ("/vault/", Brought(AWAY, "", RIGHT), "password"),
        ("/vault/", Brought(AWAY, "", bert), "password"),
    ] {
        assert_eq!(scene.told(path, brought).await, outcome, "{path}");
    }
    assert!(scene.policy.place(b"/admin%2fnews").is_err());
    let place = scene.policy.place(b"/admin/x").unwrap();
    assert_eq!(place.path_rule(), Some(1));
    let public = scene.decide("/static/a", Brought(AWAY, "", None)).await;
    assert!(public.unwrap().public);
}

#[tokio::test]
async fn an_account_of_the_site_does_not_pay_for_guesses_below_a_path() {
    let scene = Scene::new(
        "any anna",
        &[("/vault/", "any anna"), ("/deep/", "any bert")],
    );
    assert_eq!(
        scene.told("/vault/", Brought(AWAY, "", RIGHT)).await,
        "anna"
    );
    for _ in 0..6 {
        assert_eq!(scene.told("/", Brought(AWAY, "", RIGHT)).await, "anna");
        let outcome = scene.told("/deep/", Brought(AWAY, "", RIGHT)).await;
        assert_eq!(outcome, "password");
    }
    let outcome = scene.told("/deep/", Brought(AWAY, "", RIGHT)).await;
    assert_eq!(outcome, "throttled");
}

#[test]
fn a_certificate_is_asked_for_when_it_could_change_the_outcome() {
    let mut scene = Scene::new("any", &[]);
    for (site, paths, home, away) in [
        ("any", &[][..], false, false),
        ("any network anna", &[], false, false),
        ("any certificate", &[], true, true),
        ("any network certificate", &[], false, true),
        ("any network certificate anna", &[], false, true),
        ("any certificate anna", &[], true, true),
        ("all network certificate", &[], true, false),
        ("all certificate anna", &[], true, true),
        ("any network", &[("/admin", "any certificate")], true, false),
        ("any certificate", &[("/", "public")], true, true),
        (
            "any network certificate",
            &[("/x", "all certificate")],
            true,
            true,
        ),
    ] {
        scene.change(site, paths);
        assert_eq!(scene.policy.asks(client(HOME)), home, "{site} {paths:?}");
        assert_eq!(scene.policy.asks(client(AWAY)), away, "{site} {paths:?}");
    }
    scene.change("all network certificate", &[]);
    let proxy: IpAddr = "10.0.0.1".parse().unwrap();
    let unknown = Client::at_handshake(proxy, &Networks(vec![proxy.into()]));
    assert!(scene.policy.asks(unknown));
}

#[test]
fn a_decision_can_be_made_on_any_thread() {
    fn on_any_thread<T: Send>(_: &T) {}
    let scene = Scene::new("any anna", &[]);
    let visitor = Visitor {
        client: client(HOME),
        basic: None,
        known: Known::Nothing,
        judge: |_: Shown, _: &ClientCertificate| ClientAuth::Absent,
    };
    let place = scene.policy.place(b"/").unwrap();
    on_any_thread(&place.decide(&visitor, &scene.throttle));
}
