//! A plan is checked as a whole: one small plan that is right, and each way of making it wrong.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod common;

use std::path::Path;

use common::line;
use domain::plan::{
    Channels, Chapter, EvidencePlan, NotificationRule, Plan, PlanHead, PlanRole, Procedure, ReviewPlan,
    SeverityPlan, Trigger,
};
use domain::{IncidentType, Phase, Severity};
use serde::de::DeserializeOwned;

const HEAD: &str = "
name: Plan of Example Ltd
version: 1.0.0
purpose: To end incidents.
scope: Everything.
objectives: [Lose nothing.]
authority: The lead decides.
definitions: [{term: incident, meaning: What this is about.}]
stakeholders: [{name: Customers, interest: To be told., contact: lead}]
";
const ROLES: &str = "
- {id: lead, title: Lead, responsibilities: [Decides.], alternates: [deputy]}
- {id: deputy, title: Deputy, responsibilities: [Helps.], alternates: [lead], reports_to: lead}
";
const CHANNELS: &str = "
primary: [{id: chat, name: Chat, kind: chat, purpose: Talk.}]
out_of_band: [{id: phones, name: Phones, kind: phone, purpose: Talk when the chat is lost.}]
switch_when: The chat is lost.
";
const NOTIFICATIONS: &str = "
- id: declared
  trigger: incident_declared
  severity_at_least: high
  incident_types: [ransomware, malware]
  roles: [lead]
  channels: [phones]
  message: Call in.
  escalate_to: deputy
  escalate_after: 15m
";
const EVIDENCE: &str = "
custodian: deputy
principles: [Change nothing.]
sources: [{name: Memory, how: Take an image., lost_after: 1h}]
retain_for: 365d
";
const REVIEW: &str = "
owner: lead
plan_every: 365d
exercise_every: 90d
incidents_at_least: medium
incidents_within: 14d
metrics: [{id: contain, name: Containing, question: How fast?, measure: time_to_contain, target: 4 hours}]
";

fn yaml<T: DeserializeOwned>(text: &str) -> T {
    serde_saphyr::from_str(text).unwrap_or_else(|error| panic!("{error}\n{text}"))
}

fn severity() -> SeverityPlan {
    let mut text = "matrix: [{severity: low, because: It is small.}]\nlevels:\n".to_owned();
    for severity in Severity::ALL {
        text += &format!(
            "- {{severity: {severity}, meaning: M., examples: [E.], response: [R.], acknowledge_within: 1h}}\n"
        );
    }
    yaml(&text)
}

fn procedure(incident_type: IncidentType) -> Procedure {
    let mut text = format!(
        "id: {incident_type}\nincident_type: {incident_type}\ntitle: T\nwhen_to_use: When it is.\nsteps:\n"
    );
    for phase in Phase::ALL {
        text += &format!("- {{id: step_{phase}, phase: {phase}, title: T, text: Do it., role: lead}}\n");
    }
    yaml(&text)
}

fn plan() -> Plan {
    Plan::from_parts(
        yaml::<PlanHead>(HEAD),
        yaml::<Vec<PlanRole>>(ROLES),
        yaml::<Channels>(CHANNELS),
        severity(),
        yaml::<Vec<NotificationRule>>(NOTIFICATIONS),
        yaml::<EvidencePlan>(EVIDENCE),
        yaml::<ReviewPlan>(REVIEW),
        IncidentType::ALL.iter().rev().map(|kind| procedure(*kind)).collect(),
        vec![
            Chapter { name: line("02-duties"), markdown: "# Duties".into() },
            Chapter { name: line("01-introduction"), markdown: "# Introduction".into() },
        ],
    )
}

fn problems(spoil: impl FnOnce(&mut Plan)) -> Vec<String> {
    let mut plan = plan();
    spoil(&mut plan);
    plan.check().iter().map(ToString::to_string).collect()
}

#[test]
fn a_plan_that_is_right_has_no_problems_and_its_parts_are_in_order() {
    let plan = plan();
    assert_eq!(plan.check(), []);
    assert!(plan.procedures.is_sorted_by_key(|procedure| procedure.incident_type));
    assert_eq!(&*plan.chapters[0].name, "01-introduction");
    assert_eq!(plan.procedure(IncidentType::Ransomware).unwrap().id.as_str(), "ransomware");
    let json = serde_json::to_string(&plan).unwrap();
    assert_eq!(serde_json::from_str::<Plan>(&json).unwrap(), plan, "a plan survives being stored");
}

