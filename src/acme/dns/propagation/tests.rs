use std::sync::{
    Arc, Mutex,
    atomic::{AtomicBool, AtomicUsize, Ordering},
};

use hickory_proto::{op::Message, rr::Record as DnsRecord};

use super::*;
use crate::acme::{
    dns::{
        Held,
        testing::{FakeServer, a, answer, cname, name, ns, soa, txt},
    },
    problem::Class,
};

const FQDN: &str = "_acme-challenge.home.example.test.";

const QUICK: Pace = Pace {
    first: Duration::from_millis(10),
    longest: Duration::from_millis(20),
    limit: Duration::from_secs(1),
    unchecked: Duration::from_millis(50),
    attempt_limit: Duration::from_millis(200),
};

fn record() -> Record {
    Record {
        fqdn: FQDN.to_owned(),
        value: "abc".to_owned(),
        held: Held::Exec,
    }
}

/// Makes the response of a resolver that knows the zones `example.test` and `other.test`, each with
/// one name server.
fn resolved(message: &Message) -> Message {
    let queried = message.queries[0].name().to_ascii();
    let zone = ["example.test.", "other.test."]
        .into_iter()
        .find(|zone| queried.ends_with(zone));
    let answers = match (message.queries[0].query_type(), zone) {
        (RecordType::SOA, Some(zone)) => vec![soa(zone)],
        (RecordType::NS, Some(zone)) => vec![ns(zone, "ns.test.")],
        (RecordType::A, None) if queried == "ns.test." => vec![a("ns.test.")],
        _ => vec![],
    };
    let mut answer = answer(message, answers);
    answer.metadata.authoritative = false;
    answer
}

/// Starts a resolver, and returns it with the names of its queries.
async fn resolver() -> (FakeServer, Arc<Mutex<Vec<String>>>) {
    let queried = Arc::new(Mutex::new(Vec::new()));
    let record = Arc::clone(&queried);
    let server = FakeServer::start(move |message, _| {
        let name = message.queries[0].name().to_ascii();
        record.lock().unwrap().push(name);
        Some(resolved(message))
    });
    (server.await, queried)
}

fn propagation(resolver: &FakeServer, port: u16) -> Propagation {
    let resolver = Resolver::new(vec![resolver.address()]).with_attempt_limit(QUICK.attempt_limit);
    Propagation::new(resolver, port, QUICK)
}

/// Starts a name server of the zone, which serves these records.
async fn name_server(records: Vec<DnsRecord>) -> FakeServer {
    FakeServer::start(move |message, _| {
        let query = &message.queries[0];
        let mut found = records.clone();
        found.retain(|record| {
            record.name == *query.name() && record.record_type() == query.query_type()
        });
        Some(answer(message, found))
    })
    .await
}

#[tokio::test]
async fn the_wait_ends_when_the_name_server_serves_the_record() {
    let queries = AtomicUsize::new(0);
    let server = FakeServer::start(move |message, _| {
        let is_txt = message.queries[0].query_type() == RecordType::TXT;
        let has = is_txt && queries.fetch_add(1, Ordering::Relaxed) > 2;
        let other = txt(FQDN, "another");
        Some(answer(
            message,
            if has {
                vec![other, txt(FQDN, "abc")]
            } else {
                vec![other]
            },
        ))
    })
    .await;
    let (resolver, queried) = resolver().await;
    let propagation = propagation(&resolver, server.address().port());
    assert_eq!(propagation.wait(&record()).await.unwrap(), Outcome::Served);
    let queried = queried.lock().unwrap();
    assert!(
        !queried.contains(&FQDN.to_owned()),
        "the resolver could cache the name: {queried:?}"
    );
}

#[tokio::test]
async fn the_error_for_a_missing_record_names_the_server() {
    let server = name_server(vec![txt(FQDN, "another")]).await;
    let (resolver, _) = resolver().await;
    let propagation = propagation(&resolver, server.address().port());
    let problem = propagation.wait(&record()).await.unwrap_err();
    assert_eq!(problem.class, Class::Provider);
    let expected = format!("the name server {} does not serve", server.address());
    assert!(problem.detail.starts_with(&expected), "{problem}");
}

