//! What is wrong with a playbook: its form first ([`crate::shape`]), then what its words mean together. An error
//! refuses the playbook; a warning says what differs from the specification and is run all the same.

mod commands;
mod flow;
mod guard;
mod references;
mod variables;

use crate::finding::{Finding, Severity, deeper, refuses};
use crate::graph::Graph;
use crate::{CommandKind, Document, Playbook, Step, shape};

pub use commands::{StartLine, start_line};
pub(crate) use variables::fits;

/// How many steps a playbook may have.
const MOST_STEPS: usize = 1000;
/// How many links its steps may have.
const MOST_LINKS: usize = 4000;

/// The command types that no Watchbell runs, with the reason.
pub const UNRUNNABLE: &[(CommandKind, &str)] = &[
    (
        CommandKind::CalderaCmd,
        "it simulates attacks and needs an attack platform; run it there and note the outcome in a manual step",
    ),
    (
        CommandKind::Elastic,
        "its query language needs an Elasticsearch; send it with an http-api command, or hunt with a sigma command",
    ),
    (CommandKind::Jupyter, "a notebook is a program of its own; run it by ssh on a host that has one"),
    (CommandKind::Kestrel, "it needs a Kestrel runtime; hunt with a sigma command"),
];

/// All that is wrong with a playbook, the worst first, then by place.
pub fn check(document: &Document) -> Vec<Finding> {
    let mut findings = shape::check(document.value());
    let readable = !findings.iter().any(|finding| {
        finding.severity == Severity::Error
            && matches!(finding.rule, "schema-missing" | "schema-type" | "schema-word")
    });
    match document.playbook() {
        Ok(playbook) => semantics(&playbook, &mut findings),
        // The form has said already what is missing; where it has not, this says it.
        Err(reason) if readable => {
            findings.push(Finding::error(
                "unreadable",
                "",
                format!("The playbook cannot be read: {reason}."),
            ));
        }
        Err(_) => {}
    }
    findings.sort_by(|one, other| {
        other
            .severity
            .cmp(&one.severity)
            .then_with(|| one.pointer.cmp(&other.pointer))
            .then_with(|| one.rule.cmp(other.rule))
    });
    findings.dedup();
    findings
}

/// The playbook, where nothing refuses it.
///
/// # Errors
/// All findings, where one of them refuses it.
pub fn runnable(document: &Document) -> Result<(Playbook, Vec<Finding>), Vec<Finding>> {
    let findings = check(document);
    match document.playbook() {
        Ok(playbook) if !refuses(&findings) => Ok((playbook, findings)),
        _ => Err(findings),
    }
}

fn semantics(playbook: &Playbook, findings: &mut Vec<Finding>) {
    let links: usize = playbook.workflow.values().map(|step| step.branches().len() + 3).sum();
    if playbook.workflow.len() > MOST_STEPS || links > MOST_LINKS + 3 * MOST_STEPS {
        findings.push(Finding::error(
            "too-many-steps",
            "/workflow",
            format!("A playbook may have {MOST_STEPS} steps and {MOST_LINKS} links between them. Split it with playbook-action steps."),
        ));
        return;
    }
    references::check(playbook, findings);
    guard::check(playbook, findings);
    variables::check(playbook, findings);
    commands::check(playbook, findings);
    flow::check(playbook, &Graph::new(playbook), findings);
}

/// Where a step stands in the document.
fn place(id: &str) -> String {
    deeper("/workflow", id)
}

/// A step with its name, for a sentence.
fn called(id: &str, step: Option<&Step>) -> String {
    match step {
        Some(step) if step.name.is_some() => format!("\"{}\"", shape::shown(step.title())),
        _ => shape::shown(id),
    }
}
