//! Registration of accounts, and their restoration from credentials.

use crate::acme::ca::tests::*;

#[tokio::test]
async fn a_missing_binding_is_reported_without_a_request() {
    let ca = Ca::start(|path, _| {
        let directory =
            DIRECTORY.replace("\"meta\":{", "\"meta\":{\"externalAccountRequired\":true,");
        (path == "/dir").then(|| json("200 OK", &directory))
    })
    .await;
    let problem = ca.try_connect(None).await.err().unwrap();
    assert_eq!(problem.class, Class::Refused);
    assert!(
        problem.detail.contains("external account binding"),
        "{problem}"
    );
    assert_eq!(ca.requests_to("/account"), 0);
}

#[tokio::test]
async fn a_wrong_binding_is_a_refusal() {
    let ca = Ca::start(|path, _| {
        let unauthorized = document("unauthorized", "external account key unknown");
        (path == "/account").then(|| json("403 Forbidden", &unauthorized))
    })
    .await;
    assert_eq!(
        ca.try_connect(None).await.err().unwrap().class,
        Class::Refused
    );
}

#[tokio::test]
async fn an_account_is_registered_once_and_restored_later() {
    let ca = Ca::start(|_, _| None).await;
    let (first, credentials) = ca.try_connect(None).await.unwrap();
    let credentials = credentials.unwrap();
    let (second, new) = ca.try_connect(Some(&credentials)).await.unwrap();
    assert!(new.is_none());
    assert_eq!(first.account_url(), second.account_url());
    assert_eq!(ca.requests_to("/account"), 1);
    let other_ca = Ca::start(|_, _| None).await;
    assert!(
        other_ca
            .try_connect(Some(&credentials))
            .await
            .unwrap()
            .1
            .is_some()
    );
    let torn = &credentials[..credentials.len() / 2];
    let problem = ca.try_connect(Some(torn)).await.err().unwrap();
    assert_eq!(problem.class, Class::AccountGone);
}

#[tokio::test]
async fn an_address_without_a_directory_is_a_network_problem() {
    for reply in [
        json("200 OK", "[1]"),
        answer("404 Not Found", "page not found"),
    ] {
        let ca = Ca::start(move |path, _| (path == "/dir").then(|| reply.clone())).await;
        assert_eq!(
            ca.try_connect(None).await.err().unwrap().class,
            Class::Network
        );
    }
}

#[tokio::test]
async fn the_cas_clock_is_read_from_its_responses() {
    let ca = Ca::start(|path, _| {
        let date = "200 OK\r\nDate: Thu, 01 Jan 1970 00:00:00 GMT";
        (path == "/dir").then(|| json(date, DIRECTORY))
    })
    .await;
    let skew = ca.connect().await.clock_skew().unwrap();
    assert!(skew < Duration::days(-50 * 365), "{skew}");
}

#[test]
fn debug_output_omits_the_hmac_key() {
    let external_account = Some(ExternalAccountBinding {
        key_id: "kid-1".into(),
        hmac_key: "secret".into(),
    });
    let settings = AccountSettings {
        directory: "https://ca.example/dir".into(),
        email: None,
        external_account,
    };
    let output = format!("{settings:?}");
    assert!(
        output.contains("kid-1") && !output.contains("secret"),
        "{output}"
    );
}
