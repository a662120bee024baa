//! `watchbell tail --server`: the server is killed and comes back, connections break after it has stored
//! and before it has answered, and tail itself is killed: each record is on the server once.

use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use reqwest::Client;
use serde_json::Value;

use crate::served::{client, start};
use crate::support::command;

/// Stands between: keeps one address while the server's own changes, and cuts every fourth answer to a
/// batch off before it arrives.
struct Between {
    address: String,
    server: Arc<AtomicUsize>,
    /// Answers to batches; every fourth is cut off.
    answers: Arc<AtomicU64>,
}

impl Between {
    fn new() -> Between {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        let (server, answers) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicU64::new(0)));
        let (own_server, own_answers) = (Arc::clone(&server), Arc::clone(&answers));
        std::thread::spawn(move || {
            for client in listener.incoming().flatten() {
                let port = own_server.load(Ordering::SeqCst);
                let Ok(server) = TcpStream::connect(("127.0.0.1", u16::try_from(port).unwrap())) else {
                    continue;
                };
                let answers = Arc::clone(&own_answers);
                std::thread::spawn(move || pass(client, server, &answers));
            }
        });
        Between { address, server, answers }
    }

    fn lead_to(&self, base: &str) {
        self.server.store(base.rsplit_once(':').unwrap().1.parse().unwrap(), Ordering::SeqCst);
    }
}

fn pass(client: TcpStream, server: TcpStream, answers: &AtomicU64) {
    let (mut from, mut to) = (client.try_clone().unwrap(), server.try_clone().unwrap());
    let sending = std::thread::spawn(move || {
        std::io::copy(&mut from, &mut to).ok();
        to.shutdown(Shutdown::Write).ok();
    });
    let (mut server, mut client) = (server, client);
    let mut buffer = [0; 16 * 1024];
    while let Ok(read @ 1..) = server.read(&mut buffer) {
        let answer = &buffer[..read];
        let is_receipt = answer.windows(11).any(|window| window == b"\"delivery\":");
        if is_receipt && answers.fetch_add(1, Ordering::SeqCst) % 4 == 3 {
            break;
        }
        if client.write_all(answer).is_err() {
            break;
        }
    }
    client.shutdown(Shutdown::Both).ok();
    server.shutdown(Shutdown::Both).ok();
    sending.join().ok();
}

struct Tail(Child);

impl Drop for Tail {
    fn drop(&mut self) {
        self.0.kill().ok();
        self.0.wait().ok();
    }
}

fn tail(server: &str, key: &str, folder: &Path, state: &Path, once: bool) -> Tail {
    let mut command = command();
    command.args(["tail", "--send-only", "--from-start", "--source", "gate", "--server", server]);
    command.env("WATCHBELL_KEY", key).arg("--state").arg(state);
    if once {
        command.arg("--once");
    }
    Tail(command.arg(folder).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap())
}

async fn json(client: &Client, address: String) -> Option<Value> {
    client.get(address).send().await.ok()?.json().await.ok()
}

async fn stored(client: &Client, base: &str) -> u64 {
    let sources = json(client, format!("{base}/api/v1/sources")).await.unwrap();
    sources["items"][0]["events"].as_u64().unwrap_or(0)
}

#[tokio::test(flavor = "multi_thread")]
async fn each_record_is_on_the_server_once_whatever_breaks() {
    let data = tempfile::tempdir().unwrap();
    let logs = tempfile::tempdir().unwrap();
    let state = data.path().join("tail.json");
    let mut running = start(data.path());
    let key = running.set_up(data.path()).await;
    let client = client(&key);
    let between = Between::new();
    between.lead_to(&running.base);

    let log = logs.path().join("a.log");
    let mut written = 0;
    let mut append = |count: usize| {
        let mut file = std::fs::OpenOptions::new().create(true).append(true).open(&log).unwrap();
        for _ in 0..count {
            writeln!(file, "<13>May  1 10:00:00 gate counter: number {written}.").unwrap();
            written += 1;
        }
    };
    append(20);
    let mut tailing = tail(&between.address, &key, logs.path(), &state, false);
    for round in 0..30 {
        append(7);
        std::thread::sleep(Duration::from_millis(if round % 5 == 0 { 450 } else { 90 }));
        match round {
            8 | 19 => {
                running.kill();
                append(5);
                std::thread::sleep(Duration::from_millis(700));
                running = start(data.path());
                between.lead_to(&running.base);
            }
            4 | 12 | 16 | 24 => {
                drop(tailing);
                append(3);
                tailing = tail(&between.address, &key, logs.path(), &state, false);
            }
            14 => {
                std::fs::rename(&log, logs.path().join("a.log.1")).unwrap();
                append(4);
            }
            _ => {}
        }
    }
    append(10);
    let since = Instant::now();
    let wanted = written as u64;
    while stored(&client, &running.base).await < wanted && since.elapsed() < Duration::from_secs(60) {
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
    drop(tailing);
    let mut last = tail(&between.address, &key, logs.path(), &state, true);
    assert!(last.0.wait().unwrap().success());
    assert_eq!(stored(&client, &running.base).await, wanted);
    let mut numbers = Vec::new();
    for event in 1..=wanted {
        let address = format!("{}/api/v1/events/EVT-{event}/raw", running.base);
        let raw = client.get(address).send().await.unwrap().text().await.unwrap();
        let number = raw.rsplit_once("number ").unwrap().1.trim_end_matches('.');
        numbers.push(number.parse::<usize>().unwrap());
    }
    numbers.sort_unstable();
    assert_eq!(numbers, (0..written).collect::<Vec<_>>());
    let cut = between.answers.load(Ordering::SeqCst) / 4;
    println!("{wanted} records, {cut} answers cut off, 2 kills of the server, 4 of tail");
    assert!(cut > 0, "no answer was cut off, so nothing was shown");
}
