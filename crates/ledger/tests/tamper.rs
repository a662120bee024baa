//! Every single byte of a bundle, changed in turn: never passed as good, never a panic, and
//! where the byte belongs to a record, that record is named.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod support;

use std::io::Cursor;
use std::ops::Range;

use proptest::prelude::*;
use support::{bundle, check, pack, unpack};
use zip::ZipArchive;

/// Where in the file the content of each member lies.
fn members(bundle: &[u8]) -> Vec<(String, Range<usize>)> {
    let mut zip = ZipArchive::new(Cursor::new(bundle)).unwrap();
    (0..zip.len())
        .map(|i| {
            let file = zip.by_index(i).unwrap();
            let start = usize::try_from(file.data_start().unwrap()).unwrap();
            let end = start + usize::try_from(file.compressed_size()).unwrap();
            (file.name().unwrap().into_owned(), start..end)
        })
        .collect()
}

/// The record whose bytes these are: a body, a blob that it vouches for, or its leaf.
fn owners(bundle: &[u8]) -> Vec<(Range<usize>, String)> {
    let files = unpack(bundle);
    let mut owners = Vec::new();
    for (name, range) in members(bundle) {
        let parts: Vec<&str> = name.split('/').collect();
        match parts.as_slice() {
            ["records", record, _] => owners.push((range, (*record).to_owned())),
            ["evidence", file] => {
                owners.push((range, file.strip_suffix(".bin").unwrap().to_owned()));
            }
            ["events", _] => owners.push((range, "DET-1".to_owned())),
            ["leaves.jsonl"] => {
                let mut at = range.start;
                for line in String::from_utf8(files[&name].clone()).unwrap().lines() {
                    let record: serde_json::Value = serde_json::from_str(line).unwrap();
                    let record = record["record"].as_str().unwrap().to_owned();
                    owners.push((at..at + line.len(), record));
                    at += line.len() + 1;
                }
                assert_eq!(at, range.end, "leaves are stored as they are");
            }
            _ => {}
        }
    }
    owners
}

fn flip_every_byte(mask: u8) {
    let good = bundle();
    assert!(check(&good).ok());
    let owners = owners(&good);
    let files = unpack(&good);
    let (mut owned, mut slack, mut changed) = (0, 0, good.clone());
    for at in 0..good.len() {
        changed[at] ^= mask;
        let verdict = check(&changed);
        assert!(!verdict.ok(), "byte {at} ^ {mask:#x} was not noticed");
        assert!(!verdict.problems.is_empty());
        if let Some((_, record)) = owners.iter().find(|(range, _)| range.contains(&at)) {
            // A deflated blob has a few bits that mean nothing. The seal sees them; the blob is
            // the same, and so no record is to blame.
            if verdict.problems.len() == 1 && unpack(&changed) == files {
                assert!(verdict.problems[0].text.contains("the bundle itself is damaged"));
                slack += 1;
                changed[at] ^= mask;
                continue;
            }
            owned += 1;
            let named = verdict.problems.iter().any(|problem| {
                problem.text.contains(&format!("{record} version"))
                    && problem.of.as_ref().is_some_and(|of| &of.record == record)
            });
            assert!(named, "byte {at} ^ {mask:#x} is of {record}:\n{verdict}");
        }
        changed[at] ^= mask;
    }
    assert_eq!(changed, good);
    assert!(owned > 5000, "only {owned} bytes belong to records");
    assert!(slack <= 6, "{slack} bytes seem to mean nothing");
    println!("{} bytes changed in turn, {owned} of them of records", good.len());
}

#[test]
fn every_byte_with_its_lowest_bit_flipped() {
    flip_every_byte(0x01);
}

#[test]
fn every_byte_with_the_letters_case_bit_flipped() {
    flip_every_byte(0x20);
}

#[test]
fn every_byte_with_all_bits_flipped() {
    flip_every_byte(0xff);
}

/// The seal does not help here: the forger packs and seals anew after each edit.
#[test]
fn every_other_byte_of_every_file_edited_and_sealed_anew() {
    let good = unpack(&bundle());
    let mut files = good.clone();
    let (mut edits, mut owned) = (0, 0);
    for (name, content) in &good {
        for at in (0..content.len()).step_by(2) {
            files.get_mut(name).unwrap()[at] ^= 0x01;
            let verdict = check(&pack(&files));
            assert!(!verdict.ok(), "byte {at} of {name} was not noticed");
            let record = match name.split('/').collect::<Vec<_>>().as_slice() {
                ["records", record, _] => Some((*record).to_owned()),
                ["evidence", file] => Some(file.replace(".bin", "")),
                ["events", _] => Some("DET-1".to_owned()),
                ["leaves.jsonl"] if content[at] != b'\n' => {
                    let line = content[..at].iter().filter(|b| **b == b'\n').count();
                    let text = std::str::from_utf8(content).unwrap().lines().nth(line).unwrap();
                    let line: serde_json::Value = serde_json::from_str(text).unwrap();
                    Some(line["record"].as_str().unwrap().to_owned())
                }
                _ => None,
            };
            if let Some(record) = record {
                owned += 1;
                let words = format!("{record} version");
                let named = verdict.problems.iter().any(|problem| problem.text.contains(&words));
                assert!(named, "byte {at} of {name} is of {record}:\n{verdict}");
            }
            edits += 1;
            files.get_mut(name).unwrap()[at] ^= 0x01;
        }
    }
    assert_eq!(files, good);
    assert!(owned > 2500, "only {owned} edits were of records");
    println!("{edits} edits, {owned} of them of records");
}

#[test]
fn every_byte_removed_and_every_length_cut() {
    let good = bundle();
    for at in 0..good.len() {
        let mut shorter = good.clone();
        shorter.remove(at);
        assert!(!check(&shorter).ok(), "byte {at} removed");
        if at % 3 == 0 {
            assert!(!check(&good[..at]).ok(), "cut at {at}");
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn several_changes_at_once(
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..30),
    ) {
        let good = bundle();
        let mut changed = good.clone();
        for (at, byte) in changes {
            let at = at.index(changed.len());
            changed[at] = byte;
        }
        prop_assert_eq!(check(&changed).ok(), changed == good);
    }

    #[test]
    fn anything_at_all_is_no_bundle(bytes in prop::collection::vec(any::<u8>(), 0..3000)) {
        prop_assert!(!check(&bytes).ok());
    }
}
