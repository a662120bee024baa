//! What many events mean together becomes one alert, whatever deliveries they come in, and over a restart.

use jiff::SignedDuration;
use platform::clock::Clock;
use serde_json::{Value, json};
use server::{App, Config};

use crate::harness::{As, World, everywhere, spawn_with};
use crate::intake::lines;

/// The shipped correlation "Password of One Windows Account Guessed At": twenty within five minutes.
const NEEDED: usize = 20;

fn logon(event: u32, second: usize, user: &str) -> String {
    json!({
        "EventID": event,
        "Channel": "Security",
        "Provider_Name": "Microsoft-Windows-Security-Auditing",
        "@timestamp": format!("2026-03-01T10:{:02}:{:02}Z", second / 60, second % 60),
        "Computer": "dc01.example.org",
        "TargetUserName": user,
        "IpAddress": "10.20.3.4",
        "LogonType": "3"
    })
    .to_string()
}

fn failures(seconds: std::ops::Range<usize>, user: &str) -> String {
    lines(&seconds.map(|second| logon(4625, second, user)).collect::<Vec<_>>())
}

async fn alerts(by: &As) -> Vec<(String, i64)> {
    let all = by.get("/api/v1/alerts").await.list();
    let mut all: Vec<(String, i64)> = all
        .as_array()
        .unwrap()
        .iter()
        .map(|alert| (alert["title"].as_str().unwrap().to_owned(), alert["count"].as_i64().unwrap()))
        .collect();
    all.sort();
    all
}

const GUESSING: &str = "Password of One Windows Account Guessed At";
const GUESSED: &str = "Windows Logon After Many Failures";

#[tokio::test]
async fn one_alert_holds_the_events_of_all_deliveries() {
    everywhere(|world| async move {
        let by = &world.responder;
        by.send_file("1.jsonl", failures(0..12, "b.clerk")).await.expect(201);
        by.send_file("2.jsonl", failures(0..12, "a.reader")).await.expect(201);
        assert_eq!(alerts(by).await, [], "one failure alone says nothing");
        by.send_file("3.jsonl", failures(30..37, "B.CLERK")).await.expect(201);
        assert_eq!(alerts(by).await, [], "nineteen on {}", world.store);
        by.send_file("4.jsonl", failures(60..61, "b.clerk")).await.expect(201);
        assert_eq!(alerts(by).await, [(GUESSING.to_owned(), 20)], "{}", world.store);

        let alert = by.get("/api/v1/alerts/ALR-1").await.expect(200);
        assert_eq!(alert["severity"], "medium");
        assert_eq!(
            (&alert["first_seen"], &alert["last_seen"]),
            (&json!("2026-03-01T10:00:00Z"), &json!("2026-03-01T10:01:00Z"))
        );
        let matches = by.get("/api/v1/alerts/ALR-1/matches?limit=100").await.list();
        assert_eq!(matches.as_array().unwrap().len(), NEEDED);
        let found = &matches[0]["found"];
        assert_eq!(found[0], json!({ "field": "TargetUserName", "value": "b.clerk" }));
        assert_eq!(found[1], json!({ "field": "events", "value": "20" }));

        // What goes on joins it, and a logon that works is another matter.
        by.send_file("5.jsonl", failures(62..65, "b.clerk")).await.expect(201);
        assert_eq!(alerts(by).await, [(GUESSING.to_owned(), 23)], "{}", world.store);
        by.send_file("6.jsonl", logon(4624, 90, "b.clerk")).await.expect(201);
        assert_eq!(
            alerts(by).await,
            [(GUESSING.to_owned(), 23), (GUESSED.to_owned(), 11)],
            "{}",
            world.store
        );

        let (_, page) = by.page("/rules?q=guessed").await;
        assert!(page.contains(GUESSING) && page.contains("what other rules find"));
        let (_, page) = by.page("/rules?q=Windows+Logon+Failed").await;
        assert!(page.contains("for correlations only"));
        let (status, page) = by.page(&format!("/rules/{}", alert["rule"].as_str().unwrap())).await;
        assert!(status == 200 && page.contains("type: event_count"), "{page}");
    })
    .await;
}

#[tokio::test]
async fn one_delivery_says_the_same_as_many_in_any_order() {
    everywhere(|world| async move {
        let by = &world.responder;
        let mut all: Vec<String> = (0..40).map(|second| logon(4625, second * 3, "b.clerk")).collect();
        all.push(logon(4624, 200, "b.clerk"));
        by.send_file("whole.jsonl", lines(&all)).await.expect(201);
        let whole = alerts(by).await;
        assert_eq!(whole.len(), 2, "{whole:?} on {}", world.store);
        // The same of somebody else, event by event, the second half first.
        let all: Vec<String> = all
            .iter()
            .map(|line| line.replace("b.clerk", "a.reader").replace("10.20.3.4", "10.20.3.5"))
            .collect();
        let (first, second) = all.split_at(20);
        for (number, line) in second.iter().chain(first).enumerate() {
            by.send_file(&format!("{number}.jsonl"), line.clone()).await.expect(201);
        }
        let both = alerts(by).await;
        let titles = |of: &str| {
            both.iter().filter(|(title, _)| title == of).map(|(_, count)| *count).collect::<Vec<_>>()
        };
        assert_eq!(titles(GUESSING), [40, 40], "{both:?} on {}", world.store);
        assert_eq!(titles(GUESSED).len(), 2, "{both:?} on {}", world.store);
    })
    .await;
}

