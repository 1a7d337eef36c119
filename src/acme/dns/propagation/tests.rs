use std::sync::{
    Arc, Mutex,
    atomic::{AtomicBool, AtomicUsize, Ordering},
};

use hickory_proto::rr::Record as DnsRecord;

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
    blind: Duration::from_millis(50),
    patience: Duration::from_millis(200),
};

fn record() -> Record {
    Record {
        fqdn: FQDN.to_owned(),
        value: "abc".to_owned(),
        held: Held::Exec,
    }
}

/// What a resolver says of the zones `example.test` and `other.test`, each with one name server.
fn known(question: &Message) -> Message {
    let asked = question.queries[0].name().to_ascii();
    let zone = ["example.test.", "other.test."]
        .into_iter()
        .find(|zone| asked.ends_with(zone));
    let answers = match (question.queries[0].query_type(), zone) {
        (RecordType::SOA, Some(zone)) => vec![soa(zone)],
        (RecordType::NS, Some(zone)) => vec![ns(zone, "ns.test.")],
        (RecordType::A, None) if asked == "ns.test." => vec![a("ns.test.")],
        _ => vec![],
    };
    let mut answer = answer(question, answers);
    answer.metadata.authoritative = false;
    answer
}

/// A resolver that tells what it was asked.
async fn resolver() -> (FakeServer, Arc<Mutex<Vec<String>>>) {
    let asked = Arc::new(Mutex::new(Vec::new()));
    let kept = Arc::clone(&asked);
    let server = FakeServer::start(move |question, _| {
        let name = question.queries[0].name().to_ascii();
        kept.lock().unwrap().push(name);
        Some(known(question))
    });
    (server.await, asked)
}

fn propagation(resolver: &FakeServer, port: u16) -> Propagation {
    let resolver = Resolver::new(vec![resolver.address()]).patient(QUICK.patience);
    Propagation::new(resolver, port, QUICK)
}

/// The zone's name server, which answers with the records of the asked name and type.
async fn authority(records: Vec<DnsRecord>) -> FakeServer {
    FakeServer::start(move |question, _| {
        let query = &question.queries[0];
        let mut found = records.clone();
        found.retain(|record| {
            record.name == *query.name() && record.record_type() == query.query_type()
        });
        Some(answer(question, found))
    })
    .await
}

#[tokio::test]
async fn record_is_served_once_the_name_server_has_it() {
    let looks = AtomicUsize::new(0);
    let authority = FakeServer::start(move |question, _| {
        let is_txt = question.queries[0].query_type() == RecordType::TXT;
        let has = is_txt && looks.fetch_add(1, Ordering::Relaxed) > 2;
        let other = txt(FQDN, "another");
        Some(answer(
            question,
            if has {
                vec![other, txt(FQDN, "abc")]
            } else {
                vec![other]
            },
        ))
    })
    .await;
    let (resolver, asked) = resolver().await;
    let propagation = propagation(&resolver, authority.address().port());
    assert_eq!(propagation.wait(&record()).await.unwrap(), Outcome::Served);
    let asked = asked.lock().unwrap();
    assert!(
        !asked.contains(&FQDN.to_owned()),
        "a resolver might remember: {asked:?}"
    );
}

#[tokio::test]
async fn record_that_never_comes_is_told_with_the_server() {
    let authority = authority(vec![txt(FQDN, "another")]).await;
    let (resolver, _) = resolver().await;
    let propagation = propagation(&resolver, authority.address().port());
    let problem = propagation.wait(&record()).await.unwrap_err();
    assert_eq!(problem.class, Class::Provider);
    let expected = format!("the name server {} does not serve", authority.address());
    assert!(problem.detail.starts_with(&expected), "{problem}");
}

