//! Incidents and each other: links, parents and children, merging and parting, and what need-to-know makes of it.

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;
use serde_json::{Value, json};
use sqlx::Row;

use crate::harness::{As, World, everywhere};
use crate::intake::{SHADOWS, lines, sysmon};

/// An incident from an alert on this host, with a note and a decision.
async fn incident(world: &World, host: &str, more: Value) -> String {
    let record = sysmon("2026-11-24 03:10:00.000", &format!("{host}.example.org"), SHADOWS);
    let told = world.responder.send_file(&format!("{host}.jsonl"), lines(&[record])).await.expect(201);
    let alert = told["deliveries"][0]["alerts"][0].clone();
    let mut said = json!({ "title": format!("Shadow copies deleted on {host}"), "type": "ransomware",
        "functional": "low", "information": "suspected", "recoverability": "regular", "alerts": [alert] });
    for (name, value) in more.as_object().unwrap() {
        said[name] = value.clone();
    }
    let made = world.manager.post("/api/v1/incidents", said).await.expect(201);
    let id = made["id"].as_str().unwrap().to_owned();
    let decision = json!({ "decision": format!("Isolate {host}"), "reason": "It may spread" });
    world.manager.post(&format!("/api/v1/incidents/{id}/decisions"), decision).await.expect(201);
    id
}

async fn list(by: &As, incident: &str, what: &str) -> Vec<Value> {
    let told = by.get(&format!("/api/v1/incidents/{incident}/{what}?limit=500")).await.list();
    told.as_array().unwrap().clone()
}

async fn view(by: &As, incident: &str) -> Value {
    by.get(&format!("/api/v1/incidents/{incident}")).await.expect(200)
}

fn of(records: &[Value], incident: &str) -> Vec<Value> {
    records.iter().filter(|record| record["incident"] == incident).cloned().collect()
}

fn link(kind: &str, other: &str) -> Value {
    json!({ "kind": kind, "other": other, "reason": "The same keys were used." })
}

#[tokio::test]
async fn links_are_read_from_both_ends_and_ended_with_a_trace() {
    everywhere(|world| async move {
        let (one, two) =
            (incident(&world, "ws01", json!({})).await, incident(&world, "ws02", json!({})).await);
        let by = &world.responder;
        let path = |id: &str| format!("/api/v1/incidents/{id}/links");
        world.observer.post(&path(&two), link("caused_by", &one)).await.expect(403);
        by.post(&path(&two), json!({ "kind": "caused_by", "other": one, "reason": " " })).await.expect(422);
        by.post(&path(&two), link("caused_by", &two)).await.expect(422);
        by.post(&path(&two), link("caused_by", "INC-99")).await.expect(404);
        let made = by.post(&path(&two), link("caused_by", &one)).await.expect(201);
        assert_eq!((&made["incident"], &made["other"]), (&json!(two), &json!(one)), "{}", world.store);
        by.post(&path(&two), link("caused_by", &one)).await.expect(409);
        by.post(&path(&one), link("related", &two)).await.expect(201);
        by.post(&path(&two), link("related", &one)).await.expect(409);

        let of_two = world.observer.get(&path(&two)).await.expect(200);
        let of_one = world.observer.get(&path(&one)).await.expect(200);
        let labels = |told: &Value| {
            told.as_array().unwrap().iter().map(|one| one["label"].clone()).collect::<Vec<_>>()
        };
        assert_eq!(labels(&of_two), ["Caused by", "Related to"]);
        assert_eq!(labels(&of_one), ["Caused", "Related to"]);
        assert_eq!(of_two[0]["incident"]["id"], one.as_str());
        for (id, text) in [(&one, "Caused INC-2"), (&two, "Caused by INC-1")] {
            let entries = list(by, id, "entries").await;
            assert!(entries.iter().any(|entry| entry["text"].as_str().unwrap().starts_with(text)), "{id}");
        }
        let link = made["id"].as_str().unwrap();
        let end = format!("{}/{link}/end", path(&one));
        let ended = by.post(&end, json!({ "reason": "Another way in." })).await.expect(200);
        assert_eq!(ended["ended"]["reason"], "Another way in.");
        by.post(&end, json!({})).await.expect(409);
        assert_eq!(labels(&world.observer.get(&path(&two)).await.expect(200)), ["Related to"]);
        let versions: Vec<String> =
            sqlx::query_scalar("select act from record_version where record = $1 order by version")
                .bind(link)
                .fetch_all(world.app.db.readers())
                .await
                .unwrap();
        assert_eq!(versions, ["link.make", "link.end"]);
    })
    .await;
}

