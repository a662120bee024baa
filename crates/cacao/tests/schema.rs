//! Our tables against the schemas of the CACAO committee, where they lie beside us: both must say the same of the
//! same documents. The schemas are compiled as JSON Schema 2019-09, since they use `unevaluatedProperties`. As they
//! are published they refuse every command: `command-data.json` closes itself before its types are added, and
//! `action.json` asks for nothing more; so they are opened there, and a command is held against the schema of its type.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::string_slice,
    clippy::needless_pass_by_value
)]

mod common;

use std::path::Path;

use cacao::{CommandKind, Document, check};
use common::{API, HOST, action, book, id, manual, policy, ssh};
use jsonschema::{Draft, Registry, Validator};
use serde_json::{Value, json};

const ROOT: &str = "https://raw.githubusercontent.com/oasis-open/cacao-json-schemas/main/schemas/";

fn schemas(folder: &Path, found: &mut Vec<(String, Value)>, root: &Path) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            schemas(&path, found, root);
        } else {
            let name = path.strip_prefix(root).unwrap().to_string_lossy().replace('\\', "/");
            let mut schema: Value = serde_json::from_str(&std::fs::read_to_string(&path).unwrap()).unwrap();
            schema["$schema"] = json!("https://json-schema.org/draft/2019-09/schema");
            mend(&name, &mut schema);
            found.push((format!("{ROOT}{name}"), schema));
        }
    }
}

fn mend(name: &str, schema: &mut Value) {
    match name {
        "commands/command-data.json" => {
            schema.as_object_mut().unwrap().shift_remove("unevaluatedProperties");
        }
        "workflows/action.json" => {
            let mut known: Vec<Value> = CommandKind::ALL
                .iter()
                .map(|kind| {
                    let name = kind.name();
                    json!({ "if": { "properties": { "type": { "const": name } }, "required": ["type"] },
                        "then": { "$ref": format!("../commands/{name}.json") } })
                })
                .collect();
            known.push(json!({ "$ref": "../commands/command-data.json" }));
            schema["allOf"][1]["properties"]["commands"]["items"] =
                json!({ "type": "object", "required": ["type"], "allOf": known });
        }
        _ => {}
    }
}

fn validator() -> Option<Validator> {
    let folder = common::public()?.join("schemas");
    let mut found = Vec::new();
    schemas(&folder, &mut found, &folder);
    let main = found.iter().find(|(name, _)| name.ends_with("/playbook.json")).unwrap().1.clone();
    let mut registry = Registry::new();
    for (uri, schema) in found {
        registry = registry.add(uri, Draft::Draft201909.create_resource(schema)).unwrap();
    }
    let registry = registry.prepare().unwrap();
    Some(jsonschema::options().with_draft(Draft::Draft201909).with_registry(&registry).build(&main).unwrap())
}

/// Whether our tables find anything against the schema.
fn ours(value: &Value) -> bool {
    let findings = check(&Document::read(&value.to_string()).unwrap());
    !findings.iter().any(|one| one.rule.starts_with("schema-"))
}

