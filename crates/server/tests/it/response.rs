//! What an incident's severity sets going: tasks, people, times and approvals, and how another severity
//! changes them.

use domain::Role;
use jiff::SignedDuration;
use platform::clock::Clock;
use serde_json::{Value, json};
use server::incident::response::clock;

use crate::harness::{As, World, account, everywhere, everywhere_with, spawn};
use crate::intake::{SHADOWS, lines, sysmon};

fn said(severity: &str) -> Value {
    json!({ "title": "Files are being encrypted", "type": "ransomware", "functional": "low", "information": "suspected",
        "recoverability": "regular", "severity": severity, "severity_reason": "So it is" })
}

async fn declare(world: &World, severity: &str) -> String {
    let made = world.manager.post("/api/v1/incidents", said(severity)).await.expect(201);
    made["id"].as_str().unwrap().to_owned()
}

async fn get(who: &As, id: &str, rest: &str) -> Value {
    who.get(&format!("/api/v1/incidents/{id}{rest}")).await.expect(200)
}

async fn set(world: &World, id: &str, severity: &str) -> Value {
    let body = json!({ "severity": severity, "reason": "It is another matter now" });
    world.manager.post(&format!("/api/v1/incidents/{id}/severity"), body).await.expect(200)
}

/// The tasks that actions became, by action.
async fn actions(world: &World, id: &str) -> std::collections::BTreeMap<String, Value> {
    let tasks = world.observer.get(&format!("/api/v1/incidents/{id}/tasks?limit=200")).await.list();
    tasks
        .as_array()
        .unwrap()
        .iter()
        .filter_map(|task| Some((task["action"].as_str()?.to_owned(), task.clone())))
        .collect()
}

async fn place(world: &World, id: &str, role: &str) -> Value {
    let posts = get(&world.observer, id, "/muster").await;
    posts.as_array().unwrap().iter().find(|post| post["role"] == role).cloned().unwrap_or_default()
}

async fn clock_of(world: &World, id: &str, kind: &str) -> Value {
    let clocks = get(&world.observer, id, "/clocks").await;
    clocks.as_array().unwrap().iter().rev().find(|clock| clock["kind"] == kind).cloned().unwrap_or_default()
}

async fn timeline(world: &World, id: &str) -> String {
    get(&world.observer, id, "/entries?limit=200").await.to_string()
}

async fn hold(world: &World, role: &str, people: &[&As]) {
    let people: Vec<&str> = people.iter().map(|person| person.id.as_str()).collect();
    let request = world
        .manager
        .request(reqwest::Method::PUT, &format!("/api/v1/plan/holders/{role}"))
        .json(&json!({ "people": people }));
    crate::harness::answer(request).await.expect(200);
}

