//! Resumable uploads: the protocol's words, what survives, and what is refused with nothing changed.

use base64::prelude::{BASE64_STANDARD, Engine as _};
use jiff::SignedDuration;
use platform::clock::Clock;
use reqwest::{Method, Response};
use serde_json::json;
use sha2::{Digest, Sha256};

use crate::case::{HOSTILE, declare, shared_strings};
use crate::harness::{As, World, account, everywhere, spawn, spawn_with};
use crate::intake::SHADOWS;

const PIECE: &str = "application/offset+octet-stream";

fn metadata(name: &str, more: &[(&str, &str)]) -> String {
    let said = [("filename", name), ("method", "disk image"), ("tool", "dc3dd"), ("place", "ws01")];
    let pairs = said.iter().filter(|(field, _)| !more.iter().any(|(other, _)| other == field)).chain(more);
    pairs
        .map(|(field, value)| format!("{field} {}", BASE64_STANDARD.encode(value)))
        .collect::<Vec<_>>()
        .join(",")
}

/// Begins an upload; gives the answer.
async fn announce(who: &As, incident: &str, length: u64, metadata: &str) -> Response {
    who.request(Method::POST, &format!("/api/v1/incidents/{incident}/uploads"))
        .header("tus-resumable", "1.0.0")
        .header("upload-length", length)
        .header("upload-metadata", metadata)
        .send()
        .await
        .unwrap()
}

/// Begins one that is taken; gives its address.
async fn begin(who: &As, incident: &str, length: u64) -> String {
    let told = announce(who, incident, length, &metadata("disk.img", &[])).await;
    assert_eq!(told.status(), 201, "{}", told.text().await.unwrap());
    told.headers()["location"].to_str().unwrap().to_owned()
}

async fn send(who: &As, address: &str, offset: u64, bytes: &[u8], checksum: Option<&str>) -> Response {
    let mut request = who
        .request(Method::PATCH, address)
        .header("tus-resumable", "1.0.0")
        .header("upload-offset", offset)
        .header("content-type", PIECE)
        .body(bytes.to_vec());
    if let Some(checksum) = checksum {
        request = request.header("upload-checksum", checksum);
    }
    request.send().await.unwrap()
}

/// Status and offset that `HEAD` tells.
async fn offset(who: &As, address: &str) -> (u16, Option<u64>) {
    let told = who.request(Method::HEAD, address).header("tus-resumable", "1.0.0").send().await.unwrap();
    let offset = told.headers().get("upload-offset").map(|value| value.to_str().unwrap().parse().unwrap());
    (told.status().as_u16(), offset)
}

fn content(length: usize) -> Vec<u8> {
    (0u32..).map(|n| u8::try_from(n.wrapping_mul(2_654_435_761) >> 24).unwrap()).take(length).collect()
}

/// How many items there are beside the delivery's.
async fn items(world: &World, incident: &str) -> usize {
    let items = world.manager.get(&format!("/api/v1/incidents/{incident}/evidence?limit=500")).await.list();
    items.as_array().unwrap().len() - 1
}

fn files(world: &World) -> usize {
    std::fs::read_dir(world.app.data.join("uploads")).unwrap().count()
}

