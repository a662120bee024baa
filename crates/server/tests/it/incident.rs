//! An incident from its declaration to its closing, and what is refused on the way.

use reqwest::StatusCode;
use serde_json::{Value, json};

use crate::harness::{World, everywhere, spawn};
use crate::intake::{SHADOWS, lines, sysmon};

fn facts() -> Value {
    json!({ "title": "Shadow copies deleted on WS01", "type": "ransomware",
        "functional": "low", "information": "suspected", "recoverability": "regular" })
}

fn with(mut base: Value, more: &Value) -> Value {
    for (key, value) in more.as_object().unwrap() {
        base[key] = value.clone();
    }
    base
}

/// Sends a few events that the shipped rules know and gives the alert that they raise.
async fn alert(world: &World) -> String {
    let records = [
        sysmon("2026-11-24 03:10:00.000", "ws01.example.org", SHADOWS),
        sysmon("2026-11-24 03:11:00.000", "ws01.example.org", SHADOWS),
    ];
    world.responder.send_file("sysmon.jsonl", lines(&records)).await.expect(201);
    let alerts = world.responder.get("/api/v1/alerts").await.expect(200);
    alerts["items"].as_array().unwrap()[0]["id"].as_str().unwrap().to_owned()
}

async fn declare(world: &World, more: Value) -> Value {
    world.manager.post("/api/v1/incidents", with(facts(), &more)).await.expect(201)
}

async fn task_of(world: &World, incident: &str, phase: &str) -> Value {
    let tasks = world.responder.get(&format!("/api/v1/incidents/{incident}/tasks")).await.list();
    tasks.as_array().unwrap().iter().find(|task| task["phase"] == phase).unwrap().clone()
}

/// Every record that belongs to the incident has a leaf, and every leaf's body has its digest.
async fn leaves(world: &World, incident: i64) -> std::collections::BTreeMap<String, i64> {
    let rows = sqlx_rows(world, incident).await;
    let mut counts = std::collections::BTreeMap::new();
    for (record, version, leaf, body) in rows {
        let leaf = ledger::Leaf::parse(leaf.as_bytes()).unwrap();
        assert_eq!(leaf.record(), record);
        assert_eq!(leaf.version() as i64, version);
        assert_eq!(leaf.body_sha256(), ledger::Digest::of(body.as_bytes()));
        *counts.entry(record.split('-').next().unwrap().to_owned()).or_default() += 1;
    }
    counts
}

async fn sqlx_rows(world: &World, incident: i64) -> Vec<(String, i64, String, String)> {
    use sqlx::Row;
    sqlx::query("select record, version, leaf, body from record_version where scope = $1 order by leaf_index")
        .bind(incident)
        .fetch_all(world.app.db.readers())
        .await
        .unwrap()
        .iter()
        .map(|row| (row.get(0), row.get(1), row.get(2), row.get(3)))
        .collect()
}

