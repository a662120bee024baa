//! Looking into evidence: what is shown of bytes that nobody trusts, and what is taken out of them.

use std::io::{Cursor, Write};

use serde_json::{Value, json};

use crate::case::{HOSTILE, declare, hand_over, shared_strings};
use crate::harness::{World, everywhere, spawn};
use crate::intake::SHADOWS;

const INVOICE: &[u8] = include_bytes!("../../../exhibit/tests/fixtures/invoice.eml");

/// Hands a file over and gives the item's number.
async fn item(world: &World, incident: &str, name: &str, bytes: Vec<u8>) -> String {
    let item = hand_over(&world.responder, incident, name, bytes, &[]).await.expect(201);
    item["id"].as_str().unwrap().to_owned()
}

async fn incident(world: &World) -> String {
    declare(world, "Invoice mail opened", SHADOWS, false).await
}

async fn count(world: &World, incident: &str) -> usize {
    world
        .responder
        .get(&format!("/api/v1/incidents/{incident}/evidence"))
        .await
        .list()
        .as_array()
        .unwrap()
        .len()
}

fn zip(members: &[(&str, &[u8])]) -> Vec<u8> {
    let mut file = zip::ZipWriter::new(Cursor::new(Vec::new()));
    for (name, content) in members {
        file.start_file(*name, zip::write::SimpleFileOptions::default()).unwrap();
        file.write_all(content).unwrap();
    }
    file.finish().unwrap().into_inner()
}

#[tokio::test]
async fn a_mail_is_split_into_items_that_know_where_they_came_from() {
    everywhere(|world| async move {
        let id = incident(&world).await;
        let mail = item(&world, &id, "invoice.eml", INVOICE.to_vec()).await;
        let told = world.observer.get(&format!("/api/v1/evidence/{mail}/mail")).await.expect(200);
        assert_eq!(told["subject"], "Rechnung 4711 – letzte Mahnung", "{}", world.store);
        assert_eq!(told["hops"][1]["delay"], 630);
        assert_eq!(told["claims"][0]["result"], "pass");
        assert_eq!(told["bodies"][1]["links"][0]["target"], "hxxps://login[.]evil[.]example/pay?id=4711&t=1");
        assert_eq!(told["parts"].as_array().unwrap().len(), 6);

        let split = format!("/api/v1/evidence/{mail}/split");
        world.observer.post(&split, json!({})).await.expect(403);
        world.responder.post(&split, json!({ "parts": ["attachment 9"] })).await.expect(422);
        world.responder.post(&split, json!({ "parts": [] })).await.expect(422);
        world.responder.post(&split, json!({ "all": true })).await.expect(422);
        assert_eq!(count(&world, &id).await, 2, "what is refused changes nothing");

        let one = world.responder.post(&split, json!({ "parts": ["attachment 1"] })).await.expect(201);
        let all = world.responder.post(&split, json!({})).await.expect(201);
        let items = all["items"].as_array().unwrap();
        let names: Vec<&str> = items.iter().map(|one| one["name"].as_str().unwrap()).collect();
        assert_eq!(
            names,
            ["header.txt", "body-1.txt", "body-2.html", "Rechnung.pdf.exe", "earlier.eml", "note.txt"]
        );
        assert_eq!(items[3]["id"], one["items"][0]["id"], "a part is taken out once");
        let attached = &items[3];
        assert_eq!(attached["derived"], json!({ "from": mail, "part": "attachment 1" }));
        assert_eq!(attached["acquisition"]["method"], format!("split from {mail}"));
        assert_eq!(attached["acquisition"]["by"], "Rita Responder");
        assert_eq!(attached["sha256"], told["attachments"][0]["sha256"]);
        assert_eq!(attached["custody"].as_array().unwrap().len(), 1);
        assert_eq!(attached["custody"][0]["act"], "collected");
        let number = attached["id"].as_str().unwrap();
        let (_, bytes) = world.observer.bytes(&format!("/api/v1/evidence/{number}/content")).await;
        assert!(bytes.starts_with(b"MZ"));
        let leaves = world.manager.get(&format!("/api/v1/ledger/leaves?record={number}")).await.expect(200);
        assert_eq!(leaves["items"][0]["act"], "evidence.collect");

        // The link is shown both ways, and a mail within the mail can be split in turn.
        let (_, page) = world.observer.page(&format!("/evidence/{mail}")).await;
        assert!(page.contains("Taken out of this item") && page.contains("Rechnung.pdf.exe"));
        let (_, page) = world.observer.page(&format!("/evidence/{number}")).await;
        assert!(page.contains(&format!("/evidence/{mail}\"")) && page.contains("attachment 1"));
        let earlier = items[4]["id"].as_str().unwrap();
        let within =
            world.responder.post(&format!("/api/v1/evidence/{earlier}/split"), json!({})).await.expect(201);
        assert_eq!(within["items"].as_array().unwrap().len(), 2);
        assert_eq!(within["items"][0]["derived"]["from"], earlier);

        // The page's form does the same as the API.
        let (status, _) =
            world.responder.form(&format!("/evidence/{mail}/split"), &[("part", "header")]).await;
        assert_eq!(status, 303);
        assert_eq!(count(&world, &id).await, 10);
    })
    .await;
}

