//! From the invitation to the first request.

use http::Method;

use super::fixture::{AWAY, Fixture, get, post, setup};
use crate::{
    harness::{DEADLINE, Leaf, eventually},
    hub::Hub,
};

#[tokio::test]
async fn an_enrolled_phone_is_admitted_away_and_the_terminal_reports_it() {
    let fixture = Fixture::start().await;
    assert_eq!(fixture.away().fetch("/").await.status, 496);
    let invitation = fixture.invite("Anna's phone").await;
    let asked = get(&fixture.home(), &invitation.link).await;
    assert!(asked.status == 200 && asked.text().contains("Anna"));
    let page = invitation.page(&fixture.home()).await;
    let anna = fixture.take(&page).await;
    assert_eq!(state(&fixture, &page).await, "{\"seen\":false}");
    assert_eq!(fixture.away().showing(anna).fetch("/").await.status, 200);
    eventually(DEADLINE, "the page knows", async || {
        state(&fixture, &page).await == "{\"seen\":true}"
    })
    .await;
    let terminal = invitation.terminal.ended().await;
    assert_eq!(terminal.status, Some(0), "{}", terminal.stdout);
    assert!(
        terminal.stdout.ends_with("Anna's phone is enrolled"),
        "{}",
        terminal.stdout
    );
}

#[tokio::test]
async fn a_phone_at_home_gets_certificate_requests_for_a_minute_to_test_its_certificate() {
    let fixture = Fixture::start().await;
    let invitation = fixture.invite("Anna").await;
    let page = invitation.page(&fixture.home()).await;
    let anna = fixture.take(&page).await;
    assert_eq!(fixture.home().requested_cas().await, None);
    let answer = post(&fixture.home(), &format!("{page}/try"), "").await;
    assert_eq!(answer.status, 303);
    assert!(fixture.home().requested_cas().await.is_some());
    assert_eq!(
        fixture.home().from("127.0.0.3").fetch("/").await.status,
        496
    );
    // Without its certificate it still enters, as it is at home.
    assert_eq!(fixture.home().fetch("/").await.status, 200);
    assert_eq!(fixture.home().showing(anna).fetch("/").await.status, 200);
    assert_eq!(invitation.terminal.ended().await.status, Some(0));
}

#[tokio::test]
async fn the_files_are_of_the_types_that_phones_take() {
    let fixture = Fixture::start().await;
    let page = fixture
        .invite("Omas Händi")
        .await
        .page(&fixture.home())
        .await;
    for (file, kind) in [
        ("omas.p12", "application/x-pkcs12"),
        ("omas.ohp12", "application/octet-stream"),
        ("omas.mobileconfig", "application/x-apple-aspen-config"),
    ] {
        let answer = get(&fixture.home(), &format!("{page}/{file}")).await;
        assert_eq!(
            (answer.status, answer.field("content-type")),
            (200, Some(kind))
        );
        assert_eq!(answer.field("cache-control"), Some("no-store"));
        assert!(answer.body.len() > 1000, "{file}");
    }
    assert_eq!(
        get(&fixture.home(), &format!("{page}/omas.exe"))
            .await
            .status,
        404
    );
}

#[tokio::test]
async fn a_phone_is_enrolled_over_http2_too() {
    let fixture = Fixture::start().await;
    let invitation = fixture.invite("Anna").await;
    let mut http = fixture.home().http2().await;
    let form = format!("code={}", invitation.code);
    let answer = http
        .exchange(Method::POST, &invitation.link, &[], &form)
        .await;
    assert_eq!(answer.status, 303);
    let page = answer.field("location").unwrap().to_owned();
    assert_eq!(http.get(&page).await.status, 200);
    let state = http.get(&format!("{page}/state")).await;
    assert_eq!(state.text(), "{\"seen\":false}");
}

#[tokio::test]
async fn a_key_may_be_of_the_other_kind_and_the_files_modern() {
    let fixture = Fixture::start().await;
    let wish = ["add", "Anna", "--key", "ec", "--modern", "--days", "7"];
    let invitation = fixture.invited_by(&wish).await;
    let page = invitation.page(&fixture.home()).await;
    let anna = fixture.take(&page).await;
    assert!(anna.key_pem.len() < 400, "a P-256 key is short");
    assert_eq!(fixture.away().showing(anna).fetch("/").await.status, 200);
}