#[tokio::test]
async fn from_an_alert_to_a_closed_incident() {
    everywhere(|world| async move {
        let alert = alert(&world).await;
        let incident = declare(&world, json!({ "alerts": [alert] })).await;
        let id = incident["id"].as_str().unwrap().to_owned();
        let path = |rest: &str| format!("/api/v1/incidents/{id}{rest}");
        assert_eq!(incident["phase"], "detection", "{}", world.store);
        assert_eq!(incident["commander"], world.manager.id.as_str());
        assert_eq!(incident["plan"], "PLAN-1");
        assert_eq!(incident["severity"], incident["proposed_severity"]);

        let taken = world.responder.get(&format!("/api/v1/alerts/{alert}")).await.expect(200);
        assert_eq!(taken["incident"], id.as_str());

        // The procedure's steps are tasks; only those of the present phase have a time.
        let procedure = world.observer.get("/api/v1/plan/procedures/ransomware").await.expect(200);
        let tasks = world.observer.get(&path("/tasks")).await.list();
        let steps = tasks.as_array().unwrap().iter().filter(|task| !task["step"].is_null());
        assert_eq!(steps.clone().count(), procedure["steps"].as_array().unwrap().len());
        for task in steps {
            let timed = task["phase"] == "detection" && !task["due_within"].is_null();
            assert_eq!(!task["due"].is_null(), timed, "{task}");
        }

        // Each matched event is an entry that names its bytes.
        let entries = world.observer.get(&path("/entries?lane=adversary")).await.expect(200);
        let entries = entries["items"].as_array().unwrap().clone();
        assert_eq!(entries.len(), 2);
        let event = entries[0]["event"].as_str().unwrap();
        let stored = world.observer.get(&format!("/api/v1/events/{event}")).await.expect(200);
        assert_eq!(entries[0]["raw_sha256"], stored["raw_sha256"]);
        assert_eq!(entries[0]["techniques"], json!(["T1490"]));
        assert!(entries[0]["text"].as_str().unwrap().contains("vssadmin"));

        // The file is evidence; the host is an asset; what was run is an observable.
        let evidence = world.observer.get(&path("/evidence")).await.list();
        assert!(evidence.to_string().contains("sysmon.jsonl"), "{evidence}");
        let assets = world.observer.get(&path("/assets")).await.list();
        assert!(
            assets.as_array().unwrap().iter().any(|asset| asset["name"] == "ws01.example.org"),
            "{assets}"
        );
        let observables = world.observer.get(&path("/observables")).await.list();
        let host =
            observables.as_array().unwrap().iter().find(|one| one["value"] == "ws01.example.org").unwrap();
        assert_eq!(host["count"], 2);
        assert_eq!(host["events"].as_array().unwrap().len(), 2);

        // What people do stands on the same timeline.
        let note = json!({ "kind": "note", "text": "The backup of Sunday is intact." });
        let entry = world.responder.post(&path("/entries"), note).await.expect(201);
        let entry = entry["id"].as_str().unwrap().to_owned();
        let better = json!({ "text": "The backup of Saturday is intact." });
        let correction = world
            .responder
            .post(&path(&format!("/entries/{entry}/correct")), better.clone())
            .await
            .expect(201);
        assert_eq!(correction["corrects"], entry.as_str());
        world.responder.post(&path(&format!("/entries/{entry}/correct")), better).await.expect(409);
        let both = world.observer.get(&path("/entries?kind=note")).await.expect(200);
        let first = both["items"].as_array().unwrap().iter().find(|one| one["id"] == entry.as_str()).unwrap();
        assert_eq!(first["text"], "The backup of Sunday is intact.");
        assert_eq!(first["corrected_by"], correction["id"]);
        let techniques = json!({ "techniques": ["T1486"] });
        world.responder.post(&path(&format!("/entries/{entry}/techniques")), techniques).await.expect(200);
        let decision = json!({ "decision": "Cut WS01 off", "reason": "It spreads", "maker": "Max" });
        world.responder.post(&path("/decisions"), decision).await.expect(201);
        let bad = json!({ "value": "evil[.]example[.]org", "standing": "indicator" });
        let observable = world.responder.post(&path("/observables"), bad.clone()).await.expect(201);
        assert_eq!(
            (observable["kind"].as_str(), observable["value"].as_str()),
            (Some("domain"), Some("evil.example.org"))
        );
        world.responder.post(&path("/observables"), bad).await.expect(409);
        let benign = json!({ "standing": "benign", "note": "ours" });
        let one = path(&format!("/observables/{}", observable["id"].as_str().unwrap()));
        assert_eq!(world.responder.post(&one, benign).await.expect(200)["standing"], "benign");
        let asset = path(&format!("/assets/{}", assets[0]["id"].as_str().unwrap()));
        world.responder.post(&asset, json!({ "state": "contained" })).await.expect(200);

        // Tasks.
        let task = task_of(&world, &id, "detection").await["id"].as_str().unwrap().to_owned();
        let task = |verb: &str| format!("/api/v1/tasks/{task}/{verb}");
        let started = world.responder.post(&task("start"), json!({})).await.expect(200);
        assert_eq!((&started["status"], &started["by"]), (&json!("in_progress"), &json!(world.responder.id)));
        world.responder.post(&task("done"), json!({})).await.expect(200);
        world.responder.post(&task("skip"), json!({ "reason": "x" })).await.expect(422);
        world.responder.post(&task("reopen"), json!({})).await.expect(200);
        world.responder.post(&task("skip"), json!({ "reason": " " })).await.expect(422);
        world.responder.post(&task("skip"), json!({ "reason": "done by others" })).await.expect(200);

        // Phases: entering one sets the times of its tasks.
        for phase in ["assessment", "containment", "eradication", "recovery"] {
            world.manager.post(&path("/phase"), json!({ "phase": phase })).await.expect(200);
            let now = world.observer.get(&path("")).await.expect(200);
            assert_eq!(now["phase"], phase);
            for task in world.observer.get(&path("/tasks")).await.list().as_array().unwrap() {
                if task["phase"] == phase && !task["due_within"].is_null() {
                    let within: domain::Period = task["due_within"].as_str().unwrap().parse().unwrap();
                    let entered: jiff::Timestamp = now["phase_since"].as_str().unwrap().parse().unwrap();
                    let due: jiff::Timestamp = task["due"].as_str().unwrap().parse().unwrap();
                    assert_eq!(due, within.after(entered));
                }
            }
        }

        // What comes after belongs to it as well, without being asked.
        let more = lines(&[sysmon("2026-11-24 03:20:00.000", "ws01.example.org", SHADOWS)]);
        world.responder.send_file("later.jsonl", more).await.expect(201);
        let entries = world.observer.get(&path("/entries?lane=adversary")).await.expect(200);
        assert_eq!(entries["items"].as_array().unwrap().len(), 3);
        let evidence = world.observer.get(&path("/evidence")).await.list();
        assert!(evidence.to_string().contains("later.jsonl"));

        // Closing, and what the ledger holds of it all.
        world.manager.post(&path("/close"), json!({ "outcome": "resolved" })).await.expect(422);
        let closing = json!({ "outcome": "resolved", "root_cause": "A macro", "lessons": "Block macros",
            "impact": "One host for a night", "recommendations": "Macro policy for all" });
        let closed = world.manager.post(&path("/close"), closing).await.expect(200);
        assert_eq!((&closed["phase"], &closed["outcome"]), (&json!("closed"), &json!("resolved")));
        assert_eq!(closed["recommendations"], "Macro policy for all");
        world.manager.post(&path("/phase"), json!({ "phase": "recovery" })).await.expect(422);

        let number = id.trim_start_matches("INC-").parse().unwrap();
        let counts = leaves(&world, number).await;
        for kind in ["INC", "TSK", "ENT", "DEC", "OBS", "AST", "EVD"] {
            assert!(counts.contains_key(kind), "no leaf for {kind}: {counts:?}");
        }
        let timeline = world.observer.get(&path("/entries?limit=500")).await.expect(200);
        let versions = sqlx_rows(&world, number).await;
        for entry in timeline["items"].as_array().unwrap() {
            let there = versions.iter().any(|(record, ..)| record == entry["id"].as_str().unwrap());
            assert!(there, "{entry} has no leaf");
        }

        // Reopening keeps nothing of the closing but its record.
        world
            .manager
            .post(&path("/reopen"), json!({ "phase": "containment", "reason": "" }))
            .await
            .expect(422);
        let back = json!({ "phase": "containment", "reason": "It came back" });
        let open = world.manager.post(&path("/reopen"), back).await.expect(200);
        assert!(open["outcome"].is_null() && open["closed_at"].is_null());
        let phases = world.observer.get(&path("/phase")).await.expect(200);
        assert_eq!(phases.as_array().unwrap().len(), 7);
    })
    .await;
}