#[tokio::test]
async fn a_severity_change_replans_the_response_and_says_so_before() {
    everywhere(|world| async move {
        hold(&world, "forensics_lead", &[&world.responder]).await;
        let id = declare(&world, "medium").await;
        let medium = actions(&world, &id).await;
        assert_eq!(
            medium.keys().map(String::as_str).collect::<Vec<_>>(),
            ["block_indicators", "elsewhere", "personal_data"],
            "{}",
            world.store
        );
        assert_eq!(place(&world, &id, "incident_commander").await["person"], world.manager.id.as_str());
        // Nobody holds the role, so somebody of its alternate is called.
        assert_eq!(place(&world, &id, "technical_lead").await["person"], world.responder.id.as_str());

        // Told before, the same as what is done then.
        let preview = get(&world.observer, &id, "/severity?severity=critical").await;
        let summary = preview["summary"].as_str().unwrap().to_owned();
        assert!(
            summary.starts_with("starts 13 actions, musters 7 roles, shortens updates to 1 hour"),
            "{summary}"
        );
        assert_eq!(actions(&world, &id).await.len(), 3, "asking changes nothing");
        let reasonless = json!({ "severity": "critical", "reason": " " });
        world.manager.post(&format!("/api/v1/incidents/{id}/severity"), reasonless).await.expect(422);
        set(&world, &id, "critical").await;
        let critical = actions(&world, &id).await;
        assert_eq!(critical.len(), 16);
        assert!(critical["block_indicators"]["due"].as_str() < medium["block_indicators"]["due"].as_str());
        assert_eq!(critical["block_indicators"]["id"], medium["block_indicators"]["id"]);
        assert!(timeline(&world, &id).await.contains(&summary));
        assert_eq!(place(&world, &id, "forensics_lead").await["status"], "asked");

        // Down again: proposed, never dropped.
        let bridge = critical["open_bridge"]["id"].as_str().unwrap();
        world.responder.post(&format!("/api/v1/tasks/{bridge}/done"), json!({})).await.expect(200);
        set(&world, &id, "low").await;
        let low = actions(&world, &id).await;
        assert_eq!(low.len(), 16);
        assert_eq!(
            (&low["open_bridge"]["status"], &low["open_bridge"]["surplus"]),
            (&json!("done"), &Value::Null)
        );
        assert_eq!(low["freeze_changes"]["status"], "open");
        assert_eq!(low["freeze_changes"]["surplus"], "The plan does not ask for it at low.");
        assert!(low["block_indicators"]["surplus"].is_null());
        assert!(!place(&world, &id, "forensics_lead").await["surplus"].is_null());
        let freeze = low["freeze_changes"]["id"].as_str().unwrap();
        let kept = low["shift_plan"]["id"].as_str().unwrap();
        world
            .responder
            .post(&format!("/api/v1/tasks/{freeze}/skip"), json!({ "reason": "as proposed" }))
            .await
            .expect(200);
        let wanted = world.responder.post(&format!("/api/v1/tasks/{kept}/want"), json!({})).await.expect(200);
        assert!(wanted["surplus"].is_null());
        world.responder.post(&format!("/api/v1/tasks/{kept}/want"), json!({})).await.expect(409);

        // Up again: what was skipped as proposed comes back, the bridge stays done.
        set(&world, &id, "critical").await;
        let again = actions(&world, &id).await;
        assert_eq!(again.len(), 16);
        assert_eq!(again["freeze_changes"]["status"], "open");
        assert_eq!(again["open_bridge"]["status"], "done");
        assert!(again.values().all(|task| task["surplus"].is_null()), "{again:?}");
        assert!(place(&world, &id, "forensics_lead").await["surplus"].is_null());
    })
    .await;
}

