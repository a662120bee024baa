//! Whether what is named is there.

use super::{called, place};
use crate::finding::{Finding, deeper};
use crate::shape::shown;
use crate::{AgentTarget, EXTENSION, Playbook, Step, StepKind};

pub(super) fn check(playbook: &Playbook, findings: &mut Vec<Finding>) {
    ends(playbook, findings);
    for (id, step) in &playbook.workflow {
        let at = place(id);
        links(playbook, step, &at, findings);
        parties(playbook, step, &at, findings);
        extensions(
            playbook,
            step.step_extensions.iter().flatten().map(|(id, _)| id),
            &deeper(&at, "step_extensions"),
            findings,
        );
        if let StepKind::PlaybookAction(action) = &step.kind
            && action.playbook_id == playbook.id
        {
            findings.push(Finding::error(
                "calls-itself",
                deeper(&at, "playbook_id"),
                format!("{} runs its own playbook, which would never end.", called(id, Some(step))),
            ));
        }
    }
    let declared = playbook.playbook_extensions.iter().flatten().map(|(id, _)| id);
    extensions(playbook, declared, "/playbook_extensions", findings);
    for (dictionary, parties) in [
        ("/agent_definitions", &playbook.agent_definitions),
        ("/target_definitions", &playbook.target_definitions),
    ] {
        for (id, party) in parties.iter().flatten() {
            authentication(playbook, party, &deeper(dictionary, id), findings);
        }
    }
    for (number, marking) in playbook.markings.iter().flatten().enumerate() {
        if !playbook.data_marking_definitions.iter().flatten().any(|(id, _)| id == marking) {
            findings.push(Finding::warning(
                "missing-marking",
                format!("/markings/{number}"),
                format!("{} is not among `data_marking_definitions`.", shown(marking)),
            ));
        }
    }
}

fn ends(playbook: &Playbook, findings: &mut Vec<Finding>) {
    match playbook.step(&playbook.workflow_start) {
        None => findings.push(missing("/workflow_start", &playbook.workflow_start)),
        Some(step) if !matches!(step.kind, StepKind::Start(_)) => findings.push(Finding::error(
            "wrong-start",
            "/workflow_start",
            format!(
                "The workflow begins at a start step, and {} is of type {}.",
                called(&playbook.workflow_start, Some(step)),
                step.type_name()
            ),
        )),
        Some(_) => {}
    }
    if let Some(exception) = &playbook.workflow_exception
        && playbook.step(exception).is_none()
    {
        findings.push(missing("/workflow_exception", exception));
    }
    for (id, step) in &playbook.workflow {
        if matches!(step.kind, StepKind::Start(_)) && *id != playbook.workflow_start {
            findings.push(Finding::warning(
                "second-start",
                place(id),
                format!("{} is a start step, and the workflow starts elsewhere.", called(id, Some(step))),
            ));
        }
    }
}

fn missing(at: &str, id: &str) -> Finding {
    Finding::error("missing-step", at, format!("There is no step {} in `workflow`.", shown(id)))
}

fn links(playbook: &Playbook, step: &Step, at: &str, findings: &mut Vec<Finding>) {
    let mut all: Vec<(String, &str)> = Vec::new();
    for (name, link) in [
        ("on_completion", &step.on_completion),
        ("on_success", &step.on_success),
        ("on_failure", &step.on_failure),
    ] {
        all.extend(link.as_deref().map(|id| (deeper(at, name), id)));
    }
    match &step.kind {
        StepKind::Parallel(step) => {
            all.extend(
                step.next_steps
                    .iter()
                    .enumerate()
                    .map(|(number, id)| (format!("{at}/next_steps/{number}"), id.as_str())),
            );
        }
        StepKind::IfCondition(step) => {
            all.push((deeper(at, "on_true"), &step.on_true));
            all.extend(step.on_false.as_deref().map(|id| (deeper(at, "on_false"), id)));
        }
        StepKind::WhileCondition(step) => all.push((deeper(at, "on_true"), &step.on_true)),
        StepKind::SwitchCondition(step) => {
            all.extend(step.cases.iter().map(|(case, id)| (deeper(&deeper(at, "cases"), case), id.as_str())));
        }
        _ => {}
    }
    for (at, id) in all {
        match playbook.step(id) {
            None => findings.push(missing(&at, id)),
            Some(step) if matches!(step.kind, StepKind::Start(_)) => findings.push(Finding::error(
                "back-to-start",
                at,
                format!("{} is a start step: nothing leads to it.", called(id, Some(step))),
            )),
            Some(_) => {}
        }
    }
}

fn parties(playbook: &Playbook, step: &Step, at: &str, findings: &mut Vec<Finding>) {
    let StepKind::Action(action) = &step.kind else { return };
    if playbook.agent(&action.agent).is_none() {
        findings.push(Finding::error(
            "missing-agent",
            deeper(at, "agent"),
            format!("There is no agent {} in `agent_definitions`.", shown(&action.agent)),
        ));
    }
    for (number, target) in action.targets.iter().flatten().enumerate() {
        if playbook.target(target).is_none() {
            findings.push(Finding::error(
                "missing-target",
                format!("{at}/targets/{number}"),
                format!("There is no target {} in `target_definitions`.", shown(target)),
            ));
        }
    }
}

fn authentication(playbook: &Playbook, party: &AgentTarget, at: &str, findings: &mut Vec<Finding>) {
    if let Some(id) = &party.authentication_info
        && playbook.authentication(id).is_none()
    {
        findings.push(Finding::error(
            "missing-authentication",
            deeper(at, "authentication_info"),
            format!("There is no {} in `authentication_info_definitions`.", shown(id)),
        ));
    }
}

fn extensions<'a>(
    playbook: &Playbook,
    used: impl Iterator<Item = &'a String>,
    at: &str,
    findings: &mut Vec<Finding>,
) {
    for id in used {
        let at = deeper(at, id);
        if !playbook.extension_definitions.iter().flatten().any(|(defined, _)| defined == id) {
            findings.push(Finding::warning(
                "missing-extension",
                at.clone(),
                format!("{} is not among `extension_definitions`.", shown(id)),
            ));
        }
        if id != EXTENSION {
            findings.push(Finding::note(
                "foreign-extension",
                at,
                "This extension is kept and changes nothing here.",
            ));
        }
    }
}
