//! An incident with a bit of everything, for the stories of evidence, ledger and reports; and the
//! texts that must never be more than text.

use reqwest::Method;
use serde_json::{Value, json};

use crate::harness::{Answer, As, World, answer};
use crate::intake::{SHADOWS, lines, sysmon};

/// What the delivery behind the incident is called.
pub const LOG: &str = "sysmon.jsonl";

/// Texts that something somewhere might take for markup, a formula, a template, a path or a header.
pub const HOSTILE: [&str; 8] = [
    "\"><script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "../../etc/passwd",
    "=HYPERLINK(\"http://evil.example\",\"x\")",
    "#read(\"/etc/passwd\") #eval(\"1\") $x$",
    "[x](javascript:alert(1)) **bold** `code` | cell",
    "{{7*7}} ${7*7} <%= 7*7 %>",
    "a]]>b&lt;c&#x41;",
];

/// The log behind the incident: two events that the shipped rules know.
pub fn log(command: &str) -> Vec<u8> {
    let records = [
        sysmon("2026-11-20 03:10:00.000", "ws01.example.org", command),
        sysmon("2026-11-20 03:11:00.000", "ws01.example.org", SHADOWS),
    ];
    lines(&records).into_bytes()
}

/// Sends the log, and declares an incident from the alert that it raises.
pub async fn declare(world: &World, title: &str, command: &str, restricted: bool) -> String {
    world.responder.send_file(LOG, log(command)).await.expect(201);
    let alerts = world.responder.get("/api/v1/alerts").await.expect(200);
    let alert = alerts["items"][0]["id"].clone();
    let said = json!({ "title": title, "type": "ransomware", "functional": "low", "information": "suspected",
        "recoverability": "regular", "alerts": [alert], "restricted": restricted });
    let made = world.manager.post("/api/v1/incidents", said).await.expect(201);
    made["id"].as_str().unwrap().to_owned()
}

/// An incident that was worked on, with evidence of a delivery and of a person.
pub async fn worked(world: &World, text: &str) -> String {
    let title: String = format!("Shadow copies deleted {text}").chars().take(180).collect();
    let id = declare(world, &title, &format!("{SHADOWS} {text}"), false).await;
    let post =
        async |path: String, body: Value, status: u16| world.manager.post(&path, body).await.expect(status);
    let at = |rest: &str| format!("/api/v1/incidents/{id}{rest}");
    post(at("/entries"), json!({ "kind": "action", "text": format!("Host isolated {text}") }), 201).await;
    post(
        at("/decisions"),
        json!({ "decision": format!("Rebuild ws01 {text}"), "reason": "It cannot be trusted." }),
        201,
    )
    .await;
    post(at("/observables"), json!({ "value": "203.0.113.9", "standing": "indicator", "note": text }), 201)
        .await;
    hand_over(&world.responder, &id, "memory.raw", b"MZ\0\x01 bytes of a memory image".to_vec(), &[])
        .await
        .expect(201);
    id
}

/// Hands a file over as evidence. `more` adds to the statement or replaces parts of it.
pub async fn hand_over(
    who: &As,
    incident: &str,
    name: &str,
    bytes: Vec<u8>,
    more: &[(&str, &str)],
) -> Answer {
    let mut said = vec![("method", "live export"), ("tool", "winpmem 4.0"), ("place", "ws01.example.org")];
    said.retain(|(field, _)| !more.iter().any(|(other, _)| other == field));
    said.extend(more);
    let mut form = Vec::new();
    for (field, value) in said {
        let head = format!("--cut\r\nContent-Disposition: form-data; name=\"{field}\"\r\n\r\n{value}\r\n");
        form.extend_from_slice(head.as_bytes());
    }
    // As browsers write a file's name.
    let name = name.replace('\r', "%0D").replace('\n', "%0A").replace('"', "%22");
    let head = format!("--cut\r\nContent-Disposition: form-data; name=\"file\"; filename=\"{name}\"\r\n\r\n");
    form.extend_from_slice(head.as_bytes());
    form.extend_from_slice(&bytes);
    form.extend_from_slice(b"\r\n--cut--\r\n");
    let path = format!("/api/v1/incidents/{incident}/evidence");
    let request =
        who.request(Method::POST, &path).header("content-type", "multipart/form-data; boundary=cut");
    answer(request.body(form)).await
}

/// The folder of large public data sets, which may be absent.
pub fn shared() -> std::path::PathBuf {
    std::env::var_os("WATCHBELL_SHARED")
        .map_or_else(|| std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared"), Into::into)
}

/// Naughty strings kept outside the project, if they are there; the longest are left out, and those that no
/// header can carry.
pub fn shared_strings() -> Vec<String> {
    let path = shared().join("data/hostile/blns.json");
    let Ok(text) = std::fs::read_to_string(&path) else {
        println!("skipped: {} not there", path.display());
        return Vec::new();
    };
    let strings: Vec<String> = serde_json::from_str(&text).unwrap();
    strings.into_iter().filter(|one| one.len() < 300 && !one.contains(char::is_control)).collect()
}
