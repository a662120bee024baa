//! Stories about `watchbell playbook`.

use serde_json::Value;

use crate::support::{Ran, shared, watchbell};

const PLAYBOOK: &str = include_str!("../../../cacao/tests/playbooks/every-type.json");

fn playbook(verb: &str, more: &[&str]) -> Ran {
    let all: Vec<&str> = ["playbook", verb].iter().chain(more).copied().collect();
    watchbell(&all)
}

fn folder(text: &str) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("one.json"), text).unwrap();
    folder
}

#[test]
fn check_says_what_is_refused_and_where() {
    let good = folder(PLAYBOOK);
    let ran = playbook("check", &[good.path().to_str().unwrap()]);
    assert_eq!((ran.code, ran.out.as_str()), (Some(0), ""), "{}", ran.err);
    assert!(ran.err.contains("1 playbook: nothing to complain about"), "{}", ran.err);

    let bad =
        folder(&PLAYBOOK.replace("\"ssh\",\n          \"command\"", "\"telnet\",\n          \"command\""));
    let path = bad.path().join("one.json");
    let ran = playbook("check", &[path.to_str().unwrap()]);
    assert_eq!(ran.code, Some(1));
    assert!(ran.out.contains("error: \"telnet\" is no command type"), "{}", ran.out);
    assert!(ran.out.contains("/commands/0/type"), "{}", ran.out);
    let whole: Value =
        serde_json::from_str(&playbook("check", &[path.to_str().unwrap(), "--format", "json"]).out).unwrap();
    assert_eq!(whole["files"][0]["refused"], true);
    assert_eq!(whole["files"][0]["findings"][0]["rule"], "unknown-command");

    let torn = folder("{\n  \"name\": ");
    let ran = playbook("check", &[torn.path().to_str().unwrap()]);
    assert_eq!(ran.code, Some(1));
    assert!(ran.out.contains("Line 2"), "{}", ran.out);
    assert!(playbook("check", &["nowhere.json"]).err.contains("cannot be read"));
}

#[test]
fn check_reads_public_examples() {
    let Some(folder) = shared("data/cacao/soarca/examples") else { return };
    let ran = playbook("check", &[folder.to_str().unwrap(), "--format", "json"]);
    let whole: Value = serde_json::from_str(&ran.out).unwrap();
    let refused = whole["files"].as_array().unwrap().iter().filter(|file| file["refused"] == true).count();
    assert_eq!(refused, 4, "{}", ran.out);
}

#[test]
fn draw_writes_a_figure_beside_the_playbook() {
    let folder = folder(PLAYBOOK);
    let path = folder.path().join("one.json");
    let ran = playbook("draw", &[path.to_str().unwrap()]);
    assert_eq!(ran.code, Some(0), "{}", ran.err);
    let figure = std::fs::read_to_string(folder.path().join("one.svg")).unwrap();
    assert!(
        figure.starts_with("<?xml")
            && figure.contains("Infected?")
            && figure.contains("prefers-color-scheme")
    );
    assert_eq!(playbook("draw", &[path.to_str().unwrap(), "-o", "-"]).out, figure);
    assert_eq!(
        playbook("draw", &[path.to_str().unwrap(), path.to_str().unwrap(), "-o", "x.svg"]).code,
        Some(1)
    );
}