#[tokio::test]
async fn a_file_comes_in_pieces_and_is_one_item() {
    everywhere(|world| async move {
        let id = declare(&world, "Disk image", SHADOWS, false).await;
        let (who, whole) = (&world.responder, content(300_000));
        let said = metadata(
            "disk.img",
            &[("serial", "PF3XK2Q1"), ("write_blocker", "Tableau T8u"), ("tool_version", "7.3")],
        );
        let told = announce(who, &id, 300_000, &said).await;
        assert_eq!(told.status(), 201, "{}", world.store);
        assert_eq!(told.headers()["tus-resumable"], "1.0.0");
        assert!(told.headers()["upload-expires"].to_str().unwrap().ends_with(" GMT"));
        let address = told.headers()["location"].to_str().unwrap().to_owned();
        assert_eq!(offset(who, &address).await, (200, Some(0)));

        // Pieces of every size, over and beside the borders of chunks.
        let mut at = 0;
        for size in [1, 65_535, 65_536, 70_000, 10] {
            let told = send(who, &address, at, &whole[usize::try_from(at).unwrap()..][..size], None).await;
            assert_eq!(told.status(), 204);
            at += u64::try_from(size).unwrap();
            assert_eq!(told.headers()["upload-offset"], at.to_string());
            assert!(told.headers().get("watchbell-evidence").is_none());
            assert_eq!(offset(who, &address).await, (200, Some(at)));
        }
        assert_eq!(items(&world, &id).await, 0, "half a file is no evidence");
        let told = send(who, &address, at, &whole[usize::try_from(at).unwrap()..], None).await;
        assert_eq!(told.status(), 204, "{}", told.text().await.unwrap());
        let name = told.headers()["watchbell-evidence"].to_str().unwrap().to_owned();

        let item = who.get(&format!("/api/v1/evidence/{name}")).await.expect(200);
        assert_eq!(item["sha256"], hex::encode(Sha256::digest(&whole)));
        assert_eq!((item["sha1"].as_str().unwrap().len(), item["md5"].as_str().unwrap().len()), (40, 32));
        assert_eq!(
            (&item["bytes"], &item["encrypted"], &item["name"]),
            (&json!(300_000), &json!(true), &json!("disk.img"))
        );
        assert_eq!(item["acquisition"]["serial"], "PF3XK2Q1");
        assert_eq!(item["acquisition"]["by"], "Rita Responder");
        let (status, bytes) = who.bytes(&format!("/api/v1/evidence/{name}/content")).await;
        assert_eq!((status.as_u16(), bytes == whole), (200, true));
        assert_eq!(files(&world), 0, "what was the upload is the blob");
        let upload = who.get(&address).await.expect(200);
        assert_eq!((&upload["offset"], &upload["evidence"]), (&json!(300_000), &json!(name)));
        // Finished is finished.
        assert_eq!(send(who, &address, 300_000, b"x", None).await.status(), 413);
        assert_eq!(send(who, &address, 0, b"x", None).await.status(), 409);
        let told =
            who.request(Method::DELETE, &address).header("tus-resumable", "1.0.0").send().await.unwrap();
        assert_eq!(told.status(), 409);
    })
    .await;
}

#[tokio::test]
async fn the_protocol_is_spoken_to_the_letter() {
    let world = spawn().await;
    let id = declare(&world, "Disk image", SHADOWS, false).await;
    let (who, create) = (&world.responder, format!("/api/v1/incidents/{id}/uploads"));
    let able = who.request(Method::OPTIONS, &create).send().await.unwrap();
    assert_eq!(able.status(), 204);
    let headers = able.headers();
    assert_eq!(headers["tus-version"], "1.0.0");
    assert_eq!(headers["tus-extension"], "creation,creation-with-upload,expiration,termination,checksum");
    assert_eq!(headers["tus-checksum-algorithm"], "sha256,sha1,md5");
    assert_eq!(headers["tus-max-size"], (64u64 << 30).to_string());

    // Another version, or none: 412, with the one that is spoken.
    let address = begin(who, &id, 5).await;
    for (method, path) in [
        (Method::POST, &create),
        (Method::HEAD, &address),
        (Method::PATCH, &address),
        (Method::DELETE, &address),
    ] {
        for version in [None, Some("0.2.2")] {
            let mut request = who.request(method.clone(), path);
            if let Some(version) = version {
                request = request.header("tus-resumable", version);
            }
            let told = request.send().await.unwrap();
            assert_eq!(
                (told.status().as_u16(), &told.headers()["tus-version"] == "1.0.0"),
                (412, true),
                "{method}"
            );
        }
    }
    // No length, a length that comes later, no number, more than is taken.
    let asked = |length: &str, defer: bool| {
        let mut request = who.request(Method::POST, &create).header("tus-resumable", "1.0.0");
        request = if defer {
            request.header("upload-defer-length", "1")
        } else {
            request.header("upload-length", length)
        };
        request.header("upload-metadata", metadata("x", &[])).send()
    };
    assert_eq!(asked("", true).await.unwrap().status(), 400);
    assert_eq!(asked("-5", false).await.unwrap().status(), 400);
    let told = asked("68719476737", false).await.unwrap();
    assert_eq!((told.status().as_u16(), &told.headers()["tus-max-size"] == "68719476736"), (413, true));

    // A piece needs its type and its offset; the wrong offset is told the right one.
    let bare = |kind: &'static str, offset: Option<&'static str>| {
        let mut request = who
            .request(Method::PATCH, &address)
            .header("tus-resumable", "1.0.0")
            .header("content-type", kind);
        if let Some(offset) = offset {
            request = request.header("upload-offset", offset);
        }
        request.body("he").send()
    };
    assert_eq!(bare("application/octet-stream", Some("0")).await.unwrap().status(), 415);
    assert_eq!(bare(PIECE, None).await.unwrap().status(), 400);
    let told = bare(PIECE, Some("1")).await.unwrap();
    assert_eq!((told.status().as_u16(), &told.headers()["upload-offset"] == "0"), (409, true));
    // Too much is none at all.
    assert_eq!(send(who, &address, 0, b"hello!", None).await.status(), 413);
    assert_eq!(offset(who, &address).await, (200, Some(0)));

    // Checksums: right, wrong (460), unknown (400).
    let right = format!(
        "sha1 {}",
        BASE64_STANDARD.encode(hex::decode("37d2046a395cbfcb2712ff5c96a727b1966876080000").unwrap())
    );
    assert_eq!(send(who, &address, 0, b"he", Some(&right)).await.status(), 460);
    assert_eq!(offset(who, &address).await, (200, Some(0)), "nothing of it was kept");
    assert_eq!(send(who, &address, 0, b"he", Some("crc32 AAAA")).await.status(), 400);
    let right = format!("sha256 {}", BASE64_STANDARD.encode(Sha256::digest(b"he")));
    assert_eq!(send(who, &address, 0, b"he", Some(&right)).await.status(), 204);
    assert_eq!(send(who, &address, 2, b"lx", Some(&right)).await.status(), 460);
    assert_eq!(offset(who, &address).await, (200, Some(2)));

    // For clients that know POST alone.
    let posted = who
        .request(Method::POST, &address)
        .header("x-http-method-override", "PATCH")
        .header("tus-resumable", "1.0.0")
        .header("upload-offset", 2)
        .header("content-type", PIECE)
        .body("llo");
    let told = posted.send().await.unwrap();
    let name = told.headers()["watchbell-evidence"].to_str().unwrap().to_owned();
    let item = who.get(&format!("/api/v1/evidence/{name}")).await.expect(200);
    assert_eq!(item["sha256"], hex::encode(Sha256::digest(b"hello")));
    assert_eq!(item["sha1"], "aaf4c61ddcc5e8a2dabede0f3b482cd9aea9434d");
    assert_eq!(item["md5"], "5d41402abc4b2a76b9719d911017c592");

    // The first piece with the announcement, a file without a byte, and throwing away.
    let first = who
        .request(Method::POST, &create)
        .header("tus-resumable", "1.0.0")
        .header("upload-length", 3)
        .header("upload-metadata", metadata("x", &[]))
        .header("content-type", PIECE);
    let told = first.body("ab").send().await.unwrap();
    assert_eq!((told.status().as_u16(), &told.headers()["upload-offset"] == "2"), (201, true));
    let address = told.headers()["location"].to_str().unwrap().to_owned();
    let told = who.request(Method::DELETE, &address).header("tus-resumable", "1.0.0").send().await.unwrap();
    assert_eq!(told.status(), 204);
    assert_eq!(offset(who, &address).await.0, 404);
    let told = announce(who, &id, 0, &metadata("empty", &[])).await;
    assert_eq!((told.status().as_u16(), told.headers().contains_key("watchbell-evidence")), (201, true));
    assert_eq!(files(&world), 0);
}

