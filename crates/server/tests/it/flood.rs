//! A rule that fires without end: one alert, and no event costs more than those before it. The measurement
//! takes minutes and is ignored by default:
//!
//! ```text
//! cargo test -p server --test it flood -- --include-ignored --nocapture
//! ```

use std::fmt::Write;
use std::time::Instant;

use serde_json::json;

use crate::harness::{everywhere, spawn};
use crate::intake::{SHADOWS, sysmon};

const PARTS: usize = 10;
const EACH: usize = 100_000;

/// Events of one rule on one host, within an hour.
fn part(number: usize, each: usize) -> String {
    let mut lines = String::new();
    for place in 0..each {
        // 2,700 seconds for a million of them.
        let micros = (number * each + place) as u64 * 2_700;
        let (seconds, rest) = (micros / 1_000_000, micros % 1_000_000);
        let time = format!("2026-03-01T10:{:02}:{:02}.{rest:06}Z", seconds / 60, seconds % 60);
        writeln!(lines, "{}", sysmon(&time, "ws01", SHADOWS)).unwrap();
    }
    lines
}

#[tokio::test]
async fn what_a_flood_notes_beside_an_incidents_observables_is_bounded_and_counted() {
    everywhere(|world| async move {
        let by = &world.manager;
        by.send_file("0.jsonl", part(0, 1500)).await.expect(201);
        let said = json!({ "title": "Flood", "type": "ransomware", "functional": "low",
            "information": "suspected", "recoverability": "regular", "alerts": ["ALR-1"] });
        by.post("/api/v1/incidents", said).await.expect(201);
        for number in 1..3 {
            by.send_file(&format!("{number}.jsonl"), part(number, 1500)).await.expect(201);
        }
        let seen = by.get("/api/v1/incidents/INC-1/observables").await.expect(200);
        let seen = seen["items"].as_array().or(seen.as_array()).unwrap().clone();
        let host = seen.iter().find(|one| one["kind"] == "host").unwrap();
        assert_eq!(host["count"], 4500, "all are counted on {}", world.store);
        let (rows, most): (i64, i64) = sqlx::query_as(
            "select count(*), max(n) from (select observable, count(*) as n from observable_event group by observable) x",
        )
        .fetch_one(world.app.db.readers())
        .await
        .unwrap();
        assert!(rows >= 3 && most == 2000, "{rows} observables, at most {most} events noted");
        assert!(by.page("/incidents/INC-1/things").await.1.contains("the first 2000 are noted here"));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "a measurement that takes minutes"]
async fn a_million_detections_of_one_rule_are_one_alert_at_a_steady_pace() {
    let world = spawn().await;
    let by = &world.manager;
    let mut times = Vec::new();
    for number in 0..PARTS {
        let lines = part(number, EACH);
        let began = Instant::now();
        by.send_file(&format!("{number}.jsonl"), lines).await.expect(201);
        let took = began.elapsed();
        println!(
            "{:>9} detections: {:.2} s for {EACH}, {:.1} µs each",
            (number + 1) * EACH,
            took.as_secs_f64(),
            took.as_secs_f64() * 1e6 / EACH as f64
        );
        times.push(took.as_secs_f64());
        if number == PARTS / 2 - 1 {
            // From here on the alert is in an incident, which follows it.
            let said = json!({ "title": "Flood", "type": "ransomware", "functional": "low",
                "information": "suspected", "recoverability": "regular", "alerts": ["ALR-1"] });
            by.post("/api/v1/incidents", said).await.expect(201);
        }
    }
    let alerts = by.get("/api/v1/alerts").await.list();
    assert_eq!(alerts.as_array().unwrap().len(), 1);
    assert_eq!(alerts[0]["count"], PARTS * EACH);
    let count = async |table: &str| -> i64 {
        sqlx::query_scalar(sqlx::AssertSqlSafe(format!("select count(*) from {table}")))
            .fetch_one(world.app.db.readers())
            .await
            .unwrap()
    };
    let (matches, signs) = (count("alert_match").await, count("risk_sign").await);
    let (observables, noted) = (count("observable").await, count("observable_event").await);
    println!("kept: {matches} matches, {signs} signs, {observables} observables noted beside {noted} events");
    assert!(matches < 4000 && signs <= 2, "{matches} matches, {signs} signs");
    assert!(noted <= observables * 2000, "{noted} of {observables}");
    let pace = |times: &[f64]| times.iter().sum::<f64>() / times.len() as f64;
    for half in [&times[..PARTS / 2], &times[PARTS / 2..]] {
        let (first, last) = (pace(&half[..2]), pace(&half[half.len() - 2..]));
        assert!(last < 1.5 * first, "it slows down: {first:.2} s, later {last:.2} s for {EACH}");
    }
}
