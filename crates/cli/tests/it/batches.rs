//! Batches of sources on the real server: killed without warning again and again, each is there exactly
//! once in the end; and how many events a second it stores for shippers that wait for each answer.
//! `WATCHBELL_KILLS` sets another number of rounds, `WATCHBELL_BATCHES` how much is sent for the figure.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use reqwest::Client;
use serde_json::{Value, json};

use crate::served::{client, start};

const ROUNDS: u64 = 60;
const SENDERS: u64 = 4;

/// The records of a batch; no two batches share one.
fn records(batch: &str, count: u64) -> Vec<String> {
    let record = |number: u64| {
        json!({
            "TimeCreated": "2026-03-02T08:00:00Z", "EventID": 1,
            "Channel": "Microsoft-Windows-Sysmon/Operational", "SourceName": "Microsoft-Windows-Sysmon",
            "Hostname": format!("ws-{}", number % 5), "Image": "C:\\Windows\\System32\\notepad.exe",
            "CommandLine": format!("notepad.exe {batch} {number}"), "User": "EXAMPLE\\anna",
        })
        .to_string()
    };
    (0..count).map(record).collect()
}

/// Sends a batch; `None` if the server is gone before it answers.
async fn send(client: &Client, base: &str, source: &str, key: &str, body: String) -> Option<Value> {
    let request = client.post(format!("{base}/api/v1/sources/{source}/events"));
    let answer = request.header("idempotency-key", key).body(body).send().await.ok()?;
    assert!(answer.status() == 201 || answer.status() == 200, "{}", answer.status());
    answer.json().await.ok()
}

async fn get(client: &Client, base: &str, path: &str) -> Value {
    let answer = client.get(format!("{base}{path}")).send().await.unwrap();
    assert_eq!(answer.status(), 200, "{path}");
    answer.json().await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_batch_is_there_exactly_once_however_often_the_server_is_killed() {
    let rounds = std::env::var("WATCHBELL_KILLS").ok().map_or(ROUNDS, |rounds| rounds.parse().unwrap());
    let data = tempfile::tempdir().unwrap();
    let mut running = start(data.path());
    let client = client(&running.set_up(data.path()).await);
    // What each sender sends next; it goes on only after an acknowledgement.
    let mut next = vec![0_u64; usize::try_from(SENDERS).unwrap()];
    let mut broken = 0;
    for round in 0..rounds {
        let sending: Vec<_> = (0..SENDERS)
            .map(|sender| {
                let (client, base) = (client.clone(), running.base.clone());
                let mut number = next[usize::try_from(sender).unwrap()];
                tokio::spawn(async move {
                    loop {
                        let key = format!("s{sender}-{number}");
                        let body = records(&key, 1 + number % 7).join("\n");
                        if send(&client, &base, "edge", &key, body).await.is_none() {
                            return number;
                        }
                        number += 1;
                    }
                })
            })
            .collect();
        // A spread of moments, from the first request to well under way.
        tokio::time::sleep(Duration::from_millis(round * 37 % 150)).await;
        running.kill();
        for (sender, sent) in sending.into_iter().enumerate() {
            next[sender] = sent.await.unwrap();
            broken += 1;
        }
        running = start(data.path());
    }
    let mut wanted = BTreeMap::new();
    for (sender, last) in next.iter().enumerate() {
        for number in 0..=*last {
            let key = format!("s{sender}-{number}");
            let records = records(&key, 1 + number % 7);
            // Told again, what was acknowledged is known; what broke off last is stored now at the latest.
            let told = send(&client, &running.base, "edge", &key, records.join("\n")).await.unwrap();
            assert!(number == *last || told["again"] == true, "{key} was acknowledged and is gone");
            for record in records {
                wanted.insert(record, 0);
            }
        }
    }
    let mut cursor = String::new();
    loop {
        let path = format!("/api/v1/deliveries?source=SRC-1&limit=500{cursor}");
        let page = get(&client, &running.base, &path).await;
        for delivery in page["items"].as_array().unwrap() {
            assert_eq!(delivery["state"], "complete");
            let number = |field: &str| {
                delivery[field].as_str().unwrap().strip_prefix("EVT-").unwrap().parse::<i64>().unwrap()
            };
            for event in number("first_event")..=number("last_event") {
                let path = format!("{}/api/v1/events/EVT-{event}/raw", running.base);
                let raw = client.get(path).send().await.unwrap().text().await.unwrap();
                *wanted.get_mut(&raw).unwrap() += 1;
            }
        }
        match page["next"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => break,
        }
    }
    assert!(wanted.values().all(|times| *times == 1), "an event is missing or twice");
    let batches: u64 = next.iter().map(|last| last + 1).sum();
    assert!(batches > rounds, "too little was acknowledged for this to mean anything");
    println!(
        "{rounds} kills, {broken} requests broken off: {batches} batches with {} events, each once",
        wanted.len()
    );
    running.kill();
}

#[tokio::test(flavor = "multi_thread")]
async fn many_shippers_that_wait_for_each_answer() {
    let batches = std::env::var("WATCHBELL_BATCHES").ok().map_or(10, |count| count.parse::<u64>().unwrap());
    let data = tempfile::tempdir().unwrap();
    let mut running = start(data.path());
    let client = client(&running.set_up(data.path()).await);
    for (senders, of_one) in [(1, 1), (16, 1), (16, 100), (4, 1000)] {
        let source = format!("shippers-{senders}-{of_one}");
        let begun = Instant::now();
        let sending: Vec<_> = (0..senders)
            .map(|sender| {
                let (client, base, source) = (client.clone(), running.base.clone(), source.clone());
                tokio::spawn(async move {
                    for number in 0..batches {
                        let key = format!("s{sender}-{number}");
                        let body = records(&key, of_one).join("\n");
                        let told = send(&client, &base, &source, &key, body).await.unwrap();
                        assert_eq!(told["events"], of_one);
                    }
                })
            })
            .collect();
        for sender in sending {
            sender.await.unwrap();
        }
        let (took, events) = (begun.elapsed(), senders * batches * of_one);
        let all = get(&client, &running.base, "/api/v1/sources").await;
        let source =
            all["items"].as_array().unwrap().iter().find(|one| one["name"] == source.as_str()).unwrap();
        assert_eq!(source["events"], events);
        println!(
            "{senders} shippers, {of_one} events a batch: {:.0} events/s, {:.0} batches/s",
            events as f64 / took.as_secs_f64(),
            (senders * batches) as f64 / took.as_secs_f64()
        );
    }
    running.kill();
}