#[tokio::test]
async fn what_is_said_is_checked_before_a_byte_is_sent() {
    let world = spawn().await;
    let id = declare(&world, "Disk image", SHADOWS, false).await;
    let who = &world.responder;
    for more in
        [("method", " "), ("tool", "a\nb"), ("acquired_at", "2999-01-01T00:00:00Z"), ("custodian", "Mallory")]
    {
        assert_eq!(announce(who, &id, 5, &metadata("x", &[more])).await.status(), 422, "{more:?}");
    }
    assert_eq!(announce(who, &id, 5, "filename !!").await.status(), 400);
    assert_eq!(announce(&world.observer, &id, 5, &metadata("x", &[])).await.status(), 403);
    assert_eq!(announce(who, "INC-99", 5, &metadata("x", &[])).await.status(), 404);
    assert_eq!((files(&world), items(&world, &id).await), (0, 0));
    // Names are text, whatever they look like.
    let mut names: Vec<String> = HOSTILE.iter().map(|name| (*name).to_owned()).collect();
    names.extend(shared_strings().into_iter().filter(|name| !name.trim().is_empty()).take(60));
    for name in &names {
        let told = announce(who, &id, 0, &metadata(name, &[])).await;
        assert_eq!(told.status(), 201, "{name:?}");
    }
    assert_eq!(items(&world, &id).await, names.len());
}

