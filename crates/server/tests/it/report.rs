//! What leaves the house: reports that are text whatever stands in them, and bundles that verify.

use std::io::{Cursor, Read};

use ledger::VerifyingKey;
use ledger::bundle::{Signed, Verdict, verify};
use serde_json::json;

use crate::case::{HOSTILE, declare, log, worked};
use crate::harness::{World, everywhere, spawn};
use crate::intake::SHADOWS;

async fn report(world: &World, id: &str, format: &str) -> Vec<u8> {
    let (status, bytes) =
        world.manager.bytes(&format!("/api/v1/incidents/{id}/report?format={format}")).await;
    assert_eq!(status, 200, "{format}: {}", String::from_utf8_lossy(&bytes));
    bytes
}

async fn bundle(world: &World, id: &str) -> Vec<u8> {
    let response = world
        .manager
        .request(reqwest::Method::GET, &format!("/api/v1/incidents/{id}/bundle"))
        .send()
        .await
        .unwrap();
    assert_eq!(response.status(), 200);
    assert_eq!(response.headers()["content-type"], "application/zip");
    let length: usize = response.headers()["content-length"].to_str().unwrap().parse().unwrap();
    let bytes = response.bytes().await.unwrap().to_vec();
    assert_eq!(bytes.len(), length);
    bytes
}

fn checked(bytes: &[u8], key: &VerifyingKey) -> Verdict {
    verify(Cursor::new(bytes), Some(key)).unwrap()
}

fn within(bytes: &[u8], name: &str) -> Vec<u8> {
    let mut zip = zip::ZipArchive::new(Cursor::new(bytes)).unwrap();
    let mut content = Vec::new();
    zip.by_name(name).unwrap().read_to_end(&mut content).unwrap();
    content
}

#[tokio::test]
async fn a_closed_incident_has_a_whole_report() {
    everywhere(|world| async move {
        let id = worked(&world, "").await;
        let close = json!({ "outcome": "resolved", "root_cause": "A macro was allowed.", "lessons": "Nobody owned the exception.",
            "impact": "One workstation for a day.", "recommendations": "Take the exception back." });
        let open = String::from_utf8(report(&world, &id, "md").await).unwrap();
        assert!(open.contains("Not recorded yet") && open.contains("This incident is open"), "{}", world.store);
        let closed = world.manager.post(&format!("/api/v1/incidents/{id}/close"), close).await;
        assert!(closed.status.is_success(), "{closed:?}");
        let text = String::from_utf8(report(&world, &id, "md").await).unwrap();
        let sha256 = ledger::Digest::of(&log(&format!("{SHADOWS} "))).to_string();
        for part in [
            "Executive summary", "Severity and why", "Impact", "Timeline", "Response", "Rebuild ws01", "It cannot be trusted",
            "Host isolated", "CK techniques", "T1490", "Inhibit System Recovery", "203.0.113.9", "ws01.example.org",
            "Evidence", &sha256, "Chain of custody", "Collected", "A macro was allowed.", "Resolved", "Nobody owned the exception",
            "Take the exception back", "One workstation for a day", "Approval", "Annex", "Key fingerprint",
            &world.app.key.verifying_key().fingerprint(),
        ] {
            // Markdown puts a backslash before signs that could mean something.
            assert!(text.replace('\\', "").contains(part), "{part} is missing in\n{text}");
        }
        assert!(!text.contains("Not recorded yet"), "{text}");
    })
    .await;
}

#[tokio::test]
async fn hostile_text_is_only_ever_text() {
    let world = spawn().await;
    let id = worked(&world, &HOSTILE.join(" ")).await;

    let html = String::from_utf8(report(&world, &id, "html").await).unwrap();
    assert!(!html.contains("<script") && !html.contains("<img src=x") && !html.contains("href=\"javascript"));
    assert!(html.contains("&lt;script&gt;alert(1)&lt;/script&gt;"));

    let docx = report(&world, &id, "docx").await;
    let body = String::from_utf8(within(&docx, "word/document.xml")).unwrap();
    assert!(body.contains("&lt;script&gt;alert(1)&lt;/script&gt;") && !body.contains("<script"));
    assert!(body.contains("HYPERLINK(") && !body.contains("instrText xml:space=\"preserve\">=HYPERLINK"));

    let markdown = String::from_utf8(report(&world, &id, "md").await).unwrap();
    assert!(!markdown.contains("<script>alert") && !markdown.contains("[x](javascript"));
    assert!(markdown.contains("script"));

    let pdf = report(&world, &id, "pdf").await;
    assert!(pdf.starts_with(b"%PDF-"));
    assert!(!String::from_utf8_lossy(&pdf).contains("/JavaScript"));
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("report.pdf");
    std::fs::write(&path, &pdf).unwrap();
    match std::process::Command::new("pdftotext").arg(&path).arg("-").output() {
        Ok(output) => {
            let text = String::from_utf8_lossy(&output.stdout).split_whitespace().collect::<String>();
            assert!(text.contains("<script>alert(1)</script>") && text.contains("#read(\"/etc/passwd\")"));
        }
        Err(_) => println!("skipped: pdftotext not there"),
    }
}

