//! Bundles: what was written verifies; what a forger, an insider or an accident did to one is
//! found, and the record that was touched is named.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod support;

use std::io::Cursor;

use ledger::bundle::{Acts, Signed, What, verify};
use ledger::person::{self, PersonKey};
use ledger::{Checkpoint, SigningKey};
use serde_json::{Value, json};
use support::{
    EVIDENCE, Files, Log, OURS, add_records, assert_told, begin, bundle, bundle_of, check, edit, hex, key,
    log, pack, sign_again, unpack, vouch,
};

#[test]
fn what_was_written_verifies() {
    let verdict = check(&bundle());
    assert!(verdict.ok(), "{verdict}");
    assert_eq!(verdict.signed, Signed::ByTrustedKey);
    assert_eq!(verdict.incident.as_deref(), Some("INC-1"));
    assert_eq!(verdict.size, Some(log().frontier.size()));
    assert_eq!(verdict.records.len(), 10);
    assert!(verdict.records.iter().all(|record| record.ok));
    let closed = verdict.records.last().unwrap();
    assert_eq!((closed.record.as_str(), closed.version), ("INC-1", 3));
    assert_eq!(closed.act, "incident.close");
    assert!(verdict.files.iter().all(|file| file.ok));
    let unvouched: Vec<&str> = verdict.unvouched().map(|file| file.path.as_str()).collect();
    assert_eq!(unvouched, ["README.txt", "report.pdf"]);
    let said = verdict.to_string();
    assert!(said.contains("Everything in it stands unchanged in the ledger."), "{said}");
}

#[test]
fn without_a_trusted_key_the_reader_must_compare_the_fingerprint() {
    let verdict = verify(Cursor::new(bundle()), None).unwrap();
    assert!(verdict.ok(), "{verdict}");
    assert_eq!(verdict.signed, Signed::ByBundledKey);
    let fingerprint = key().verifying_key().fingerprint();
    let said = verdict.to_string();
    assert!(said.contains("compare its fingerprint") && said.contains(&fingerprint), "{said}");
}

#[test]
fn the_same_input_gives_the_same_file_and_other_tools_can_read_it() {
    assert_eq!(bundle(), bundle());
    let files = unpack(&bundle());
    assert_eq!(files["evidence/EVD-1.bin"], EVIDENCE);
    assert_eq!(files["key.txt"], format!("{}\n", key().verifying_key()).into_bytes());
    let body: Value = serde_json::from_slice(&files["records/INC-1/3.json"]).unwrap();
    assert_eq!(body["phase"], "closed");
}

#[test]
fn a_bundle_made_with_another_key_is_not_trusted() {
    let forger = SigningKey::from_seed(support::ORIGIN, &[66; 32]).unwrap();
    let forged = bundle_of(&log(), &forger);
    assert_told(&check(&forged), &["key.txt", "not the trusted one"]);
    assert_told(&check(&forged), &["checkpoint.txt", "not signed by the key"]);
    assert_told(&check(&forged), &["manifest.json", "signature"]);
    // Alone it looks sound: that is what the fingerprint is for.
    let alone = verify(Cursor::new(&forged), None).unwrap();
    assert!(alone.ok());
    assert_ne!(alone.fingerprint, check(&bundle()).fingerprint);
}

/// Edits files, packs and seals them properly again, and verifies.
fn forged(change: impl FnOnce(&mut Files)) -> ledger::bundle::Verdict {
    let mut files = unpack(&bundle());
    change(&mut files);
    check(&pack(&files))
}

/// As [`forged`], by somebody who can sign manifests.
fn insider(change: impl FnOnce(&mut Files)) -> ledger::bundle::Verdict {
    let mut files = unpack(&bundle());
    change(&mut files);
    sign_again(&mut files, &key());
    check(&pack(&files))
}

#[test]
fn packed_again_with_a_new_seal_it_still_verifies() {
    let verdict = forged(|_| {});
    assert!(verdict.ok(), "{verdict}");
    let verdict = insider(|_| {});
    assert!(verdict.ok(), "{verdict}");
}

#[test]
fn packed_again_without_a_seal_it_does_not() {
    let bytes = pack(&unpack(&bundle()));
    assert_told(&check(&bytes[..bytes.len() - 1]), &["the bundle itself is damaged"]);
    let mut longer = bytes.clone();
    longer.push(b'\n');
    assert_told(&check(&longer), &["its seal is missing"]);
    let prefixed = [b"#!/bin/sh\n".as_slice(), &bytes].concat();
    assert_told(&check(&prefixed), &["the bundle itself is damaged"]);
}

