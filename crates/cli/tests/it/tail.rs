//! `watchbell tail` over real files: appended in pieces, rotated, truncated, ended and taken up again.
//! Each record carries a number, and a rule fires on each: so what was lost or doubled shows.

use std::fs::{File, OpenOptions};
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::support::command;

const RULE: &str = "title: Numbered\nid: 3e8a1f6e-2f0c-4b57-9d0a-6a51d0a8a001\nlogsource:\n  product: linux\n\
    detection:\n  selection:\n    message|startswith: 'number '\n  condition: selection\nlevel: high\n";

fn line(number: usize) -> String {
    format!("<13>May  1 10:00:{:02} gate counter: number {number}.\n", number % 60)
}

fn lines(numbers: std::ops::Range<usize>) -> String {
    numbers.map(line).collect()
}

struct Place {
    folder: tempfile::TempDir,
}

impl Place {
    fn new() -> Place {
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir(folder.path().join("logs")).unwrap();
        std::fs::write(folder.path().join("rule.yml"), RULE).unwrap();
        Place { folder }
    }

    fn log(&self, name: &str) -> PathBuf {
        self.folder.path().join("logs").join(name)
    }

    fn state(&self) -> PathBuf {
        self.folder.path().join("state.json")
    }

    fn tail(&self, what: &Path, more: &[&str]) -> Tail {
        let mut command = command();
        command.args(["tail", "--output", "jsonl", "--rules"]).arg(self.folder.path().join("rule.yml"));
        command.arg("--state").arg(self.state()).args(more).arg("--").arg(what);
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let said = read(child.stderr.take().unwrap());
        Tail { found: read(child.stdout.take().unwrap()), said, child }
    }
}

fn read(stream: impl std::io::Read + Send + 'static) -> Receiver<String> {
    let (sender, lines) = channel();
    std::thread::spawn(move || {
        for line in BufReader::new(stream).lines().map_while(Result::ok) {
            if sender.send(line).is_err() {
                return;
            }
        }
    });
    lines
}

struct Tail {
    child: Child,
    found: Receiver<String>,
    said: Receiver<String>,
}

fn number(detection: &str) -> usize {
    let detection: Value = serde_json::from_str(detection).unwrap();
    let value = detection["found"][0]["value"].as_str().unwrap();
    value.strip_prefix("number ").unwrap().trim_end_matches('.').parse().unwrap()
}

impl Tail {
    /// The numbers of the next detections; fails when they do not come.
    fn next(&self, count: usize) -> Vec<usize> {
        (0..count)
            .map(|at| match self.found.recv_timeout(Duration::from_secs(40)) {
                Ok(line) => number(&line),
                Err(_) => panic!("{at} of {count}; it said {:?}", self.said.try_iter().collect::<Vec<_>>()),
            })
            .collect()
    }

    /// Waits for its end; the numbers that were found.
    fn end(mut self) -> Vec<usize> {
        assert!(self.child.wait().unwrap().success(), "{:?}", self.said.iter().collect::<Vec<_>>());
        self.found.iter().map(|line| number(&line)).collect()
    }

    /// Ends it without warning; what it had printed and nobody read.
    fn kill(mut self) -> Vec<usize> {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
        self.found.iter().map(|line| number(&line)).collect()
    }

    fn nothing_more(&self) {
        std::thread::sleep(Duration::from_secs(2));
        assert_eq!(self.found.try_iter().collect::<Vec<_>>(), Vec::<String>::new());
    }
}

impl Drop for Tail {
    fn drop(&mut self) {
        self.child.kill().ok();
        self.child.wait().ok();
    }
}

fn append(path: &Path, text: &str) {
    let mut file = OpenOptions::new().append(true).create(true).open(path).unwrap();
    file.write_all(text.as_bytes()).unwrap();
}

fn all(range: std::ops::Range<usize>) -> Vec<usize> {
    range.collect()
}

#[test]
fn what_is_appended_in_pieces_is_found_once_and_half_a_line_is_waited_for() {
    let place = Place::new();
    let log = place.log("a.log");
    append(&log, &lines(0..3));
    let tail = place.tail(&log, &["--from-start"]);
    assert_eq!(tail.next(3), all(0..3));
    let text = lines(3..40);
    for piece in text.as_bytes().chunks(23) {
        append(&log, std::str::from_utf8(piece).unwrap());
        std::thread::sleep(Duration::from_millis(15));
    }
    assert_eq!(tail.next(37), all(3..40));
    let (half, rest) = text.split_at(10);
    append(&log, half);
    tail.nothing_more();
    append(&log, rest.split_inclusive('\n').next().unwrap());
    assert_eq!(tail.next(1), [3]);
    tail.nothing_more();
}

