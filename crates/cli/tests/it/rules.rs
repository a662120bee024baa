//! Stories about `watchbell rules`.

use std::path::Path;

use serde_json::Value;

use crate::support::{Ran, shared, watchbell};

const RULE: &str = "\
title: A Shell Asks Who It Is
id: 5b1d6f53-6f5c-4a5b-8a43-0c7a4f1d9b01
status: test
level: low
description: Look at who ran it.
logsource: {product: windows, category: process_creation}
detection:
  selection:
    CommandLine|contains: whoami
  filter_admin:
    User|endswith: '\\admin'
  condition: selection and not filter_admin
tags: [attack.discovery, attack.t1033]
";

const SAMPLES: &str = r#"{"expect": true, "logsource": {"product": "windows", "category": "process_creation"}, "event": {"CommandLine": "whoami /all", "User": "CORP\\reader"}}
{"expect": false, "logsource": {"product": "windows", "category": "process_creation"}, "event": {"CommandLine": "whoami /all", "User": "CORP\\admin"}}
"#;

fn rules(verb: &str, more: &[&str]) -> Ran {
    let all: Vec<&str> = ["rules", verb].iter().chain(more).copied().collect();
    watchbell(&all)
}

fn folder(rule: &str, samples: &str) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("who.yml"), rule).unwrap();
    std::fs::create_dir(folder.path().join("samples")).unwrap();
    std::fs::write(folder.path().join("samples/who.jsonl"), samples).unwrap();
    folder
}

fn path(path: &Path) -> &str {
    path.to_str().unwrap()
}

#[test]
fn check_names_refused_rules_and_likely_mistakes_with_file_and_line() {
    let ran = rules("check", &["rules"]);
    assert_eq!(ran.code, Some(1), "{}", ran.err);
    insta::assert_snapshot!("check", format!("{}\n{}", ran.out, ran.err));
    let whole: Value = serde_json::from_str(&rules("check", &["rules", "--format", "json"]).out).unwrap();
    assert_eq!((&whole["rules"], &whole["files"]), (&Value::from(4), &Value::from(2)));
    assert_eq!(whole["errors"][0]["line"], 8);
    assert_eq!(whole["warnings"][0]["sort"], "missing-description");
    let github = rules("check", &["rules", "--format", "github"]);
    assert!(
        github.out.contains("::error file=rules/refused.yml,line=8,title=refused rule::"),
        "{}",
        github.out
    );
    assert!(github.out.contains("::warning file=rules/known.yml,line=1,title=missing-description::"));
}

#[test]
fn check_fails_on_warnings_only_when_it_shall() {
    let known = "rules/known.yml";
    assert_eq!(rules("check", &[known]).code, Some(0));
    assert_eq!(rules("check", &[known, "--strict"]).code, Some(1));
    let allowed = rules("check", &[known, "--strict", "--allow", "missing-description"]);
    assert_eq!(allowed.code, Some(0), "{}", allowed.out);
    assert!(allowed.err.contains("4 rules in 1 file: nothing to complain about"), "{}", allowed.err);
    assert!(rules("check", &[known, "--allow", "Missing!"]).err.contains("a sort of warning is a word"));
    assert!(rules("check", &["nowhere"]).err.contains("check the path"));
}

#[test]
fn the_shipped_rules_pass_check_and_test() {
    let check = rules("check", &["--strict"]);
    assert_eq!(check.code, Some(0), "{}{}", check.out, check.err);
    let test = rules("test", &["--require-samples"]);
    assert_eq!(test.code, Some(0), "{}{}", test.out, test.err);
    assert!(test.err.contains("all as expected"), "{}", test.err);
    let content = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../content/rules");
    let by_folder = rules("test", &[path(&content)]);
    assert_eq!(by_folder.err, test.err, "the same, whether shipped or in their folder");
}

