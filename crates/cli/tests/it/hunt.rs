//! Stories about `watchbell hunt`.

use std::io::Read;
use std::process::Stdio;

use serde_json::Value;

use crate::support::{Ran, command, fixtures, ran, shared, watchbell};

fn hunt(more: &[&str]) -> Ran {
    let all: Vec<&str> = ["hunt", "logs", "--rules", "rules"].iter().chain(more).copied().collect();
    watchbell(&all)
}

#[test]
fn a_table_is_printed_in_the_order_of_time() {
    let ran = hunt(&[]);
    assert_eq!(ran.code, Some(0), "{}", ran.err);
    insta::assert_snapshot!(ran.out);
}

#[test]
fn json_tells_what_made_each_rule_fire() {
    let ran = hunt(&["--output", "json"]);
    let rows: Vec<Value> = serde_json::from_str(&ran.out).unwrap();
    assert_eq!(rows.len(), 5);
    insta::assert_snapshot!(ran.out);
    let lines = hunt(&["--output", "jsonl"]);
    let each: Vec<Value> = lines.out.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(each, rows);
}

#[test]
fn csv_and_timeline_are_for_people() {
    insta::assert_snapshot!("csv", hunt(&["--output", "csv"]).out);
    insta::assert_snapshot!("timeline", hunt(&["--output", "timeline"]).out);
}

#[test]
fn nothing_in_a_record_commands_the_terminal() {
    for output in ["table", "json", "jsonl", "csv", "timeline"] {
        let ran = hunt(&["--output", output]);
        assert!(ran.out.contains("HYPERLINK"), "{output}: the hostile record is missing");
        for text in [&ran.out, &ran.err] {
            let commanding = text.chars().find(|sign| {
                (sign.is_control() && !matches!(sign, '\n') && !(output == "csv" && *sign == '\r'))
                    || *sign == '\u{202e}'
            });
            assert_eq!(commanding, None, "{output}");
        }
    }
}

#[test]
fn the_summary_says_what_was_read_what_was_not_and_why() {
    let ran = hunt(&[]);
    let about = |name: &str| {
        ran.err
            .lines()
            .find(|line| line.starts_with(name))
            .unwrap_or_else(|| panic!("{}", ran.err))
            .to_owned()
    };
    assert!(about("files").contains("4 read, 1 of them damaged, 1 skipped"), "{}", ran.err);
    assert!(about("events").ends_with(" 7"), "{}", ran.err);
    assert!(about("rules").contains("4 loaded from 2 files"), "{}", ran.err);
    assert!(about("rules").contains("1 could not be loaded"), "{}", ran.err);
    assert!(about("detections").contains("5: 1 critical, 1 high, 2 medium, 1 low"), "{}", ran.err);
    assert!(about("speed").contains("events a second"), "{}", ran.err);
    assert!(about("memory").contains("iB at most"), "{}", ran.err);
    assert!(ran.err.contains("rules/refused.yml:8"), "{}", ran.err);
    assert!(ran.err.contains("warning: logs/sysmon.jsonl: line 3: not valid JSON"), "{}", ran.err);
    assert_eq!(hunt(&["--quiet"]).err.lines().count(), 1, "only the warning");
}

#[test]
fn refused_rules_are_named_with_file_line_and_reason() {
    let ran = hunt(&["--refused"]);
    let refused: Vec<_> = ran.err.lines().filter(|line| line.starts_with("refused:")).collect();
    assert_eq!(refused.len(), 1, "{}", ran.err);
    assert!(refused[0].starts_with("refused: rules/refused.yml:8: \"Refers To Nothing\": the condition"));
}

#[test]
fn a_filter_that_concerns_no_rule_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("filter.yml");
    let filter = "title: Admins\nlogsource: {product: windows}\nfilter:\n  rules: [nobody]\n  \
                  selection: {User: adm}\n  condition: selection\n";
    std::fs::write(&file, filter).unwrap();
    let ran = hunt(&[file.to_str().unwrap()]);
    assert!(ran.err.contains("filter.yml:4: no loaded rule has the id or name `nobody`"), "{}", ran.err);
}