#[tokio::test]
async fn what_makes_no_sense_is_refused_and_changes_nothing() {
    everywhere(|world| async move {
        let unknown = with(facts(), &json!({ "priority": 1 }));
        world.manager.post("/api/v1/incidents", unknown).await.expect(422);
        world.manager.post("/api/v1/incidents", with(facts(), &json!({ "title": " " }))).await.expect(422);
        world
            .manager
            .post("/api/v1/incidents", with(facts(), &json!({ "severity": "critical" })))
            .await
            .expect(422);
        world
            .manager
            .post("/api/v1/incidents", with(facts(), &json!({ "alerts": ["ALR-999"] })))
            .await
            .expect(404);
        world
            .manager
            .post("/api/v1/incidents", with(facts(), &json!({ "commander": "USR-999" })))
            .await
            .expect(404);
        let observer = json!({ "commander": world.observer.id });
        world.manager.post("/api/v1/incidents", with(facts(), &observer)).await.expect(409);
        world.observer.post("/api/v1/incidents", facts()).await.expect(403);
        let none = world.observer.get("/api/v1/incidents").await.expect(200);
        assert_eq!(none["items"], json!([]), "{}", world.store);

        let chosen = json!({ "severity": "critical", "severity_reason": "The board is watching" });
        let incident = declare(&world, chosen).await;
        assert_eq!(incident["severity"], "critical");
        assert_eq!(incident["severity_reason"], "The board is watching");
        let id = incident["id"].as_str().unwrap();
        let path = |rest: &str| format!("/api/v1/incidents/{id}{rest}");
        let leaves_before = sqlx_rows(&world, 1).await.len();
        for (rest, body) in [
            ("/phase", json!({ "phase": "detection" })),
            ("/phase", json!({ "phase": "containment" })),
            ("/phase", json!({ "phase": "closed" })),
            ("/phase", json!({ "phase": "nowhere" })),
            ("/severity", json!({ "severity": "low", "reason": "  " })),
            ("/severity", json!({ "severity": "critical", "reason": "again" })),
            ("/severity", json!({ "severity": "low", "reason": "x", "functional": "none" })),
            ("/type", json!({ "type": "ransomware", "reason": "again" })),
            ("/reopen", json!({ "phase": "containment", "reason": "not closed" })),
            ("/entries", json!({ "kind": "status", "text": "made up" })),
            ("/entries", json!({ "kind": "note", "text": "\u{0}" })),
            ("/entries", json!({ "kind": "note", "text": "x", "at": "2126-01-01T00:00:00Z" })),
            ("/decisions", json!({ "decision": "x", "reason": "" })),
            ("/observables", json!({ "value": "hello there" })),
            ("/assets", json!({ "kind": "domain", "name": "example.org" })),
            ("/tasks", json!({ "title": "x", "role": "wizard" })),
            ("/restrict", json!({ "restricted": false })),
        ] {
            let answer = world.manager.post(&path(rest), body.clone()).await;
            assert_eq!(answer.status.as_u16(), 422, "{rest} {body}: {:?}", answer.body);
        }
        assert_eq!(sqlx_rows(&world, 1).await.len(), leaves_before);
        let reasoned = json!({ "phase": "containment", "reason": "Known since the morning" });
        world.manager.post(&path("/phase"), reasoned).await.expect(200);
    })
    .await;
}