#[tokio::test]
async fn an_upload_is_its_owners_and_its_incidents() {
    everywhere(|world| async move {
        let id = declare(&world, "Insider", SHADOWS, false).await;
        let path = format!("/api/v1/incidents/{id}");
        let (who, other) =
            (&world.responder, account(&world.admin, "Olga Other", domain::Role::Responder).await);
        let address = begin(who, &id, 10).await;
        send(who, &address, 0, b"12345", None).await;
        for stranger in [&other, &world.manager, &world.admin] {
            assert_eq!(offset(stranger, &address).await, (404, None), "{}", world.store);
            assert_eq!(send(stranger, &address, 5, b"67890", None).await.status(), 404);
            let gone = stranger
                .request(Method::DELETE, &address)
                .header("tus-resumable", "1.0.0")
                .send()
                .await
                .unwrap();
            assert_eq!(gone.status(), 404);
            stranger.get(&address).await.expect(404);
        }
        // Shut out of the incident, its owner is shut out of the upload too; let in again, it goes on.
        world.manager.post(&format!("{path}/restrict"), json!({ "restricted": true })).await.expect(200);
        assert_eq!(offset(who, &address).await, (404, None));
        assert_eq!(send(who, &address, 5, b"67890", None).await.status(), 404);
        assert_eq!(announce(who, &id, 5, &metadata("x", &[])).await.status(), 404);
        let member = json!({ "member": world.responder.id });
        assert!(world.manager.post(&format!("{path}/members"), member).await.status.is_success());
        assert_eq!(offset(who, &address).await, (200, Some(5)));
        assert_eq!(send(who, &address, 5, b"67890", None).await.status(), 204);
    })
    .await;
}

#[tokio::test]
async fn what_nobody_goes_on_with_is_thrown_away_and_room_is_kept() {
    let clock = Clock::manual("2026-11-24T03:00:00Z".parse().unwrap());
    let (theirs, limits) =
        (clock.clone(), server::evidence::Limits { each: 2, unfinished: 1000, ..Default::default() });
    let world = spawn_with(|config| server::Config { clock: theirs, uploads: limits, ..config }).await;
    let id = declare(&world, "Disk image", SHADOWS, false).await;
    let who = &world.responder;
    let (one, two) = (begin(who, &id, 10).await, begin(who, &id, 900).await);
    assert_eq!(announce(who, &id, 1, &metadata("x", &[])).await.status(), 409, "a third is one too many");
    assert_eq!(announce(&world.manager, &id, 91, &metadata("x", &[])).await.status(), 503, "no room for all");
    begin(&world.manager, &id, 90).await;
    assert_eq!(files(&world), 3);
    clock.advance(SignedDuration::from_hours(70));
    assert_eq!(send(who, &one, 0, b"12345", None).await.status(), 204, "a piece buys time");
    clock.advance(SignedDuration::from_hours(3));
    assert_eq!(offset(who, &two).await, (404, None), "it has expired before it is swept");
    assert_eq!(server::evidence::upload::sweep(&world.app).await.unwrap(), 2);
    assert_eq!((files(&world), offset(who, &one).await), (1, (200, Some(5))));
    assert_eq!(send(who, &one, 5, b"67890", None).await.status(), 204);
    assert_eq!((files(&world), items(&world, &id).await), (0, 1));
}

#[tokio::test]
async fn what_a_dead_connection_still_holds_is_taken_from_it_with_all_that_came() {
    use futures_util::StreamExt;
    let world = spawn().await;
    let id = declare(&world, "Disk image", SHADOWS, false).await;
    let (who, whole, half) = (&world.responder, content(5 << 20), 3 << 20);
    let address = begin(who, &id, 5 << 20).await;
    let pieces: Vec<std::io::Result<Vec<u8>>> =
        whole[..half].chunks(1 << 16).map(|piece| Ok(piece.to_vec())).collect();
    let never = futures_util::stream::pending();
    let request = who
        .request(Method::PATCH, &address)
        .header("tus-resumable", "1.0.0")
        .header("upload-offset", 0)
        .header("content-type", PIECE)
        .body(reqwest::Body::wrap_stream(futures_util::stream::iter(pieces).chain(never)));
    let hanging = tokio::spawn(request.send());
    let file = world.app.data.join("uploads").join(address.rsplit('/').next().unwrap());
    while std::fs::metadata(&file).unwrap().len() < 1 << 20 {
        tokio::time::sleep(std::time::Duration::from_millis(10)).await;
    }
    // Whoever asks how far it is takes the upload from the request that hangs.
    let at = offset(who, &address).await.1.unwrap();
    assert!((1 << 20..=3 << 20).contains(&at), "{at}");
    let told = send(who, &address, at, &whole[usize::try_from(at).unwrap()..], None).await;
    let name = told.headers()["watchbell-evidence"].to_str().unwrap().to_owned();
    let item = who.get(&format!("/api/v1/evidence/{name}")).await.expect(200);
    assert_eq!(item["sha256"], hex::encode(Sha256::digest(&whole)));
    hanging.abort();
}