#[tokio::test]
async fn a_parent_shows_its_children_and_is_not_closed_over_them_unasked() {
    everywhere(|world| async move {
        let mut ids = Vec::new();
        for host in ["ws01", "ws02", "ws03"] {
            ids.push(incident(&world, host, json!({})).await);
        }
        let [parent, child, grandchild] = ids.try_into().unwrap();
        let by = &world.manager;
        let path = |id: &str, rest: &str| format!("/api/v1/incidents/{id}/{rest}");
        by.post(&path(&child, "links"), link("child_of", &parent)).await.expect(201);
        // The same said from the other side.
        let said =
            json!({ "kind": "child_of", "other": grandchild, "reversed": true, "reason": "A part of it." });
        by.post(&path(&child, "links"), said).await.expect(201);
        for (low, high) in [(&parent, &grandchild), (&parent, &child)] {
            let told = by.post(&path(low, "links"), link("child_of", high)).await.expect(422);
            assert!(told["detail"].as_str().unwrap().contains("cannot be its parent"), "{told}");
        }
        let told = by.post(&path(&child, "links"), link("child_of", &grandchild)).await.expect(409);
        assert!(told["detail"].as_str().unwrap().contains("already"), "{told}");

        let links = by.get(&path(&parent, "links")).await.expect(200);
        let of_child = view(by, &child).await;
        assert_eq!(links[0]["label"], "Parent of", "{}", world.store);
        for fact in ["phase", "severity", "open_tasks", "overdue_tasks", "next_due"] {
            assert_eq!(links[0]["incident"][fact], of_child[fact], "{fact}");
        }
        let (_, page) = by.page(&format!("/incidents/{parent}/related")).await;
        assert!(page.contains("1 of 1 open") && page.contains(&child), "{page}");

        let mut closing =
            json!({ "outcome": "resolved", "root_cause": "A stolen password", "lessons": "Keys" });
        let told = by.post(&path(&parent, "close"), closing.clone()).await.expect(409);
        assert!(told["detail"].as_str().unwrap().contains(&child), "{told}");
        let (_, form) = by.page(&format!("/incidents/{parent}/close")).await;
        assert!(form.contains("Leave its children open"));
        closing["leave_children"] = json!(true);
        by.post(&path(&parent, "close"), closing.clone()).await.expect(200);
        closing["leave_children"] = json!(false);
        by.post(&path(&grandchild, "close"), closing.clone()).await.expect(200);
        by.post(&path(&child, "close"), closing).await.expect(200);
    })
    .await;
}