fn full() -> Value {
    let (a, end) = (|number| id("action", number), id("end", 9));
    let mut value = book(
        &a(1),
        json!({
            a(1): manual(&id("if-condition", 1), json!({ "name": "Look", "description": "x", "delay": 1, "timeout": 60000, "owner": id("identity", 1),
                "out_args": ["__found__"], "external_references": [{ "name": "x", "url": "https://example.org" }],
                "step_variables": { "__v__": { "type": "string", "value": null } } })),
            id("if-condition", 1): { "type": "if-condition", "condition": "__found__:value = 'x'", "on_true": a(2), "on_false": id("end", 8), "on_completion": id("parallel", 1) },
            a(2): ssh(&id("end", 7), policy(json!({ "retry": { "attempts": 2 } }))),
            id("parallel", 1): { "type": "parallel", "next_steps": [a(3), a(4)], "on_completion": id("switch-condition", 1) },
            a(3): action("http-api", "POST /x HTTP/1.1", &[API], &id("end", 6), json!({})),
            a(4): manual(&id("end", 5), json!({})),
            id("switch-condition", 1): { "type": "switch-condition", "switch": "__found__:value", "cases": { "a": id("end", 4) }, "on_completion": id("while-condition", 1) },
            id("while-condition", 1): { "type": "while-condition", "condition": "__found__:value = 'x'", "on_true": a(5), "on_completion": id("playbook-action", 1) },
            a(5): manual(&id("end", 3), json!({ "out_args": ["__found__"] })),
            id("playbook-action", 1): { "type": "playbook-action", "playbook_id": id("playbook", 2), "in_args": ["__host__"], "on_success": end, "on_failure": end },
            id("end", 3): { "type": "end" }, id("end", 4): { "type": "end" }, id("end", 5): { "type": "end" },
            id("end", 6): { "type": "end" }, id("end", 7): { "type": "end" }, id("end", 8): { "type": "end" },
        }),
    );
    value["workflow"][a(3)]["commands"][0]["headers"] = json!({ "Accept": ["application/json"] });
    value["workflow"][a(3)]["commands"][0]["content_b64"] = json!("e30=");
    value["target_definitions"][HOST]["port"] = json!("22");
    value["target_definitions"][HOST]["category"] = json!(["server"]);
    value["target_definitions"][HOST]["authentication_info"] = json!(id("user-auth", 1));
    value["target_definitions"][HOST]["location"] = json!({ "name": "x", "region": "europe" });
    value["authentication_info_definitions"] = json!({ id("user-auth", 1): { "type": "user-auth", "username": "x", "kms": true, "kms_key_identifier": "web" } });
    value["agent_definitions"][common::AGENT]["contact"] =
        json!({ "email": { "work": "a@example.org" }, "phone": {}, "contact_details": "x" });
    value["markings"] = json!([id("marking-tlp", 1)]);
    value["data_marking_definitions"] = json!({ id("marking-tlp", 1): { "type": "marking-tlp", "id": id("marking-tlp", 1), "created_by": id("identity", 1),
        "created": "2026-01-01T00:00:00.000Z", "tlpv2_level": "TLP:GREEN" } });
    value["playbook_types"] = json!(["mitigation"]);
    value["playbook_activities"] = json!(["restrict-access"]);
    value["playbook_processing_summary"] = json!({ "if_logic": true });
    value["signatures"] = json!([{ "type": "jss", "id": id("jss", 1), "created": "2026-01-01T00:00:00.000Z", "modified": "2026-01-01T00:00:00.000Z", "signee": "x",
        "related_to": id("playbook", 1), "related_version": "2026-01-01T00:00:00.000Z", "hash_algorithm": "sha-256", "algorithm": "Ed25519", "public_key": "AA==", "value": "AA" }]);
    value["labels"] = json!(["x"]);
    value["priority"] = json!(1);
    value["valid_from"] = json!("2026-01-01T00:00:00.000Z");
    value
}

/// Every place in a document, as pointers.
fn places(value: &Value, at: &str, found: &mut Vec<String>) {
    if !at.is_empty() {
        found.push(at.to_owned());
    }
    let escape = |name: &str| name.replace('~', "~0").replace('/', "~1");
    match value {
        Value::Object(map) => {
            map.iter().for_each(|(name, value)| places(value, &format!("{at}/{}", escape(name)), found));
        }
        Value::Array(list) => {
            list.iter().enumerate().for_each(|(place, value)| places(value, &format!("{at}/{place}"), found));
        }
        _ => {}
    }
}

/// Places where we look further than the schema, or read on where it stops: said in docs/playbooks.md.
fn judged_apart(pointer: &str, change: &str) -> bool {
    let in_extension =
        pointer.contains("extension-definition--") && !pointer.starts_with("/extension_definitions");
    // Command text of an open type, addresses' own patterns, and a signature's choice of key.
    in_extension
        || pointer.contains("/address/")
        || (pointer.starts_with("/signatures") && ["/public_key"].iter().any(|name| pointer.ends_with(name)))
        || (["number", "object"].contains(&change) && pointer.ends_with("/value"))
        // Its own text wants a timeout of 0 or more.
        || (change == "number" && pointer.ends_with("/timeout"))
        // An open vocabulary: a type that nobody knows is no fault of form.
        || (pointer.ends_with("/type") && change == "word" && ["/agent_definitions", "/target_definitions", "/authentication_info", "/commands/"].iter().any(|part| pointer.contains(part)))
}

