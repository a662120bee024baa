//! One box over everything: what is found, by whom, and that what is typed is text. On both databases.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use serde_json::{Value, json};
use server::search::{Kind, catch_up};

use crate::harness::{As, World, everywhere};
use crate::intake::sysmon;

/// A command that shipped rules are about.
const CREDENTIALS: &str =
    r"rundll32.exe C:\Windows\System32\comsvcs.dll, MiniDump 624 C:\Temp\lsass.dmp full";

fn declaration(title: &str, alerts: &[&str]) -> Value {
    json!({
        "title": title, "type": "ransomware", "functional": "medium", "information": "privacy",
        "recoverability": "supplemented", "alerts": alerts
    })
}

async fn declare(who: &As, title: &str) -> String {
    let made = who.post("/api/v1/incidents", declaration(title, &[])).await.expect(201);
    made["id"].as_str().unwrap().to_owned()
}

async fn look(who: &As, typed: &str) -> Value {
    let request = who.request(reqwest::Method::GET, "/api/v1/search").query(&[("q", typed)]);
    crate::harness::answer(request).await.expect(200)
}

/// The records that are found, those of one kind if it is named.
async fn records(who: &As, typed: &str, kind: Option<&str>) -> BTreeSet<String> {
    let found = look(who, typed).await;
    let groups = found["groups"].as_array().unwrap().iter();
    groups
        .filter(|group| kind.is_none_or(|kind| group["kind"] == kind))
        .flat_map(|group| group["hits"].as_array().unwrap().clone())
        .filter_map(|hit| hit["record"].as_str().map(str::to_owned))
        .collect()
}

async fn observable(who: &As, incident: &str, kind: &str, value: &str) -> String {
    let body = json!({ "kind": kind, "value": value });
    let made = who.post(&format!("/api/v1/incidents/{incident}/observables"), body).await;
    assert!(made.status.is_success(), "{:#}", made.body);
    made.body["id"].as_str().unwrap().to_owned()
}

async fn note(who: &As, incident: &str, text: &str) -> String {
    let body = json!({ "kind": "note", "text": text });
    who.post(&format!("/api/v1/incidents/{incident}/entries"), body).await.expect(201)["id"]
        .as_str()
        .unwrap()
        .to_owned()
}

#[tokio::test]
async fn everything_is_found_by_what_it_says() {
    everywhere(|world| async move {
        let World { responder, .. } = &world;
        let incident = declare(responder, "Encrypted file servers in Zürich").await;
        let entry = note(responder, &incident, "The backup server answers again, no gaps.").await;
        assert!(records(responder, "zurich encrypt", None).await.contains(&incident));
        assert_eq!(
            records(responder, "\"backup server answers\"", None).await,
            BTreeSet::from([entry.clone()])
        );
        assert!(records(responder, "\"server backup\"", None).await.is_empty());
        assert!(
            !records(responder, "back server", None).await.contains(&entry),
            "only the last word may be unfinished"
        );
        assert!(records(responder, "server back", None).await.contains(&entry));
        assert_eq!(records(responder, "olaf", Some("person")).await.len(), 1);
        let named = look(responder, &incident.to_lowercase()).await;
        assert_eq!(named["named"]["href"], format!("/incidents/{incident}"));
        let plan = look(responder, "\"chain of custody\"").await;
        assert!(plan["groups"].as_array().unwrap().iter().any(|group| group["kind"] == "plan"), "{plan:#}");
        let playbook = look(responder, "ransomware").await;
        let playbook =
            playbook["groups"].as_array().unwrap().iter().find(|group| group["kind"] == "playbook");
        assert!(playbook.unwrap()["hits"][0]["href"].as_str().unwrap().starts_with("/playbooks/PBK-"));
    })
    .await;
}

