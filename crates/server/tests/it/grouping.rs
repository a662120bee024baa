//! How a rule's detections become alerts is set per rule, tried before, and taken back.

use serde_json::{Value, json};

use crate::harness::{As, everywhere};
use crate::intake::{SHADOWS, lines, sysmon};

const RULE: &str = "50157c3e-d484-47ee-9616-a0706d7e30bd";

fn at(path: &str) -> String {
    format!("/api/v1/rules/{RULE}/grouping{path}")
}

async fn fire(by: &As, name: &str, time: &str, host: &str, user: &str) {
    let mut event: Value = serde_json::from_str(&sysmon(time, host, SHADOWS)).unwrap();
    event["User"] = json!(user);
    by.send_file(name, lines(&[event.to_string()])).await.expect(201);
}

async fn alerts(by: &As) -> Vec<Value> {
    by.get("/api/v1/alerts").await.expect(200)["items"].as_array().unwrap().clone()
}

#[tokio::test]
async fn a_rule_is_grouped_otherwise_from_then_on_and_back_again() {
    everywhere(|world| async move {
        let by = &world.responder;
        for (number, host) in ["ws01", "ws02", "ws03"].iter().enumerate() {
            fire(by, &format!("{number}.jsonl"), "2026-03-01T10:00:00Z", host, "EXAMPLE\\anna").await;
        }
        fire(by, "3.jsonl", "2026-03-01T10:10:00Z", "ws01", "EXAMPLE\\bob").await;
        assert_eq!(alerts(by).await.len(), 3, "{}", world.store);

        // Tried first: by account it would have been two, all together one.
        let trial = json!({ "by": ["account"], "window_minutes": 60 });
        let told = world.observer.post(&at("/preview"), trial.clone()).await.expect(200);
        assert_eq!((&told["now"], &told["then"], &told["detections"]), (&json!(3), &json!(2), &json!(4)));
        let all = json!({ "by": [], "window_minutes": 60 });
        assert_eq!(by.post(&at("/preview"), all).await.expect(200)["then"], 1);
        let split = json!({ "by": ["host", "field:User"], "window_minutes": 5 });
        assert_eq!(by.post(&at("/preview"), split).await.expect(200)["then"], 4);
        let path = format!("/rules/{RULE}/grouping?by=account&window=60&days=7");
        let (status, page) = by.page(&path).await;
        assert!(status == 200 && page.contains("It would have made 2 alerts instead of 3"), "{page}");
        assert_eq!(alerts(by).await.len(), 3, "a preview changes nothing");

        let set = json!({ "by": ["account"], "window_minutes": 120, "reason": "One person, many hosts." });
        world.observer.post(&at(""), set.clone()).await.expect(403);
        let made = by.post(&at(""), set.clone()).await.expect(200);
        assert_eq!((&made["id"], &made["set_by"]), (&json!("GRP-1"), &json!(by.id)));
        by.post(&at(""), set).await.expect(409);
        for (number, host) in ["ws01", "ws02", "ws03"].iter().enumerate() {
            fire(by, &format!("b{number}.jsonl"), "2026-03-01T12:30:00Z", host, "EXAMPLE\\carol").await;
        }
        let now = alerts(by).await;
        assert_eq!(now.len(), 4, "{now:#?} on {}", world.store);
        let grouped = now.iter().find(|alert| alert["id"] == "ALR-4").unwrap();
        assert_eq!((&grouped["count"], &grouped["entity"]["kind"]), (&json!(3), &json!("account")));
        assert_eq!(grouped["grouped"][0]["by"], "Account");
        // Within two hours it still takes in what is its own.
        fire(by, "c.jsonl", "2026-03-01T14:20:00Z", "ws09", "EXAMPLE\\carol").await;
        assert_eq!(by.get("/api/v1/alerts/ALR-4").await.expect(200)["count"], 4);
        assert!(by.page("/alerts/ALR-4").await.1.contains("Grouped by Account"));

        // By a field, and by nothing at all.
        let field =
            json!({ "by": ["field:CommandLine"], "window_minutes": 60, "reason": "By what was run." });
        by.post(&at(""), field).await.expect(200);
        for (number, host) in ["ws11", "ws12"].iter().enumerate() {
            fire(by, &format!("d{number}.jsonl"), "2026-03-02T10:00:00Z", host, "EXAMPLE\\dora").await;
        }
        let alert = by.get("/api/v1/alerts/ALR-5").await.expect(200);
        assert_eq!((&alert["count"], &alert["entity"]["name"]), (&json!(2), &json!(SHADOWS.to_lowercase())));

        let (_, page) = by.page(&format!("/rules/{RULE}")).await;
        assert!(page.contains("One alert for each CommandLine") && page.contains("One person, many hosts."));
        let undone = by.post(&at("/undo"), json!({})).await.expect(200);
        assert_eq!(undone["grouping"], json!({ "by": ["account"], "window_minutes": 120 }));
        assert_eq!(by.form(&format!("/rules/{RULE}/grouping/undo"), &[]).await.0, 303);
        let told = by.get(&at("")).await.expect(200);
        assert_eq!(told["grouping"]["by"], json!(["field:CommandLine"]), "an undo can be undone");
        let acts: Vec<String> = sqlx::query_scalar(
            "select act from record_version where record like 'GRP-%' order by leaf_index",
        )
        .fetch_all(world.app.db.readers())
        .await
        .unwrap();
        assert_eq!(acts, ["grouping.set"; 4]);
    })
    .await;
}

#[tokio::test]
async fn a_grouping_that_makes_no_sense_is_refused() {
    everywhere(|world| async move {
        let by = &world.responder;
        for wrong in [
            json!({ "by": ["hosts"], "window_minutes": 60, "reason": "x" }),
            json!({ "by": ["host"], "window_minutes": 0, "reason": "x" }),
            json!({ "by": ["host"], "window_minutes": 60, "reason": " " }),
            json!({ "by": ["field:a", "field:b", "field:c", "field:d", "field:e"], "window_minutes": 60, "reason": "x" }),
            json!({ "by": ["field:a\u{0}"], "window_minutes": 60, "reason": "x" }),
        ] {
            by.post(&at(""), wrong).await.expect(422);
        }
        by.post(&at("/undo"), json!({})).await.expect(409);
        by.post("/api/v1/rules/none/grouping", json!({ "by": [], "window_minutes": 1, "reason": "x" }))
            .await
            .expect(404);
        by.post(&at("/preview"), json!({ "by": [], "window_minutes": 1, "days": 0 })).await.expect(422);
        let (status, form) = by.page(&format!("/rules/{RULE}/grouping")).await;
        assert!(status == 200 && form.contains("The rule detected nothing"), "{}", world.store);
        let fields = [("window", "x"), ("reason", "x")];
        assert_eq!(by.form(&format!("/rules/{RULE}/grouping"), &fields).await.0, 422);
    })
    .await;
}
