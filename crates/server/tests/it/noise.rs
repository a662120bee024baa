//! How much noise a rule makes, by what its alerts were found to be, and what is proposed about it.

use serde_json::{Value, json};

use crate::harness::{As, World, everywhere};
use crate::intake::{SHADOWS, lines, sysmon};

const RULE: &str = "50157c3e-d484-47ee-9616-a0706d7e30bd";

async fn fire(by: &As, name: &str, host: &str, parent: &str) {
    let mut event: Value = serde_json::from_str(&sysmon("2026-03-01T10:00:00Z", host, SHADOWS)).unwrap();
    event["ParentImage"] = json!(parent);
    by.send_file(name, lines(&[event.to_string()])).await.expect(201);
}

async fn judge(by: &As, alert: &str, verdict: &str) {
    let said = json!({ "verdict": verdict, "reason": "Judged." });
    by.post(&format!("/api/v1/alerts/{alert}/dismiss"), said).await.expect(200);
}

async fn rule(by: &As) -> Value {
    by.get(&format!("/api/v1/rules/{RULE}")).await.expect(200)
}

async fn verdicts(by: &As) -> [i64; 5] {
    let noise = rule(by).await["noise"].clone();
    let of = |name: &str| noise["verdicts"][name].as_i64().unwrap();
    [
        noise["open"].as_i64().unwrap(),
        of("true_positives"),
        of("false_positives"),
        of("benign"),
        of("duplicates"),
    ]
}

const AGENT: &str = "C:\\Program Files\\Backup\\agent.exe";

/// Six alerts of a backup agent that are false, and one that is true.
async fn seven(world: &World) {
    let by = &world.responder;
    for number in 1..=6 {
        fire(by, &format!("{number}.jsonl"), &format!("ws0{number}"), AGENT).await;
    }
    fire(by, "7.jsonl", "dc01", "C:\\Windows\\System32\\cmd.exe").await;
}

#[tokio::test]
async fn a_rule_that_is_mostly_wrong_is_told_with_what_its_false_positives_share() {
    everywhere(|world| async move {
        seven(&world).await;
        let by = &world.responder;
        let before = rule(&world.observer).await;
        assert_eq!(before["noise"]["precision"], Value::Null, "{}", world.store);
        assert_eq!((&before["noise"]["alerts"], &before["noise"]["detections"]), (&json!(7), &json!(7)));
        assert_eq!(before["noise"]["detections_by_day"].as_array().unwrap()[29], 7);
        assert_eq!(before["suggestion"], Value::Null);
        assert!(world.observer.page("/rules").await.1.contains("no verdicts yet"));
        assert!(world.observer.page("/rules?show=noisy").await.1.contains("No rule is noisy"));

        for number in 1..=6 {
            judge(by, &format!("ALR-{number}"), "false_positive").await;
        }
        judge(by, "ALR-7", "true_positive").await;
        let now = rule(&world.observer).await;
        let precision = &now["noise"]["precision"];
        let near = |name: &str, value: f64| {
            assert!((precision[name].as_f64().unwrap() - value).abs() < 0.001, "{name}: {precision}");
        };
        near("value", 1.0 / 7.0);
        near("low", 0.0257);
        near("high", 0.5131);
        assert_eq!(now["noise"]["noisy"], "wrong");
        let suggestion = &now["suggestion"];
        assert_eq!((&suggestion["field"], &suggestion["value"]), (&json!("ParentImage"), &json!(AGENT)));
        assert_eq!((&suggestion["alerts"], &suggestion["of"]), (&json!(6), &json!(6)), "{}", world.store);
        let weeks = now["weeks"].as_array().unwrap();
        assert_eq!((weeks.len(), &weeks[11]["verdicts"]["false_positives"]), (12, &json!(6)));

        let (_, list) = world.observer.page("/rules?show=noisy&sort=precision").await;
        assert!(list.contains(RULE) && list.contains("Noisy: mostly wrong") && list.contains("3 to 51 %"));
        assert!(!list.contains("Ransom Note Written"), "the others are not noisy");
        let (_, page) = by.page(&format!("/rules/{RULE}")).await;
        let start = page.find("/suppressions/new?kind=exception").expect("a proposal");
        let link = page[start..].split('"').next().unwrap().replace("&amp;", "&");
        assert!(!world.observer.page(&format!("/rules/{RULE}")).await.1.contains("Propose an exception"));
        let (status, form) = by.page(&link).await;
        assert!(status == 200 && form.contains("With the first alone"), "{link}");
        assert_eq!(
            form.split("name=\"clause\"")
                .skip(1)
                .filter(|part| { part.split('>').next().unwrap().contains("checked") })
                .count(),
            1,
            "one condition stands alone"
        );
        assert!(form.contains("1 of 1 events of this alert, and 5 of 6 events of other alerts"), "{form}");
        assert!(!form.contains("It would have hidden true positives"));

        let clause = json!({ "field": "ParentImage", "comparison": "equals", "value": AGENT }).to_string();
        let alert = suggestion["alert"].as_str().unwrap();
        let fields = [
            ("alert", alert),
            ("what", "exception"),
            ("clause", &clause),
            ("hours", ""),
            ("reason", "Backup"),
        ];
        assert_eq!(by.form("/suppressions", &fields).await.0, 303);
        let tuned = rule(&world.observer).await;
        assert_eq!(tuned["suppressions"][0]["id"], "SUP-1");
        assert!(world.observer.page(&format!("/rules/{RULE}")).await.1.contains("SUP-1"));
        by.post("/api/v1/suppressions/SUP-1/end", json!({})).await.expect(200);
        assert_eq!(rule(&world.observer).await["suppressions"], json!([]));
    })
    .await;
}

