//! Playbooks that nobody should run: each is refused with the reason, or stopped at a bound, and nothing changes.

use serde_json::{Value, json};

use super::{action, book, end, id, is, keep, manual_book, step, until};
use crate::harness::{World, everywhere, spawn};

/// All that a bad playbook must leave as it was.
async fn state(world: &World) -> (Value, Value) {
    let library = world.observer.get("/api/v1/playbooks?limit=100").await.list();
    let leaves = world.admin.get("/api/v1/ledger/leaves?limit=500").await.list();
    (library, leaves)
}

#[tokio::test]
async fn what_cannot_be_run_is_refused_and_nothing_changes() {
    everywhere(|world| async move {
        let before = state(&world).await;
        let good = manual_book();
        let with = |change: &dyn Fn(&mut Value)| {
            let mut bad = good.clone();
            change(&mut bad);
            bad
        };
        let decision = |condition: &str| {
            json!({ "type": "while-condition", "condition": condition, "on_true": action(1), "on_completion": end() })
        };
        let cases: Vec<(&str, Value)> = vec![
            ("round for ever", with(&|bad| {
                bad["workflow"][action(1)]["on_completion"] = json!(action(2));
                bad["workflow"][action(2)] = step("manual", "And again.", &action(1), json!({}));
            })),
            ("the loop never ends", with(&|bad| {
                bad["workflow"][id("while-condition", 1)] = decision("__host__:value = 'x'");
                bad["workflow"][id("start", 0)]["on_completion"] = json!(id("while-condition", 1));
            })),
            ("stands where a variable", with(&|bad| {
                bad["workflow"][id("while-condition", 1)] = decision("__found__:value ==== 'x'");
                bad["workflow"][id("start", 0)]["on_completion"] = json!(id("while-condition", 1));
            })),
            ("no step", with(&|bad| bad["workflow"][action(1)]["on_completion"] = json!(action(8)))),
            ("no command type", with(&|bad| bad["workflow"][action(1)]["commands"][0]["type"] = json!("telnet"))),
            ("not executed", with(&|bad| bad["workflow"][action(1)]["commands"][0]["type"] = json!("jupyter"))),
            ("not executed", with(&|bad| bad["workflow"][action(1)]["commands"][0]["type"] = json!("caldera-cmd"))),
            ("neither of the step nor of the playbook", with(&|bad| {
                bad["workflow"][action(1)]["commands"][0]["command"] = json!("Look at __nowhere__:value");
            })),
            ("secret store", with(&|bad| {
                bad["authentication_info_definitions"][id("user-auth", 1)]["password"] = json!("hunter2");
            })),
        ];
        for (word, bad) in cases {
            let said = world.manager.post("/api/v1/playbooks", bad.clone()).await.expect(422);
            let detail = said["detail"].as_str().unwrap();
            assert!(detail.contains(word), "{word} in {detail}");
            let checked = world.observer.post("/api/v1/playbooks/check", bad).await.expect(200);
            assert_eq!(checked["refused"], true);
        }
        for text in ["", "{", "[]", "{\"a\": 1, \"a\": 2}", &"[".repeat(100_000)] {
            let request = world.manager.request(reqwest::Method::POST, "/api/v1/playbooks");
            let said = crate::harness::answer(request.body(text.to_owned())).await.expect(422);
            assert!(said["detail"].as_str().unwrap().contains("refused"), "{said}");
        }
        assert_eq!(state(&world).await, before);
    })
    .await;
}

#[tokio::test]
async fn a_loop_that_would_not_end_is_stopped_at_its_bound() {
    let world = spawn().await;
    let steps = json!({
        id("while-condition", 1): { "type": "while-condition", "name": "Until it is found", "condition": "__found__:value = 'no'",
            "on_true": action(2), "on_completion": end() },
        action(1): step("manual", "Begin.", &id("while-condition", 1), json!({})),
        action(2): step("manual", "Look again.", &id("end", 8), json!({ "out_args": ["__found__"] })),
        id("end", 8): { "type": "end" },
    });
    let mut playbook = book(10, steps, "192.0.2.1:80");
    playbook["playbook_extensions"] = json!({ cacao::EXTENSION: { "max_iterations": 3 } });
    let number = keep(&world.manager, &playbook).await;
    let incident = super::incident(&world).await;
    let run = super::run(&world, &incident, &number, json!({})).await;
    for _ in 0..4 {
        let key = until(&world.responder, &run, super::waits("manual")).await["waiting"][0]["key"].clone();
        world.responder.post(&format!("{run}/answer"), json!({ "key": key })).await.expect(200);
    }
    let failed = until(&world.observer, &run, is("failed")).await;
    let reasons = failed["steps"].to_string();
    assert!(reasons.contains("The loop has run 3 times, as often as it may"), "{reasons}");
}

#[tokio::test]
async fn playbooks_that_call_each_other_end_somewhere() {
    let world = spawn().await;
    let calls = |own, other| {
        let call = json!({ action(1): step("manual", "Begin.", &id("playbook-action", 1), json!({})),
            id("playbook-action", 1): { "type": "playbook-action", "playbook_id": id("playbook", other), "on_completion": end() } });
        book(own, call, "192.0.2.1:80")
    };
    // That one calls itself is seen at once; that two call each other only when they run.
    let said = world.manager.post("/api/v1/playbooks", calls(11, 11)).await.expect(422);
    assert!(said["detail"].as_str().unwrap().contains("would never end"), "{said}");
    let number = keep(&world.manager, &calls(11, 12)).await;
    keep(&world.manager, &calls(12, 11)).await;
    let incident = super::incident(&world).await;
    let first = super::run(&world, &incident, &number, json!({})).await;
    for depth in 1..=5 {
        let run = format!("/api/v1/runs/RUN-{depth}");
        for _ in 0..100 {
            if world.responder.get(&run).await.status.is_success() {
                break;
            }
            tokio::time::sleep(std::time::Duration::from_millis(50)).await;
        }
        let key = until(&world.responder, &run, super::waits("manual")).await["waiting"][0]["key"].clone();
        world.responder.post(&format!("{run}/answer"), json!({ "key": key })).await.expect(200);
    }
    let failed = until(&world.observer, &first, is("failed")).await;
    assert!(failed["steps"].to_string().contains("5 deep at most"), "{failed}");
    assert_eq!(
        world.observer.get(&format!("{incident}/runs?limit=100")).await.list().as_array().unwrap().len(),
        5
    );
}
