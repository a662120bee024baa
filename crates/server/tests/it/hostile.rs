//! What an attacker would send: fields that are not theirs, names of other people's records, questions
//! without an end, and text that something might take for more than text.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use reqwest::Method;
use serde_json::{Value, json};
use server::Config;
use server::router::ROUTES;
use tokio::io::AsyncReadExt;

use crate::case::{HOSTILE, declare, hand_over};
use crate::harness::{answer, everywhere, spawn, spawn_with};
use crate::intake::{SHADOWS, lines, sysmon};
use crate::security::shadows;

#[tokio::test]
async fn no_body_carries_a_field_that_its_route_does_not_know() {
    let world = spawn().await;
    let id = declare(&world, "All of it", SHADOWS, false).await;
    let of = |rest: &str| format!("/api/v1/incidents/{id}{rest}");
    let facts = json!({ "title": "x", "type": "malware", "functional": "low", "information": "none", "recoverability": "regular" });
    let asked = [
        (of("/entries"), json!({ "kind": "note", "text": "x" })),
        (of("/decisions"), json!({ "decision": "x", "reason": "y" })),
        (of("/tasks"), json!({ "title": "x" })),
        (of("/observables"), json!({ "value": "192.0.2.1" })),
        (of("/assets"), json!({ "kind": "host", "name": "ws09" })),
        (of("/restrict"), json!({ "restricted": true })),
        (of("/members"), json!({ "member": "USR-4" })),
        (of("/commander"), json!({ "commander": "USR-3" })),
        (of("/severity"), json!({ "severity": "low", "reason": "x" })),
        (of("/type"), json!({ "type": "phishing", "reason": "x" })),
        (of("/phase"), json!({ "phase": "assessment" })),
        (of("/close"), json!({ "outcome": "resolved", "root_cause": "x", "lessons": "y" })),
        (of("/reopen"), json!({ "phase": "assessment", "reason": "x" })),
        (of("/alerts"), json!({ "alerts": ["ALR-1"] })),
        ("/api/v1/incidents".to_owned(), facts),
        ("/api/v1/tasks/TSK-1/owner".to_owned(), json!({ "owner": null })),
        ("/api/v1/tasks/TSK-1/skip".to_owned(), json!({ "reason": "x" })),
        ("/api/v1/evidence/EVD-1/custody".to_owned(), json!({ "act": "sealed" })),
        (
            "/api/v1/alerts/dismiss".to_owned(),
            json!({ "alerts": ["ALR-1"], "verdict": "benign", "reason": "x" }),
        ),
        ("/api/v1/keys".to_owned(), json!({ "name": "x", "role": "observer" })),
        (
            "/api/v1/accounts".to_owned(),
            json!({ "name": "x", "email": "x@example.org", "password": "a long enough password", "role": "observer" }),
        ),
    ];
    let before = world.admin.get("/api/v1/ledger/leaves?limit=500").await.expect(200);
    for (path, body) in asked {
        for field in ["id", "disabled", "deleted", "declared_by", "scope", "restricted_to", "password_hash"] {
            let mut body = body.clone();
            body[field] = json!(1);
            let told = world.admin.post(&path, body).await;
            assert_eq!(told.status, 422, "{path} took {field}: {}", told.body);
        }
    }
    for field in ["email", "password_hash", "id", "sessions"] {
        let body = json!({ "role": "observer", field: "x" });
        world.admin.patch("/api/v1/accounts/USR-4", body).await.expect(422);
        world.admin.patch(&of(""), json!({ "title": "x", field: "x" })).await.expect(422);
    }
    let form = [("role", "administrator"), ("disabled", "false"), ("email", "x@example.org")];
    assert_eq!(world.admin.form("/settings/accounts/USR-4", &form).await.0, 422);
    assert_eq!(world.admin.get("/api/v1/ledger/leaves?limit=500").await.expect(200), before);
}