#[test]
fn tables_and_schemas_agree_on_every_single_change() {
    let Some(validator) = validator() else { return };
    let value = full();
    let said: Vec<String> =
        validator.iter_errors(&value).map(|error| format!("{} {error}", error.instance_path())).collect();
    assert!(said.is_empty(), "{said:?}");
    assert!(ours(&value), "{:?}", check(&Document::read(&value.to_string()).unwrap()));
    let mut pointers = Vec::new();
    places(&value, "", &mut pointers);
    let mut apart = Vec::new();
    let mut compared = 0;
    for pointer in &pointers {
        for (change, put) in [
            ("gone", None),
            ("number", Some(json!(-1))),
            ("word", Some(json!("no such word"))),
            ("list", Some(json!([]))),
            ("object", Some(json!({ "no-such": 1 }))),
        ] {
            let mut changed = value.clone();
            let (parent, name) = pointer.rsplit_once('/').unwrap();
            let name = name.replace("~1", "/").replace("~0", "~");
            match (changed.pointer_mut(parent).unwrap(), put) {
                (Value::Object(map), None) => {
                    map.shift_remove(&name);
                }
                (Value::Object(map), Some(put)) => {
                    map.insert(name, put);
                }
                (Value::Array(list), None) => {
                    list.remove(name.parse().unwrap());
                }
                (Value::Array(list), Some(put)) => list[name.parse::<usize>().unwrap()] = put,
                _ => unreachable!(),
            }
            if judged_apart(pointer, change) {
                continue;
            }
            compared += 1;
            let theirs = validator.is_valid(&changed);
            if theirs != ours(&changed) {
                apart.push(format!(
                    "{pointer} {change}: the schema says {}",
                    if theirs { "yes" } else { "no" }
                ));
            }
        }
    }
    println!("{compared} changes compared");
    assert!(apart.is_empty(), "{} of {compared} apart:\n{}", apart.len(), apart.join("\n"));
}

/// The public examples: our tables and the schemas agree on which are as the specification has them.
#[test]
fn tables_and_schemas_agree_on_public_examples() {
    let Some(validator) = validator() else { return };
    for (name, text) in common::examples() {
        let value: Value = serde_json::from_str(&text).unwrap();
        assert_eq!(validator.is_valid(&value), ours(&value), "{name}");
    }
}

/// All that Watchbell ships is as the schemas want it, and nothing in it is refused or warned of.
#[test]
fn shipped_playbooks_are_whole() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../content/playbooks");
    let entries = std::fs::read_dir(&folder).unwrap();
    let validator = validator();
    let mut seen = std::collections::BTreeMap::new();
    for path in entries
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|kind| kind == "json"))
    {
        let name = path.display().to_string();
        let document = Document::read(&std::fs::read_to_string(&path).unwrap())
            .unwrap_or_else(|fault| panic!("{name}: {fault}"));
        let bad: Vec<String> = check(&document)
            .iter()
            .filter(|one| one.severity > cacao::Severity::Note)
            .map(ToString::to_string)
            .collect();
        assert!(bad.is_empty(), "{name}:\n{}", bad.join("\n"));
        let value = Value::Object(document.value().clone());
        if let Some(validator) = &validator {
            let said: Vec<String> = validator
                .iter_errors(&value)
                .map(|error| format!("{} {error}", error.instance_path()))
                .collect();
            assert!(said.is_empty(), "{name}: {said:?}");
        }
        let other = seen.insert(value["id"].as_str().unwrap().to_owned(), name.clone());
        assert_eq!(other, None, "{name} has the identifier of another");
    }
}