#[test]
fn what_was_there_before_is_left_out_unless_asked_for() {
    let place = Place::new();
    let log = place.log("a.log");
    let fifth = line(5);
    let (half, rest) = fifth.split_at(12);
    append(&log, &(lines(0..5) + half));
    let tail = place.tail(&log, &[]);
    // It is there once the position is kept.
    let since = Instant::now();
    while !place.state().exists() && since.elapsed() < Duration::from_secs(30) {
        std::thread::sleep(Duration::from_millis(50));
    }
    append(&log, &(rest.to_owned() + &line(6)));
    assert_eq!(tail.next(2), [5, 6]);
}

#[test]
fn rotation_by_renaming_loses_and_doubles_nothing() {
    for folder in [false, true] {
        let place = Place::new();
        let log = place.log("a.log");
        append(&log, &lines(0..3));
        let what = if folder { log.parent().unwrap().to_owned() } else { log.clone() };
        let tail = place.tail(&what, &["--from-start"]);
        assert_eq!(tail.next(3), all(0..3));
        // The writer still holds the old file for a moment after it was renamed.
        let mut writer = OpenOptions::new().append(true).open(&log).unwrap();
        std::fs::rename(&log, place.log("a.log.1")).unwrap();
        writer.write_all(lines(3..5).as_bytes()).unwrap();
        append(&log, &lines(5..8));
        let mut found = tail.next(5);
        found.sort_unstable();
        assert_eq!(found, all(3..8));
        std::fs::rename(place.log("a.log.1"), place.log("a.log.2")).unwrap();
        std::fs::rename(&log, place.log("a.log.1")).unwrap();
        append(&log, &lines(8..10));
        assert_eq!(tail.next(2), [8, 9]);
        tail.nothing_more();
    }
}

#[test]
fn rotation_by_copying_and_truncating_doubles_nothing() {
    let place = Place::new();
    let log = place.log("a.log");
    append(&log, &lines(0..4));
    let tail = place.tail(log.parent().unwrap(), &["--from-start"]);
    assert_eq!(tail.next(4), all(0..4));
    std::fs::copy(&log, place.log("a.log.1")).unwrap();
    File::create(&log).unwrap();
    append(&log, &lines(4..6));
    assert_eq!(tail.next(2), [4, 5]);
    std::thread::sleep(Duration::from_secs(3));
    tail.nothing_more();
    // Written anew and longer than before at once: the bytes before the position tell.
    std::fs::write(&log, lines(100..110)).unwrap();
    assert_eq!(tail.next(10), all(100..110));
}

#[test]
fn new_files_in_a_folder_are_followed_and_what_cannot_be_is_named_once() {
    let place = Place::new();
    append(&place.log("a.log"), &lines(0..2));
    let tail = place.tail(place.log("a.log").parent().unwrap(), &["--from-start"]);
    assert_eq!(tail.next(2), [0, 1]);
    std::fs::create_dir(place.log("deeper")).unwrap();
    append(&place.log("deeper/b.log"), &lines(2..4));
    std::fs::write(place.log("old.evtx"), b"ElfFile\0and so on\n").unwrap();
    std::fs::write(place.log("old.gz"), [0x1f, 0x8b, 8, 0, 0, 0]).unwrap();
    assert_eq!(tail.next(2), [2, 3]);
    std::thread::sleep(Duration::from_secs(3));
    let said: Vec<String> = tail.said.try_iter().collect();
    assert_eq!(said.iter().filter(|line| line.contains("old.evtx is not followed")).count(), 1, "{said:?}");
    assert_eq!(said.iter().filter(|line| line.contains("old.gz is not followed")).count(), 1, "{said:?}");
}

