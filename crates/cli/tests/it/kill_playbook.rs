//! A run of a playbook survives anything. The real server is killed without warning (`kill -9`) at random moments while
//! it carries out runs whose steps must not be done twice. Each time it starts again, what may have happened is in
//! doubt, and nothing else is; a person (here: the target's own record) settles it. In the end every run that was
//! acknowledged is complete, and every step of it was done exactly once. `WATCHBELL_RUNS=500` makes it long,
//! `WATCHBELL_DATABASE` has it run on an empty PostgreSQL database.

use std::collections::BTreeMap;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use reqwest::Client;
use serde_json::{Value, json};

use crate::dice::Dice;
use crate::served::{Running, client, start_with};

const RUNS: usize = 20;
/// How many runs are started before the next kill.
const A_ROUND: usize = 4;

/// What a host out there knows: how often each act was carried out on it. An act is a run and a step.
#[derive(Clone, Default)]
struct Target {
    acts: Arc<Mutex<BTreeMap<String, u32>>>,
}

impl Target {
    fn start(&self) -> String {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let target = self.clone();
        std::thread::spawn(move || {
            for (number, stream) in (1_u64..).zip(listener.incoming().flatten()) {
                let target = target.clone();
                std::thread::spawn(move || target.answer(stream, number));
            }
        });
        address
    }

    fn answer(&self, stream: TcpStream, number: u64) -> Option<()> {
        let mut reader = BufReader::new(stream.try_clone().ok()?);
        let mut key = String::new();
        let mut length = 0usize;
        loop {
            let mut line = String::new();
            if reader.read_line(&mut line).ok()? == 0 {
                return None;
            }
            let line = line.trim_end().to_owned();
            if line.is_empty() {
                break;
            }
            if let Some(value) = line.to_ascii_lowercase().strip_prefix("idempotency-key: ") {
                key = value.to_owned();
            }
            if let Some(value) = line.to_ascii_lowercase().strip_prefix("content-length: ") {
                length = value.parse().ok()?;
            }
        }
        let mut body = vec![0; length];
        reader.read_exact(&mut body).ok()?;
        *self.acts.lock().unwrap().entry(act(&key)).or_default() += 1;
        // Some hosts are slow: the power may go while they think.
        std::thread::sleep(Duration::from_millis(number * 7 % 40));
        let mut stream = stream;
        stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\nconnection: close\r\n\r\n{}").ok()
    }

    fn did(&self, act: &str) -> bool {
        self.acts.lock().unwrap().contains_key(act)
    }
}

/// A key without its attempt: what is done must be done once, whatever the attempt.
fn act(key: &str) -> String {
    key.rsplit_once('.').map_or(key, |(act, _)| act).to_ascii_lowercase()
}

fn id(kind: &str, number: u32) -> String {
    format!("{kind}--00000000-0000-4000-8000-{number:012}")
}

/// Two steps at the same time, then a third; none may be done twice.
fn playbook(address: &str) -> Value {
    let step = |number: u32, next: String| {
        json!({ "type": "action", "name": format!("Step {number}"), "agent": id("individual", 1), "targets": [id("http-api", 1)],
            "commands": [{ "type": "http-api", "command": format!("POST /{number} HTTP/1.1"), "content": "{}" }], "on_completion": next })
    };
    json!({
        "type": "playbook", "spec_version": "cacao-2.0", "id": id("playbook", 1), "name": "Three steps",
        "created_by": id("identity", 1), "created": "2026-01-01T00:00:00.000Z", "modified": "2026-01-01T00:00:00.000Z",
        "workflow_start": id("start", 0),
        "workflow": {
            id("start", 0): { "type": "start", "on_completion": id("parallel", 1) },
            id("parallel", 1): { "type": "parallel", "next_steps": [id("action", 1), id("action", 2)], "on_completion": id("action", 3) },
            id("action", 1): step(1, id("end", 1)),
            id("action", 2): step(2, id("end", 2)),
            id("action", 3): step(3, id("end", 3)),
            id("end", 1): { "type": "end" }, id("end", 2): { "type": "end" }, id("end", 3): { "type": "end" },
        },
        "agent_definitions": { id("individual", 1): { "type": "individual", "name": "On call" } },
        "target_definitions": { id("http-api", 1): { "type": "http-api", "name": "Host", "address": { "url": [format!("http://{address}")] } } },
    })
}

async fn post(client: &Client, url: String, body: Value) -> Option<(u16, Value)> {
    let answer = client.post(url).json(&body).send().await.ok()?;
    let status = answer.status().as_u16();
    Some((status, answer.json().await.unwrap_or(Value::Null)))
}

async fn all_runs(client: &Client, base: &str) -> Vec<Value> {
    let mut all = Vec::new();
    let mut path = "/api/v1/incidents/INC-1/runs?limit=500".to_owned();
    loop {
        let page: Value = client.get(format!("{base}{path}")).send().await.unwrap().json().await.unwrap();
        all.extend(page["items"].as_array().unwrap().iter().cloned());
        match page["next"].as_str() {
            Some(next) => path = format!("/api/v1/incidents/INC-1/runs?limit=500&cursor={next}"),
            None => return all,
        }
    }
}

