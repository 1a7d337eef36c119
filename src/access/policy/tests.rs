//! Decisions of policies on requests with and without each factor.

mod every_rule;
mod scene;

use std::net::IpAddr;

use self::scene::{AWAY, HOME, RIGHT, Scene, TOKEN, WRONG, client, presented};
use super::{Client, ClientAuth, ClientCertificate, Credentials, PresentedBy};
use crate::{access::evidence::Known, config::model::Networks};

#[tokio::test]
async fn a_rule_with_any_admits_by_one_factor() {
    let mut scene = Scene::new("any network certificate anna", &[]);
    for (credentials, outcome) in [
        (presented(HOME, "", None), "-"),
        (presented(HOME, "revoked", None), "-"),
        (presented(AWAY, "valid", None), "-"),
        (presented(AWAY, "", RIGHT), "anna"),
        (presented(AWAY, "revoked", RIGHT), "anna"),
        (presented(AWAY, "", None), "password"),
        (presented(AWAY, "", WRONG), "password"),
        (presented(AWAY, "", TOKEN), "password"),
        (
            presented(AWAY, "revoked", None),
            "password, the certificate was revoked",
        ),
    ] {
        assert_eq!(scene.outcome_of("/", credentials).await, outcome);
    }
    scene.change("any network certificate", &[]);
    assert_eq!(
        scene.outcome_of("/", presented(AWAY, "", RIGHT)).await,
        "no certificate"
    );
    let expired = presented(AWAY, "revoked", None);
    assert_eq!(
        scene.outcome_of("/", expired).await,
        "the certificate was revoked"
    );
    scene.change("any network", &[]);
    assert_eq!(
        scene.outcome_of("/", presented(AWAY, "valid", RIGHT)).await,
        "network"
    );
}

#[tokio::test]
async fn a_rule_with_all_denies_by_the_first_missing_factor() {
    let scene = Scene::new("all network certificate anna", &[]);
    for (credentials, outcome) in [
        (presented(HOME, "valid", RIGHT), "anna"),
        (presented(AWAY, "valid", RIGHT), "network"),
        (presented(AWAY, "", None), "network"),
        (presented(HOME, "", RIGHT), "no certificate"),
        (
            presented(HOME, "revoked", RIGHT),
            "the certificate was revoked",
        ),
        (presented(HOME, "valid", None), "password"),
        (presented(HOME, "valid", WRONG), "password"),
    ] {
        assert_eq!(scene.outcome_of("/", credentials).await, outcome);
    }
}

#[tokio::test]
async fn a_verified_password_is_stripped_and_a_token_is_not() {
    let scene = Scene::new("any network certificate anna", &[]);
    for (credentials, strips) in [
        (presented(HOME, "", RIGHT), true),
        (presented(AWAY, "valid", RIGHT), true),
        (presented(AWAY, "", RIGHT), true),
        (presented(HOME, "", None), false),
        (presented(HOME, "", WRONG), false),
        (presented(HOME, "", TOKEN), false),
        (presented(AWAY, "valid", TOKEN), false),
    ] {
        let admission = scene.decide("/", credentials).await.unwrap();
        assert_eq!(admission.strips_authorization(), strips);
        assert_eq!(admission.factors.password, strips);
        assert_eq!(admission.factors.network, credentials.address == HOME);
        assert_eq!(
            admission.identity.is_some(),
            credentials.certificate == "valid"
        );
    }
}

#[tokio::test]
async fn a_verified_password_is_stripped_on_public_paths_too() {
    let scene = Scene::new("any anna", &[("/static/", "public")]);
    for (login, strips) in [(RIGHT, true), (WRONG, false), (TOKEN, false), (None, false)] {
        let admission = scene.decide("/static/", presented(AWAY, "", login)).await;
        assert_eq!(admission.unwrap().strips_authorization(), strips);
    }
}

#[tokio::test]
async fn a_token_is_no_failed_login_and_failed_logins_never_throttle_an_admitted_network() {
    let scene = Scene::new("any network anna", &[]);
    for _ in 0..20 {
        assert_eq!(scene.outcome_of("/", presented(HOME, "", TOKEN)).await, "-");
    }
    assert_eq!(
        scene.outcome_of("/", presented(HOME, "", RIGHT)).await,
        "anna"
    );
    for _ in 0..20 {
        assert_eq!(scene.outcome_of("/", presented(HOME, "", WRONG)).await, "-");
        scene.outcome_of("/", presented(AWAY, "", WRONG)).await;
    }
    assert_eq!(
        scene.outcome_of("/", presented(AWAY, "", RIGHT)).await,
        "throttled"
    );
    assert_eq!(
        scene.outcome_of("/", presented(AWAY, "", None)).await,
        "password"
    );
}

