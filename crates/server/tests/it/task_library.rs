//! Tasks that fit only under some circumstances or wait for others, and the library from which tasks are
//! added.

use serde_json::{Value, json};

use crate::harness::{World, everywhere, spawn};

async fn declare(world: &World, kind: &str, information: &str) -> String {
    let said = json!({ "title": "A matter", "type": kind, "functional": "low", "information": information,
        "recoverability": "regular" });
    world.manager.post("/api/v1/incidents", said).await.expect(201)["id"].as_str().unwrap().to_owned()
}

async fn tasks(world: &World, id: &str) -> Vec<Value> {
    let list = world.observer.get(&format!("/api/v1/incidents/{id}/tasks?limit=200")).await.list();
    list.as_array().unwrap().clone()
}

async fn step(world: &World, id: &str, name: &str) -> Value {
    tasks(world, id).await.into_iter().find(|task| task["step"] == name || task["library"] == name).unwrap()
}

#[tokio::test]
async fn a_step_that_does_not_fit_is_not_counted_until_it_does() {
    everywhere(|world| async move {
        let id = declare(&world, "data_breach", "proprietary").await;
        let people = step(&world, &id, "notify_people").await;
        let why = people["unfit"].as_str().unwrap();
        assert_eq!(
            why,
            "It fits only with information impact privacy breach; now the information impact is proprietary breach.",
            "{}",
            world.store
        );
        let open = async || {
            world.observer.get(&format!("/api/v1/incidents/{id}")).await.expect(200)["open_tasks"].as_i64().unwrap()
        };
        let before = open().await;
        let unfit = tasks(&world, &id).await.iter().filter(|task| !task["unfit"].is_null()).count();
        assert_eq!(usize::try_from(before).unwrap(), tasks(&world, &id).await.len() - unfit);

        let facts = json!({ "severity": "high", "reason": "Personal data was in it", "functional": "low",
            "information": "privacy", "recoverability": "regular" });
        world.manager.post(&format!("/api/v1/incidents/{id}/severity"), facts).await.expect(200);
        assert!(step(&world, &id, "notify_people").await["unfit"].is_null());
        assert!(open().await > before);
    })
    .await;
}

#[tokio::test]
async fn a_task_waits_for_those_before_it() {
    everywhere(|world| async move {
        let id = declare(&world, "lost_device", "suspected").await;
        let waits = step(&world, &id, "breach_or_not").await;
        assert_eq!(waits["after"].as_array().unwrap().len(), 2, "{}", world.store);
        let act = |task: &Value, verb: &str| format!("/api/v1/tasks/{}/{verb}", task["id"].as_str().unwrap());
        let refused = world.responder.post(&act(&waits, "done"), json!({})).await.expect(409);
        let detail = refused["detail"].as_str().unwrap();
        assert!(detail.starts_with("This waits for: Prove that the storage was encrypted (TSK-"), "{detail}");
        world.responder.post(&act(&waits, "start"), json!({})).await.expect(409);
        let (first, second) = (step(&world, &id, "encrypted").await, step(&world, &id, "contents").await);
        world.responder.post(&act(&first, "done"), json!({})).await.expect(200);
        world.responder.post(&act(&waits, "start"), json!({})).await.expect(409);
        // What is skipped is waited for no longer.
        world.responder.post(&act(&second, "skip"), json!({ "reason": "It was empty" })).await.expect(200);
        world.responder.post(&act(&waits, "done"), json!({})).await.expect(200);
    })
    .await;
}

