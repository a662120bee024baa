//! Nothing acknowledged is lost. The real server is killed without warning (`kill -9`) two hundred times
//! while it takes in telemetry, and each time it starts again everything that it had acknowledged is
//! there, byte for byte; what it had not is finished or was never there; and its ledger continues the
//! one before. `WATCHBELL_KILLS` sets another number of rounds.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use ledger::{Checkpoint, Hash, VerifyingKey, proof};
use reqwest::Client;
use serde_json::Value;
use sha2::{Digest, Sha256};

use crate::dice::Dice;
use crate::served::{client, start};

const ROUNDS: u64 = 200;
const SENDERS: u64 = 3;

/// A delivery as it was sent.
struct Sent {
    records: Vec<String>,
}

impl Sent {
    /// Mostly a few records, now and then enough for several commits; some of them raise alerts.
    fn new(dice: &mut Dice, name: &str) -> Sent {
        let many = if dice.below(12) == 0 { 2500 } else { 1 + dice.below(12) };
        let record = |number: u64, dice: &mut Dice| {
            let command = if dice.below(4) == 0 { "vssadmin.exe delete shadows /all" } else { "notepad.exe" };
            let image = command.split(' ').next().unwrap();
            serde_json::json!({
                "TimeCreated": format!("2026-03-02T08:{:02}:{:02}Z", number / 60 % 60, number % 60),
                "EventID": 1, "Channel": "Microsoft-Windows-Sysmon/Operational",
                "SourceName": "Microsoft-Windows-Sysmon", "Hostname": format!("ws-{}", dice.below(5)),
                "Image": format!("C:\\Windows\\System32\\{image}"), "CommandLine": command,
                "Delivery": name, "Number": number,
            })
            .to_string()
        };
        Sent { records: (0..many).map(|number| record(number, dice)).collect() }
    }

    fn body(&self) -> String {
        self.records.join("\n") + "\n"
    }

    /// As the server chains them: SHA-256 over the SHA-256 of each record.
    fn chain(&self) -> String {
        let mut all = Sha256::new();
        for record in &self.records {
            all.update(Sha256::digest(record));
        }
        hex::encode(all.finalize())
    }
}

