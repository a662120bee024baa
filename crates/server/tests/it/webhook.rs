//! The generic webhook: what a product sends is read by a mapping that people write, try and mend.

use reqwest::Method;
use serde_json::{Value, json};

use crate::harness::{Answer, As, World, answer, everywhere, spawn};

const BODY: &str = r#"{"sent":1,"data":{"alerts":[
  {"id":"a-1","when":"2026-03-01T10:00:00Z","what":"Ransom note dropped","grade":1,"on":{"name":"WS-7"},"cmd":"vssadmin.exe delete shadows /all","image":"C:\\Windows\\System32\\vssadmin.exe"},
  {"id":"a-2","when":"2026-03-01T10:05:00Z","what":"Login from far away","grade":3,"on":{"name":"WS-8"}}
]}}"#;

const MAPPING: &str = r#"title: Own sensor
records: data.alerts
recognise: [{has: [id, what]}]
time: when
host: on.name
product: windows
category: process_creation
fields:
  Image: image
  CommandLine: cmd
alert:
  title: what
  severity: {from: grade, then: [{words: {"1": critical, "2": high, "3": medium}}]}
  host: on.name
  id: id
  techniques: {value: T1486}
"#;

async fn send(of: &As, name: &str, body: &str) -> Answer {
    let path = format!("/api/v1/webhooks/{name}");
    answer(of.request(Method::POST, &path).header("content-type", "application/json").body(body.to_owned()))
        .await
}

async fn put(of: &As, id: &str, text: &str) -> Answer {
    let path = format!("/api/v1/sources/{id}/mapping");
    answer(of.request(Method::PUT, &path).json(&json!({ "text": text }))).await
}

async fn try_out(of: &As, id: &str, text: &str, body: &str) -> Answer {
    of.post(&format!("/api/v1/sources/{id}/mapping/try"), json!({ "text": text, "body": body })).await
}

async fn alerts(world: &World) -> Vec<Value> {
    world.observer.get("/api/v1/alerts").await.list().as_array().unwrap().clone()
}

#[tokio::test]
async fn records_become_events_and_alerts_by_a_mapping_that_people_write() {
    everywhere(|world| async move {
        // What comes before there is a mapping is kept, and means nothing to rules.
        let told = send(&world.responder, "sensor", BODY).await.expect(201);
        assert_eq!((&told["events"], &told["detections"]), (&json!(1), &json!(0)), "{}", world.store);
        let source = world.observer.get("/api/v1/sources/SRC-1").await.expect(200);
        assert_eq!((&source["kind"], &source["name"]), (&json!("webhook"), &json!("sensor")));
        world.observer.get("/api/v1/sources/SRC-1/mapping").await.expect(404);

        // Trying stores nothing.
        let tried = try_out(&world.responder, "SRC-1", MAPPING, BODY).await.expect(200);
        assert_eq!((&tried["events"], &tried["refused"]), (&json!(2), &json!(0)));
        let first = &tried["records"][0];
        assert_eq!(
            first["logsource"],
            json!({ "product": "windows", "category": "process_creation", "service": null })
        );
        assert_eq!((&first["time"], &first["host"]), (&json!("2026-03-01T10:00:00Z"), &json!("WS-7")));
        assert_eq!(first["fields"]["CommandLine"], "vssadmin.exe delete shadows /all");
        assert_eq!(first["given"], json!(["Image", "CommandLine"]));
        assert!(
            first["rules"]
                .as_array()
                .unwrap()
                .iter()
                .any(|rule| rule["title"].as_str().unwrap().contains("Shadow")),
            "{first}"
        );
        assert_eq!(
            (&first["alert"]["title"], &first["alert"]["severity"], &first["alert"]["entity"]),
            (&json!("Ransom note dropped"), &json!("critical"), &json!("host ws-7"))
        );
        assert_eq!(alerts(&world).await.len(), 0);
        world.observer.get("/api/v1/sources/SRC-1/mapping").await.expect(404);

        // Only what can be used is saved, and only by who may.
        put(&world.observer, "SRC-1", MAPPING).await.expect(403);
        let refused = put(&world.responder, "SRC-1", "product: x\nfeilds: {}\n").await.expect(422);
        assert!(refused["detail"].as_str().unwrap().contains("Line 2"), "{refused}");
        let refused = put(&world.responder, "SRC-1", "as: nobody\n").await.expect(422);
        assert!(refused["detail"].as_str().unwrap().contains("nobody"), "{refused}");
        let saved = put(&world.responder, "SRC-1", MAPPING).await.expect(200);
        assert_eq!((&saved["version"], &saved["created_by"]), (&json!(1), &json!(world.responder.id)));
        // The same again makes no version; a change does.
        assert_eq!(put(&world.responder, "SRC-1", MAPPING).await.expect(200)["version"], 1);
        let second = format!("{MAPPING}# mended\n");
        assert_eq!(put(&world.responder, "SRC-1", &second).await.expect(200)["version"], 2);
        let leaves = world.admin.get("/api/v1/ledger/leaves?record=SRC-1").await.list();
        let maps = leaves.as_array().unwrap().iter().filter(|leaf| leaf["act"] == "source.map").count();
        assert_eq!(maps, 2, "{leaves}");

        let told = send(&world.responder, "sensor", BODY).await.expect(201);
        assert_eq!((&told["events"], &told["refused"]), (&json!(2), &json!(0)));
        assert!(told["detections"].as_i64().unwrap() >= 1);
        let all = alerts(&world).await;
        let own = |title: &str| {
            all.iter()
                .find(|alert| alert["title"] == title)
                .cloned()
                .unwrap_or_else(|| panic!("no {title} in {all:#?}"))
        };
        let ransom = own("Ransom note dropped");
        assert_eq!(
            (&ransom["severity"], &ransom["reference"], &ransom["techniques"]),
            (&json!("critical"), &json!("a-1"), &json!(["T1486"]))
        );
        assert_eq!((&ransom["origin"], &ransom["count"]), (&json!("sensor"), &json!(1)));
        assert_eq!(own("Login from far away")["severity"], "medium");
        // A record keeps its own fields.
        let event = world.observer.get("/api/v1/events/EVT-2").await.expect(200);
        assert_eq!(
            (&event["fields"]["what"], &event["host"]),
            (&json!("Ransom note dropped"), &json!("WS-7"))
        );
        // What is told again under the same id is the same alert.
        let before = all.len();
        let later = BODY.replace("T10:0", "T11:0");
        send(&world.responder, "sensor", &later).await.expect(201);
        let all = alerts(&world).await;
        assert_eq!(all.len(), before, "{}", world.store);
        assert_eq!(all.iter().find(|alert| alert["reference"] == "a-1").unwrap()["count"], 2);
    })
    .await;
}

