//! The plan as a living thing: taken out and brought back byte for byte, written in a draft, judged by its
//! approvers, published, and attested.

use serde_json::{Value, json};

use crate::harness::{As, World, everywhere};

async fn files(who: &As) -> Value {
    who.get("/api/v1/plan/files").await.expect(200)["files"].take()
}

async fn sponsor(world: &World, who: &As) {
    let people = json!({ "people": [who.id] });
    world.manager.put("/api/v1/plan/holders/executive_sponsor", people).await.expect(200);
}

/// One file of the draft with `from` replaced; gives the next edition.
async fn replace(who: &As, file: &str, from: &str, to: &str) -> i64 {
    let draft = who.get("/api/v1/plan/draft").await.expect(200)["draft"].take();
    let text = draft["files"][file].as_str().unwrap().replacen(from, to, 1);
    let input = json!({ "file": file, "text": text, "edition": draft["edition"] });
    who.put("/api/v1/plan/draft/file", input).await.expect(200)["edition"].as_i64().unwrap()
}

#[tokio::test]
async fn what_is_exported_comes_back_byte_for_byte() {
    everywhere(|world| async move {
        let mut taken = files(&world.observer).await;
        // Line ends, comments and a missing last newline are the writer's own.
        taken["README.md"] = json!("Ours.\r\n\r\nNo newline at the end, and a ✓");
        taken["plan.yaml"] =
            json!(taken["plan.yaml"].as_str().unwrap().replace("version: 1.0.0", "version:   3.0.0 # ours"));
        world.manager.post("/api/v1/plan/draft", json!({ "files": taken })).await.expect(201);
        sponsor(&world, &world.admin).await;
        world.manager.post("/api/v1/plan/draft/send", json!({ "edition": 1 })).await.expect(200);
        let told = world.admin.post("/api/v1/plan/draft/approve", json!({ "edition": 2 })).await.expect(200);
        assert_eq!(told["published"], "PLAN-2", "{}", world.store);
        assert_eq!(files(&world.observer).await, taken, "{}", world.store);
    })
    .await;
}

#[tokio::test]
async fn a_bad_folder_is_refused_with_file_and_line_and_nothing_changes() {
    everywhere(|world| async move {
        let whole = files(&world.manager).await;
        let cases = [
            ("roles.yaml", "title: Scribe", "title: [Scribe", "roles.yaml:"),
            ("roles.yaml", "alternates: [service_desk]", "alternates: [nobody_here]", "names the role nobody_here"),
            ("roles.yaml", "- id: executive_sponsor", "- reports_to: scribe\n  id: executive_sponsor", "reports to itself"),
            ("plan.yaml", "version: 1.0.0", "version: 1.0.0\nvalid: {from: 2027-02-01, until: 2027-01-01}", "plan.yaml:4"),
            ("plan.yaml", "version: 1.0.0", "version: 1.0.0\ntime_zone: Mars/Olympus", "plan.yaml:4"),
        ];
        for (file, from, to, expected) in cases {
            let mut bad = whole.clone();
            let text = whole[file].as_str().unwrap();
            assert!(text.contains(from), "{file} has no {from}");
            bad[file] = json!(text.replacen(from, to, 1));
            let told = world.manager.post("/api/v1/plan/draft", json!({ "files": bad })).await.expect(422);
            let detail = told["detail"].as_str().unwrap();
            assert!(detail.contains(expected) && detail.contains(&format!("{file}:")), "{detail}");
        }
        world.manager.get("/api/v1/plan/draft").await.expect(404);
        assert_eq!(files(&world.manager).await, whole);
    })
    .await;
}

