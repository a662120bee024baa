//! Sources: what they send in batches, and what is known of them.

use reqwest::Method;
use serde_json::json;

use crate::harness::{Answer, As, answer, everywhere, spawn};
use crate::intake::{SHADOWS, lines, sysmon};

/// Sends a batch of a source.
async fn send(of: &As, source: &str, key: Option<&str>, body: impl Into<Vec<u8>>) -> Answer {
    let mut request = of.request(Method::POST, &format!("/api/v1/sources/{source}/events")).body(body.into());
    if let Some(key) = key {
        request = request.header("idempotency-key", key);
    }
    answer(request).await
}

#[tokio::test]
async fn a_source_appears_with_its_first_batch_and_counts() {
    everywhere(|world| async move {
        let record = sysmon("2026-03-01T10:00:00Z", "ws01", SHADOWS);
        let body = format!("{}this is no record\n", lines(std::slice::from_ref(&record)));
        let told = send(&world.responder, "edge", None, body.clone()).await.expect(201);
        assert_eq!(
            told,
            json!({ "source": "SRC-1", "delivery": "INT-1", "events": 1, "refused": 1, "detections": 1, "again": false }),
            "{}",
            world.store
        );
        let source = world.observer.get("/api/v1/sources/SRC-1").await.expect(200);
        assert_eq!((&source["name"], &source["kind"], &source["state"]), (&json!("edge"), &json!("http"), &json!("active")));
        assert_eq!((&source["events"], &source["refused"], &source["batches"]), (&json!(1), &json!(1), &json!(1)));
        assert_eq!(source["bytes"], body.len());
        assert_eq!(source["newest_event"], "2026-03-01T10:00:00Z");
        assert!(source["lag"].as_i64().unwrap() > 0 && source["last_seen"].is_string());
        let rates = world.observer.get("/api/v1/sources/SRC-1/rates").await.expect(200);
        assert_eq!((&rates[0]["events"], &rates[0]["detections"]), (&json!(1), &json!(1)));
        assert_eq!(world.observer.get("/api/v1/alerts").await.list().as_array().unwrap().len(), 1);
        let delivery = world.observer.get("/api/v1/deliveries/INT-1").await.expect(200);
        assert_eq!((&delivery["source"], &delivery["state"]), (&json!("SRC-1"), &json!("complete")));
        assert_eq!(delivery["refused_records"]["items"][0]["record"], "line 2");
        // What was received is kept byte for byte.
        assert!(world.app.blobs.verify(delivery["sha256"].as_str().unwrap()).unwrap());
        assert_eq!(delivery["bytes"], body.len());
        // Files and batches are told apart.
        world.responder.send_file("a.jsonl", body).await.expect(201);
        let of = world.observer.get("/api/v1/deliveries?source=SRC-1").await.list();
        assert_eq!(of.as_array().unwrap().len(), 1);
        let page = world.observer.page("/intake").await.1;
        assert!(page.contains("/intake/INT-2") && !page.contains("/intake/INT-1\""), "{}", world.store);
        send(&world.observer, "edge", None, record).await.expect(403);
    })
    .await;
}

#[tokio::test]
async fn a_named_batch_is_taken_once_and_an_unnamed_one_each_time() {
    everywhere(|world| async move {
        let body = lines(&[sysmon("2026-03-01T10:00:00Z", "ws01", "whoami")]);
        let first = send(&world.responder, "edge", Some("b-1"), body.clone()).await.expect(201);
        let mut again = send(&world.responder, "edge", Some("b-1"), body.clone()).await.expect(200);
        assert_eq!(again["again"], true);
        again["again"] = json!(false);
        assert_eq!(again, first, "{}", world.store);
        send(&world.responder, "other", Some("b-1"), body.clone()).await.expect(201);
        send(&world.responder, "edge", None, body.clone()).await.expect(201);
        send(&world.responder, "edge", None, body.clone()).await.expect(201);
        assert_eq!(world.observer.get("/api/v1/sources/SRC-1").await.expect(200)["events"], 3);
        send(&world.responder, "edge", Some(&"k".repeat(256)), body).await.expect(422);
    })
    .await;
}