#[tokio::test]
async fn what_does_not_fit_is_held_until_the_mapping_is_mended() {
    everywhere(|world| async move {
        send(&world.responder, "sensor", "{\"first\":1}").await.expect(201);
        put(&world.responder, "SRC-1", MAPPING).await.expect(200);
        // One record of two does not fit; a grade nobody knows; no records at all; no JSON.
        let odd = BODY.replace("\"what\":\"Login from far away\",", "");
        let told = send(&world.responder, "sensor", &odd).await.expect(201);
        assert_eq!((&told["events"], &told["refused"]), (&json!(1), &json!(1)));
        let graded = BODY.replace("\"grade\":3", "\"grade\":7");
        assert_eq!(send(&world.responder, "sensor", &graded).await.expect(201)["refused"], 1);
        assert_eq!(send(&world.responder, "sensor", "{\"other\":true}").await.expect(201)["refused"], 1);
        assert_eq!(send(&world.responder, "sensor", "no json {").await.expect(201)["refused"], 1);
        let held = world.observer.get("/api/v1/quarantine?source=SRC-1").await.list();
        let causes: Vec<&str> =
            held.as_array().unwrap().iter().map(|one| one["cause"].as_str().unwrap()).collect();
        assert_eq!(causes.len(), 4, "{causes:#?}");
        assert!(causes[0].contains("does not recognise"), "{causes:#?}");
        assert!(causes[1].contains("not \"7\"") && causes[1].contains("words"), "{causes:#?}");
        assert!(causes[2].contains("nothing at data.alerts"), "{causes:#?}");
        assert!(causes[3].contains("not valid JSON"), "{causes:#?}");
        // Not mended, not replayed.
        world.responder.post("/api/v1/quarantine/replay", json!({ "source": "SRC-1" })).await.expect(200);
        assert_eq!(
            world
                .observer
                .get("/api/v1/quarantine?source=SRC-1&state=held")
                .await
                .list()
                .as_array()
                .unwrap()
                .len(),
            4
        );
        let mended = MAPPING
            .replace("recognise: [{has: [id, what]}]\n", "")
            .replace("  title: what\n", "  title: [what, {value: Untitled}]\n")
            .replace("\"3\": medium", "\"3\": medium, \"7\": low");
        put(&world.responder, "SRC-1", &mended).await.expect(200);
        let done =
            world.responder.post("/api/v1/quarantine/replay", json!({ "source": "SRC-1" })).await.expect(200);
        // The record without a title, the unknown grade, and the body that is a record itself.
        assert_eq!((&done["replayed"], &done["still_held"]), (&json!(3), &json!(1)), "{}", world.store);
        let all = alerts(&world).await;
        assert!(
            all.iter().any(|alert| alert["title"] == "Untitled" && alert["severity"] == "medium"),
            "{all:#?}"
        );
    })
    .await;
}

