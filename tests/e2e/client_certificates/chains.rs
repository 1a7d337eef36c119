//! Chains of intermediates: their cost, the ones that are followed, and NGINX's verdict on them.

use std::{fmt::Write, time::Duration};

use rcgen::{BasicConstraints, IsCa};
use time::OffsetDateTime;

use super::{family_or_password, only_family};
use crate::{
    access::protocols::{IN, statuses_on_each_protocol},
    harness::{ANNA, Authority, Client, Hubgate, Leaf, Port, Setup},
    hub::Hub,
    nginx_import::nginx::{self, Nginx},
};

#[tokio::test]
async fn a_chain_of_a_hundred_certificates_is_495_and_a_password_still_enters() {
    let (hub, family) = (Hub::start().await, Authority::new("family"));
    let gate = family_or_password(&hub, &family).await;
    let mut anna = family.client("anna");
    for _ in 0..100 {
        anna = anna.through(&family);
    }
    let caller = gate.tls().showing(anna);
    assert_eq!(statuses_on_each_protocol(&caller, "/", &[]).await, [401; 3]);
    let page = caller.http2().await.get("/").await;
    let reason = "showed more than 8 certificates";
    assert!(page.text().contains(reason), "{}", page.text());
    let password = [("authorization", ANNA)];
    assert_eq!(statuses_on_each_protocol(&caller, "/", &password).await, IN);
}

/// Each request was judged anew, and webpki tried the CAs in each order.
#[tokio::test]
async fn a_thousand_requests_with_a_crafted_chain_cost_one_judgement() {
    let (hub, family) = (Hub::start().await, Authority::new("family"));
    let gate = family_or_password(&hub, &family).await;
    let caller = gate.tls().showing(crafted());
    let mut client = caller.http2().await;
    let before = gate.cpu_time();
    for _ in 0..1000 {
        assert_eq!(client.get("/").await.status, 401);
    }
    let spent = gate.cpu_time() - before;
    assert!(spent < Duration::from_secs(1), "{spent:?}");
}

#[tokio::test]
async fn handshakes_with_a_crafted_chain_cost_little() {
    let (hub, family) = (Hub::start().await, Authority::new("family"));
    let gate = family_or_password(&hub, &family).await;
    let caller = gate.tls().showing(crafted());
    let before = gate.cpu_time();
    for _ in 0..20 {
        assert_eq!(caller.fetch("/").await.status, 401);
    }
    let spent = gate.cpu_time() - before;
    assert!(spent < Duration::from_secs(1), "{spent:?}");
}

#[tokio::test]
async fn a_device_below_intermediates_enters() {
    let (hub, root) = (Hub::start().await, Authority::tall("root"));
    let (below, deep) = two_below(&root);
    let gate = only_family(&hub, &root).await;
    let shown = deep.client("anna").through(&deep).through(&below);
    let caller = gate.tls().showing(shown);
    assert_eq!(statuses_on_each_protocol(&caller, "/", &[]).await, IN);
    let mut client = caller.http2().await;
    for _ in 0..20 {
        assert_eq!(client.get("/").await.status, 200);
    }
}

#[tokio::test]
async fn a_list_of_a_ca_outside_the_file_warns_and_stops_no_start() {
    let (hub, family) = (Hub::start().await, Authority::new("family"));
    let lists = Authority::new("others").revoking(&[]) + &family.revoking(&[]);
    let gate = Setup::home(&hub.url())
        .file("ca.pem", &family.pem())
        .file("ca.crl", &lists)
        .site("access: {client_certificate: {ca: ca.pem, crl: ca.crl}}")
        .start()
        .await;
    gate.line_with("which is not in the CA file").await;
    let anna = family.client("anna");
    assert_eq!(
        gate.tls().showing(anna.clone()).fetch("/").await.status,
        200
    );
    gate.write("ca.crl", &family.revoking(&[&anna]));
    let line = gate.line_with("was read again").await;
    let named = "ca.crl: the revocation list of CN=family";
    assert!(line.contains(named), "{line}");
    assert_eq!(gate.tls().showing(anna).fetch("/").await.status, 495);
}

/// The files of a case, and the device's certificate.
struct Case {
    what: &'static str,
    ca: String,
    crl: Option<String>,
    verify_depth: u8,
    anna: Leaf,
}

#[tokio::test]
async fn nginx_admits_the_same_devices_by_the_same_files() {
    if !nginx::is_there() {
        return;
    }
    let hub = Hub::start().await;
    for case in cases() {
        let [ours, theirs] = statuses(&hub, &case).await;
        assert!([200, 495].contains(&ours), "{}: {ours}", case.what);
        assert!([200, 400].contains(&theirs), "{}: {theirs}", case.what);
        assert_eq!(
            ours == 200,
            theirs == 200,
            "{}: {ours}, {theirs}",
            case.what
        );
    }
}