#[tokio::test]
async fn many_batches_at_once_are_each_stored_once() {
    everywhere(|world| async move {
        let mut all = tokio::task::JoinSet::new();
        for number in 0..60 {
            let (of, body) =
                (world.responder.clone(), lines(&[sysmon("2026-03-01T10:00:00Z", "ws", "whoami")]));
            // Each is sent twice, by a sender that lost patience.
            all.spawn(async move { send(&of, "edge", Some(&format!("b-{}", number / 2)), body).await });
        }
        let answers = all.join_all().await;
        let stored = answers.iter().filter(|answer| answer.status == 201).count();
        assert_eq!((stored, answers.iter().filter(|answer| answer.status == 200).count()), (30, 30));
        let source = world.observer.get("/api/v1/sources/SRC-1").await.expect(200);
        assert_eq!((&source["events"], &source["batches"]), (&json!(30), &json!(30)), "{}", world.store);
        let events = crate::intake::count_events(&world.observer).await;
        assert_eq!(events, 30);
    })
    .await;
}

#[tokio::test]
async fn who_is_paused_keeps_what_it_has() {
    everywhere(|world| async move {
        let body = lines(&[sysmon("2026-03-01T10:00:00Z", "ws01", "whoami")]);
        send(&world.responder, "edge", None, body.clone()).await.expect(201);
        let path = "/api/v1/sources/SRC-1";
        world.observer.patch(path, json!({ "state": "paused" })).await.expect(403);
        world.responder.patch(path, json!({ "format": "clay tablets" })).await.expect(422);
        world.responder.patch(path, json!({ "silence_after": 5 })).await.expect(422);
        let edit = json!({ "state": "paused", "label": "Edge router", "silence_after": 600 });
        let now = world.responder.patch(path, edit).await.expect(200);
        assert_eq!((&now["label"], &now["silence_after"]), (&json!("Edge router"), &json!(600)));
        send(&world.responder, "edge", None, body.clone()).await.expect(503);
        let now = world.responder.patch(path, json!({ "state": "retired", "label": null })).await.expect(200);
        assert_eq!((&now["label"], &now["silence_after"]), (&json!(null), &json!(600)));
        send(&world.responder, "edge", None, body.clone()).await.expect(409);
        assert_eq!(world.observer.get("/api/v1/sources").await.list(), json!([]));
        let all = world.observer.get("/api/v1/sources?retired=true").await.list();
        assert_eq!(all[0]["events"], 1, "{}", world.store);
        world.responder.patch(path, json!({ "state": "active" })).await.expect(200);
        send(&world.responder, "edge", None, body).await.expect(201);
    })
    .await;
}

#[tokio::test]
async fn what_cannot_be_read_is_refused_and_kept() {
    let world = spawn().await;
    send(&world.responder, "edge", None, Vec::new()).await.expect(422);
    let told = send(&world.responder, "edge", None, b"\x01\x02 what is this".to_vec()).await.expect(201);
    assert_eq!((&told["events"], &told["refused"]), (&json!(0), &json!(1)));
    let delivery = world.observer.get("/api/v1/deliveries/INT-1").await.expect(200);
    assert_eq!(delivery["refused_records"]["items"][0]["record"], "the whole batch");
    let path = "/api/v1/sources/edge/events?format=clay";
    answer(world.responder.request(Method::POST, path).body("x")).await.expect(422);
}

#[tokio::test]
async fn held_records_are_replayed_once_they_can_be_read() {
    everywhere(|world| async move {
        let line = "<13>Mar  1 10:00:00 fw01 su: session opened for root";
        let body =
            format!("{}\n{line}\nsome <b>thing</b> else\n", sysmon("2026-03-01T10:00:00Z", "ws01", "whoami"));
        let told = send(&world.responder, "edge", None, body).await.expect(201);
        assert_eq!((&told["events"], &told["refused"]), (&json!(1), &json!(2)), "{}", world.store);
        let held = world.observer.get("/api/v1/quarantine?source=SRC-1&state=held").await.list();
        assert_eq!((&held[0]["record"], &held[1]["record"]), (&json!("line 2"), &json!("line 3")));
        assert_eq!(world.observer.bytes("/api/v1/quarantine/1/raw").await.1, line.as_bytes());
        let page = world.observer.page("/quarantine/2").await.1;
        assert!(page.contains("some &lt;b&gt;thing&lt;/b&gt; else"), "{page}");

        let which = json!({ "source": "SRC-1" });
        world.observer.post("/api/v1/quarantine/replay", which.clone()).await.expect(403);
        world.responder.post("/api/v1/quarantine/replay", json!({})).await.expect(422);
        let done = world.responder.post("/api/v1/quarantine/replay", which.clone()).await.expect(200);
        assert_eq!(
            done,
            json!({ "replayed": 1, "still_held": 1, "detections": 0, "delivery": "INT-2" }),
            "{}",
            world.store
        );
        let delivery = world.observer.get("/api/v1/deliveries/INT-2").await.expect(200);
        assert_eq!((&delivery["name"], &delivery["events"]), (&json!("Replay of INT-1"), &json!(1)));
        assert_eq!(world.observer.bytes("/api/v1/events/EVT-2/raw").await.1, line.as_bytes());
        let again = world.responder.post("/api/v1/quarantine/replay", which.clone()).await.expect(200);
        assert_eq!((&again["replayed"], &again["still_held"]), (&json!(0), &json!(1)));

        let discard = |reason: &str| json!({ "source": "SRC-1", "reason": reason });
        world.responder.post("/api/v1/quarantine/discard", discard(" ")).await.expect(422);
        let done = world
            .responder
            .post("/api/v1/quarantine/discard", discard("a test of the sender"))
            .await
            .expect(200);
        assert_eq!(done["discarded"], 1);
        let all = world.observer.get("/api/v1/quarantine?source=SRC-1").await.list();
        assert_eq!((&all[0]["state"], &all[0]["replayed_in"]), (&json!("replayed"), &json!("INT-2")));
        assert_eq!(
            (&all[1]["state"], &all[1]["reason"]),
            (&json!("discarded"), &json!("a test of the sender"))
        );
        let (status, page) = world.observer.page("/sources/SRC-1").await;
        assert!(status.is_success() && page.contains("0 held"), "{page}");
        assert!(world.observer.page("/sources").await.1.contains("/sources/SRC-1"));
    })
    .await;
}