#[tokio::test]
async fn values_are_found_whole_and_by_their_parts() {
    everywhere(|world| async move {
        let World { responder, .. } = &world;
        let incident = declare(responder, "Values").await;
        let hash = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08";
        let address = observable(responder, &incident, "ipv4", "10.0.0.5").await;
        let neighbour = observable(responder, &incident, "ipv4", "10.0.0.50").await;
        let site = observable(responder, &incident, "url", "http://mail.evil-site.example/login").await;
        let digest = observable(responder, &incident, "sha256", hash).await;
        let path =
            note(responder, &incident, r"Dropped C:\Users\Public\stage2.exe and wrote to ada@example.org")
                .await;
        let of = |typed: &'static str| records(responder, typed, None);
        let seen = |found: &BTreeSet<String>, one: &String| found.contains(one);
        for typed in ["10.0.0.5", "10[.]0[.]0[.]5"] {
            let found = look(responder, typed).await;
            let group =
                found["groups"].as_array().unwrap().iter().find(|g| g["kind"] == "observable").unwrap();
            assert_eq!(group["hits"][0]["record"], address.as_str(), "what is meant comes first");
        }
        assert!(seen(&of("10.0.0").await, &neighbour) && !seen(&of("0.0.50.1").await, &neighbour));
        for typed in ["evil-site", "evil-site.example", "hxxp://mail[.]evil-site[.]example", "login"] {
            assert!(seen(&of(typed).await, &site), "{typed}");
        }
        for typed in ["9f86d081884c7d65", "9F86D081884C7D659A2FEAA0C55AD015A3BF4F1B2B0B822CD15D6C15B0F00A08"]
        {
            assert!(seen(&of(typed).await, &digest), "{typed}");
        }
        for typed in ["stage2.exe", r"public\stage2", "ada@example.org", "ada[at]example[dot]org", "stage2"] {
            assert!(seen(&of(typed).await, &path), "{typed}");
        }
    })
    .await;
}

#[tokio::test]
async fn alerts_are_found_by_the_values_in_their_events() {
    everywhere(|world| async move {
        let World { responder, .. } = &world;
        responder
            .send_file("ws-17.jsonl", sysmon("2026-01-01T00:00:00Z", "ws-17.example.org", CREDENTIALS))
            .await
            .expect(201);
        let alerts = responder.get("/api/v1/alerts").await.list();
        let alert = &alerts[0];
        let title = alert["title"].as_str().unwrap();
        assert!(records(responder, title, Some("alert")).await.contains(alert["id"].as_str().unwrap()));
        let alert = alert["id"].as_str().unwrap();
        assert!(records(responder, "ws-17.example.org", Some("alert_value")).await.contains(alert));
        let mut closed = declaration("Nobody's business", &[alert]);
        closed["restricted"] = json!(true);
        world.manager.post("/api/v1/incidents", closed).await.expect(201);
        assert!(records(&world.manager, "ws-17.example.org", Some("alert_value")).await.contains(alert));
        for kind in ["alert", "alert_value"] {
            assert!(!records(responder, "ws-17.example.org", Some(kind)).await.contains(alert), "{kind}");
        }
    })
    .await;
}

#[tokio::test]
async fn what_one_may_not_know_is_not_found_nor_counted() {
    everywhere(|world| async move {
        let World { manager, responder, observer, .. } = &world;
        let open = declare(manager, "Open quokka").await;
        let closed = declare(manager, "Closed quokka").await;
        note(manager, &closed, "The quokka was seen by the works council.").await;
        observable(manager, &closed, "domain", "quokka.example.org").await;
        manager
            .post(&format!("/api/v1/incidents/{closed}/restrict"), json!({ "restricted": true }))
            .await
            .expect(200);
        assert!(records(manager, "quokka", None).await.len() >= 4);
        for who in [responder, observer] {
            let found = look(who, "quokka").await;
            let told = found.to_string();
            assert!(told.contains(&open) && !told.contains(&closed) && !told.contains("council"), "{told}");
            assert!(look(who, &closed).await["named"].is_null());
            let (_, page) = who.page("/search?q=quokka").await;
            assert!(!page.contains(&closed) && !page.contains("council"));
        }
        manager
            .post(&format!("/api/v1/incidents/{closed}/restrict"), json!({ "restricted": false }))
            .await
            .expect(200);
        assert!(records(observer, "quokka", None).await.contains(&closed));
    })
    .await;
}

