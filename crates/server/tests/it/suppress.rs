//! What is suppressed raises no alert, is counted, and comes back when the suppression ends.

use serde_json::{Value, json};

use crate::harness::{As, everywhere};
use crate::intake::{SHADOWS, lines, sysmon};

const RULE: &str = "50157c3e-d484-47ee-9616-a0706d7e30bd";

async fn fire(by: &As, name: &str, time: &str, host: &str, command: &str) {
    by.send_file(name, lines(&[sysmon(time, host, command)])).await.expect(201);
}

async fn count(by: &As) -> usize {
    by.get("/api/v1/alerts").await.expect(200)["items"].as_array().unwrap().len()
}

#[tokio::test]
async fn a_suppression_hides_counts_and_ends() {
    everywhere(|world| async move {
        let by = &world.responder;
        fire(by, "1.jsonl", "2026-03-01T10:00:00Z", "ws01", SHADOWS).await;
        let (status, form) = by.page("/suppressions/new?alert=ALR-1").await;
        assert!(status == 200 && form.contains("This rule on this entity"), "{}", world.store);
        let fields =
            [("alert", "ALR-1"), ("what", "both"), ("hours", "24"), ("reason", "<i>Backup</i> test")];
        assert_eq!(world.observer.form("/suppressions", &fields).await.0, 403);
        assert_eq!(by.form("/suppressions", &fields).await.0, 303);

        // The same rule, hours later: on this host hidden, on another not.
        fire(by, "2.jsonl", "2026-03-01T20:00:00Z", "WS01", SHADOWS).await;
        assert_eq!(count(by).await, 1);
        fire(by, "3.jsonl", "2026-03-01T20:00:00Z", "ws02", SHADOWS).await;
        assert_eq!(count(by).await, 2);
        let one = by.get("/api/v1/suppressions/SUP-1").await.expect(200);
        assert_eq!((&one["hidden"], &one["last_event"]), (&json!(1), &json!("EVT-2")), "{}", world.store);
        assert_eq!((&one["rule"], &one["last_hidden"]), (&json!(RULE), &json!("2026-03-01T20:00:00Z")));
        by.get("/api/v1/events/EVT-2").await.expect(200);
        let (_, page) = world.observer.page("/suppressions").await;
        for shown in ["&lt;i&gt;Backup&lt;/i&gt; test", "Rita Responder", "/events/EVT-2", "ws01"] {
            assert!(page.contains(shown), "{shown}");
        }
        assert!(!page.contains("End now"), "an observer ends nothing");

        by.post("/api/v1/suppressions/SUP-1/end", json!({})).await.expect(200);
        by.post("/api/v1/suppressions/SUP-1/end", json!({})).await.expect(409);
        fire(by, "4.jsonl", "2026-03-02T20:00:00Z", "ws01", SHADOWS).await;
        assert_eq!(count(by).await, 3);
        let acts: Vec<String> =
            sqlx::query_scalar("select act from record_version where record = 'SUP-1' order by version")
                .fetch_all(world.app.db.readers())
                .await
                .unwrap();
        assert_eq!(acts, ["suppression.make", "suppression.hide", "suppression.end"]);
    })
    .await;
}

#[tokio::test]
async fn a_suppression_that_makes_no_sense_is_refused() {
    everywhere(|world| async move {
        let by = &world.responder;
        let until = "2999-01-01T00:00:00Z";
        for wrong in [
            json!({ "kind": "suppression", "reason": "x", "until": until }),
            json!({ "kind": "suppression", "rule": RULE, "reason": "x", "until": until }),
            json!({ "kind": "suppression", "rule": RULE, "reason": "x" }),
            json!({ "kind": "suppression", "rule": RULE, "reason": " ", "until": until }),
            json!({ "kind": "exception", "rule": RULE, "reason": "x" }),
            json!({ "kind": "exception", "rule": RULE, "reason": "x", "clauses": [{ "field": "", "comparison": "equals", "value": "x" }] }),
            json!({ "kind": "exception", "rule": RULE, "reason": "x", "clauses": [{ "field": "a", "comparison": "re", "value": ".*" }] }),
            json!({ "kind": "exception", "rule": "a\u{0}", "reason": "x", "clauses": [{ "field": "a", "comparison": "equals", "value": "x" }] }),
        ] {
            by.post("/api/v1/suppressions", wrong.clone()).await.expect(422);
        }
        let none = by.get("/api/v1/suppressions").await.expect(200);
        assert_eq!(none["items"], json!([]), "{}", world.store);
        assert!(by.page("/suppressions").await.1.contains("Nothing is suppressed"));
        by.post("/api/v1/suppressions/SUP-1/end", json!({})).await.expect(404);
    })
    .await;
}