#[test]
fn level_and_time_narrow_it() {
    let titles = |more: &[&str]| -> Vec<String> {
        let all: Vec<_> = ["--output", "jsonl"].iter().chain(more).copied().collect();
        let ran = hunt(&all);
        assert_eq!(ran.code, Some(0), "{}", ran.err);
        let rows = ran.out.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
        rows.map(|row| row["rule"]["title"].as_str().unwrap().to_owned()).collect()
    };
    let (root, shadow) = ("Root Logs On With A Password", "Shadow Copies Deleted");
    assert_eq!(titles(&["--level", "high"]), [root, shadow]);
    assert_eq!(titles(&["--level", "CRITICAL"]), [shadow]);
    assert_eq!(titles(&["--from", "2026-03-03"]), [shadow]);
    assert_eq!(titles(&["--from", "2026-03-02T23:59:59.9Z", "--to", "2026-03-03T01:10:00Z"]), [root]);
    assert_eq!(titles(&["--to", "2026-03-02", "--level", "high"]), [root]);
    assert_eq!(titles(&["--from", "2027-01-01"]), [""; 0]);
}

#[test]
fn the_exit_code_tells_a_script() {
    assert_eq!(hunt(&["--fail-on", "critical"]).code, Some(2));
    assert_eq!(hunt(&["--fail-on", "high", "--to", "2026-03-02T12:00:00Z"]).code, Some(0));
    for (arguments, said) in [
        (&["hunt", "nowhere"][..], "nowhere cannot be read; check the path"),
        (&["hunt", "logs", "--rules", "nowhere"], "the rules in nowhere cannot be loaded"),
        (&["hunt", "logs", "--rules", "rules/refused.yml"], "no rule could be loaded"),
        (&["hunt", "logs/notes.txt", "--rules", "rules"], "in a known format"),
        (&["hunt", "logs", "--level", "loud"], "the level `loud` is unknown"),
        (&["hunt", "logs", "--from", "yesterday"], "write a date such as 2026-11-24"),
        (&["hunt", "logs", "--from", "2026-03-03", "--to", "2026-03-01"], "is not before"),
        (&["hunt"], "required arguments"),
    ] {
        let ran = watchbell(arguments);
        assert_eq!(ran.code, Some(1), "{arguments:?}: {}", ran.err);
        assert!(ran.err.contains(said), "{arguments:?}: {}", ran.err);
    }
}

#[test]
fn results_go_into_a_file_when_asked() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("found.csv");
    let said = hunt(&["--output", "csv", "--out", file.to_str().unwrap()]);
    assert_eq!((said.code, said.out.as_str()), (Some(0), ""));
    assert_eq!(std::fs::read_to_string(&file).unwrap(), hunt(&["--output", "csv"]).out);
}

#[test]
fn a_damaged_file_is_named_and_the_rest_goes_on() {
    let folder = tempfile::tempdir().unwrap();
    let mut damaged = b"ElfFile\0".to_vec();
    damaged.resize(5000, 0x41);
    std::fs::write(folder.path().join("broken.evtx"), damaged).unwrap();
    let logs = folder.path().to_str().unwrap();
    let ran = watchbell(&["hunt", logs, "logs", "--rules", "rules", "--output", "jsonl"]);
    assert_eq!(ran.code, Some(0), "{}", ran.err);
    assert!(
        ran.err.lines().any(|line| line.starts_with("warning:") && line.contains("broken.evtx")),
        "{}",
        ran.err
    );
    assert_eq!(ran.out.lines().count(), 5);
}

#[test]
fn many_files_give_the_same_output_however_threads_run() {
    let folder = tempfile::tempdir().unwrap();
    let record = |number: usize| {
        serde_json::json!({
            "TimeCreated": format!("2026-03-02T08:00:{:02}Z", number % 7),
            "EventID": 1, "Channel": "Microsoft-Windows-Sysmon/Operational",
            "SourceName": "Microsoft-Windows-Sysmon", "Hostname": format!("ws-{number}"),
            "Image": "C:\\a.exe", "CommandLine": "whoami",
        })
        .to_string()
    };
    for file in 0..12 {
        // One file is far larger than the others, so that threads share it.
        let records = if file == 3 { 4000 } else { 40 };
        let text: Vec<String> = (0..records).map(|number| record(number + file)).collect();
        std::fs::write(folder.path().join(format!("{file}.jsonl")), text.join("\n")).unwrap();
    }
    let once = || {
        let ran =
            watchbell(&["hunt", folder.path().to_str().unwrap(), "--rules", "rules", "--output", "csv"]);
        assert_eq!(ran.out.lines().count(), 1 + 4000 + 11 * 40);
        ran.out
    };
    let first = once();
    for _ in 0..4 {
        assert!(once() == first, "the order of findings hangs on threads");
    }
}