#[tokio::test]
async fn a_source_that_falls_silent_is_told_of_once() {
    let clock = platform::clock::Clock::manual("2026-03-01T10:00:00Z".parse().unwrap());
    let theirs = clock.clone();
    let world = crate::harness::spawn_with(move |config| server::Config { clock: theirs, ..config }).await;
    let body = || lines(&[sysmon("2026-03-01T10:00:00Z", "ws01", "whoami")]);
    send(&world.responder, "edge", None, body()).await.expect(201);
    let minutes = |minutes| clock.advance(jiff::SignedDuration::from_mins(minutes));
    let check = || server::intake::silence::check(&world.app);
    minutes(600);
    assert_eq!(check().await.unwrap(), 0, "no alarm is set");
    world.responder.patch("/api/v1/sources/SRC-1", json!({ "silence_after": 3600 })).await.expect(200);
    send(&world.responder, "edge", None, body()).await.expect(201);
    minutes(59);
    assert_eq!(check().await.unwrap(), 0);
    minutes(1);
    assert_eq!((check().await.unwrap(), check().await.unwrap()), (1, 0));
    let alerts = world.observer.get("/api/v1/alerts").await.list();
    assert_eq!(alerts.as_array().unwrap().len(), 1);
    assert_eq!(alerts[0]["title"], "The source edge fell silent");
    assert_eq!(alerts[0]["reference"], "SRC-1");
    assert!(world.observer.page("/sources/SRC-1").await.1.contains("It fell silent"));
    // It speaks again, and falls silent again: another silence, another alarm.
    send(&world.responder, "edge", None, body()).await.expect(201);
    assert_eq!(world.observer.get("/api/v1/sources/SRC-1").await.expect(200)["silent_since"], json!(null));
    assert!(world.observer.page("/sources/SRC-1").await.1.contains("Silences"));
    minutes(61);
    assert_eq!(check().await.unwrap(), 1);
    assert_eq!(world.observer.get("/api/v1/alerts").await.list().as_array().unwrap().len(), 2);
}

#[tokio::test]
async fn shippers_of_other_makes_are_sources() {
    everywhere(|world| async move {
        let post = |path: &str, body: &str| {
            world
                .responder
                .request(Method::POST, path)
                .header("content-type", "application/json")
                .body(body.to_owned())
        };
        let document = sysmon("2026-03-01T10:00:00Z", "ws01", SHADOWS);
        let bulk = format!("{{\"create\":{{\"_index\":\"logs-endpoint\"}}}}\n{document}\n");
        for _ in 0..2 {
            answer(post("/elastic/_bulk", &bulk)).await.expect(200);
        }
        answer(post("/services/collector", "{\"event\":\"user logged in\",\"sourcetype\":\"vpn\"}"))
            .await
            .expect(200);
        let all = world.observer.get("/api/v1/sources").await.list();
        let told: Vec<_> =
            all.as_array().unwrap().iter().map(|one| (&one["name"], &one["kind"], &one["events"])).collect();
        let splunk = (&json!("splunk/vpn"), &json!("splunk_hec"), &json!(1));
        let elastic = (&json!("elastic/logs-endpoint"), &json!("elastic_bulk"), &json!(1));
        assert_eq!(told, [splunk, elastic], "{}", world.store);
    })
    .await;
}