#[tokio::test]
async fn a_right_on_one_incident_is_none_on_another() {
    everywhere(|world| async move {
        let own = declare(&world, "Own", SHADOWS, false).await;
        let secret = json!({ "title": "Secret", "type": "insider", "functional": "low", "information": "none",
            "recoverability": "regular", "restricted": true });
        let secret = world.manager.post("/api/v1/incidents", secret).await.expect(201);
        let secret = secret["id"].as_str().unwrap();
        let of = |rest: &str| format!("/api/v1/incidents/{secret}{rest}");
        world.manager.post(&of("/observables"), json!({ "value": "192.0.2.9" })).await.expect(201);
        world.manager.post(&of("/assets"), json!({ "kind": "host", "name": "ws09" })).await.expect(201);
        hand_over(&world.manager, secret, "x.bin", b"x".to_vec(), &[]).await.expect(201);
        let first = async |list: &str| {
            let told = world.manager.get(&of(list)).await.expect(200);
            let all = told.as_array().or_else(|| told["items"].as_array()).unwrap().clone();
            all[0]["id"].as_str().unwrap().to_owned()
        };
        let (entry, observable) = (first("/entries").await, first("/observables").await);
        let (asset, task) = (first("/assets").await, first("/tasks").await);
        let evidence = first("/evidence").await;
        let before = world.manager.get("/api/v1/ledger/leaves?limit=500").await.expect(200);
        let at = |rest: String| format!("/api/v1/incidents/{own}{rest}");
        let custody = json!({ "act": "transferred", "to": "me" });
        for (path, body) in [
            (at(format!("/entries/{entry}/correct")), json!({ "text": "y" })),
            (at(format!("/entries/{entry}/techniques")), json!({ "techniques": ["T1486"] })),
            (at(format!("/observables/{observable}")), json!({ "standing": "benign" })),
            (at(format!("/assets/{asset}")), json!({ "state": "clean" })),
            (format!("/api/v1/tasks/{task}/start"), json!({})),
            (format!("/api/v1/tasks/{task}/owner"), json!({ "owner": world.responder.id })),
            (format!("/api/v1/evidence/{evidence}/custody"), custody),
            (format!("/api/v1/evidence/{evidence}/verify"), json!({})),
        ] {
            let told = world.responder.post(&path, body).await;
            assert_eq!(told.status, 404, "{path} on {}: {}", world.store, told.body);
        }
        let after = world.manager.get("/api/v1/ledger/leaves?limit=500").await.expect(200);
        assert_eq!(before, after, "{}", world.store);
    })
    .await;
}

#[tokio::test]
async fn endless_text_to_look_for_is_refused_and_signs_of_patterns_are_text() {
    everywhere(|world| async move {
        world.responder.send_file("1.jsonl", shadows(0, "ws01")).await.expect(201);
        let endless = "%25".repeat(18_000);
        for path in ["/api/v1/alerts?text=", "/api/v1/incidents?q=", "/?q=", "/incidents?q="] {
            let told = world.observer.get(&format!("{path}{endless}")).await;
            assert_eq!(told.status, 422, "{path} on {}", world.store);
        }
        for (text, found) in
            [("%25", 0), ("_", 0), ("ws01", 1), ("WS0_", 0), ("'%20or%20'1'%20like%20'1", 0), ("%00", 0)]
        {
            let told = world.observer.get(&format!("/api/v1/alerts?text={text}")).await.expect(200);
            assert_eq!(told["items"].as_array().unwrap().len(), found, "{text} on {}", world.store);
        }
    })
    .await;
}

#[tokio::test]
async fn no_odd_question_breaks_anything_or_tells_of_the_inside() {
    everywhere(|world| async move {
        declare(&world, "All of it", SHADOWS, false).await;
        let odd =
            ["0", "-1", "9223372036854775807", "18446744073709551615", "1e9", "'", "%00", "%FF", "\u{fe}"];
        let lists =
            ["alerts", "incidents", "evidence", "deliveries", "ledger/leaves", "alerts/ALR-1/matches"];
        let mut asked: Vec<String> = Vec::new();
        for value in odd {
            for list in lists {
                asked.push(format!("/api/v1/{list}?limit={value}"));
                asked.push(format!("/api/v1/{list}?cursor={value}"));
                asked.push(format!("/api/v1/{list}?cursor={value}.{value}"));
                asked.push(format!("/api/v1/{list}?cursor={value}.{value}.{value}"));
            }
            for path in [
                "leaves/X",
                "proof/inclusion?index=X",
                "proof/inclusion?index=0&size=X",
                "proof/consistency?old=X",
                "proof/consistency?old=1&new=X",
            ] {
                asked.push(format!("/api/v1/ledger/{}", path.replace('X', value)));
            }
            for thing in ["incidents/INC-X", "alerts/ALR-X", "evidence/EVD-X", "events/EVT-X", "rules/X"] {
                asked.push(format!("/api/v1/{}", thing.replace('X', value)));
                asked.push(format!("/{}", thing.replace('X', value)));
            }
            asked.push(format!("/rules?skip={value}"));
        }
        for path in asked {
            let (status, text) = world.admin.page(&path).await;
            assert!(status.as_u16() < 500, "{path} on {}: {status} {text}", world.store);
            for inside in ["sqlx", "SQLITE", "panicked", "src/", "/tmp/", "Sql("] {
                assert!(!text.contains(inside) || status == 200, "{path}: {text}");
            }
        }
    })
    .await;
}

