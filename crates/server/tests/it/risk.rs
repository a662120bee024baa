//! Many small signs about one entity make one alert, a flood makes none, and a verdict ends them.

use serde_json::{Value, json};
use tempfile::TempDir;

use crate::harness::{As, World, everywhere_with};
use crate::intake::{lines, sysmon};

const RISK: &str = "watchbell:risk";

/// Six small rules, each of its own technique; the tactics are three.
fn rules() -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    let tactics = ["discovery", "execution", "persistence"];
    for number in 0..6 {
        let rule = format!(
            "title: Small sign {number}\nid: 00000000-0000-4000-8000-00000000000{number}\nlevel: medium\ntags: [attack.t110{number}, attack.{}]\nlogsource: {{product: windows, category: process_creation}}\ndetection:\n  s: {{CommandLine: small-sign-{number}}}\n  condition: s\n",
            tactics[number % 3]
        );
        std::fs::write(folder.path().join(format!("{number}.yml")), rule).unwrap();
    }
    folder
}

fn event(number: usize, time: &str, host: &str, user: &str) -> String {
    let mut event: Value =
        serde_json::from_str(&sysmon(time, host, &format!("small-sign-{number}"))).unwrap();
    event["User"] = json!(user);
    event.to_string()
}

async fn send(by: &As, name: &str, events: &[String]) -> Value {
    by.send_file(name, lines(events)).await.expect(201)
}

async fn risk_alerts(by: &As) -> Vec<Value> {
    by.get(&format!("/api/v1/alerts?rule={RISK}")).await.expect(200)["items"].as_array().unwrap().clone()
}

async fn host(by: &As, name: &str) -> Value {
    by.get(&format!("/api/v1/entities/host/{name}")).await.expect(200)
}

async fn told<F: Future<Output = ()>>(story: impl Fn(World) -> F) {
    let folder = rules();
    let path = folder.path().to_owned();
    everywhere_with(
        move |mut config| {
            config.rules = vec![path.clone()];
            config
        },
        story,
    )
    .await;
}

#[tokio::test]
async fn small_signs_of_several_rules_make_one_alert_and_a_flood_of_one_makes_none() {
    told(|world| async move {
        let by = &world.responder;
        // A thousand times the same on one host, with an account of its own.
        let flood: Vec<String> = (0..1000)
            .map(|second| {
                event(0, &format!("2026-03-01T10:{:02}:{:02}Z", second / 60, second % 60), "noisy", "nora")
            })
            .collect();
        send(by, "flood.jsonl", &flood).await;
        let noisy = host(by, "noisy").await;
        let signs = noisy["signs"].as_array().unwrap();
        assert_eq!((signs.len(), &signs[0]["count"]), (1, &json!(1000)), "{} {noisy:#}", world.store);
        assert_eq!(noisy["peak"].as_f64().unwrap(), 20.0);
        assert!(risk_alerts(by).await.is_empty());

        // Two are not enough; the third, of another technique and tactic again, crosses.
        let at = |number: usize| format!("2026-03-02T1{number}:00:00Z");
        for number in 0..2 {
            send(by, &format!("{number}.jsonl"), &[event(number, &at(number), "WS01", "anna")]).await;
        }
        assert!(risk_alerts(by).await.is_empty(), "{}", world.store);
        let delivery = send(by, "2.jsonl", &[event(2, &at(2), "ws01.", "bert")]).await;
        let raised = risk_alerts(by).await;
        assert_eq!(raised.len(), 1, "{} {:#}", world.store, host(by, "ws01").await);
        let alert = &raised[0];
        assert_eq!(alert["entity"], json!({ "kind": "host", "name": "ws01" }));
        assert_eq!((&alert["count"], &alert["severity"]), (&json!(3), &json!("high")));
        assert_eq!(alert["techniques"].as_array().unwrap().len(), 3);
        assert_eq!(alert["tactics"].as_array().unwrap().len(), 3);
        let id = alert["id"].as_str().unwrap().to_owned();
        let of_delivery = delivery["deliveries"][0]["alerts"].as_array().unwrap();
        assert!(of_delivery.contains(&json!(id)), "{of_delivery:?}");
        let listed = by.get(&format!("/api/v1/alerts/{id}/matches")).await.expect(200);
        assert_eq!(listed["items"].as_array().unwrap().len(), 3);

        // While it is open, new signs are listed in it, and repeats are not.
        send(by, "4.jsonl", &[event(4, &at(4), "ws01", "anna"), event(4, &at(5), "ws01", "anna")]).await;
        let grown = risk_alerts(by).await;
        assert_eq!((grown.len(), &grown[0]["count"]), (1, &json!(4)), "{}", world.store);
        assert!(grown[0]["description"].as_str().unwrap().contains("Small sign 4"));
        let (status, page) = world.observer.page(&format!("/alerts/{id}")).await;
        assert!(
            status == 200 && page.contains("Signs that make it up") && page.contains("/entities/host/ws01")
        );

        let (_, list) = world.observer.page("/entities").await;
        assert!(list.contains("ws01") && list.contains("noisy") && list.contains("Small sign 0"));
        let ranked = by.get("/api/v1/entities?kind=host").await.list();
        assert_eq!(ranked[0]["entity"]["name"], "ws01");
        let first = by.get("/api/v1/entities?limit=1").await.expect(200);
        let next = first["next"].as_str().unwrap();
        let second = by.get(&format!("/api/v1/entities?limit=1&cursor={next}")).await.list();
        assert_ne!(first["items"][0]["entity"], second[0]["entity"]);
        assert!(world.observer.page("/entities/host/ws01").await.1.contains("Risk over time"));
        assert!(world.observer.page("/entities?q=nothing-such").await.1.contains("No entity matches"));
    })
    .await;
}

