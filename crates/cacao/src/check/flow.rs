//! The way through a workflow: that it can be walked, comes to an end, and joins where it parts.

use std::collections::{BTreeMap, BTreeSet};

use super::{called, place};
use crate::finding::{Finding, deeper};
use crate::graph::{Graph, Kind};
use crate::{Condition, EdgeKind, Playbook, StepKind};

pub(super) fn check(playbook: &Playbook, graph: &Graph<'_>, findings: &mut Vec<Finding>) {
    let roots = roots(playbook);
    let reached: BTreeSet<&str> = roots.iter().flat_map(|root| graph.reach(root)).collect();
    for (id, step) in &playbook.workflow {
        let at = place(id);
        if step.on_completion.is_some() && (step.on_success.is_some() || step.on_failure.is_some()) {
            findings.push(Finding::error(
                "both-ways",
                at.clone(),
                format!(
                    "{} has `on_completion` beside `on_success` or `on_failure`: take the one or the other.",
                    called(id, Some(step))
                ),
            ));
        }
        if !reached.contains(id.as_str()) {
            findings.push(Finding::warning(
                "unreachable",
                at.clone(),
                format!("Nothing leads to {}, so it never runs.", called(id, Some(step))),
            ));
        }
        let leaf = matches!(step.kind, StepKind::End(_));
        if !leaf && step.next().is_none() && !is_rollback(playbook, id) {
            findings.push(Finding::warning(
                "ends-here",
                at,
                format!(
                    "Nothing follows {}: the branch ends there as at an end step.",
                    called(id, Some(step))
                ),
            ));
        }
    }
    endless(playbook, graph, &reached, findings);
    loops(playbook, graph, findings);
    joins(playbook, graph, findings);
}

/// Where a run can begin: the start, the exception handler, and what undoes steps.
fn roots(playbook: &Playbook) -> Vec<&str> {
    let mut roots = vec![playbook.workflow_start.as_str()];
    roots.extend(playbook.workflow_exception.as_deref());
    roots.extend(playbook.workflow.keys().map(String::as_str).filter(|id| is_rollback(playbook, id)));
    roots.retain(|id| playbook.workflow.contains_key(*id));
    roots
}

fn is_rollback(playbook: &Playbook, id: &str) -> bool {
    playbook
        .workflow
        .values()
        .any(|step| step.policy().is_ok_and(|policy| policy.rollback.as_deref() == Some(id)))
}

/// Each line of steps must have a way to its end. A branch is a line of its own: when it has ended, the step that
/// opened it goes on, so what lies in the branch is no way out of the line.
fn endless(playbook: &Playbook, graph: &Graph<'_>, reached: &BTreeSet<&str>, findings: &mut Vec<Finding>) {
    let ends: BTreeSet<&str> = playbook
        .workflow
        .iter()
        .filter(|(_, step)| step.next().is_none())
        .map(|(id, _)| id.as_str())
        .collect();
    // Backwards from the ends along the lines.
    let mut back: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for edge in graph.edges().filter(|edge| !matches!(edge.kind, Kind::Branch(_))) {
        back.entry(edge.to).or_default().push(edge.from);
    }
    let mut ending = ends.clone();
    let mut open: Vec<&str> = ends.into_iter().collect();
    while let Some(id) = open.pop() {
        for before in back.get(id).into_iter().flatten() {
            if ending.insert(before) {
                open.push(before);
            }
        }
    }
    let mut said = BTreeSet::new();
    for circle in graph.circles() {
        let stuck: Vec<&str> =
            circle.iter().copied().filter(|id| !ending.contains(id) && reached.contains(id)).collect();
        if let Some(first) = stuck.first() {
            said.extend(circle.iter().copied());
            findings.push(Finding::error(
                "never-ends",
                place(first),
                format!(
                    "From {} no way leads to an end: {} go round for ever.",
                    called(first, playbook.step(first)),
                    steps(&circle)
                ),
            ));
            continue;
        }
        circle_of(playbook, graph, &circle, findings);
    }
}

fn steps(circle: &[&str]) -> String {
    if circle.len() == 1 { "it would".to_owned() } else { format!("{} steps would", circle.len()) }
}

