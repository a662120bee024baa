//! The library: versions, what ships, seals, dry runs.

use serde_json::json;

use super::machines::{Target, http_book, reaching};
use super::{action, id, keep, manual_book};
use crate::harness::{everywhere, spawn, spawn_with};

#[tokio::test]
async fn a_playbook_is_kept_in_versions_or_refused_whole() {
    everywhere(|world| async move {
        let text = manual_book();
        let made = world.manager.post("/api/v1/playbooks", text.clone()).await.expect(201);
        let number = made["id"].as_str().unwrap();
        assert_eq!((made["version"].as_i64(), made["steps"].as_i64()), (Some(1), Some(3)));
        world.manager.post("/api/v1/playbooks", text.clone()).await.expect(409);
        let mut later = text.clone();
        later["name"] = json!("Contain better");
        later["modified"] = json!("2026-02-01T00:00:00.000Z");
        assert_eq!(world.manager.post("/api/v1/playbooks", later).await.expect(201)["version"], 2);
        let mut earlier = text.clone();
        earlier["name"] = json!("From the past");
        world.manager.post("/api/v1/playbooks", earlier).await.expect(409);
        let versions = world.observer.get(&format!("/api/v1/playbooks/{number}/versions")).await.list();
        assert_eq!(versions.as_array().unwrap().len(), 2);
        let first =
            world.observer.get(&format!("/api/v1/playbooks/{number}/content?version=1")).await.expect(200);
        assert_eq!(first, text);

        for (change, word) in [
            (json!({ "/workflow_start": id("start", 5) }), "no step"),
            (json!({ "/name": null }), "string"),
            (json!({ "/spec_version": "cacao-1.0" }), "cacao-2.0"),
        ] {
            let mut bad = text.clone();
            for (pointer, put) in change.as_object().unwrap() {
                bad[&pointer[1..]] = put.clone();
            }
            let said = world.manager.post("/api/v1/playbooks", bad).await.expect(422);
            assert!(said["detail"].as_str().unwrap().contains(word), "{said}");
        }
        let mut hunting = text.clone();
        hunting["workflow"][action(1)]["commands"] = json!([{ "type": "sigma", "command_b64": "eA==" }]);
        let said = world.manager.post("/api/v1/playbooks", hunting).await.expect(422);
        assert!(said["detail"].as_str().unwrap().contains("Sigma rule cannot be used"), "{said}");
        let all = world.observer.get("/api/v1/playbooks?limit=100").await.list();
        let own = all.as_array().unwrap().iter().filter(|one| one["shipped"] == false).count();
        assert_eq!(own, 1);
    })
    .await;
}

#[tokio::test]
async fn a_seal_holds_and_a_forged_one_is_refused() {
    let world = spawn().await;
    let number = keep(&world.manager, &manual_book()).await;
    let sealed = world.manager.post(&format!("/api/v1/playbooks/{number}/seal"), json!({})).await.expect(200);
    assert_eq!(sealed["version"], 2);
    let text = world.manager.get(&format!("/api/v1/playbooks/{number}/content")).await.expect(200);
    let said = world.observer.post("/api/v1/playbooks/check", text.clone()).await.expect(200);
    assert_eq!((&said["refused"], &said["signatures"][0]["holds"]), (&json!(false), &json!(true)));
    let findings = said["findings"].as_array().unwrap();
    assert!(
        findings.iter().all(|one| one["severity"] == "note"),
        "our own seal is as the specification has it: {findings:?}"
    );
    let mut forged = text;
    forged["name"] = json!("Format all disks");
    let said = world.manager.post("/api/v1/playbooks", forged).await.expect(422);
    assert!(said["detail"].as_str().unwrap().contains("does not hold"), "{said}");
    let (status, page) = world.observer.page(&format!("/playbooks/{number}")).await;
    assert!(status.is_success() && page.contains("Holds") && page.contains("<svg"), "{page}");
}

#[tokio::test]
async fn procedures_ship_in_the_library_and_stay_when_somebody_changed_them() {
    everywhere(|world| async move {
        let all = world.observer.get("/api/v1/playbooks?limit=100").await.list();
        let all = all.as_array().unwrap();
        assert_eq!(all.len(), 13);
        assert!(all.iter().all(|one| one["shipped"] == true && one["warnings"] == 0));
        let ransomware = all.iter().find(|one| one["labels"][0] == "ransomware").unwrap();
        assert_eq!(ransomware["commands"].as_object().unwrap().keys().collect::<Vec<_>>(), ["manual"]);
        let number = ransomware["id"].as_str().unwrap();
        let mut own = world.manager.get(&format!("/api/v1/playbooks/{number}/content")).await.expect(200);
        own["name"] = json!("Ransomware at our house");
        own["modified"] = json!("2027-01-01T00:00:00.000Z");
        assert_eq!(world.manager.post("/api/v1/playbooks", own).await.expect(201)["shipped"], false);
        // Started again, the shipped edition does not come back.
        server::playbook::shipped::ensure(&world.app).await.unwrap();
        let now = world.observer.get(&format!("/api/v1/playbooks/{number}")).await.expect(200);
        assert_eq!((&now["name"], &now["version"]), (&json!("Ransomware at our house"), &json!(2)));
        let (status, page) = world.observer.page("/playbooks").await;
        assert!(status.is_success() && page.contains("Shipped") && page.contains("Ransomware at our house"));
        let (status, page) = world.observer.page(&format!("/playbooks/{number}?version=1")).await;
        assert!(
            status.is_success() && page.contains("not the present one") && page.contains("Must know:"),
            "{page}"
        );
    })
    .await;
}

#[tokio::test]
async fn a_dry_run_does_nothing() {
    let target = Target::start().await;
    let world = spawn_with(reaching(&target.address)).await;
    let number = keep(&world.manager, &http_book(&target.address)).await;
    let body = json!({ "values": { "__host__": "x" } });
    let said = world.observer.post(&format!("/api/v1/playbooks/{number}/rehearse"), body).await.expect(200);
    assert_eq!((&said["completes"], said["steps"].as_array().unwrap().len()), (&json!(true), 1));
    assert!(said["steps"][0]["what"].as_str().unwrap().contains("/block?host=x"));
    let (status, page) = world.observer.page(&format!("/playbooks/{number}/rehearse")).await;
    assert!(status.is_success() && page.contains("It would fail"), "__host__ has no value: {page}");
    assert!(target.asked().is_empty());
}
