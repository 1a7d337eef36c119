//! hubgate between two real networks: no authentication at home, device certificates away.
//!
//! `home.test` admits devices of the house, `garden.test` a password too. curl and OpenSSL run on a
//! machine in each network.

pub mod fixture;

use self::fixture::Fixture;
use crate::{
    harness::{Authority, Leaf, Running},
    phones::fixture::{Invitation, opened, password},
};

const VERSIONS: [&str; 2] = ["-tls1_2", "-tls1_3"];
const HOSTS: [&str; 2] = ["home.test", "garden.test"];

#[tokio::test]
async fn clients_at_home_enter_without_a_certificate_request() {
    let Some(fixture) = Fixture::start().await else {
        return;
    };
    // The public address too: names often lead there from within.
    for browser in [fixture.home(), fixture.home_by_public_address()] {
        for host in HOSTS {
            for version in VERSIONS {
                let trace = browser.handshake(host, version);
                assert!(!trace.contains("CertificateRequest"), "{trace}");
                assert!(trace.contains("No client certificate CA names sent"));
            }
            assert_eq!(browser.get(host, &[]), "200");
        }
    }
}

#[tokio::test]
async fn the_gateway_of_a_container_counts_as_away_in_handshake_and_access_rule() {
    let Some(fixture) = Fixture::in_container().await else {
        return;
    };
    let gateway = fixture.home();
    for host in HOSTS {
        for version in VERSIONS {
            let trace = gateway.handshake(host, version);
            assert!(trace.contains(", CertificateRequest\n"), "{trace}");
        }
    }
    assert_eq!(gateway.get("home.test", &[]), "496");
    let anna = fixture.enrolled("Anna's phone");
    assert_eq!(gateway.get("home.test", &["--cert", &anna]), "200");
    assert_eq!(
        gateway.get("garden.test", &["--user", "anna:secret"]),
        "200"
    );
    let line = fixture.gate.line_with("a connection comes from").await;
    assert!(line.contains("from 192.168.77.2, by which"), "{line}");
}

#[tokio::test]
async fn clients_away_get_a_certificate_request_naming_the_own_ca() {
    let Some(fixture) = Fixture::start().await else {
        return;
    };
    let own = fixture.name_of_ca();
    for host in HOSTS {
        for version in VERSIONS {
            let trace = fixture.away().handshake(host, version);
            assert!(trace.contains(", CertificateRequest\n"), "{trace}");
            let mut lines = trace.lines();
            let title = lines.find(|line| *line == "Acceptable client certificate CA names");
            assert!(title.is_some(), "{trace}");
            assert_eq!(lines.next(), Some(own.as_str()));
            let after = lines.next().unwrap();
            assert!(!after.contains("CN"), "another CA: {after}");
        }
    }
}

#[tokio::test]
async fn away_only_the_houses_own_phones_enter() {
    let Some(fixture) = Fixture::start().await else {
        return;
    };
    let away = fixture.away();
    let anna = fixture.enrolled("Anna's phone");
    let stranger = Authority::new("strangers").client("anna");
    let stranger = fixture.written("stranger", &stranger);
    for version in ["1.2", "1.3"] {
        let with = |certificate: &[&str]| {
            let version = ["--tlsv1.2", "--tls-max", version];
            away.get("home.test", &[&version, certificate].concat())
        };
        assert_eq!(with(&[]), "496");
        assert_eq!(with(&["--user", "anna:secret"]), "496");
        assert_eq!(with(&["--cert", &anna]), "200");
        assert_eq!(with(&["--cert", &stranger]), "495");
    }
    let revoke = ["client", "revoke", "Anna's phone"];
    fixture.gate.command(&revoke).succeeded();
    assert_eq!(away.get("home.test", &["--cert", &anna]), "495");
}

#[tokio::test]
async fn away_a_password_serves_as_well_where_one_is_set() {
    let Some(fixture) = Fixture::start().await else {
        return;
    };
    let away = fixture.away();
    let anna = fixture.enrolled("Anna's phone");
    let get = |options: &[&str]| away.get("garden.test", options);
    assert_eq!(get(&[]), "401");
    assert_eq!(get(&["--user", "anna:guess"]), "401");
    assert_eq!(get(&["--user", "anna:secret"]), "200");
    assert_eq!(get(&["--cert", &anna]), "200");
}

#[tokio::test]
async fn a_link_works_at_home_and_admits_the_phone_away() {
    let Some(fixture) = Fixture::start().await else {
        return;
    };
    let command = ["client", "add", "Anna's phone"];
    let invitation = Invitation::shown_by(Running::start(fixture.gate.folder(), &command)).await;
    let link = format!("home.test{}", invitation.link);
    let form = format!("code={}", invitation.code);
    let (home, away) = (fixture.home(), fixture.away());
    assert_eq!(away.get(&link, &[]), "400");
    assert_eq!(away.get(&link, &["--data", &form]), "400");
    assert_eq!(home.get(&link, &[]), "200");
    let page = home.redirected(&link, &form);
    let file = home.fetched(&format!("{page}/x.p12"));
    let shown = String::from_utf8(home.fetched(&page)).unwrap();
    let anna: Leaf = opened(&file, &password(&shown), fixture.gate.folder());
    let anna = fixture.written("anna", &anna);
    assert_eq!(away.get("home.test", &["--cert", &anna]), "200");
    assert_eq!(invitation.terminal.ended().await.status, Some(0));
}