#[tokio::test]
async fn a_form_without_an_end_is_cut_at_the_limit() {
    let world = spawn_with(|config| Config { largest_intake: 1 << 20, ..config }).await;
    // A part that is no file counts too, and so does the head of a part.
    let other = format!(
        "--cut\r\nContent-Disposition: form-data; name=\"other\"\r\n\r\n{}\r\n--cut--\r\n",
        "x".repeat(4 << 20)
    );
    let head = format!("--cut\r\nX-Endless: {}", "x".repeat(4 << 20));
    for body in [other, head] {
        for path in ["/api/v1/intake", "/intake"] {
            let request = world.responder.request(Method::POST, path);
            let request = request.header("content-type", "multipart/form-data; boundary=cut");
            let told = answer(request.body(body.clone())).await;
            assert_eq!(told.status, 413, "{path}: {}", told.body);
        }
    }
}

#[tokio::test]
async fn no_path_leads_out_of_the_assets() {
    let world = spawn().await;
    let address = world.base.trim_start_matches("http://").to_owned();
    // Sent as it is: an ordinary client would tidy the path up before it leaves.
    for path in [
        "../../Cargo.toml",
        "..%2F..%2FCargo.toml",
        "%2e%2e/%2e%2e/Cargo.toml",
        "/etc/passwd",
        "%2Fetc%2Fpasswd",
        "..\\..\\Cargo.toml",
        "app.css/../../package.json",
        "%00",
    ] {
        let mut stream = tokio::net::TcpStream::connect(&address).await.unwrap();
        let request = format!("GET /assets/{path} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n");
        tokio::io::AsyncWriteExt::write_all(&mut stream, request.as_bytes()).await.unwrap();
        let mut told = Vec::new();
        stream.read_to_end(&mut told).await.unwrap();
        let told = String::from_utf8_lossy(&told);
        assert!(told.starts_with("HTTP/1.1 4"), "{path}: {told}");
    }
}

// What comes from outside stays text.

#[tokio::test]
async fn one_odd_record_hides_no_list() {
    everywhere(|world| async move {
        let hosts = [
            ". .",
            "..",
            "İ.example.org",
            "host\u{202e}gpj.exe",
            "\0",
            "ΑΣ.",
            "ws01. .",
            "::ffff:192.0.2.1",
            "　",
        ];
        let times =
            ["2026-03-01T10:00:00Z", "-009999-01-02T00:00:00Z", "9999-12-30T00:00:00Z", "yesterday", ""];
        let mut records = Vec::new();
        for host in hosts.into_iter().chain(HOSTILE) {
            for time in times {
                let mut record: Value = serde_json::from_str(&sysmon(time, host, SHADOWS)).unwrap();
                record["User"] = json!(host);
                record["SourceIp"] = json!(host);
                records.push(record.to_string());
            }
        }
        world.responder.send_file("odd.jsonl", lines(&records)).await.expect(201);
        let alerts = world.observer.get("/api/v1/alerts?limit=500").await.expect(200);
        let alerts: Vec<Value> =
            alerts["items"].as_array().unwrap().iter().map(|one| one["id"].clone()).collect();
        assert!(alerts.len() > 3, "{}", world.store);
        let said = json!({ "title": "Odd", "type": "malware", "functional": "low", "information": "none",
            "recoverability": "regular", "alerts": alerts });
        world.manager.post("/api/v1/incidents", said).await.expect(201);
        for path in [
            "/",
            "/?status=all",
            "/incidents",
            "/incidents/INC-1",
            "/incidents/INC-1/timeline",
            "/incidents/INC-1/things",
            "/incidents/INC-1/report",
            "/evidence",
            "/intake",
            "/intake/INT-1",
            "/ledger",
            "/rules",
        ] {
            assert_eq!(world.manager.page(path).await.0, 200, "{path} on {}", world.store);
        }
        assert_eq!(world.manager.bytes("/api/v1/incidents/INC-1/report").await.0, 200, "{}", world.store);
    })
    .await;
}

