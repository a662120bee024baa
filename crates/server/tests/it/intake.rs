//! From bytes to events: what is taken in, what is refused, and what survives an interruption.

use std::fmt::Write;
use std::time::{Duration, Instant};

use reqwest::multipart::{Form, Part};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use crate::harness::{As, answer, everywhere, spawn};

/// A process creation as Sysmon tells it.
pub fn sysmon(time: &str, host: &str, command: &str) -> String {
    json!({
        "EventID": 1,
        "Channel": "Microsoft-Windows-Sysmon/Operational",
        "Provider_Name": "Microsoft-Windows-Sysmon",
        "@timestamp": time,
        "Computer": host,
        "User": "EXAMPLE\\anna",
        "Image": "C:\\Windows\\System32\\vssadmin.exe",
        "CommandLine": command,
        "ParentImage": "C:\\Windows\\System32\\cmd.exe"
    })
    .to_string()
}

/// A command that the shipped rules know as the deletion of shadow copies.
pub const SHADOWS: &str = "vssadmin.exe delete shadows /all /quiet";

/// Lines of a file, each ended.
pub fn lines(records: &[String]) -> String {
    records.iter().fold(String::new(), |mut all, record| {
        all.push_str(record);
        all.push('\n');
        all
    })
}

pub async fn count_events(of: &As) -> i64 {
    let page = of.get("/api/v1/deliveries?limit=500").await.expect(200);
    page["items"].as_array().unwrap().iter().map(|one| one["events"].as_i64().unwrap()).sum()
}

#[tokio::test]
async fn a_file_becomes_events_that_keep_every_byte() {
    everywhere(|world| async move {
        let record = sysmon("2026-03-01T10:00:00Z", "ws01.example.org", "vssadmin.exe list shadows");
        let told =
            world.responder.send_file("one.jsonl", lines(std::slice::from_ref(&record))).await.expect(201);
        let delivery = &told["deliveries"][0];
        assert_eq!(delivery["state"], "complete", "{}", world.store);
        assert_eq!(delivery["events"], 1);
        assert_eq!(delivery["received_by"], world.responder.id.as_str());
        assert_eq!(delivery["again"], false);
        assert_eq!(told["href"], "/intake/INT-1");

        let event = world.observer.get("/api/v1/events/EVT-1").await.expect(200);
        assert_eq!(event["delivery"], "INT-1");
        assert_eq!(event["host"], "ws01.example.org");
        assert_eq!(event["at"], "2026-03-01T10:00:00Z");
        assert_eq!(event["source"]["category"], "process_creation");
        assert_eq!(event["fields"]["CommandLine"], "vssadmin.exe list shadows");
        let (status, raw) = world.observer.bytes("/api/v1/events/EVT-1/raw").await;
        assert_eq!(status, StatusCode::OK);
        assert_eq!(raw, record.as_bytes());
        world.observer.get("/api/v1/events/EVT-2").await.expect(404);

        let page = world.observer.page("/events/EVT-1").await;
        assert_eq!(page.0, StatusCode::OK);
        assert!(page.1.contains("vssadmin.exe list shadows"));
        assert!(page.1.contains("/intake/INT-1"));
    })
    .await;
}

#[tokio::test]
async fn a_raw_record_is_a_download_that_no_browser_interprets() {
    let world = spawn().await;
    world.responder.send_file("x.jsonl", "{\"a\":\"<script>alert(1)</script>\"}\n").await.expect(201);
    let response = world.observer.request(Method::GET, "/api/v1/events/EVT-1/raw").send().await.unwrap();
    assert_eq!(response.headers()["content-type"], "application/octet-stream");
    assert_eq!(response.headers()["x-content-type-options"], "nosniff");
    assert_eq!(response.headers()["content-disposition"], "attachment; filename=\"EVT-1.raw\"");
}

#[tokio::test]
async fn many_files_in_one_form() {
    everywhere(|world| async move {
        let part = |name: &'static str, host: &str| {
            let record = sysmon("2026-03-01T10:00:00Z", host, SHADOWS);
            Part::bytes(lines(&[record]).into_bytes()).file_name(name)
        };
        let form = Form::new()
            .text("remark", "not a file")
            .part("file", part("a.jsonl", "a.example.org"))
            .part("file", part("b.jsonl", "b.example.org"));
        let request = world.responder.request(Method::POST, "/api/v1/intake").multipart(form);
        let told = answer(request).await.expect(201);
        assert_eq!(told["deliveries"].as_array().unwrap().len(), 2);
        assert_eq!((&told["events"], &told["alerts"]), (&json!(2), &json!(2)), "{}", world.store);
        assert_eq!(told["href"], "/intake");
    })
    .await;
}

