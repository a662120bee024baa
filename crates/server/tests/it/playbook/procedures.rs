//! The shipped procedures run to their end, on incidents that were made from real event logs where they are there.

use std::collections::BTreeSet;
use std::path::Path;

use serde_json::{Value, json};

use super::{timeline, until};
use crate::harness::{World, everywhere};

/// An incident of a type from what a log's events raise; a log of our own where the public one is not there.
async fn incident(world: &World, log: &str, kind: &str) -> String {
    let path = crate::case::shared().join("data/evtx-attack-samples").join(log);
    let told = match std::fs::read(&path) {
        Ok(bytes) => {
            let name = Path::new(log).file_name().unwrap().to_str().unwrap();
            world.responder.send_file(name, bytes).await.expect(201)
        }
        Err(_) => {
            println!("skipped: {} is not there; a made-up event stands for it", path.display());
            let line = crate::intake::sysmon(
                "2026-11-24T03:00:00Z",
                "dc01",
                "vssadmin.exe delete shadows /all /quiet",
            );
            world.responder.send_file("made-up.jsonl", line).await.expect(201)
        }
    };
    let alerts = told["deliveries"][0]["alerts"].clone();
    assert!(!alerts.as_array().unwrap().is_empty(), "{log} raises an alert: {told}");
    let declaration = json!({ "title": log, "type": kind, "alerts": alerts,
        "functional": "medium", "information": "privacy", "recoverability": "supplemented" });
    let made = world.manager.post("/api/v1/incidents", declaration).await.expect(201);
    format!("/api/v1/incidents/{}", made["id"].as_str().unwrap())
}

/// The answer that leads on: what keeps a loop going is answered so that it ends the second time.
fn answer(wait: &Value, times: usize) -> Value {
    let mut outputs = serde_json::Map::new();
    for output in wait["outputs"].as_array().unwrap() {
        let says = output["description"].as_str().unwrap_or_default();
        let value = if says.contains("a number") {
            if times > 1 { "0" } else { "1" }
        } else if says.contains("(yes") {
            if times > 1 { "no" } else { "yes" }
        } else {
            "unknown"
        };
        outputs.insert(output["name"].as_str().unwrap().to_owned(), json!(value));
    }
    json!({ "key": wait["key"], "outputs": outputs })
}

/// Answers whatever waits until the run is over; gives the titles of the steps that were answered.
async fn walked(world: &World, run: &str) -> Vec<String> {
    let mut answered: Vec<String> = Vec::new();
    for _ in 0..200 {
        let now = until(&world.responder, run, |run| {
            run["status"] != "running" || !run["waiting"].as_array().unwrap().is_empty()
        })
        .await;
        let Some(wait) = now["waiting"].as_array().unwrap().first() else {
            assert_eq!(now["status"], "completed", "{now:#}");
            return answered;
        };
        assert!(wait["role_title"].is_string(), "each step says whose it is: {wait}");
        let title = wait["title"].as_str().unwrap().to_owned();
        let times = answered.iter().filter(|one| **one == title).count() + 1;
        world.responder.post(&format!("{run}/answer"), answer(wait, times)).await.expect(200);
        answered.push(title);
    }
    panic!("it does not end: {answered:?}")
}

async fn to_the_end(world: &World, label: &str, name: &str, log: &str) -> (Value, usize, String) {
    let all = world.observer.get("/api/v1/playbooks?limit=100").await.list();
    let playbook =
        all.as_array().unwrap().iter().find(|one| one["name"].as_str().unwrap().contains(name)).unwrap();
    let incident = incident(world, log, label).await;
    let (status, page) =
        world.responder.page(&format!("{}/playbooks", incident.replace("/api/v1", ""))).await;
    assert!(status.is_success() && page.contains(name), "it is offered: {page}");
    let start = json!({ "playbook": playbook["id"] });
    let made = world.responder.post(&format!("{incident}/runs"), start).await.expect(201);
    let run = format!("/api/v1/runs/{}", made["id"].as_str().unwrap());
    let answered = walked(world, &run).await;
    let said = timeline(&world.observer, &incident).await;
    for title in answered.iter().collect::<BTreeSet<_>>() {
        assert!(said.contains(&format!("{title}: done")), "{title} on the timeline: {said}");
    }
    (world.observer.get(&run).await.expect(200), answered.len(), said)
}

#[tokio::test]
async fn the_ransomware_procedure_runs_to_its_end() {
    everywhere(|world| async move {
        let log = "AutomatedTestingTools/PanacheSysmon_vs_AtomicRedTeam01.evtx";
        let (run, answered, said) = to_the_end(&world, "ransomware", "Ransomware", log).await;
        assert!(answered >= 20, "{answered} steps");
        assert!(said.contains("Playbook completed: Ransomware"), "{said}");
        assert_eq!(run["waiting"], json!([]));
    })
    .await;
}

#[tokio::test]
async fn the_account_compromise_procedure_runs_to_its_end() {
    everywhere(|world| async move {
        let log = "Persistence/Network_Service_Guest_added_to_admins_4732.evtx";
        let (_, answered, said) = to_the_end(&world, "unauthorised_access", "account compromise", log).await;
        assert!(answered >= 12, "{answered} steps");
        assert!(said.contains("Playbook completed: Unauthorised access and account compromise"), "{said}");
    })
    .await;
}
