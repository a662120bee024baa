//! The plan as a living thing: a draft, its edits, its approval by others than its writers, and who has read the result.

use serde_json::{Value, json};

use crate::harness::{World, everywhere, spawn};

async fn files(world: &World) -> Value {
    world.observer.get("/api/v1/plan/files").await.expect(200)["files"].take()
}

fn shipped(path: &str) -> String {
    std::fs::read_to_string(format!("{}/../../content/plan/{path}", env!("CARGO_MANIFEST_DIR"))).unwrap()
}

#[tokio::test]
async fn the_files_come_out_as_they_went_in() {
    everywhere(|world| async move {
        let mut sent = files(&world).await;
        assert_eq!(sent["roles.yaml"], shipped("roles.yaml"), "{}", world.store);
        // A comment, odd blanks, a byte order mark and another file: all of it is kept.
        let odd = format!("\u{feff}# Ours\r\n{}", shipped("review.yaml"));
        sent["review.yaml"] = json!(odd);
        sent["README.md"] = json!("About our plan, without an end of line");
        let draft = world.manager.post("/api/v1/plan/drafts", json!({ "title": "Ours", "files": sent })).await.expect(201);
        let id = draft["id"].as_str().unwrap();
        approve(&world, id, 1).await;
        assert_eq!(files(&world).await, sent, "{}", world.store);
        assert_eq!(world.observer.get("/api/v1/plan").await.expect(200)["id"], "PLAN-2");
        let first = world.observer.get("/api/v1/plan/files?version=PLAN-1").await.expect(200);
        assert_eq!(first["files"]["review.yaml"], shipped("review.yaml"));
    })
    .await;
}

/// Sends a draft for approval as the manager, and has the administrator approve it.
async fn approve(world: &World, id: &str, state: i64) {
    let (status, said) = world.manager.form(&format!("/plan/drafts/{id}/submit"), &[]).await;
    assert_eq!(status, 303, "{said}");
    let words = [("state", state.to_string()), ("word", "yes".to_owned())];
    let words: Vec<(&str, &str)> = words.iter().map(|(name, value)| (*name, value.as_str())).collect();
    let (status, said) = world.manager.form(&format!("/plan/drafts/{id}/decide"), &words).await;
    assert_eq!(status, 409, "its writer approves nothing: {said}");
    let (status, said) = world.admin.form(&format!("/plan/drafts/{id}/decide"), &words).await;
    assert_eq!(status, 303, "{said}");
}

#[tokio::test]
async fn a_bad_folder_is_refused_with_file_and_line_and_nothing_changes() {
    let world = spawn().await;
    let good = files(&world).await;
    let text = |path: &str| good[path].as_str().unwrap().to_owned();
    let cases = [
        ("roles.yaml", text("roles.yaml").replacen("title: Executive sponsor", "title: [Executive", 1), "roles.yaml:"),
        ("roles.yaml", text("roles.yaml").replacen("[legal_counsel]", "[nobody_here]", 1), "names the role nobody_here"),
        (
            "roles.yaml",
            text("roles.yaml").replacen("reports_to: executive_sponsor", "reports_to: technical_lead", 1),
            "reports to itself",
        ),
        (
            "plan.yaml",
            text("plan.yaml") + "valid: {from: 2026-05-01, until: 2026-04-01}\n",
            "ends on 2026-04-01, before it starts on 2026-05-01",
        ),
        ("plan.yaml", text("plan.yaml") + "time_zone: Mars/Olympus\n", "Mars/Olympus is no time zone"),
        ("../outside.yaml", "a: b\n".to_owned(), "is no name of a plan's file"),
    ];
    for (path, text, said) in cases {
        let mut bad = good.clone();
        bad[path] = json!(text);
        let answer = world.manager.post("/api/v1/plan/drafts", json!({ "title": "Bad", "files": bad })).await.expect(422);
        let detail = answer["detail"].as_str().unwrap();
        assert!(detail.contains(said), "{path}: {detail}");
        let named = detail.lines().any(|line| {
            line.strip_prefix(&format!("{path}:")).is_some_and(|rest| rest.starts_with(|sign: char| sign.is_ascii_digit()))
        });
        assert!(named || path.starts_with(".."), "{path} with its line: {detail}");
    }
    assert_eq!(world.manager.get("/api/v1/plan/drafts").await.expect(200), json!([]));
    assert_eq!(files(&world).await, good);
}

