//! What is refused, and with which words; and what is let pass.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::string_slice,
    clippy::needless_pass_by_value
)]

mod common;

use cacao::{Document, Severity, check, refuses, runnable};
use common::{AGENT, API, HOST, action, book, document, id, manual, policy, ssh};
use serde_json::{Value, json};

/// A finding of this rule, at this place, with this word in it.
fn found(value: &Value, severity: Severity, rule: &str, pointer: &str, word: &str) {
    let findings = check(&document(value));
    let hit = findings.iter().any(|one| {
        one.severity == severity
            && one.rule == rule
            && one.pointer.contains(pointer)
            && one.sentence.contains(word)
    });
    assert!(
        hit,
        "no {rule} at {pointer} with {word} in:{}",
        findings.iter().map(|one| format!("\n{one}")).collect::<String>()
    );
}

fn plain() -> Value {
    book(&id("action", 1), json!({ id("action", 1): manual(&id("end", 9), json!({})) }))
}

#[test]
fn a_plain_playbook_has_nothing_wrong() {
    let (_, findings) = runnable(&document(&plain())).unwrap();
    assert!(findings.iter().all(|one| one.severity == Severity::Note), "{findings:?}");
}

#[test]
fn forms_are_held_against_the_schema() {
    let mut value = plain();
    value.as_object_mut().unwrap().remove("name");
    found(&value, Severity::Error, "schema-missing", "", "`name`");

    for (pointer, put, rule, word) in [
        ("/spec_version", json!("cacao-1.1"), "schema-word", "cacao-2.0"),
        ("/priority", json!(101), "schema-range", "from 0 to 100"),
        ("/priority", json!("high"), "schema-type", "a string"),
        ("/created", json!("yesterday"), "schema-time", "UTC"),
        ("/labels", json!([]), "schema-range", "at least 1"),
        ("/workflow_start", json!(id("end", 9)), "wrong-kind", "start"),
        ("/playbook_variables", json!({ "host": { "type": "string" } }), "schema-name", "__name__"),
        ("/workflow", json!([]), "schema-type", "a list"),
    ] {
        let mut value = plain();
        value[&pointer[1..]] = put;
        found(&value, Severity::Error, rule, pointer, word);
    }
    let mut value = plain();
    value["colour"] = json!("red");
    found(&value, Severity::Warning, "schema-unknown", "/colour", "kept");
    let step = id("action", 1);
    let mut value = plain();
    value["workflow"][&step]["type"] = json!("loop");
    found(&value, Severity::Error, "schema-word", "/type", "if-condition");
}

#[test]
fn what_is_named_must_be_there() {
    let (step, end) = (id("action", 1), id("end", 9));
    let with = |more: Value| book(&step, json!({ &step: ssh(&end, more) }));
    found(
        &with(json!({ "on_completion": id("action", 7) })),
        Severity::Error,
        "missing-step",
        "on_completion",
        "no step",
    );
    found(
        &with(json!({ "agent": id("individual", 7) })),
        Severity::Error,
        "missing-agent",
        "agent",
        "no agent",
    );
    found(
        &with(json!({ "targets": [id("ssh", 7)] })),
        Severity::Error,
        "missing-target",
        "targets/0",
        "no target",
    );
    found(
        &with(json!({ "on_completion": id("start", 0) })),
        Severity::Error,
        "back-to-start",
        "on_completion",
        "start step",
    );
    let mut value = with(json!({}));
    value["workflow_exception"] = json!(id("action", 7));
    found(&value, Severity::Error, "missing-step", "/workflow_exception", "no step");
    value["target_definitions"][HOST]["authentication_info"] = json!(id("user-auth", 1));
    found(
        &value,
        Severity::Error,
        "missing-authentication",
        "authentication_info",
        "authentication_info_definitions",
    );
    let call = id("playbook-action", 1);
    let value = book(
        &call,
        json!({ &call: { "type": "playbook-action", "playbook_id": id("playbook", 1), "on_completion": end } }),
    );
    found(&value, Severity::Error, "calls-itself", "playbook_id", "never end");
}