#[test]
fn test_tells_why_a_sample_has_another_outcome() {
    let good = folder(RULE, SAMPLES);
    let ran = rules("test", &[path(good.path())]);
    assert_eq!(
        (ran.code, ran.out.as_str()),
        (Some(0), "✓ A Shell Asks Who It Is  2 samples\n"),
        "{}",
        ran.err
    );
    assert_eq!(ran.err, "1 rule tested with 2 samples: all as expected\n");

    let bad = folder(&RULE.replace("whoami", "whoamy").replace(" and not filter_admin", ""), SAMPLES);
    let ran = rules("test", &[path(bad.path())]);
    assert_eq!(ran.code, Some(1), "{}", ran.err);
    assert!(ran.out.contains("✗ A Shell Asks Who It Is  1 of 2 samples failed"), "{}", ran.out);
    assert!(ran.out.contains("who.jsonl:1 should fire and does not"), "{}", ran.out);
    assert!(
        ran.out.contains("selection: CommandLine does not contain `whoamy` — `whoami /all`."),
        "{}",
        ran.out
    );
    let loud = folder(&RULE.replace(" and not filter_admin", ""), SAMPLES);
    let whole: Value =
        serde_json::from_str(&rules("test", &[path(loud.path()), "--format", "json"]).out).unwrap();
    assert_eq!(whole[0]["passed"], 1);
    assert_eq!(whole[0]["failed"][0]["message"], "should not fire and does");
}

#[test]
fn test_says_what_is_wrong_with_samples() {
    let untested = tempfile::tempdir().unwrap();
    std::fs::write(untested.path().join("who.yml"), RULE).unwrap();
    let ran = rules("test", &[path(untested.path())]);
    assert_eq!(ran.code, Some(1));
    assert!(ran.err.contains("put them into samples/NAME.jsonl"), "{}", ran.err);
    let required = rules("test", &[path(untested.path()), "--require-samples"]);
    assert_eq!(required.code, Some(1));
    assert!(required.out.contains("has no samples"), "{}", required.out);
    for (sample, said) in [
        ("{\"expect\": true}", "missing field `event`"),
        ("{", "EOF"),
        ("{\"expect\": true, \"event\": {\"a\": {\"b\": 1}}}", "dotted names"),
        (
            "{\"expect\": true, \"rule\": \"Another\", \"event\": {\"a\": 1}}",
            "names a rule that its file does not hold",
        ),
    ] {
        let ran = rules("test", &[path(folder(RULE, sample).path())]);
        assert_eq!(ran.code, Some(1), "{sample}");
        assert!(ran.out.contains("who.jsonl:1") && ran.out.contains(said), "{sample}: {}", ran.out);
    }
}

#[test]
fn correlations_are_tried_on_courses_of_events() {
    let rule = "title: Failed\nname: failed\nlogsource: {product: linux}\ndetection: {s: {a: 1}, condition: s}\n---\ntitle: Thrice\ncorrelation: {type: event_count, rules: [failed], timespan: 1m, condition: {gte: 3}}\n";
    let course = |expect, times, every| {
        format!(
            "{{\"expect\": {expect}, \"events\": [{{\"at\": \"0s\", \"times\": {times}, \"every\": \"{every}\", \"logsource\": {{\"product\": \"linux\"}}, \"event\": {{\"a\": 1}}}}]}}\n"
        )
    };
    let good = course(true, 3, "30s") + &course(false, 2, "1s") + &course(false, 5, "31s");
    let ran = rules("test", &[path(folder(rule, &good).path()), "--require-samples"]);
    assert_eq!((ran.code, ran.out.as_str()), (Some(0), "✓ Thrice  3 samples\n"), "{}", ran.err);
    let ran = rules("test", &[path(folder(rule, &course(true, 2, "1s")).path())]);
    assert_eq!(ran.code, Some(1));
    assert!(ran.out.contains("who.jsonl:1 should fire and does not"), "{}", ran.out);
    for (sample, said) in [
        (course(true, 3, "soon"), "`soon` is not a time"),
        (course(true, 3, "1s").replace("\"every\": \"1s\", ", ""), "says how far apart"),
    ] {
        let ran = rules("test", &[path(folder(rule, &sample).path())]);
        assert!(ran.code == Some(1) && ran.out.contains(said), "{}", ran.out);
    }
    let ran = rules("test", &[path(folder(RULE, &course(true, 3, "1s")).path())]);
    assert!(ran.out.contains("its file holds no correlation"), "{}", ran.out);
}