#[tokio::test]
async fn a_restart_forgets_nothing() {
    let data = tempfile::tempdir().unwrap();
    let take = |app: App, name: &'static str, content: String| async move {
        let blob = app.blobs.put(content.as_bytes()).unwrap();
        server::intake::take(&app, &domain::Actor::Watchbell, name, blob).await.unwrap();
    };
    let count = |app: App| async move {
        let row: (i64,) =
            sqlx::query_as("select count(*) from alert").fetch_one(app.db.readers()).await.unwrap();
        row.0
    };
    let app = App::open(&Config::new(data.path())).await.unwrap();
    take(app.clone(), "1.jsonl", failures(0..19, "b.clerk")).await;
    assert_eq!(count(app.clone()).await, 0);
    drop(app);
    let app = App::open(&Config::new(data.path())).await.unwrap();
    take(app.clone(), "2.jsonl", failures(19..20, "b.clerk")).await;
    assert_eq!(count(app.clone()).await, 1);
}

async fn hits(world: &World) -> i64 {
    let row: (i64,) = sqlx::query_as("select count(*) from correlation_hit")
        .fetch_one(world.app.db.readers())
        .await
        .unwrap();
    row.0
}

#[tokio::test]
async fn what_is_too_old_to_matter_is_let_go() {
    let clock = Clock::manual("2026-03-01T10:10:00Z".parse().unwrap());
    let theirs = clock.clone();
    let world = spawn_with(move |config| Config { clock: theirs, ..config }).await;
    let by = &world.responder;
    by.send_file("1.jsonl", failures(0..5, "b.clerk")).await.expect(201);
    let before = hits(&world).await;
    assert!(before >= 5, "{before}");
    clock.advance(SignedDuration::from_mins(50));
    by.send_file("2.jsonl", failures(100..101, "b.clerk")).await.expect(201);
    assert!(hits(&world).await > before);
    clock.advance(SignedDuration::from_mins(20));
    by.send_file("3.jsonl", failures(200..201, "c.other")).await.expect(201);
    let after = hits(&world).await;
    assert!(after < before, "{after}");
}

#[tokio::test]
async fn correlations_of_the_operator_run_and_refused_ones_are_shown() {
    let folder = tempfile::tempdir().unwrap();
    let rules = "title: Share Opened
name: share_opened
id: 0d9d8f8a-1f0c-4a51-9a55-c3a0f2a0b001
logsource: {product: windows, service: security}
detection: {s: {EventID: 5140}, condition: s}
---
title: Bytes In All
id: 0d9d8f8a-1f0c-4a51-9a55-c3a0f2a0b002
correlation:
  type: value_sum
  rules: [share_opened]
  group-by: [TargetUserName]
  timespan: 1d
  condition: {field: Bytes, gte: 100}
generate: true
level: critical
---
title: Lost
correlation: {type: temporal, rules: [nobody], timespan: 1m}
";
    std::fs::write(folder.path().join("own.yml"), rules).unwrap();
    let path = folder.path().to_owned();
    let world = spawn_with(move |config| Config { rules: vec![path], ..config }).await;
    let by = &world.responder;
    let opened = |hour: u32, bytes: u32| {
        let mut event: Value = serde_json::from_str(&logon(5140, 0, "b.clerk")).unwrap();
        event["@timestamp"] = json!(format!("2026-03-01T{hour:02}:00:00Z"));
        event["Bytes"] = json!(bytes.to_string());
        event.to_string()
    };
    by.send_file("1.jsonl", lines(&[opened(2, 60), opened(12, 30), opened(20, 10)])).await.expect(201);
    let all = alerts(by).await;
    assert!(all.contains(&("Bytes In All".to_owned(), 3)), "one, over eighteen hours: {all:?}");
    assert!(all.iter().any(|(title, _)| title == "Share Opened"), "it speaks for itself, too: {all:?}");
    let rules = by.get("/api/v1/rules").await.expect(200);
    let refused = rules["refused"].as_array().unwrap();
    assert!(refused.iter().any(|one| one["reason"].as_str().unwrap().contains("`nobody`")), "{refused:?}");
    let own = rules["rules"].as_array().unwrap().iter().find(|rule| rule["title"] == "Bytes In All").unwrap();
    assert_eq!((&own["is_correlation"], &own["shipped"]), (&json!(true), &json!(false)));
}
