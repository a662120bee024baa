//! Alerts that other systems report, and floods: what is told twice is one alert, and what fires without
//! end costs no more at the end than at the beginning.

use domain::{Actor, Entity, EntityKind, EventId, Severity};
use jiff::Timestamp;
use serde_json::{Value, json};
use server::App;
use server::alert::{Outside, Touched, raise_outside};

use crate::harness::everywhere;

fn told(key: &str, at: &str) -> Outside {
    Outside {
        key: key.to_owned(),
        title: "Mail with <b>macro</b>\0\nreported".to_owned(),
        description: Some("First line\n<script>alert(1)</script>\0".to_owned()),
        severity: Severity::High,
        entity: Entity::new(EntityKind::Account, "P.Anders").unwrap(),
        at: at.parse::<Timestamp>().unwrap(),
        techniques: vec!["T1566.001".to_owned(), "nonsense".to_owned()],
        origin: "thehive/soc".to_owned(),
        reference: Some("case-7".to_owned()),
        event: None,
    }
}

async fn raise(app: &App, all: Vec<Outside>) -> Vec<Touched> {
    app.change(&Actor::Watchbell, move |change| Box::pin(async move { raise_outside(change, all).await }))
        .await
        .unwrap()
}

#[tokio::test]
async fn what_another_system_reports_twice_is_one_alert() {
    everywhere(|world| async move {
        world.responder.send_file("quiet.jsonl", "{\"n\":1}\n{\"n\":2}\n").await.expect(201);
        let event = |number| Some(EventId::try_from(number).unwrap());
        let first = Outside { event: event(1), ..told("thehive/soc/7", "2026-03-01T10:00:00Z") };
        let touched =
            raise(&world.app, vec![first.clone(), told("thehive/soc/8", "2026-03-01T10:00:00Z")]).await;
        assert_eq!((touched.len(), touched[0].new.len(), touched[1].new.len()), (2, 1, 0), "{}", world.store);
        assert!(raise(&world.app, vec![first]).await[0].new.is_empty(), "told again, it changes nothing");
        raise(&world.app, vec![Outside { event: event(2), ..told("thehive/soc/7", "2026-03-01T11:00:00Z") }])
            .await;

        let by = &world.responder;
        let alert = by.get("/api/v1/alerts/ALR-1").await.expect(200);
        assert_eq!((&alert["count"], &alert["severity"]), (&json!(2), &json!("high")));
        assert_eq!(alert["title"], "Mail with <b>macro</b>  reported");
        assert_eq!((&alert["origin"], &alert["reference"]), (&json!("thehive/soc"), &json!("case-7")));
        assert_eq!(alert["entity"], json!({ "kind": "account", "name": "p.anders" }));
        assert_eq!(alert["techniques"], json!(["T1566.001"]));
        assert_eq!(alert["last_seen"], "2026-03-01T11:00:00Z");
        let (status, page) = by.page("/alerts/ALR-1").await;
        assert_eq!(status, 200);
        for shown in
            ["What was reported", "First line", "thehive/soc", "case-7", "&lt;script&gt;", "/events/EVT-2"]
        {
            assert!(page.contains(shown), "{shown}");
        }
        assert!(!page.contains("<script>alert") && !page.contains("/rules/") && !page.contains("not in use"));
        assert_eq!(by.page("/alerts/ALR-2").await.0, 200, "one without an event has a page too");
        assert!(by.page("/").await.1.contains("from thehive/soc"));
        let delivery = by.get("/api/v1/deliveries/INT-1").await.expect(200);
        assert_eq!(delivery["id"], "INT-1");

        // After a verdict the same report stays dismissed; one of something later is a new alert.
        let dismissal = json!({ "verdict": "benign", "reason": "A drill." });
        by.post("/api/v1/alerts/ALR-1/dismiss", dismissal).await.expect(200);
        raise(&world.app, vec![told("thehive/soc/7", "2026-03-01T11:00:00Z")]).await;
        assert_eq!(by.get("/api/v1/alerts/ALR-1").await.expect(200)["status"], "dismissed");
        let later = raise(&world.app, vec![told("thehive/soc/7", "2026-03-02T11:00:00Z")]).await;
        assert_eq!(later[0].alert.id.to_string(), "ALR-3");

        // It can be declared as an incident like any other.
        let declaration = json!({
            "title": "Mail", "type": "malware", "functional": "none", "information": "none",
            "recoverability": "regular", "alerts": ["ALR-3", "ALR-2"],
        });
        world.manager.post("/api/v1/incidents", declaration).await.expect(201);
        let acts: Vec<String> =
            sqlx::query_scalar("select act from record_version where record = 'ALR-1' order by version")
                .fetch_all(world.app.db.readers())
                .await
                .unwrap();
        assert_eq!(acts, ["alert.raise", "alert.absorb", "alert.dismiss"], "{}", world.store);
    })
    .await;
}

#[tokio::test]
async fn a_flood_keeps_the_first_the_latest_and_samples_and_says_so() {
    everywhere(|world| async move {
        let records: Vec<String> = (0..5_500)
            .map(|number| {
                let time = format!("2026-03-01T10:{:02}:{:02}Z", number / 60 % 60, number % 60);
                crate::intake::sysmon(&time, "ws01", crate::intake::SHADOWS)
            })
            .collect();
        let by = &world.responder;
        by.send_file("flood.jsonl", crate::intake::lines(&records)).await.expect(201);
        assert_eq!(by.get("/api/v1/alerts/ALR-1").await.expect(200)["count"], 5_500);
        let mut kept = Vec::new();
        let mut path = "/api/v1/alerts/ALR-1/matches?limit=500".to_owned();
        loop {
            let page = by.get(&path).await.expect(200);
            kept.extend(page["items"].as_array().unwrap().iter().map(|one| one["event"].clone()));
            let Some(next) = page["next"].as_str() else { break };
            path = format!("/api/v1/alerts/ALR-1/matches?limit=500&cursor={next}");
        }
        // The first 2,000, EVT-3000 to EVT-5000 by thousands, and the latest 200.
        assert_eq!(kept.len(), 2000 + 3 + 200, "{}", world.store);
        for one in ["EVT-1", "EVT-2000", "EVT-3000", "EVT-5000", "EVT-5301", "EVT-5500"] {
            assert!(kept.contains(&Value::from(one)), "{one}");
        }
        assert!(by.page("/alerts/ALR-1").await.1.contains("All are counted."));
        // What is not listed any more is still there.
        by.get("/api/v1/events/EVT-2500").await.expect(200);
    })
    .await;
}