#[tokio::test]
async fn a_draft_goes_to_its_approvers_and_back_and_comes_into_force() {
    everywhere(|world| async move {
        let before = files(&world.manager).await;
        world.responder.post("/api/v1/plan/draft", json!({})).await.expect(403);
        world.manager.post("/api/v1/plan/draft", json!({})).await.expect(201);
        world.admin.post("/api/v1/plan/draft", json!({})).await.expect(409);

        // A save rewrites its own file and no other; an overtaken one is refused.
        let edition = replace(&world.manager, "roles.yaml", "title: Scribe", "title: Keeper of the log").await;
        assert_eq!(edition, 2);
        let late = json!({ "file": "roles.yaml", "text": "[]", "edition": 1 });
        world.admin.put("/api/v1/plan/draft/file", late).await.expect(409);
        let view = world.observer.get("/api/v1/plan/draft").await.expect(200);
        let changed: Vec<&str> =
            view["changes"].as_array().unwrap().iter().map(|file| file["file"].as_str().unwrap()).collect();
        assert_eq!(changed, ["plan.yaml", "roles.yaml"], "the head carries the next version");
        assert_eq!((&view["changes"][1]["added"], &view["changes"][1]["removed"]), (&json!(1), &json!(1)));
        assert_eq!(files(&world.manager).await, before, "what is in force stays");

        // Nobody fills the approving role, nor its alternates.
        let send = json!({ "edition": 2 });
        let told = world.manager.post("/api/v1/plan/draft/send", send.clone()).await.expect(409);
        assert!(told["detail"].as_str().unwrap().contains("Executive sponsor"), "{told}");
        // The manager, who wrote, and an observer, who is the sponsor in the house.
        let people = json!({ "people": [world.manager.id, world.observer.id] });
        world.manager.put("/api/v1/plan/holders/executive_sponsor", people).await.expect(200);
        world.manager.post("/api/v1/plan/draft/send", send).await.expect(200);

        let edition = json!({ "edition": 3 });
        let own = world.manager.post("/api/v1/plan/draft/approve", edition.clone()).await.expect(409);
        assert!(own["detail"].as_str().unwrap().contains("You wrote in this draft"), "{own}");
        world.responder.post("/api/v1/plan/draft/approve", edition).await.expect(409);
        let back = json!({ "reason": "Keep the field's word", "edition": 3 });
        world.observer.post("/api/v1/plan/draft/return", back).await.expect(200);
        let view = world.manager.get("/api/v1/plan/draft").await.expect(200);
        assert_eq!(view["draft"]["status"], "writing");
        assert_eq!(view["draft"]["returned"]["reason"], "Keep the field's word");

        let edition = replace(&world.manager, "roles.yaml", "title: Keeper of the log", "title: Scribe of the log").await;
        world.manager.post("/api/v1/plan/draft/send", json!({ "edition": edition })).await.expect(200);
        let frozen = json!({ "file": "roles.yaml", "text": "[]", "edition": edition + 1 });
        world.manager.put("/api/v1/plan/draft/file", frozen).await.expect(409);
        let yes = json!({ "edition": edition + 1 });
        let told = world.observer.post("/api/v1/plan/draft/approve", yes).await.expect(200);
        assert_eq!(told["published"], "PLAN-2");
        let now = world.observer.get("/api/v1/plan").await.expect(200);
        assert_eq!((&now["id"], &now["version"]), (&json!("PLAN-2"), &json!("1.1.0")), "{}", world.store);
        let versions = world.observer.get("/api/v1/plan/versions").await.expect(200);
        assert_eq!(versions[0]["approved"][0]["by"], world.observer.id.as_str());
        assert_eq!(versions[0]["authors"], json!([world.manager.id]));
        let (_, page) = world.observer.page("/plan/versions/PLAN-2").await;
        assert!(page.contains("title: Scribe of the log"), "{page}");
        world.manager.get("/api/v1/plan/draft").await.expect(404);
    })
    .await;
}

#[tokio::test]
async fn everybody_is_asked_whether_they_read_what_is_in_force() {
    everywhere(|world| async move {
        let (_, page) = world.responder.page("/mine").await;
        assert!(page.contains("Have you read the plan?"));
        let read = json!({ "plan": "PLAN-1" });
        world.responder.post("/api/v1/plan/attestations", read.clone()).await.expect(204);
        world.responder.post("/api/v1/plan/attestations", read).await.expect(204);
        world.responder.post("/api/v1/plan/attestations", json!({ "plan": "PLAN-9" })).await.expect(409);
        let (_, page) = world.responder.page("/plan").await;
        assert!(!page.contains("Have you read the plan?"));
        let readers = world.admin.get("/api/v1/plan/attestations").await.expect(200);
        let read: Vec<&Value> =
            readers.as_array().unwrap().iter().filter(|reader| !reader["at"].is_null()).collect();
        assert_eq!(readers.as_array().unwrap().len(), 4);
        assert_eq!(read.len(), 1);
        assert_eq!(read[0]["person"], world.responder.id.as_str(), "{}", world.store);
        let (_, page) = world.admin.page("/plan/attestations").await;
        assert!(page.contains("1 of 4 attested PLAN-1"), "{page}");
    })
    .await;
}

#[tokio::test]
async fn a_discarded_draft_leaves_the_plan_as_it_was() {
    everywhere(|world| async move {
        let before = files(&world.manager).await;
        world.manager.post("/api/v1/plan/draft", json!({})).await.expect(201);
        world.manager.post("/api/v1/plan/draft/discard", json!({ "edition": 9 })).await.expect(409);
        world.manager.post("/api/v1/plan/draft/discard", json!({ "edition": 1 })).await.expect(204);
        world.manager.get("/api/v1/plan/draft").await.expect(404);
        assert_eq!(files(&world.manager).await, before);
        world.manager.post("/api/v1/plan/draft", json!({})).await.expect(201);
    })
    .await;
}