#[tokio::test]
async fn a_verdict_ends_the_signs_and_taking_it_back_restores_them() {
    told(|world| async move {
        let by = &world.responder;
        let signs: Vec<String> =
            (0..4).map(|number| event(number, "2026-03-01T10:00:00Z", "ws01", "anna")).collect();
        send(by, "1.jsonl", &signs).await;
        let raised = risk_alerts(by).await;
        // The host and the account, each its own.
        assert_eq!(raised.len(), 2, "{}", world.store);
        let of_host = raised.iter().find(|alert| alert["entity"]["kind"] == "host").unwrap();
        let id = of_host["id"].as_str().unwrap();
        let peak = host(by, "ws01").await["peak"].as_f64().unwrap();
        assert!(peak > 100.0, "{peak}");
        let verdict = json!({ "verdict": "true_positive", "reason": "Looked at." });
        by.post(&format!("/api/v1/alerts/{id}/dismiss"), verdict.clone()).await.expect(200);
        let cleared = host(by, "ws01").await;
        assert_eq!(cleared["peak"], 0.0, "{}", world.store);
        assert!(cleared["signs"].as_array().unwrap().iter().all(|sign| sign["cleared"] == true));

        by.post(&format!("/api/v1/alerts/{id}/reopen"), json!({})).await.expect(200);
        assert_eq!(host(by, "ws01").await["peak"].as_f64().unwrap(), peak);
        by.post(&format!("/api/v1/alerts/{id}/dismiss"), verdict).await.expect(200);

        // What comes after the verdict begins anew, on the same day too.
        send(by, "2.jsonl", &[event(0, "2026-03-01T12:00:00Z", "ws01", "zoe")]).await;
        let now = host(by, "ws01").await;
        assert_eq!(now["peak"], 20.0, "{now:#}");
        assert_eq!(risk_alerts(by).await.iter().filter(|alert| alert["status"] == "new").count(), 1);
        let more: Vec<String> =
            (1..5).map(|number| event(number, "2026-03-01T13:00:00Z", "ws01", "zoe")).collect();
        send(by, "3.jsonl", &more).await;
        let open = risk_alerts(by).await;
        let of_host =
            open.iter().filter(|alert| alert["entity"]["kind"] == "host" && alert["status"] == "new");
        assert_eq!(of_host.count(), 1, "one more, for what is new");
    })
    .await;
}

#[tokio::test]
async fn an_alert_of_risk_can_be_suppressed_like_any() {
    told(|world| async move {
        let by = &world.responder;
        let signs = |host: &'static str| -> Vec<String> {
            (0..3).map(|number| event(number, "2026-03-01T10:00:00Z", host, "-")).collect()
        };
        send(by, "1.jsonl", &signs("ws01")).await;
        let id = risk_alerts(by).await[0]["id"].as_str().unwrap().to_owned();
        let (_, form) = by.page(&format!("/suppressions/new?alert={id}")).await;
        assert!(form.contains("This rule on this entity") && !form.contains("name=\"clause\""));
        let fields = [("alert", id.as_str()), ("what", "rule"), ("hours", "24"), ("reason", "A test")];
        assert_eq!(by.form("/suppressions", &fields).await.0, 303);
        send(by, "2.jsonl", &signs("ws02")).await;
        assert_eq!(risk_alerts(by).await.len(), 1, "{}", world.store);
        let one = by.get("/api/v1/suppressions/SUP-1").await.expect(200);
        assert_eq!((&one["rule"], &one["hidden"]), (&json!(RISK), &json!(1)));
        assert!(host(by, "ws02").await["peak"].as_f64().unwrap() > 100.0, "its signs are kept");
    })
    .await;
}