#[test]
fn commands_nobody_can_execute_are_refused() {
    let (step, end) = (id("action", 1), id("end", 9));
    let of = |command: Value, targets: Value| {
        let mut value = book(&step, json!({ &step: ssh(&end, json!({ "targets": targets })) }));
        value["workflow"][&step]["commands"] = json!([command]);
        value
    };
    let host = json!([HOST]);
    found(
        &of(json!({ "type": "openc2", "command": "x" }), host.clone()),
        Severity::Error,
        "unknown-command",
        "/type",
        "openc2-http",
    );
    found(
        &of(json!({ "type": "pong" }), host.clone()),
        Severity::Error,
        "unknown-command",
        "/type",
        "nobody knows",
    );
    for kind in ["elastic", "kestrel", "jupyter", "caldera-cmd"] {
        found(
            &of(json!({ "type": kind, "command_b64": "eA==" }), host.clone()),
            Severity::Error,
            "command-refused",
            "/type",
            "not executed",
        );
    }
    found(&of(json!({ "type": "ssh" }), host.clone()), Severity::Error, "command-text", "", "neither");
    found(
        &of(json!({ "type": "ssh", "command_b64": "%%" }), host.clone()),
        Severity::Error,
        "command-text",
        "",
        "base64",
    );
    found(
        &of(json!({ "type": "ssh", "command": "a", "command_b64": "eA==" }), host.clone()),
        Severity::Error,
        "command-twice",
        "",
        "both",
    );
    found(
        &of(json!({ "type": "http-api", "command": "FETCH / HTTP/1.1" }), json!([API])),
        Severity::Error,
        "start-line",
        "",
        "method",
    );
    found(
        &of(json!({ "type": "http-api", "command": "GET x HTTP1.1" }), json!([API])),
        Severity::Warning,
        "start-line",
        "",
        "GET /x",
    );
    found(
        &of(json!({ "type": "ssh", "command": "ls" }), json!(null)),
        Severity::Error,
        "schema-type",
        "targets",
        "null",
    );
    let mut value = of(json!({ "type": "ssh", "command": "ls" }), host);
    value["workflow"][&step].as_object_mut().unwrap().remove("targets");
    found(&value, Severity::Error, "no-host", "commands/0", "address");
}

#[test]
fn loops_that_never_end_are_refused() {
    let (one, two, end) = (id("action", 1), id("action", 2), id("end", 9));
    let value = book(&one, json!({ &one: manual(&two, json!({})), &two: manual(&one, json!({})) }));
    found(&value, Severity::Error, "never-ends", "/workflow/action", "round for ever");

    let again = json!({ "on_completion": null });
    let mut value = book(
        &one,
        json!({ &one: manual("", json!({ "on_success": end, "on_failure": two })), &two: manual(&one, json!({})) }),
    );
    found(&value, Severity::Warning, "circle", "/workflow", "circle");
    value["workflow"][&two].as_object_mut().unwrap().extend(again.as_object().unwrap().clone());

    // What the body leads to is no way out of a circle.
    let choice = id("if-condition", 1);
    let value = book(
        &choice,
        json!({
            &choice: { "type": "if-condition", "condition": "__found__:value = 'no'", "on_true": one, "on_completion": choice },
            &one: manual(&end, json!({})),
        }),
    );
    found(&value, Severity::Error, "never-ends", "if-condition", "no way leads");

    let rounds = id("while-condition", 1);
    let with = |condition: &str, more: Value, next: &str| {
        book(
            &rounds,
            json!({
                &rounds: { "type": "while-condition", "condition": condition, "on_true": one, "on_completion": end },
                &one: manual(next, more),
                id("end", 8): { "type": "end" },
            }),
        )
    };
    let inner = id("end", 8);
    let given = json!({ "out_args": ["__found__"] });
    assert!(!refuses(&check(&document(&with("__found__:value = 'no'", given.clone(), &inner)))));
    found(
        &with("__found__:value = 'no'", json!({}), &inner),
        Severity::Error,
        "never-ends",
        "condition",
        "out_args",
    );
    found(
        &with("'a' = 'a'", given.clone(), &inner),
        Severity::Error,
        "never-ends",
        "condition",
        "no variable",
    );
    found(
        &with("__found__:value = 'no'", given, &rounds),
        Severity::Error,
        "loop-back",
        "while-condition",
        "end step",
    );
}

#[test]
fn branches_must_not_share_steps() {
    let (split, one, two, after) = (id("parallel", 1), id("action", 1), id("action", 2), id("action", 3));
    let with = |one_next: &str, two_next: &str| {
        book(
            &split,
            json!({
                &split: { "type": "parallel", "next_steps": [one, two], "on_completion": after },
                &one: manual(one_next, json!({})),
                &two: manual(two_next, json!({})),
                &after: manual(&id("end", 9), json!({})),
                id("end", 7): { "type": "end" },
                id("end", 8): { "type": "end" },
            }),
        )
    };
    assert!(!refuses(&check(&document(&with(&id("end", 7), &id("end", 8))))));
    found(&with(&after, &after), Severity::Error, "shared-by-branches", "next_steps", "once for each");
    found(&with(&id("end", 7), &id("end", 7)), Severity::Warning, "shared-end", "end--", "one for each");
}

