//! What the stories share: a playbook in few words, and where the public ones lie.
#![allow(
    dead_code,
    clippy::needless_pass_by_value,
    clippy::unwrap_used,
    clippy::panic,
    clippy::expect_used,
    clippy::indexing_slicing
)]

pub mod story;

use std::path::PathBuf;

use cacao::{Document, EXTENSION, Playbook, runnable};
use serde_json::{Value, json};

pub fn id(kind: &str, number: u32) -> String {
    format!("{kind}--00000000-0000-4000-8000-{number:012}")
}

pub const AGENT: &str = "individual--00000000-0000-4000-8000-00000000a001";
pub const HOST: &str = "ssh--00000000-0000-4000-8000-00000000b001";
pub const OTHER_HOST: &str = "ssh--00000000-0000-4000-8000-00000000b002";
pub const API: &str = "http-api--00000000-0000-4000-8000-00000000c001";

/// A playbook with these steps beside a start (number 0, leading to `first`) and an end (number 9).
pub fn book(first: &str, steps: Value) -> Value {
    let mut workflow = json!({
        id("start", 0): { "type": "start", "name": "Start", "on_completion": first },
        id("end", 9): { "type": "end", "name": "End" },
    });
    merge(&mut workflow, steps);
    json!({
        "type": "playbook",
        "spec_version": "cacao-2.0",
        "id": id("playbook", 1),
        "name": "A test",
        "created_by": id("identity", 1),
        "created": "2026-01-01T00:00:00.000Z",
        "modified": "2026-01-01T00:00:00.000Z",
        "workflow_start": id("start", 0),
        "workflow": workflow,
        "playbook_variables": {
            "__host__": { "type": "string", "external": true },
            "__found__": { "type": "string", "value": "no" },
            "__count__": { "type": "integer", "value": "0" }
        },
        "agent_definitions": { AGENT: { "type": "individual", "name": "On call" } },
        "target_definitions": {
            HOST: { "type": "ssh", "name": "web-1", "address": { "dname": ["web-1.example.org"] } },
            OTHER_HOST: { "type": "ssh", "name": "web-2", "address": { "dname": ["web-2.example.org"] } },
            API: { "type": "http-api", "name": "Firewall", "address": { "url": ["https://fw.example.org"] } }
        },
        "extension_definitions": {
            EXTENSION: { "type": "extension-definition", "name": "Watchbell", "created_by": id("identity", 1),
                "schema": "docs/playbooks.md", "version": "1.0.0" }
        }
    })
}

fn merge(into: &mut Value, from: Value) {
    if let (Value::Object(into), Value::Object(from)) = (into, from) {
        into.extend(from);
    }
}

pub fn ssh(next: &str, more: Value) -> Value {
    action("ssh", "systemctl stop nginx", &[HOST], next, more)
}

pub fn manual(next: &str, more: Value) -> Value {
    action("manual", "Look at the host.", &[], next, more)
}

pub fn action(kind: &str, command: &str, targets: &[&str], next: &str, more: Value) -> Value {
    let mut step = json!({
        "type": "action",
        "commands": [{ "type": kind, "command": command }],
        "agent": AGENT,
    });
    if !targets.is_empty() {
        step["targets"] = json!(targets);
    }
    if !next.is_empty() {
        step["on_completion"] = json!(next);
    }
    merge(&mut step, more);
    step
}

pub fn policy(policy: Value) -> Value {
    json!({ "step_extensions": { EXTENSION: policy } })
}

pub fn document(value: &Value) -> Document {
    Document::read(&value.to_string()).unwrap()
}

pub fn playbook(value: &Value) -> Playbook {
    match runnable(&document(value)) {
        Ok((playbook, _)) => playbook,
        Err(findings) => {
            panic!("refused: {}", findings.iter().map(|one| format!("\n{one}")).collect::<String>())
        }
    }
}

/// The folder of public playbooks and schemas; nothing, with a line that says so, where it is absent.
pub fn public() -> Option<PathBuf> {
    let shared = std::env::var_os("WATCHBELL_SHARED")
        .map_or_else(|| PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../shared"), PathBuf::from);
    let folder = [shared.join("data/cacao"), PathBuf::from("/work/shared/data/cacao")]
        .into_iter()
        .find(|folder| folder.is_dir());
    if folder.is_none() {
        eprintln!("skipped: no public playbooks in {}", shared.display());
    }
    folder
}

pub fn examples() -> Vec<(String, String)> {
    let Some(folder) = public() else { return Vec::new() };
    let mut found: Vec<(String, String)> = std::fs::read_dir(folder.join("soarca/examples"))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .map(|path| {
            (
                path.file_name().unwrap().to_string_lossy().into_owned(),
                std::fs::read_to_string(&path).unwrap(),
            )
        })
        .collect();
    found.sort();
    found
}