/// A circle that can be left: run, with a bound. But a loop's body that leads back to its loop opens it in itself.
fn circle_of(playbook: &Playbook, graph: &Graph<'_>, circle: &[&str], findings: &mut Vec<Finding>) {
    let inside: BTreeSet<&str> = circle.iter().copied().collect();
    let opener = circle.iter().copied().find(|id| {
        let structured = playbook
            .step(id)
            .is_some_and(|step| matches!(step.kind, StepKind::WhileCondition(_) | StepKind::Parallel(_)));
        structured
            && graph
                .from(id)
                .iter()
                .any(|edge| matches!(edge.kind, EdgeKind::Branch(_)) && inside.contains(edge.to))
    });
    match opener {
        Some(id) => findings.push(Finding::error(
            "loop-back",
            place(id),
            format!(
                "A branch of {} leads back to it, which would open it again inside itself. End the branch with an end step: \
                 {} goes on by itself then.",
                called(id, playbook.step(id)),
                called(id, playbook.step(id))
            ),
        )),
        None => findings.push(Finding::warning(
            "circle",
            place(circle.first().copied().unwrap_or_default()),
            format!("{} steps lead round in a circle. It is run, and stopped when one of them has run too often.", circle.len()),
        )),
    }
}

/// A while-condition must be able to change.
fn loops(playbook: &Playbook, graph: &Graph<'_>, findings: &mut Vec<Finding>) {
    for (id, step) in &playbook.workflow {
        let StepKind::WhileCondition(step) = &step.kind else { continue };
        let Ok(condition) = Condition::read(&step.condition) else { continue };
        if !playbook.workflow.contains_key(&step.on_true) {
            continue;
        }
        let body = graph.reach(&step.on_true);
        let changed: BTreeSet<&str> = body
            .iter()
            .filter_map(|id| playbook.step(id))
            .flat_map(crate::Step::out_args)
            .map(String::as_str)
            .collect();
        let asked = condition.variables();
        let own = playbook.step(id).and_then(|step| step.step_variables.as_ref());
        let can_change =
            asked.iter().any(|name| changed.contains(name) && own.is_none_or(|own| !own.contains_key(*name)));
        if !can_change {
            let what = if asked.is_empty() {
                "asks for no variable".to_owned()
            } else {
                format!("asks for {}, which no step of its body gives a value", asked.join(", "))
            };
            findings.push(Finding::error(
                "never-ends",
                deeper(&place(id), "condition"),
                format!("The condition {what}: once it holds, the loop never ends. Name in `out_args` of a step in the body what the condition asks for."),
            ));
        }
    }
}

/// The branches of a parallel step must not share steps: each would run once a branch.
fn joins(playbook: &Playbook, graph: &Graph<'_>, findings: &mut Vec<Finding>) {
    for (id, step) in &playbook.workflow {
        let StepKind::Parallel(parallel) = &step.kind else { continue };
        let mut seen: BTreeMap<&str, usize> = BTreeMap::new();
        let mut writes: BTreeMap<&str, usize> = BTreeMap::new();
        for branch in parallel.next_steps.iter().filter(|branch| playbook.workflow.contains_key(*branch)) {
            let reach = graph.reach(branch);
            let out: BTreeSet<&str> = reach
                .iter()
                .filter_map(|id| playbook.step(id))
                .flat_map(|step| {
                    step.out_args().iter().filter(|name| {
                        step.step_variables.as_ref().is_none_or(|own| !own.contains_key(*name))
                    })
                })
                .map(String::as_str)
                .collect();
            reach.into_iter().for_each(|id| *seen.entry(id).or_default() += 1);
            out.into_iter().for_each(|name| *writes.entry(name).or_default() += 1);
        }
        let shared = |end: bool| {
            seen.iter()
                .filter(move |(_, count)| **count > 1)
                .map(|(id, _)| *id)
                .find(|id| playbook.step(id).is_some_and(|step| matches!(step.kind, StepKind::End(_)) == end))
        };
        if let Some(twice) = shared(false) {
            findings.push(Finding::error(
                "shared-by-branches",
                deeper(&place(id), "next_steps"),
                format!(
                    "{} is reached from more than one branch of {} and would run once for each. Give every branch an end step \
                     of its own, and let `on_completion` of the parallel step lead to what comes after all of them.",
                    called(twice, playbook.step(twice)),
                    called(id, Some(step))
                ),
            ));
        } else if let Some(end) = shared(true) {
            findings.push(Finding::warning(
                "shared-end",
                place(end),
                format!(
                    "Branches of {} share this end step; CACAO v2.0 §4.7 wants one for each.",
                    called(id, Some(step))
                ),
            ));
        }
        for (name, _) in writes.iter().filter(|(_, count)| **count > 1) {
            findings.push(Finding::warning(
                "race",
                deeper(&place(id), "next_steps"),
                format!(
                    "{name} is given a value by more than one branch of {}; the last one wins.",
                    called(id, Some(step))
                ),
            ));
        }
    }
}