/// Settles every doubt by what the target knows; says how many there were.
async fn settle(client: &Client, base: &str, target: &Target) -> (u32, u32) {
    let (mut happened, mut not) = (0, 0);
    for run in all_runs(client, base).await {
        let number = run["id"].as_str().unwrap();
        for key in run["doubts"].as_array().unwrap() {
            let key = key.as_str().unwrap();
            let did = target.did(&act(&format!("{number}/{key}")));
            let verdict = if did { "happened" } else { "again" };
            let (status, said) = post(
                client,
                format!("{base}/api/v1/runs/{number}/settle"),
                json!({ "key": key, "verdict": verdict }),
            )
            .await
            .unwrap();
            assert_eq!(status, 200, "{said}");
            if did { happened += 1 } else { not += 1 }
        }
    }
    (happened, not)
}

fn started(data: &Path, address: &str) -> Running {
    start_with(data, &["--reach", address])
}

#[tokio::test(flavor = "multi_thread")]
async fn no_step_is_lost_or_done_twice_when_it_is_killed() {
    let wanted = std::env::var("WATCHBELL_RUNS").ok().map_or(RUNS, |runs| runs.parse().unwrap());
    let target = Target::default();
    let address = target.start();
    let data = tempfile::tempdir().unwrap();
    let mut running = started(data.path(), &address);
    let key = running.set_up(data.path()).await;
    let client = client(&key);
    let kept = post(&client, format!("{}/api/v1/playbooks", running.base), playbook(&address)).await.unwrap();
    assert_eq!(kept.0, 201, "{}", kept.1);
    let start = json!({ "playbook": kept.1["id"] });
    let incident = json!({ "title": "All at once", "type": "malware", "alerts": [], "functional": "low", "information": "none", "recoverability": "regular" });
    let made = post(&client, format!("{}/api/v1/incidents", running.base), incident).await.unwrap();
    assert_eq!(made.0, 201, "{}", made.1);

    let mut dice = Dice(7312);
    let mut acknowledged: Vec<String> = Vec::new();
    let (mut kills, mut happened, mut not) = (0, 0, 0);
    while acknowledged.len() < wanted {
        let until = Instant::now() + Duration::from_millis(20 + dice.below(400));
        let (base, sender, start) = (running.base.clone(), client.clone(), start.clone());
        let starting = tokio::spawn(async move {
            let mut names = Vec::new();
            // Runs are started one after another until the server is gone, a few a round.
            while names.len() < A_ROUND {
                match post(&sender, format!("{base}/api/v1/incidents/INC-1/runs"), start.clone()).await {
                    Some((201, run)) => names.extend(run["id"].as_str().map(str::to_owned)),
                    Some((status, said)) => panic!("{status}: {said}"),
                    None => break,
                }
            }
            names
        });
        tokio::time::sleep_until(until.into()).await;
        running.kill();
        kills += 1;
        acknowledged.extend(starting.await.unwrap());
        // What was on its way to the target arrives.
        tokio::time::sleep(Duration::from_millis(80)).await;
        running = started(data.path(), &address);
        let (did, did_not) = settle(&client, &running.base, &target).await;
        happened += did;
        not += did_not;
    }
    let deadline = Instant::now() + Duration::from_secs(120);
    let runs = loop {
        let runs = all_runs(&client, &running.base).await;
        if runs.iter().all(|run| run["status"] == "completed") {
            break runs;
        }
        assert!(
            Instant::now() < deadline,
            "runs are left over: {:?}",
            runs.iter().find(|run| run["status"] != "completed")
        );
        tokio::time::sleep(Duration::from_millis(200)).await;
    };
    let there: Vec<&str> = runs.iter().map(|run| run["id"].as_str().unwrap()).collect();
    for name in &acknowledged {
        assert!(there.contains(&name.as_str()), "{name} was acknowledged and is lost");
    }
    let acts = target.acts.lock().unwrap().clone();
    for name in &there {
        for step in 1..=3 {
            let act = format!("{name}/{}#1/0.0", id("action", step)).to_ascii_lowercase();
            assert_eq!(acts.get(&act), Some(&1), "{act}");
        }
    }
    assert_eq!(acts.len(), there.len() * 3, "something was done that belongs to no run");
    println!(
        "{kills} kills during {} runs ({} acknowledged) of 3 steps: {} acts, each done once; {} in doubt ({happened} had happened, {not} had not)",
        there.len(),
        acknowledged.len(),
        acts.len(),
        happened + not
    );
    assert!(kills >= wanted / A_ROUND, "the server was killed in every round");
    assert!(wanted < 100 || happened > 0, "too little was interrupted for this to mean anything");
    running.kill();
}
