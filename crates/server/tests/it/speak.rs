//! Intake in the words of other makes: what their clients send is stored and shown to the rules, what
//! is wrong with it is told in their own shape, and nothing half is kept.

use std::io::Write;

use base64::Engine as _;
use reqwest::Method;
use serde_json::{Value, json};

use crate::harness::{Answer, As, World, answer, client, everywhere, spawn};
use crate::intake::sysmon;

const VSSADMIN: &str = "vssadmin.exe delete shadows /all /quiet";

fn fires(host: &str) -> String {
    sysmon("2026-11-24T03:00:00Z", host, VSSADMIN).trim().to_owned()
}

async fn send(who: &As, path: &str, body: impl Into<reqwest::Body>) -> Answer {
    answer(who.request(Method::POST, path).body(body)).await
}

/// The names of all deliveries, with how many events each holds.
pub async fn deliveries(world: &World) -> Vec<(String, i64, i64)> {
    let list = world.responder.get("/api/v1/deliveries").await.list();
    let mut told: Vec<_> = list
        .as_array()
        .unwrap()
        .iter()
        .map(|one| {
            let number = |name: &str| one[name].as_i64().unwrap();
            (one["name"].as_str().unwrap().to_owned(), number("events"), number("detections"))
        })
        .collect();
    told.sort();
    told
}

#[tokio::test]
async fn a_bulk_request_is_taken_item_by_item() {
    everywhere(async |world| {
        let body = format!(
            "{{\"create\":{{\"_index\":\"win-2026.11.24\"}}}}\n{}\n{{\"create\":{{}}}}\n{{\"half\n{{\"index\":{{}}}}\n{{\"a\":1}}\n",
            fires("dc01")
        );
        let told = send(&world.responder, "/elastic/logs/_bulk", body.clone()).await.expect(200);
        assert_eq!(told["errors"], true);
        let statuses: Vec<_> = [("create", 0), ("create", 1), ("index", 2)]
            .map(|(verb, place)| told["items"][place][verb]["status"].as_i64().unwrap())
            .to_vec();
        assert_eq!(statuses, [201, 400, 201]);
        let expected = [("elastic/logs".to_owned(), 1, 0), ("elastic/win".to_owned(), 1, 1)];
        assert_eq!(deliveries(&world).await, expected, "{}", world.store);
        // A client that heard no answer sends again: nothing is there twice.
        send(&world.responder, "/elastic/logs/_bulk", body).await.expect(200);
        assert_eq!(deliveries(&world).await, expected);
        let alerts = world.responder.get("/api/v1/alerts").await.list();
        assert!(!alerts.as_array().unwrap().is_empty());
    })
    .await;
}