#[tokio::test]
async fn false_positives_count_no_more_and_make_their_rule_count_less() {
    told(|world| async move {
        let by = &world.responder;
        for number in 0..3 {
            let host = format!("h{number}");
            send(by, &host, &[event(0, "2026-03-01T10:00:00Z", &host, "-")]).await;
        }
        assert_eq!(host(by, "h0").await["peak"], 20.0, "{}", world.store);
        let wrong = json!({ "verdict": "false_positive", "reason": "The scanner." });
        for alert in ["ALR-1", "ALR-2", "ALR-3"] {
            by.post(&format!("/api/v1/alerts/{alert}/dismiss"), wrong.clone()).await.expect(200);
        }
        assert_eq!(host(by, "h0").await["peak"], 0.0);
        send(by, "later", &[event(0, "2026-03-01T10:00:00Z", "h9", "-")]).await;
        let sign = host(by, "h9").await["signs"][0].clone();
        let confidence = sign["confidence"].as_f64().unwrap();
        assert!((confidence - 0.5615).abs() < 0.001, "Wilson's upper end for none of three: {sign}");
        assert!((sign["points"].as_f64().unwrap() - 20.0 * confidence).abs() < 1e-9);
    })
    .await;
}

#[tokio::test]
async fn how_risk_is_reckoned_is_set_with_a_reason_by_who_may() {
    told(|world| async move {
        let settings = |threshold: i64, from: &str| {
            json!({ "settings": { "threshold": threshold, "rules_needed": 2, "half_life_hours": 24,
                "points": { "informational": 1, "low": 5, "medium": 50, "high": 60, "critical": 70 },
                "alerts_from": from }, "reason": "We are small." })
        };
        world.responder.post("/api/v1/risk/settings", settings(90, "high")).await.expect(403);
        world.manager.post("/api/v1/risk/settings", settings(0, "high")).await.expect(422);
        let set = world.manager.post("/api/v1/risk/settings", settings(90, "high")).await.expect(200);
        assert_eq!(set["id"], "RSK-1", "{}", world.store);
        world.manager.post("/api/v1/risk/settings", settings(90, "high")).await.expect(409);
        let by = &world.responder;
        send(
            by,
            "1",
            &[event(0, "2026-03-01T10:00:00Z", "ws01", "-"), event(0, "2026-03-01T11:00:00Z", "ws01", "-")],
        )
        .await;
        assert!(by.get("/api/v1/alerts").await.list().as_array().unwrap().is_empty(), "signs alone");
        assert_eq!(host(by, "ws01").await["signs"][0]["alert"], Value::Null);
        send(by, "2", &[event(1, "2026-03-01T12:00:00Z", "ws01", "-")]).await;
        let alerts = by.get("/api/v1/alerts").await.list();
        assert_eq!(alerts.as_array().unwrap().len(), 1);
        assert_eq!(alerts[0]["rule"], RISK);
        let (status, page) = world.observer.page("/entities/settings").await;
        assert!(status == 200 && page.contains("We are small.") && !page.contains("<form class=\"form\""));
        let fields = [
            ("threshold", "120"),
            ("rules_needed", "3"),
            ("half_life_hours", "168"),
            ("informational", "2"),
            ("low", "8"),
            ("medium", "20"),
            ("high", "40"),
            ("critical", "70"),
            ("alerts_from", "informational"),
            ("reason", "Grown."),
        ];
        assert_eq!(world.manager.form("/entities/settings", &fields).await.0, 303);
        assert_eq!(by.get("/api/v1/risk/settings").await.expect(200)["settings"]["threshold"], 120);
    })
    .await;
}

#[tokio::test]
async fn an_incident_that_is_closed_to_others_shows_nothing_of_its_entities() {
    told(|world| async move {
        let by = &world.manager;
        send(by, "1", &[event(0, "2026-03-01T10:00:00Z", "secret-host", "-")]).await;
        assert_eq!(host(&world.observer, "secret-host").await["peak"], 20.0, "{}", world.store);
        let said = json!({ "title": "Insider", "type": "insider", "functional": "low",
            "information": "suspected", "recoverability": "regular", "alerts": ["ALR-1"], "restricted": true });
        by.post("/api/v1/incidents", said).await.expect(201);
        let hidden = host(&world.observer, "secret-host").await;
        let nothing = host(&world.observer, "never-seen").await;
        assert_eq!((&hidden["signs"], &hidden["alerts"]), (&json!([]), &json!([])));
        assert_eq!((&hidden["first_seen"], &hidden["peak"]), (&nothing["first_seen"], &nothing["peak"]));
        assert!(!world.observer.page("/entities").await.1.contains("secret-host"));
        let seen = host(by, "secret-host").await;
        assert_eq!(seen["signs"][0]["in_incident"], true);
        assert_eq!(seen["alerts"][0]["incident"], "INC-1");
        assert!(by.page("/entities/host/secret-host").await.1.contains("/incidents/INC-1"));
    })
    .await;
}