#[tokio::test]
async fn check_that_cannot_run_is_no_failure() {
    let silent = FakeServer::start(|_, _| None).await;
    let port = silent.address().port();
    drop(silent);
    let (resolver, _) = resolver().await;
    let outcome = propagation(&resolver, port).wait(&record()).await.unwrap();
    assert!(
        matches!(&outcome, Outcome::Unchecked(why) if why.contains("port 53")),
        "{outcome:?}"
    );

    let none = Propagation::new(Resolver::new(vec![]), port, QUICK);
    let outcome = none.wait(&record()).await.unwrap();
    assert!(
        matches!(&outcome, Outcome::Unchecked(why) if why.contains("resolver")),
        "{outcome:?}"
    );
}

#[tokio::test]
async fn answer_of_somebody_in_between_proves_nothing() {
    let between = FakeServer::start(|question, _| {
        let mut answer = answer(question, vec![txt(FQDN, "abc")]);
        answer.metadata.authoritative = false;
        Some(answer)
    })
    .await;
    let (resolver, _) = resolver().await;
    let propagation = propagation(&resolver, between.address().port());
    let outcome = propagation.wait(&record()).await.unwrap();
    assert!(matches!(outcome, Outcome::Unchecked(_)), "{outcome:?}");
}

#[tokio::test]
async fn aliases_are_followed_to_their_end() {
    let records = vec![
        cname(FQDN, "a.other.test."),
        cname("a.other.test.", "b.other.test."),
    ];
    let authority = authority(records).await;
    let (resolver, asked) = resolver().await;
    let propagation = propagation(&resolver, authority.address().port());
    assert_eq!(propagation.target(FQDN).await.unwrap(), "b.other.test.");
    let asked = asked.lock().unwrap();
    assert!(
        !asked.contains(&FQDN.to_owned()),
        "a resolver might remember: {asked:?}"
    );
}

#[tokio::test]
async fn name_without_alias_is_its_own_target() {
    let authority = authority(vec![]).await;
    let (resolver, _) = resolver().await;
    let propagation = propagation(&resolver, authority.address().port());
    let target = propagation
        .target("_acme-challenge.Home.example.test.")
        .await;
    assert_eq!(target.unwrap(), FQDN);
}

#[tokio::test]
async fn circle_of_aliases_is_told() {
    let authority = authority(vec![cname(FQDN, FQDN)]).await;
    let (resolver, _) = resolver().await;
    let propagation = propagation(&resolver, authority.address().port());
    let problem = propagation.target(FQDN).await.unwrap_err();
    assert!(problem.detail.contains("more than 8 steps"), "{problem}");
}

#[tokio::test]
async fn resolver_knows_the_alias_where_port_53_is_closed() {
    let resolver = FakeServer::start(|question, _| {
        let query = &question.queries[0];
        if *query.name() == name(FQDN) {
            return Some(answer(question, vec![cname(FQDN, "a.other.test.")]));
        }
        Some(known(question))
    })
    .await;
    let closed = authority(vec![]).await;
    let port = closed.address().port();
    drop(closed);
    let propagation = propagation(&resolver, port);
    assert_eq!(propagation.target(FQDN).await.unwrap(), "a.other.test.");
}

#[tokio::test]
async fn zone_of_the_challenge_alone_is_asked_where_it_is() {
    // One server for the parent, which only refers, and for the child, which answers.
    let referred = AtomicBool::new(false);
    let server = FakeServer::start(move |question, _| {
        if question.queries[0].query_type() == RecordType::SOA {
            referred.store(true, Ordering::Relaxed);
            let mut referral = answer(question, vec![]);
            referral.metadata.authoritative = false;
            referral.add_authority(ns(FQDN, "ns.test."));
            return Some(referral);
        }
        let has = referred.load(Ordering::Relaxed);
        Some(answer(
            question,
            has.then(|| txt(FQDN, "abc")).into_iter().collect(),
        ))
    })
    .await;
    let (resolver, _) = resolver().await;
    let propagation = propagation(&resolver, server.address().port());
    assert_eq!(propagation.wait(&record()).await.unwrap(), Outcome::Served);
}