#[tokio::test]
async fn what_belongs_to_others_is_neither_looked_into_nor_split() {
    let world = spawn().await;
    let id = declare(&world, "Insider", SHADOWS, true).await;
    let said = hand_over(&world.manager, &id, "invoice.eml", INVOICE.to_vec(), &[]).await.expect(201);
    let mail = said["id"].as_str().unwrap();
    for way in ["kind", "mail", "members"] {
        world.responder.get(&format!("/api/v1/evidence/{mail}/{way}")).await.expect(404);
    }
    world.responder.post(&format!("/api/v1/evidence/{mail}/split"), json!({})).await.expect(404);
    let member = json!({ "number": 1, "name": "x" });
    world.responder.post(&format!("/api/v1/evidence/{mail}/members"), member).await.expect(404);
    for way in ["", "/text", "/hex", "/mail", "/strings", "/archive", "/table", "/record"] {
        assert_eq!(world.responder.page(&format!("/evidence/{mail}/view{way}")).await.0, 404, "{way}");
    }
    assert_eq!(world.manager.page(&format!("/evidence/{mail}/view/mail")).await.0, 200);
    assert_eq!(world.manager.page(&format!("/evidence/{mail}/view/elsewhere")).await.0, 404);
}

#[tokio::test]
async fn values_of_a_mail_become_observables_once() {
    everywhere(|world| async move {
        let id = incident(&world).await;
        let path = format!("/api/v1/incidents/{id}/observables/several");
        let one = |kind: &str, value: &str| json!({ "kind": kind, "value": value, "standing": "indicator", "note": "Seen in EVD-2" });
        let items = [
            one("email", "Accounts@Freemail.example"),
            one("message_id", "<1@mailer.evil.example>"),
            one("mail_subject", "Rechnung 4711"),
            one("email", "accounts@freemail.example"),
        ];
        let added = world.responder.post(&path, json!({ "items": items })).await.expect(201);
        let values: Vec<&str> =
            added["items"].as_array().unwrap().iter().map(|one| one["value"].as_str().unwrap()).collect();
        assert_eq!(values, ["accounts@freemail.example", "1@mailer.evil.example", "Rechnung 4711"], "{}", world.store);
        world.responder.post(&path, json!({ "items": items })).await.expect(409);
        world.responder.post(&path, json!({ "items": [] })).await.expect(422);
        world.responder.post(&path, json!({ "items": [one("email", "no address")] })).await.expect(422);
        let many: Vec<Value> = (0..301).map(|n| one("domain", &format!("d{n}.example"))).collect();
        world.responder.post(&path, json!({ "items": many })).await.expect(422);
        world.observer.post(&path, json!({ "items": items })).await.expect(403);
        let (status, _) = world
            .responder
            .form(
                &format!("/incidents/{id}/observables/several"),
                &[("note", "Seen in EVD-2"), ("observable", "url:https://evil.example/a:b"), ("observable", "email:accounts@freemail.example"), ("standing", "unknown")],
            )
            .await;
        assert_eq!(status, 303);
        let all = world.observer.get(&format!("/api/v1/incidents/{id}/observables?limit=500")).await.list();
        let of = |value: &str| all.as_array().unwrap().iter().filter(|one| one["value"] == value).count();
        assert_eq!((of("https://evil.example/a:b"), of("accounts@freemail.example")), (1, 1));
        let lines = world.observer.get(&format!("/api/v1/incidents/{id}/entries?limit=500")).await.list();
        assert!(lines.to_string().contains("3 observables added:"), "{lines}");
    })
    .await;
}