#[test]
fn an_ended_run_is_taken_up_where_it_was() {
    let place = Place::new();
    let log = place.log("a.log");
    append(&log, &lines(0..50));
    assert_eq!(place.tail(&log, &["--from-start", "--once"]).end(), all(0..50));
    append(&log, &lines(50..60));
    assert_eq!(place.tail(&log, &["--once"]).end(), all(50..60));
    assert_eq!(place.tail(&log, &["--once"]).end(), all(0..0));
    // Rotated while nobody looked: the rest of the old file, then the whole new one.
    append(&log, &lines(60..63));
    std::fs::rename(&log, place.log("a.log.1")).unwrap();
    append(&log, &lines(63..65));
    assert_eq!(place.tail(&log, &["--once"]).end(), all(60..65));
    // Truncated while nobody looked.
    std::fs::write(&log, lines(65..66)).unwrap();
    assert_eq!(place.tail(&log, &["--once"]).end(), [65]);
}

#[test]
fn killed_at_any_moment_nothing_is_lost() {
    let place = Place::new();
    let log = place.log("a.log");
    let (mut written, mut found) = (0, Vec::new());
    for round in 0..12 {
        append(&log, &lines(written..written + 400));
        written += 400;
        let tail = place.tail(&log, &["--from-start"]);
        found.extend(tail.next(1));
        std::thread::sleep(Duration::from_millis(round * 3));
        found.extend(tail.kill());
    }
    found.extend(place.tail(&log, &["--once"]).end());
    // What was printed and not yet noted when it was killed is printed again.
    found.sort_unstable();
    found.dedup();
    assert_eq!(found, all(0..written));
}

#[test]
fn records_of_several_lines_and_columns_named_above_are_understood_in_the_middle() {
    let place = Place::new();
    let rule = "title: Numbered\nlogsource:\n  category: webserver\ndetection:\n  selection:\n    \
        cs-uri-stem|startswith: 'number '\n  condition: selection\nlevel: high\n";
    std::fs::write(place.folder.path().join("rule.yml"), rule).unwrap();
    let log = place.log("iis.log");
    append(&log, "#Software: Microsoft Internet Information Services 10.0\n#Fields: cs-method cs-uri-stem\n");
    append(&log, "GET \"number 0.\"\n");
    let tail = place.tail(&log, &["--from-start"]);
    assert_eq!(tail.next(1), [0]);
    append(&log, "GET \"number 1.\"\n");
    assert_eq!(tail.next(1), [1]);
    drop(tail);
    append(&log, "GET \"number 2.\"\n#Fields: cs-uri-stem cs-method\n\"number 3.\" GET\n");
    let mut found = place.tail(&log, &["--once"]).end();
    // It may have been ended before it had noted that the second was printed.
    found.retain(|number| *number > 1);
    assert_eq!(found, [2, 3]);
    append(&log, "\"number 4.\" GET\n");
    assert_eq!(place.tail(&log, &["--once"]).end(), [4]);
}

#[test]
fn standard_input_is_read_to_its_end() {
    let place = Place::new();
    let mut command = command();
    command.args(["tail", "-", "--output", "jsonl", "--rules"]).arg(place.folder.path().join("rule.yml"));
    let mut child =
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::inherit()).spawn().unwrap();
    let mut input = child.stdin.take().unwrap();
    let found = read(child.stdout.take().unwrap());
    input.write_all(lines(0..2).as_bytes()).unwrap();
    assert_eq!(number(&found.recv_timeout(Duration::from_secs(30)).unwrap()), 0);
    input.write_all(lines(2..500).trim_end().as_bytes()).unwrap();
    drop(input);
    assert!(child.wait().unwrap().success());
    assert_eq!(found.iter().map(|line| number(&line)).collect::<Vec<_>>(), all(1..500));
}

#[test]
fn one_state_file_is_used_by_one() {
    let place = Place::new();
    append(&place.log("a.log"), &lines(0..1));
    let first = place.tail(&place.log("a.log"), &["--from-start"]);
    assert_eq!(first.next(1), [0]);
    let mut second = place.tail(&place.log("a.log"), &[]);
    assert!(!second.child.wait().unwrap().success());
    assert!(second.said.iter().any(|line| line.contains("another `watchbell tail` uses")));
    drop(first);
    std::fs::write(place.state(), "{}").unwrap();
    let mut broken = place.tail(&place.log("a.log"), &[]);
    assert!(!broken.child.wait().unwrap().success());
    assert!(broken.said.iter().any(|line| line.contains("is no state file")));
}
