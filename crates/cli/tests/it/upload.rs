//! A large file of evidence and `kill -9`: no offset that the server has told is ever taken back, and what
//! comes out in the end is the file, byte for byte. `WATCHBELL_UPLOAD_MIB` sets another size.

use std::sync::LazyLock;
use std::time::Duration;

use reqwest::{Client, Method, Response};
use sha2::{Digest, Sha256};

use crate::served::{client, start};

const PIECE: &str = "application/offset+octet-stream";
/// How many times the server is killed on the way.
const KILLS: u64 = 6;

const MIB: usize = 1 << 20;

/// The bytes from `at` on: every MiB begins with its number and goes on as all others do.
fn fill(at: u64, length: usize) -> Vec<u8> {
    static REST: LazyLock<Vec<u8>> = LazyLock::new(|| {
        (0u32..).map(|n| u8::try_from(n.wrapping_mul(2_654_435_761) >> 24).unwrap()).take(MIB).collect()
    });
    let (mut out, mut at) = (Vec::with_capacity(length), at);
    while out.len() < length {
        let mut block = REST.clone();
        block[..8].copy_from_slice(&(at >> 20).to_le_bytes());
        let within = usize::try_from(at % (1 << 20)).unwrap();
        let count = (MIB - within).min(length - out.len());
        out.extend_from_slice(&block[within..within + count]);
        at += u64::try_from(count).unwrap();
    }
    out
}

async fn offset(client: &Client, base: &str, address: &str) -> u64 {
    let told = client.head(format!("{base}{address}")).header("tus-resumable", "1.0.0").send().await.unwrap();
    assert_eq!(told.status(), 200);
    told.headers()["upload-offset"].to_str().unwrap().parse().unwrap()
}

async fn send(client: &Client, to: &str, at: u64, length: usize) -> reqwest::Result<Response> {
    // Made as it is sent, so that the test's memory stays as small as the server's.
    let pieces = (0..length).step_by(MIB).map(move |from| {
        let size = MIB.min(length - from);
        Ok::<_, std::io::Error>(fill(at + u64::try_from(from).unwrap(), size))
    });
    client
        .request(Method::PATCH, to)
        .header("tus-resumable", "1.0.0")
        .header("upload-offset", at)
        .header("content-type", PIECE)
        .body(reqwest::Body::wrap_stream(futures_util::stream::iter(pieces)))
        .send()
        .await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_killed_server_loses_no_offset_that_it_told() {
    let mib = std::env::var("WATCHBELL_UPLOAD_MIB").map_or(160, |mib| mib.parse::<u64>().unwrap());
    let (length, piece) = (mib << 20, usize::try_from((mib << 20) / 20).unwrap());
    let data = tempfile::tempdir().unwrap();
    let mut running = start(data.path());
    let client = client(&running.set_up(data.path()).await);
    let incident = declare(&client, &running.base).await;
    // filename disk.img, method disk image, tool dc3dd, place ws01
    let said = "filename ZGlzay5pbWc=,method ZGlzayBpbWFnZQ==,tool ZGMzZGQ=,place d3MwMQ==";
    let begun = client
        .post(format!("{}/api/v1/incidents/{incident}/uploads", running.base))
        .header("tus-resumable", "1.0.0")
        .header("upload-length", length)
        .header("upload-metadata", said)
        .send()
        .await
        .unwrap();
    assert_eq!(begun.status(), 201);
    let address = begun.headers()["location"].to_str().unwrap().to_owned();

    let (mut told, mut kills, mut item) = (0, 0, None);
    while item.is_none() {
        let at = offset(&client, &running.base, &address).await;
        assert!(at >= told, "{told} bytes were acknowledged, and {at} are left");
        told = at;
        let size = piece.min(usize::try_from(length - at).unwrap());
        let to = format!("{}{address}", running.base);
        let sending = send(&client, &to, at, size);
        if kills < KILLS && at > length / (KILLS + 1) * kills {
            kills += 1;
            let killed = tokio::time::timeout(Duration::from_millis(40 * kills), sending).await;
            if let Ok(Ok(answer)) = killed {
                told = answer.headers()["upload-offset"].to_str().unwrap().parse().unwrap();
            }
            running.kill();
            running = start(data.path());
            continue;
        }
        let answer = sending.await.unwrap();
        assert_eq!(answer.status(), 204, "{}", answer.text().await.unwrap());
        told = answer.headers()["upload-offset"].to_str().unwrap().parse().unwrap();
        item = answer.headers().get("watchbell-evidence").map(|name| name.to_str().unwrap().to_owned());
    }
    let mut whole = Sha256::new();
    for at in (0..length).step_by(MIB) {
        whole.update(fill(at, MIB));
    }
    let sha256 = hex::encode(whole.finalize());
    let path = format!("{}/api/v1/evidence/{}", running.base, item.unwrap());
    let record: serde_json::Value = client.get(&path).send().await.unwrap().json().await.unwrap();
    assert_eq!(record["sha256"], sha256);
    let (mut answer, mut read) = (client.get(format!("{path}/content")).send().await.unwrap(), Sha256::new());
    while let Some(piece) = answer.chunk().await.unwrap() {
        read.update(&piece);
    }
    assert_eq!(hex::encode(read.finalize()), sha256);
    let status = std::fs::read_to_string(format!("/proc/{}/status", running.child.id())).unwrap_or_default();
    let memory = status.lines().find(|line| line.starts_with("VmHWM")).unwrap_or("VmHWM unknown");
    println!("{mib} MiB in pieces of {piece} bytes with {kills} kills; the last server: {memory}");
    running.kill();
}

async fn declare(client: &Client, base: &str) -> String {
    let event = serde_json::json!({
        "TimeCreated": "2026-03-02T08:00:00Z", "EventID": 1, "Channel": "Microsoft-Windows-Sysmon/Operational",
        "SourceName": "Microsoft-Windows-Sysmon", "Hostname": "ws-1", "Image": "C:\\Windows\\System32\\vssadmin.exe",
        "CommandLine": "vssadmin.exe delete shadows /all",
    });
    let sent = client
        .post(format!("{base}/api/v1/intake?name=one.jsonl"))
        .body(event.to_string())
        .send()
        .await
        .unwrap();
    let told: serde_json::Value = sent.json().await.unwrap();
    let declaration = serde_json::json!({
        "title": "A disk image", "type": "ransomware", "functional": "low", "information": "suspected",
        "recoverability": "regular", "alerts": [told["deliveries"][0]["alerts"][0]],
    });
    let made = client.post(format!("{base}/api/v1/incidents")).json(&declaration).send().await.unwrap();
    let made: serde_json::Value = made.json().await.unwrap();
    made["id"].as_str().expect("an incident").to_owned()
}