#[tokio::test]
async fn a_merged_incident_is_seen_in_the_other_with_its_origin() {
    everywhere(|world| async move {
        let (head, part) =
            (incident(&world, "ws01", json!({})).await, incident(&world, "ws02", json!({})).await);
        let by = &world.manager;
        let path = |id: &str, rest: &str| format!("/api/v1/incidents/{id}/{rest}");
        let said = json!({ "incident": part, "reason": "One intruder, two hosts." });
        world.observer.post(&path(&head, "merge"), said.clone()).await.expect(403);
        world.responder.post(&path(&head, "merge"), said.clone()).await.expect(403);
        by.post(&path(&head, "merge"), json!({ "incident": head, "reason": "x" })).await.expect(422);
        by.post(&path(&head, "merge"), json!({ "incident": part, "reason": "" })).await.expect(422);
        let before = (view(by, &head).await, view(by, &part).await);
        let (_, form) = by.page(&format!("/incidents/{head}/merge?with={part}")).await;
        assert!(form.contains(&format!("Merge {part} into {head}?")), "{form}");
        let merged = by.post(&path(&head, "merge"), said.clone()).await.expect(200);
        by.post(&path(&head, "merge"), said).await.expect(409);
        assert_eq!(merged["merged"], 1, "{}", world.store);
        assert_eq!(view(by, &part).await["merged_into"], head.as_str());
        let sum = |fact: &str| before.0[fact].as_i64().unwrap() + before.1[fact].as_i64().unwrap();
        assert_eq!(merged["open_tasks"], sum("open_tasks"));
        assert_eq!(merged["entries"], sum("entries") + 2, "and a line on each");

        for what in ["entries", "tasks", "decisions", "assets", "evidence"] {
            let both = list(by, &head, what).await;
            let own = list(by, &part, what).await;
            assert!(!own.is_empty() && own.len() < both.len(), "{what}");
            assert_eq!(of(&both, &part), own, "{what} with their origin and their numbers");
        }
        // What both saw is one, and says where.
        let observables = list(by, &head, "observables").await;
        let account = observables.iter().find(|one| one["value"] == "example\\anna").unwrap();
        assert_eq!((&account["incident"], &account["count"]), (&json!(head), &json!(2)), "{account}");
        assert_eq!(account["united"][0]["incident"], part.as_str());
        for page in ["", "/timeline", "/tasks", "/things", "/decisions", "/evidence", "/people"] {
            let (status, html) = by.page(&format!("/incidents/{head}{page}")).await;
            assert!(status == 200 && html.contains(&part), "{page} names the origin");
            let (status, html) = by.page(&format!("/incidents/{part}{page}")).await;
            assert!(status == 200 && html.contains(&format!("Open {head}")), "{page} points to the other");
        }
        let open: Vec<Value> =
            by.get("/api/v1/incidents?state=open").await.list().as_array().unwrap().clone();
        assert_eq!(open.len(), 1, "the merged one stands in no list of open ones");

        // It is steered and added to at the other; its own parts are worked on in place.
        let note = json!({ "kind": "note", "text": "x" });
        let told = by.post(&path(&part, "entries"), note).await.expect(409);
        assert!(told["detail"].as_str().unwrap().contains(&head), "{told}");
        by.post(&path(&part, "phase"), json!({ "phase": "assessment" })).await.expect(409);
        let task = of(&list(by, &head, "tasks").await, &part)[0]["id"].as_str().unwrap().to_owned();
        world.responder.post(&format!("/api/v1/tasks/{task}/done"), json!({})).await.expect(200);
        let id = account["id"].as_str().unwrap();
        let word = json!({ "standing": "indicator" });
        by.post(&path(&head, &format!("observables/{id}")), word).await.expect(200);

        // The bundle of the one holds the records of both.
        let evidence = list(by, &part, "evidence").await[0]["id"].as_str().unwrap().to_owned();
        let (_, bundle) = by.bytes(&path(&head, "bundle")).await;
        let bundle = zip::ZipArchive::new(std::io::Cursor::new(bundle)).unwrap();
        let names: Vec<String> = bundle.file_names().map(|name| name.unwrap().into_owned()).collect();
        for record in [head.as_str(), "MRG-1", evidence.as_str()] {
            assert!(names.iter().any(|name| name.contains(record)), "{record} is missing from {names:?}");
        }

        world.responder.post(&path(&part, "unmerge"), json!({ "reason": "x" })).await.expect(403);
        let alone = by.post(&path(&part, "unmerge"), json!({ "reason": "Two intruders." })).await.expect(200);
        assert_eq!((&alone["merged_into"], &alone["phase"]), (&Value::Null, &before.1["phase"]));
        by.post(&path(&part, "unmerge"), json!({ "reason": "x" })).await.expect(409);
        let anna = list(by, &part, "observables").await;
        let anna = anna.iter().find(|one| one["value"] == "example\\anna").unwrap();
        assert_eq!((&anna["standing"], &anna["count"]), (&json!("indicator"), &json!(1)));
        let acts: Vec<String> =
            sqlx::query_scalar("select act from record_version where record = 'MRG-1' order by version")
                .fetch_all(world.app.db.readers())
                .await
                .unwrap();
        assert_eq!(acts, ["incident.merge", "incident.unmerge"]);
        assert_eq!(by.get(&path(&head, "merges")).await.expect(200)[0]["ended"]["reason"], "Two intruders.");
    })
    .await;
}

/// Every row of the tables that hold what incidents are made of, by table and key.
async fn rows(world: &World) -> BTreeMap<String, String> {
    let tables = [
        ("incident", 1),
        ("incident_phase", 1),
        ("task", 1),
        ("entry", 1),
        ("decision", 1),
        ("observable", 1),
        ("observable_event", 2),
        ("asset", 1),
        ("evidence", 1),
        ("custody", 1),
        ("alert", 1),
        ("alert_match", 2),
        ("member", 2),
        ("restricted_scope", 1),
        ("incident_verdict", 1),
        ("scope_kin", 2),
    ];
    let mut all = BTreeMap::new();
    for (table, key) in tables {
        let statement = sqlx::AssertSqlSafe(format!("select * from {table}"));
        for row in sqlx::query(statement).fetch_all(world.app.db.readers()).await.unwrap() {
            let values: Vec<String> = (0..row.columns().len())
                .map(|place| {
                    let number = row.try_get::<Option<i64>, _>(place).ok().flatten().map(|n| n.to_string());
                    number
                        .or_else(|| row.try_get::<Option<String>, _>(place).ok().flatten())
                        .unwrap_or_default()
                })
                .collect();
            all.insert(format!("{table} {}", values[..key].join(" ")), values.join("|"));
        }
    }
    all
}