#[test]
fn a_reader_that_goes_away_is_no_error() {
    // More than a pipe holds, so that writing must fail.
    let folder = tempfile::tempdir().unwrap();
    let record = std::fs::read_to_string(fixtures().join("logs/sysmon.jsonl")).unwrap();
    let record = record.lines().find(|line| line.contains("whoami")).unwrap().to_owned() + "\n";
    std::fs::write(folder.path().join("many.jsonl"), record.repeat(3000)).unwrap();
    let mut child = command()
        .args(["hunt", folder.path().to_str().unwrap(), "--rules", "rules", "--quiet"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    let mut said = String::new();
    child.stderr.take().unwrap().read_to_string(&mut said).unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(0), "{said}");
    assert!(!said.contains("error"), "{said}");
}

#[test]
fn the_shipped_rules_are_used_when_none_are_named() {
    let ran = ran(command().args(["hunt", "logs", "--output", "jsonl"]).output().unwrap());
    assert_eq!(ran.code, Some(0), "{}", ran.err);
    assert!(ran.err.contains("those that Watchbell ships"), "{}", ran.err);
    assert!(ran.out.lines().any(|line| line.contains("vssadmin")), "{}\n{}", ran.out, ran.err);
}

#[test]
fn all_samples_of_real_attacks_are_read_with_all_public_rules() {
    let (Some(logs), Some(rules)) = (shared("data/evtx-attack-samples"), shared("data/sigma/rules")) else {
        return;
    };
    let arguments = ["hunt", logs.to_str().unwrap(), "--rules", rules.to_str().unwrap(), "--output", "jsonl"];
    let ran = watchbell(&arguments);
    assert_eq!(ran.code, Some(0), "{}", ran.err);
    println!("{}", ran.err);
    let found = ran.out.lines().count();
    assert!(found > 1000, "{found} detections\n{}", ran.err);
    assert!(
        ran.err.lines().any(|line| line.starts_with("files") && line.contains("277 read")),
        "{}",
        ran.err
    );
}

#[test]
fn records_of_own_products_are_read_by_own_mappings() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name).display().to_string();
    std::fs::create_dir_all(folder.path().join("rules/mappings")).unwrap();
    let rule = "title: Door forced\nlogsource: {product: doors}\ndetection:\n  s: {User: eve}\n  condition: s\nlevel: high\n";
    std::fs::write(at("rules/door.yml"), rule).unwrap();
    let mapping =
        "recognise: [{has: [door, badge.holder]}]\nproduct: doors\ntime: seen\nuser: badge.holder\n";
    std::fs::write(at("rules/mappings/doors.yml"), mapping).unwrap();
    let record = "{\"seen\":\"2026-11-24T03:00:00Z\",\"door\":\"north\",\"badge\":{\"holder\":\"eve\"}}\n";
    std::fs::write(at("door.jsonl"), record).unwrap();
    let ran = watchbell(&["hunt", &at("door.jsonl"), "--rules", &at("rules"), "--output", "jsonl"]);
    assert_eq!(ran.code, Some(0), "{}", ran.err);
    assert!(ran.out.contains("Door forced") && ran.out.contains("2026-11-24T03:00:00Z"), "{}", ran.out);
    // One that is named comes before those beside the rules.
    std::fs::create_dir(at("own")).unwrap();
    std::fs::write(at("own/a.yml"), "recognise: [{has: [door]}]\nproduct: gates\n").unwrap();
    let ran = watchbell(&["hunt", &at("door.jsonl"), "--rules", &at("rules"), "--mappings", &at("own")]);
    assert!(!ran.out.contains("Door forced"), "{}", ran.out);
    std::fs::write(at("own/a.yml"), "product: gates\nfeilds: {}\n").unwrap();
    let ran = watchbell(&["hunt", &at("door.jsonl"), "--mappings", &at("own")]);
    assert_eq!(ran.code, Some(1));
    assert!(ran.err.contains("a.yml:2: ") && ran.err.contains("feilds"), "{}", ran.err);
}

