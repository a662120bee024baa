//! The law of evidence: who signs what, what two people it takes, what is kept and what is destroyed, and
//! what of it leaves the house.

use std::io::{Cursor, Read};
use std::path::PathBuf;

use jiff::SignedDuration;
use platform::clock::Clock;
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use crate::case::{HOSTILE, declare, hand_over};
use crate::harness::{As, PASSWORD, World, account, everywhere, everywhere_with, spawn};
use crate::intake::SHADOWS;

const SECRET: &[u8] = b"what nobody may read from the disk: 4929-1111-2222-3333";

/// Hands over a file; gives the item's name.
async fn item(who: &As, incident: &str) -> String {
    let item = hand_over(who, incident, "cards.txt", SECRET.to_vec(), &[]).await.expect(201);
    item["id"].as_str().unwrap().to_owned()
}

/// Does something with an item, signed.
async fn act(who: &As, item: &str, act: &str, more: Value, status: u16) -> Value {
    let mut body = json!({ "act": act, "password": PASSWORD });
    body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    who.post(&format!("/api/v1/evidence/{item}/custody"), body).await.expect(status)
}

/// The blobs that lie under a key.
fn sealed_blobs(world: &World) -> Vec<PathBuf> {
    let folders = std::fs::read_dir(world.app.data.join("blobs")).unwrap().map(|entry| entry.unwrap().path());
    let files = folders.filter(|path| path.is_dir()).flat_map(|folder| std::fs::read_dir(folder).unwrap());
    files
        .map(|entry| entry.unwrap().path())
        .filter(|path| std::fs::read(path).unwrap().starts_with(b"WBSEAL1\n"))
        .collect()
}

async fn close(world: &World, incident: &str) {
    let path = format!("/api/v1/incidents/{incident}");
    let closing = json!({ "outcome": "resolved", "root_cause": "A macro", "lessons": "Block macros" });
    let answer = world.manager.post(&format!("{path}/close"), closing.clone()).await;
    if answer.status == StatusCode::OK {
        return;
    }
    for task in world.manager.get(&format!("{path}/tasks")).await.expect(200)["items"].as_array().unwrap() {
        let task = format!("/api/v1/tasks/{}/skip", task["id"].as_str().unwrap());
        world.manager.post(&task, json!({ "reason": "Not needed here" })).await;
    }
    world.manager.post(&format!("{path}/close"), closing).await.expect(200);
}