#[tokio::test]
async fn an_impossible_check_is_no_failure() {
    let silent = FakeServer::start(|_, _| None).await;
    let port = silent.address().port();
    drop(silent);
    let (resolver, _) = resolver().await;
    let outcome = propagation(&resolver, port).wait(&record()).await.unwrap();
    assert!(
        matches!(&outcome, Outcome::Unchecked(reason) if reason.contains("port 53")),
        "{outcome:?}"
    );

    let unresolved = Propagation::new(Resolver::new(vec![]), port, QUICK);
    let outcome = unresolved.wait(&record()).await.unwrap();
    assert!(
        matches!(&outcome, Outcome::Unchecked(reason) if reason.contains("resolver")),
        "{outcome:?}"
    );
}

#[tokio::test]
async fn a_response_without_authority_proves_nothing() {
    let interceptor = FakeServer::start(|message, _| {
        let mut answer = answer(message, vec![txt(FQDN, "abc")]);
        answer.metadata.authoritative = false;
        Some(answer)
    })
    .await;
    let (resolver, _) = resolver().await;
    let propagation = propagation(&resolver, interceptor.address().port());
    let outcome = propagation.wait(&record()).await.unwrap();
    assert!(matches!(outcome, Outcome::Unchecked(_)), "{outcome:?}");
}

#[tokio::test]
async fn cnames_are_followed_to_their_end() {
    let records = vec![
        cname(FQDN, "a.other.test."),
        cname("a.other.test.", "b.other.test."),
    ];
    let server = name_server(records).await;
    let (resolver, queried) = resolver().await;
    let propagation = propagation(&resolver, server.address().port());
    assert_eq!(propagation.target(FQDN).await.unwrap(), "b.other.test.");
    let queried = queried.lock().unwrap();
    assert!(
        !queried.contains(&FQDN.to_owned()),
        "the resolver could cache the name: {queried:?}"
    );
}

#[tokio::test]
async fn a_name_without_a_cname_is_its_own_target() {
    let server = name_server(vec![]).await;
    let (resolver, _) = resolver().await;
    let propagation = propagation(&resolver, server.address().port());
    let target = propagation
        .target("_acme-challenge.Home.example.test.")
        .await;
    assert_eq!(target.unwrap(), FQDN);
}

#[tokio::test]
async fn a_loop_of_cnames_is_an_error() {
    let server = name_server(vec![cname(FQDN, FQDN)]).await;
    let (resolver, _) = resolver().await;
    let propagation = propagation(&resolver, server.address().port());
    let problem = propagation.target(FQDN).await.unwrap_err();
    assert!(problem.detail.contains("more than 8 steps"), "{problem}");
}

#[tokio::test]
async fn the_resolver_finds_the_cname_if_port_53_is_blocked() {
    let resolver = FakeServer::start(|message, _| {
        let query = &message.queries[0];
        if *query.name() == name(FQDN) {
            return Some(answer(message, vec![cname(FQDN, "a.other.test.")]));
        }
        Some(resolved(message))
    })
    .await;
    let closed = name_server(vec![]).await;
    let port = closed.address().port();
    drop(closed);
    let propagation = propagation(&resolver, port);
    assert_eq!(propagation.target(FQDN).await.unwrap(), "a.other.test.");
}

#[tokio::test]
async fn a_delegated_challenge_name_is_queried_at_its_own_servers() {
    // One server hosts the parent zone, which only refers, and the child zone.
    let referred = AtomicBool::new(false);
    let server = FakeServer::start(move |message, _| {
        if message.queries[0].query_type() == RecordType::SOA {
            referred.store(true, Ordering::Relaxed);
            let mut referral = answer(message, vec![]);
            referral.metadata.authoritative = false;
            referral.add_authority(ns(FQDN, "ns.test."));
            return Some(referral);
        }
        let has = referred.load(Ordering::Relaxed);
        Some(answer(
            message,
            has.then(|| txt(FQDN, "abc")).into_iter().collect(),
        ))
    })
    .await;
    let (resolver, _) = resolver().await;
    let propagation = propagation(&resolver, server.address().port());
    assert_eq!(propagation.wait(&record()).await.unwrap(), Outcome::Served);
}
