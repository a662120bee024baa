//! A small incident in a small ledger, its bundle, and what a forger would do to it.
#![allow(dead_code)]

use std::collections::BTreeMap;
use std::io::{Cursor, Read, Write};

use ledger::bundle::{BundleWriter, Verdict, Vouch, What, verify};
use ledger::{Checkpoint, Digest, Frontier, Hash, Leaf, SigningKey, StoredHashes, proof};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use signed_note::Note;
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipArchive, ZipWriter};

pub const ORIGIN: &str = "ir.example.org/ledger";
pub const EVIDENCE: &[u8] = b"MZ this stands for a captured file, with a few bytes of text in it";
pub const SECOND_EVIDENCE: &[u8] = b"\x00\x01\x02 and another one, shorter";
pub const EVENT: &[u8] = b"<134>1 2026-03-01T09:29:58Z host sshd - - - Accepted password for root";

pub fn key() -> SigningKey {
    SigningKey::from_seed(ORIGIN, &[7; 32]).unwrap()
}

/// A ledger as a server would keep it.
#[derive(Default)]
pub struct Log {
    pub frontier: Frontier,
    pub stored: StoredHashes,
    pub entries: Vec<(Leaf, Vec<u8>)>,
}

impl Log {
    pub fn change(&mut self, record: &str, act: &str, body: &Value) -> u64 {
        let version = 1 + self.versions(record);
        let body = serde_json::to_vec(body).unwrap();
        let second = 1_772_357_400 + i64::try_from(self.entries.len()).unwrap();
        let at = jiff::Timestamp::new(second, 0).unwrap();
        let leaf = Leaf::new(at, "USR-1", act, record, version, Digest::of(&body)).unwrap();
        let appended = self.frontier.append(&leaf).unwrap();
        self.stored.extend(appended.hashes);
        self.entries.push((leaf, body));
        appended.index
    }

    fn versions(&self, record: &str) -> u64 {
        let of = self.entries.iter().filter(|(leaf, _)| leaf.record() == record);
        u64::try_from(of.count()).unwrap()
    }

    pub fn proof(&self, index: u64, size: u64) -> Vec<Hash> {
        proof::inclusion(index, size, &self.stored).unwrap()
    }

    pub fn checkpoint(&self, key: &SigningKey) -> String {
        Checkpoint::of(ORIGIN, &self.frontier).unwrap().sign(key).unwrap()
    }
}

pub fn hex(bytes: &[u8]) -> String {
    Digest::of(bytes).to_string()
}

/// Six records of the incident and, between them, changes that are nobody's business.
pub fn log() -> Log {
    let mut log = Log::default();
    let busy = |log: &mut Log, n: u64| {
        for i in 0..n {
            log.change(&format!("USR-{}", 10 + i), "user.sign_in", &json!({"n": i}));
        }
    };
    busy(&mut log, 3);
    log.change("ALR-1", "alert.raise", &json!({"id": "ALR-1", "title": "Root log-in", "state": "new"}));
    log.change(
        "ALR-1",
        "alert.acknowledge",
        &json!({"id": "ALR-1", "title": "Root log-in", "state": "acknowledged"}),
    );
    busy(&mut log, 2);
    log.change("INC-1", "incident.declare", &json!({"id": "INC-1", "severity": "high"}));
    log.change("TSK-1", "task.open", &json!({"id": "TSK-1", "title": "Isolate the host"}));
    log.change("EVD-1", "evidence.collect", &json!({"id": "EVD-1", "sha256": hex(EVIDENCE), "custody": []}));
    log.change("EVD-2", "evidence.collect", &json!({"id": "EVD-2", "sha256": hex(SECOND_EVIDENCE)}));
    busy(&mut log, 1);
    log.change(
        "EVD-2",
        "evidence.transfer",
        &json!({"id": "EVD-2", "sha256": hex(SECOND_EVIDENCE), "holder": "USR-2"}),
    );
    log.change(
        "DET-1",
        "detection.fire",
        &json!({"id": "DET-1", "events": [{"event": "EVT-9", "raw_sha256": hex(EVENT)}]}),
    );
    log.change(
        "INC-1",
        "incident.contain",
        &json!({"id": "INC-1", "severity": "high", "phase": "containment"}),
    );
    busy(&mut log, 4);
    log.change("INC-1", "incident.close", &json!({"id": "INC-1", "severity": "low", "phase": "closed"}));
    busy(&mut log, 2);
    log
}

pub const OURS: [&str; 6] = ["INC-1", "ALR-1", "TSK-1", "EVD-1", "EVD-2", "DET-1"];

pub fn vouch(record: &str, version: u64, pointer: &str) -> Vouch {
    Vouch { record: record.to_owned(), version, pointer: pointer.to_owned() }
}

pub fn begin<'k>(log: &Log, key: &'k SigningKey) -> BundleWriter<'k, Vec<u8>> {
    let at = "2026-03-02T08:00:00Z".parse().unwrap();
    BundleWriter::new(Vec::new(), "INC-1", at, &log.checkpoint(key), key).unwrap()
}

