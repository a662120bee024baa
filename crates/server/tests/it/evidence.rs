//! Evidence: what is handed over, whose hands it goes through, and who may know of it.

use std::path::PathBuf;

use reqwest::Method;
use serde_json::json;

use crate::case::{HOSTILE, declare, hand_over, log, shared_strings};
use crate::harness::{PASSWORD, World, everywhere, spawn};
use crate::intake::SHADOWS;

#[tokio::test]
async fn the_log_behind_an_alert_is_the_first_evidence() {
    everywhere(|world| async move {
        let id = declare(&world, "Shadow copies deleted", SHADOWS, false).await;
        let items = world.observer.get(&format!("/api/v1/incidents/{id}/evidence")).await.list();
        let item = &items[0];
        assert_eq!(items.as_array().unwrap().len(), 1, "{}", world.store);
        assert_eq!(item["sha256"], ledger::Digest::of(&log(SHADOWS)).to_string());
        assert_eq!(item["delivery"], "INT-1");
        assert_eq!(item["custody"][0]["act"], "collected");
        assert_eq!(item["status"], "held");

        let path = format!("/api/v1/evidence/{}/content", item["id"].as_str().unwrap());
        let response = world.observer.request(Method::GET, &path).send().await.unwrap();
        let headers = response.headers().clone();
        assert_eq!(headers["content-type"], "application/octet-stream");
        assert_eq!(headers["x-content-type-options"], "nosniff");
        assert!(
            headers["content-disposition"]
                .to_str()
                .unwrap()
                .starts_with("attachment; filename=\"sysmon.jsonl\"")
        );
        let bytes = response.bytes().await.unwrap();
        assert_eq!(headers["content-length"].to_str().unwrap(), bytes.len().to_string());
        assert_eq!(bytes, log(SHADOWS));
    })
    .await;
}

#[tokio::test]
async fn an_item_goes_from_hand_to_hand_and_no_link_is_skipped() {
    everywhere(|world| async move {
        let id = declare(&world, "Shadow copies deleted", SHADOWS, false).await;
        let said = [("acquired_at", "2026-11-20T09:30:00+01:00"), ("note", "Taken before power-off")];
        let item =
            hand_over(&world.responder, &id, "memory.raw", b"memory".to_vec(), &said).await.expect(201);
        let name = item["id"].as_str().unwrap().to_owned();
        assert_eq!(item["sha256"], ledger::Digest::of(b"memory").to_string(), "{}", world.store);
        assert_eq!(item["bytes"], 6);
        assert_eq!(item["acquisition"]["at"], "2026-11-20T08:30:00Z");
        assert_eq!(item["acquisition"]["by"], "Rita Responder");
        assert_eq!(item["custodian"], "Rita Responder");

        let path = format!("/api/v1/evidence/{name}/custody");
        let act = async |mut body: serde_json::Value, status: u16| {
            body["password"] = PASSWORD.into();
            world.responder.post(&path, body).await.expect(status)
        };
        act(json!({ "act": "offered" }), 422).await;
        act(json!({ "act": "returned" }), 409).await;
        act(json!({ "act": "collected" }), 409).await;
        act(json!({ "act": "checked_out", "to": "Laboratory" }), 422).await;
        act(json!({ "act": "sealed", "to": "Somebody" }), 422).await;
        act(json!({ "act": "burned" }), 422).await;
        act(json!({ "act": "sealed", "by": "Somebody else" }), 422).await;

        let out = act(json!({ "act": "checked_out", "to": "Laboratory", "reason": "Analysis" }), 200).await;
        assert_eq!(
            (&out["status"], &out["holder"], &out["custodian"]),
            (&json!("checked_out"), &json!("Laboratory"), &json!("Rita Responder"))
        );
        act(json!({ "act": "offered", "to": world.manager.id }), 409).await;
        act(json!({ "act": "returned" }), 200).await;
        act(json!({ "act": "sealed", "reason": "Bag 0117" }), 200).await;
        act(json!({ "act": "checked_out", "to": "Laboratory", "reason": "More" }), 409).await;
        act(json!({ "act": "offered", "to": world.manager.id }), 200).await;
        let accepted = json!({ "act": "accepted", "password": PASSWORD });
        let moved = world.manager.post(&path, accepted).await.expect(200);
        assert_eq!((&moved["status"], &moved["holder"]), (&json!("sealed"), &json!("Max Manager")));
        act(json!({ "act": "unsealed" }), 422).await;

        world.observer.post(&path, json!({ "act": "unsealed", "reason": "x" })).await.expect(403);
        let chain = world.observer.get(&format!("/api/v1/evidence/{name}")).await.expect(200);
        let acts: Vec<&str> =
            chain["custody"].as_array().unwrap().iter().map(|link| link["act"].as_str().unwrap()).collect();
        assert_eq!(acts, ["collected", "checked_out", "returned", "sealed", "offered", "accepted"]);

        // Every link, and none of the refused ones, is a version in the ledger.
        let leaves = world.manager.get(&format!("/api/v1/ledger/leaves?record={name}")).await.expect(200);
        assert_eq!(leaves["items"].as_array().unwrap().len(), 6);
        assert_eq!(leaves["items"][0]["act"], "evidence.accepted");

        // The page offers what may follow and nothing else.
        let (status, page) = world.responder.page(&format!("/evidence/{name}")).await;
        assert_eq!(status, 200);
        assert!(page.contains("value=\"unsealed\"") && !page.contains("value=\"checked_out\""));
        let (_, page) = world.observer.page(&format!("/evidence/{name}")).await;
        assert!(page.contains("Max Manager") && !page.contains("value=\"unsealed\""));
        let (status, _) = world
            .responder
            .form(
                &format!("/evidence/{name}/custody"),
                &[("act", "unsealed"), ("to", ""), ("reason", "Needed"), ("password", PASSWORD)],
            )
            .await;
        assert_eq!(status, 303, "an empty field of a form is none");
    })
    .await;
}