#[tokio::test]
async fn who_is_called_answers_and_the_next_is_called_when_they_cannot() {
    everywhere(|world| async move {
        let second = account(&world.admin, "Sami Second", Role::Responder).await;
        hold(&world, "forensics_lead", &[&world.responder, &second]).await;
        hold(&world, "executive_sponsor", &[&world.observer]).await;
        let id = declare(&world, "critical").await;
        let asked = place(&world, &id, "forensics_lead").await;
        assert_eq!((&asked["status"], &asked["person"]), (&json!("asked"), &json!(world.responder.id)));
        let answer = format!("/api/v1/muster/{}/answer", asked["id"].as_str().unwrap());

        // They see it on their page, and nobody answers for them.
        let mine = world.responder.get("/api/v1/mine").await.expect(200);
        assert_eq!(mine["places"][0]["incident"], id.as_str(), "{mine}");
        let (_, page) = world.responder.page("/mine").await;
        assert!(page.contains("You are called as Forensics lead"), "{page}");
        let (_, alerts) = world.responder.page("/").await;
        assert!(alerts.contains("to answer"), "the navigation counts it everywhere");
        second.post(&answer, json!({ "coming": true })).await.expect(422);

        let declined = json!({ "coming": false, "note": "On a plane" });
        let next = world.responder.post(&answer, declined).await.expect(200);
        assert_eq!(
            (&next["status"], &next["person"]),
            (&json!("asked"), &json!(second.id)),
            "{}",
            world.store
        );
        let came =
            second.post(&answer, json!({ "coming": true, "note": "In ten minutes" })).await.expect(200);
        assert_eq!((&came["status"], &came["note"]), (&json!("assigned"), &json!("In ten minutes")));
        let lines = timeline(&world, &id).await;
        assert!(lines.contains("Rita Responder cannot come as Forensics lead\\nOn a plane"), "{lines}");
        assert!(lines.contains("Sami Second comes as Forensics lead"), "{lines}");

        // An observer may be called as well; whoever commands fills by hand what is missing.
        let sponsor = place(&world, &id, "executive_sponsor").await;
        assert_eq!(sponsor["person"], world.observer.id.as_str());
        let order = |role: &str, verb: &str| format!("/api/v1/incidents/{id}/muster/{role}/{verb}");
        let person = json!({ "person": world.admin.id });
        world.responder.post(&order("scribe", "assign"), person.clone()).await.expect(403);
        let set = world.manager.post(&order("scribe", "assign"), person.clone()).await.expect(200);
        assert_eq!(set["status"], "assigned");
        world.manager.post(&order("scribe", "ask"), json!({ "person": world.observer.id })).await.expect(422);
        world.manager.post(&order("nobody_known", "ask"), person.clone()).await.expect(422);
        world.manager.post(&order("scribe", "ask"), json!({ "person": "USR-999" })).await.expect(404);
        let down = world
            .manager
            .post(&order("scribe", "stand-down"), json!({ "reason": "Ada writes" }))
            .await
            .expect(200);
        assert_eq!((&down["status"], &down["note"]), (&json!("stood_down"), &json!("Ada writes")));
        world.manager.post(&order("scribe", "stand-down"), json!({})).await.expect(422);
        world.manager.post(&order("human_resources", "ask"), person).await.expect(200);

        // The command passes on, and the place with it.
        let to = json!({ "commander": second.id });
        world.manager.post(&format!("/api/v1/incidents/{id}/commander"), to).await.expect(200);
        assert_eq!(place(&world, &id, "incident_commander").await["person"], second.id.as_str());
    })
    .await;
}

#[tokio::test]
async fn a_restricted_incident_calls_its_members_alone() {
    let world = spawn().await;
    hold(&world, "forensics_lead", &[&world.responder]).await;
    let mut declaration = said("critical");
    declaration["restricted"] = json!(true);
    let made = world.manager.post("/api/v1/incidents", declaration).await.expect(201);
    let id = made["id"].as_str().unwrap();
    let posts = get(&world.manager, id, "/muster").await;
    let forensics =
        posts.as_array().unwrap().iter().find(|post| post["role"] == "forensics_lead").unwrap().clone();
    assert_eq!(forensics["status"], "missing");
    let mine = world.responder.get("/api/v1/mine").await.expect(200);
    assert_eq!(mine["places"], json!([]));
    let answer = format!("/api/v1/muster/{}/answer", forensics["id"].as_str().unwrap());
    world.responder.post(&answer, json!({ "coming": true })).await.expect(404);
    // Who is called by name belongs to it.
    let person = json!({ "person": world.responder.id });
    world
        .manager
        .post(&format!("/api/v1/incidents/{id}/muster/forensics_lead/ask"), person)
        .await
        .expect(200);
    world.responder.post(&answer, json!({ "coming": true })).await.expect(200);
    get(&world.responder, id, "").await;
}

