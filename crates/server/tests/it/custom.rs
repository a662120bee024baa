//! Fields and statuses of the organisation's own: defined once, filled in on incidents, looked for, asked for at the
//! closing, told in the report.

use serde_json::{Value, json};

use crate::harness::{World, everywhere};

async fn declare(world: &World, kind: &str) -> String {
    let said = json!({ "title": "A matter", "type": kind, "functional": "low", "information": "none",
        "recoverability": "regular" });
    world.manager.post("/api/v1/incidents", said).await.expect(201)["id"].as_str().unwrap().to_owned()
}

async fn field(world: &World, said: Value) -> String {
    world.manager.post("/api/v1/incident-fields", said).await.expect(201)["id"].as_str().unwrap().to_owned()
}

async fn held(world: &World, id: &str) -> Value {
    world.observer.get(&format!("/api/v1/incidents/{id}/fields")).await.expect(200)
}

#[tokio::test]
async fn fields_are_filled_in_by_their_kind_all_or_none() {
    everywhere(|world| async move {
        field(&world, json!({ "key": "change_ticket", "kind": "line", "label": "Change ticket" })).await;
        let region = json!({ "key": "region", "kind": "choice", "label": "Region", "choices": ["Europe", "Americas"],
            "types": ["phishing"], "help": "Where the mailbox lives" });
        let region = field(&world, region).await;
        field(&world, json!({ "key": "loss", "kind": "number", "label": "Loss in euro", "needed": "closing" })).await;
        let refused = |said: Value| world.manager.post("/api/v1/incident-fields", said);
        refused(json!({ "key": "region", "kind": "line", "label": "Again" })).await.expect(409);
        refused(json!({ "key": "Not a key", "kind": "line", "label": "x" })).await.expect(422);
        refused(json!({ "key": "one", "kind": "choice", "label": "x", "choices": ["only"] })).await.expect(422);
        world.responder.post("/api/v1/incident-fields", json!({ "key": "mine", "kind": "line", "label": "x" })).await.expect(403);

        let (phishing, other) = (declare(&world, "phishing").await, declare(&world, "malware").await);
        let keys = |list: &Value| list.as_array().unwrap().iter().map(|one| one["key"].as_str().unwrap().to_owned()).collect::<Vec<_>>();
        assert_eq!(keys(&held(&world, &phishing).await), ["change_ticket", "region", "loss"], "{}", world.store);
        assert_eq!(keys(&held(&world, &other).await), ["change_ticket", "loss"]);

        let path = format!("/api/v1/incidents/{phishing}/fields");
        let fill = |said: Value| world.responder.put(&path, json!({ "fields": said }));
        let told = fill(json!({ "change_ticket": "CHG-1", "region": "Mars" })).await.expect(422);
        assert!(told["detail"].as_str().unwrap().contains("one of: Europe, Americas"), "{told}");
        assert!(held(&world, &phishing).await[0]["value"].is_null(), "nothing is filled in where one is refused");
        fill(json!({ "change_ticket": "CHG-1042", "region": "europe", "loss": "12,500.50" })).await.expect(200);
        let values: Vec<Value> = held(&world, &phishing).await.as_array().unwrap().iter().map(|one| one["value"].clone()).collect();
        assert_eq!(values, [json!("CHG-1042"), json!("Europe"), json!("12500.50")]);
        fill(json!({ "no_such": "x" })).await.expect(404);
        let of_type = json!({ "fields": { "region": "Europe" } });
        world.responder.put(&format!("/api/v1/incidents/{other}/fields"), of_type).await.expect(409);
        world.observer.put(&path, json!({ "fields": { "loss": "1" } })).await.expect(403);

        let entries = world.observer.get(&format!("/api/v1/incidents/{phishing}/entries")).await.list();
        let line =
            entries.as_array().unwrap().iter().any(|one| one["text"].as_str().unwrap().contains("Region: Europe"));
        assert!(line, "the timeline tells it: {entries}");
        let found = world.observer.get("/api/v1/incidents?q=chg-1042").await.expect(200);
        assert_eq!(found["items"].as_array().unwrap().len(), 1);

        let lost = json!({ "label": "Region", "choices": ["Asia", "Americas"] });
        world.manager.put(&format!("/api/v1/incident-fields/{region}"), lost).await.expect(409);
        world.manager.post(&format!("/api/v1/incident-fields/{region}/retire"), json!({ "retired": true })).await.expect(200);
        assert_eq!(held(&world, &phishing).await[1]["value"], "Europe", "what a retired field holds stays");
        fill(json!({ "region": "Americas" })).await.expect(409);
        fill(json!({ "region": null })).await.expect(200);
        assert_eq!(keys(&held(&world, &phishing).await), ["change_ticket", "loss"]);
    })
    .await;
}