#[tokio::test]
async fn an_object_of_another_incident_is_not_found() {
    let world = spawn().await;
    let first = declare(&world, json!({})).await["id"].as_str().unwrap().to_owned();
    let second = declare(&world, json!({})).await["id"].as_str().unwrap().to_owned();
    let path = |rest: &str| format!("/api/v1/incidents/{second}{rest}");
    let entry =
        world.responder.post(&path("/entries"), json!({ "kind": "note", "text": "x" })).await.expect(201);
    let observable =
        world.responder.post(&path("/observables"), json!({ "value": "192.0.2.9" })).await.expect(201);
    let asset = json!({ "kind": "host", "name": "ws09" });
    let asset = world.responder.post(&path("/assets"), asset).await.expect(201);
    let name = |value: &Value| value["id"].as_str().unwrap().to_owned();
    for (rest, body) in [
        (format!("/entries/{}/correct", name(&entry)), json!({ "text": "y" })),
        (format!("/entries/{}/techniques", name(&entry)), json!({ "techniques": [] })),
        (format!("/observables/{}", name(&observable)), json!({ "standing": "indicator" })),
        (format!("/assets/{}", name(&asset)), json!({ "state": "clean" })),
    ] {
        let foreign = format!("/api/v1/incidents/{first}{rest}");
        world.responder.post(&foreign, body).await.expect(404);
    }
}

