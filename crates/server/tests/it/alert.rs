//! From detections to alerts, and what people do with them.

use std::fmt::Write;
use std::path::PathBuf;
use std::time::Instant;

use reqwest::multipart::{Form, Part};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use crate::harness::{As, World, answer, everywhere, spawn};
use crate::intake::{SHADOWS, lines, sysmon};

const RULE: &str = "50157c3e-d484-47ee-9616-a0706d7e30bd";

/// Sends events that each fire the rule on deleted shadow copies.
async fn fire(by: &As, name: &str, events: &[(&str, &str)]) {
    let records: Vec<String> = events.iter().map(|(time, host)| sysmon(time, host, SHADOWS)).collect();
    by.send_file(name, lines(&records)).await.expect(201);
}

async fn alerts(of: &As, query: &str) -> Vec<Value> {
    let page = of.get(&format!("/api/v1/alerts{query}")).await.expect(200);
    page["items"].as_array().unwrap().clone()
}

#[tokio::test]
async fn a_detection_becomes_an_alert_that_says_why() {
    everywhere(|world| async move {
        fire(&world.responder, "a.jsonl", &[("2026-03-01T10:00:00Z", "WS01.example.org")]).await;
        let alert = world.observer.get("/api/v1/alerts/ALR-1").await.expect(200);
        assert_eq!(alert["rule"], RULE, "{}", world.store);
        assert_eq!(alert["severity"], "critical");
        assert_eq!(alert["entity"], json!({ "kind": "host", "name": "ws01.example.org" }));
        assert_eq!((&alert["status"], &alert["count"]), (&json!("new"), &json!(1)));
        assert_eq!(alert["first_seen"], "2026-03-01T10:00:00Z");
        assert_eq!(alert["techniques"], json!(["T1490"]));
        assert_eq!(alert["tactics"], json!(["impact"]));
        assert_eq!(alert["suggested_type"], "ransomware");

        let matches = world.observer.get("/api/v1/alerts/ALR-1/matches").await.expect(200);
        let found = matches["items"][0]["found"].as_array().unwrap();
        assert_eq!(matches["items"][0]["event"], "EVT-1");
        assert!(found.contains(&json!({ "field": "CommandLine", "value": SHADOWS })), "{found:?}");

        let (status, page) = world.observer.page("/alerts/ALR-1").await;
        assert_eq!(status, StatusCode::OK);
        for shown in ["Inhibit System Recovery", SHADOWS, "/events/EVT-1", "means of recovery", "Ransomware"]
        {
            assert!(page.contains(shown), "{shown}");
        }
        let (_, queue) = world.observer.page("/").await;
        assert!(queue.contains("/alerts/ALR-1") && queue.contains("ws01.example.org"));
        assert!(!queue.contains("data-select-all"), "an observer triages nothing");
        let (_, queue) = world.responder.page("/").await;
        assert!(queue.contains("data-select-all"));
    })
    .await;
}

#[tokio::test]
async fn one_alert_for_each_rule_and_entity_within_the_window() {
    everywhere(|world| async move {
        let by = &world.responder;
        fire(by, "1.jsonl", &[("2026-03-01T10:00:00Z", "ws01"), ("2026-03-01T10:30:00Z", "ws02")]).await;
        assert_eq!(alerts(by, "").await.len(), 2, "{}", world.store);
        // Within an hour of the last one, in a later delivery; and an hour before the first.
        fire(by, "2.jsonl", &[("2026-03-01T11:00:00Z", "ws01"), ("2026-03-01T09:00:00Z", "ws01")]).await;
        let alert = by.get("/api/v1/alerts/ALR-1").await.expect(200);
        assert_eq!(alert["count"], 3);
        assert_eq!(alert["first_seen"], "2026-03-01T09:00:00Z");
        assert_eq!(alert["last_seen"], "2026-03-01T11:00:00Z");
        // A second beyond the window.
        fire(by, "3.jsonl", &[("2026-03-01T12:00:01Z", "ws01")]).await;
        assert_eq!(alerts(by, "?entity=WS01").await.len(), 2);
        assert_eq!(by.get("/api/v1/alerts/ALR-3").await.expect(200)["count"], 1);
    })
    .await;
}

