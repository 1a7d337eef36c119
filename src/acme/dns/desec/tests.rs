use std::sync::{
    Mutex,
    atomic::{AtomicUsize, Ordering},
};

use http::{
    Request,
    header::{AUTHORIZATION, RETRY_AFTER},
};

use super::*;
use crate::acme::{
    dns::{Held, testing::FakeApi},
    problem::Class,
};

fn record(value: &str) -> Record {
    Record {
        fqdn: "_acme-challenge.home.Example.dedyn.io.".to_owned(),
        value: value.to_owned(),
        held: Held::Desec,
    }
}

fn client(answer: impl Fn(&Request<Bytes>) -> (u16, String) + Send + Sync + 'static) -> Desec {
    Desec::new(Arc::new(FakeApi::new(answer)), "t0ken").unwrap()
}

/// The domain `example.dedyn.io` with the TXT records of one name.
#[derive(Default)]
struct Zone(Mutex<Option<Value>>);

impl Zone {
    fn answer(&self, request: &Request<Bytes>) -> (u16, String) {
        assert_eq!(request.headers()[AUTHORIZATION], "Token t0ken");
        let uri = request.uri();
        let path = uri.path().strip_prefix("/api/v1/domains/").unwrap();
        let mut set = self.0.lock().unwrap();
        match (request.method().as_str(), path) {
            ("GET", "") => {
                let query = "owns_qname=_acme-challenge.home.example.dedyn.io";
                assert_eq!(uri.query(), Some(query));
                let domain = json!({"created": "2019-09-18T16:32:16.510368Z",
                    "published": "2019-09-18T17:21:38.348112Z", "name": "example.dedyn.io",
                    "minimum_ttl": 3600, "touched": "2019-09-18T17:21:38.348112Z"});
                (200, json!([domain]).to_string())
            }
            ("GET", "example.dedyn.io/rrsets/_acme-challenge.home/TXT/") => match &*set {
                Some(set) => (200, set.to_string()),
                None => (404, json!({"detail": "Not found."}).to_string()),
            },
            ("PUT", "example.dedyn.io/rrsets/") => {
                let written: Value = serde_json::from_slice(request.body()).unwrap();
                let written = written[0].clone();
                assert_eq!(written["subname"], "_acme-challenge.home");
                assert_eq!(
                    (&written["type"], &written["ttl"]),
                    (&json!("TXT"), &json!(3600))
                );
                let answer = json!([written]).to_string();
                *set = Some(written).filter(|set| set["records"] != json!([]));
                (200, answer)
            }
            other => panic!("{other:?}"),
        }
    }

    fn records(&self) -> Value {
        let set = self.0.lock().unwrap();
        set.as_ref()
            .map_or(Value::Null, |set| set["records"].clone())
    }
}

fn zone() -> (Desec, Arc<Zone>) {
    let zone = Arc::new(Zone::default());
    let served = Arc::clone(&zone);
    (client(move |request| served.answer(request)), zone)
}

#[tokio::test]
async fn values_of_one_name_are_added_and_deleted_alone() {
    let (client, zone) = zone();
    let (one, two) = (record("one"), record("two"));
    let (one_done, two_done) = tokio::join!(client.present(&one), client.present(&two));
    one_done.and(two_done).unwrap();
    assert_eq!(zone.records(), json!(["\"one\"", "\"two\""]));
    client.present(&record("two")).await.unwrap();
    assert_eq!(zone.records(), json!(["\"one\"", "\"two\""]));
    client.cleanup(&record("one")).await.unwrap();
    assert_eq!(zone.records(), json!(["\"two\""]));
    client.cleanup(&record("one")).await.unwrap();
    client.cleanup(&record("two")).await.unwrap();
    assert_eq!(zone.records(), Value::Null);
}

#[tokio::test]
async fn a_throttled_request_is_repeated() {
    let zone = Zone::default();
    let requests = AtomicUsize::new(0);
    let client = client(move |request| {
        if requests.fetch_add(1, Ordering::Relaxed).is_multiple_of(2) {
            return (429, json!({"detail": "Request was throttled."}).to_string());
        }
        zone.answer(request)
    });
    client.present(&record("one")).await.unwrap();
}

async fn problem(status: u16, body: Value) -> Problem {
    let client = client(move |_| (status, body.to_string()));
    let problem = client.present(&record("one")).await.unwrap_err();
    assert_eq!(problem.class, Class::Provider);
    problem
}

#[tokio::test]
async fn persistent_throttling_is_reported_with_the_next_moment() {
    let problem = problem(429, json!({"detail": "Request was throttled."})).await;
    assert_eq!(
        problem.detail,
        "desec.io limits the rate of requests: Request was throttled."
    );
    assert!(problem.retry_after.is_some());
}

#[test]
fn a_long_wait_exceeds_the_limit() {
    let answer = |status: u16| {
        Response::builder()
            .status(status)
            .header(RETRY_AFTER, "3000")
    };
    let throttled = answer(429).body(Bytes::new()).unwrap();
    assert!(throttle_wait(&throttled).unwrap() > LONGEST_WAIT);
    assert_eq!(
        throttle_wait(&answer(503).body(Bytes::new()).unwrap()),
        None
    );
}

#[tokio::test]
async fn a_refused_token_and_a_missing_domain_are_reported() {
    let refused = problem(401, json!({"detail": "Invalid token."})).await;
    let expected = "the token is refused by desec.io (Invalid token.);";
    assert!(refused.detail.starts_with(expected), "{refused}");
    let missing = problem(200, json!([])).await;
    let expected = "no domain of the deSEC account has _acme-challenge.home.example.dedyn.io";
    assert!(missing.detail.starts_with(expected), "{missing}");
}