#[tokio::test]
async fn an_exception_is_proposed_from_a_false_positive_tried_and_exported() {
    everywhere(|world| async move {
        let by = &world.responder;
        let command = |number: u32| format!("{SHADOWS} /job:{number}");
        for number in 0..3 {
            fire(by, &format!("{number}.jsonl"), "2026-03-01T10:00:00Z", "ws01", &command(number)).await;
        }
        fire(by, "other.jsonl", "2026-03-01T10:00:00Z", "ws02", SHADOWS).await;
        let verdict = |word: &str| json!({ "verdict": word, "reason": "Judged." });
        by.post("/api/v1/alerts/ALR-1/dismiss", verdict("false_positive")).await.expect(200);
        by.post("/api/v1/alerts/ALR-2/dismiss", verdict("true_positive")).await.expect(200);
        assert!(by.page("/alerts/ALR-1").await.1.contains("Propose an exception"));

        let proposal = by.get("/api/v1/alerts/ALR-1/exception").await.expect(200);
        let clauses = proposal["clauses"].as_array().unwrap();
        let start = json!({ "field": "CommandLine", "comparison": "startswith", "value": format!("{SHADOWS} /job:") });
        assert!(clauses.contains(&start), "{clauses:?} on {}", world.store);
        assert_eq!((&proposal["effect"]["here"], &proposal["effect"]["here_of"]), (&json!(3), &json!(3)));
        assert_eq!((&proposal["effect"]["elsewhere"], &proposal["effect"]["elsewhere_of"]), (&json!(0), &json!(1)));
        // A wider condition would have hidden a true positive, and is told so.
        let wide = json!({ "clauses": [{ "field": "CommandLine", "comparison": "startswith", "value": SHADOWS }] });
        let effect = by.post("/api/v1/alerts/ALR-1/exception", wide).await.expect(200);
        assert_eq!((&effect["elsewhere"], &effect["true_positives"]), (&json!(1), &json!(["ALR-2"])));
        let (_, form) = by.page("/suppressions/new?kind=exception&alert=ALR-1").await;
        assert!(form.contains("3 of 3 events of this alert, and 0 of 1 events of other alerts"));

        let wire = start.to_string();
        let fields = [("alert", "ALR-1"), ("what", "exception"), ("clause", &wire), ("hours", ""), ("reason", "Backup jobs")];
        assert_eq!(by.form("/suppressions", &fields).await.0, 303);
        fire(by, "5.jsonl", "2026-03-02T10:00:00Z", "ws07", &command(9)).await;
        assert_eq!(count(by).await, 2, "hidden on any host");
        fire(by, "6.jsonl", "2026-03-02T10:00:00Z", "ws07", SHADOWS).await;
        assert_eq!(count(by).await, 3);
        let one = by.get("/api/v1/suppressions/SUP-1").await.expect(200);
        assert_eq!((&one["hidden"], &one["until"], &one["kind"]), (&json!(1), &Value::Null, &json!("exception")));

        let (status, yaml) = by.bytes("/api/v1/suppressions/SUP-1/sigma").await;
        let yaml = String::from_utf8(yaml).unwrap();
        assert_eq!(status, 200, "{yaml}");
        let filter: Value = serde_json::from_str(&yaml).unwrap();
        assert_eq!(filter["filter"]["rules"], json!([RULE]));
        assert_eq!(filter["filter"]["condition"], "not (clause_1)");
        assert_eq!(filter["logsource"]["product"], "windows");
        assert!(filter["filter"]["clause_1"]["CommandLine|startswith"].is_string());
        // Our own reader takes it, and it concerns the rule that it names.
        let rule = format!(
            "title: R\nid: {RULE}\nlogsource: {}\ndetection:\n  s: {{CommandLine|contains: shadows}}\n  condition: s\n",
            filter["logsource"]
        );
        let mut rules = sigma::RuleSet::new().load_str("rule.yml", &rule);
        rules.merge(sigma::RuleSet::new().load_str("filter.yml", &yaml));
        rules.apply_filters();
        assert!(rules.refused.is_empty() && rules.warnings.is_empty(), "{:?} {:?}", rules.refused, rules.warnings);
    })
    .await;
}