async fn acts(who: &As, item: &str) -> Vec<String> {
    let item = who.get(&format!("/api/v1/evidence/{item}")).await.expect(200);
    let chain = item["custody"].as_array().unwrap().iter();
    chain.map(|link| link["act"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn evidence_lies_encrypted_and_every_item_under_a_key_of_its_own() {
    everywhere(|world| async move {
        let id = declare(&world, "Cards", SHADOWS, false).await;
        let (one, two) = (item(&world.responder, &id).await, item(&world.responder, &id).await);
        let blobs = sealed_blobs(&world);
        assert_eq!(blobs.len(), 2, "{}: the same content lies twice, under two keys", world.store);
        for blob in &blobs {
            let bytes = std::fs::read(blob).unwrap();
            assert!(!bytes.windows(9).any(|window| window == b"4929-1111"));
            // Whoever has no key can still check the disk: a blob is named by its sealed bytes.
            assert_eq!(blob.file_name().unwrap().to_str().unwrap(), ledger::Digest::of(&bytes).to_string());
        }
        for name in [&one, &two] {
            let (status, bytes) = world.observer.bytes(&format!("/api/v1/evidence/{name}/content")).await;
            assert_eq!((status, bytes.as_slice()), (StatusCode::OK, SECRET));
        }
        let item = world.observer.get(&format!("/api/v1/evidence/{one}")).await.expect(200);
        assert_eq!(item["encrypted"], true);
        assert_eq!(item["sha1"].as_str().unwrap().len(), 40);
        // The delivery behind the incident is telemetry and stays readable as it was.
        let first = world.observer.get("/api/v1/evidence/EVD-1").await.expect(200);
        assert_eq!((&first["encrypted"], first["delivery"].is_string()), (&json!(false), true));
        assert_eq!(world.observer.bytes("/api/v1/evidence/EVD-1/content").await.0, 200);
    })
    .await;
}

#[tokio::test]
async fn an_act_is_signed_by_whoever_gives_their_password() {
    everywhere(|world| async move {
        let id = declare(&world, "Cards", SHADOWS, false).await;
        let name = item(&world.responder, &id).await;
        let path = format!("/api/v1/evidence/{name}/custody");
        for password in [json!({}), json!({ "password": "" }), json!({ "password": "not this one at all" })] {
            let mut body = json!({ "act": "sealed" });
            body.as_object_mut().unwrap().extend(password.as_object().unwrap().clone());
            let refused = world.responder.post(&path, body).await.expect(422);
            assert!(refused["detail"].as_str().unwrap().contains("password"), "{refused}");
        }
        assert_eq!(acts(&world.responder, &name).await, ["collected"], "{}", world.store);

        let attested = act(&world.responder, &name, "attested", json!({}), 200).await;
        let sealed = act(&world.responder, &name, "sealed", json!({ "reason": "Bag 0117" }), 200).await;
        let (one, two) = (&attested["custody"][1]["signature"], &sealed["custody"][2]["signature"]);
        assert_eq!(one["key"], two["key"], "a person has one key");
        let said =
            ledger::person::statement(&name, sealed["sha256"].as_str().unwrap(), 3, &sealed["custody"][2]);
        assert!(ledger::person::is_signed(
            &said,
            two["public_key"].as_str().unwrap(),
            two["signature"].as_str().unwrap()
        ));
        assert!(sealed["custody"][0]["signature"].is_null(), "nobody gave a password when it was collected");
        let leaves = world
            .manager
            .get(&format!("/api/v1/ledger/leaves?record={}", one["key"].as_str().unwrap()))
            .await;
        assert_eq!(leaves.list()[0]["act"], "signing_key.create");

        // The key opens with the new password, and with the new one alone.
        let cookie = crate::harness::sign_in(&world.base, "rita.responder@example.org").await;
        let changed = crate::harness::client(None)
            .post(format!("{}/settings/password", world.base))
            .header("cookie", cookie)
            .form(&[("old", PASSWORD), ("new", "another long password")])
            .send()
            .await
            .unwrap();
        assert!(changed.status().is_redirection(), "{}", changed.text().await.unwrap());
        act(&world.responder, &name, "unsealed", json!({ "reason": "x" }), 422).await;
        let again = json!({ "act": "unsealed", "reason": "To look", "password": "another long password" });
        let unsealed = world.responder.post(&path, again).await.expect(200);
        assert_eq!(unsealed["custody"][3]["signature"]["public_key"], one["public_key"]);
    })
    .await;
}

#[tokio::test]
async fn a_transfer_stands_when_the_receiver_signs_for_it() {
    everywhere(|world| async move {
        let id = declare(&world, "Cards", SHADOWS, false).await;
        let name = item(&world.responder, &id).await;
        act(&world.responder, &name, "transferred", json!({ "to": world.manager.id }), 409).await;
        for (to, status) in [("Evidence safe", 422), ("USR-999", 404), (world.observer.id.as_str(), 409)] {
            act(&world.responder, &name, "offered", json!({ "to": to }), status).await;
        }
        let offered = act(&world.responder, &name, "offered", json!({ "to": world.manager.id }), 200).await;
        assert_eq!(
            (&offered["custodian"], &offered["custody"][1]["to"]),
            (&json!("Rita Responder"), &json!("Max Manager"))
        );
        assert_eq!(offered["pending"]["transfer"]["account"], world.manager.id, "{}", world.store);
        // Nobody else signs for it, and nothing else happens to it meanwhile.
        act(&world.responder, &name, "accepted", json!({}), 409).await;
        act(&world.admin, &name, "refused", json!({ "reason": "x" }), 409).await;
        act(&world.responder, &name, "sealed", json!({}), 409).await;
        let (_, page) = world.manager.page(&format!("/evidence/{name}")).await;
        assert!(page.contains("value=\"accepted\"") && page.contains("value=\"refused\""));
        let (_, page) = world.responder.page(&format!("/evidence/{name}")).await;
        assert!(page.contains("value=\"withdrawn\"") && !page.contains("value=\"accepted\""));

        act(&world.manager, &name, "refused", json!({ "reason": "The seal is broken" }), 200).await;
        act(&world.responder, &name, "offered", json!({ "to": world.manager.id }), 200).await;
        act(&world.responder, &name, "withdrawn", json!({}), 200).await;
        act(&world.responder, &name, "offered", json!({ "to": world.manager.id }), 200).await;
        let accepted = act(&world.manager, &name, "accepted", json!({}), 200).await;
        assert_eq!((&accepted["custodian"], &accepted["pending"]), (&json!("Max Manager"), &Value::Null));
        let keys: Vec<&Value> =
            accepted["custody"].as_array().unwrap().iter().map(|link| &link["signature"]["key"]).collect();
        assert!(keys[0].is_null() && keys[1..].iter().all(|key| key.is_string()), "{keys:?}");
        assert_ne!(keys[5], keys[6], "the receiver signs with a key of their own");

        // Whoever may not know of the incident cannot be given its evidence.
        let other = account(&world.admin, "Olga Other", domain::Role::Responder).await;
        world
            .manager
            .post(&format!("/api/v1/incidents/{id}/restrict"), json!({ "restricted": true }))
            .await
            .expect(200);
        act(&world.manager, &name, "offered", json!({ "to": other.id }), 409).await;
    })
    .await;
}

#[tokio::test]
async fn two_people_destroy_and_then_nothing_can_be_read() {
    everywhere(|world| async move {
        let id = declare(&world, "Cards", SHADOWS, false).await;
        let (name, other) = (item(&world.responder, &id).await, item(&world.responder, &id).await);
        // A copy of everything on the disk, as a backup of the files without the database would be.
        let copies: Vec<Vec<u8>> =
            sealed_blobs(&world).iter().map(|path| std::fs::read(path).unwrap()).collect();
        act(&world.responder, &name, "destroyed", json!({}), 409).await;
        act(&world.responder, &name, "destruction_proposed", json!({}), 422).await;
        act(&world.responder, &name, "destruction_proposed", json!({ "reason": "Retention is over" }), 200)
            .await;
        let refused = act(&world.responder, &name, "destroyed", json!({}), 409).await;
        assert!(refused["detail"].as_str().unwrap().contains("two people"), "{refused}");
        act(&world.manager, &name, "destruction_declined", json!({ "reason": "Not yet" }), 200).await;
        act(&world.responder, &name, "destruction_proposed", json!({ "reason": "Now it is" }), 200).await;
        assert_eq!(
            sealed_blobs(&world).len(),
            2,
            "{}: nothing is gone before the second signature",
            world.store
        );
        let gone = act(&world.manager, &name, "destroyed", json!({}), 200).await;
        assert_eq!((&gone["status"], gone["destroyed_at"].is_string()), (&json!("destroyed"), true));

        assert_eq!(sealed_blobs(&world).len(), 1);
        let refused = world.admin.get(&format!("/api/v1/evidence/{name}/content")).await.expect(409);
        assert!(refused["detail"].as_str().unwrap().contains("destroyed"), "{refused}");
        // Even with the bytes put back, no key opens them.
        for (number, copy) in copies.iter().enumerate() {
            let sha256 = ledger::Digest::of(copy).to_string();
            std::fs::write(world.app.data.join("blobs").join(&sha256[..2]).join(&sha256), copy)
                .unwrap_or_else(|error| panic!("copy {number}: {error}"));
        }
        world.admin.get(&format!("/api/v1/evidence/{name}/content")).await.expect(409);
        assert_eq!(world.admin.bytes(&format!("/api/v1/evidence/{other}/content")).await.1, SECRET);
        // The record, its digests and its chain stay, and nothing follows.
        let left = world.observer.get(&format!("/api/v1/evidence/{name}")).await.expect(200);
        assert_eq!(left["sha256"], ledger::Digest::of(SECRET).to_string());
        assert_eq!(left["custody"].as_array().unwrap().len(), 5);
        act(&world.manager, &name, "attested", json!({}), 409).await;
        world.responder.post(&format!("/api/v1/evidence/{name}/verify"), json!({})).await.expect(409);
        let (status, page) = world.observer.page(&format!("/evidence/{name}")).await;
        assert!(status == 200 && page.contains("Its key was destroyed"));
        // Telemetry is not an item's to destroy.
        act(&world.responder, "EVD-1", "destruction_proposed", json!({ "reason": "x" }), 409).await;
    })
    .await;
}

#[tokio::test]
async fn what_is_destroyed_leaves_no_key_in_the_database() {
    let world = spawn().await;
    let id = declare(&world, "Cards", SHADOWS, false).await;
    let name = item(&world.responder, &id).await;
    let keys = async || {
        let rows = sqlx_rows(&world, "select count(*) from evidence where sealed_key is not null").await;
        (rows, sqlx_rows(&world, "select count(*) from evidence_key where sealed is not null").await)
    };
    assert_eq!(keys().await, (1, 1));
    act(&world.responder, &name, "destruction_proposed", json!({ "reason": "x" }), 200).await;
    act(&world.manager, &name, "destroyed", json!({}), 200).await;
    assert_eq!(keys().await, (0, 0), "nothing lies under the incident's key any more, so it goes too");
    // What comes later lies under a new one.
    let next = item(&world.responder, &id).await;
    assert_eq!(keys().await, (1, 1));
    assert_eq!(world.observer.bytes(&format!("/api/v1/evidence/{next}/content")).await.1, SECRET);
}

async fn sqlx_rows(world: &World, statement: &'static str) -> i64 {
    use sqlx::Row;
    sqlx::query(statement).fetch_one(world.app.db.readers()).await.unwrap().try_get(0).unwrap()
}

#[tokio::test]
async fn a_hold_keeps_what_is_due_until_it_is_lifted() {
    let clock = Clock::manual("2026-11-24T03:00:00Z".parse().unwrap());
    let theirs = clock.clone();
    everywhere_with(
        move |config| server::Config { clock: theirs.clone(), ..config },
        |world| {
            let clock = clock.clone();
            async move {
                let id = declare(&world, "Cards", SHADOWS, false).await;
                let (name, path) = (item(&world.responder, &id).await, format!("/api/v1/incidents/{id}"));
                let due = async || {
                    let told = world.observer.get("/api/v1/evidence/due").await.expect(200);
                    told.as_array()
                        .unwrap()
                        .iter()
                        .map(|due| due["item"]["id"].as_str().unwrap().to_owned())
                        .collect::<Vec<_>>()
                };
                let keeping = async || {
                    world.observer.get(&format!("/api/v1/evidence/{name}/keeping")).await.expect(200)
                };
                assert_eq!(keeping().await["retain_for"], "730d", "{}: the plan says 730 days", world.store);
                for (body, status) in [
                    (json!({ "retain_for": "30d" }), 422),
                    (json!({ "retain_for": "soon", "reason": "x" }), 422),
                ] {
                    world.manager.post(&format!("{path}/retention"), body).await.expect(status);
                }
                let set = json!({ "retain_for": "30d", "reason": "Agreed with the works council" });
                world.responder.post(&format!("{path}/retention"), set.clone()).await.expect(403);
                world.manager.post(&format!("{path}/retention"), set).await.expect(200);
                close(&world, &id).await;
                assert!(due().await.is_empty());
                clock.advance(SignedDuration::from_hours(24 * 31));
                assert_eq!(due().await, [name.as_str()]);
                let (_, page) = world.observer.page("/evidence").await;
                assert!(page.contains("Due for destruction"));

                let reason = json!({ "reason": "Ordered by counsel" });
                world.responder.post(&format!("{path}/holds"), reason.clone()).await.expect(403);
                world.manager.post(&format!("{path}/holds"), json!({ "reason": " " })).await.expect(422);
                let hold = world.manager.post(&format!("{path}/holds"), reason.clone()).await.expect(201);
                let second = world
                    .manager
                    .post(&format!("/api/v1/evidence/{name}/holds"), reason.clone())
                    .await
                    .expect(201);
                assert_eq!((&hold["evidence"], &second["evidence"]), (&Value::Null, &json!(name)));
                assert!(due().await.is_empty());
                assert_eq!(keeping().await["holds"].as_array().unwrap().len(), 2);
                let refused =
                    act(&world.responder, &name, "destruction_proposed", json!({ "reason": "x" }), 409).await;
                assert!(refused["detail"].as_str().unwrap().contains("legal hold"), "{refused}");

                let lift = async |hold: &Value, status: u16| {
                    let path = format!("/api/v1/holds/{}/lift", hold["id"].as_str().unwrap());
                    world.manager.post(&path, json!({ "reason": "The case is settled" })).await.expect(status)
                };
                lift(&hold, 200).await;
                lift(&hold, 409).await;
                assert!(due().await.is_empty(), "the other one stands");
                lift(&second, 200).await;
                assert_eq!(due().await, [name.as_str()]);
                // A hold that comes between the two signatures stops the second.
                act(
                    &world.responder,
                    &name,
                    "destruction_proposed",
                    json!({ "reason": "Retention is over" }),
                    200,
                )
                .await;
                let third = world.manager.post(&format!("{path}/holds"), reason).await.expect(201);
                act(&world.manager, &name, "destroyed", json!({}), 409).await;
                lift(&third, 200).await;
                act(&world.manager, &name, "destroyed", json!({}), 200).await;
                assert!(due().await.is_empty());
                let holds = world.observer.get(&format!("{path}/holds")).await.expect(200);
                assert!(holds.as_array().unwrap().iter().all(|hold| hold["lifted_at"].is_string()));
            }
        },
    )
    .await;
}

#[tokio::test]
async fn every_item_is_hashed_again_each_week_and_a_difference_is_an_alarm() {
    let clock = Clock::manual("2026-11-24T03:00:00Z".parse().unwrap());
    let theirs = clock.clone();
    everywhere_with(
        move |config| server::Config { clock: theirs.clone(), ..config },
        |world| {
            let clock = clock.clone();
            async move {
                let id = declare(&world, "Cards", SHADOWS, false).await;
                let name = item(&world.responder, &id).await;
                let due = async || server::evidence::recheck::due(&world.app).await.unwrap();
                assert_eq!(due().await, 0, "{}", world.store);
                clock.advance(SignedDuration::from_hours(6 * 24));
                assert_eq!(due().await, 0);
                clock.advance(SignedDuration::from_hours(25));
                assert_eq!((due().await, due().await), (2, 0));
                let told = world.observer.get("/api/v1/evidence/EVD-1").await.expect(200);
                assert_eq!(
                    (&told["checked"]["intact"], &told["checked"]["by"]),
                    (&json!(true), &json!("watchbell"))
                );
                assert_eq!(told["md5"].as_str().unwrap().len(), 32, "what had no MD5 has one now");

                let blob = &sealed_blobs(&world)[0];
                let mut bytes = std::fs::read(blob).unwrap();
                *bytes.last_mut().unwrap() ^= 1;
                std::fs::write(blob, &bytes).unwrap();
                clock.advance(SignedDuration::from_hours(7 * 24));
                assert_eq!(due().await, 2);
                let told = world.observer.get(&format!("/api/v1/evidence/{name}")).await.expect(200);
                assert_eq!(told["checked"]["intact"], false);
                let leaves = world.manager.get(&format!("/api/v1/ledger/leaves?record={name}")).await.list();
                assert_eq!(leaves[0]["act"], "evidence.altered");
                let (_, page) = world.observer.page("/evidence").await;
                assert!(page.contains("Bytes on the disk are not the ones that were acquired"));
            }
        },
    )
    .await;
}

#[tokio::test]
async fn an_export_is_a_zip_under_a_password_with_names_that_harm_nobody() {
    let world = spawn().await;
    let id = declare(&world, "Cards", SHADOWS, false).await;
    let mut names: Vec<&str> = HOSTILE.to_vec();
    names.extend([
        "../../../../etc/cron.d/x",
        "..\\..\\evil.exe",
        "/abs",
        "C:\\x",
        "CON",
        ".",
        "..",
        "a/../../b",
    ]);
    for name in &names {
        hand_over(&world.responder, &id, name, SECRET.to_vec(), &[]).await.expect(201);
    }
    act(&world.responder, "EVD-2", "attested", json!({}), 200).await;
    let export = async |path: &str, body: Value, status: u16| {
        let response = world.manager.request(Method::POST, path).json(&body).send().await.unwrap();
        assert_eq!(response.status().as_u16(), status, "{path}");
        let password = response
            .headers()
            .get("watchbell-export-password")
            .map(|value| value.to_str().unwrap().to_owned());
        (password, response.bytes().await.unwrap().to_vec())
    };
    let one = "/api/v1/evidence/EVD-2/export";
    world.responder.post(one, json!({})).await.expect(403);
    export(one, json!({ "password": "short" }), 422).await;
    let (told, _) = export(one, json!({ "password": "a password given by us" }), 200).await;
    assert_eq!(told, None, "who gave it knows it");

    let (told, bytes) = export(&format!("/api/v1/incidents/{id}/evidence/export"), json!({}), 200).await;
    let password = told.expect("one is made and told");
    assert!(!bytes.windows(9).any(|window| window == b"4929-1111"), "packed, and readable");
    let mut zip = zip::ZipArchive::new(Cursor::new(&bytes)).unwrap();
    let inside: Vec<String> =
        (0..zip.len()).map(|n| zip.by_index_raw(n).unwrap().name().unwrap().into_owned()).collect();
    assert_eq!(inside.iter().filter(|name| name.starts_with("evidence/")).count(), names.len() + 1);
    for name in &inside {
        let plain = |c: char| c.is_ascii_alphanumeric() || "-_./".contains(c);
        let parts: Vec<&str> = name.split('/').collect();
        assert!(
            name.chars().all(plain) && parts.iter().all(|part| !part.is_empty() && !part.starts_with('.')),
            "{name}"
        );
        assert!(!parts.last().unwrap().to_ascii_uppercase().starts_with("CON."), "{name}");
    }
    for n in 0..zip.len() {
        assert!(zip.by_index(n).is_err(), "it opens without a password");
        assert!(
            zip.by_index_decrypt(n, b"wrong password")
                .map(|mut file| file.read_to_end(&mut Vec::new()).is_err())
                .unwrap_or(true)
        );
    }
    let mut read = |name: &str| {
        let (at, mut content) = (inside.iter().position(|known| known == name).expect(name), Vec::new());
        zip.by_index_decrypt(at, password.as_bytes()).unwrap().read_to_end(&mut content).unwrap();
        content
    };
    let manifest: Value = serde_json::from_slice(&read("manifest.json")).unwrap();
    let item = &manifest["items"][1];
    assert_eq!(
        (&item["record"]["id"], &item["record"]["name"]),
        (&json!("EVD-2"), &json!(names[0].replace('"', "%22")))
    );
    assert_eq!(item["record"]["custody"][1]["signature"]["key"], "SIG-1");
    assert_eq!(read(item["path"].as_str().unwrap()), SECRET);
    assert!(read("EVD-2-custody.pdf").starts_with(b"%PDF-"));
    let sums = String::from_utf8(read("SHA256SUMS")).unwrap();
    assert!(sums.contains(&format!("{}  {}", ledger::Digest::of(SECRET), item["path"].as_str().unwrap())));
    let leaves = world.manager.get("/api/v1/ledger/leaves?record=EVD-2").await.list();
    assert_eq!(leaves[0]["act"], "evidence.export");

    // The page proposes a password, another one each time, and the form gives the file.
    let proposed = async || {
        let (status, page) = world.manager.page("/evidence/EVD-2/export").await;
        assert_eq!(status, 200);
        let form = page.split("<main").nth(1).unwrap();
        form.split("value=\"").nth(1).unwrap().split('"').next().unwrap().to_owned()
    };
    let first = proposed().await;
    assert!(first.len() >= 20, "{first:?}");
    assert_ne!(first, proposed().await);
    let (status, _) =
        world.manager.form("/evidence/EVD-2/export", &[("password", "a password given by us")]).await;
    assert_eq!(status, 200);
}

#[tokio::test]
async fn the_bundle_proves_what_people_signed() {
    let world = spawn().await;
    let id = declare(&world, "Cards", SHADOWS, false).await;
    let name = item(&world.responder, &id).await;
    act(&world.responder, &name, "attested", json!({}), 200).await;
    act(&world.responder, &name, "offered", json!({ "to": world.manager.id }), 200).await;
    act(&world.manager, &name, "accepted", json!({}), 200).await;
    let gone = item(&world.responder, &id).await;
    act(&world.responder, &gone, "destruction_proposed", json!({ "reason": "Taken twice" }), 200).await;
    act(&world.manager, &gone, "destroyed", json!({}), 200).await;
    let (status, bytes) = world.manager.bytes(&format!("/api/v1/incidents/{id}/bundle")).await;
    assert_eq!(status, 200);
    let verdict = ledger::bundle::verify(Cursor::new(&bytes), Some(world.app.key.verifying_key())).unwrap();
    assert!(verdict.ok(), "{verdict}");
    assert_eq!(verdict.acts, ledger::bundle::Acts { signed: 5, unsigned: 3 }, "{verdict}");
    assert!(verdict.files.iter().any(|file| file.path == format!("evidence/{name}.bin")));
    assert!(!verdict.files.iter().any(|file| file.path == format!("evidence/{gone}.bin")));
    assert!(verdict.records.iter().any(|record| record.record == "SIG-1"));
}