#[tokio::test]
async fn a_link_over_plain_http_redirects_to_https_and_accepts_no_code() {
    let fixture = Fixture::start().await;
    let invitation = fixture.invite("Anna").await;
    let clear = fixture.gate.clear();
    let answer = get(&clear, &invitation.link).await;
    assert_eq!(answer.status, 301);
    assert!(
        answer
            .field("location")
            .unwrap()
            .starts_with("https://home.test")
    );
    let answer = invitation.enter(&invitation.code, &clear).await;
    assert_eq!(answer.status, 308);
    invitation.page(&fixture.home()).await;
}

#[tokio::test]
async fn a_link_opened_away_points_to_the_home_network() {
    let fixture = Fixture::start().await;
    let invitation = fixture.invite("Anna").await;
    let away = fixture.home().from(AWAY);
    let answer = get(&away, &invitation.link).await;
    assert_eq!(
        (answer.status, answer.field("connection")),
        (400, Some("close"))
    );
    assert_eq!(invitation.enter(&invitation.code, &away).await.status, 400);
    invitation.page(&fixture.home()).await;
}

#[tokio::test]
async fn the_link_leads_to_a_site_that_can_be_opened_without_a_certificate() {
    let hub = Hub::start().await;
    let gate = setup(&hub, "")
        .with_certificate("other", &["other.test"])
        .other_site(&format!(
            "{{hosts: [other.test], upstream: \"{}\", certificate: {{chain: other.pem, key: other.key}}, \
             access: {{client_certificate: own}}}}",
            hub.url()
        ))
        .start()
        .await;
    gate.answers_commands().await;
    let fixture = Fixture { hub, gate };
    let invitation = fixture.invite("Anna").await;
    assert!(invitation.terminal.printed().contains("https://home.test"));
    let there = fixture
        .client(&["add", "Ben", "--site", "other.test"])
        .ended()
        .await;
    assert_eq!(there.status, Some(1));
    assert!(there.stdout.contains("networks: [lan]"), "{}", there.stdout);
    let nowhere = fixture
        .client(&["add", "Ben", "--site", "nowhere.test"])
        .ended()
        .await;
    assert!(
        nowhere
            .stdout
            .contains("no site has the host \"nowhere.test\"")
    );
}

#[tokio::test]
async fn the_hub_and_the_log_get_the_name_of_the_device() {
    let hub = Hub::start().await;
    let setup = setup(&hub, ", client_headers: x-ssl-client").top("log: {access: json}");
    let gate = setup.start().await;
    gate.answers_commands().await;
    let fixture = Fixture { hub, gate };
    let anna = fixture.enrol("Anna's phone").await;
    let serial = anna.serial();
    fixture.away().showing(anna).fetch("/who").await;
    let request = fixture.hub.request("/who").await;
    assert_eq!(
        request.field("x-ssl-client-s-dn"),
        Some("CN=Anna's phone,O=hubgate")
    );
    assert_eq!(request.field("x-ssl-client-serial"), Some(serial.as_str()));
    let line = fixture.gate.line_with("/who").await;
    assert!(line.contains("\"Anna's phone\""), "{line}");
}

#[tokio::test]
async fn links_codes_and_passwords_are_in_no_log() {
    let fixture = Fixture::start().await;
    let invitation = fixture.invite("Anna").await;
    let page = invitation.page(&fixture.home()).await;
    let password = super::fixture::password(&get(&fixture.home(), &page).await.text());
    let _: Leaf = fixture.take(&page).await;
    fixture.gate.line_with("fetched x.p12").await;
    let printed = fixture.gate.printed();
    let secrets = [&invitation.link, &page].map(|path| path.rsplit('/').next().unwrap());
    for secret in secrets
        .into_iter()
        .chain([password.as_str(), &invitation.code])
    {
        assert!(!printed.contains(secret), "{secret} in {printed}");
    }
}

async fn state(fixture: &Fixture, page: &str) -> String {
    let answer = get(&fixture.home(), &format!("{page}/state")).await;
    assert_eq!(answer.field("content-type"), Some("application/json"));
    answer.text().into_owned()
}