#[tokio::test]
async fn the_report_in_the_browser_is_in_a_sandbox() {
    let world = spawn().await;
    let id = worked(&world, "").await;
    let path = format!("/incidents/{id}/report");
    let response = world.observer.request(reqwest::Method::GET, &path).send().await.unwrap();
    assert_eq!(response.status(), 200);
    let policy = response.headers()["content-security-policy"].to_str().unwrap().to_owned();
    assert!(
        policy.contains("sandbox;")
            && policy.contains("default-src 'none'")
            && !policy.contains("script-src")
    );
    assert!(response.text().await.unwrap().contains("Executive summary"));
    // Reading is one thing, taking along another.
    assert_eq!(world.responder.bytes(&format!("{path}?format=pdf")).await.0, 403);
    world.responder.get(&format!("/api/v1/incidents/{id}/report?format=html")).await.expect(403);
    world.responder.get(&format!("/api/v1/incidents/{id}/bundle")).await.expect(403);
    assert_eq!(world.responder.bytes(&format!("/incidents/{id}/bundle")).await.0, 403);
    world.manager.get(&format!("/api/v1/incidents/{id}/report?format=exe")).await.expect(422);
    world.manager.get("/api/v1/incidents/INC-99/report").await.expect(404);
    world.manager.get("/api/v1/incidents/INC-99/bundle").await.expect(404);
}

#[tokio::test]
async fn a_restricted_incident_is_not_reported_to_others() {
    let world = spawn().await;
    let id = declare(&world, "Insider", SHADOWS, true).await;
    for path in [
        "/api/v1/incidents/ID/report",
        "/api/v1/incidents/ID/bundle",
        "/incidents/ID/report",
        "/incidents/ID/bundle",
    ] {
        assert_eq!(world.admin.bytes(&path.replace("ID", &id)).await.0, 404, "{path}");
    }
    let leaves = world.manager.get(&format!("/api/v1/ledger/leaves?record={id}")).await.expect(200);
    assert!(!leaves["items"].to_string().contains("incident.export"), "a refused export is no export");
    assert!(report(&world, &id, "pdf").await.starts_with(b"%PDF-"));
}

#[tokio::test]
async fn a_bundle_verifies_against_the_published_key() {
    everywhere(|world| async move {
        let id = worked(&world, &HOSTILE.join(" ")).await;
        let bytes = bundle(&world, &id).await;
        let key = world.app.key.verifying_key();
        let verdict = checked(&bytes, key);
        assert!(verdict.ok(), "{}: {verdict}", world.store);
        assert_eq!(verdict.signed, Signed::ByTrustedKey);
        assert_eq!(verdict.incident.as_deref(), Some(id.as_str()));

        let has = |prefix: &str| verdict.records.iter().any(|record| record.record.starts_with(prefix));
        for prefix in ["INC-", "ALR-", "INT-", "TSK-", "ENT-", "DEC-", "OBS-", "AST-", "EVD-"] {
            assert!(has(prefix), "{prefix} in {:?}", verdict.records);
        }
        assert!(verdict.records.iter().any(|record| record.act == "incident.export"));
        assert!(!has("USR-") && !has("KEY-"), "accounts are nobody's business");

        let raw = String::from_utf8(within(&bytes, "evidence/EVD-1.bin")).unwrap().into_bytes();
        assert_eq!(raw, log(&format!("{SHADOWS} {}", HOSTILE.join(" "))));
        let events = verdict.files.iter().filter(|file| file.path.starts_with("events/")).count();
        assert_eq!(events, 2);
        let event = within(&bytes, "events/EVT-1.bin");
        assert!(raw.starts_with(&event));
        assert!(within(&bytes, "report.pdf").starts_with(b"%PDF-"));
        assert!(String::from_utf8(within(&bytes, "report.md")).unwrap().contains("Executive summary"));

        let other = ledger::SigningKey::generate("watchbell.local/ledger").unwrap();
        assert!(!checked(&bytes, other.verifying_key()).ok());
    })
    .await;
}

#[tokio::test]
async fn one_edited_byte_is_named() {
    let world = spawn().await;
    let id = worked(&world, "").await;
    let bytes = bundle(&world, &id).await;
    let key = world.app.key.verifying_key();

    // In a record's body.
    let needle = b"It cannot be trusted.";
    let at = bytes.windows(needle.len()).position(|window| window == needle).unwrap();
    let mut edited = bytes.clone();
    edited[at + 3] = b'C';
    let verdict = checked(&edited, key);
    assert!(!verdict.ok());
    assert!(
        verdict.problems.iter().any(|problem| problem.of.as_ref().is_some_and(|of| of.record == "DEC-2")),
        "{verdict}"
    );

    // In an evidence file: the bytes after its name in the zip are its packed content.
    let name = b"evidence/EVD-2.bin";
    let at = bytes.windows(name.len()).position(|window| window == name).unwrap() + name.len();
    let mut edited = bytes.clone();
    edited[at + 10] ^= 0x20;
    let verdict = checked(&edited, key);
    assert!(!verdict.ok());
    assert!(verdict.problems.iter().any(|problem| problem.text.contains("EVD-2")), "{verdict}");
}