fn cases() -> Vec<Case> {
    let root = Authority::tall("root");
    let below = root.below("below", |params| params.serial_number = Some(7.into()));
    let deep = below.below("deep", |_| ());
    let case = |what, verify_depth, crl, anna| Case {
        what,
        ca: root.pem() + &below.pem(),
        crl,
        verify_depth,
        anna,
    };
    let lists = |numbers: &[u64]| Some(root.revoking_numbers(numbers) + &below.revoking(&[]));
    let anna = || below.client("anna");
    let deep_anna = || deep.client("anna").through(&deep);
    let foreign = lists(&[]).map(|lists| Authority::new("others").revoking(&[]) + &lists);
    let mut cases = vec![
        case("of an intermediate in the file", 1, None, anna()),
        case("without a place for it", 0, None, anna()),
        case("of the root itself", 0, None, root.client("anna")),
        case("two deep with place for one", 1, None, deep_anna()),
        case("two deep with place for two", 2, None, deep_anna()),
        case("with lists", 1, lists(&[]), anna()),
        case("below a revoked one", 1, lists(&[7]), anna()),
        case(
            "without a list of the issuer",
            1,
            Some(root.revoking(&[])),
            anna(),
        ),
        case("with a list of another CA", 1, foreign, anna()),
    ];
    cases.extend(broken(&root));
    cases
}

/// Intermediates that stand in the file and let no device in.
fn broken(root: &Authority) -> Vec<Case> {
    let now = OffsetDateTime::now_utc();
    let ended = root.below("ended", |params| {
        params.not_before = now - time::Duration::WEEK;
        params.not_after = now - time::Duration::DAY;
    });
    let low = Authority::new("low");
    let below_low = low.below("below low", |_| ());
    let old = root.below("old root", |params| {
        params.not_before = now - time::Duration::WEEK;
        params.not_after = now - time::Duration::DAY;
        params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    });
    let twin = Authority::tall("root").below("of a twin", |_| ());
    [
        ("below an intermediate that has ended", root, &ended),
        ("deeper than the path length", &low, &below_low),
        ("below one that has ended and allows none", root, &old),
        ("below one of another root of the name", root, &twin),
    ]
    .map(|(what, root, below)| Case {
        what,
        ca: root.pem() + &below.pem(),
        crl: None,
        verify_depth: 2,
        anna: below.client("anna"),
    })
    .into()
}

/// The statuses of hubgate and NGINX.
async fn statuses(hub: &Hub, case: &Case) -> [u16; 2] {
    let depth = case.verify_depth;
    let crl = case.crl.as_ref().map_or("", |_| ", crl: ca.crl");
    let gate = Setup::home(&hub.url())
        .file("ca.pem", &case.ca)
        .file("ca.crl", case.crl.as_deref().unwrap_or("none"))
        .site(&format!(
            "access: {{client_certificate: {{ca: ca.pem, verify_depth: {depth}{crl}}}}}"
        ))
        .start()
        .await;
    let caller = gate.tls().showing(case.anna.clone());
    [
        caller.fetch("/").await.status,
        by_nginx(&gate, case, &caller).await,
    ]
}

async fn by_nginx(gate: &Hubgate, case: &Case, caller: &Client) -> u16 {
    let (port, folder) = (Port::keep(), gate.folder());
    let files = folder.display();
    let mut site = format!(
        "server {{ listen {} ssl; ssl_certificate {files}/home.pem; \
         ssl_certificate_key {files}/home.key; ssl_client_certificate {files}/ca.pem; \
         ssl_verify_client on; ssl_verify_depth {}; location / {{ return 200 in; }} ",
        port.address(),
        case.verify_depth
    );
    if case.crl.is_some() {
        write!(site, "ssl_crl {files}/ca.crl; ").unwrap();
    }
    nginx::write(&folder.join("nginx"), &(site + "}\n"));
    let _nginx = Nginx::start(&folder.join("nginx"), port.address()).await;
    caller.clone().to(port.address()).fetch("/").await.status
}

fn two_below(root: &Authority) -> (Authority, Authority) {
    let below = root.below("below", |_| ());
    let deep = below.below("deep", |_| ());
    (below, deep)
}

/// Seven CAs of one name and one issuer, which the family did not sign.
fn crafted() -> Leaf {
    let twin = Authority::tall("family");
    let mut leaf = twin.below("family", |_| ()).client("mallory");
    for number in 1_u64..8 {
        let same = twin.below("family", |params| {
            params.serial_number = Some(number.into());
        });
        leaf = leaf.through(&same);
    }
    leaf
}
