//! What an incident did and cost.

use serde_json::{Value, json};

use crate::harness::{World, everywhere, spawn};

async fn declare(world: &World) -> String {
    let said = json!({ "title": "A share was copied", "type": "data_breach", "functional": "low",
        "information": "privacy", "recoverability": "regular" });
    world.manager.post("/api/v1/incidents", said).await.expect(201)["id"].as_str().unwrap().to_owned()
}

fn data() -> Value {
    json!({ "kinds": ["credentials", "personal", "personal"], "done": ["taken"], "subjects": ["customers"],
        "countries": ["de", "us-ca"], "people": "~1200", "protection": "readable", "confidence": "likely",
        "source": "Listing of the share" })
}

#[tokio::test]
async fn what_was_recorded_is_summed_withdrawn_and_reported() {
    everywhere(|world| async move {
        let id = declare(&world).await;
        let at = |rest: &str| format!("/api/v1/incidents/{id}/impact{rest}");
        let record = world.responder.post(&at("/data"), data()).await.expect(201);
        assert_eq!(record["kinds"], json!(["personal", "credentials"]), "{}", world.store);
        assert_eq!((&record["countries"], &record["people"]), (&json!(["DE", "US-CA"]), &json!("~1200")));
        for (minutes, who) in [(90, None), (600, Some("Response firm"))] {
            let effort = json!({ "minutes": minutes, "who": who, "what": "Looking at the share" });
            world.responder.post(&at("/effort"), effort).await.expect(201);
        }
        for (amount, currency) in [("1,200.50", "eur"), ("99.50", "EUR"), ("5000", "JPY")] {
            let cost = json!({ "kind": "response", "amount": amount, "currency": currency, "what": "Retainer", "vendor": "A firm" });
            world.responder.post(&at("/cost"), cost).await.expect(201);
        }
        let all = world.observer.get(&at("")).await.expect(200);
        assert_eq!(all["minutes"], 690);
        assert_eq!(
            all["sums"],
            json!([{ "currency": "EUR", "amount": "1300.00" }, { "currency": "JPY", "amount": "5000" }])
        );
        assert_eq!(all["efforts"][0]["who"], "Rita Responder");

        // Withdrawn: to be read, and counted no more.
        let cost = at(&format!("/cost/{}/withdraw", all["costs"][1]["id"].as_str().unwrap()));
        world.responder.post(&cost, json!({ "reason": " " })).await.expect(422);
        world.responder.post(&cost, json!({ "reason": "Paid twice" })).await.expect(204);
        world.responder.post(&cost, json!({ "reason": "again" })).await.expect(409);
        let wrong = at(&format!("/data/{}/withdraw", record["id"].as_str().unwrap()));
        world.responder.post(&wrong, json!({ "reason": "Another share" })).await.expect(204);
        let all = world.observer.get(&at("")).await.expect(200);
        assert_eq!(all["sums"][0]["amount"], "1200.50");
        assert_eq!((&all["costs"][1]["why"], all["costs"].as_array().unwrap().len()), (&json!("Paid twice"), 3));
        world.responder.post(&at("/data"), data()).await.expect(201);

        let (_, report) = world.manager.bytes(&format!("/api/v1/incidents/{id}/report?format=md")).await;
        let report = String::from_utf8(report).unwrap();
        for words in ["about 1,200: Customers and users", "DE, US-CA", "11 h 30 min", "EUR 1,200.50 and JPY 5,000", "Times owed"] {
            assert!(report.contains(words), "{words}: {report}");
        }
        assert!(!report.contains("99.50"), "{report}");
    })
    .await;
}

#[tokio::test]
async fn what_makes_no_sense_is_refused_and_nothing_is_kept() {
    let world = spawn().await;
    let id = declare(&world).await;
    let at = |rest: &str| format!("/api/v1/incidents/{id}/impact{rest}");
    let with = |field: &str, value: Value| {
        let mut body = data();
        body[field] = value;
        body
    };
    for body in [
        with("kinds", json!([])),
        with("kinds", json!(["business"])),
        with("kinds", json!(["gossip"])),
        with("people", json!("many")),
        with("countries", json!(["Germany"])),
        with("source", json!(" ")),
        with("confidence", json!("sure")),
        with("colour", json!("red")),
    ] {
        world.responder.post(&at("/data"), body).await.expect(422);
    }
    for (minutes, day) in
        [(0, Value::Null), (-5, Value::Null), (99_999_999, Value::Null), (5, json!("2099-01-01"))]
    {
        let effort = json!({ "minutes": minutes, "what": "x", "day": day });
        world.responder.post(&at("/effort"), effort).await.expect(422);
    }
    for (amount, currency) in [("0", "EUR"), ("1.234", "EUR"), ("1.5", "JPY"), ("5", "XXX"), ("=1+1", "EUR")]
    {
        let cost = json!({ "kind": "legal", "amount": amount, "currency": currency, "what": "x" });
        world.responder.post(&at("/cost"), cost).await.expect(422);
    }
    world.observer.post(&at("/data"), data()).await.expect(403);
    let all = world.observer.get(&at("")).await.expect(200);
    assert_eq!((&all["data"], &all["efforts"], &all["costs"]), (&json!([]), &json!([]), &json!([])));
    // A record of another incident is none of this one.
    let other = declare(&world).await;
    let record = world.responder.post(&at("/data"), data()).await.expect(201);
    let foreign =
        format!("/api/v1/incidents/{other}/impact/data/{}/withdraw", record["id"].as_str().unwrap());
    world.responder.post(&foreign, json!({ "reason": "x" })).await.expect(404);
}

#[tokio::test]
async fn the_page_records_with_ticks_and_sums_by_currency() {
    let world = spawn().await;
    let id = declare(&world).await;
    let path = format!("/incidents/{id}/impact");
    let form = [
        ("kind", "personal"),
        ("kind", "health"),
        ("subject", "patients"),
        ("done", "read"),
        ("people", "300-1000"),
        ("countries", "DE, AT"),
        ("protection", "readable"),
        ("confidence", "confirmed"),
        ("source", "The log"),
        ("note", ""),
    ];
    let (status, _) = world.responder.form(&format!("{path}/data"), &form).await;
    assert_eq!(status, 303);
    let cost = [
        ("kind", "legal"),
        ("amount", "12.50"),
        ("currency", "chf"),
        ("vendor", ""),
        ("what", "Advice"),
        ("day", ""),
    ];
    let (status, _) = world.responder.form(&format!("{path}/cost"), &cost).await;
    assert_eq!(status, 303);
    let effort = [("who", ""), ("minutes", "45"), ("what", "Reading the log"), ("day", "2026-11-01")];
    let (status, _) = world.responder.form(&format!("{path}/effort"), &effort).await;
    assert_eq!(status, 303);
    let (_, page) = world.responder.page(&path).await;
    for words in ["Health data", "300 to 1,000", "DE, AT", "Patients", "CHF 12.50", "45 min"] {
        assert!(page.contains(words), "{words}");
    }
    let (status, _) =
        world.responder.form(&format!("{path}/cost/CST-1/withdraw"), &[("reason", "Not ours")]).await;
    assert_eq!(status, 303);
    let (_, page) = world.responder.page(&path).await;
    assert!(page.contains("Withdrawn: Not ours"), "{page}");
    let (status, _) =
        world.responder.form(&format!("{path}/weather/CST-1/withdraw"), &[("reason", "x")]).await;
    assert_eq!(status, 404);
}