#[tokio::test]
async fn a_wrong_password_is_reported_even_if_it_is_not_needed() {
    let scene = Scene::new("any network anna", &[("/static/", "public")]);
    let unknown = Some(("unknown", "wrong"));
    for (login, failed) in [
        (RIGHT, false),
        (WRONG, true),
        (unknown, true),
        (TOKEN, false),
        (None, false),
    ] {
        for (path, address) in [("/", HOME), ("/static/", AWAY)] {
            let admission = scene.decide(path, presented(address, "", login)).await;
            assert_eq!(admission.unwrap().login_failed, failed, "{path} {login:?}");
        }
    }
}

#[tokio::test]
async fn guesses_at_a_public_place_throttle_logins_at_other_places() {
    for user in ["anna", "unknown"] {
        let scene = Scene::new("any anna", &[("/static/", "public")]);
        let mut verified = 0;
        for _ in 0..12 {
            let wrong = presented(AWAY, "", Some((user, "wrong")));
            let admission = scene.decide("/static/", wrong).await;
            verified += u32::from(admission.unwrap().login_failed);
        }
        assert!((6..12).contains(&verified), "{verified}");
        assert_eq!(
            scene.outcome_of("/", presented(AWAY, "", RIGHT)).await,
            "throttled"
        );
    }
}

#[tokio::test]
async fn an_admission_lasts_as_long_as_its_evidence() {
    let mut scene = Scene::new("any network anna", &[("/vault/", "all bert")]);
    let admission = scene.decide("/", presented(AWAY, "", RIGHT)).await.unwrap();
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
async fn a_path_rule_tightens_its_site_unless_it_is_public() {
    let paths = [
        ("/static/", "public"),
        ("/admin", "any network"),
        ("/admin/news", "inherit"),
        ("/vault/", "all bert"),
    ];
    let scene = Scene::new("any anna", &paths);
    let bert = Some(("bert", "correct horse"));
    for (path, credentials, outcome) in [
        ("/static/a", presented(AWAY, "", None), "-"),
        ("/", presented(AWAY, "", RIGHT), "anna"),
        ("/admin/x", presented(AWAY, "", RIGHT), "network"),
        ("/admin/x", presented(HOME, "", None), "password"),
        ("/admin/x", presented(HOME, "", RIGHT), "anna"),
        ("/admin/news", presented(AWAY, "", RIGHT), "anna"),
        ("/vault/", presented(AWAY, "", RIGHT), "password"),
        ("/vault/", presented(AWAY, "", bert), "password"),
    ] {
        assert_eq!(scene.outcome_of(path, credentials).await, outcome, "{path}");
    }
    assert!(scene.policy.at_path(b"/admin%2fnews").is_err());
    let place = scene.policy.at_path(b"/admin/x").unwrap();
    assert_eq!(place.path_rule(), Some(1));
    let public = scene.decide("/static/a", presented(AWAY, "", None)).await;
    assert!(public.unwrap().public);
}

#[tokio::test]
async fn failed_logins_at_a_path_do_not_throttle_the_site() {
    let scene = Scene::new(
        "any anna",
        &[("/vault/", "any anna"), ("/deep/", "any bert")],
    );
    assert_eq!(
        scene
            .outcome_of("/vault/", presented(AWAY, "", RIGHT))
            .await,
        "anna"
    );
    for _ in 0..6 {
        assert_eq!(
            scene.outcome_of("/", presented(AWAY, "", RIGHT)).await,
            "anna"
        );
        let outcome = scene.outcome_of("/deep/", presented(AWAY, "", RIGHT)).await;
        assert_eq!(outcome, "password");
    }
    let outcome = scene.outcome_of("/deep/", presented(AWAY, "", RIGHT)).await;
    assert_eq!(outcome, "throttled");
}

#[test]
fn a_certificate_is_requested_if_it_could_change_the_decision() {
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
        assert_eq!(
            scene.policy.requests_client_cert(client(HOME)),
            home,
            "{site} {paths:?}"
        );
        assert_eq!(
            scene.policy.requests_client_cert(client(AWAY)),
            away,
            "{site} {paths:?}"
        );
    }
    scene.change("all network certificate", &[]);
    let proxy: IpAddr = "10.0.0.1".parse().unwrap();
    let unknown = Client::at_handshake(proxy.into(), &Networks(vec![proxy.into()]));
    assert!(scene.policy.requests_client_cert(unknown));
}

#[test]
fn a_decision_can_move_between_threads() {
    fn assert_send<T: Send>(_: &T) {}
    let scene = Scene::new("any anna", &[]);
    let credentials = Credentials {
        client: client(HOME),
        basic: None,
        known: Known::Nothing,
        validate_certificate: |_: PresentedBy, _: &ClientCertificate| ClientAuth::Absent,
    };
    let place = scene.policy.at_path(b"/").unwrap();
    assert_send(&place.decide(&credentials, &scene.throttle));
}