#[tokio::test]
async fn no_address_that_is_written_down_is_ever_asked() {
    let world = spawn().await;
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let trap = format!("http://{}/x.png", listener.local_addr().unwrap());
    let asked = Arc::new(AtomicUsize::new(0));
    let counter = Arc::clone(&asked);
    tokio::spawn(async move {
        while listener.accept().await.is_ok() {
            counter.fetch_add(1, Ordering::SeqCst);
        }
    });
    let id = declare(&world, "Call home", &format!("{SHADOWS} {trap}"), false).await;
    let of = |rest: &str| format!("/api/v1/incidents/{id}{rest}");
    let text = format!("![x]({trap}) <img src=\"{trap}\"> #image(\"{trap}\") {trap}");
    world.manager.post(&of("/entries"), json!({ "kind": "note", "text": text })).await.expect(201);
    world
        .manager
        .post(&of("/observables"), json!({ "value": trap, "standing": "indicator" }))
        .await
        .expect(201);
    let page = format!("<html><img src=\"{trap}\"></html>").into_bytes();
    hand_over(&world.manager, &id, &trap, page, &[("place", &trap)]).await.expect(201);
    for path in ["", "/timeline", "/things", "/evidence", "/report"] {
        assert_eq!(world.manager.page(&format!("/incidents/{id}{path}")).await.0, 200);
    }
    for format in ["pdf", "md", "html", "docx"] {
        assert_eq!(world.manager.bytes(&of(&format!("/report?format={format}"))).await.0, 200);
    }
    assert_eq!(world.manager.bytes(&of("/bundle")).await.0, 200);
    tokio::time::sleep(Duration::from_millis(300)).await;
    assert_eq!(asked.load(Ordering::SeqCst), 0);
}

#[tokio::test]
async fn names_from_outside_name_no_file_in_a_bundle() {
    let world = spawn().await;
    let id = declare(&world, "Slips out", SHADOWS, false).await;
    for name in
        ["../../../etc/cron.d/x", "/etc/passwd", "C:\\Windows\\x.dll", "..\\x", "manifest.json", "a/../../b"]
    {
        hand_over(&world.responder, &id, name, name.as_bytes().to_vec(), &[]).await.expect(201);
    }
    let (_, bytes) = world.manager.bytes(&format!("/api/v1/incidents/{id}/bundle")).await;
    let mut bundle = zip::ZipArchive::new(std::io::Cursor::new(bytes)).unwrap();
    assert!(bundle.len() > 10);
    for place in 0..bundle.len() {
        let name = bundle.by_index(place).unwrap().name().unwrap().into_owned();
        let plain = name.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_' | '/'));
        assert!(plain && !name.contains("..") && !name.starts_with('/'), "{name}");
    }
}

#[tokio::test]
async fn every_answer_forbids_scripts_frames_and_guessing_of_types() {
    let world = spawn().await;
    let id = declare(&world, "All of it", SHADOWS, false).await;
    world.responder.send_file("half.jsonl", "{\"a\":1}\nno record\n").await.expect(201);
    for (_, path, _) in ROUTES.iter().filter(|(method, path, _)| *method == "GET" && *path != "/live") {
        let path = path
            .replace("/incidents/{id}", &format!("/incidents/{id}"))
            .replace("/alerts/{id}", "/alerts/ALR-1")
            .replace("/evidence/{id}", "/evidence/EVD-1")
            .replace("/events/{id}", "/events/EVT-1")
            .replace("/playbooks/{id}", "/playbooks/PBK-1")
            .replace("{number}", "1")
            .replace("{type}", "malware")
            .replace("{*path}", "app.css")
            .replace("{index}", "0");
        for accept in ["text/html", "*/*"] {
            let response =
                world.manager.request(Method::GET, &path).header("accept", accept).send().await.unwrap();
            let headers = response.headers().clone();
            let policy = headers["content-security-policy"].to_str().unwrap();
            assert!(
                policy.contains("default-src") && policy.contains("frame-ancestors 'none'"),
                "{path}: {policy}"
            );
            assert!(!policy.contains("script-src") && !policy.contains("unsafe-eval"), "{path}: {policy}");
            assert_eq!(headers["x-content-type-options"], "nosniff", "{path}");
            let saved = headers
                .get("content-disposition")
                .is_some_and(|kind| kind.to_str().unwrap().starts_with("attachment"));
            if path.ends_with("/content") || path.ends_with("/raw") || path.ends_with("/bundle") {
                assert!(saved, "{path}");
            }
        }
    }
}