#[tokio::test]
async fn arrays_lines_and_packed_bodies_are_read_and_names_are_kept_apart() {
    let world = spawn().await;
    let mapping = "product: doors\nservice: {from: kind}\n";
    send(&world.responder, "doors", "{}").await.expect(201);
    put(&world.responder, "SRC-1", mapping).await.expect(200);
    for (body, events) in [
        ("[{\"kind\":\"a\"},{\"kind\":\"b\"}]", 2),
        ("{\"kind\":\"a\"}\n{\"kind\":\"b\"}\n{\"kind\":\"c\"}\n", 3),
        ("{\n \"kind\": \"a\"\n}", 1),
        // Even what looks like another's record is what the mapping says.
        ("{\"event_type\":\"alert\",\"timestamp\":\"2026-03-01T10:00:00Z\",\"flow_id\":1,\"kind\":\"d\"}", 1),
    ] {
        let told = send(&world.responder, "doors", body).await.expect(201);
        assert_eq!((&told["events"], &told["refused"]), (&json!(events), &json!(0)), "{body}");
    }
    let last = world.observer.get("/api/v1/events/EVT-8").await.expect(200);
    assert_eq!(
        (&last["source"]["product"], &last["source"]["service"]),
        (&json!("doors"), &json!("d")),
        "{last}"
    );
    send(&world.responder, "doors", "").await.expect(422);
    send(&world.observer, "doors", "{}").await.expect(403);
    // A name that another kind of source has.
    let edge = world.responder.request(Method::POST, "/api/v1/sources/edge/events").body("{\"a\":1}\n");
    answer(edge).await.expect(201);
    send(&world.responder, "edge", "{}").await.expect(409);
    put(&world.responder, "SRC-2", mapping).await.expect(409);
    try_out(&world.responder, "SRC-2", mapping, "{}").await.expect(409);
    put(&world.responder, "SRC-999", mapping).await.expect(404);
    let long = format!("# {}\n", "x".repeat(70 << 10));
    put(&world.responder, "SRC-1", &long).await.expect(422);
    try_out(&world.responder, "SRC-1", mapping, " ").await.expect(422);
}

#[tokio::test]
async fn the_page_makes_tries_refuses_and_saves() {
    let world = spawn().await;
    let (status, _) = world.responder.form("/sources", &[("name", "door system")]).await;
    assert_eq!(status, 303);
    world.observer.form("/sources", &[("name", "other")]).await;
    assert_eq!(world.observer.get("/api/v1/sources").await.list().as_array().unwrap().len(), 1);
    let page = world.responder.page("/sources/SRC-1").await.1;
    assert!(page.contains("Write a mapping"));
    let (status, page) = world.responder.page("/sources/SRC-1/mapping").await;
    assert_eq!(status, 200);
    assert!(page.contains("/api/v1/webhooks/door%20system") && page.contains("None is saved yet"));
    let try_path = "/sources/SRC-1/mapping/try";
    let (status, page) =
        world.responder.form(try_path, &[("text", "product: <b>\nfields: {A: [}"), ("body", "{}")]).await;
    assert_eq!(status, 422);
    assert!(page.contains("Nothing was done") && page.contains("Line 2") && !page.contains("<b>"), "{page}");
    let body = "{\"a\":\"<script>\"}";
    let (status, page) =
        world.responder.form(try_path, &[("text", "product: doors\nfields: {B: a}\n"), ("body", body)]).await;
    assert_eq!(status, 200);
    assert!(
        page.contains("doors / – / –") && page.contains("1 event, ") && !page.contains("<script>\""),
        "{page}"
    );
    let (status, _) =
        world.responder.form("/sources/SRC-1/mapping", &[("text", "product: doors\r\n"), ("body", "")]).await;
    assert_eq!(status, 303);
    let (status, _) =
        world.responder.form("/sources/SRC-1/mapping", &[("text", "producd: doors"), ("body", "")]).await;
    assert_eq!(status, 422);
    let saved = world.observer.get("/api/v1/sources/SRC-1/mapping").await.expect(200);
    assert_eq!((&saved["text"], &saved["version"]), (&json!("product: doors\n"), &json!(1)));
    // The last body that came stands in the box.
    send(&world.responder, "door%20system", "{\"last\":\"one\"}").await.expect(201);
    let page = world.observer.page("/sources/SRC-1/mapping?version=1").await.1;
    assert!(
        page.contains("&quot;last&quot;") && page.contains("in force") && !page.contains("Try it</button>"),
        "{page}"
    );
    assert_eq!(world.observer.page("/sources/SRC-1/mapping?version=7").await.0, 404);
}