#[tokio::test]
async fn the_same_bytes_again_are_not_taken_twice() {
    everywhere(|world| async move {
        let content = lines(&[sysmon("2026-03-01T10:00:00Z", "ws01", SHADOWS)]);
        let first = world.responder.send_file("a.jsonl", content.clone()).await.expect(201);
        let second = world.responder.send_file("a.jsonl", content.clone()).await.expect(200);
        assert_eq!(second["deliveries"][0]["id"], first["deliveries"][0]["id"], "{}", world.store);
        assert_eq!(second["deliveries"][0]["again"], true);
        assert_eq!(second["deliveries"][0]["alerts"], first["deliveries"][0]["alerts"]);
        let alert = world.observer.get("/api/v1/alerts/ALR-1").await.expect(200);
        assert_eq!(alert["count"], 1);
        // Another name is another piece of evidence.
        world.responder.send_file("b.jsonl", content).await.expect(201);
        assert_eq!(count_events(&world.observer).await, 2);
    })
    .await;
}

#[tokio::test]
async fn the_same_file_sent_at_once_by_many_is_read_once() {
    everywhere(|world| async move {
        let content: String = (0..3000).fold(String::new(), |mut all, number| {
            writeln!(all, "{{\"n\":{number}}}").unwrap();
            all
        });
        let sending = (0..6).map(|_| {
            let (responder, content) = (world.responder.clone(), content.clone());
            tokio::spawn(async move { responder.send_file("same.jsonl", content).await.status.as_u16() })
        });
        let mut told = Vec::new();
        for one in sending.collect::<Vec<_>>() {
            told.push(one.await.unwrap());
        }
        told.sort_unstable();
        assert_eq!(told, [200, 200, 200, 200, 200, 201], "{}", world.store);
        assert_eq!(count_events(&world.observer).await, 3000);
    })
    .await;
}

#[tokio::test]
async fn damaged_records_are_named_and_the_rest_goes_on() {
    everywhere(|world| async move {
        let good = |n: i32| json!({ "n": n }).to_string();
        let content = lines(&[good(1), "{\"n\": ".to_owned(), good(3), "[]".to_owned(), good(5)]);
        let told = world.responder.send_file("hurt.jsonl", content).await.expect(201);
        assert_eq!((&told["events"], &told["refused"]), (&json!(3), &json!(2)), "{}", world.store);
        let first = world.observer.get("/api/v1/deliveries/INT-1?limit=1").await.expect(200);
        let refused = &first["refused_records"];
        assert_eq!(refused["items"][0]["record"], "line 2");
        assert!(refused["items"][0]["cause"].as_str().unwrap().contains("JSON"));
        let next = refused["next"].as_str().unwrap();
        let path = format!("/api/v1/deliveries/INT-1?limit=1&cursor={next}");
        let second = world.observer.get(&path).await.expect(200);
        assert_eq!(second["refused_records"]["items"][0]["record"], "line 4");
        assert_eq!(second["refused_records"]["next"], Value::Null);
        let (_, page) = world.observer.page("/intake/INT-1").await;
        assert!(page.contains("line 2") && page.contains("line 4"));
    })
    .await;
}

#[tokio::test]
async fn refused_records_are_counted_beyond_those_that_are_kept() {
    let world = spawn().await;
    let mut content = "{\"n\":1}\n".to_owned();
    content.push_str(&"{broken\n".repeat(25_000));
    let told = world.responder.send_file("mostly.jsonl", content).await.expect(201);
    assert_eq!((&told["events"], &told["refused"]), (&json!(1), &json!(25_000)));
    let mut kept = 0;
    let mut path = "/api/v1/deliveries/INT-1?limit=500".to_owned();
    loop {
        let page = world.observer.get(&path).await.expect(200);
        kept += page["refused_records"]["items"].as_array().unwrap().len();
        let Some(next) = page["refused_records"]["next"].as_str() else { break };
        path = format!("/api/v1/deliveries/INT-1?limit=500&cursor={next}");
    }
    assert_eq!(kept, 1000);
}