#[tokio::test]
async fn what_comes_after_a_dismissal_is_a_new_alert() {
    everywhere(|world| async move {
        let by = &world.responder;
        fire(by, "1.jsonl", &[("2026-03-01T10:00:00Z", "ws01")]).await;
        let dismissal = json!({ "verdict": "benign", "reason": "The backup test." });
        by.post("/api/v1/alerts/ALR-1/dismiss", dismissal).await.expect(200);
        fire(by, "2.jsonl", &[("2026-03-01T10:01:00Z", "ws01")]).await;
        assert_eq!(by.get("/api/v1/alerts/ALR-1").await.expect(200)["count"], 1, "{}", world.store);
        assert_eq!(by.get("/api/v1/alerts/ALR-2").await.expect(200)["status"], "new");
        // An acknowledged one goes on taking in.
        by.post("/api/v1/alerts/ALR-2/acknowledge", json!({})).await.expect(200);
        fire(by, "3.jsonl", &[("2026-03-01T10:02:00Z", "ws01")]).await;
        let alert = by.get("/api/v1/alerts/ALR-2").await.expect(200);
        assert_eq!((&alert["count"], &alert["status"]), (&json!(2), &json!("acknowledged")));
        assert_eq!(alert["acknowledged_by"], world.responder.id.as_str());
    })
    .await;
}

#[tokio::test]
async fn triage_goes_by_the_states_and_leaves_a_leaf_for_each_step() {
    everywhere(|world| async move {
        let by = &world.responder;
        fire(by, "1.jsonl", &[("2026-03-01T10:00:00Z", "ws01")]).await;
        world.observer.post("/api/v1/alerts/ALR-1/acknowledge", json!({})).await.expect(403);
        by.post("/api/v1/alerts/ALR-1/reopen", json!({})).await.expect(409);
        by.post("/api/v1/alerts/ALR-1/acknowledge", json!({})).await.expect(200);
        by.post("/api/v1/alerts/ALR-1/acknowledge", json!({})).await.expect(409);
        let blank = json!({ "verdict": "benign", "reason": "  " });
        by.post("/api/v1/alerts/ALR-1/dismiss", blank).await.expect(422);
        let odd = json!({ "verdict": "benign", "reason": "x", "by": "USR-1" });
        by.post("/api/v1/alerts/ALR-1/dismiss", odd).await.expect(422);
        let nul = json!({ "verdict": "benign", "reason": "a\u{0}b" });
        by.post("/api/v1/alerts/ALR-1/dismiss", nul).await.expect(422);
        let good = json!({ "verdict": "false_positive", "reason": "<b>Not</b> what it looks like." });
        let alert = by.post("/api/v1/alerts/ALR-1/dismiss", good).await.expect(200);
        assert_eq!(alert["verdict"], "false_positive");
        let (_, page) = by.page("/alerts/ALR-1").await;
        assert!(page.contains("&lt;b&gt;Not&lt;/b&gt;") && page.contains("Rita Responder"));
        let alert = by.post("/api/v1/alerts/ALR-1/reopen", json!({})).await.expect(200);
        assert_eq!((&alert["status"], &alert["verdict"]), (&json!("new"), &Value::Null));
        by.post("/api/v1/alerts/ALR-99/acknowledge", json!({})).await.expect(404);
        by.post("/api/v1/alerts/INC-1/acknowledge", json!({})).await.expect(404);

        let acts: Vec<(String, String)> =
            sqlx::query_as("select act, actor from record_version where record = 'ALR-1' order by version")
                .fetch_all(world.app.db.readers())
                .await
                .unwrap();
        let expected = ["alert.raise", "alert.acknowledge", "alert.dismiss", "alert.reopen"];
        assert_eq!(acts.iter().map(|(act, _)| act.as_str()).collect::<Vec<_>>(), expected, "{}", world.store);
        assert!(acts.iter().all(|(_, actor)| *actor == world.responder.id));
    })
    .await;
}

#[tokio::test]
async fn many_alerts_change_together_or_not_at_all() {
    everywhere(|world| async move {
        let by = &world.responder;
        let hosts = ["a", "b", "c"].map(|host| ("2026-03-01T10:00:00Z", host));
        fire(by, "1.jsonl", &hosts).await;
        by.post("/api/v1/alerts/ALR-3/acknowledge", json!({})).await.expect(200);
        let all = json!({ "alerts": ["ALR-1", "ALR-2", "ALR-3", "ALR-1"] });
        let changed = by.post("/api/v1/alerts/acknowledge", all).await.expect(200);
        assert_eq!(changed["alerts"].as_array().unwrap().len(), 3, "{}", world.store);

        let missing = json!({ "alerts": ["ALR-1", "ALR-77"], "verdict": "duplicate", "reason": "Same." });
        by.post("/api/v1/alerts/dismiss", missing).await.expect(404);
        assert_eq!(by.get("/api/v1/alerts/ALR-1").await.expect(200)["status"], "acknowledged");
        let two = json!({ "alerts": ["ALR-1", "ALR-2"], "verdict": "duplicate", "reason": "Same." });
        by.post("/api/v1/alerts/dismiss", two).await.expect(200);
        let told = by.post("/api/v1/alerts/acknowledge", json!({ "alerts": ["ALR-3", "ALR-2"] })).await;
        let told = told.expect(409);
        assert!(told["detail"].as_str().unwrap().contains("ALR-2"), "{told}");
        by.post("/api/v1/alerts/acknowledge", json!({ "alerts": [] })).await.expect(422);
    })
    .await;
}