#[tokio::test]
async fn an_act_under_approval_waits_for_somebody_elses_word() {
    everywhere(|world| async move {
        hold(&world, "communications_lead", &[&world.responder]).await;
        hold(&world, "executive_sponsor", &[&world.observer]).await;
        let id = declare(&world, "critical").await;
        let at = |rest: &str| format!("/api/v1/incidents/{id}{rest}");
        let statement = json!({ "decision": "Publish the statement of 04:10", "reason": "The press knows", "act": "public_statement" });
        let refused = world.manager.post(&at("/decisions"), statement.clone()).await.expect(409);
        let detail = refused["detail"].as_str().unwrap();
        assert!(detail.starts_with("Public statement needs the approval of the communications lead at critical"), "{detail}");

        let ask = json!({ "act": "public_statement", "what": "The statement of 04:10" });
        let asked = world.manager.post(&at("/approvals"), ask.clone()).await.expect(201);
        let one = asked[0]["id"].as_str().unwrap().to_owned();
        world.manager.post(&at("/approvals"), ask.clone()).await.expect(409);
        let verb = |id: &str, verb: &str| format!("/api/v1/approvals/{id}/{verb}");
        // Not by whoever asked, nor by whoever has not the role.
        world.manager.post(&verb(&one, "give"), json!({})).await.expect(403);
        world.observer.post(&verb(&one, "give"), json!({})).await.expect(403);
        let mine = world.responder.get("/api/v1/mine").await.expect(200);
        assert_eq!(mine["approvals"][0]["id"], one.as_str(), "{}: {mine}", world.store);
        world.responder.post(&verb(&one, "refuse"), json!({ "reason": "" })).await.expect(422);
        world.responder.post(&verb(&one, "refuse"), json!({ "reason": "A name is wrong" })).await.expect(200);
        world.responder.post(&verb(&one, "give"), json!({})).await.expect(422);
        world.manager.post(&at("/decisions"), statement.clone()).await.expect(409);

        let asked = world.manager.post(&at("/approvals"), ask.clone()).await.expect(201);
        let two = asked[0]["id"].as_str().unwrap().to_owned();
        world.responder.post(&verb(&two, "give"), json!({ "reason": "Checked" })).await.expect(200);
        let decided = world.manager.post(&at("/decisions"), statement.clone()).await.expect(201);
        assert_eq!((&decided["act"], &decided["approvals"]), (&json!("public_statement"), &json!([two])));
        // A word counts once.
        world.manager.post(&at("/decisions"), statement).await.expect(409);
        let all = get(&world.observer, &id, "/approvals").await;
        assert_eq!((&all[0]["status"], &all[0]["used_for"]), (&json!("used"), &decided["id"]));

        // Closing waits as well, at this severity alone; a payment waits for two.
        let closing = json!({ "outcome": "resolved", "root_cause": "A macro", "lessons": "Block macros" });
        world.manager.post(&at("/close"), closing.clone()).await.expect(409);
        let (_, page) = world.manager.page(&format!("/incidents/{id}/close")).await;
        assert!(page.contains("Closing waits for an approval"), "{page}");
        let pay = json!({ "act": "ransom_payment", "what": "Two bitcoin" });
        assert_eq!(world.manager.post(&at("/approvals"), pay).await.expect(201).as_array().unwrap().len(), 2);
        let close = json!({ "act": "closing", "what": "All services are back" });
        let asked = world.manager.post(&at("/approvals"), close).await.expect(201);
        let three = asked[0]["id"].as_str().unwrap();
        world.observer.post(&verb(three, "give"), json!({})).await.expect(200);
        world.responder.post(&verb(three, "withdraw"), json!({})).await.expect(403);
        world.manager.post(&at("/close"), closing).await.expect(200);
        world.manager.post(&at("/approvals"), ask).await.expect(422);
        let entries = timeline(&world, &id).await;
        assert!(entries.contains("Approval given, as Executive sponsor: Closing the incident"), "{entries}");
    })
    .await;
}

#[tokio::test]
async fn what_needs_no_approval_at_a_severity_is_not_asked_for() {
    let world = spawn().await;
    let id = declare(&world, "low").await;
    let ask = json!({ "act": "closing", "what": "Done" });
    world.manager.post(&format!("/api/v1/incidents/{id}/approvals"), ask).await.expect(409);
    let closing = json!({ "outcome": "resolved", "root_cause": "A macro", "lessons": "Block macros" });
    world.manager.post(&format!("/api/v1/incidents/{id}/close"), closing).await.expect(200);
}