#[test]
fn regression_data_is_found_around_the_rules_and_where_it_is_said_to_be() {
    let root = tempfile::tempdir().unwrap();
    let data = root.path().join("data/who");
    std::fs::create_dir_all(root.path().join("rules")).unwrap();
    std::fs::create_dir_all(&data).unwrap();
    let rule = format!("{RULE}regression_tests_path: data/who/info.yml\n");
    std::fs::write(root.path().join("rules/who.yml"), rule).unwrap();
    let info = |count: usize| {
        let text = format!(
            "rule_metadata:\n  - id: 5b1d6f53-6f5c-4a5b-8a43-0c7a4f1d9b01\nregression_tests_info:\n  - name: Positive\n    match_count: {count}\n    path: data/who/log.jsonl\n"
        );
        std::fs::write(data.join("info.yml"), text).unwrap();
    };
    let logs = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/logs/sysmon.jsonl");
    let text = std::fs::read_to_string(logs).unwrap();
    let whole: Vec<&str> = text.lines().filter(|line| !line.contains("broken")).collect();
    std::fs::write(data.join("log.jsonl"), whole.join("\n")).unwrap();
    info(1);
    let folder = root.path().join("rules");
    let ran = rules("test", &[path(&folder)]);
    assert_eq!(ran.code, Some(0), "{}{}", ran.out, ran.err);
    info(2);
    let ran = rules("test", &[path(&folder)]);
    assert!(ran.out.contains("should fire 2 times and fires 1 times in 3 events"), "{}", ran.out);
    info(1);
    let elsewhere = tempfile::tempdir().unwrap();
    std::fs::rename(root.path().join("data"), elsewhere.path().join("moved")).unwrap();
    std::fs::rename(elsewhere.path().join("moved/who"), elsewhere.path().join("who")).unwrap();
    assert_eq!(rules("test", &[path(&folder)]).code, Some(1), "nothing to test with");
    let ran = rules("test", &[path(&folder), "--regression", path(elsewhere.path())]);
    assert_eq!(ran.code, Some(0), "{}{}", ran.out, ran.err);
}

#[test]
fn coverage_counts_techniques_by_tactic_and_writes_a_layer() {
    let folder = tempfile::tempdir().unwrap();
    let layer = folder.path().join("layer.json");
    let ran = rules("coverage", &["rules/known.yml", "--techniques", "--navigator", path(&layer)]);
    assert_eq!(ran.code, Some(0), "{}", ran.err);
    insta::assert_snapshot!("coverage", ran.out);
    let written: Value = serde_json::from_str(&std::fs::read_to_string(&layer).unwrap()).unwrap();
    assert_eq!(written["versions"]["layer"], "4.5");
    let techniques: Vec<&str> = written["techniques"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| one["techniqueID"].as_str().unwrap())
        .collect();
    assert_eq!(techniques, ["T1078", "T1033", "T1490"]);
    assert_eq!(written["techniques"][1]["comment"], "Who Am I Asked From A Shell");
    let whole: Value =
        serde_json::from_str(&rules("coverage", &["rules/known.yml", "--format", "json"]).out).unwrap();
    assert_eq!((&whole["covered"], &whole["rules_without_technique"]), (&Value::from(3), &Value::from(1)));
    let gaps = rules("coverage", &["rules/known.yml", "--gaps"]).out;
    assert!(gaps.contains("  T1486  Data Encrypted for Impact"), "{gaps}");
    assert!(!gaps.contains("T1490  "), "{gaps}");
}

#[test]
fn explain_shows_the_condition_with_what_the_event_holds() {
    let fires = rules("explain", &["who am i", "logs/sysmon.jsonl", "--rules", "rules/known.yml"]);
    assert_eq!(fires.code, Some(0), "{}", fires.err);
    insta::assert_snapshot!("explain_fires", fires.out);
    let silent = rules(
        "explain",
        &["shadow copies deleted", "logs/sysmon.jsonl", "--event", "2", "--rules", "rules/known.yml"],
    );
    insta::assert_snapshot!("explain_silent", silent.out);
    let other = rules("explain", &["root logs on", "logs/sysmon.jsonl", "--rules", "rules/known.yml"]);
    assert!(
        other.out.contains(
            "The rule looks at product linux, service sshd, and the event comes from product windows"
        ),
        "{}",
        other.out
    );
    let whole: Value = serde_json::from_str(
        &rules(
            "explain",
            &["who am i", "logs/sysmon.jsonl", "--rules", "rules/known.yml", "--format", "json"],
        )
        .out,
    )
    .unwrap();
    assert_eq!(
        (&whole["fires"], &whole["event"], &whole["of"]),
        (&Value::from(true), &Value::from(2), &Value::from(3))
    );
    assert_eq!(whole["condition"]["steps"][0]["asked"][0]["relation"], "contains");
}