#[tokio::test]
async fn the_queue_is_sorted_filtered_and_paged() {
    everywhere(|world| async move {
        let by = &world.responder;
        for number in 1..=5 {
            let time = format!("2026-03-0{number}T10:00:00Z");
            let host = format!("ws-host{number}");
            fire(by, &format!("{number}.jsonl"), &[(&time, &host)]).await;
        }
        let (mut seen, mut path) = (Vec::new(), "?limit=2".to_owned());
        loop {
            let page = by.get(&format!("/api/v1/alerts{path}")).await.expect(200);
            seen.extend(page["items"].as_array().unwrap().iter().map(|alert| alert["id"].clone()));
            let Some(next) = page["next"].as_str() else { break };
            path = format!("?limit=2&cursor={next}");
        }
        let latest_first: Vec<Value> = (1..=5).rev().map(|number| json!(format!("ALR-{number}"))).collect();
        assert_eq!(seen, latest_first, "{}", world.store);

        by.post("/api/v1/alerts/ALR-2/acknowledge", json!({})).await.expect(200);
        for (query, count) in [
            ("?status=new", 4),
            ("?status=new,acknowledged", 5),
            ("?status=dismissed", 0),
            ("?severity=critical", 5),
            (&format!("?rule={RULE}"), 5),
            ("?rule=other", 0),
            ("?entity=WS-HOST3", 1),
            ("?text=SHADOW", 5),
            ("?text=t1490", 5),
            ("?text=-host4", 1),
            ("?text=%25", 0),
            ("?text=_", 0),
            ("?text=!", 0),
            ("?text=%00", 0),
            ("?text='%20or%201=1", 0),
        ] {
            assert_eq!(alerts(by, query).await.len(), count, "{query} on {}", world.store);
        }
        for wrong in ["?status=odd", "?severity=odd", "?limit=0", "?cursor=1.2", "?sort=x"] {
            by.get(&format!("/api/v1/alerts{wrong}")).await.expect(422);
        }
    })
    .await;
}

#[tokio::test]
async fn a_flood_of_the_same_is_one_alert() {
    everywhere(|world| async move {
        let flood: String = (0..50_000).fold(String::new(), |mut all, number| {
            let time = format!("2026-03-01T10:{:02}:{:02}Z", number / 60 % 60, number % 60);
            writeln!(all, "{}", sysmon(&time, "ws01", &format!("{SHADOWS} /{number}"))).unwrap();
            all
        });
        let began = Instant::now();
        let told = world.responder.send_file("flood.jsonl", flood).await.expect(201);
        println!("50,000 matching events on {}: {:?}", world.store, began.elapsed());
        assert_eq!((&told["events"], &told["alerts"]), (&json!(50_000), &json!(1)), "{}", world.store);
        let alert = world.observer.get("/api/v1/alerts/ALR-1").await.expect(200);
        assert_eq!(alert["count"], 50_000);
        let page = world.observer.get("/api/v1/alerts/ALR-1/matches?limit=500").await.expect(200);
        assert_eq!(page["items"].as_array().unwrap().len(), 500);
        let leaves: i64 = sqlx::query_scalar("select count(*) from record_version where record = 'ALR-1'")
            .fetch_one(world.app.db.readers())
            .await
            .unwrap();
        assert_eq!(leaves, 50, "one for each chunk");
    })
    .await;
}

#[tokio::test]
async fn what_a_rule_found_is_kept_within_bounds() {
    let world = spawn().await;
    let long = format!("{SHADOWS} {}", "x".repeat(100_000));
    world
        .responder
        .send_file("long.jsonl", lines(&[sysmon("2026-03-01T10:00:00Z", "h", &long)]))
        .await
        .expect(201);
    let matches = world.observer.get("/api/v1/alerts/ALR-1/matches").await.expect(200);
    let value = matches["items"][0]["found"][0]["value"].as_str().unwrap();
    assert_eq!(value.chars().count(), 513);
    assert_eq!(
        world.observer.get("/api/v1/events/EVT-1").await.expect(200)["fields"]["CommandLine"],
        long.as_str()
    );
}