#[tokio::test]
async fn clocks_run_ring_once_and_are_met() {
    let start: jiff::Timestamp = "2026-11-24T03:00:00Z".parse().unwrap();
    let with_clock = |config: server::Config| server::Config { clock: Clock::manual(start), ..config };
    everywhere_with(with_clock, |world| async move {
        let pass = |minutes: i64| world.app.clock.advance(SignedDuration::from_mins(minutes));
        // The acknowledgement counts from the first alert.
        let record = sysmon("2026-11-24 02:50:00.000", "ws01.example.org", SHADOWS);
        world.responder.send_file("sysmon.jsonl", lines(&[record])).await.expect(201);
        let alert = world.responder.get("/api/v1/alerts").await.list()[0]["id"].clone();
        pass(45);
        let mut declaration = said("high");
        declaration["alerts"] = json!([alert]);
        let made = world.manager.post("/api/v1/incidents", declaration).await.expect(201);
        let id = made["id"].as_str().unwrap().to_owned();
        let acknowledge = clock_of(&world, &id, "acknowledge").await;
        assert_eq!(
            (&acknowledge["state"], &acknowledge["took"]),
            (&json!("met_late"), &json!(2700)),
            "{}",
            world.store
        );
        assert_eq!(clock_of(&world, &id, "assign").await["took"], 0);
        assert_eq!(clock_of(&world, &id, "contain").await["left"], 4 * 3600);
        assert_eq!(made["next_clock"]["kind"], "update");

        // An update that does not come rings once, at once on the timeline and in the outbox.
        pass(121);
        assert_eq!(clock::check(&world.app).await.unwrap(), 1);
        assert_eq!(clock::check(&world.app).await.unwrap(), 0);
        let update = clock_of(&world, &id, "update").await;
        assert_eq!((&update["state"], &update["left"]), (&json!("breached"), &json!(-60)));
        let told = "Overdue: update within 2 hours at high, due 2026-11-24 05:45 UTC";
        assert_eq!(timeline(&world, &id).await.matches(told).count(), 1);
        use sqlx::Row;
        let rang = sqlx::query("select count(*) from outbox where topic = 'clock.breached'")
            .fetch_one(world.app.db.readers())
            .await
            .unwrap();
        assert_eq!(rang.get::<i64, _>(0), 1);

        // A report settles it, late, and the next is owed from then; a note settles nothing.
        let entry =
            |kind: &str| json!({ "kind": kind, "text": "Two hosts are isolated. Next: the mail server." });
        let path = format!("/api/v1/incidents/{id}/entries");
        world.responder.post(&path, entry("note")).await.expect(201);
        assert_eq!(clock_of(&world, &id, "update").await["state"], "breached");
        world.responder.post(&path, entry("situation_report")).await.expect(201);
        assert_eq!(clock_of(&world, &id, "update").await["left"], 7200);
        let clocks = get(&world.observer, &id, "/clocks").await;
        let late = clocks
            .as_array()
            .unwrap()
            .iter()
            .find(|one| one["state"] == "met_late" && one["kind"] == "update");
        assert_eq!(late.unwrap()["took"], 7260);

        // Another severity replaces what runs; what was stays on record.
        set(&world, &id, "critical").await;
        assert_eq!(clock_of(&world, &id, "update").await["left"], 3600);
        assert_eq!(clock_of(&world, &id, "contain").await["left"], 3600);
        let clocks = get(&world.observer, &id, "/clocks").await;
        let before: Vec<&Value> =
            clocks.as_array().unwrap().iter().filter(|one| one["state"] == "ended").collect();
        assert_eq!(before.len(), 2);
        assert_eq!(before[0]["why"], "The severity is critical now.");
        pass(90);
        assert_eq!(clock::check(&world.app).await.unwrap(), 2);
        set(&world, &id, "high").await;
        assert_eq!(
            clock_of(&world, &id, "contain").await["state"],
            "running",
            "a longer target gives its time"
        );
        pass(60);
        assert_eq!(clock::check(&world.app).await.unwrap(), 2);
        // What is late stays late and is not told again.
        set(&world, &id, "critical").await;
        assert_eq!(clock_of(&world, &id, "contain").await["state"], "breached");
        assert_eq!(clock::check(&world.app).await.unwrap(), 0);
        set(&world, &id, "high").await;

        // Contained once the phase is behind us; owed again when it turns out not to be.
        let phase = format!("/api/v1/incidents/{id}/phase");
        world
            .manager
            .post(&phase, json!({ "phase": "eradication", "reason": "All are isolated" }))
            .await
            .expect(200);
        assert_eq!(clock_of(&world, &id, "contain").await["state"], "met_late");
        world
            .manager
            .post(&phase, json!({ "phase": "containment", "reason": "One more host" }))
            .await
            .expect(200);
        assert_eq!(clock_of(&world, &id, "contain").await["state"], "breached");
        let closing = json!({ "outcome": "resolved", "root_cause": "A macro", "lessons": "Block macros" });
        world.manager.post(&format!("/api/v1/incidents/{id}/close"), closing).await.expect(200);
        assert_eq!(clock_of(&world, &id, "contain").await["state"], "met_late");
        assert_eq!(clock_of(&world, &id, "update").await["state"], "ended");
        pass(10_000);
        assert_eq!(clock::check(&world.app).await.unwrap(), 0, "a closed incident owes nothing");
        let again = json!({ "phase": "recovery", "reason": "It is back" });
        world.manager.post(&format!("/api/v1/incidents/{id}/reopen"), again).await.expect(200);
        assert_eq!(clock_of(&world, &id, "update").await["left"], 7200);
    })
    .await;
}

