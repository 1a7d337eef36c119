use std::sync::Mutex;

use http::{Request, header::AUTHORIZATION};

use super::*;
use crate::acme::{dns::testing::FakeApi, problem::Class};

const NAME: &str = "_acme-challenge.home.example.com";

fn record(value: &str) -> Record {
    Record {
        fqdn: format!("{NAME}."),
        value: value.to_owned(),
        held: Held::Cloudflare { at: None },
    }
}

fn client(answer: impl Fn(&Request<Bytes>) -> (u16, String) + Send + Sync + 'static) -> Cloudflare {
    Cloudflare::new(Arc::new(FakeApi::new(answer)), "t0ken").unwrap()
}

fn good(result: &Value) -> (u16, String) {
    let body = json!({"success": true, "errors": [], "messages": [], "result": result,
        "result_info": {"page": 1, "per_page": 20, "count": 1, "total_count": 1}});
    (200, body.to_string())
}

fn bad(status: u16, errors: &Value) -> (u16, String) {
    let body = json!({"success": false, "errors": errors, "messages": [], "result": null});
    (status, body.to_string())
}

/// The zone `example.com` with its TXT records by identifier.
#[derive(Default)]
struct Zone(Mutex<Vec<(String, Value)>>);

impl Zone {
    fn answer(&self, request: &Request<Bytes>) -> (u16, String) {
        assert_eq!(request.headers()[AUTHORIZATION], "Bearer t0ken");
        let uri = request.uri();
        let path = uri.path().strip_prefix("/client/v4/zones").unwrap();
        let mut records = self.0.lock().unwrap();
        match (request.method().as_str(), path, uri.query()) {
            ("GET", "", Some("name=example.com")) => good(&json!([
                {"id": "z1", "name": "example.com", "status": "active", "type": "full"}])),
            ("GET", "", _) => good(&json!([])),
            ("GET", "/z1/dns_records", Some(query)) => {
                assert_eq!(query, format!("type=TXT&name={NAME}&per_page=100"));
                let all: Vec<_> = records.iter().map(|(_, record)| record.clone()).collect();
                good(&json!(all))
            }
            ("POST", "/z1/dns_records", None) => {
                let mut record: Value = serde_json::from_slice(request.body()).unwrap();
                assert_eq!(
                    (&record["type"], &record["name"]),
                    (&json!("TXT"), &json!(NAME))
                );
                assert_eq!(record["ttl"], 60);
                if records
                    .iter()
                    .any(|(_, old)| old["content"] == record["content"])
                {
                    return bad(
                        400,
                        &json!([{"code": 81058,
                        "message": "An identical record already exists."}]),
                    );
                }
                let id = format!("r{}", records.len());
                record["id"] = json!(id);
                records.push((id, record.clone()));
                good(&record)
            }
            ("DELETE", path, None) => {
                let id = path.strip_prefix("/z1/dns_records/").unwrap();
                let before = records.len();
                records.retain(|(old, _)| old != id);
                if records.len() == before {
                    return bad(
                        404,
                        &json!([{"code": 81044, "message": "Record does not exist."}]),
                    );
                }
                good(&json!({"id": id}))
            }
            other => panic!("{other:?}"),
        }
    }

    fn contents(&self) -> Vec<Value> {
        let records = self.0.lock().unwrap();
        let contents = records.iter().map(|(_, record)| record["content"].clone());
        contents.collect()
    }
}

fn zone() -> (Cloudflare, Arc<Zone>) {
    let zone = Arc::new(Zone::default());
    let served = Arc::clone(&zone);
    (client(move |request| served.answer(request)), zone)
}

#[tokio::test]
async fn values_of_one_name_are_created_and_deleted_alone() {
    let (client, zone) = zone();
    let one = client.present(&record("one")).await.unwrap();
    client.present(&record("two")).await.unwrap();
    assert_eq!(zone.contents(), [json!("\"one\""), json!("\"two\"")]);
    let Held::Cloudflare { at: Some(at) } = one else {
        panic!("{one:?}");
    };
    client.cleanup(&record("one"), Some(&at)).await.unwrap();
    assert_eq!(zone.contents(), [json!("\"two\"")]);
    client.cleanup(&record("one"), Some(&at)).await.unwrap();
}

#[tokio::test]
async fn a_record_without_an_identifier_is_found_by_its_value() {
    let (client, zone) = zone();
    client.present(&record("one")).await.unwrap();
    client.present(&record("two")).await.unwrap();
    client.cleanup(&record("two"), None).await.unwrap();
    assert_eq!(zone.contents(), [json!("\"one\"")]);
}

#[tokio::test]
async fn creating_an_existing_record_succeeds() {
    let (client, zone) = zone();
    client.present(&record("one")).await.unwrap();
    let again = client.present(&record("one")).await.unwrap();
    assert_eq!(again, Held::Cloudflare { at: None });
    assert_eq!(zone.contents().len(), 1);
}

/// Creates a record against a failing API, and returns the detail.
async fn failure(status: u16, body: &str) -> String {
    let body = body.to_owned();
    let client = client(move |_| (status, body.clone()));
    let problem = client.present(&record("one")).await.unwrap_err();
    assert_eq!(problem.class, Class::Provider);
    assert!(!problem.detail.contains("t0ken"), "{problem}");
    problem.detail
}

#[tokio::test]
async fn a_refused_token_is_reported() {
    let (status, body) = bad(
        403,
        &json!([{"code": 9109, "message": "Invalid access token"}]),
    );
    let detail = failure(status, &body).await;
    let expected = "the token is refused by api.cloudflare.com (Invalid access token (9109));";
    assert!(detail.starts_with(expected), "{detail}");
    let (status, body) = bad(
        400,
        &json!([{"code": 6003, "message": "Invalid request headers",
        "error_chain": [{"code": 6111, "message": "Invalid format for Authorization header"}]}]),
    );
    let detail = failure(status, &body).await;
    assert!(
        detail.contains("(6003): Invalid format for Authorization header (6111)"),
        "{detail}"
    );
}

#[tokio::test]
async fn the_error_for_a_missing_zone_names_it() {
    let (status, body) = good(&json!([]));
    let detail = failure(status, &body).await;
    assert!(
        detail.contains(&format!("no zone for {NAME} that the token may see")),
        "{detail}"
    );
}

#[tokio::test]
async fn a_response_without_json_is_reported() {
    let detail = failure(502, "<html>Bad gateway</html>").await;
    assert!(
        detail.contains("a temporary failure (502 Bad Gateway)"),
        "{detail}"
    );
}
