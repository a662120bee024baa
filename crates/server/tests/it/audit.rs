//! The ledger as an auditor meets it: signed heads, proofs that hold, and what others may not see.

use std::time::Duration;

use ledger::proof::{hash_from_slice, verify_consistency, verify_inclusion};
use ledger::{Checkpoint, Hash, VerifyingKey, leaf_hash};
use serde_json::Value;

use crate::case::{declare, worked};
use crate::harness::{As, everywhere, spawn};
use crate::intake::SHADOWS;

async fn text(who: &As, path: &str) -> String {
    let (status, bytes) = who.bytes(path).await;
    assert_eq!(status, 200, "{path}");
    String::from_utf8(bytes).unwrap()
}

fn hash(value: &Value) -> Hash {
    hash_from_slice(&base64(value.as_str().unwrap())).unwrap()
}

fn hashes(value: &Value) -> Vec<Hash> {
    value.as_array().unwrap().iter().map(hash).collect()
}

/// Standard base64, enough of it for hashes.
fn base64(text: &str) -> Vec<u8> {
    const SIGNS: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let (mut bytes, mut bits, mut held) = (Vec::new(), 0u32, 0);
    for sign in text.bytes().filter(|sign| *sign != b'=') {
        let value = SIGNS.iter().position(|known| *known == sign).unwrap();
        (bits, held) = (bits << 6 | u32::try_from(value).unwrap(), held + 6);
        if held >= 8 {
            held -= 8;
            bytes.push(u8::try_from(bits >> held & 0xff).unwrap());
        }
    }
    bytes
}