#[tokio::test]
async fn what_is_needed_holds_up_the_closing_and_stands_in_the_report() {
    everywhere(|world| async move {
        field(
            &world,
            json!({ "key": "insurer_case", "kind": "line", "label": "Insurer's case", "needed": "closing" }),
        )
        .await;
        let id = declare(&world, "malware").await;
        let close = json!({ "outcome": "resolved", "root_cause": "A macro.", "lessons": "Block macros." });
        let phase = format!("/api/v1/incidents/{id}/phase");
        world
            .manager
            .post(&phase, json!({ "phase": "recovery", "reason": "Over in minutes" }))
            .await
            .expect(200);
        let path = format!("/api/v1/incidents/{id}/close");
        let told = world.manager.post(&path, close.clone()).await.expect(409);
        assert!(told["detail"].as_str().unwrap().contains("Insurer's case"), "{}: {told}", world.store);
        let filled = json!({ "fields": { "insurer_case": "K-77/2026" } });
        world.responder.put(&format!("/api/v1/incidents/{id}/fields"), filled).await.expect(200);
        world.manager.post(&path, close).await.expect(200);
        let (status, report) = world.manager.page(&format!("/incidents/{id}/report?format=md")).await;
        assert_eq!(status, 200);
        assert!(report.contains("K-77/2026"), "{report}");
    })
    .await;
}

#[tokio::test]
async fn a_status_stands_in_its_phases_and_falls_away_in_others() {
    everywhere(|world| async move {
        let id = declare(&world, "malware").await;
        let add = |said: Value| world.manager.post("/api/v1/incident-statuses", said);
        let waiting =
            json!({ "label": "Waiting for the supplier", "phases": ["containment"], "waits": true });
        let waiting = add(waiting).await.expect(201)["id"].as_str().unwrap().to_owned();
        let watching =
            add(json!({ "label": "Watching" })).await.expect(201)["id"].as_str().unwrap().to_owned();
        add(json!({ "label": "watching" })).await.expect(409);

        let path = format!("/api/v1/incidents/{id}/status");
        let set = |status: Value| {
            world.responder.put(&path, json!({ "status": status, "reason": "They answer tomorrow" }))
        };
        set(json!(waiting)).await.expect(409);
        let phases = format!("/api/v1/incidents/{id}/phase");
        let phase =
            |to: &'static str| world.manager.post(&phases, json!({ "phase": to, "reason": "So it is" }));
        phase("containment").await.expect(200);
        assert_eq!(
            set(json!(waiting)).await.expect(200)["status_label"],
            "Waiting for the supplier",
            "{}",
            world.store
        );
        let listed = world.observer.get(&format!("/api/v1/incidents?status={waiting}")).await.expect(200);
        assert_eq!(listed["items"][0]["id"], *id);
        assert!(world.observer.page("/incidents").await.1.contains("Waiting for the supplier"));
        assert!(phase("eradication").await.expect(200)["status"].is_null(), "it belongs to containment");

        set(json!(watching)).await.expect(200);
        assert_eq!(phase("recovery").await.expect(200)["status_label"], "Watching", "it fits any open phase");
        world
            .manager
            .post(&format!("/api/v1/incident-statuses/{watching}/retire"), json!({ "retired": true }))
            .await
            .expect(200);
        set(Value::Null).await.expect(200);
        set(json!(watching)).await.expect(409);
    })
    .await;
}