#[test]
fn an_edited_body_names_its_record_even_if_an_insider_did_it() {
    let words = ["INC-1 version 3", "records/INC-1/3.json", "not the one that leaf"];
    assert_told(&forged(|f| edit(f, "records/INC-1/3.json", "low", "LOW")), &words);
    let verdict = insider(|f| edit(f, "records/INC-1/3.json", "low", "LOW"));
    assert_told(&verdict, &words);
    let bad: Vec<u64> = verdict.records.iter().filter(|r| !r.ok).map(|r| r.version).collect();
    assert_eq!(bad, [3], "only that record fails:\n{verdict}");
}

#[test]
fn an_edited_blob_names_the_record_that_vouches_for_it() {
    for (path, record) in [
        ("evidence/EVD-1.bin", "EVD-1 version 1"),
        ("evidence/EVD-2.bin", "EVD-2 version 2"),
        ("events/EVT-9.bin", "DET-1 version 1"),
    ] {
        let change = |f: &mut Files| f.get_mut(path).unwrap()[5] ^= 1;
        let text = format!("{record}: the file {path} is not the one that the record vouches for");
        assert_told(&forged(change), &[&text]);
        assert_told(&insider(change), &[&text]);
    }
}

#[test]
fn an_edited_leaf_is_named_and_not_proven() {
    let from = r#"incident.contain"#;
    let verdict = insider(|f| edit(f, "leaves.jsonl", from, "incident.declare"));
    assert_told(&verdict, &["leaf 14 (INC-1 version 2)", "not proven to stand in the tree"]);
    // With the body and its hash changed to fit, the proof still fails.
    let verdict = insider(|f| {
        let old = ledger::Digest::of(&f["records/TSK-1/1.json"]).to_string();
        edit(f, "records/TSK-1/1.json", "Isolate", "Ignore ");
        let new = ledger::Digest::of(&f["records/TSK-1/1.json"]).to_string();
        edit(f, "leaves.jsonl", &old, &new);
    });
    assert_told(&verdict, &["leaf 8 (TSK-1 version 1)", "not proven"]);
}

