//! What people do to a run: manual steps, approvals by role, handing on, stopping, playbooks that call others.

use std::time::Duration;

use domain::Role;
use serde_json::{Value, json};

use super::{action, book, end, id, is, keep, manual_book, timeline, until, waits};
use crate::harness::{World, account, everywhere, spawn};

#[tokio::test]
async fn a_person_answers_and_everything_stands_in_the_log() {
    everywhere(|world| async move {
        let number = keep(&world.manager, &manual_book()).await;
        let incident = super::incident(&world).await;
        let start = json!({ "playbook": number, "values": { "__nothing__": "x" } });
        world.responder.post(&format!("{incident}/runs"), start).await.expect(422);
        let run = super::run(&world, &incident, &number, json!({ "__host__": "FIN-WS-07" })).await;
        let waiting = until(&world.responder, &run, waits("manual")).await["waiting"][0].clone();
        assert_eq!(waiting["text"], "Look at FIN-WS-07.");
        assert_eq!(waiting["outputs"][0]["name"], "__found__");
        let key = waiting["key"].as_str().unwrap();
        let wrong = json!({ "key": key, "outputs": { "__host__": "x" } });
        world.responder.post(&format!("{run}/answer"), wrong).await.expect(422);
        world.observer.post(&format!("{run}/answer"), json!({ "key": key })).await.expect(403);
        // A reason that says nothing is no success.
        let page = run.trim_start_matches("/api/v1").to_owned() + "/answer";
        let (status, body) = world.responder.form(&page, &[("key", key), ("failed", "  ")]).await;
        assert!(status == 422 && body.contains("could not be done"), "{status} {body}");
        let right = json!({ "key": key, "outputs": { "__found__": "ransom.exe" } });
        assert_eq!(
            world.responder.post(&format!("{run}/answer"), right.clone()).await.expect(200)["status"],
            "completed"
        );
        world.responder.post(&format!("{run}/answer"), right).await.expect(409);
        let said = timeline(&world.observer, &incident).await;
        for line in [
            "Playbook started: Contain 1",
            "manual step: done",
            "__found__ = ransom.exe",
            "Playbook completed",
        ] {
            assert!(said.contains(line), "{line} in {said}");
        }
        let log = world.observer.get(&format!("{run}/events")).await.list();
        let kinds: Vec<&str> =
            log.as_array().unwrap().iter().map(|line| line["event"]["event"].as_str().unwrap()).collect();
        assert_eq!(kinds, ["started", "intended", "outcome"]);
        let page = run.replace("/api/v1", "");
        let (status, text) = world.responder.page(&page).await;
        assert!(
            status.is_success() && text.contains("ransom.exe") && text.contains("done · manual"),
            "{text}"
        );
        let (status, text) =
            world.responder.page(&format!("{}/playbooks", incident.replace("/api/v1", ""))).await;
        assert!(status.is_success() && text.contains("Completed"), "{text}");
    })
    .await;
}

#[tokio::test]
async fn where_nobody_fills_a_role_whoever_steers_speaks() {
    let world = spawn().await;
    let policy =
        json!({ "step_extensions": { cacao::EXTENSION: { "approval": { "role": "executive_sponsor" } } } });
    let mut playbook = manual_book();
    playbook["workflow"][action(1)].as_object_mut().unwrap().extend(policy.as_object().unwrap().clone());
    let number = keep(&world.manager, &playbook).await;
    let incident = super::incident(&world).await;
    let run = super::run(&world, &incident, &number, json!({ "__host__": "x" })).await;
    let waiting = until(&world.observer, &run, waits("approval")).await["waiting"][0].clone();
    let yes = json!({ "key": waiting["key"], "yes": true });
    world.responder.post(&format!("{run}/approve"), yes.clone()).await.expect(403);
    world.manager.post(&format!("{run}/approve"), yes).await.expect(200);
    until(&world.observer, &run, waits("manual")).await;
    world.responder.post(&format!("{run}/stop"), json!({ "reason": " " })).await.expect(422);
    let stopped =
        world.responder.post(&format!("{run}/stop"), json!({ "reason": "False alarm" })).await.expect(200);
    assert_eq!(stopped["status"], "stopped");
}

/// Says who holds a role of the plan.
async fn hold(world: &World, role: &str, people: &[&str]) {
    let request = world.admin.request(reqwest::Method::PUT, &format!("/api/v1/plan/holders/{role}"));
    crate::harness::answer(request.json(&json!({ "people": people }))).await.expect(200);
}

fn approved_book(approval: Value) -> Value {
    let policy = json!({ "step_extensions": { cacao::EXTENSION: { "role": "technical_lead", "approval": approval } } });
    let mut playbook = manual_book();
    playbook["workflow"][action(1)].as_object_mut().unwrap().extend(policy.as_object().unwrap().clone());
    playbook
}