#[tokio::test]
async fn a_checkpoint_follows_within_a_second_and_every_leaf_is_under_it() {
    everywhere(|world| async move {
        let key: VerifyingKey = text(&world.observer, "/api/v1/ledger/key").await.trim().parse().unwrap();
        let old =
            Checkpoint::open(text(&world.admin, "/api/v1/ledger/checkpoint").await.as_bytes(), &key).unwrap();
        worked(&world, "").await;
        let leaves = world.admin.get("/api/v1/ledger/leaves?limit=500").await.expect(200);
        let newest = leaves["items"][0]["index"].as_u64().unwrap();
        let mut new = old.clone();
        for _ in 0..40 {
            let note = text(&world.observer, "/api/v1/ledger/checkpoint").await;
            new = Checkpoint::open(note.as_bytes(), &key).unwrap();
            if new.size() > newest {
                break;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        assert_eq!(new.size(), newest + 1, "{}", world.store);

        for leaf in leaves["items"].as_array().unwrap() {
            let index = leaf["index"].as_u64().unwrap();
            let path = format!("/api/v1/ledger/proof/inclusion?index={index}&size={}", new.size());
            let proof = world.admin.get(&path).await.expect(200);
            assert_eq!(hash(&proof["root"]), new.root());
            let bytes = leaf["leaf"].as_str().unwrap();
            verify_inclusion(
                &hashes(&proof["hashes"]),
                new.size(),
                new.root(),
                index,
                leaf_hash(bytes.as_bytes()),
            )
            .unwrap();
        }
        let path = format!("/api/v1/ledger/proof/consistency?old={}&new={}", old.size(), new.size());
        let proof = world.observer.get(&path).await.expect(200);
        verify_consistency(&hashes(&proof["hashes"]), old.size(), old.root(), new.size(), new.root())
            .unwrap();

        // Signing appends no leaf.
        tokio::time::sleep(Duration::from_millis(700)).await;
        let again = world.admin.get("/api/v1/ledger/leaves?limit=1").await.expect(200);
        assert_eq!(again["items"][0]["index"], newest);
    })
    .await;
}

#[tokio::test]
async fn questions_without_an_answer_are_refused() {
    let world = spawn().await;
    let admin = &world.admin;
    admin.get("/api/v1/ledger/leaves/99999").await.expect(404);
    admin.get("/api/v1/ledger/leaves/18446744073709551615").await.expect(404);
    admin.get("/api/v1/ledger/leaves/-1").await.expect(404);
    admin.get("/api/v1/ledger/proof/inclusion?index=0&size=99999").await.expect(422);
    admin.get("/api/v1/ledger/proof/inclusion?index=1&size=1").await.expect(422);
    admin.get("/api/v1/ledger/proof/inclusion?size=1").await.expect(422);
    admin.get("/api/v1/ledger/proof/consistency?old=3&new=2").await.expect(422);
    admin.get("/api/v1/ledger/proof/consistency?old=0&new=99999").await.expect(422);
    admin.get("/api/v1/ledger/proof/consistency?old=0&new=1").await.expect(200);
    admin.get("/api/v1/ledger/leaves?cursor=x").await.expect(422);
    admin.get("/api/v1/ledger/leaves?unknown=x").await.expect(422);
    for who in [&world.responder, &world.observer] {
        who.get("/api/v1/ledger/leaves").await.expect(403);
        who.get("/api/v1/ledger/leaves/0").await.expect(403);
        who.get("/api/v1/ledger/proof/inclusion?index=0").await.expect(403);
        assert_eq!(who.page("/ledger").await.0, 403);
    }
}

#[tokio::test]
async fn the_list_is_paged_and_filtered() {
    everywhere(|world| async move {
        let id = declare(&world, "Shadow copies deleted", SHADOWS, false).await;
        let mut seen = Vec::new();
        let mut path = "/api/v1/ledger/leaves?limit=7".to_owned();
        loop {
            let page = world.admin.get(&path).await.expect(200);
            seen.extend(page["items"].as_array().unwrap().iter().map(|leaf| leaf["index"].as_u64().unwrap()));
            let Some(next) = page["next"].as_str() else { break };
            path = format!("/api/v1/ledger/leaves?limit=7&cursor={next}");
        }
        let all: Vec<u64> = (0..=seen[0]).rev().collect();
        assert_eq!(seen, all, "{}: every leaf once, newest first", world.store);
        let own =
            world.admin.get(&format!("/api/v1/ledger/leaves?record={}", id.to_lowercase())).await.expect(200);
        assert!(!own["items"].as_array().unwrap().is_empty());
        assert!(own["items"].as_array().unwrap().iter().all(|leaf| leaf["record"] == id.as_str()));
        let (status, page) = world.admin.page(&format!("/ledger?record={id}")).await;
        assert_eq!(status, 200);
        assert!(page.contains("incident.declare") && page.contains("Max Manager"));
    })
    .await;
}

#[tokio::test]
async fn leaves_of_a_restricted_incident_are_hidden_from_who_does_not_belong() {
    everywhere(|world| async move {
        let id = declare(&world, "Insider", SHADOWS, true).await;
        let of = format!("/api/v1/ledger/leaves?record={id}");
        let own = world.manager.get(&of).await.expect(200);
        let index = own["items"][0]["index"].as_u64().unwrap();
        assert_eq!(world.admin.get(&of).await.expect(200)["items"], serde_json::json!([]), "{}", world.store);
        let leaf = format!("/api/v1/ledger/leaves/{index}");
        assert_eq!(world.manager.get(&leaf).await.expect(200)["verified"], true);
        world.admin.get(&leaf).await.expect(404);
        world.admin.get(&format!("/api/v1/ledger/proof/inclusion?index={index}")).await.expect(404);
        assert_eq!(world.admin.page(&format!("/ledger/{index}")).await.0, 404);
        let (_, page) = world.admin.page("/ledger").await;
        assert!(page.contains("/ledger?record=USR-1") && !page.contains(&format!("/ledger?record={id}")));
    })
    .await;
}

#[tokio::test]
async fn a_record_changed_behind_our_back_is_shown_as_such() {
    everywhere(|world| async move {
        let id = declare(&world, "Shadow copies deleted", SHADOWS, false).await;
        let own = world.admin.get(&format!("/api/v1/ledger/leaves?record={id}")).await.expect(200);
        let index = own["items"][0]["index"].as_i64().unwrap();
        let (_, page) = world.admin.page(&format!("/ledger/{index}")).await;
        assert!(page.contains("Unchanged") && page.contains("Shadow copies deleted"), "{}", world.store);
        world
            .app
            .db
            .writer()
            .run::<(), server::Error, _>(move |tx| {
                Box::pin(async move {
                    sqlx::query("update record_version set body = replace(body, 'Shadow', 'Nothing') where leaf_index = $1")
                        .bind(index)
                        .execute(tx)
                        .await?;
                    Ok(())
                })
            })
            .await
            .unwrap();
        assert_eq!(world.admin.get(&format!("/api/v1/ledger/leaves/{index}")).await.expect(200)["verified"], false);
        let (_, page) = world.admin.page(&format!("/ledger/{index}")).await;
        assert!(page.contains("does not agree with the ledger"));
    })
    .await;
}