#[test]
fn names_that_lead_nowhere_are_found() {
    let nobody = || "nobody".parse().unwrap();
    let missing = "names the role nobody, which roles.yaml does not have";
    type Spoil = fn(&mut Plan, domain::plan::RoleKey);
    let cases: [(&str, Spoil); 9] = [
        ("plan: stakeholder Customers", |plan, nobody| plan.head.stakeholders[0].contact = Some(nobody)),
        ("roles: deputy", |plan, nobody| plan.roles[1].reports_to = Some(nobody)),
        ("severity: low", |plan, nobody| plan.severity.levels[1].notify = vec![nobody]),
        ("severity: high", |plan, nobody| plan.severity.levels[3].muster = vec![nobody]),
        ("severity: high: closing", |plan, nobody| {
            let act = domain::response::ActKind::Closing;
            plan.severity.levels[3].approvals = vec![domain::plan::ApprovalRule { act, roles: vec![nobody] }];
        }),
        ("notifications: declared", |plan, nobody| plan.notifications[0].escalate_to = Some(nobody)),
        ("evidence: custodian", |plan, nobody| plan.evidence.custodian = nobody),
        ("review: owner", |plan, nobody| plan.review.owner = nobody),
        ("procedures/malware: step step_recovery", |plan, nobody| plan.procedures[0].steps[4].role = nobody),
    ];
    for (place, spoil) in cases {
        assert_eq!(problems(|plan| spoil(plan, nobody())), [format!("{place}: {missing}")]);
    }
    assert_eq!(
        problems(|plan| plan.notifications[0].channels = vec!["pigeon".parse().unwrap()]),
        ["notifications: declared: names the channel pigeon, which channels.yaml does not have"]
    );
}

#[test]
fn names_used_twice_are_found() {
    assert_eq!(
        problems(|plan| plan.roles.push(plan.roles[1].clone())),
        ["roles: has the role deputy more than once; keep one"]
    );
    assert_eq!(
        problems(|plan| plan.procedures[3].steps[1].id = plan.procedures[3].steps[0].id.clone()),
        ["procedures/denial_of_service: has the step step_detection more than once; keep one"]
    );
    assert_eq!(
        problems(|plan| plan.channels.out_of_band[0] = plan.channels.primary[0].clone())[0],
        "channels: has the channel chat more than once; keep one"
    );
}

#[test]
fn a_level_starts_what_the_plan_has_and_every_action_is_started() {
    let action = |id: &str| {
        yaml::<domain::plan::ResponseAction>(&format!("{{id: {id}, title: T, text: Do it., role: lead}}"))
    };
    let start = |id: &str| yaml::<domain::plan::Start>(&format!("{{action: {id}}}"));
    let found = problems(|plan| {
        plan.severity.actions = vec![action("call"), action("idle")];
        plan.severity.levels[4].start = vec![start("call"), start("call"), start("missing")];
    });
    assert_eq!(
        found,
        [
            "severity: critical: has the action call more than once; keep one",
            "severity: critical: starts the action missing, which severity.yaml does not have",
            "severity: action idle: is started by no level; start it somewhere or take it out",
        ]
    );
}

#[test]
fn steps_that_wait_for_each_other_or_for_later_ones_are_found() {
    let after = |plan: &mut Plan, step: usize, after: &str| {
        plan.procedures[0].steps[step].after = vec![after.parse().unwrap()];
    };
    assert_eq!(problems(|plan| after(plan, 4, "step_detection")), Vec::<String>::new());
    assert_eq!(
        problems(|plan| after(plan, 0, "step_recovery")),
        ["procedures/malware: step step_detection: waits for step_recovery, which is of a later phase; \
             turn them round"]
    );
    let round = problems(|plan| after(plan, 0, "step_detection"));
    assert_eq!(
        round,
        ["procedures/malware: step step_detection: waits for itself: step_detection → step_detection; \
             take one of these away"]
    );
    let nowhere = problems(|plan| after(plan, 0, "nowhere"));
    assert_eq!(
        nowhere,
        ["procedures/malware: step step_detection: waits for nowhere, which is not there; name one that is"]
    );
}

