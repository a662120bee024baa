//! Alerts become one and part again, and nothing of theirs is lost on the way.

use serde_json::{Value, json};

use crate::harness::{As, everywhere};
use crate::intake::{SHADOWS, lines, sysmon};

async fn fire(by: &As, name: &str, time: &str, host: &str) {
    by.send_file(name, lines(&[sysmon(time, host, SHADOWS)])).await.expect(201);
}

async fn alert(by: &As, id: &str) -> Value {
    by.get(&format!("/api/v1/alerts/{id}")).await.expect(200)
}

async fn queue(by: &As) -> Vec<Value> {
    let page = by.get("/api/v1/alerts").await.expect(200);
    page["items"].as_array().unwrap().iter().map(|alert| alert["id"].clone()).collect()
}

#[tokio::test]
async fn merged_alerts_count_as_one_and_part_as_they_were() {
    everywhere(|world| async move {
        let by = &world.responder;
        fire(by, "1.jsonl", "2026-03-01T10:00:00Z", "ws01").await;
        fire(by, "2.jsonl", "2026-03-01T12:00:00Z", "ws02").await;
        fire(by, "3.jsonl", "2026-03-01T14:00:00Z", "ws03").await;
        let verdict = json!({ "verdict": "false_positive", "reason": "The backup agent." });
        by.post("/api/v1/alerts/ALR-3/dismiss", verdict).await.expect(200);
        let before = [alert(by, "ALR-2").await, alert(by, "ALR-3").await];

        let merging = json!({ "lead": "ALR-1", "alerts": ["ALR-2", "ALR-3"] });
        world.observer.post("/api/v1/alerts/merge", merging.clone()).await.expect(403);
        by.post("/api/v1/alerts/merge", json!({ "lead": "ALR-1", "alerts": ["ALR-1"] })).await.expect(422);
        by.post("/api/v1/alerts/merge", json!({ "lead": "ALR-1", "alerts": ["ALR-2", "ALR-9"] }))
            .await
            .expect(404);
        by.post("/api/v1/alerts/merge", json!({ "lead": "ALR-3", "alerts": ["ALR-2"] })).await.expect(409);
        assert_eq!(alert(by, "ALR-2").await, before[0], "a refused merge changes nothing");
        let lead = by.post("/api/v1/alerts/merge", merging).await.expect(200);
        assert_eq!((&lead["count"], &lead["merged"]), (&json!(3), &json!(2)), "{}", world.store);
        assert_eq!(
            (&lead["first_seen"], &lead["last_seen"]),
            (&json!("2026-03-01T10:00:00Z"), &json!("2026-03-01T14:00:00Z"))
        );
        assert_eq!(queue(by).await, ["ALR-1"]);
        let matches = by.get("/api/v1/alerts/ALR-1/matches").await.expect(200);
        assert_eq!(matches["items"].as_array().unwrap().len(), 3);
        let (_, page) = by.page("/alerts/ALR-1").await;
        assert!(page.contains("Merged into this") && page.contains("/alerts/ALR-3"));
        let (_, page) = by.page("/alerts/ALR-2").await;
        assert!(page.contains("Merged into") && !page.contains("Declare incident"));
        let told = by.post("/api/v1/alerts/ALR-2/acknowledge", json!({})).await.expect(409);
        assert!(told["detail"].as_str().unwrap().contains("ALR-1"));

        // What comes later goes where its rule and entity belong.
        fire(by, "4.jsonl", "2026-03-01T12:10:00Z", "ws02").await;
        assert_eq!(alert(by, "ALR-1").await["count"], 4);
        assert_eq!(alert(by, "ALR-2").await["count"], 2);

        let parted = by.post("/api/v1/alerts/ALR-1/unmerge", json!({})).await.expect(200);
        assert_eq!(parted["alerts"].as_array().unwrap().len(), 2);
        assert_eq!(alert(by, "ALR-1").await["count"], 1);
        assert_eq!(alert(by, "ALR-3").await, before[1], "with its verdict, as it was");
        let second = alert(by, "ALR-2").await;
        assert_eq!(
            (&second["count"], &second["status"], &second["merged_into"]),
            (&json!(2), &json!("new"), &Value::Null)
        );
        assert_eq!(queue(by).await.len(), 3);
        by.post("/api/v1/alerts/ALR-1/unmerge", json!({})).await.expect(409);
        let acts: Vec<String> =
            sqlx::query_scalar("select act from record_version where record = 'ALR-3' order by version")
                .fetch_all(world.app.db.readers())
                .await
                .unwrap();
        assert_eq!(acts, ["alert.raise", "alert.dismiss", "alert.merge", "alert.unmerge"]);
    })
    .await;
}

#[tokio::test]
async fn a_merged_alert_follows_its_lead_into_an_incident() {
    everywhere(|world| async move {
        let by = &world.responder;
        fire(by, "1.jsonl", "2026-03-01T10:00:00Z", "ws01").await;
        fire(by, "2.jsonl", "2026-03-01T12:00:00Z", "ws02").await;
        let (status, form) = by.page("/alerts/merge?alert=ALR-1&alert=ALR-2").await;
        assert!(status == 200 && form.contains("Which one leads?"), "{}", world.store);
        let fields = [("alert", "ALR-1"), ("alert", "ALR-2"), ("lead", "ALR-1")];
        assert_eq!(by.form("/alerts/merge", &fields).await.0, 303);
        let declaration = json!({
            "title": "Backups destroyed", "type": "ransomware", "functional": "none", "information": "none",
            "recoverability": "regular", "restricted": true, "alerts": ["ALR-1"],
        });
        world.manager.post("/api/v1/incidents", declaration).await.expect(201);
        // The merged one is closed with its lead, to whoever does not belong to the incident.
        for path in ["/api/v1/alerts/ALR-1", "/api/v1/alerts/ALR-2", "/api/v1/alerts/ALR-2/matches"] {
            by.get(path).await.expect(404);
        }
        assert!(queue(by).await.is_empty());
        by.post("/api/v1/alerts/ALR-2/unmerge", json!({})).await.expect(404);
        let assets = world.manager.get("/api/v1/incidents/INC-1/assets").await.expect(200).to_string();
        assert!(assets.contains("ws01") && assets.contains("ws02"), "{assets}");
        fire(by, "3.jsonl", "2026-03-01T12:10:00Z", "ws02").await;
        let entries = world.manager.get("/api/v1/incidents/INC-1/entries").await.expect(200).to_string();
        assert!(entries.contains("2026-03-01T12:10:00Z"), "what the merged one takes in, the incident does");
        world.manager.post("/api/v1/alerts/ALR-2/unmerge", json!({})).await.expect(200);
        assert_eq!(alert(by, "ALR-2").await["status"], "new");
    })
    .await;
}