/// Something that is done while two incidents are merged.
#[derive(Debug, Clone)]
enum Act {
    Note,
    Task,
    Decision,
    Observable(u8),
    Standing(usize, bool),
    AssetState(usize),
    Finish(usize),
    Correct(usize),
    Custody(usize),
    Telemetry(bool),
    Forward,
}

fn acts() -> impl Strategy<Value = Vec<Act>> {
    let act = prop_oneof![
        Just(Act::Note),
        Just(Act::Task),
        Just(Act::Decision),
        any::<u8>().prop_map(Act::Observable),
        (any::<usize>(), any::<bool>()).prop_map(|(n, bad)| Act::Standing(n, bad)),
        any::<usize>().prop_map(Act::AssetState),
        any::<usize>().prop_map(Act::Finish),
        any::<usize>().prop_map(Act::Correct),
        any::<usize>().prop_map(Act::Custody),
        any::<bool>().prop_map(Act::Telemetry),
        Just(Act::Forward),
    ];
    prop::collection::vec(act, 0..10)
}

/// Does it through the head, and notes what records it touches.
async fn act(world: &World, head: &str, hosts: [&str; 2], act: &Act, touched: &mut BTreeSet<String>) {
    let by = &world.manager;
    let path = |rest: &str| format!("/api/v1/incidents/{head}/{rest}");
    let pick = |all: Vec<Value>, n: usize| all[n % all.len()].clone();
    let id = |one: &Value| one["id"].as_str().unwrap().to_owned();
    match act {
        Act::Note => {
            drop(by.post(&path("entries"), json!({ "kind": "note", "text": "Meanwhile" })).await.expect(201));
        }
        Act::Task => drop(by.post(&path("tasks"), json!({ "title": "Meanwhile" })).await.expect(201)),
        Act::Decision => {
            drop(
                by.post(&path("decisions"), json!({ "decision": "Meanwhile", "reason": "x" }))
                    .await
                    .expect(201),
            );
        }
        // The same value twice is refused, as it should be.
        Act::Observable(n) => {
            drop(by.post(&path("observables"), json!({ "value": format!("198.51.100.{n}") })).await);
        }
        Act::Standing(n, bad) => {
            let one = pick(list(by, head, "observables").await, *n);
            let word = if *bad { "indicator" } else { "benign" };
            by.post(&path(&format!("observables/{}", id(&one))), json!({ "standing": word })).await;
            touched.insert(id(&one));
            touched.extend(one["united"].as_array().into_iter().flatten().map(id));
        }
        Act::AssetState(n) => {
            let one = pick(list(by, head, "assets").await, *n);
            by.post(&path(&format!("assets/{}", id(&one))), json!({ "state": "contained" })).await;
            touched.insert(id(&one));
        }
        Act::Finish(n) => {
            let one = pick(list(by, head, "tasks").await, *n);
            by.post(&format!("/api/v1/tasks/{}/done", id(&one)), json!({})).await;
            touched.insert(id(&one));
        }
        Act::Correct(n) => {
            let one = pick(list(by, head, "entries").await, *n);
            by.post(&path(&format!("entries/{}/correct", id(&one))), json!({ "text": "Better" })).await;
        }
        Act::Custody(n) => {
            let one = pick(list(by, head, "evidence").await, *n);
            let said = json!({ "act": "transferred", "to": "Somebody else" });
            by.post(&format!("/api/v1/evidence/{}/custody", id(&one)), said).await;
            touched.insert(id(&one));
        }
        Act::Telemetry(second) => {
            let host = hosts[usize::from(*second)];
            let record = sysmon("2026-11-24 03:20:00.000", &format!("{host}.example.org"), SHADOWS);
            by.send_file(&format!("more-{}.jsonl", touched.len()), lines(&[record])).await.expect(201);
            for kind in ["observables", "assets"] {
                touched.extend(list(by, head, kind).await.iter().map(id));
            }
            touched.extend(
                list(by, head, "observables").await.iter().flat_map(|one| {
                    one["united"].as_array().into_iter().flatten().map(id).collect::<Vec<_>>()
                }),
            );
            touched.insert("ALR".to_owned());
        }
        Act::Forward => {
            let next = match view(by, head).await["phase"].as_str().unwrap() {
                "detection" => "assessment",
                "assessment" => "containment",
                _ => return,
            };
            by.post(&path("phase"), json!({ "phase": next })).await.expect(200);
            touched.insert(head.to_owned());
            touched.insert("TSK".to_owned());
        }
    }
}

