//! From the log file to the verified bundle, with the binary alone: serve, import, report, export, verify.

use std::net::TcpListener;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use serde_json::{Value, json};

use crate::served::{client, start};
use crate::support::{Ran, command, ran, watchbell};

fn at(base: &str, data: &Path, arguments: &[&str]) -> Ran {
    let connection = ["--server", base, "--data", data.to_str().unwrap()];
    ran(command().args(arguments).args(connection).output().unwrap())
}

async fn declare(base: &str, key: &str) -> String {
    let client = client(key);
    let page: Value = client.get(format!("{base}/api/v1/alerts")).send().await.unwrap().json().await.unwrap();
    let alerts: Vec<&Value> = page["items"].as_array().unwrap().iter().map(|alert| &alert["id"]).collect();
    assert!(!alerts.is_empty());
    let declaration = json!({
        "title": "Shadow copies are gone on the file server", "type": "ransomware",
        "functional": "medium", "information": "suspected", "recoverability": "regular", "alerts": alerts,
    });
    let answer = client.post(format!("{base}/api/v1/incidents")).json(&declaration).send().await.unwrap();
    assert_eq!(answer.status(), 201, "{}", answer.text().await.unwrap());
    answer.json::<Value>().await.unwrap()["id"].as_str().unwrap().to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn logs_become_an_incident_a_report_and_a_bundle_that_can_be_verified() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let server = start(&data);
    let base = server.base.clone();
    let nobody = at(&base, &data, &["import", "logs"]);
    assert_eq!(nobody.code, Some(1));
    assert!(nobody.err.contains("there is no API key") && nobody.err.contains("set up"), "{}", nobody.err);
    let key = server.set_up(&data).await;

    let first = at(&base, &data, &["import", "logs"]);
    assert_eq!(first.code, Some(0), "{}", first.err);
    let line = |name: &str| first.out.lines().find(|line| line.contains(name)).unwrap().to_owned();
    assert!(line("sysmon.jsonl").contains("3 events, 1 refused, "), "{}", first.out);
    assert!(line("sysmon.jsonl").contains("ALR-"), "{}", first.out);
    assert!(first.err.contains("4 files sent: 7 events, 1 refused"), "{}", first.err);
    assert!(first.err.contains("1 skipped"), "{}", first.err);
    let again = at(&base, &data, &["import", "logs"]);
    assert_eq!(again.out.matches("was here already").count(), 4, "{}", again.out);

    let incident = declare(&base, &key).await;
    for (format, begins) in [("pdf", &b"%PDF"[..]), ("docx", b"PK"), ("html", b"<!"), ("md", b"")] {
        let file = folder.path().join(format!("report.{format}"));
        let report = ["report", &incident, "--format", format, "-o", file.to_str().unwrap()];
        let ran = at(&base, &data, &report);
        assert_eq!(ran.code, Some(0), "{}", ran.err);
        let content = std::fs::read(&file).unwrap();
        assert!(content.starts_with(begins) && content.len() > 1000, "{format}: {} bytes", content.len());
    }
    let text = at(&base, &data, &["report", &incident, "--format", "md", "-o", "-"]);
    assert!(text.out.contains("Shadow copies are gone"), "{}", text.out);
    let missing = at(&base, &data, &["report", "INC-999"]);
    assert!(missing.code == Some(1) && missing.err.contains("no such incident"), "{}", missing.err);

    let bundle = folder.path().join("bundle.zip");
    let bundle = bundle.to_str().unwrap();
    assert_eq!(at(&base, &data, &["export", &incident, "-o", bundle]).code, Some(0));
    let published = client(&key).get(format!("{base}/api/v1/ledger/key")).send().await.unwrap();
    let trusted = folder.path().join("ledger.pub");
    std::fs::write(&trusted, published.text().await.unwrap()).unwrap();
    drop(server);

    // From here on there is no server.
    let trusted = trusted.to_str().unwrap();
    let verified = watchbell(&["verify", bundle, "--key", trusted]);
    assert_eq!(verified.code, Some(0), "{}", verified.out);
    assert!(verified.out.contains("signed by the trusted key"), "{}", verified.out);
    assert!(verified.out.contains("Everything in it stands unchanged"), "{}", verified.out);
    let verdict: Value = serde_json::from_str(&watchbell(&["verify", bundle, "--json"]).out).unwrap();
    assert_eq!((&verdict["incident"], &verdict["problem_count"]), (&json!(incident), &json!(0)));
    let mut bytes = std::fs::read(bundle).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    std::fs::write(bundle, bytes).unwrap();
    let tampered = watchbell(&["verify", bundle, "--key", trusted]);
    assert_eq!(tampered.code, Some(1), "{}", tampered.out);
    assert!(tampered.out.contains("NOT VERIFIED"), "{}", tampered.out);

    let gone = at(&base, &data, &["import", "logs"]);
    assert!(gone.code == Some(1) && gone.err.contains("Start one with `watchbell serve`"), "{}", gone.err);
}

#[test]
fn what_is_taken_is_said_and_what_is_unsafe_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().to_str().unwrap();
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let port = watchbell(&["serve", "--listen", &address, "--data", data]);
    assert!(port.code == Some(1) && port.err.contains("is in use"), "{}", port.err);
    let server = start(folder.path());
    let second = watchbell(&["serve", "--listen", "127.0.0.1:0", "--data", data]);
    assert!(second.code == Some(1) && second.err.contains("another Watchbell"), "{}", second.err);
    drop(server);
    let open = watchbell(&["serve", "--listen", "0.0.0.0:0", "--data", data]);
    assert!(open.code == Some(1) && open.err.contains("--behind-tls-proxy"), "{}", open.err);
}

#[test]
fn it_stops_in_order_when_it_is_told_to() {
    let folder = tempfile::tempdir().unwrap();
    let mut server = start(folder.path());
    let told = Command::new("kill").args(["-TERM", &server.child.id().to_string()]).status().unwrap();
    assert!(told.success());
    for _ in 0..200 {
        if let Some(status) = server.child.try_wait().unwrap() {
            assert!(status.success(), "{status}");
            return;
        }
        std::thread::sleep(Duration::from_millis(50));
    }
    panic!("it did not stop within ten seconds");
}

#[test]
fn the_demo_tells_its_story_through_the_ordinary_intake() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("demo");
    let demo = |more: &[&str]| {
        let mut command = command();
        command.args(["demo", "--listen", "127.0.0.1:0", "--speed", "100", "--once", "--data"]).arg(&data);
        ran(command.args(more).stdin(Stdio::null()).output().unwrap())
    };
    let first = demo(&[]);
    assert_eq!(first.code, Some(0), "{}", first.err);
    assert!(first.out.contains("password  "), "{}", first.out);
    let alerts = first.out.lines().filter(|line| line.trim_start().starts_with("alert ALR-")).count();
    assert!(alerts >= 10, "{alerts} alerts\n{}", first.out);
    assert!(first.out.contains("critical: "), "{}", first.out);
    let second = demo(&[]);
    assert!(second.code == Some(1) && second.err.contains("--fresh"), "{}", second.err);
    assert_eq!(demo(&["--fresh"]).code, Some(0));
}