pub fn add_records(log: &Log, writer: &mut BundleWriter<'_, Vec<u8>>) {
    for (index, (leaf, body)) in (0..).zip(&log.entries) {
        if OURS.contains(&leaf.record()) {
            let proof = log.proof(index, log.frontier.size());
            writer.add_record(index, leaf, &proof, body).unwrap();
        }
    }
}

pub fn bundle_of(log: &Log, key: &SigningKey) -> Vec<u8> {
    let mut writer = begin(log, key);
    add_records(log, &mut writer);
    for (path, what, vouch, content) in [
        ("evidence/EVD-1.bin", What::Evidence, vouch("EVD-1", 1, "/sha256"), EVIDENCE),
        ("evidence/EVD-2.bin", What::Evidence, vouch("EVD-2", 2, "/sha256"), SECOND_EVIDENCE),
        ("events/EVT-9.bin", What::Event, vouch("DET-1", 1, "/events/0/raw_sha256"), EVENT),
    ] {
        let size = u64::try_from(content.len()).unwrap();
        writer.add_file(path, what, &vouch, size, content).unwrap();
    }
    writer.attach("report.pdf", b"%PDF-1.7 for reading").unwrap();
    writer.finish().unwrap()
}

pub fn bundle() -> Vec<u8> {
    bundle_of(&log(), &key())
}

/// Verifies against the trusted key.
pub fn check(bundle: &[u8]) -> Verdict {
    verify(Cursor::new(bundle), Some(key().verifying_key())).unwrap()
}

/// Asserts that the bundle fails and that one problem has all of these words.
#[track_caller]
pub fn assert_told(verdict: &Verdict, words: &[&str]) {
    assert!(!verdict.ok(), "passed as good:\n{verdict}");
    let told = verdict.problems.iter().any(|p| words.iter().all(|word| p.text.contains(word)));
    assert!(told, "no problem says {words:?}:\n{verdict}");
}

pub type Files = BTreeMap<String, Vec<u8>>;

pub fn unpack(bundle: &[u8]) -> Files {
    let mut zip = ZipArchive::new(Cursor::new(bundle)).unwrap();
    (0..zip.len())
        .map(|i| {
            let mut file = zip.by_index(i).unwrap();
            let mut content = Vec::new();
            file.read_to_end(&mut content).unwrap();
            (file.name().unwrap().into_owned(), content)
        })
        .collect()
}

/// Packs files as a skilled forger would, with a fresh and correct seal.
pub fn pack(files: &Files) -> Vec<u8> {
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    for (name, content) in files {
        let options = SimpleFileOptions::default().compression_method(CompressionMethod::Deflated);
        zip.start_file(name, options).unwrap();
        zip.write_all(content).unwrap();
    }
    reseal(zip)
}

pub fn reseal(mut zip: ZipWriter<Cursor<Vec<u8>>>) -> Vec<u8> {
    let label = "watchbell-bundle/1 sha256 of every byte before this hash: ";
    zip.set_comment(format!("{label}{}", "0".repeat(64))).unwrap();
    let mut bytes = zip.finish().unwrap().into_inner();
    bytes.truncate(bytes.len() - 64);
    let hash = hex::encode(Sha256::digest(&bytes));
    bytes.extend_from_slice(hash.as_bytes());
    bytes
}

/// What the forger can do who also holds the ledger's key: a manifest that fits, signed.
pub fn sign_again(files: &mut Files, key: &SigningKey) {
    let mut manifest: Value = serde_json::from_slice(&files["manifest.json"]).unwrap();
    let listed = manifest["files"].as_array_mut().unwrap();
    listed.retain(|file| files.contains_key(file["path"].as_str().unwrap()));
    for file in listed {
        let content = &files[file["path"].as_str().unwrap()];
        file["sha256"] = hex(content).into();
        file["size"] = content.len().into();
    }
    let lines = files["leaves.jsonl"].split(|b| *b == b'\n').filter(|l| !l.is_empty());
    manifest["leaves"] = lines.count().into();
    let manifest = serde_json::to_vec(&manifest).unwrap();
    let text = format!("watchbell-bundle/1 of {ORIGIN}\nmanifest.json sha256 {}\n", hex(&manifest));
    let mut note = Note::new(text.as_bytes(), &[]).unwrap();
    note.add_sigs(&[key]).unwrap();
    files.insert("manifest.json".to_owned(), manifest);
    files.insert("manifest.sig".to_owned(), note.to_bytes());
}

/// Replaces text in one file of the bundle.
#[track_caller]
pub fn edit(files: &mut Files, path: &str, from: &str, to: &str) {
    let content = files.get_mut(path).unwrap();
    let text = String::from_utf8(content.clone()).unwrap();
    let changed = text.replacen(from, to, 1);
    assert_ne!(text, changed, "{path} does not contain {from}");
    *content = changed.into_bytes();
}
