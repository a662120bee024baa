//! Zips made to harm whoever opens them: refused before any work is done, and nothing is ever
//! written to disk.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod support;

use std::io::{Cursor, Write};
use std::path::PathBuf;
use std::time::{Duration, Instant};

use ledger::bundle::{Limits, verify, verify_within};
use support::{assert_told, bundle, check, key, reseal, unpack};
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipWriter};

fn options() -> SimpleFileOptions {
    SimpleFileOptions::default().compression_method(CompressionMethod::Deflated)
}

/// A good bundle with one more file, sealed.
fn with(name: &str, options: SimpleFileOptions, content: &[u8]) -> Vec<u8> {
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    for (name, content) in unpack(&bundle()) {
        zip.start_file(name, self::options()).unwrap();
        zip.write_all(&content).unwrap();
    }
    zip.start_file(name, options).unwrap();
    zip.write_all(content).unwrap();
    reseal(zip)
}

#[test]
fn names_that_climb_out_are_refused() {
    for name in [
        "../../etc/cron.d/x",
        "/etc/passwd",
        "a/../../b",
        "C:\\Windows\\x",
        "..\\..\\x",
        ".bashrc",
        "evidence/.hidden",
        "x\u{202e}txt.exe",
        "a\nb",
    ] {
        let verdict = check(&with(name, options(), b"x"));
        assert_told(&verdict, &["nothing may be called"]);
    }
}

#[test]
fn links_folders_and_doubles_are_refused() {
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    zip.add_symlink("evidence", "/etc", options()).unwrap();
    assert_told(&check(&reseal(zip)), &["only plain files"]);
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    zip.add_directory("evidence", options()).unwrap();
    assert_told(&check(&reseal(zip)), &["nothing may be called"]);
    assert_told(&check(&with("KEY.txt", options(), b"x")), &["two files of this name"]);
}

#[test]
fn two_files_of_exactly_one_name_are_refused() {
    // The writer makes no doubles, so a second name is turned into the first in both places.
    let mut bytes = with("key.tyt", options(), b"other+00000000+AAAA");
    let places: Vec<usize> = (0..bytes.len() - 7).filter(|at| &bytes[*at..at + 7] == b"key.tyt").collect();
    assert_eq!(places.len(), 2);
    for at in places {
        bytes[at + 5] = b'x';
    }
    assert!(!check(&bytes).ok());
    assert_told(&check(&bytes), &["the bundle itself is damaged", "duplicate"]);
}

#[test]
fn a_bomb_is_refused_by_what_it_would_unpack_to() {
    let limits = Limits { unpacked: 1 << 20, ..Limits::default() };
    let bomb = with("zeros.bin", options(), &vec![0; 64 << 20]);
    assert!(bomb.len() < 200_000);
    let begun = Instant::now();
    let verdict = verify_within(Cursor::new(&bomb), Some(key().verifying_key()), &limits).unwrap();
    assert_told(&verdict, &["it unpacks to", "more than the 1048576 allowed"]);
    assert!(begun.elapsed() < Duration::from_secs(1));
}

#[test]
fn a_bomb_that_lies_about_its_size_is_stopped_there() {
    // The central directory says ten bytes; what comes out is more.
    let bytes = with("zeros.bin", options(), &vec![0; 8 << 20]);
    let mut lying = bytes.clone();
    let size = (8_u32 << 20).to_le_bytes();
    let places: Vec<usize> = (0..lying.len() - 4).filter(|at| lying[*at..at + 4] == size).collect();
    assert!(!places.is_empty());
    for at in places {
        lying[at..at + 4].copy_from_slice(&10_u32.to_le_bytes());
    }
    assert_told(&check(&lying), &["zeros.bin", "larger than its declared"]);
}

#[test]
fn too_many_files_and_too_long_texts_are_refused() {
    let key = key();
    let run =
        |limits: Limits| verify_within(Cursor::new(bundle()), Some(key.verifying_key()), &limits).unwrap();
    let usual = Limits::default;
    assert_told(&run(Limits { files: 5, ..usual() }), &["more than the 5 allowed"]);
    assert_told(&run(Limits { manifest: 100, ..usual() }), &["manifest.json", "more than the 100 bytes"]);
    assert_told(&run(Limits { leaves: 100, ..usual() }), &["leaves.jsonl", "more than the 100 bytes"]);
    assert_told(
        &run(Limits { body: 10, ..usual() }),
        &["EVD-1 version 1", "not the one that the record vouches"],
    );
}

#[test]
fn a_million_faults_are_counted_and_a_thousand_are_listed() {
    let mut files = unpack(&bundle());
    let line = "{\"no\":\"leaf\"}\n".repeat(1_000_000);
    files.insert("leaves.jsonl".to_owned(), line.into_bytes());
    let begun = Instant::now();
    let verdict = check(&support::pack(&files));
    assert!(!verdict.ok());
    assert_eq!(verdict.problems.len(), 1000);
    assert!(verdict.problem_count > 100_000);
    assert!(verdict.records.is_empty() && verdict.files.iter().any(|file| !file.ok));
    assert!(verdict.to_string().contains(" more\n"));
    assert!(begun.elapsed() < Duration::from_secs(20));
}

#[test]
fn an_unreadable_file_is_an_error_and_not_a_verdict() {
    struct Broken;
    impl std::io::Read for Broken {
        fn read(&mut self, _: &mut [u8]) -> std::io::Result<usize> {
            Err(std::io::Error::other("the disk is gone"))
        }
    }
    impl std::io::Seek for Broken {
        fn seek(&mut self, _: std::io::SeekFrom) -> std::io::Result<u64> {
            Ok(4096)
        }
    }
    let said = verify(Broken, None).unwrap_err().to_string();
    assert!(said.contains("the disk is gone"), "{said}");
}

#[test]
fn the_known_zip_slip_archives_are_refused() {
    let shared = std::env::var_os("WATCHBELL_SHARED")
        .map_or_else(|| PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../shared"), PathBuf::from);
    let folder = shared.join("data/hostile/zipslip/archives");
    let Ok(entries) = std::fs::read_dir(&folder) else {
        println!("skipped: {} not there", folder.display());
        return;
    };
    let mut seen = 0;
    for path in entries.map(|entry| entry.unwrap().path()) {
        let verdict = verify(std::fs::File::open(&path).unwrap(), None).unwrap();
        assert!(!verdict.ok(), "{}", path.display());
        if path.extension().is_some_and(|e| e == "zip") {
            assert_told(&verdict, &["nothing may be called"]);
            seen += 1;
        }
    }
    assert!(seen >= 2, "{seen} archives");
}