/// The record that a row belongs to, or its kind.
fn record(key: &str) -> (String, &'static str) {
    let prefix = match key.split(' ').next().unwrap() {
        "incident" => "INC",
        "task" => "TSK",
        "observable" => "OBS",
        "asset" => "AST",
        "evidence" => "EVD",
        "alert" => "ALR",
        _ => return (String::new(), ""),
    };
    (format!("{prefix}-{}", key.split(' ').nth(1).unwrap()), prefix)
}

#[tokio::test]
async fn merging_and_parting_leaves_everything_as_it_was_but_for_what_was_done_meanwhile() {
    everywhere(|world| async move {
        let mut runner = TestRunner::deterministic();
        for case in 0..8 {
            let acts = if case == 0 { Vec::new() } else { acts().new_tree(&mut runner).unwrap().current() };
            let hosts = [format!("one{case}"), format!("two{case}")];
            let head = incident(&world, &hosts[0], json!({})).await;
            let part = incident(&world, &hosts[1], json!({ "restricted": case % 3 == 2 })).await;
            let path = |id: &str, rest: &str| format!("/api/v1/incidents/{id}/{rest}");
            let members = ["keep", "unite"][case % 2];
            let before = rows(&world).await;
            let said = json!({ "incident": part, "reason": "One thing", "members": members });
            world.manager.post(&path(&head, "merge"), said).await.expect(200);
            let mut touched = BTreeSet::new();
            for one in &acts {
                act(&world, &head, [&hosts[0], &hosts[1]], one, &mut touched).await;
            }
            let own = list(&world.manager, &head, "entries").await;
            world.manager.post(&path(&part, "unmerge"), json!({ "reason": "Two things" })).await.expect(200);
            let after = rows(&world).await;
            let what = format!("{} case {case}: {acts:?}", world.store);
            for (key, row) in &before {
                let (name, kind) = record(key);
                if touched.contains(&name) || (!kind.is_empty() && touched.contains(kind)) {
                    assert!(after.contains_key(key), "{what}: {key} is lost");
                    continue;
                }
                assert_eq!(after.get(key), Some(row), "{what}: {key}");
            }
            for key in after.keys().filter(|key| !before.contains_key(*key)) {
                let kept = ["member", "restricted_scope", "scope_kin", "incident "];
                assert!(
                    !kept.iter().any(|table| key.starts_with(table)) || key.starts_with("incident_phase"),
                    "{what}: {key} is left over"
                );
            }
            // What was written at the head stays there; what was the part's went with it.
            let (upper, lower) =
                (list(&world.manager, &head, "entries").await, list(&world.manager, &part, "entries").await);
            assert_eq!(of(&upper, &head).len(), upper.len(), "{what}");
            assert_eq!(of(&lower, &part).len(), lower.len(), "{what}");
            let notes = |all: &[Value]| all.iter().filter(|one| one["text"] == "Meanwhile").count();
            assert_eq!(notes(&upper), notes(&own), "{what}");
        }
    })
    .await;
}