#[tokio::test]
async fn tasks_come_from_the_library_and_go_into_it() {
    everywhere(|world| async move {
        let all = world.observer.get("/api/v1/task-library").await.expect(200);
        assert!(all.as_array().unwrap().len() >= 40, "{}", world.store);
        let found = world.observer.get("/api/v1/task-library?q=MAILBOX+rules&phase=containment").await.expect(200);
        assert_eq!(found[0]["id"], "mailbox_rules");
        assert_eq!(world.observer.get("/api/v1/task-library?role=human_resources").await.expect(200).as_array().unwrap().len(), 1);
        world.observer.get("/api/v1/task-library?role=a+b").await.expect(422);

        let id = declare(&world, "phishing", "suspected").await;
        let path = format!("/api/v1/incidents/{id}/tasks/library");
        let wanted = json!({ "tasks": ["test_restore", "clean_backup", "krbtgt_first"] });
        let added = world.responder.post(&path, wanted.clone()).await.expect(201);
        assert_eq!(added.as_array().unwrap().len(), 3);
        assert_eq!(added[0]["after"], json!([added[1]["id"]]), "one waits for the other");
        assert!(added[2]["unfit"].as_str().unwrap().contains("the type is phishing"));
        assert!(added[0]["due"].is_null(), "recovery is not entered");
        world.responder.post(&path, wanted).await.expect(409);
        world.responder.post(&path, json!({ "tasks": ["nothing_such"] })).await.expect(404);
        world.responder.post(&path, json!({ "tasks": [] })).await.expect(422);
        world.observer.post(&path, json!({ "tasks": ["police"] })).await.expect(403);

        // One's own: saved from an incident, found by everybody, used, taken out.
        let own = json!({ "title": "Ask the branch office", "instructions": "Call the branch." });
        let own = world.responder.post(&format!("/api/v1/incidents/{id}/tasks"), own).await.expect(201);
        let save = format!("/api/v1/tasks/{}/save", own["id"].as_str().unwrap());
        let saved = world.responder.post(&save, json!({})).await.expect(201);
        let name = saved["id"].as_str().unwrap();
        let from_shipped = format!("/api/v1/tasks/{}/save", added[0]["id"].as_str().unwrap());
        world.responder.post(&from_shipped, json!({})).await.expect(409);
        let found = world.observer.get("/api/v1/task-library?q=branch").await.expect(200);
        assert_eq!((&found[0]["id"], &found[0]["group"]), (&json!(name), &json!("Your own")));
        let other = declare(&world, "malware", "none").await;
        let used = json!({ "tasks": [name] });
        world.responder.post(&format!("/api/v1/incidents/{other}/tasks/library"), used.clone()).await.expect(201);
        assert_eq!(step(&world, &other, name).await["instructions"], "Call the branch.");
        let mine = json!({ "title": "Count the laptops", "phase": "assessment", "role": "it_operations", "due_within": "4h" });
        let mine = world.manager.post("/api/v1/task-library", mine).await.expect(201);
        let bad = json!({ "title": "x", "phase": "assessment", "role": "wizard" });
        world.manager.post("/api/v1/task-library", bad).await.expect(422);
        world.responder.delete(&format!("/api/v1/task-library/{}", mine["id"].as_str().unwrap())).await.expect(403);
        world.responder.delete(&format!("/api/v1/task-library/{name}")).await.expect(200);
        world.responder.delete(&format!("/api/v1/task-library/{name}")).await.expect(404);
        world.responder.post(&format!("/api/v1/incidents/{id}/tasks/library"), used).await.expect(404);
    })
    .await;
}

#[tokio::test]
async fn the_library_has_pages_and_a_restricted_incident_gives_nothing_away() {
    let world = spawn().await;
    let id = declare(&world, "phishing", "suspected").await;
    let (_, page) = world.responder.page(&format!("/incidents/{id}/tasks/library?q=mailbox")).await;
    assert!(
        page.contains("Look for rules, forwards and delegates") && !page.contains("Take memory"),
        "{page}"
    );
    let form = [("task", "mailbox_rules"), ("task", "purge_message")];
    let (status, _) = world.responder.form(&format!("/incidents/{id}/tasks/library"), &form).await;
    assert_eq!(status, 303);
    let one = [("task", "police"), ("only", "helpline")];
    let (status, _) = world.responder.form(&format!("/incidents/{id}/tasks/library"), &one).await;
    assert_eq!(status, 303);
    let titles: Vec<Value> = tasks(&world, &id).await.iter().map(|task| task["library"].clone()).collect();
    assert!(titles.contains(&json!("helpline")) && !titles.contains(&json!("police")), "{titles:?}");
    let (_, page) = world.responder.page(&format!("/incidents/{id}/tasks")).await;
    assert!(page.contains("do not fit the incident as it is"), "{page}");
    let (_, page) = world.responder.page("/tasks/library").await;
    assert!(page.contains("Library of tasks"));

    let secret = json!({ "title": "Quiet", "type": "insider", "functional": "none", "information": "none",
        "recoverability": "regular", "restricted": true });
    let secret =
        world.manager.post("/api/v1/incidents", secret).await.expect(201)["id"].as_str().unwrap().to_owned();
    let task = json!({ "title": "Look at the desk of P. A." });
    let task = world.manager.post(&format!("/api/v1/incidents/{secret}/tasks"), task).await.expect(201);
    let save = format!("/api/v1/tasks/{}/save", task["id"].as_str().unwrap());
    world.manager.post(&save, json!({})).await.expect(409);
    world.responder.post(&save, json!({})).await.expect(404);
}
