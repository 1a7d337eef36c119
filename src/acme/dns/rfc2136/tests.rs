use std::sync::{Arc, Mutex, PoisonError};

use hickory_proto::rr::{
    TSigResponseContext,
    rdata::{TSIG, tsig::make_tsig_record},
};

use super::*;
use crate::acme::{
    dns::{
        Held,
        testing::{FakeServer, answer, name, soa},
    },
    problem::Class,
};

const FQDN: &str = "_acme-challenge.home.example.test.";

fn key(algorithm: Algorithm, secret: &str) -> Key {
    Key {
        name: "hubgate".to_owned(),
        algorithm,
        secret: STANDARD.encode(secret),
    }
}

fn client(server: &FakeServer, algorithm: Algorithm, secret: &str) -> Rfc2136 {
    Rfc2136::new(server.address().to_string(), &key(algorithm, secret)).unwrap()
}

fn record(value: &str) -> Record {
    Record {
        fqdn: FQDN.to_owned(),
        value: value.to_owned(),
        held: Held::Rfc2136,
    }
}

fn signer(algorithm: Algorithm, secret: &str) -> TSigner {
    let name = name("hubgate.");
    TSigner::new(secret.into(), algorithm.into(), name, FUDGE).unwrap()
}

/// Signs the response to a query that is signed with the same key.
fn signed(signer: &TSigner, query: &[u8], mut answer: Message) -> Option<Message> {
    let (mac, time, _) = signer.verify_message_byte(query, None, true).ok()?;
    let context = TSigResponseContext::new(answer.id, time, signer.clone(), mac, None);
    let signature = context.sign(&answer.to_vec().unwrap()).unwrap();
    answer.set_signature(signature);
    Some(answer)
}

/// Makes an unsigned refusal with an error of TSIG.
fn tsig_error(query: &Message, error: TsigError, other: Vec<u8>) -> Message {
    let mut answer = answer(query, vec![]);
    answer.metadata.response_code = ResponseCode::NotAuth;
    let algorithm = TsigAlgorithm::HmacSha256;
    let data = TSIG::new(algorithm, 0, FUDGE, vec![], query.id, Some(error), other);
    answer.set_signature(Box::new(make_tsig_record(name("hubgate."), data)));
    answer
}

type Updates = Arc<Mutex<Vec<DnsRecord>>>;

/// Starts a primary server of `example.test.` that records its updates.
async fn primary(signer: TSigner) -> (FakeServer, Updates) {
    let updates = Updates::default();
    let record = Arc::clone(&updates);
    let server = FakeServer::start_raw(move |bytes, _| {
        let query = Message::from_vec(bytes).unwrap();
        let mut answer = answer(&query, vec![]);
        if query.op_code == OpCode::Query {
            answer.metadata.response_code = ResponseCode::NXDomain;
            answer.add_authority(soa("example.test."));
        }
        let Some(answer) = signed(&signer, bytes, answer) else {
            let refusal = tsig_error(&query, TsigError::BadSig, vec![]);
            return Some(refusal.to_vec().unwrap());
        };
        let mut record = record.lock().unwrap_or_else(PoisonError::into_inner);
        if query.op_code == OpCode::Update {
            assert_eq!(query.queries[0].name(), &name("example.test."));
            record.extend(query.authorities);
        }
        Some(answer.to_vec().unwrap())
    })
    .await;
    (server, updates)
}

#[tokio::test]
async fn one_value_is_added_and_deleted_with_each_algorithm() {
    for algorithm in [
        Algorithm::HmacSha256,
        Algorithm::HmacSha384,
        Algorithm::HmacSha512,
    ] {
        let (server, updates) = primary(signer(algorithm, "secret")).await;
        let client = client(&server, algorithm, "secret");
        client.present(&record("abc")).await.unwrap();
        client.cleanup(&record("abc")).await.unwrap();
        let updates = updates.lock().unwrap();
        let expected = RData::TXT(TXT::new(vec!["abc".to_owned()]));
        let received: Vec<_> = updates
            .iter()
            .map(|update| (update.dns_class, update.ttl, &update.data))
            .collect();
        assert_eq!(
            received,
            [
                (DNSClass::IN, 60, &expected),
                (DNSClass::NONE, 0, &expected)
            ]
        );
        assert!(updates.iter().all(|update| update.name == name(FQDN)));
    }
}