/// Everything that the story has seen.
#[derive(Default)]
struct Seen {
    sent: BTreeMap<String, Sent>,
    /// The names of what was acknowledged, with the delivery's number unless the answer broke off.
    acknowledged: BTreeMap<String, Option<String>>,
    checkpoint: Option<Checkpoint>,
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_acknowledged_is_lost_when_it_is_killed() {
    let rounds = std::env::var("WATCHBELL_KILLS").ok().map_or(ROUNDS, |rounds| rounds.parse().unwrap());
    let data = tempfile::tempdir().unwrap();
    let mut running = start(data.path());
    let key = running.set_up(data.path()).await;
    let client = client(&key);
    let ledger_key: VerifyingKey =
        text(&client, &running.base, "/api/v1/ledger/key").await.trim().parse().unwrap();
    let mut dice = Dice(7311);
    let mut seen = Seen::default();
    for round in 0..rounds {
        let sending: Vec<_> = (0..SENDERS)
            .map(|sender| {
                let (client, base) = (client.clone(), running.base.clone());
                tokio::spawn(send_until_it_breaks(
                    client,
                    base,
                    format!("r{round:03}-s{sender}"),
                    dice.below(u64::MAX),
                ))
            })
            .collect();
        tokio::time::sleep(Duration::from_millis(dice.below(120))).await;
        running.kill();
        let mut just_now = Vec::new();
        for sender in sending {
            for (name, sent, acknowledged) in sender.await.unwrap() {
                if let Some(id) = acknowledged {
                    just_now.extend(id.clone().map(|id| (name.clone(), id)));
                    seen.acknowledged.insert(name.clone(), id);
                }
                seen.sent.insert(name, sent);
            }
        }
        running = start(data.path());
        for (name, id) in just_now {
            check_delivery(&client, &running.base, &seen.sent[&name], &name, &id).await;
        }
        check_ledger(&client, &running.base, &mut seen, &ledger_key).await;
    }
    check_everything(&client, &running.base, &seen).await;
    let events: usize = seen.acknowledged.keys().map(|name| seen.sent[name].records.len()).sum();
    println!(
        "{rounds} kills: {} deliveries sent, {} acknowledged with {events} events, none lost; ledger of {} leaves",
        seen.sent.len(),
        seen.acknowledged.len(),
        seen.checkpoint.as_ref().unwrap().size()
    );
    assert!(seen.acknowledged.len() as u64 > rounds, "too little was acknowledged for this to mean anything");
    assert!(seen.sent.len() > seen.acknowledged.len(), "no delivery was ever interrupted");
    running.kill();
}

/// What was sent; and, if it was acknowledged, the delivery's number as far as the answer told it.
type Outcome = (String, Sent, Option<Option<String>>);

/// Sends one delivery after another until the server is gone.
async fn send_until_it_breaks(client: Client, base: String, sender: String, seed: u64) -> Vec<Outcome> {
    let mut dice = Dice(seed);
    let mut all = Vec::new();
    for number in 0.. {
        let name = format!("{sender}-{number}.jsonl");
        let sent = Sent::new(&mut dice, &name);
        let request =
            client.post(format!("{base}/api/v1/intake")).query(&[("name", &name)]).body(sent.body());
        let answer = match request.send().await {
            Ok(answer) => answer,
            Err(_) => {
                all.push((name, sent, None));
                break;
            }
        };
        // The status is the acknowledgement, even if the words after it are cut off.
        assert_eq!(answer.status(), 201);
        let Ok(said) = answer.json::<Value>().await else {
            all.push((name, sent, Some(None)));
            break;
        };
        let id = said["deliveries"][0]["id"].as_str().unwrap().to_owned();
        all.push((name, sent, Some(Some(id))));
    }
    all
}

async fn text(client: &Client, base: &str, path: &str) -> String {
    let answer = client.get(format!("{base}{path}")).send().await.unwrap();
    assert_eq!(answer.status(), 200, "{path}");
    answer.text().await.unwrap()
}

async fn json(client: &Client, base: &str, path: &str) -> Value {
    serde_json::from_str(&text(client, base, path).await).unwrap()
}

fn assert_whole(delivery: &Value, sent: &Sent) {
    let name = &delivery["name"];
    assert_eq!(delivery["state"], "complete", "{name}");
    assert_eq!(delivery["events"], sent.records.len(), "{name}");
    assert_eq!(delivery["refused"], 0, "{name}");
    assert_eq!(delivery["sha256"], hex::encode(Sha256::digest(sent.body())), "{name}");
    assert_eq!(delivery["events_sha256"], sent.chain(), "{name}");
}

async fn check_delivery(client: &Client, base: &str, sent: &Sent, name: &str, id: &str) {
    let delivery = json(client, base, &format!("/api/v1/deliveries/{id}")).await;
    assert_eq!(delivery["name"], name);
    assert_whole(&delivery, sent);
    for (event, record) in [("first_event", sent.records.first()), ("last_event", sent.records.last())] {
        let path = format!("/api/v1/events/{}/raw", delivery[event].as_str().unwrap());
        assert_eq!(text(client, base, &path).await, *record.unwrap(), "{name}");
    }
}

/// The ledger now must continue the one that was last seen, signed by the same key.
async fn check_ledger(client: &Client, base: &str, seen: &mut Seen, key: &VerifyingKey) {
    let note = text(client, base, "/api/v1/ledger/checkpoint").await;
    let now = Checkpoint::open(note.as_bytes(), key).unwrap();
    if let Some(before) = &seen.checkpoint {
        assert!(
            now.size() >= before.size(),
            "the ledger has shrunk from {} to {}",
            before.size(),
            now.size()
        );
        if now.size() > before.size() {
            let path = format!("/api/v1/ledger/proof/consistency?old={}&new={}", before.size(), now.size());
            let said = json(client, base, &path).await;
            let hashes: Vec<Hash> = serde_json::from_value(said["hashes"].clone()).unwrap();
            proof::verify_consistency(&hashes, before.size(), before.root(), now.size(), now.root()).unwrap();
        } else {
            assert_eq!(now.root(), before.root());
        }
    }
    seen.checkpoint = Some(now);
}

/// At the end: every delivery that is there is whole, also those that were cut off; every acknowledged
/// one is there; and nothing is there that was not sent.
async fn check_everything(client: &Client, base: &str, seen: &Seen) {
    let deadline = Instant::now() + Duration::from_secs(60);
    let there = loop {
        let there = all_deliveries(client, base).await;
        if there.values().all(|delivery| delivery["state"] != "reading") {
            break there;
        }
        assert!(Instant::now() < deadline, "an interrupted delivery is never finished");
        tokio::time::sleep(Duration::from_millis(100)).await;
    };
    for (name, delivery) in &there {
        assert_whole(delivery, seen.sent.get(name).unwrap_or_else(|| panic!("{name} was never sent")));
    }
    for (name, id) in &seen.acknowledged {
        let found = there.get(name).unwrap_or_else(|| panic!("{name} is lost"));
        if let Some(id) = id {
            assert_eq!(found["id"], id.as_str(), "{name}");
        }
    }
    let finished = there.len() - seen.acknowledged.len();
    println!(
        "{finished} unacknowledged deliveries were finished, {} left no trace",
        seen.sent.len() - there.len()
    );
}

async fn all_deliveries(client: &Client, base: &str) -> BTreeMap<String, Value> {
    let mut all = BTreeMap::new();
    let mut path = "/api/v1/deliveries?limit=500".to_owned();
    loop {
        let page = json(client, base, &path).await;
        for delivery in page["items"].as_array().unwrap() {
            let name = delivery["name"].as_str().unwrap().to_owned();
            assert!(all.insert(name.clone(), delivery.clone()).is_none(), "{name} is there twice");
        }
        match page["next"].as_str() {
            Some(next) => path = format!("/api/v1/deliveries?limit=500&cursor={next}"),
            None => return all,
        }
    }
}