#[tokio::test]
async fn an_alert_of_a_closed_incident_is_there_for_its_members_alone() {
    everywhere(|world| async move {
        fire(&world.responder, "1.jsonl", &[("2026-03-01T10:00:00Z", "ws01")]).await;
        let declaration = json!({
            "title": "Backups destroyed", "type": "ransomware", "functional": "none", "information": "none",
            "recoverability": "regular", "restricted": true, "alerts": ["ALR-1"],
        });
        world.manager.post("/api/v1/incidents", declaration).await.expect(201);
        let seen = world.manager.get("/api/v1/alerts/ALR-1").await.expect(200);
        assert_eq!((&seen["status"], &seen["incident"]), (&json!("in_incident"), &json!("INC-1")));
        let other = &world.responder;
        for path in ["/api/v1/alerts/ALR-1", "/api/v1/alerts/ALR-1/matches"] {
            let hidden = other.get(path).await.expect(404);
            let nothing = other.get(&path.replace("ALR-1", "ALR-9")).await.expect(404);
            assert_eq!(hidden, nothing, "{path} on {}", world.store);
        }
        assert_eq!(other.page("/alerts/ALR-1").await.0, StatusCode::NOT_FOUND);
        assert_eq!(alerts(other, "").await.len(), 0);
        let dismissal = json!({ "verdict": "benign", "reason": "x" });
        other.post("/api/v1/alerts/ALR-1/dismiss", dismissal).await.expect(404);
        other.post("/api/v1/alerts/acknowledge", json!({ "alerts": ["ALR-1"] })).await.expect(404);
        // Even what it goes on taking in tells nobody else of it.
        let record = sysmon("2026-03-01T10:05:00Z", "ws01", SHADOWS);
        let told = other.send_file("2.jsonl", lines(&[record])).await.expect(201);
        assert_eq!(told["deliveries"][0]["alerts"], json!([]));
        for path in ["/", "/?status=all", "/intake/INT-1", "/intake/INT-2", &format!("/rules/{RULE}")] {
            assert!(!other.page(path).await.1.contains("ALR-1"), "{path}");
        }
        let rules = other.get(&format!("/api/v1/rules/{RULE}")).await.expect(200);
        assert_eq!(rules["noise"]["alerts"], 0);
        assert_eq!(world.manager.get("/api/v1/alerts/ALR-1").await.expect(200)["count"], 2);
    })
    .await;
}

#[tokio::test]
async fn hostile_text_in_events_is_text_on_every_page() {
    everywhere(|world| async move {
        let evil = "<script>alert(1)</script><img src=x onerror=alert(2)>";
        let record = json!({
            "EventID": 1, "Channel": "Microsoft-Windows-Sysmon/Operational", "@timestamp": "2026-03-01T10:00:00Z",
            "Provider_Name": "Microsoft-Windows-Sysmon",
            "User": evil, "CommandLine": format!("{SHADOWS} {evil}\u{0}"), "Image": evil,
        });
        world.responder.send_file("evil.jsonl", lines(&[record.to_string()])).await.expect(201);
        for path in ["/", "/alerts/ALR-1", "/alerts/dismiss?alert=ALR-1", "/events/EVT-1", "/intake/INT-1"] {
            let (status, page) = world.responder.page(path).await;
            assert_eq!(status, StatusCode::OK, "{path} on {}", world.store);
            assert!(!page.contains("<script>alert") && !page.contains("<img src=x"), "{path}");
        }
        let (_, page) = world.responder.page("/alerts/ALR-1").await;
        assert!(page.contains("&lt;script&gt;alert(1)&lt;/script&gt;"));
        let (status, page) = world.responder.page("/?q=%22%3E%3Cscript%3Ealert(1)%3C/script%3E&status=all").await;
        assert_eq!(status, StatusCode::OK);
        assert!(!page.contains("<script>alert"));
    })
    .await;
}

#[tokio::test]
async fn the_pages_forms_triage_without_scripts() {
    everywhere(|world| async move {
        let by = &world.responder;
        fire(by, "1.jsonl", &[("2026-03-01T10:00:00Z", "a"), ("2026-03-01T10:00:00Z", "b")]).await;
        let to = |response: &reqwest::Response| response.headers()["location"].to_str().unwrap().to_owned();
        let send = |path: &'static str, form: Vec<(&'static str, &'static str)>| {
            by.request(Method::POST, path).header("accept", "text/html").form(&form).send()
        };
        let response = send("/alerts/ALR-1/acknowledge", vec![("to", "queue")]).await.unwrap();
        assert_eq!((response.status().as_u16(), to(&response)), (303, "/".to_owned()), "{}", world.store);
        let (_, form) = by.page("/alerts/dismiss?alert=ALR-1&alert=ALR-2").await;
        assert!(form.contains("Dismiss 2 alerts"));
        let two = vec![("alert", "ALR-1"), ("alert", "ALR-2"), ("verdict", "benign"), ("reason", "Known.")];
        assert_eq!(send("/alerts/dismiss", two).await.unwrap().status(), 303);
        assert_eq!(alerts(by, "?status=dismissed").await.len(), 2);
        assert_eq!(send("/alerts/ALR-2/reopen", vec![]).await.unwrap().status(), 303);
        let (status, page) = by.form("/alerts/acknowledge", &[]).await;
        assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY);
        assert!(page.contains("Select at least one alert"));
        assert_eq!(by.page("/alerts").await.0, StatusCode::SEE_OTHER);
    })
    .await;
}