#[tokio::test]
async fn members_are_taken_out_unless_they_slip_or_burst() {
    everywhere(|world| async move {
        let id = incident(&world).await;
        let zeros = vec![0; 72 << 20];
        let bytes =
            zip(&[("docs/good.txt", b"hello"), ("../../etc/cron.d/x", b"evil"), ("bomb.bin", &zeros)]);
        let archive = item(&world, &id, "files.zip", bytes).await;
        let path = format!("/api/v1/evidence/{archive}/members");
        let told = world.observer.get(&path).await.expect(200);
        assert_eq!(told["items"][0]["unpacked"], 5, "{}", world.store);
        assert!(told["items"][1]["refused"].as_str().unwrap().contains("leads out"));
        assert!(told["items"][2]["warnings"].to_string().contains("bomb"));

        let take = async |number: usize, name: &str, status: u16| {
            world.responder.post(&path, json!({ "number": number, "name": name })).await.expect(status)
        };
        let refused = take(2, "../../etc/cron.d/x", 422).await;
        assert!(refused["detail"].as_str().unwrap().contains("leads out"), "{refused}");
        let refused = take(3, "bomb.bin", 422).await;
        assert!(refused["detail"].as_str().unwrap().contains("bomb"), "{refused}");
        take(1, "another name", 422).await;
        take(99, "docs/good.txt", 404).await;
        world.observer.post(&path, json!({ "number": 1, "name": "docs/good.txt" })).await.expect(403);
        assert_eq!(count(&world, &id).await, 2, "what is refused changes nothing");
        assert_eq!(blobs(&world), 2, "and leaves nothing on the disk");

        let good = take(1, "docs/good.txt", 201).await;
        assert_eq!(good["derived"], json!({ "from": archive, "part": "member 1" }));
        assert_eq!(good["acquisition"]["method"], format!("taken out of {archive}"));
        assert_eq!(good["sha256"], ledger::Digest::of(b"hello").to_string());
        assert_eq!(take(1, "docs/good.txt", 201).await["id"], good["id"]);
    })
    .await;
}

/// How many blobs are on the disk.
fn blobs(world: &World) -> usize {
    let folders = std::fs::read_dir(world.app.data.join("blobs")).unwrap();
    folders.filter_map(|folder| std::fs::read_dir(folder.unwrap().path()).ok()).flatten().count()
}

#[tokio::test]
async fn what_cannot_be_read_is_refused_with_a_word_and_still_shown_as_bytes() {
    let world = spawn().await;
    let id = incident(&world).await;
    let whole = zip(&[("a.txt", b"some text"), ("b.txt", b"more text")]);
    let cut = [
        ("cut.zip", whole[..whole.len() - 30].to_vec(), "archive"),
        ("cut.msg", vec![0xd0, 0xcf, 0x11, 0xe0, 0xa1, 0xb1, 0x1a, 0xe1, 0, 0], "mail"),
        ("deep.eml", b"Content-Type: message/rfc822\n\n".repeat(5_000), "mail"),
        ("cut.evtx", b"ElfFile\0 and no more".to_vec(), "archive"),
        ("nothing.bin", Vec::new(), "mail"),
    ];
    for (name, bytes, way) in cut {
        let number = item(&world, &id, name, bytes).await;
        let (status, page) = world.observer.page(&format!("/evidence/{number}/view/{way}")).await;
        assert_eq!(status, 422, "{name}");
        assert!(page.contains("hexadecimal") || page.contains("as text"), "{name}: {page}");
        for other in ["hex", "text", "strings"] {
            let (status, _) = world.observer.page(&format!("/evidence/{number}/view/{other}")).await;
            assert_eq!(status, 200, "{name} as {other}");
        }
    }
    let note = item(&world, &id, "note.txt", b"one\ntwo".to_vec()).await;
    for (odd, expected) in [
        ("text?at=x", 422),
        ("text?at=99999999999", 200),
        ("text?at=0x10", 200),
        ("text?what=1", 422),
        ("hex?at=18446744073709551615", 200),
        ("hex?at=-1", 422),
        ("strings?min=0", 200),
        ("table?at=5", 422),
        ("table?at=99999999999999.0", 422),
        ("record?at=0.0", 422),
    ] {
        assert_eq!(world.observer.page(&format!("/evidence/{note}/view/{odd}")).await.0, expected, "{odd}");
    }
    let long = "x".repeat(201);
    assert_eq!(world.observer.page(&format!("/evidence/{note}/view/text?q={long}")).await.0, 422);
}