#[test]
fn a_leaf_that_is_labelled_wrongly_is_named() {
    let verdict = insider(|f| edit(f, "leaves.jsonl", r#""record":"TSK-1","#, r#""record":"TSK-2","#));
    assert_told(&verdict, &["leaf 8 (TSK-2 version 1)", "speaks of TSK-1 version 1"]);
    assert_told(&verdict, &["TSK-1 version 1", "no good leaf"]);
    let verdict = insider(|f| edit(f, "leaves.jsonl", r#"{"index":8,"#, r#"{"index":9,"#));
    assert_told(&verdict, &["leaf 9 (TSK-1 version 1)", "not proven"]);
    assert_told(&verdict, &["leaf 9", "claims the same place"]);
    let verdict = insider(|f| edit(f, "leaves.jsonl", r#"{"index":8,"#, r#"{"index":8000,"#));
    assert_told(&verdict, &["leaf 8000 (TSK-1 version 1)", "not in a tree of 22 leaves"]);
}

fn lines(files: &Files) -> Vec<String> {
    let text = String::from_utf8(files["leaves.jsonl"].clone()).unwrap();
    text.lines().map(str::to_owned).collect()
}

fn set_lines(files: &mut Files, lines: &[String]) {
    files.insert("leaves.jsonl".to_owned(), (lines.join("\n") + "\n").into_bytes());
}

#[test]
fn the_proof_of_another_leaf_proves_nothing() {
    let verdict = insider(|f| {
        let mut all = lines(f);
        let mut first: Value = serde_json::from_str(&all[0]).unwrap();
        let second: Value = serde_json::from_str(&all[1]).unwrap();
        first["proof"] = second["proof"].clone();
        all[0] = first.to_string();
        set_lines(f, &all);
    });
    assert_told(&verdict, &["leaf 3 (ALR-1 version 1)", "not proven"]);
}

#[test]
fn two_leaves_for_one_version_are_named() {
    let verdict = insider(|f| {
        let mut all = lines(f);
        all.push(all[2].clone());
        set_lines(f, &all);
    });
    assert_told(&verdict, &["leaf 7 (INC-1 version 1)", "for the same version"]);
}

#[test]
fn two_proven_leaves_for_one_version_are_named() {
    // The ledger itself holds version 1 twice: the server's own fault, or its owner's.
    let mut log = log();
    let (leaf, body) = log.entries[8].clone();
    let appended = log.frontier.append(&leaf).unwrap();
    log.stored.extend(appended.hashes);
    log.entries.push((leaf.clone(), body));
    let key = key();
    let mut files = {
        let mut once = begin(&log, &key);
        for (index, (leaf, body)) in (0..).zip(&log.entries).take(22) {
            if support::OURS.contains(&leaf.record()) {
                let proof = log.proof(index, log.frontier.size());
                once.add_record(index, leaf, &proof, body).unwrap();
            }
        }
        unpack(&once.finish().unwrap())
    };
    let mut all = lines(&files);
    let mut again: Value = serde_json::from_str(&all[3]).unwrap();
    again["index"] = 22.into();
    let proof = log.proof(22, 23).iter().map(ToString::to_string).collect::<Vec<_>>();
    again["proof"] = proof.into();
    all.push(again.to_string());
    set_lines(&mut files, &all);
    sign_again(&mut files, &key);
    assert_told(&check(&pack(&files)), &["leaf 22 (TSK-1 version 1)", "leaf 8 is for the same version"]);
}

#[test]
fn a_gap_in_a_records_versions_is_named() {
    let verdict = insider(|f| {
        f.remove("records/INC-1/2.json").unwrap();
        let kept: Vec<String> =
            lines(f).into_iter().filter(|line| !line.contains("incident.contain")).collect();
        set_lines(f, &kept);
    });
    assert_told(&verdict, &["INC-1 version 2: this version is missing"]);
}

#[test]
fn missing_and_added_files_are_named() {
    let gone = |path: &'static str| move |f: &mut Files| drop(f.remove(path).unwrap());
    let added = |path: &'static str| move |f: &mut Files| drop(f.insert(path.to_owned(), b"{}".to_vec()));
    let body = "records/ALR-1/2.json";
    assert_told(&forged(gone(body)), &["ALR-1 version 2", "its body", "missing"]);
    assert_told(&insider(gone(body)), &["ALR-1 version 2", "its body", "missing"]);
    let blob = "evidence/EVD-2.bin";
    assert_told(&forged(gone(blob)), &["EVD-2 version 2", blob, "missing"]);
    assert_told(&forged(gone("report.pdf")), &["report.pdf: it is missing"]);
    for name in ["manifest.json", "manifest.sig", "checkpoint.txt", "key.txt", "leaves.jsonl"] {
        assert_told(&forged(gone(name)), &[name, "missing"]);
    }
    let extra = "records/ALR-1/3.json";
    assert_told(&forged(added(extra)), &["ALR-1 version 3", "no good leaf", extra]);
    assert_told(&forged(added("notes.txt")), &["notes.txt", "it was added"]);
    assert_told(&forged(added("records/x.json")), &["records/x.json", "not the body of a record"]);
}

#[test]
fn an_edited_attachment_or_manifest_breaks_the_signature() {
    assert_told(
        &forged(|f| edit(f, "report.pdf", "reading", "Reading")),
        &["report.pdf: it is not the file that the manifest lists"],
    );
    for (from, to) in [
        ("2026-03-02", "2026-03-03"),
        ("\"incident\": \"INC-1\"", "\"incident\": \"INC-2\""),
        ("\"attachment\"", "\"evidence\""),
        ("/sha256", "/custody"),
        ("{", "{ "),
    ] {
        let verdict = forged(|f| edit(f, "manifest.json", from, to));
        assert_told(&verdict, &["manifest.json", "not the ledger key's signature"]);
    }
    // The checkpoint's signature is no signature of the manifest, and the other way round.
    let verdict = forged(|f| {
        let checkpoint = f["checkpoint.txt"].clone();
        f.insert("manifest.sig".to_owned(), checkpoint);
    });
    assert_told(&verdict, &["manifest.json", "not the ledger key's signature"]);
    let verdict = forged(|f| {
        let signature = f["manifest.sig"].clone();
        f.insert("checkpoint.txt".to_owned(), signature);
    });
    assert_told(&verdict, &["checkpoint.txt", "not a signed checkpoint"]);
}

#[test]
fn a_checkpoint_of_another_size_proves_none_of_these_leaves() {
    let mut longer = log();
    longer.change("USR-99", "user.sign_in", &Value::Null);
    let note = longer.checkpoint(&key());
    let verdict = insider(|f| drop(f.insert("checkpoint.txt".to_owned(), note.into_bytes())));
    assert_told(&verdict, &["manifest.json: it speaks of another checkpoint"]);
    assert_told(&verdict, &["INC-1 version 1", "not proven to stand in the tree of 23 leaves"]);
}

#[test]
fn a_file_that_no_record_vouches_for_cannot_pass_as_evidence() {
    let strip = |f: &mut Files| {
        let mut manifest: Value = serde_json::from_slice(&f["manifest.json"]).unwrap();
        for file in manifest["files"].as_array_mut().unwrap() {
            file.as_object_mut().unwrap().remove("vouched_by");
        }
        f.insert("manifest.json".to_owned(), manifest.to_string().into_bytes());
    };
    assert_told(&insider(strip), &["evidence/EVD-1.bin", "no record vouches for it"]);
    let elsewhere = |f: &mut Files| edit(f, "manifest.json", r#""record": "EVD-1""#, r#""record": "EVD-7""#);
    assert_told(&insider(elsewhere), &["EVD-7 version 1", "should vouch for evidence/EVD-1.bin"]);
}

#[test]
fn the_writer_refuses_what_would_not_verify() {
    let (log, key) = (log(), key());
    let (leaf, body) = &log.entries[3];
    let proof = log.proof(3, log.frontier.size());
    let mut writer = begin(&log, &key);
    let mut said = Vec::new();
    said.push(writer.add_record(3, leaf, &proof, b"{}").unwrap_err().to_string());
    said.push(writer.add_record(4, leaf, &proof, body).unwrap_err().to_string());
    writer.add_record(3, leaf, &proof, body).unwrap();
    said.push(writer.add_record(3, leaf, &proof, body).unwrap_err().to_string());
    let mut add = |path: &str, what, record: &str, size| {
        let vouch = vouch(record, 1, "/title");
        writer.add_file(path, what, &vouch, size, b"x".as_slice()).unwrap_err().to_string()
    };
    said.push(add("evidence/a.bin", What::Evidence, "EVD-1", 1));
    said.push(add("evidence/b.bin", What::Evidence, "ALR-1", 1));
    said.push(add("evidence/c.bin", What::Evidence, "ALR-1", 2));
    said.push(add("c.bin", What::Attachment, "ALR-1", 1));
    said.push(add("../c.bin", What::Evidence, "ALR-1", 1));
    said.push(writer.attach("evidence/x", b"").unwrap_err().to_string());
    said.push(writer.attach("readme.TXT", b"").unwrap_err().to_string());
    for (said, words) in said.iter().zip([
        "not the one that the leaf commits to",
        "not proven",
        "added before",
        "add the record before the file",
        "does not hold this file's SHA-256",
        "2 bytes were announced and 1 came",
        "only evidence and events",
        "begins with a letter",
        "for what records vouch for",
        "of this name already",
    ]) {
        assert!(said.contains(words), "{said}");
    }

    let mut gap = begin(&log, &key);
    let (leaf, body) = &log.entries[4];
    gap.add_record(4, leaf, &log.proof(4, 22), body).unwrap();
    let said = gap.finish().unwrap_err().to_string();
    assert!(said.contains("ALR-1 version 1 was not added"), "{said}");

    let other = SigningKey::from_seed("other.example", &[1; 32]).unwrap();
    let at = "2026-03-02T08:00:00Z".parse().unwrap();
    let note = log.checkpoint(&key);
    assert!(ledger::bundle::BundleWriter::new(Vec::new(), "INC-1", at, &note, &other).is_err());
}

#[test]
fn a_bundle_of_records_alone_and_an_empty_one_verify() {
    let (log, key) = (log(), key());
    let mut writer = begin(&log, &key);
    add_records(&log, &mut writer);
    assert!(check(&writer.finish().unwrap()).ok());
    assert!(check(&begin(&log, &key).finish().unwrap()).ok());
    let note = Checkpoint::of(support::ORIGIN, &ledger::Frontier::new()).unwrap().sign(&key).unwrap();
    let at = "2026-03-02T08:00:00Z".parse().unwrap();
    let empty = ledger::bundle::BundleWriter::new(Vec::new(), "INC-1", at, &note, &key).unwrap();
    assert!(check(&empty.finish().unwrap()).ok());
}

/// Runs the commands that `README.md` gives to an auditor, on a bundle, and returns what they say.
fn by_hand(bundle: &[u8]) -> Option<Vec<String>> {
    let readme = include_str!("../README.md");
    let script = readme.split("```sh\n").nth(1).unwrap().split("```").next().unwrap();
    for tool in ["jq", "unzip", "sha256sum"] {
        if std::process::Command::new(tool).arg("--help").output().is_err() {
            println!("skipped: {tool} not there");
            return None;
        }
    }
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("b.zip"), bundle).unwrap();
    let shell =
        std::process::Command::new("sh").args(["-c", script]).current_dir(folder.path()).output().unwrap();
    let said = String::from_utf8(shell.stdout).unwrap();
    Some(said.lines().filter(|line| !line.ends_with("FAILED")).map(str::to_owned).collect())
}

#[test]
fn an_auditor_with_a_shell_comes_to_the_same_verdict() {
    let fingerprint = key().verifying_key().fingerprint().replace(' ', "");
    let Some(said) = by_hand(&bundle()) else { return };
    assert_eq!(said, ["sealed", &fingerprint, "unchanged", "committed", "vouched"]);

    let mut files = unpack(&bundle());
    files.get_mut("events/EVT-9.bin").unwrap()[5] ^= 1;
    assert_eq!(by_hand(&pack(&files)).unwrap(), ["sealed", &fingerprint, "committed"]);
    let mut files = unpack(&bundle());
    edit(&mut files, "records/INC-1/3.json", "low", "LOW");
    assert_eq!(by_hand(&pack(&files)).unwrap(), ["sealed", &fingerprint, "vouched"]);
}

/// A log in which Rita (USR-2) collects an item without signing, then seals it with her key.
fn signed_log(mut act: Value, key_of: &str, signer: &PersonKey) -> Log {
    let mut log = log();
    let public = signer.public();
    log.change(
        "SIG-1",
        "signing_key.create",
        &json!({"id": "SIG-1", "account": key_of, "public_key": public}),
    );
    let sha256 = hex(EVIDENCE);
    let said = person::statement("EVD-1", &sha256, 2, &act);
    act["signature"] = json!({"key": "SIG-1", "public_key": public, "signature": signer.sign(&said)});
    let chain = json!([{"act": "collected", "by": "Rita"}, act]);
    log.change("EVD-1", "evidence.sealed", &json!({"id": "EVD-1", "sha256": sha256, "custody": chain}));
    log
}

fn sealed() -> Value {
    json!({"act": "sealed", "by": "Rita", "account": "USR-2", "to": null, "signature": null})
}

fn bundle_with_people(log: &Log) -> Vec<u8> {
    let signing = key();
    let mut writer = begin(log, &signing);
    for (index, (leaf, body)) in (0..).zip(&log.entries) {
        if OURS.contains(&leaf.record()) || leaf.record() == "SIG-1" {
            writer.add_record(index, leaf, &log.proof(index, log.frontier.size()), body).unwrap();
        }
    }
    writer.finish().unwrap()
}

#[test]
fn what_people_signed_is_checked_with_the_keys_that_the_ledger_holds_for_them() {
    let rita = PersonKey::generate().unwrap();
    let verdict = check(&bundle_with_people(&signed_log(sealed(), "USR-2", &rita)));
    assert!(verdict.ok(), "{verdict}");
    assert_eq!(verdict.acts, Acts { signed: 1, unsigned: 1 });
    assert!(verdict.to_string().contains("2 acts of custody, 1 signed"), "{verdict}");

    // A key that is somebody else's says nothing about Rita.
    let verdict = check(&bundle_with_people(&signed_log(sealed(), "USR-3", &rita)));
    assert_told(&verdict, &["EVD-1", "act 2", "not, in this ledger, the key of Rita"]);
}

#[test]
fn an_act_that_was_changed_after_it_was_signed_is_told() {
    let rita = PersonKey::generate().unwrap();
    let mut log = signed_log(sealed(), "USR-2", &rita);
    // Whoever holds the ledger's key can write any record, and still not sign for Rita.
    let (_, body) = log.entries.last().unwrap();
    let mut body: Value = serde_json::from_slice(body).unwrap();
    body["custody"][1]["act"] = "destroyed".into();
    log.change("EVD-1", "evidence.destroyed", &body);
    let verdict = check(&bundle_with_people(&log));
    assert_told(&verdict, &["EVD-1 version 3", "act 2", "not signed by Rita"]);
}