#[tokio::test]
async fn another_secret_is_reported() {
    let (server, updates) = primary(signer(Algorithm::HmacSha256, "secret")).await;
    let client = client(&server, Algorithm::HmacSha256, "guess");
    let problem = client.present(&record("abc")).await.unwrap_err();
    assert_eq!(problem.class, Class::Provider);
    assert!(
        problem
            .detail
            .contains("another secret for the TSIG key hubgate."),
        "{problem}"
    );
    assert!(updates.lock().unwrap().is_empty());
}

#[tokio::test]
async fn a_successful_response_without_a_signature_is_refused() {
    let server = FakeServer::start(|query, _| Some(answer(query, vec![soa("example.test.")])));
    let server = server.await;
    let client = client(&server, Algorithm::HmacSha256, "secret");
    let problem = client.present(&record("abc")).await.unwrap_err();
    assert!(
        problem
            .detail
            .contains("signature of its response is invalid"),
        "{problem}"
    );
}

#[tokio::test]
async fn a_response_signed_with_another_secret_is_refused() {
    let (right, wrong) = ("secret", "other");
    let server = FakeServer::start_raw(move |bytes, _| {
        let query = Message::from_vec(bytes).unwrap();
        let known = signer(Algorithm::HmacSha256, right);
        let (mac, time, _) = known.verify_message_byte(bytes, None, true).unwrap();
        let forger = signer(Algorithm::HmacSha256, wrong);
        let mut answer = answer(&query, vec![soa("example.test.")]);
        let context = TSigResponseContext::new(query.id, time, forger, mac, None);
        let signature = context.sign(&answer.to_vec().unwrap()).unwrap();
        answer.set_signature(signature);
        Some(answer.to_vec().unwrap())
    });
    let server = server.await;
    let client = client(&server, Algorithm::HmacSha256, right);
    let problem = client.present(&record("abc")).await.unwrap_err();
    assert!(
        problem
            .detail
            .contains("signature of its response is invalid"),
        "{problem}"
    );
}

#[tokio::test]
async fn refusals_have_cause_and_cure() {
    let detail = async |code: ResponseCode| {
        let server = FakeServer::start(move |query, _| {
            let mut answer = answer(query, vec![]);
            answer.metadata.response_code = code;
            Some(answer)
        })
        .await;
        let client = client(&server, Algorithm::HmacSha256, "secret");
        client.present(&record("abc")).await.unwrap_err().detail
    };
    assert!(
        detail(ResponseCode::Refused)
            .await
            .contains("let the TSIG key hubgate. update")
    );
    assert!(
        detail(ResponseCode::NotAuth)
            .await
            .contains("configure the zone's primary server")
    );
    assert!(
        detail(ResponseCode::NotZone)
            .await
            .contains("is outside the zone")
    );
    assert!(detail(ResponseCode::ServFail).await.contains("see its log"));
    assert!(detail(ResponseCode::NotImp).await.contains("answers: "));
}

#[tokio::test]
async fn errors_of_tsig_have_cause_and_cure() {
    let detail = async |error: TsigError, other: Vec<u8>| {
        let respond = move |query: &Message, _| Some(tsig_error(query, error, other.clone()));
        let server = FakeServer::start(respond).await;
        let client = client(&server, Algorithm::HmacSha256, "secret");
        client.present(&record("abc")).await.unwrap_err().detail
    };
    let unknown = detail(TsigError::BadKey, vec![]).await;
    assert!(
        unknown.contains("does not know the TSIG key hubgate. with hmac-sha256"),
        "{unknown}"
    );
    let epoch = detail(TsigError::BadTime, vec![0; 6]).await;
    assert!(epoch.contains("differ by 1"), "{epoch}");
    let vague = detail(TsigError::BadTime, vec![]).await;
    assert!(vague.contains("differ; synchronize both"), "{vague}");
}

#[test]
fn the_error_for_a_malformed_secret_omits_it() {
    let mut wrong = key(Algorithm::HmacSha256, "secret");
    wrong.secret = "not base64!".to_owned();
    let fault = Rfc2136::new("127.0.0.1:53", &wrong).err().unwrap();
    assert!(fault.to_string().contains("is not Base64"), "{fault}");
    assert!(!fault.to_string().contains(&wrong.secret), "{fault}");
}