#[tokio::test]
async fn records_of_a_log_are_a_table_that_is_paged_and_filtered() {
    let world = spawn().await;
    let id = incident(&world).await;
    let lines: String = (0..130)
        .map(|n| {
            let event = json!({ "EventID": 4624, "Channel": "Security", "Provider_Name": "Microsoft-Windows-Security-Auditing",
                "@timestamp": "2026-11-24T03:00:00Z", "Computer": "dc01.example.org", "TargetUserName": format!("user-{n}") });
            format!("{event}\n")
        })
        .collect();
    let log = item(&world, &id, "security.jsonl", lines.into_bytes()).await;
    let (_, page) = world.observer.page(&format!("/evidence/{log}/view/table")).await;
    assert!(page.contains("user-49") && !page.contains("user-50") && page.contains("at=0.50"), "{page}");
    let (_, page) = world.observer.page(&format!("/evidence/{log}/view/table?at=0.100")).await;
    assert!(page.contains("user-129") && !page.contains("user-99<"));
    let (_, page) =
        world.observer.page(&format!("/evidence/{log}/view/table?q=targetusername%3DUSER-77")).await;
    assert!(page.contains("user-77") && !page.contains("user-76"));
    let (status, page) = world.observer.page(&format!("/evidence/{log}/view/record?at=0.77")).await;
    assert_eq!(status, 200);
    assert!(page.contains("TargetUserName") && page.contains("user-77"));
    assert_eq!(world.observer.page(&format!("/evidence/{log}/view/record?at=0.500")).await.0, 404);
}

#[tokio::test]
async fn a_real_event_log_opens_at_any_chunk_whole_or_cut_off() {
    let world = spawn().await;
    let file =
        crate::case::shared().join("data/evtx-attack-samples/Credential Access/kerberos_pwd_spray_4771.evtx");
    let Ok(bytes) = std::fs::read(&file) else {
        println!("skipped: {} is not there", file.display());
        return;
    };
    let id = incident(&world).await;
    let log = item(&world, &id, "spray.evtx", bytes.clone()).await;
    let (_, page) = world.observer.page(&format!("/evidence/{log}/view/table?q=EventID%3D4771")).await;
    assert!(page.contains(">4771<") && !page.contains(">4776<"), "{page}");
    let (status, _) = world.observer.page(&format!("/evidence/{log}/view/record?at=0.0")).await;
    assert_eq!(status, 200);
    let one_chunk =
        std::fs::read(crate::case::shared().join("data/evtx-attack-samples/UACME_59_Sysmon.evtx")).unwrap();
    for cut in [5_000, 4_096 + 600, one_chunk.len() - 1_000] {
        let log = item(&world, &id, "cut.evtx", one_chunk[..cut].to_vec()).await;
        let (status, page) = world.observer.page(&format!("/evidence/{log}/view/table")).await;
        assert_eq!(status, 200, "{cut}");
        assert!(page.contains("Not everything could be read"), "{cut}: {page}");
    }
}

#[tokio::test]
async fn whatever_is_looked_at_stays_text() {
    let world = spawn().await;
    let id = incident(&world).await;
    let mut strings: Vec<String> = HOSTILE.iter().map(ToString::to_string).collect();
    strings.extend(shared_strings().into_iter().step_by(40));
    let evil = strings.join("\r\n");
    let one_line = |text: &str| text.replace(['\r', '\n', '\0'], " ");
    let members: std::collections::BTreeSet<String> =
        strings.iter().map(|name| one_line(name)).filter(|name| !name.trim().is_empty()).collect();
    let mail = format!(
        "From: {0} <a@b.example>\r\nSubject: {0}\r\nX-{1}: {0}\r\nReceived: from {0} by {0}; Tue, 24 Nov 2026 02:00:00 +0000\r\nContent-Type: text/html\r\n\r\n<a href=\"javascript:alert(1)\">{0}</a>\r\n{evil}",
        one_line(&strings[0]),
        "Odd"
    );
    let packed = zip(&members.iter().map(|name| (name.as_str(), &b"x"[..])).collect::<Vec<_>>());
    let utf16: Vec<u8> = evil.encode_utf16().flat_map(u16::to_le_bytes).collect();
    for (name, bytes, ways) in [
        ("evil.txt", evil.clone().into_bytes(), vec!["text", "hex", "strings", "text?q=%3Cscript%3E"]),
        ("evil.utf16", utf16, vec!["text", "strings"]),
        ("evil.eml", mail.into_bytes(), vec!["mail", "text"]),
        ("evil.zip", packed, vec!["archive", "strings"]),
    ] {
        let number = item(&world, &id, name, bytes).await;
        for way in ways {
            let response =
                world.observer.request(reqwest::Method::GET, &format!("/evidence/{number}/view/{way}"));
            let response = response.header("accept", "text/html").send().await.unwrap();
            assert_eq!(response.status(), 200, "{name} as {way}");
            let policy = response.headers()["content-security-policy"].to_str().unwrap().to_owned();
            assert!(policy.contains("default-src 'self'") && !policy.contains("unsafe"), "{policy}");
            let page = response.text().await.unwrap();
            let main = &page[page.find("<main").unwrap()..];
            for raw in ["<script", "<img", "<iframe", "<svg onload", "href=\"javascript", "onerror=\""] {
                assert!(!main.contains(raw), "{name} as {way} holds {raw}");
            }
        }
    }
}