#[test]
fn a_chain_of_command_without_a_top_is_found() {
    let found = problems(|plan| plan.roles[0].reports_to = Some("deputy".parse().unwrap()));
    let circle = "reports to itself, at once or through others; end the chain of command at one role";
    assert_eq!(found[..2], [format!("roles: lead: {circle}"), format!("roles: deputy: {circle}")]);
    assert!(found[2].starts_with("roles: nobody is at the top"), "{found:?}");
    assert_eq!(
        problems(|plan| plan.roles[1].alternates = vec!["deputy".parse().unwrap()]),
        ["roles: deputy: names itself as its own alternate; name another role"]
    );
}

#[test]
fn what_is_missing_is_found() {
    assert_eq!(
        problems(|plan| plan
            .procedures
            .retain(|procedure| procedure.incident_type != IncidentType::Phishing)),
        ["procedures: there are 0 procedures for phishing; there has to be one"]
    );
    assert_eq!(
        problems(|plan| plan.procedures[0].steps.retain(|step| step.phase != Phase::Recovery)),
        ["procedures/malware: has no step in the phase recovery; say at least what to confirm"]
    );
    assert_eq!(
        problems(|plan| plan.procedures[0].steps.retain(|step| step.phase != Phase::Closed)),
        [""; 0],
        "work after closing is welcome, not owed"
    );
    assert_eq!(
        problems(|plan| plan.severity.levels.retain(|level| level.severity != Severity::High)),
        ["severity: levels: has no level high; say what it means"]
    );
    assert_eq!(
        problems(|plan| plan.channels.out_of_band.clear())[0],
        "channels: out_of_band: names no channels; add at least one"
    );
    assert_eq!(
        problems(|plan| plan.notifications[0].escalate_after = None),
        ["notifications: declared: gives only one of escalate_to and escalate_after; give both or neither"]
    );
    assert_eq!(
        problems(|plan| plan.chapters[0].markdown = " \n".into()),
        ["prose/01-introduction: has no text; write it or remove the file"]
    );
}

#[test]
fn unknown_fields_and_blank_texts_are_refused_on_reading() {
    for (from, to) in [("scope: Everything.", "scope: ' '"), ("scope:", "scoop:"), ("version: 1.0.0\n", "")] {
        assert!(serde_saphyr::from_str::<PlanHead>(&HEAD.replace(from, to)).is_err(), "{to}");
    }
    assert!(serde_saphyr::from_str::<Vec<PlanRole>>(&ROLES.replace("id: lead", "id: The Lead")).is_err());
    assert!(serde_saphyr::from_str::<EvidencePlan>(&EVIDENCE.replace("365d", "a year")).is_err());
}

#[test]
fn a_notification_rule_applies_under_its_conditions() {
    let rule = &plan().notifications[0];
    let applies = |severity, kind| rule.applies(Trigger::IncidentDeclared, severity, kind, Phase::Detection);
    assert!(applies(Severity::High, IncidentType::Ransomware));
    assert!(applies(Severity::Critical, IncidentType::Malware));
    assert!(!applies(Severity::Medium, IncidentType::Ransomware));
    assert!(!applies(Severity::High, IncidentType::Phishing));
    assert!(!rule.applies(Trigger::IncidentClosed, Severity::High, IncidentType::Ransomware, Phase::Closed));
}

/// Reads the plan that Watchbell ships as the server does, file by file.
#[test]
fn the_plan_that_is_shipped_is_right() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../content/plan");
    let read = |name: &str| {
        std::fs::read_to_string(folder.join(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
    };
    let names = |subfolder: &str| {
        let mut names: Vec<_> = std::fs::read_dir(folder.join(subfolder))
            .unwrap()
            .map(|file| format!("{subfolder}/{}", file.unwrap().file_name().into_string().unwrap()))
            .collect();
        names.sort();
        names
    };
    let chapter = |name: String| {
        let title = name.strip_prefix("prose/").and_then(|name| name.strip_suffix(".md")).unwrap().to_owned();
        Chapter { name: line(&title), markdown: read(&name) }
    };
    let plan = Plan::from_parts(
        yaml(&read("plan.yaml")),
        yaml(&read("roles.yaml")),
        yaml(&read("channels.yaml")),
        yaml(&read("severity.yaml")),
        yaml(&read("notifications.yaml")),
        yaml(&read("evidence.yaml")),
        yaml(&read("review.yaml")),
        names("procedures").iter().map(|name| yaml(&read(name))).collect(),
        names("prose").into_iter().map(chapter).collect(),
    );
    let problems: Vec<_> = plan.check().iter().map(ToString::to_string).collect();
    assert!(problems.is_empty(), "{}", problems.join("\n"));
}