#[tokio::test]
async fn a_file_without_a_readable_record_is_refused_whole() {
    everywhere(|world| async move {
        for (name, content, cause) in [
            ("empty.jsonl", "", "empty.jsonl is empty"),
            ("noise.bin", "\u{1}\u{2}\u{3} nothing that anybody knows", "noise.bin is in no format"),
            ("bad.jsonl", "{\"a\":\n{\"b\":\n", "bad.jsonl: "),
            ("header.log", "#separator \\x09\n#fields\tts\tuid\n", "header.log: it holds no records"),
        ] {
            let told = world.responder.send_file(name, content).await.expect(422);
            let detail = told["detail"].as_str().unwrap();
            assert!(detail.contains(cause), "{}: {detail}", world.store);
        }
        let page = world.observer.get("/api/v1/deliveries").await.expect(200);
        assert_eq!(page["items"], json!([]), "{}", world.store);
        assert_eq!(world.observer.get("/api/v1/alerts").await.expect(200)["items"], json!([]));
    })
    .await;
}

#[tokio::test]
async fn a_request_without_a_file_says_what_is_missing() {
    let world = spawn().await;
    let request = world.responder.request(Method::POST, "/api/v1/intake").body("{}\n");
    let told = answer(request).await.expect(422);
    assert!(told["detail"].as_str().unwrap().contains("name"));
    let form = Form::new().text("remark", "nothing else");
    answer(world.responder.request(Method::POST, "/api/v1/intake").multipart(form)).await.expect(422);
    let unknown = world.responder.request(Method::POST, "/api/v1/intake?name=a&nmae=b").body("{}\n");
    answer(unknown).await.expect(422);
    world.observer.send_file("a.jsonl", "{}\n").await.expect(403);
}

#[tokio::test]
async fn deliveries_come_in_pages_newest_first() {
    everywhere(|world| async move {
        for number in 1..=5 {
            let content = format!("{{\"n\":{number}}}\n");
            world.responder.send_file(&format!("{number}.jsonl"), content).await.expect(201);
        }
        let mut names = Vec::new();
        let mut path = "/api/v1/deliveries?limit=2".to_owned();
        loop {
            let page = world.observer.get(&path).await.expect(200);
            for item in page["items"].as_array().unwrap() {
                names.push(item["name"].as_str().unwrap().to_owned());
            }
            let Some(next) = page["next"].as_str() else { break };
            path = format!("/api/v1/deliveries?limit=2&cursor={next}");
        }
        assert_eq!(names, ["5.jsonl", "4.jsonl", "3.jsonl", "2.jsonl", "1.jsonl"], "{}", world.store);
        world.observer.get("/api/v1/deliveries?cursor=x").await.expect(422);
    })
    .await;
}

#[tokio::test]
async fn the_ledger_has_a_leaf_for_the_beginning_and_one_for_the_end() {
    everywhere(|world| async move {
        world.responder.send_file("a.jsonl", "{\"n\":1}\n{\"n\":2}\n").await.expect(201);
        let rows: Vec<(String, String)> =
            sqlx::query_as("select act, body from record_version where record = 'INT-1' order by version")
                .fetch_all(world.app.db.readers())
                .await
                .unwrap();
        let acts: Vec<&str> = rows.iter().map(|(act, _)| act.as_str()).collect();
        assert_eq!(acts, ["delivery.begin", "delivery.complete"], "{}", world.store);
        let end: Value = serde_json::from_str(&rows[1].1).unwrap();
        assert_eq!((&end["events"], &end["bytes"]), (&json!(2), &json!(16)));
        assert_eq!((&end["first_event"], &end["last_event"]), (&json!("EVT-1"), &json!("EVT-2")));
        assert_eq!(end["events_sha256"].as_str().unwrap().len(), 64);
    })
    .await;
}

#[tokio::test]
async fn names_and_fields_are_text_whatever_they_hold() {
    everywhere(|world| async move {
        let evil = "<script>alert(1)</script>\"'><img src=x onerror=alert(2)>";
        let record = json!({ "a": evil, "b\u{0}": "nul \u{0} inside", evil: "as a name", "Computer": evil });
        let told = world.responder.send_file(evil, lines(&[record.to_string()])).await.expect(201);
        assert_eq!(told["deliveries"][0]["name"], evil, "{}", world.store);
        for path in ["/intake", "/intake/INT-1", "/events/EVT-1"] {
            let (status, page) = world.observer.page(path).await;
            assert_eq!(status, StatusCode::OK, "{path}");
            assert!(!page.contains("<script>alert") && !page.contains("<img src=x"), "{path}");
        }
        let (_, page) = world.observer.page("/events/EVT-1").await;
        assert!(page.contains("&lt;script&gt;alert(1)&lt;/script&gt;"));
        let long = "x".repeat(5000);
        let told = world.responder.send_file(&long, "{\"n\":1}\n").await.expect(201);
        assert_eq!(told["deliveries"][0]["name"].as_str().unwrap().len(), 200);
        let told = world.responder.send_file("line\nbreak", "{\"n\":2}\n").await.expect(201);
        assert_eq!(told["deliveries"][0]["name"], "line\u{fffd}break");
    })
    .await;
}