#[tokio::test]
async fn an_empty_queue_says_what_to_do_next() {
    let world = spawn().await;
    let (_, page) = world.responder.page("/").await;
    assert!(page.contains("No logs have come in yet") && page.contains("watchbell import FILE"));
    world.responder.send_file("quiet.jsonl", "{\"n\":1}\n").await.expect(201);
    let (_, page) = world.responder.page("/").await;
    assert!(page.contains("No alert waits"));
}

#[tokio::test]
async fn the_rules_in_use_can_be_read() {
    everywhere(|world| async move {
        fire(&world.responder, "1.jsonl", &[("2026-03-01T10:00:00Z", "ws01")]).await;
        let told = world.observer.get("/api/v1/rules").await.expect(200);
        let rules = told["rules"].as_array().unwrap();
        assert!(rules.len() >= 40);
        assert_eq!(
            rules.iter().find(|rule| rule["id"] == RULE).unwrap()["noise"]["alerts"],
            1,
            "{}",
            world.store
        );
        let rule = world.observer.get(&format!("/api/v1/rules/{RULE}")).await.expect(200);
        assert!(rule["yaml"].as_str().unwrap().contains("selection_vssadmin"));
        world.observer.get("/api/v1/rules/none").await.expect(404);
        let (_, list) = world.observer.page("/rules?q=shadow&level=critical&source=shipped").await;
        assert!(list.contains(RULE) && !list.contains("Ransom Note Written"));
        let (_, page) = world.observer.page(&format!("/rules/{RULE}")).await;
        assert!(page.contains("selection_vssadmin") && page.contains("Inhibit System Recovery"));
        assert!(page.contains("/alerts/ALR-1"));
    })
    .await;
}

fn shared(path: &str) -> Option<PathBuf> {
    let root = std::env::var_os("WATCHBELL_SHARED")
        .map_or_else(|| PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../shared"), PathBuf::from);
    let path = root.join(path);
    if !path.exists() {
        println!("skipped: {} is not there", path.display());
        return None;
    }
    Some(path)
}

#[tokio::test]
async fn real_event_logs_raise_alerts() {
    let Some(samples) = shared("data/evtx-attack-samples") else { return };
    let mut files = Vec::new();
    let mut folders = vec![samples];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "evtx") {
                files.push(path);
            }
        }
    }
    files.sort();
    real(spawn().await, &files).await;
}

async fn real(world: World, files: &[PathBuf]) {
    let wanted = [
        "sysmon_10_lsass_mimikatz_sekurlsa_logonpasswords.evtx",
        "DE_1102_security_log_cleared.evtx",
        "sysmon_10_11_lsass_memdump.evtx",
    ];
    let named =
        |file: &&PathBuf| wanted.iter().any(|name| file.file_name().is_some_and(|known| known == *name));
    let chosen: Vec<&PathBuf> = files.iter().filter(named).collect();
    assert_eq!(chosen.len(), wanted.len());
    let mut form = Form::new();
    for path in chosen {
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        form = form.part("file", Part::bytes(std::fs::read(path).unwrap()).file_name(name));
    }
    let told =
        answer(world.responder.request(Method::POST, "/api/v1/intake").multipart(form)).await.expect(201);
    assert_eq!(told["deliveries"].as_array().unwrap().len(), 3);
    assert!(told["alerts"].as_i64().unwrap() >= 1, "{told:#}");
    for alert in alerts(&world.responder, "").await {
        println!(
            "{} {} on {}: {}",
            alert["severity"], alert["title"], alert["entity"]["name"], alert["count"]
        );
        let path = format!("/alerts/{}", alert["id"].as_str().unwrap());
        assert_eq!(world.responder.page(&path).await.0, StatusCode::OK);
    }
    assert_eq!(world.responder.page("/events/EVT-1").await.0, StatusCode::OK);
}
