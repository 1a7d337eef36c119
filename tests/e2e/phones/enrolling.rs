//! From the invitation to the first request.

use http::Method;

use super::house::{AWAY, House, get, post, setup};
use crate::{
    harness::{DEADLINE, Leaf, eventually},
    hub::Hub,
};

#[tokio::test]
async fn an_enrolled_phone_is_admitted_away_and_the_terminal_reports_it() {
    let house = House::start().await;
    assert_eq!(house.away().visit("/").await.status, 496);
    let invitation = house.invite("Anna's phone").await;
    let asked = get(&house.home(), &invitation.link).await;
    assert!(asked.status == 200 && asked.text().contains("Anna"));
    let page = invitation.page(&house.home()).await;
    let anna = house.take(&page).await;
    assert_eq!(state(&house, &page).await, "{\"seen\":false}");
    assert_eq!(house.away().showing(anna).visit("/").await.status, 200);
    eventually(DEADLINE, "the page knows", async || {
        state(&house, &page).await == "{\"seen\":true}"
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
    let house = House::start().await;
    let invitation = house.invite("Anna").await;
    let page = invitation.page(&house.home()).await;
    let anna = house.take(&page).await;
    assert_eq!(house.home().requested_cas().await, None);
    let answer = post(&house.home(), &format!("{page}/try"), "").await;
    assert_eq!(answer.status, 303);
    assert!(house.home().requested_cas().await.is_some());
    assert_eq!(house.home().from("127.0.0.3").visit("/").await.status, 496);
    // Without its certificate it still enters, as it is at home.
    assert_eq!(house.home().visit("/").await.status, 200);
    assert_eq!(house.home().showing(anna).visit("/").await.status, 200);
    assert_eq!(invitation.terminal.ended().await.status, Some(0));
}

#[tokio::test]
async fn the_files_are_of_the_types_that_phones_take() {
    let house = House::start().await;
    let page = house.invite("Omas Händi").await.page(&house.home()).await;
    for (file, kind) in [
        ("omas.p12", "application/x-pkcs12"),
        ("omas.ohp12", "application/octet-stream"),
        ("omas.mobileconfig", "application/x-apple-aspen-config"),
    ] {
        let answer = get(&house.home(), &format!("{page}/{file}")).await;
        assert_eq!(
            (answer.status, answer.field("content-type")),
            (200, Some(kind))
        );
        assert_eq!(answer.field("cache-control"), Some("no-store"));
        assert!(answer.body.len() > 1000, "{file}");
    }
    assert_eq!(
        get(&house.home(), &format!("{page}/omas.exe")).await.status,
        404
    );
}

#[tokio::test]
async fn a_phone_is_enrolled_over_http2_too() {
    let house = House::start().await;
    let invitation = house.invite("Anna").await;
    let mut http = house.home().http2().await;
    let form = format!("code={}", invitation.code);
    let answer = http.ask(Method::POST, &invitation.link, &[], &form).await;
    assert_eq!(answer.status, 303);
    let page = answer.field("location").unwrap().to_owned();
    assert_eq!(http.get(&page).await.status, 200);
    let state = http.get(&format!("{page}/state")).await;
    assert_eq!(state.text(), "{\"seen\":false}");
}

#[tokio::test]
async fn a_key_may_be_of_the_other_kind_and_the_files_modern() {
    let house = House::start().await;
    let wish = ["add", "Anna", "--key", "ec", "--modern", "--days", "7"];
    let invitation = house.invited_by(&wish).await;
    let page = invitation.page(&house.home()).await;
    let anna = house.take(&page).await;
    assert!(anna.key_pem.len() < 400, "a P-256 key is short");
    assert_eq!(house.away().showing(anna).visit("/").await.status, 200);
}

#[tokio::test]
async fn a_link_over_plain_http_redirects_to_https_and_accepts_no_code() {
    let house = House::start().await;
    let invitation = house.invite("Anna").await;
    let clear = house.gate.clear();
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
    invitation.page(&house.home()).await;
}

#[tokio::test]
async fn a_link_opened_away_points_to_the_home_network() {
    let house = House::start().await;
    let invitation = house.invite("Anna").await;
    let away = house.home().from(AWAY);
    let answer = get(&away, &invitation.link).await;
    assert_eq!(
        (answer.status, answer.field("connection")),
        (400, Some("close"))
    );
    assert_eq!(invitation.enter(&invitation.code, &away).await.status, 400);
    invitation.page(&house.home()).await;
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
    let house = House { hub, gate };
    let invitation = house.invite("Anna").await;
    assert!(invitation.terminal.printed().contains("https://home.test"));
    let there = house
        .client(&["add", "Ben", "--site", "other.test"])
        .ended()
        .await;
    assert_eq!(there.status, Some(1));
    assert!(there.stdout.contains("networks: [lan]"), "{}", there.stdout);
    let nowhere = house
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
    let house = House { hub, gate };
    let anna = house.enrol("Anna's phone").await;
    let serial = anna.serial();
    house.away().showing(anna).visit("/who").await;
    let request = house.hub.request("/who").await;
    assert_eq!(
        request.field("x-ssl-client-s-dn"),
        Some("CN=Anna's phone,O=hubgate")
    );
    assert_eq!(request.field("x-ssl-client-serial"), Some(serial.as_str()));
    let line = house.gate.line_with("/who").await;
    assert!(line.contains("\"Anna's phone\""), "{line}");
}

#[tokio::test]
async fn links_codes_and_passwords_are_in_no_log() {
    let house = House::start().await;
    let invitation = house.invite("Anna").await;
    let page = invitation.page(&house.home()).await;
    let password = super::house::password(&get(&house.home(), &page).await.text());
    let _: Leaf = house.take(&page).await;
    house.gate.line_with("fetched x.p12").await;
    let printed = house.gate.printed();
    let secrets = [&invitation.link, &page].map(|path| path.rsplit('/').next().unwrap());
    for secret in secrets
        .into_iter()
        .chain([password.as_str(), &invitation.code])
    {
        assert!(!printed.contains(secret), "{secret} in {printed}");
    }
}

async fn state(house: &House, page: &str) -> String {
    let answer = get(&house.home(), &format!("{page}/state")).await;
    assert_eq!(answer.field("content-type"), Some("application/json"));
    answer.text().into_owned()
}