#[tokio::test]
async fn of_merged_incidents_the_stricter_holds_and_nobody_is_let_in_unasked() {
    everywhere(|world| async move {
        let open = incident(&world, "ws01", json!({})).await;
        let closed = incident(&world, "ws02", json!({ "restricted": true })).await;
        let (by, other) = (&world.manager, &world.responder);
        let path = |id: &str, rest: &str| format!("/api/v1/incidents/{id}/{rest}");
        let open_path = format!("/api/v1/incidents/{open}");
        // Who may not know of the one cannot find out by merging it.
        let told = world
            .admin
            .post(&path(&open, "merge"), json!({ "incident": closed, "reason": "x" }))
            .await
            .expect(404);
        let nothing = world
            .admin
            .post(&path(&open, "merge"), json!({ "incident": "INC-999", "reason": "x" }))
            .await
            .expect(404);
        assert_eq!(told, nothing);
        let mut said = json!({ "incident": closed, "reason": "One intruder." });
        let told = by.post(&path(&open, "merge"), said.clone()).await.expect(409);
        assert!(told["detail"].as_str().unwrap().contains("not open to the same people"), "{told}");
        let (_, form) = by.page(&format!("/incidents/{open}/merge?with={closed}")).await;
        assert!(form.contains("What becomes of the members?"));

        let entries = list(other, &open, "entries").await;
        said["members"] = json!("keep");
        by.post(&path(&open, "merge"), said.clone()).await.expect(200);
        other.get(&open_path).await.expect(404);
        other.get("/api/v1/alerts/ALR-1").await.expect(404);
        let evidence = list(by, &open, "evidence").await;
        for item in &evidence {
            other.get(&format!("/api/v1/evidence/{}", item["id"].as_str().unwrap())).await.expect(404);
        }
        by.get(&open_path).await.expect(200);
        by.post(&path(&closed, "unmerge"), json!({ "reason": "Two." })).await.expect(200);
        // Nothing on the open one tells that the other exists.
        assert_eq!(list(other, &open, "entries").await, entries, "{}", world.store);
        assert_eq!(other.get(&path(&open, "merges")).await.expect(200), json!([]));
        let leaves = world.admin.get("/api/v1/ledger/leaves?limit=500").await.expect(200).to_string();
        assert!(!leaves.contains("MRG-") && !leaves.contains(&format!("{closed}\"")), "{leaves}");

        // Only when that is asked for do members of the one belong to the other, and only until they part.
        by.post(&path(&open, "members"), json!({ "member": other.id })).await.expect(200);
        said["members"] = json!("unite");
        by.post(&path(&open, "merge"), said).await.expect(200);
        other.get(&open_path).await.expect(200);
        assert!(!of(&list(other, &open, "tasks").await, &closed).is_empty());
        // Who joins meanwhile is let into both, and leaves with the merge.
        by.post(&path(&open, "members"), json!({ "member": world.observer.id })).await.expect(200);
        world.observer.get(&open_path).await.expect(200);
        by.post(&path(&closed, "unmerge"), json!({ "reason": "Two." })).await.expect(200);
        for who in [other, &world.observer] {
            who.get(&format!("/api/v1/incidents/{closed}")).await.expect(404);
            who.get(&open_path).await.expect(200);
        }
    })
    .await;
}

#[tokio::test]
async fn links_tell_nobody_of_what_they_may_not_know() {
    everywhere(|world| async move {
        let open = incident(&world, "ws01", json!({})).await;
        let closed = incident(&world, "ws02", json!({ "restricted": true })).await;
        let (by, other) = (&world.manager, &world.responder);
        let path = |id: &str| format!("/api/v1/incidents/{id}/links");
        let told = other.post(&path(&open), link("related", &closed)).await.expect(404);
        assert_eq!(told, other.post(&path(&open), link("related", "INC-999")).await.expect(404));
        let made = by.post(&path(&closed), link("child_of", &open)).await.expect(201);
        let entries = list(other, &open, "entries").await;
        assert!(!serde_json::to_string(&entries).unwrap().contains(&closed), "{}", world.store);
        assert_eq!(other.get(&path(&open)).await.expect(200), json!([]));
        assert_eq!(by.get(&path(&open)).await.expect(200).as_array().unwrap().len(), 1);
        let leaves = world.admin.get("/api/v1/ledger/leaves?limit=500").await.expect(200).to_string();
        assert!(!leaves.contains("LNK-"), "{leaves}");
        let end = format!("{}/{}/end", path(&open), made["id"].as_str().unwrap());
        other.post(&end, json!({})).await.expect(404);
        // A child that is not to be known of holds up nobody.
        world
            .admin
            .post(
                &format!("/api/v1/incidents/{open}/close"),
                json!({ "outcome": "resolved", "root_cause": "x", "lessons": "x" }),
            )
            .await
            .expect(200);

        // Two restricted ones with different members cannot tell of each other.
        let third = incident(&world, "ws03", json!({ "restricted": true, "members": [other.id] })).await;
        by.post(&path(&third), link("related", &closed)).await.expect(201);
        by.post(&format!("/api/v1/incidents/{closed}/members"), json!({ "member": world.observer.id }))
            .await
            .expect(200);
        let fourth = incident(&world, "ws04", json!({ "restricted": true, "members": [other.id] })).await;
        let told = by.post(&path(&fourth), link("related", &closed)).await.expect(409);
        assert!(told["detail"].as_str().unwrap().contains("each has members"), "{told}");
    })
    .await;
}