#[tokio::test]
async fn a_draft_is_edited_undone_refused_and_put_in_force() {
    everywhere(|world| async move {
        let (status, _) = world.manager.form("/plan/drafts", &[("title", "Stay reachable")]).await;
        assert_eq!(status, 303);
        let part = "/plan/drafts/DRF-1/parts/prose/01-introduction.md";
        let text = "# Introduction\n\nOurs now.\n";
        let words = [("#state", "1"), ("#as", "text"), ("#text", text)];
        let (status, said) = world.manager.form(part, &words).await;
        assert_eq!(status, 303, "{said}");
        // Whoever had the state before in front of them is told.
        let (status, _) = world.admin.form(part, &[("#state", "1"), ("#as", "text"), ("#text", "# Mine\n")]).await;
        assert_eq!(status, 409);
        // A text that cannot be read changes nothing.
        let broken = [("#state", "2"), ("#as", "text"), ("#text", "owner: [")];
        let (status, said) = world.manager.form("/plan/drafts/DRF-1/parts/review.yaml", &broken).await;
        assert!(status == 422 && said.contains("review.yaml:"), "{status} {said}");
        let (_, page) = world.observer.page("/plan/drafts/DRF-1").await;
        assert!(page.contains("Ours now.") && page.contains("1 part"), "{}", world.store);
        // Back, and forth again: both are states of their own.
        for (state, number) in [("1", 3), ("2", 4)] {
            let (status, said) = world.manager.form("/plan/drafts/DRF-1/back", &[("state", state)]).await;
            assert_eq!(status, 303, "{said}");
            let drafts = world.manager.get("/api/v1/plan/drafts").await.expect(200);
            assert_eq!(drafts[0]["state"], number);
        }
        let (_, said) = world.observer.form("/plan/drafts/DRF-1/submit", &[]).await;
        assert!(said.contains("role"), "{said}");
        world.manager.form("/plan/drafts/DRF-1/submit", &[]).await;
        let no = [("state", "4"), ("word", "no"), ("reason", "Say who keeps it.")];
        assert_eq!(world.admin.form("/plan/drafts/DRF-1/decide", &[("state", "4"), ("word", "no")]).await.0, 422);
        assert_eq!(world.admin.form("/plan/drafts/DRF-1/decide", &no).await.0, 303);
        approve(&world, "DRF-1", 4).await;
        let now = world.observer.get("/api/v1/plan").await.expect(200);
        assert_eq!(now["id"], "PLAN-2");
        assert_eq!(now["plan"]["chapters"][0]["markdown"], text);
        let (_, page) = world.observer.page("/plan/versions/PLAN-2").await;
        assert!(page.contains("1 part changed since PLAN-1") && page.contains("Ours now."));
    })
    .await;
}

#[tokio::test]
async fn everybody_says_of_the_version_in_force_that_they_read_it() {
    everywhere(|world| async move {
        let before = world.observer.get("/api/v1/plan/readers").await.expect(200);
        assert_eq!(before["readers"].as_array().unwrap().len(), 4);
        for _ in 0..2 {
            let (status, said) = world.observer.form("/plan/attest", &[("version", "PLAN-1")]).await;
            assert_eq!(status, 303, "{said}");
        }
        let after = world.observer.get("/api/v1/plan/readers").await.expect(200);
        let read: Vec<&Value> =
            after["readers"].as_array().unwrap().iter().filter(|reader| !reader["read_at"].is_null()).collect();
        assert_eq!(read.len(), 1, "{}", world.store);
        assert_eq!(read[0]["person"], world.observer.id);
        assert_eq!(world.observer.form("/plan/attest", &[("version", "PLAN-9")]).await.0, 409);
    })
    .await;
}