#[tokio::test]
async fn only_those_who_may_steer_do() {
    let world = spawn().await;
    let id = declare(&world, json!({})).await["id"].as_str().unwrap().to_owned();
    let path = |rest: &str| format!("/api/v1/incidents/{id}{rest}");
    let assessment = json!({ "phase": "assessment" });
    world.responder.post(&path("/phase"), assessment.clone()).await.expect(403);
    world.observer.post(&path("/entries"), json!({ "kind": "note", "text": "x" })).await.expect(403);
    let to = json!({ "commander": world.responder.id });
    world.manager.post(&path("/commander"), to.clone()).await.expect(200);
    world.manager.post(&path("/commander"), to).await.expect(422);
    world.responder.post(&path("/phase"), assessment).await.expect(200);
    let tlp = json!({ "tlp": "red", "summary": "Known so far: little." });
    assert_eq!(world.responder.patch(&path(""), tlp).await.expect(200)["tlp"], "red");
    let typed = json!({ "type": "malware", "reason": "No ransom note" });
    world.responder.post(&path("/type"), typed).await.expect(200);
    let tasks = world.observer.get(&path("/tasks")).await.list();
    let open: Vec<_> = tasks
        .as_array()
        .unwrap()
        .iter()
        .filter(|task| task["status"] == "open" && !task["step"].is_null())
        .collect();
    let malware = world.observer.get("/api/v1/plan/procedures/malware").await.expect(200);
    assert_eq!(open.len(), malware["steps"].as_array().unwrap().len());
}

#[tokio::test]
async fn a_restricted_incident_does_not_exist_for_others() {
    everywhere(|world| async move {
        let alert = alert(&world).await;
        let open = declare(&world, json!({ "title": "Open to all" })).await;
        let hidden = declare(
            &world,
            json!({ "restricted": true, "members": [world.responder.id], "alerts": [alert], "title": "Quiet" }),
        )
        .await;
        let id = hidden["id"].as_str().unwrap().to_owned();
        for other in [&world.admin, &world.observer] {
            let list = other.get("/api/v1/incidents").await.expect(200);
            let ids: Vec<_> = list["items"].as_array().unwrap().iter().map(|one| one["id"].clone()).collect();
            assert_eq!(ids, [open["id"].clone()], "{}", world.store);
            for rest in ["", "/tasks", "/entries", "/decisions", "/observables", "/assets", "/members", "/phase", "/evidence"] {
                other.get(&format!("/api/v1/incidents/{id}{rest}")).await.expect(404);
            }
            other.get(&format!("/api/v1/alerts/{alert}")).await.expect(404);
            let alerts = other.get("/api/v1/alerts").await.expect(200);
            assert_eq!(alerts["items"], json!([]));
            for tab in ["", "/timeline", "/tasks", "/things", "/decisions", "/evidence", "/people"] {
                let (status, page) = other.page(&format!("/incidents/{id}{tab}")).await;
                assert_eq!(status, StatusCode::NOT_FOUND, "{tab}");
                assert!(!page.contains("Quiet"));
            }
            let (_, page) = other.page("/incidents").await;
            assert!(!page.contains("Quiet"));
        }
        // A task of it is no task, and its alert cannot be probed by declaring from it.
        let task = task_of(&world, &id, "detection").await["id"].as_str().unwrap().to_owned();
        world.admin.post(&format!("/api/v1/tasks/{task}/done"), json!({})).await.expect(404);
        world.admin.post("/api/v1/incidents", with(facts(), &json!({ "alerts": [alert] }))).await.expect(404);
        world.responder.get(&format!("/api/v1/incidents/{id}")).await.expect(200);

        // A task cannot be given to somebody who cannot see it; members come and go.
        let owner = json!({ "owner": world.admin.id });
        world.manager.post(&format!("/api/v1/tasks/{task}/owner"), owner.clone()).await.expect(409);
        let members = format!("/api/v1/incidents/{id}/members");
        world.manager.post(&members, json!({ "member": world.admin.id })).await.expect(200);
        world.manager.post(&format!("/api/v1/tasks/{task}/owner"), owner).await.expect(200);
        world.admin.get(&format!("/api/v1/incidents/{id}")).await.expect(200);
        world.manager.delete(&format!("{members}/{}", world.admin.id)).await.expect(204);
        world.admin.get(&format!("/api/v1/incidents/{id}")).await.expect(404);
        world.manager.delete(&format!("{members}/{}", world.manager.id)).await.expect(409);
        let lift = json!({ "restricted": false });
        world.manager.post(&format!("/api/v1/incidents/{id}/restrict"), lift).await.expect(200);
        world.admin.get(&format!("/api/v1/incidents/{id}")).await.expect(200);
    })
    .await;
}

