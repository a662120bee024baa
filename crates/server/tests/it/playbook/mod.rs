//! Playbooks: kept, refused, sealed, and run on an incident against real targets on loopback. This file: what the
//! stories share.
#![allow(clippy::needless_pass_by_value, reason = "stories write their JSON where they use it")]

mod bad;
mod library;
mod machines;
mod people;
mod procedures;

use std::time::Duration;

use serde_json::{Value, json};

use crate::harness::{As, World};

fn id(kind: &str, number: u32) -> String {
    format!("{kind}--00000000-0000-4000-8000-{number:012}")
}

fn action(number: u32) -> String {
    id("action", number)
}

/// A playbook of these steps between a start, which leads to action 1, and an end, number 9.
fn book(number: u32, steps: Value, address: &str) -> Value {
    let mut workflow = json!({
        id("start", 0): { "type": "start", "on_completion": action(1) },
        id("end", 9): { "type": "end" },
    });
    workflow.as_object_mut().unwrap().extend(steps.as_object().unwrap().clone());
    let (host, port) = address.rsplit_once(':').unwrap();
    json!({
        "type": "playbook", "spec_version": "cacao-2.0", "id": id("playbook", number), "name": format!("Contain {number}"),
        "description": "A test.", "created_by": id("identity", 1),
        "created": "2026-01-01T00:00:00.000Z", "modified": "2026-01-01T00:00:00.000Z",
        "workflow_start": id("start", 0), "workflow": workflow,
        "playbook_variables": {
            "__host__": { "type": "string", "external": true, "description": "Which host" },
            "__found__": { "type": "string", "value": "no" },
        },
        "authentication_info_definitions": {
            id("user-auth", 1): { "type": "user-auth", "username": whoami(), "kms": true, "kms_key_identifier": "web" },
        },
        "agent_definitions": { id("individual", 1): { "type": "individual", "name": "On call" } },
        "target_definitions": {
            id("http-api", 1): { "type": "http-api", "name": "Firewall", "address": { "url": [format!("http://{address}")] } },
            id("ssh", 1): { "type": "ssh", "name": "web-1", "address": { "ipv4": [host] }, "port": port,
                "authentication_info": id("user-auth", 1) },
        },
    })
}

fn whoami() -> String {
    let said = std::process::Command::new("id").arg("-un").output().unwrap();
    String::from_utf8(said.stdout).unwrap().trim().to_owned()
}

fn step(kind: &str, command: &str, next: &str, more: Value) -> Value {
    let mut step = json!({
        "type": "action", "name": format!("{kind} step"), "agent": id("individual", 1),
        "commands": [{ "type": kind, "command": command }], "on_completion": next,
    });
    match kind {
        "manual" => {}
        "http-api" => step["targets"] = json!([id("http-api", 1)]),
        _ => step["targets"] = json!([id("ssh", 1)]),
    }
    step.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    step
}

fn end() -> String {
    id("end", 9)
}

fn manual_book() -> Value {
    let steps = json!({ action(1): step("manual", "Look at __host__:value.", &end(), json!({ "out_args": ["__found__"] })) });
    book(1, steps, "192.0.2.1:80")
}

async fn keep(who: &As, playbook: &Value) -> String {
    who.post("/api/v1/playbooks", playbook.clone()).await.expect(201)["id"].as_str().unwrap().to_owned()
}

/// The number of a playbook with a manual step, kept now or before.
pub async fn kept(who: &As) -> String {
    let known = who.get("/api/v1/playbooks").await.list();
    match known.as_array().unwrap().first() {
        Some(playbook) => playbook["id"].as_str().unwrap().to_owned(),
        None => keep(who, &manual_book()).await,
    }
}

async fn incident(world: &World) -> String {
    let declaration = json!({ "title": "Something", "type": "malware", "alerts": [],
        "functional": "low", "information": "none", "recoverability": "regular" });
    let made = world.manager.post("/api/v1/incidents", declaration).await.expect(201);
    format!("/api/v1/incidents/{}", made["id"].as_str().unwrap())
}

async fn run(world: &World, incident: &str, playbook: &str, values: Value) -> String {
    let start = json!({ "playbook": playbook, "values": values });
    let made = world.responder.post(&format!("{incident}/runs"), start).await.expect(201);
    format!("/api/v1/runs/{}", made["id"].as_str().unwrap())
}

/// The run, once what is asked of it is true.
async fn until(who: &As, run: &str, holds: impl Fn(&Value) -> bool) -> Value {
    for _ in 0..200 {
        let now = who.get(run).await.expect(200);
        if holds(&now) {
            return now;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("it does not become so: {:#}", who.get(run).await.body);
}

fn waits(kind: &'static str) -> impl Fn(&Value) -> bool {
    move |run| run["waiting"][0]["kind"] == kind
}

fn is(status: &'static str) -> impl Fn(&Value) -> bool {
    move |run| run["status"] == status
}

async fn timeline(who: &As, incident: &str) -> String {
    let entries = who.get(&format!("{incident}/entries?limit=500")).await.list();
    entries.as_array().unwrap().iter().map(|entry| format!("{}\n", entry["text"].as_str().unwrap())).collect()
}