#[test]
fn explain_reads_samples_and_says_what_it_does_not_find() {
    let here = folder(RULE, SAMPLES);
    let rule = here.path().join("who.yml");
    let samples = here.path().join("samples/who.jsonl");
    let ran = rules("explain", &[path(&rule), path(&samples), "--event", "2"]);
    assert_eq!(ran.code, Some(0), "{}", ran.err);
    assert!(ran.out.starts_with("DOES NOT FIRE  A Shell Asks Who It Is\n"), "{}", ran.out);
    assert!(ran.out.contains("filter_admin: User ends with `\\admin` — `CORP\\admin`."), "{}", ran.out);
    assert!(rules("explain", &["x", path(&samples), "--event", "0"]).code == Some(1));
    assert!(
        rules("explain", &[path(&rule), path(&samples), "--event", "9"])
            .err
            .contains("so there is no event 9")
    );
    assert!(rules("explain", &["no such rule", path(&samples)]).err.contains("no rule is called"));
    let several = rules("explain", &["a", "logs/sysmon.jsonl", "--rules", "rules/known.yml"]);
    assert!(several.err.contains("4 rules fit `a`; say the id of one"), "{}", several.err);
    let plain = here.path().join("event.json");
    std::fs::write(&plain, r#"{"CommandLine": "whoami", "commandline2": 1}"#).unwrap();
    let unknown = rules("explain", &[path(&rule), path(&plain)]).out;
    assert!(unknown.contains("the event comes from an unknown source"), "{unknown}");
    assert!(rules("explain", &[path(&rule), path(&plain), "--assume-source"]).out.starts_with("FIRES"));
}

#[test]
fn nothing_in_an_event_or_a_rule_commands_the_terminal() {
    let hostile = RULE.replace("A Shell", "\"A \\e[31mShell").replace("It Is\n", "It Is\"\n");
    let samples = SAMPLES.replace("whoami", "\\u001b]8;;x\\u0007whoami\\u202e");
    let here = folder(&hostile, &samples);
    let rule = here.path().join("who.yml");
    let events = here.path().join("samples/who.jsonl");
    for ran in [
        rules("explain", &[path(&rule), path(&events)]),
        rules("test", &[path(here.path())]),
        rules("check", &[path(here.path())]),
        rules("coverage", &[path(here.path()), "--techniques"]),
    ] {
        for text in [&ran.out, &ran.err] {
            let commanding =
                text.chars().find(|sign| (sign.is_control() && *sign != '\n') || *sign == '\u{202e}');
            assert_eq!(commanding, None, "{text}");
        }
    }
}

#[test]
fn placeholders_stand_for_values_in_every_command() {
    let here = tempfile::tempdir().unwrap();
    let rule = here.path().join("who.yml");
    std::fs::write(&rule, RULE.replace("contains: whoami", "contains|expand: '%words%'")).unwrap();
    let values = here.path().join("values.yaml");
    std::fs::write(&values, "words: [whoami]\n").unwrap();
    let refused = rules("check", &[path(&rule)]);
    assert!(refused.out.contains(":9: error: the placeholder `%words%` has no value"), "{}", refused.out);
    assert_eq!(rules("check", &[path(&rule), "--placeholders", path(&values)]).code, Some(0));
    let hunt = watchbell(&["hunt", "logs", "--rules", path(&rule), "--placeholders", path(&values), "-q"]);
    assert!(hunt.out.contains("A Shell Asks Who It Is"), "{}{}", hunt.out, hunt.err);
    std::fs::write(&values, "words: {a: b}\n").unwrap();
    let wrong = rules("check", &[path(&rule), "--placeholders", path(&values)]);
    assert_eq!(wrong.code, Some(1));
    assert!(wrong.err.contains("values.yaml:1: `words` must be a list of values"), "{}", wrong.err);
}

#[test]
fn the_public_rules_are_tested_with_their_regression_data() {
    let (Some(public), Some(data)) = (shared("data/sigma/rules"), shared("data/sigma-regression")) else {
        return;
    };
    let ran = rules("test", &[path(&public), "--regression", path(&data), "--quiet"]);
    assert_eq!(ran.code, Some(0), "{}", ran.out);
}