#[tokio::test]
async fn bad_forms_change_nothing() {
    let world = spawn().await;
    let id = declare(&world, "Shadow copies deleted", SHADOWS, false).await;
    let who = &world.responder;
    let send = async |more: &[(&str, &str)], status: u16| {
        hand_over(who, &id, "x.bin", b"x".to_vec(), more).await.expect(status);
    };
    send(&[("method", " ")], 422).await;
    send(&[("tool", "a\nb")], 422).await;
    send(&[("place", &"x".repeat(300))], 422).await;
    send(&[("acquired_at", "2999-01-01T00:00:00Z")], 422).await;
    send(&[("acquired_at", "yesterday")], 422).await;
    send(&[("custodian", "Mallory")], 422).await;
    hand_over(&world.observer, &id, "x.bin", b"x".to_vec(), &[]).await.expect(403);
    hand_over(who, "INC-99", "x.bin", b"x".to_vec(), &[]).await.expect(404);
    hand_over(who, "INC-0", "x.bin", b"x".to_vec(), &[]).await.expect(404);
    let path = format!("/api/v1/incidents/{id}/evidence");
    who.post(&path, json!({ "method": "x" })).await.expect(422);
    let form = reqwest::multipart::Form::new().text("method", "x").text("tool", "x").text("place", "x");
    crate::harness::answer(who.request(Method::POST, &path).multipart(form)).await.expect(422);
    let items = who.get(&path).await.list();
    assert_eq!(items.as_array().unwrap().len(), 1, "only the log");
}

#[tokio::test]
async fn names_from_outside_are_never_more_than_names() {
    let world = spawn().await;
    let id = declare(&world, "Shadow copies deleted", SHADOWS, false).await;
    let mut names: Vec<String> = HOSTILE.iter().map(ToString::to_string).collect();
    names.extend([
        "a\r\nX-Evil: y".to_owned(),
        "..\\..\\boot.ini".to_owned(),
        "größe 日本.log".to_owned(),
        "\u{202e}gpj.exe".to_owned(),
    ]);
    names.extend(shared_strings().into_iter().step_by(25));
    for name in &names {
        let item = hand_over(&world.responder, &id, name, b"<script>alert(1)</script>".to_vec(), &[])
            .await
            .expect(201);
        let path = format!("/api/v1/evidence/{}/content", item["id"].as_str().unwrap());
        let response = world.observer.request(Method::GET, &path).send().await.unwrap();
        assert_eq!(response.status(), 200, "{name:?}");
        let headers = response.headers();
        assert!(headers.get("x-evil").is_none());
        assert_eq!(headers["content-type"], "application/octet-stream");
        let told = headers["content-disposition"].to_str().unwrap();
        let harmless = |c: char| c.is_ascii_alphanumeric() || " .-_%=;'\"*".contains(c);
        assert!(told.starts_with("attachment; filename=\"") && told.chars().all(harmless), "{told}");
        assert_eq!(told.matches('"').count(), 2, "{told}");
    }
    let item = world.responder.get("/api/v1/evidence?limit=500").await.expect(200);
    assert_eq!(item["items"].as_array().unwrap().len(), names.len() + 1);
    for page in ["/evidence", "/evidence/EVD-2"] {
        let (status, html) = world.observer.page(page).await;
        assert_eq!(status, 200);
        assert!(!html.contains("<script>alert") && !html.contains("<img src=x"), "{page}");
        assert!(html.contains("&lt;script&gt;alert(1)&lt;/script&gt;"), "{page}");
    }
}

