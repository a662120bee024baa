//! Where assets stand: compromise and containment, one by one and many at once.

use serde_json::{Value, json};

use crate::harness::{World, everywhere};

async fn declare(world: &World, hosts: &[&str]) -> (String, Vec<String>) {
    let said = json!({ "title": "A matter", "type": "malware", "functional": "low", "information": "none",
        "recoverability": "regular" });
    let id =
        world.manager.post("/api/v1/incidents", said).await.expect(201)["id"].as_str().unwrap().to_owned();
    let mut assets = Vec::new();
    for host in hosts {
        let asset = json!({ "kind": "host", "name": host });
        let asset = world.responder.post(&format!("/api/v1/incidents/{id}/assets"), asset).await.expect(201);
        assets.push(asset["id"].as_str().unwrap().to_owned());
    }
    (id, assets)
}

#[tokio::test]
async fn assets_are_moved_many_at_once_and_each_step_is_kept() {
    everywhere(|world| async move {
        let (id, hosts) = declare(&world, &["ws01", "ws02", "ws03"]).await;
        let path = format!("/api/v1/incidents/{id}/assets");
        let move_to = format!("{path}/move");
        let both = json!({ "assets": hosts, "compromise": "confirmed", "containment": "isolated" });
        let moved = world.responder.post(&move_to, both.clone()).await.expect(200);
        assert_eq!(moved.as_array().unwrap().len(), 3, "{}", world.store);
        assert_eq!((&moved[0]["state"], &moved[0]["compromise"]), (&json!("contained"), &json!("confirmed")));
        world.responder.post(&move_to, both).await.expect(409);

        // Nothing goes back into use before it is cleared, and clearing has its reason.
        let back = json!({ "assets": [hosts[0]], "containment": "restored", "reason": "They need it" });
        let refused = world.responder.post(&move_to, back).await.expect(422);
        assert!(refused["detail"].as_str().unwrap().contains("clear it first"), "{refused}");
        world.responder.post(&move_to, json!({ "assets": [hosts[0]], "compromise": "cleared" })).await.expect(422);
        let cleared = json!({ "assets": [hosts[0]], "compromise": "cleared", "containment": "restored", "reason": "Rebuilt and searched" });
        world.responder.post(&move_to, cleared).await.expect(200);

        // One that may not refuses all.
        let mixed = json!({ "assets": hosts, "containment": "restored" });
        world.responder.post(&move_to, mixed).await.expect(422);
        let list = world.observer.get(&path).await.list();
        let standing: Vec<Value> = list.as_array().unwrap().iter().map(|one| one["containment"].clone()).collect();
        assert_eq!(standing.iter().filter(|one| *one == "isolated").count(), 2, "{standing:?}");

        let steps = world.observer.get(&format!("{path}/steps")).await.expect(200);
        assert_eq!(steps.as_array().unwrap().len(), 8);
        let last = &steps[0];
        assert_eq!((&last["machine"], &last["before"], &last["after"]), (&json!("containment"), &json!("isolated"), &json!("restored")));
        assert_eq!((&last["reason"], &last["by"]), (&json!("Rebuilt and searched"), &json!(world.responder.id)));

        // The one word says the same.
        let word = json!({ "state": "suspected", "note": "A false alarm" });
        let one = world.responder.post(&format!("{path}/{}", hosts[1]), word).await.expect(200);
        assert_eq!((&one["compromise"], &one["containment"]), (&json!("suspected"), &json!("open")));
        world.responder.post(&format!("{path}/{}", hosts[2]), json!({ "state": "clean" })).await.expect(422);
        for wrong in [
            json!({ "assets": hosts }),
            json!({ "assets": [], "compromise": "confirmed" }),
            json!({ "assets": hosts, "compromise": "maybe" }),
        ] {
            world.responder.post(&move_to, wrong).await.expect(422);
        }
        let foreign = json!({ "assets": ["AST-999"], "compromise": "confirmed" });
        world.responder.post(&move_to, foreign).await.expect(404);
        let lines = world.observer.get(&format!("/api/v1/incidents/{id}/entries?limit=200")).await.expect(200).to_string();
        assert!(lines.contains("3 assets moved\\nHost ws01: confirmed, isolated"), "{lines}");

        let form = [("asset", hosts[2].as_str()), ("compromise", ""), ("containment", "rebuilding"), ("reason", "")];
        let (status, _) = world.responder.form(&format!("/incidents/{id}/assets/move"), &form).await;
        assert_eq!(status, 303);
        let (_, page) = world.responder.page(&format!("/incidents/{id}/things")).await;
        for words in ["Being rebuilt", "Move those ticked", "Rebuilt and searched", "3 steps"] {
            assert!(page.contains(words), "{words}: {page}");
        }
    })
    .await;
}