const GUESSING: &str = "title: Logon Failed
name: failed
logsource: {product: linux, service: sshd}
detection: {words: ['Failed password'], condition: words}
level: low
---
title: Logon
name: logon
logsource: {product: linux, service: sshd}
detection: {words: ['Accepted password'], condition: words}
level: low
---
title: Passwords Guessed At
name: guessing
correlation:
  type: event_count
  rules: [failed]
  group-by: [hostname]
  timespan: 1m
  condition: {gte: 3}
level: medium
---
title: Password Guessed
correlation:
  type: temporal_ordered
  rules: [guessing, logon]
  group-by: [hostname]
  timespan: 10m
level: high
tags: [attack.t1110]
---
title: Correlates Nothing
correlation: {type: event_count, rules: [nobody], timespan: 1m, condition: {gte: 1}}
";

/// The lines of two files that belong together, neither of which is in order.
fn guessed() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let line = |second: u32, what: &str| {
        format!("<38>1 2026-03-02T10:00:{second:02}Z web-01 sshd 812 - - {what} for root from 192.0.2.44\n")
    };
    let late = line(30, "Accepted password") + &line(31, "Failed password") + &line(8, "Failed password");
    let early = line(4, "Failed password") + &line(2, "Failed password") + &line(1, "Accepted password");
    std::fs::write(folder.path().join("a.log"), late).unwrap();
    std::fs::write(folder.path().join("b.log"), early).unwrap();
    std::fs::write(folder.path().join("rules.yml"), GUESSING).unwrap();
    folder
}

#[test]
fn records_of_all_files_are_correlated_in_the_order_of_time() {
    let folder = guessed();
    let path = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    let (first, second, rules) = (path("a.log"), path("b.log"), path("rules.yml"));
    let hunt = |more: &[&str]| {
        let all: Vec<&str> =
            ["hunt", &first, &second, "--rules", &rules].iter().chain(more).copied().collect();
        watchbell(&all)
    };
    let ran = hunt(&["--output", "json"]);
    let rows: Vec<Value> = serde_json::from_str(&ran.out).unwrap();
    assert_eq!(rows.len(), 1, "the rules below say nothing by themselves: {}", ran.out);
    let row = &rows[0];
    assert_eq!((&row["rule"]["title"], &row["host"]), (&"Password Guessed".into(), &"web-01".into()));
    assert_eq!(row["time"], "2026-03-02T10:00:30Z");
    assert_eq!(row["found"][0]["value"], "web-01");
    let events: Vec<(&str, i64)> = row["events"]
        .as_array()
        .unwrap()
        .iter()
        .map(|event| (event["rule"].as_str().unwrap(), event["record"].as_i64().unwrap()))
        .collect();
    assert_eq!(
        events,
        [("Logon", 3), ("Logon Failed", 2), ("Logon Failed", 1), ("Logon Failed", 3), ("Logon", 1)],
        "{}",
        ran.out
    );
    assert!(ran.err.contains("2 loaded and 2 correlations"), "{}", ran.err);
    assert!(hunt(&[]).out.contains("Password Guessed (5 events)"));
    let timeline = hunt(&["--output", "timeline"]).out;
    assert!(timeline.contains("10:00:08.000 Logon Failed, "), "{timeline}");
    let csv = hunt(&["--output", "csv"]).out;
    assert!(csv.trim_end().ends_with(&format!("{first}:3; {first}:1\"")), "{csv}");
    assert_eq!(hunt(&["--fail-on", "high"]).code, Some(2));
    assert_eq!(hunt(&["--level", "critical", "--output", "jsonl"]).out, "");
    let refused = hunt(&["--refused"]).err;
    assert!(refused.contains("no loaded rule has the id or name `nobody`"), "{refused}");
}

#[test]
fn tail_correlates_as_records_come() {
    let folder = guessed();
    let path = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    let lines = ["b.log", "a.log"].map(|name| std::fs::read_to_string(path(name)).unwrap()).concat();
    std::fs::write(path("all.log"), lines).unwrap();
    let (all, rules) = (path("all.log"), path("rules.yml"));
    let ran = watchbell(&["tail", &all, "--rules", &rules, "--from-start", "--once", "--output", "jsonl"]);
    let rows: Vec<Value> = ran.out.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(rows.len(), 1, "{}{}", ran.out, ran.err);
    assert_eq!(rows[0]["rule"]["title"], "Password Guessed");
    assert_eq!(rows[0]["events"].as_array().unwrap().len(), 5);
}