#[tokio::test]
async fn bytes_that_changed_on_the_disk_are_noticed() {
    everywhere(|world| async move {
        let id = declare(&world, "Shadow copies deleted", SHADOWS, false).await;
        let item = hand_over(&world.responder, &id, "disk.img", b"sectors".to_vec(), &[]).await.expect(201);
        let name = item["id"].as_str().unwrap();
        let verify = format!("/api/v1/evidence/{name}/verify");
        assert_eq!(
            world.responder.post(&verify, json!({})).await.expect(200)["checked"]["intact"],
            true,
            "{}",
            world.store
        );
        world.observer.post(&verify, json!({})).await.expect(403);

        let blob = sealed(&world);
        let mut bytes = std::fs::read(&blob).unwrap();
        *bytes.last_mut().unwrap() ^= 1;
        std::fs::write(&blob, bytes).unwrap();
        let checked = world.responder.post(&verify, json!({})).await.expect(200);
        assert_eq!(checked["checked"]["intact"], false);
        assert_eq!(checked["custody"].as_array().unwrap().len(), 1, "custody is not touched");
        let (_, page) = world.observer.page(&format!("/evidence/{name}")).await;
        assert!(page.contains("not the ones that were acquired"));

        std::fs::remove_file(&blob).unwrap();
        assert_eq!(world.responder.post(&verify, json!({})).await.expect(200)["checked"]["intact"], false);
        let (status, page) = world.observer.page(&format!("/evidence/{name}")).await;
        assert_eq!(status, 200);
        assert!(page.contains("not on the disk"));
    })
    .await;
}

/// The one blob that lies under a key.
pub fn sealed(world: &World) -> PathBuf {
    let folders = std::fs::read_dir(world.app.data.join("blobs")).unwrap().map(|entry| entry.unwrap().path());
    let mut files =
        folders.filter(|path| path.is_dir()).flat_map(|folder| std::fs::read_dir(folder).unwrap());
    let is_sealed = |path: &PathBuf| std::fs::read(path).unwrap().starts_with(b"WBSEAL1\n");
    files.find_map(|entry| Some(entry.unwrap().path()).filter(is_sealed)).expect("a sealed blob")
}

#[tokio::test]
async fn evidence_of_a_restricted_incident_is_nobody_elses() {
    everywhere(|world| async move {
        let id = declare(&world, "Insider", SHADOWS, true).await;
        let items = world.manager.get(&format!("/api/v1/incidents/{id}/evidence")).await.list();
        let name = items[0]["id"].as_str().unwrap().to_owned();
        for who in [&world.responder, &world.observer, &world.admin] {
            who.get(&format!("/api/v1/incidents/{id}/evidence")).await.expect(404);
            who.get(&format!("/api/v1/evidence/{name}")).await.expect(404);
            who.get(&format!("/api/v1/evidence/{name}/content")).await.expect(404);
            let all = who.get("/api/v1/evidence").await.expect(200);
            assert_eq!(all["items"], json!([]), "{}", world.store);
            assert_eq!(who.page(&format!("/evidence/{name}")).await.0, 404);
        }
        world
            .responder
            .post(
                &format!("/api/v1/evidence/{name}/custody"),
                json!({ "act": "sealed", "password": PASSWORD }),
            )
            .await
            .expect(404);
        world.responder.post(&format!("/api/v1/evidence/{name}/verify"), json!({})).await.expect(404);
        hand_over(&world.responder, &id, "x", b"x".to_vec(), &[]).await.expect(404);

        let member = json!({ "member": world.responder.id });
        let added = world.manager.post(&format!("/api/v1/incidents/{id}/members"), member).await;
        assert!(added.status.is_success(), "{added:?}");
        world.responder.get(&format!("/api/v1/evidence/{name}")).await.expect(200);
        world
            .responder
            .post(
                &format!("/api/v1/evidence/{name}/custody"),
                json!({ "act": "sealed", "password": PASSWORD }),
            )
            .await
            .expect(200);
        let all = world.responder.get("/api/v1/evidence").await.expect(200);
        assert_eq!(all["items"].as_array().unwrap().len(), 1);
    })
    .await;
}