#[tokio::test]
async fn a_collector_takes_all_or_nothing() {
    let world = spawn().await;
    let good = format!(r#"{{"event":{},"sourcetype":"win"}}{{"event":"words","host":"h"}}"#, fires("dc01"));
    let told = send(&world.responder, "/services/collector/event", good).await.expect(200);
    assert_eq!(told, json!({ "text": "Success", "code": 0 }));
    let half = r#"{"event":"one"}{"event":"#;
    let told = send(&world.responder, "/services/collector", half).await.expect(400);
    assert_eq!(told, json!({ "text": "Invalid data format", "code": 6, "invalid-event-number": 1 }));
    send(&world.responder, "/services/collector/raw?host=web01", "<34>Oct 11 22:14:15 m su: x\n")
        .await
        .expect(200);
    let names: Vec<_> = deliveries(&world).await.into_iter().map(|(name, ..)| name).collect();
    assert_eq!(names, ["splunk/default", "splunk/default", "splunk/win"]);
    // A key in an address would stand in every log on the way.
    let told = send(&world.responder, "/services/collector?token=abc", "{}").await.expect(400);
    assert_eq!(told["code"], 16);
    let health = client(None).get(format!("{}/services/collector/health", world.base));
    assert_eq!(answer(health).await.expect(200)["code"], 17);
}

#[tokio::test]
async fn otlp_in_json_is_taken() {
    let world = spawn().await;
    let record = json!({ "body": { "stringValue": fires("dc01") } });
    let body = json!({ "resourceLogs": [{
        "resource": { "attributes": [{ "key": "service.name", "value": { "stringValue": "shop" } }] },
        "scopeLogs": [{ "logRecords": [record] }],
    }] });
    assert_eq!(world.responder.post("/v1/logs", body).await.expect(200), json!({}));
    assert_eq!(deliveries(&world).await, [("otlp/shop".to_owned(), 1, 1)]);
    let told = world.responder.post("/v1/logs", json!({ "resourceLogs": 7 })).await.expect(400);
    assert_eq!(told["code"], 3);
    let other = world.responder.request(Method::POST, "/v1/logs").header("content-type", "text/plain");
    let response = other.body("x").send().await.unwrap();
    assert_eq!(response.status(), 400);
    assert_eq!(response.headers()["content-type"], "application/x-protobuf");
}

#[tokio::test]
async fn who_is_not_let_in_hears_it_in_their_own_shape() {
    let world = spawn().await;
    let basic =
        |user: &str, key: &str| base64::engine::general_purpose::STANDARD.encode(format!("{user}:{key}"));
    let post = |path: &str, authorization: Option<String>| {
        let mut request = client(None).post(format!("{}{path}", world.base)).body("{}");
        if let Some(value) = authorization {
            request = request.header("authorization", value);
        }
        answer(request)
    };
    let wrong = Some(format!("Basic {}", basic("elastic", "changeme")));
    let told = post("/elastic/_bulk", wrong.clone()).await.expect(401);
    assert_eq!(told["error"]["type"], "security_exception");
    assert_eq!(post("/services/collector", None).await.expect(401)["code"], 2);
    assert_eq!(post("/services/collector", Some("Splunk abc".into())).await.expect(403)["code"], 4);
    // The forms of others open nothing but their own addresses.
    let key = std::fs::read_to_string(world.app.data.join(server::identity::CLI_KEY_FILE)).unwrap();
    let good = format!("Basic {}", basic("anybody", &key));
    post("/api/v1/keys", Some(good.clone())).await.expect(401);
    assert_eq!(
        post("/elastic/_bulk", Some(good)).await.expect(400)["error"]["type"],
        "illegal_argument_exception"
    );
    let api_key = format!("ApiKey {}", basic("id", &key));
    let root = client(None).get(format!("{}/elastic", world.base)).header("authorization", api_key);
    let response = root.send().await.unwrap();
    assert_eq!(
        (response.status().as_u16(), &response.headers()["x-elastic-product"]),
        (200, &"Elasticsearch".parse().unwrap())
    );
    let observer = send(&world.observer, "/elastic/_bulk", "x").await.expect(403);
    assert_eq!(observer["status"], 403);
}

#[tokio::test]
async fn packed_bodies_are_taken_and_bombs_are_not() {
    let world = spawn().await;
    let pack = |content: &[u8]| {
        let mut packer = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        packer.write_all(content).unwrap();
        packer.finish().unwrap()
    };
    let sent = async |body: Vec<u8>| {
        let request = world.responder.request(Method::POST, "/elastic/logs/_bulk");
        answer(request.header("content-encoding", "gzip").body(body)).await
    };
    let good = format!("{{\"create\":{{}}}}\n{}\n", fires("dc01"));
    assert_eq!(sent(pack(good.as_bytes())).await.expect(200)["errors"], false);
    let bomb = pack(&vec![b'\n'; 64 << 20]);
    assert_eq!(sent(bomb).await.expect(413)["error"]["type"], Value::from("content_too_long_exception"));
    sent(b"no gzip".to_vec()).await.expect(400);
    assert_eq!(deliveries(&world).await.len(), 1);
}

#[tokio::test]
async fn an_alert_in_thehives_shape_is_an_alert_once() {
    everywhere(async |world| {
        let alert = json!({
            "type": "external", "source": "siem", "sourceRef": "a1", "title": "LSASS read", "description": "D",
            "severity": 3, "tags": ["T1003.001"], "observables": [{ "dataType": "hostname", "data": "WS01" }],
        });
        let made = world.responder.post("/thehive/api/v1/alert", alert.clone()).await.expect(201);
        assert_eq!((made["_type"].as_str(), made["sourceRef"].as_str()), (Some("Alert"), Some("a1")));
        let path = format!("/thehive/api/v1/alert/{}", made["_id"].as_str().unwrap());
        assert_eq!(world.responder.get(&path).await.expect(200)["title"], "LSASS read");
        let alerts = world.responder.get("/api/v1/alerts").await.list();
        assert_eq!(alerts.as_array().unwrap().len(), 1, "{}", world.store);
        assert_eq!((&alerts[0]["severity"], &alerts[0]["techniques"]), (&json!("high"), &json!(["T1003.001"])));
        assert_eq!(alerts[0]["entity"]["name"], "ws01");
        let status = async || world.responder.get(&path).await.expect(200)["status"].clone();
        assert_eq!(status().await, "New");
        world.responder.post("/api/v1/alerts/ALR-1/acknowledge", json!({})).await.expect(200);
        assert_eq!(status().await, "InProgress");
        let incident = json!({
            "title": "LSASS", "type": "malware", "functional": "low", "information": "none",
            "recoverability": "regular", "alerts": ["ALR-1"],
        });
        world.responder.post("/api/v1/incidents", incident).await.expect(201);
        assert_eq!(status().await, "Imported");
        // What was sent is an event behind it.
        let alert_path = format!("/api/v1/alerts/{}/matches", alerts[0]["id"].as_str().unwrap());
        let matches = world.responder.get(&alert_path).await.list();
        let event = matches[0]["event"].as_str().unwrap();
        let (_, raw) = world.responder.bytes(&format!("/api/v1/events/{event}/raw")).await;
        assert_eq!(serde_json::from_slice::<Value>(&raw).unwrap(), alert);
        // The same type, source and sourceRef: refused as TheHive refuses it, in either version.
        for path in ["/thehive/api/v1/alert", "/thehive/api/alert", "/api/alert"] {
            let mut again = alert.clone();
            again["title"] = json!("Another");
            let told = world.responder.post(path, again).await.expect(400);
            assert_eq!(told["type"], "CreateError");
        }
        let told = world.responder.post("/thehive/api/v1/alert", json!({ "type": "x" })).await.expect(400);
        assert_eq!(told["type"], "BadRequest");
        assert_eq!(world.observer.post("/api/alert", alert).await.expect(403)["type"], "AuthorizationError");
        assert_eq!(deliveries(&world).await, [("thehive/siem".to_owned(), 1, 0)]);
    })
    .await;
}

#[tokio::test]
async fn an_alert_in_iriss_shape_is_an_alert() {
    let world = spawn().await;
    assert_eq!(world.responder.get("/iris/api/ping").await.expect(200)["message"], "pong");
    let alert = json!({
        "alert_title": "Beacon", "alert_severity_id": 6, "alert_status_id": 2, "alert_customer_id": 1,
        "alert_source": "ndr", "alert_source_ref": "b1", "alert_assets": [{ "asset_name": "WS02" }],
    });
    let made = world.responder.post("/iris/alerts/add", alert.clone()).await.expect(200);
    assert_eq!(made["status"], "success");
    let id = made["data"]["alert_id"].as_i64().unwrap();
    let again = world.responder.post("/iris/alerts/add", alert).await.expect(200);
    assert_eq!(again["data"]["alert_id"], id);
    let shown = world.responder.get(&format!("/iris/alerts/{id}")).await.expect(200);
    assert_eq!(shown["data"]["alert_title"], "Beacon");
    assert_eq!(world.responder.post("/iris/alerts/add", json!({})).await.expect(400)["status"], "error");
    assert_eq!(world.responder.get("/iris/alerts/999").await.expect(404)["status"], "error");
    let alerts = world.responder.get("/api/v1/alerts").await.list();
    assert_eq!((alerts.as_array().unwrap().len(), &alerts[0]["severity"]), (1, &json!("critical")));
}