#[tokio::test]
async fn the_pages_say_what_is_owed_and_what_would_change() {
    let world = spawn().await;
    hold(&world, "technical_lead", &[&world.responder]).await;
    let id = declare(&world, "medium").await;
    let (_, page) = world.manager.page(&format!("/incidents/{id}/response")).await;
    for words in
        ["Technical lead", "Rita Responder", "Asked", "Contain", "Within 1 day at medium", "Public statement"]
    {
        assert!(page.contains(words), "{words}");
    }
    let (_, page) = world.manager.page(&format!("/incidents/{id}/severity?severity=high")).await;
    assert!(page.contains("This starts 6 actions, musters 4 roles"), "{page}");
    let (_, fragment) = world.manager.page(&format!("/incidents/{id}/severity/preview?severity=low")).await;
    assert!(fragment.contains("Nothing is dropped") && !fragment.contains("<html"), "{fragment}");
    let form = [
        ("severity", "low"),
        ("reason", "Only one host"),
        ("functional", ""),
        ("information", ""),
        ("recoverability", ""),
    ];
    let (status, _) = world.manager.form(&format!("/incidents/{id}/severity"), &form).await;
    assert_eq!(status, 303);
    let (_, page) = world.manager.page(&format!("/incidents/{id}/response")).await;
    assert!(page.contains("Skip as proposed"), "{page}");
    let (_, list) = world.manager.page("/incidents").await;
    assert!(list.contains("Contain"), "{list}");
    let (_, people) = world.manager.page("/plan/people").await;
    assert!(people.contains("Rita Responder") && people.contains("12 roles have nobody"), "{people}");
    let (status, _) = world.manager.form("/plan/people/scribe", &[("person", "USR-2"), ("person", "")]).await;
    assert_eq!(status, 303);
    let (status, _) =
        world.manager.form("/plan/people/scribe", &[("person", "USR-2"), ("person", "USR-2")]).await;
    assert_eq!(status, 422);
}