/// What a crash leaves behind, without the crash: all chunks after the first are taken back, and the
/// delivery is in the state in which the commit of the first one left it.
async fn cut_off_after_the_first_chunk(world: &crate::harness::World) {
    let statements = [
        "delete from alert_match where event_id > 1000",
        "update alert set count = (select count(*) from alert_match m where m.alert_id = alert.id),
             first_seen = (select min(m.at) from alert_match m where m.alert_id = alert.id),
             last_seen = (select max(m.at) from alert_match m where m.alert_id = alert.id)",
        "delete from event where id > 1000",
        "update delivery set state = 'reading', events = 1000, last_event = 1000, detections = 1000,
             completed_at = null, events_sha256 = null",
    ];
    for statement in statements {
        world
            .app
            .change(&domain::Actor::Watchbell, move |change| {
                Box::pin(async move {
                    sqlx::query(statement).execute(&mut *change.tx).await?;
                    Ok(())
                })
            })
            .await
            .unwrap();
    }
}

async fn state_of(world: &crate::harness::World) -> Value {
    world.observer.get("/api/v1/deliveries/INT-1").await.expect(200)
}

#[tokio::test]
async fn a_reading_that_was_cut_off_goes_on_where_it_ended() {
    everywhere(|world| async move {
        let records: Vec<String> = (0..2500)
            .map(|second| {
                let time = format!("2026-03-01T10:{:02}:{:02}Z", second / 60, second % 60);
                sysmon(&time, "ws01", &format!("{SHADOWS} {second}"))
            })
            .collect();
        world.responder.send_file("long.jsonl", lines(&records)).await.expect(201);
        let before = state_of(&world).await;
        cut_off_after_the_first_chunk(&world).await;
        assert_eq!(state_of(&world).await["state"], "reading");

        server::intake::resume(&world.app).await.unwrap();
        let patience = Instant::now();
        while state_of(&world).await["state"] != "complete" {
            assert!(patience.elapsed() < Duration::from_secs(60), "{}", world.store);
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        let after = state_of(&world).await;
        for same in ["events", "refused", "detections", "first_event", "last_event", "events_sha256"] {
            assert_eq!(after[same], before[same], "{same} on {}", world.store);
        }
        let alert = world.observer.get("/api/v1/alerts/ALR-1").await.expect(200);
        assert_eq!(alert["count"], 2500);
        let (_, raw) = world.observer.bytes("/api/v1/events/EVT-2500/raw").await;
        assert_eq!(raw, records[2499].as_bytes());
        // The client, who never got an answer, sends it again.
        let again = world.responder.send_file("long.jsonl", lines(&records)).await.expect(200);
        assert_eq!(again["deliveries"][0]["id"], "INT-1");
    })
    .await;
}

#[tokio::test]
async fn a_client_that_sends_again_reads_on_itself() {
    let world = spawn().await;
    let records: Vec<String> =
        (0..1500).map(|n| sysmon("2026-03-01T10:00:00Z", "ws01", &format!("{SHADOWS} {n}"))).collect();
    world.responder.send_file("long.jsonl", lines(&records)).await.expect(201);
    cut_off_after_the_first_chunk(&world).await;
    let told = world.responder.send_file("long.jsonl", lines(&records)).await.expect(201);
    assert_eq!((&told["deliveries"][0]["id"], &told["events"]), (&json!("INT-1"), &json!(1500)));
    assert_eq!(count_events(&world.observer).await, 1500);
}

#[tokio::test]
async fn a_delivery_whose_bytes_are_gone_is_marked_failed() {
    let world = spawn().await;
    let records: Vec<String> = (0..1500).map(|n| json!({ "n": n }).to_string()).collect();
    let told = world.responder.send_file("gone.jsonl", lines(&records)).await.expect(201);
    cut_off_after_the_first_chunk(&world).await;
    let sha256 = told["deliveries"][0]["sha256"].as_str().unwrap();
    std::fs::remove_file(world.app.data.join("blobs").join(&sha256[..2]).join(sha256)).unwrap();
    server::intake::resume(&world.app).await.unwrap();
    let patience = Instant::now();
    while state_of(&world).await["state"] == "reading" {
        assert!(patience.elapsed() < Duration::from_secs(30));
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    let failed = state_of(&world).await;
    assert_eq!(failed["state"], "failed");
    assert!(failed["problem"].as_str().unwrap().contains("gone.jsonl"));
}