#[tokio::test]
async fn merged_alerts_are_judged_as_one_and_each_again_when_they_part() {
    everywhere(|world| async move {
        let by = &world.responder;
        for number in 1..=3 {
            fire(by, &format!("{number}.jsonl"), &format!("ws0{number}"), AGENT).await;
        }
        judge(by, "ALR-3", "benign").await;
        assert_eq!(verdicts(by).await, [2, 0, 0, 1, 0], "{}", world.store);
        by.post("/api/v1/alerts/merge", json!({ "lead": "ALR-1", "alerts": ["ALR-2", "ALR-3"] }))
            .await
            .expect(200);
        assert_eq!(verdicts(by).await, [1, 0, 0, 0, 0], "the lead speaks for all");
        assert_eq!(rule(by).await["noise"]["alerts"], 1);
        assert_eq!(rule(by).await["noise"]["detections"], 3);
        judge(by, "ALR-1", "false_positive").await;
        assert_eq!(verdicts(by).await, [0, 0, 1, 0, 0]);
        by.post("/api/v1/alerts/ALR-1/unmerge", json!({})).await.expect(200);
        assert_eq!(verdicts(by).await, [1, 0, 1, 1, 0], "{}", world.store);
        by.post("/api/v1/alerts/ALR-1/reopen", json!({})).await.expect(200);
        assert_eq!(verdicts(by).await, [2, 0, 0, 1, 0]);
    })
    .await;
}

#[tokio::test]
async fn alerts_of_an_incident_are_what_it_turned_out_to_be() {
    everywhere(|world| async move {
        let by = &world.manager;
        fire(by, "1.jsonl", "ws01", AGENT).await;
        let said = json!({ "title": "Shadow copies", "type": "ransomware", "functional": "low",
            "information": "suspected", "recoverability": "regular", "alerts": ["ALR-1"], "restricted": true });
        by.post("/api/v1/incidents", said).await.expect(201);
        assert_eq!(verdicts(by).await, [0, 1, 0, 0, 0], "{}", world.store);
        // Whoever may not know of the incident learns nothing of its alerts.
        assert_eq!(verdicts(&world.observer).await, [0; 5]);
        assert_eq!(rule(&world.observer).await["noise"]["detections"], 0);
        let closing = json!({ "outcome": "false_positive", "root_cause": "The backup.", "lessons": "Tune it." });
        by.post("/api/v1/incidents/INC-1/close", closing).await.expect(200);
        assert_eq!(verdicts(by).await, [0, 0, 1, 0, 0]);
        let again = json!({ "phase": "detection", "reason": "It was none after all." });
        by.post("/api/v1/incidents/INC-1/reopen", again).await.expect(200);
        assert_eq!(verdicts(by).await, [0, 1, 0, 0, 0]);
    })
    .await;
}