#[tokio::test]
async fn the_list_filters_and_pages() {
    everywhere(|world| async move {
        for (n, kind) in ["malware", "phishing", "malware"].iter().enumerate() {
            declare(&world, json!({ "type": kind, "title": format!("Number {n} 100%_x") })).await;
        }
        let count = |query: &'static str| {
            let observer = world.observer.clone();
            async move {
                let list = observer.get(&format!("/api/v1/incidents?{query}")).await.expect(200);
                list["items"].as_array().unwrap().len()
            }
        };
        assert_eq!(count("type=malware").await, 2, "{}", world.store);
        assert_eq!(count("state=closed").await, 0);
        assert_eq!(count("state=open&phase=detection").await, 3);
        assert_eq!(count("q=number%201").await, 1);
        assert_eq!(count("q=INC-2").await, 1);
        assert_eq!(count("q=100%25_").await, 3);
        assert_eq!(count("q=1000").await, 0);
        let first = world.observer.get("/api/v1/incidents?limit=2").await.expect(200);
        let next = first["next"].as_str().unwrap();
        let rest = world.observer.get(&format!("/api/v1/incidents?limit=2&cursor={next}")).await.expect(200);
        assert_eq!(rest["items"].as_array().unwrap().len(), 1);
        world.observer.get("/api/v1/incidents?sort=up").await.expect(422);
        world.observer.get("/api/v1/incidents?severity=huge").await.expect(422);
    })
    .await;
}

#[tokio::test]
async fn hostile_text_never_becomes_markup() {
    let world = spawn().await;
    let evil = "<script>alert(1)</script><img src=x onerror=alert(1)>";
    let record = sysmon("2026-11-24 03:10:00.000", "ws01.example.org", &format!("{SHADOWS} {evil}"));
    world.responder.send_file("x<script>alert(2)</script>.jsonl", lines(&[record])).await.expect(201);
    let more = json!({ "title": evil, "summary": evil, "alerts": ["ALR-1"] });
    let id = declare(&world, more).await["id"].as_str().unwrap().to_owned();
    let path = |rest: &str| format!("/api/v1/incidents/{id}{rest}");
    world.responder.post(&path("/entries"), json!({ "kind": "note", "text": evil })).await.expect(201);
    world.responder.post(&path("/tasks"), json!({ "title": evil, "instructions": evil })).await.expect(201);
    world
        .responder
        .post(&path("/decisions"), json!({ "decision": evil, "reason": evil, "maker": evil }))
        .await
        .expect(201);
    let file = json!({ "kind": "file", "value": evil, "note": evil });
    world.responder.post(&path("/observables"), file).await.expect(201);
    world
        .responder
        .post(&path("/assets"), json!({ "kind": "account", "name": evil, "note": evil }))
        .await
        .expect(201);
    let mut pages = vec![
        "/incidents".to_owned(),
        format!("/incidents?q={}", "%3Cscript%3E"),
        "/incidents/declare?alert=ALR-1".to_owned(),
    ];
    for tab in ["", "/timeline", "/tasks", "/things", "/decisions", "/evidence", "/people", "/close"] {
        pages.push(format!("/incidents/{id}{tab}"));
    }
    for page in pages {
        let (status, html) = world.manager.page(&page).await;
        assert!(status.is_success() || page.contains("declare"), "{page}: {status}");
        for mark in ["<script>alert", "<img src=x"] {
            assert!(!html.contains(mark), "{page} lets markup through");
        }
    }
}