#[test]
fn variables_have_scopes() {
    let (one, end) = (id("action", 1), id("end", 9));
    let with = |more: Value| book(&one, json!({ &one: manual(&end, more) }));
    let says = |text: &str| json!({ "commands": [{ "type": "manual", "command": text }] });
    found(
        &with(says("Look at __nothing__:value")),
        Severity::Error,
        "undeclared-variable",
        "commands/0",
        "__nothing__",
    );
    assert!(!refuses(&check(&document(&with(says("Look at __host__:value"))))));
    found(
        &with(json!({ "out_args": ["__nothing__"] })),
        Severity::Error,
        "undeclared-variable",
        "out_args/0",
        "__nothing__",
    );
    let constant = json!({ "out_args": ["__c__"], "step_variables": { "__c__": { "type": "string", "value": "a", "constant": true } } });
    found(&with(constant), Severity::Error, "constant-written", "out_args/0", "constant");
    let shadow = json!({ "step_variables": { "__host__": { "type": "string", "value": "a" } } });
    found(&with(shadow), Severity::Warning, "shadows", "step_variables", "this one");
    let wrong = json!({ "step_variables": { "__n__": { "type": "ipv4-addr", "value": "10.0.0.300" } } });
    found(&with(wrong), Severity::Error, "wrong-value", "/value", "ipv4-addr");
}

#[test]
fn secrets_do_not_stand_in_a_playbook() {
    let mut value = plain();
    let auth = id("user-auth", 1);
    value["authentication_info_definitions"] =
        json!({ &auth: { "type": "user-auth", "username": "root", "password": "hunter2" } });
    found(&value, Severity::Error, "secret-written", "/password", "secret store");
    assert!(check(&document(&value)).iter().all(|one| !one.sentence.contains("hunter2")));
    value["authentication_info_definitions"] = json!({ &auth: { "type": "user-auth", "username": "root", "kms": true, "kms_key_identifier": "web" } });
    assert!(!refuses(&check(&document(&value))));
    let one = id("action", 1);
    let mut value =
        book(&one, json!({ &one: action("http-api", "GET / HTTP/1.1", &[API], &id("end", 9), json!({})) }));
    value["workflow"][&one]["commands"][0]["headers"] = json!({ "Authorization": ["Bearer x"] });
    found(&value, Severity::Error, "secret-written", "Authorization", "authentication_info");
}

#[test]
fn the_extension_is_read_strictly() {
    let (one, end) = (id("action", 1), id("end", 9));
    let with = |more: Value| book(&one, json!({ &one: manual(&end, policy(more)) }));
    for (more, word) in [
        (json!({ "rol": "lead" }), "unknown field"),
        (json!({ "retry": { "attempts": 0 } }), "From 1 to 20"),
        (json!({ "approval": { "role": "", "quorum": 1 } }), "role"),
        (json!({ "rollback": end }), "action step"),
    ] {
        let findings = check(&document(&with(more.clone())));
        assert!(
            refuses(&findings) && findings.iter().any(|one| one.sentence.contains(word)),
            "{more}: {findings:?}"
        );
    }
    assert!(!refuses(&check(&document(&with(
        json!({ "role": "lead", "retry": { "attempts": 3 }, "approval": { "role": "lead" } })
    )))));
}

#[test]
fn no_text_makes_the_check_fall_over() {
    for text in [
        "{}",
        "{\"workflow\":{\"a\":{}}}",
        "{\"workflow\":{\"action--\":null}}",
        "{\"workflow\":{\"\":{\"type\":\"action\",\"commands\":[null]}}}",
    ] {
        assert!(refuses(&check(&Document::read(text).unwrap())), "{text}");
    }
    let _ = AGENT;
}

/// The public examples: each validates or gets a reason that hits.
#[test]
fn public_examples_are_taken_or_refused_for_a_reason() {
    let expected = [
        ("fin-playbook.json", Some(vec!["schema-missing", "unknown-command"])),
        ("http-playbook.json", None),
        ("manual-playbook.json", None),
        ("openc2-playbook.json", Some(vec!["unknown-command"])),
        ("powershell-playbook.json", Some(vec!["secret-written"])),
        ("ssh-playbook.json", Some(vec!["secret-written"])),
    ];
    let examples = common::examples();
    for (name, text) in &examples {
        let document = Document::read(text).unwrap();
        let findings = check(&document);
        let errors: std::collections::BTreeSet<&str> =
            findings.iter().filter(|one| one.severity == Severity::Error).map(|one| one.rule).collect();
        let wanted =
            expected.iter().find(|(known, _)| known == name).unwrap_or_else(|| panic!("{name} is new"));
        let wanted: std::collections::BTreeSet<&str> = wanted.1.iter().flatten().copied().collect();
        assert_eq!(errors, wanted, "{name}: {findings:?}");
        // What was read comes out again, in the types too.
        if let Ok(playbook) = document.playbook() {
            assert_eq!(
                serde_json::to_value(&playbook).unwrap(),
                Value::Object(document.value().clone()),
                "{name}"
            );
        }
    }
    assert!(examples.is_empty() || examples.len() == expected.len());
}