#[tokio::test]
async fn what_is_typed_is_text() {
    everywhere(|world| async move {
        let World { responder, .. } = &world;
        let incident = declare(responder, "Plain").await;
        let wild = "' OR 1=1 --\u{202e} <script>alert(1)</script> \"near(* ^title:x\" & ! <-> \\ %_";
        let entry = note(responder, &incident, wild).await;
        for typed in
            ["\"", "*", "NEAR(", "a AND", "title:x", "-x", "'", "\\", "a:*", "!a", "<->", "(", "\u{0}a", "%"]
        {
            look(responder, typed).await;
        }
        assert!(records(responder, "script alert", None).await.contains(&entry));
        let (status, page) = responder.page("/search?q=%3Cscript%3Ealert").await;
        assert_eq!(status, 200);
        assert!(!page.contains("<script>alert"), "text became markup");
        let long = "x".repeat(201);
        let refused = responder.get(&format!("/api/v1/search?q={long}")).await;
        assert_eq!(refused.status, 422);
        hostile(responder, &incident).await;
    })
    .await;
}

/// Every text of the public list of naughty strings, as a query and, a sample of them, as an entry that is found.
async fn hostile(responder: &As, incident: &str) {
    let shared = std::env::var("WATCHBELL_SHARED").unwrap_or_else(|_| "/work/shared".to_owned());
    let Ok(text) = fs::read_to_string(Path::new(&shared).join("data/hostile/blns.json")) else {
        println!("skipped: no hostile texts in {shared}");
        return;
    };
    let list: Vec<String> = serde_json::from_str(&text).unwrap();
    for (place, wild) in list.iter().enumerate() {
        let typed: String = wild.chars().take(200).collect();
        look(responder, &typed).await;
        if place % 20 == 0 && !wild.trim().is_empty() {
            let body = json!({ "kind": "note", "text": format!("naughty{place} {wild}") });
            let made = responder.post(&format!("/api/v1/incidents/{incident}/entries"), body).await;
            if made.status == 201 {
                let entry = made.body["id"].as_str().unwrap().to_owned();
                assert!(
                    records(responder, &format!("naughty{place}"), None).await.contains(&entry),
                    "{wild}"
                );
            }
        }
    }
}

#[tokio::test]
async fn a_store_from_before_is_indexed_and_changes_meanwhile_stay() {
    everywhere(|world| async move {
        let World { app, responder, .. } = &world;
        let incident = declare(responder, "Older wording").await;
        responder
            .send_file("ws-17.jsonl", sysmon("2026-01-01T00:00:00Z", "ws-17.example.org", CREDENTIALS))
            .await
            .expect(201);
        let values = records(responder, "ws-17.example.org", Some("alert_value")).await;
        let edit = json!({ "title": "Newer wording" });
        responder.patch(&format!("/api/v1/incidents/{incident}"), edit).await.expect(200);
        forget(app).await;
        assert!(records(responder, "wording", None).await.is_empty());
        catch_up::bring_up(app).await.unwrap();
        assert!(records(responder, "newer wording", Some("incident")).await.contains(&incident));
        assert!(!records(responder, "older wording", Some("incident")).await.contains(&incident));
        assert_eq!(records(responder, "ws-17.example.org", Some("alert_value")).await, values);
        catch_up::bring_up(app).await.unwrap();
    })
    .await;
}

/// As if the index had never been.
async fn forget(app: &server::App) {
    let dialect = app.db.dialect();
    app.db
        .writer()
        .run(move |tx| {
            Box::pin(async move {
                for kind in Kind::ALL {
                    platform::search::clear(tx, dialect, kind.numbers(), &BTreeSet::new()).await?;
                }
                sqlx::query("delete from search_state").execute(tx).await?;
                Ok::<(), platform::db::DbError>(())
            })
        })
        .await
        .unwrap();
}