#[tokio::test]
async fn the_pages_forms_do_what_the_api_does() {
    let world = spawn().await;
    let alert = alert(&world).await;
    let (status, form) = world.manager.page(&format!("/incidents/declare?alert={alert}")).await;
    assert_eq!(status, 200);
    assert!(form.contains("value=\"ransomware\" selected"), "the rule's type is proposed");
    let (status, fragment) = world
        .manager
        .page("/incidents/severity?functional=high&information=privacy&recoverability=regular&title=x")
        .await;
    assert_eq!(status, 200);
    assert!(fragment.contains("data-severity=\"critical\"") && !fragment.contains("<html"));
    let said = [
        ("title", "From a form"),
        ("type", "ransomware"),
        ("functional", "low"),
        ("information", "none"),
        ("recoverability", "regular"),
        ("severity", ""),
        ("severity_reason", ""),
        ("tlp", "amber"),
        ("commander", ""),
        ("summary", ""),
        ("alert", alert.as_str()),
    ];
    let mut wrong = said;
    wrong[0] = ("title", "");
    let (status, again) = world.manager.form("/incidents", &wrong).await;
    assert_eq!(status, 422);
    assert!(again.contains("error-summary") && again.contains(&alert));
    let (status, _) = world.manager.form("/incidents", &said).await;
    assert_eq!(status, 303);
    let forms: [(&str, &[(&str, &str)]); 9] = [
        ("/incidents/INC-1/phase", &[("phase", "assessment"), ("reason", "")]),
        ("/incidents/INC-1/severity", &[("severity", "high"), ("reason", "Spreads")]),
        (
            "/incidents/INC-1/entries",
            &[("kind", "note"), ("text", "x"), ("at", "2026-11-20T03:04"), ("techniques", "")],
        ),
        ("/incidents/INC-1/decisions", &[("decision", "x"), ("reason", "y"), ("maker", ""), ("at", "")]),
        (
            "/incidents/INC-1/tasks",
            &[("title", "x"), ("instructions", ""), ("phase", ""), ("role", ""), ("due", ""), ("owner", "")],
        ),
        (
            "/incidents/INC-1/observables",
            &[("value", "192.0.2.1"), ("kind", ""), ("standing", "indicator"), ("note", "")],
        ),
        (
            "/incidents/INC-1/assets",
            &[("kind", "host"), ("name", "srv1"), ("state", "compromised"), ("note", "")],
        ),
        ("/incidents/INC-1/edit", &[("title", "Renamed"), ("summary", "s"), ("tlp", "green")]),
        (
            "/incidents/INC-1/close",
            &[
                ("outcome", "resolved"),
                ("root_cause", "r"),
                ("lessons", "l"),
                ("impact", ""),
                ("recommendations", ""),
            ],
        ),
    ];
    for (path, fields) in forms {
        let (status, body) = world.manager.form(path, fields).await;
        assert_eq!(status, 303, "{path}: {body}");
    }
    let incident = world.manager.get("/api/v1/incidents/INC-1").await.expect(200);
    assert_eq!((&incident["title"], &incident["phase"]), (&json!("Renamed"), &json!("closed")));
    let (_, page) = world.observer.page("/incidents/INC-1").await;
    assert!(!page.contains("action=\"/incidents/INC-1/reopen\""), "an observer is offered nothing");
}
