//! What keeps people safe from a playbook: secrets written out, times that contradict, limits beyond reason.

use super::place;
use crate::finding::{Finding, deeper};
use crate::{EXTENSION, Playbook, StepKind};

const MOST_ATTEMPTS: u32 = 20;
const MOST_QUORUM: u32 = 20;
/// How often the body of a loop may ever be let run.
pub(super) const MOST_ITERATIONS: u32 = 10_000;

pub(super) fn check(playbook: &Playbook, findings: &mut Vec<Finding>) {
    secrets(playbook, findings);
    times(playbook, findings);
    limits(playbook, findings);
}

fn secrets(playbook: &Playbook, findings: &mut Vec<Finding>) {
    for (id, info) in playbook.authentication_info_definitions.iter().flatten() {
        let at = deeper("/authentication_info_definitions", id);
        for (name, secret) in [("password", &info.password), ("token", &info.token)] {
            if secret.as_ref().is_some_and(|secret| !secret.is_empty()) {
                findings.push(Finding::error(
                    "secret-written",
                    deeper(&at, name),
                    format!(
                        "A `{name}` stands in the playbook, where everybody reads it. Keep it in the secret store and name it: \
                         \"kms\": true, \"kms_key_identifier\": \"NAME\". Then change the secret, since it was written down."
                    ),
                ));
            }
        }
        if info.kms == Some(true) && info.kms_key_identifier.as_deref().is_none_or(str::is_empty) {
            findings.push(Finding::error(
                "secret-unnamed",
                at,
                "The secret is kept in a store (`kms`), and `kms_key_identifier` does not say under which name.",
            ));
        }
    }
    for (id, step) in &playbook.workflow {
        let StepKind::Action(action) = &step.kind else { continue };
        for (number, command) in action.commands.iter().enumerate() {
            for name in command.headers.iter().flatten().map(|(name, _)| name) {
                if ["authorization", "proxy-authorization", "cookie", "x-api-key"]
                    .contains(&name.to_ascii_lowercase().as_str())
                {
                    findings.push(Finding::error(
                        "secret-written",
                        deeper(&format!("{}/commands/{number}/headers", place(id)), name),
                        "A header that carries a secret stands in the playbook. Give the target an `authentication_info` \
                         that names it in the secret store.",
                    ));
                }
            }
        }
    }
}

fn times(playbook: &Playbook, findings: &mut Vec<Finding>) {
    let time = |text: &str| text.parse::<jiff::Timestamp>().ok();
    if let (Some(created), Some(modified)) = (time(&playbook.created), time(&playbook.modified))
        && modified < created
    {
        findings.push(Finding::warning(
            "times",
            "/modified",
            "The playbook was modified before it was created.",
        ));
    }
    let from = playbook.valid_from.as_deref().and_then(time);
    let until = playbook.valid_until.as_deref().and_then(time);
    if let (Some(from), Some(until)) = (from, until)
        && until <= from
    {
        findings.push(Finding::error(
            "times",
            "/valid_until",
            "The playbook ends to be valid before it begins, so it could never run.",
        ));
    }
    if playbook.revoked == Some(true) {
        findings.push(Finding::warning(
            "revoked",
            "/revoked",
            "Its maker has revoked the playbook: it is kept and never run.",
        ));
    }
}

fn limits(playbook: &Playbook, findings: &mut Vec<Finding>) {
    let at = deeper("/playbook_extensions", EXTENSION);
    match playbook.policy() {
        Err(reason) => findings.push(Finding::error(
            "extension",
            at,
            format!("Watchbell's extension is not written as it is defined: {reason}."),
        )),
        Ok(policy) => {
            bound(policy.max_targets, 100_000, "max_targets", &at, findings);
            bound(policy.max_iterations, MOST_ITERATIONS, "max_iterations", &at, findings);
        }
    }
    for (id, step) in &playbook.workflow {
        let at = deeper(&deeper(&place(id), "step_extensions"), EXTENSION);
        let policy = match step.policy() {
            Ok(policy) => policy,
            Err(reason) => {
                findings.push(Finding::error(
                    "extension",
                    at,
                    format!("Watchbell's extension is not written as it is defined: {reason}."),
                ));
                continue;
            }
        };
        bound(policy.retry.map(|retry| retry.attempts), MOST_ATTEMPTS, "retry/attempts", &at, findings);
        if let Some(approval) = &policy.approval {
            bound(Some(approval.quorum), MOST_QUORUM, "approval/quorum", &at, findings);
            if approval.role.trim().is_empty() {
                findings.push(Finding::error(
                    "extension",
                    format!("{at}/approval/role"),
                    "An approval names the role that gives it.",
                ));
            }
        }
        if let Some(rollback) = &policy.rollback
            && !playbook.step(rollback).is_some_and(|step| matches!(step.kind, StepKind::Action(_)))
        {
            findings.push(Finding::error(
                "missing-step",
                format!("{at}/rollback"),
                "What undoes a step is an action step of the same workflow, and this is none.",
            ));
        }
    }
}

fn bound(value: Option<u32>, most: u32, name: &str, at: &str, findings: &mut Vec<Finding>) {
    if value.is_some_and(|value| value == 0 || value > most) {
        findings.push(Finding::error(
            "extension",
            format!("{at}/{name}"),
            format!("From 1 to {most} are let pass here."),
        ));
    }
}
