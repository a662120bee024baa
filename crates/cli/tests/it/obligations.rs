//! Stories about `watchbell obligations`.

use std::path::Path;

use serde_json::Value;

use crate::support::{Ran, watchbell};

const CASE: &str = "\
zone: Europe/Berlin
profile: {countries: DE, roles: important_entity}
incident: {data: personal, acts_as: controller, people: 300-1000, aware: '2026-03-06T16:30:00Z', significant_incident: yes}
sent: [{duty: nis2_23, stage: early_warning, at: '2026-03-07T10:00:00Z'}]
contracts:
- {id: customer_north, partner: North Ltd, clause: Clause 14.2, when: data any personal, from: aware, within: 48 hours}
";

fn obligations(more: &[&str]) -> Ran {
    let all: Vec<&str> = ["obligations"].iter().chain(more).copied().collect();
    watchbell(&all)
}

fn shipped() -> String {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../content/obligations").display().to_string()
}

#[test]
fn check_says_that_the_shipped_files_hold_together_and_where_others_do_not() {
    assert_eq!(obligations(&["check"]).code, Some(0));
    let whole = obligations(&["check", &shipped()]);
    assert_eq!(whole.code, Some(0), "{}", whole.out);
    assert!(whole.err.contains("60 duties"), "{}", whole.err);

    let folder = tempfile::tempdir().unwrap();
    std::fs::create_dir(folder.path().join("notices")).unwrap();
    for (from, to) in
        [(String::new(), folder.path().to_owned()), ("/notices".to_owned(), folder.path().join("notices"))]
    {
        for entry in std::fs::read_dir(format!("{}{from}", shipped())).unwrap() {
            let path = entry.unwrap().path();
            if path.is_file() {
                std::fs::copy(&path, to.join(path.file_name().unwrap())).unwrap();
            }
        }
    }
    let file = folder.path().join("us_federal.yaml");
    let text = std::fs::read_to_string(&file).unwrap();
    std::fs::write(&file, text.replace("calendar: us_federal, ends_at", "calendar: lunar, ends_at")).unwrap();
    let refused = obligations(&["check", folder.path().to_str().unwrap()]);
    assert_eq!(refused.code, Some(1));
    assert!(refused.out.contains("the calendar lunar is not in calendars.yaml"), "{}", refused.out);
    let line = text.lines().position(|line| line.contains("calendar: us_federal, ends_at")).unwrap() + 1;
    assert!(refused.out.contains(&format!("us_federal.yaml:{line}: ")), "{}", refused.out);
}

#[test]
fn list_shows_every_duty_and_with_facts_which_apply_and_until_when() {
    let all = obligations(&["list"]);
    assert_eq!(all.code, Some(0), "{}", all.err);
    for wanted in [
        "gdpr_33",
        "In force, contested",
        "Proposed, not law",
        "72 hours / 72 hours",
        "from a secondary page",
    ] {
        assert!(all.out.contains(wanted), "{wanted}: {}", all.out);
    }

    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("case.yaml");
    std::fs::write(&path, CASE).unwrap();
    let path = path.to_str().unwrap();
    let told = obligations(&["list", "--facts", path, "--at", "2026-03-08T12:00:00Z"]);
    assert_eq!(told.code, Some(0), "{}", told.err);
    for wanted in [
        "Applies: Notify of a significant incident",
        "Early warning [Sent]",
        "May apply: Notify the supervisory authority of a personal data breach",
        "until 9 Mar 2026, 17:30 CET",
        "until 10 Mar 2026, 24:00 CET",
        "risk_to_people",
        "Applies: Tell North Ltd",
    ] {
        assert!(told.out.contains(wanted), "{wanted}: {}", told.out);
    }
    let json = obligations(&["list", "--facts", path, "--json"]);
    let json: Value = serde_json::from_str(&json.out).unwrap();
    let gdpr =
        json["duties"].as_array().unwrap().iter().find(|duty| duty["id"] == "gdpr_33").unwrap().clone();
    assert_eq!(gdpr["verdict"], "may_apply");
    assert_eq!(gdpr["stages"][0]["deadline"], "2026-03-09T16:30:00Z");

    std::fs::write(path, CASE.replace("300-1000", "lots")).unwrap();
    let bad = obligations(&["list", "--facts", path]);
    assert_eq!(bad.code, Some(1));
    assert!(bad.err.contains("is no answer to \"People concerned\""), "{}", bad.err);
}