#[tokio::test]
async fn evidence_that_is_gone_is_named_and_the_rest_still_verifies() {
    let world = spawn().await;
    let id = worked(&world, "").await;
    let items = world.manager.get(&format!("/api/v1/incidents/{id}/evidence")).await.list();
    let sha256 = items[1]["sha256"].as_str().unwrap();
    std::fs::remove_file(crate::evidence::sealed(&world)).unwrap();
    let bytes = bundle(&world, &id).await;
    let verdict = checked(&bytes, world.app.key.verifying_key());
    assert!(verdict.ok(), "{verdict}");
    let missing = String::from_utf8(within(&bytes, "missing.txt")).unwrap();
    assert!(missing.contains("EVD-2") && missing.contains(sha256));
    assert!(!verdict.files.iter().any(|file| file.path == "evidence/EVD-2.bin"));
}

#[tokio::test]
async fn each_kind_of_report_holds_what_it_is_for() {
    let world = spawn().await;
    let id = worked(&world, &HOSTILE.join(" ")).await;
    let page = world.responder.page(&format!("/incidents/{id}/reports")).await;
    assert_eq!(page.0, 200);
    for (kind, holds, lacks) in [
        ("one-pager", "Decided so far", "Chain of custody"),
        ("technical-annex", "CK techniques", "Approval"),
        ("evidence-inventory", "Chain of custody", "Executive summary"),
        ("review", "Time to contain", "Chain of custody"),
    ] {
        assert!(page.1.contains(&format!("value=\"{kind}\"")), "{kind} is not offered");
        let text = String::from_utf8(report(&world, &id, &format!("md&kind={kind}")).await).unwrap();
        let plain = text.replace('\\', "");
        assert!(plain.contains(holds) && !plain.contains(lacks), "{kind}\n{text}");
        assert!(!text.contains("<script>alert"), "{kind}");
        assert!(report(&world, &id, &format!("pdf&kind={kind}")).await.starts_with(b"%PDF-"), "{kind}");
        let html = String::from_utf8(report(&world, &id, &format!("html&kind={kind}")).await).unwrap();
        assert!(!html.contains("<script") && !html.contains("<img src=x"), "{kind}");
    }
    let path = format!("/api/v1/incidents/{id}/report?format=md&kind=");
    world.manager.get(&format!("{path}nothing")).await.expect(422);
    world.manager.get(&format!("{path}review&tlp=pink")).await.expect(422);
}

#[tokio::test]
async fn what_is_marked_above_the_reader_is_left_out_and_counted() {
    let world = spawn().await;
    let id = worked(&world, "").await;
    let at = |rest: &str| format!("/api/v1/incidents/{id}{rest}");
    let secret = json!({ "value": "198.51.100.77", "standing": "indicator", "tlp": "red", "note": "Partner's source" });
    world.manager.post(&at("/observables"), secret).await.expect(201);
    let entry = json!({ "kind": "action", "text": "Blocked 198.51.100.77 at the edge" });
    world.manager.post(&at("/entries"), entry).await.expect(201);
    for value in ["evil-partner.example", "mail.evil-partner.example"] {
        let secret = json!({ "value": value, "standing": "indicator", "tlp": "red" });
        world.manager.post(&at("/observables"), secret).await.expect(201);
    }
    // As responders write it, and one that is part of another.
    let entry = json!({ "kind": "action", "text": "Asked about hxxps://evil-partner[.]example/a, which mail.evil-partner.example serves" });
    world.manager.post(&at("/entries"), entry).await.expect(201);
    for format in ["md", "html"] {
        let text = String::from_utf8(report(&world, &id, format).await).unwrap();
        let plain = text.replace('\\', "");
        assert!(!plain.contains("evil-partner") && !plain.contains("mail."), "{text}");
        assert!(!plain.contains("198.51.100.77") && !plain.contains("Partner's source"), "{text}");
        assert!(plain.contains("What was left out") && plain.contains("Marked TLP:RED"), "{text}");
        assert!(plain.contains("[left out] at the edge"), "{text}");
        let all = String::from_utf8(report(&world, &id, &format!("{format}&tlp=red")).await).unwrap();
        assert!(all.contains("198.51.100.77") && all.contains("TLP:RED"));
        assert!(!all.contains("What was left out"));
    }
    // All of an amber incident is above green: that is said, and no empty paper is made.
    let refused = world.manager.get(&at("/report?format=md&tlp=green")).await.expect(409);
    assert!(refused["detail"].as_str().unwrap().contains("TLP:AMBER"), "{refused}");
    // The bundle has everything, and so has the report in it.
    let inside = String::from_utf8(within(&bundle(&world, &id).await, "report.md")).unwrap();
    assert!(inside.contains("198.51.100.77") && inside.contains("TLP:RED"));
}