#[tokio::test]
async fn an_approval_is_given_by_role_with_quorum_and_stand_ins() {
    everywhere(|world| async move {
        let (second, third) = (
            account(&world.admin, "Legal Lena", Role::Responder).await,
            account(&world.admin, "Deputy Dan", Role::Responder).await,
        );
        hold(&world, "executive_sponsor", &[&world.responder.id]).await;
        // The plan's alternate of the executive sponsor.
        hold(&world, "legal_counsel", &[&second.id]).await;
        let number =
            keep(&world.manager, &approved_book(json!({ "role": "executive_sponsor", "quorum": 2 }))).await;
        let incident = super::incident(&world).await;
        let run = super::run(&world, &incident, &number, json!({ "__host__": "x" })).await;
        let waiting = until(&world.responder, &run, waits("approval")).await["waiting"][0].clone();
        assert_eq!((&waiting["role_title"], &waiting["yours"]), (&json!("Executive sponsor"), &json!(true)));
        assert_eq!(waiting["who"], json!(["Rita Responder"]));
        let (_, page) = world.responder.page("/playbooks").await;
        assert!(page.contains("Waits for you") && page.contains("Running now"), "{page}");
        let (_, page) = world.manager.page("/playbooks").await;
        assert!(
            !page.contains("Waits for you") && page.contains("Running now"),
            "whoever has no say is not asked"
        );
        let yes = json!({ "key": waiting["key"], "yes": true });
        // Whoever steers has no say where the role is filled.
        world.manager.post(&format!("{run}/approve"), yes.clone()).await.expect(403);
        world.responder.post(&format!("{run}/approve"), yes.clone()).await.expect(200);
        world.responder.post(&format!("{run}/approve"), yes.clone()).await.expect(409);
        let half = world.observer.get(&run).await.expect(200)["waiting"][0].clone();
        assert_eq!((&half["said_yes"], &half["quorum"]), (&json!(1), &json!(2)));
        // The stand-in hands it on; then they decide no more themselves.
        world
            .observer
            .post(&format!("{run}/hand-on"), json!({ "key": waiting["key"], "to": third.id }))
            .await
            .expect(403);
        let reader = json!({ "key": waiting["key"], "to": world.observer.id });
        second.post(&format!("{run}/hand-on"), reader).await.expect(409);
        second
            .post(&format!("{run}/hand-on"), json!({ "key": waiting["key"], "to": third.id }))
            .await
            .expect(200);
        second.post(&format!("{run}/approve"), yes.clone()).await.expect(409);
        let (status, page) = third.page(&run.replace("/api/v1", "")).await;
        assert!(
            status.is_success() && page.contains("Legal Lena to Deputy Dan") && page.contains("Approve"),
            "{page}"
        );
        third.post(&format!("{run}/approve"), yes).await.expect(200);
        let manual = until(&world.responder, &run, waits("manual")).await["waiting"][0].clone();
        assert_eq!(manual["role_title"], "Technical lead");
        let said = timeline(&world.observer, &incident).await;
        assert!(said.contains("manual step approved") && said.contains("handed to somebody else"), "{said}");
    })
    .await;
}

#[tokio::test]
async fn a_refused_approval_and_one_too_late_fail_the_step() {
    let world = spawn().await;
    hold(&world, "executive_sponsor", &[&world.responder.id]).await;
    let number =
        keep(&world.manager, &approved_book(json!({ "role": "executive_sponsor", "expires": 600 }))).await;
    let incident = super::incident(&world).await;
    let late = super::run(&world, &incident, &number, json!({ "__host__": "x" })).await;
    let failed = until(&world.observer, &late, is("failed")).await;
    assert!(failed["steps"][1]["reason"].as_str().unwrap().contains("in time"), "{failed}");
    let refused = super::run(&world, &incident, &number, json!({ "__host__": "x" })).await;
    let key = until(&world.responder, &refused, waits("approval")).await["waiting"][0]["key"].clone();
    let no = json!({ "key": key, "yes": false });
    assert_eq!(world.responder.post(&format!("{refused}/approve"), no).await.expect(200)["status"], "failed");
    let said = timeline(&world.observer, &incident).await;
    assert!(
        said.contains("approval refused for manual step") && said.contains("Rita Responder said no"),
        "{said}"
    );
}

#[tokio::test]
async fn one_playbook_runs_another() {
    let world = spawn().await;
    keep(&world.manager, &manual_book()).await;
    let call = json!({ action(1): { "type": "action", "agent": id("individual", 1), "commands": [{ "type": "manual", "command": "Begin." }], "on_completion": id("playbook-action", 1) },
        id("playbook-action", 1): { "type": "playbook-action", "playbook_id": id("playbook", 1), "in_args": ["__host__"], "out_args": ["__found__"], "on_completion": end() } });
    let number = keep(&world.manager, &book(3, call, "192.0.2.1:80")).await;
    let incident = super::incident(&world).await;
    let above = super::run(&world, &incident, &number, json!({ "__host__": "web-1" })).await;
    let key = until(&world.responder, &above, waits("manual")).await["waiting"][0]["key"].clone();
    world.responder.post(&format!("{above}/answer"), json!({ "key": key })).await.expect(200);
    let below = "/api/v1/runs/RUN-2";
    for _ in 0..100 {
        if world.responder.get(below).await.status.is_success() {
            break;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    let waiting = until(&world.responder, below, waits("manual")).await["waiting"][0].clone();
    assert_eq!(waiting["text"], "Look at web-1.");
    let answer = json!({ "key": waiting["key"], "outputs": { "__found__": "yes" } });
    world.responder.post(&format!("{below}/answer"), answer).await.expect(200);
    let done = until(&world.responder, &above, is("completed")).await;
    assert_eq!(done["values"]["__found__"], "yes");
}
