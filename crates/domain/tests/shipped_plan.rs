//! The plan that Watchbell ships, `content/plan`: it reads without a complaint, holds together as a
//! whole, and is complete enough to be put in force tomorrow.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use domain::plan::{Chapter, Plan, Procedure};
use domain::response::ClockKind;
use domain::{IncidentType, Phase, Severity, SeverityFacts};
use serde::de::DeserializeOwned;

fn content(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../content").join(path)
}

fn read<T: DeserializeOwned>(path: &Path) -> T {
    let text = std::fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    serde_saphyr::from_str(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

fn files(folder: &str) -> Vec<PathBuf> {
    let mut files: Vec<PathBuf> =
        std::fs::read_dir(content(folder)).unwrap().map(|file| file.unwrap().path()).collect();
    files.sort();
    files
}

fn stem(path: &Path) -> &str {
    path.file_stem().unwrap().to_str().unwrap()
}

fn plan() -> Plan {
    let chapters = files("plan/prose").into_iter().map(|file| Chapter {
        name: stem(&file).parse().unwrap(),
        markdown: std::fs::read_to_string(&file).unwrap(),
    });
    Plan::from_parts(
        read(&content("plan/plan.yaml")),
        read(&content("plan/roles.yaml")),
        read(&content("plan/channels.yaml")),
        read(&content("plan/severity.yaml")),
        read(&content("plan/notifications.yaml")),
        read(&content("plan/evidence.yaml")),
        read(&content("plan/review.yaml")),
        files("plan/procedures").iter().map(|file| read(file)).collect(),
        chapters.collect(),
    )
}

#[test]
fn nothing_is_wrong_with_it() {
    let problems: Vec<String> = plan().check().iter().map(ToString::to_string).collect();
    assert!(problems.is_empty(), "{}", problems.join("\n"));
}

#[test]
fn each_procedure_stands_in_the_file_of_its_type() {
    for file in files("plan/procedures") {
        let procedure: Procedure = read(&file);
        assert_eq!(procedure.incident_type.as_str(), stem(&file));
        assert_eq!(procedure.id.as_str(), stem(&file));
    }
}

#[test]
fn every_incident_type_is_led_from_detection_to_the_review() {
    let plan = plan();
    for incident_type in IncidentType::ALL {
        let procedure = plan.procedure(*incident_type).unwrap();
        assert!((12..=22).contains(&procedure.steps.len()), "{incident_type}: {}", procedure.steps.len());
        for phase in Phase::ALL {
            assert!(procedure.steps_of(*phase).next().is_some(), "{incident_type}: nothing in {phase}");
        }
        let phases: Vec<Phase> = procedure.steps.iter().map(|step| step.phase).collect();
        assert!(phases.is_sorted(), "{incident_type}: its steps jump between phases");
        assert!(procedure.steps.iter().any(|step| !step.evidence.is_empty()), "{incident_type}: no evidence");
        for step in &procedure.steps {
            assert!(step.due_within.is_some(), "{incident_type}: {} has no time", step.id);
            let words = step.text.split_whitespace().count();
            assert!((8..=95).contains(&words), "{incident_type}: {} has {words} words", step.id);
        }
    }
}

#[test]
fn every_role_has_someone_to_stand_in_and_something_to_do() {
    let plan = plan();
    let mut busy: BTreeSet<&str> = BTreeSet::new();
    for procedure in &plan.procedures {
        busy.extend(procedure.steps.iter().map(|step| step.role.as_str()));
    }
    for role in &plan.roles {
        assert!(!role.alternates.is_empty(), "{} has no alternate", role.id);
        assert!(busy.contains(role.id.as_str()), "no step is for {}", role.id);
    }
}

#[test]
fn severity_rises_with_each_fact() {
    let plan = plan();
    let severity = |facts: SeverityFacts| plan.severity.matrix.propose(&facts).severity;
    for facts in SeverityFacts::every() {
        for worse in SeverityFacts::every().filter(|other| {
            other.functional >= facts.functional
                && other.recoverability >= facts.recoverability
                && other.information == facts.information
        }) {
            assert!(severity(worse) >= severity(facts), "{worse} is held for milder than {facts}");
        }
    }
    let found: BTreeSet<Severity> = SeverityFacts::every().map(severity).collect();
    assert_eq!(found.len(), Severity::ALL.len(), "each severity can be reached");
}

#[test]
fn graver_incidents_wake_more_people_sooner() {
    let plan = plan();
    let level = |severity| plan.severity.level(severity).unwrap();
    for pair in Severity::ALL.windows(2) {
        let (milder, graver) = (level(pair[0]), level(pair[1]));
        assert!(graver.acknowledge_within < milder.acknowledge_within);
        assert!(graver.notify.len() >= milder.notify.len());
        assert!(milder.notify.iter().all(|role| graver.notify.contains(role)));
        assert!(milder.muster.iter().all(|role| graver.muster.contains(role)));
        for clock in ClockKind::ALL {
            let (sooner, later) = (graver.target(*clock), milder.target(*clock));
            assert!(later.is_none() || sooner < later, "{clock} at {}", graver.severity);
        }
        for rule in &milder.approvals {
            assert!(graver.approval(rule.act).is_some(), "{} is freed at {}", rule.act, graver.severity);
        }
    }
}
