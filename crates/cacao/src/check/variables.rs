//! Variables and their scopes (CACAO v2.0 §10.18): a step sees its own and the playbook's.

use std::collections::BTreeSet;
use std::net::{Ipv4Addr, Ipv6Addr};

use super::{called, place};
use crate::fill::variables_in;
use crate::finding::{Finding, deeper};
use crate::shape::shown;
use crate::{AgentTarget, Condition, Playbook, Step, StepKind, Variable};

pub(super) fn check(playbook: &Playbook, findings: &mut Vec<Finding>) {
    for (name, variable) in playbook.variables() {
        value(variable, &deeper("/playbook_variables", name), findings);
    }
    let mut read: BTreeSet<String> = BTreeSet::new();
    let mut written: BTreeSet<&str> = BTreeSet::new();
    for (id, step) in &playbook.workflow {
        let at = place(id);
        for (name, variable) in step.step_variables.iter().flatten() {
            let at = deeper(&deeper(&at, "step_variables"), name);
            value(variable, &at, findings);
            if declared(playbook, None, name).is_some() {
                findings.push(Finding::warning(
                    "shadows",
                    at,
                    format!("{name} is a variable of the playbook too; within this step this one is meant."),
                ));
            }
        }
        for (at, name) in used(playbook, step, &at) {
            if declared(playbook, Some(step), &name).is_none() {
                findings.push(Finding::error(
                    "undeclared-variable",
                    at,
                    format!("{name} is a variable neither of the step nor of the playbook. Declare it under `playbook_variables`."),
                ));
            }
            read.insert(name);
        }
        arguments(playbook, id, step, findings);
        written.extend(step.out_args().iter().map(String::as_str));
        read.extend(step.in_args().iter().cloned());
    }
    for (name, variable) in playbook.variables() {
        let at = deeper("/playbook_variables", name);
        let read = read.contains(name);
        if read && variable.text().is_none() && !variable.is_external() && !written.contains(name.as_str()) {
            findings.push(Finding::warning(
                "never-given",
                at,
                format!("{name} is read and nothing gives it a value. Give it one, make it external, or name it in `out_args`."),
            ));
        } else if !read && !written.contains(name.as_str()) {
            findings.push(Finding::note("unused-variable", at, format!("{name} is used nowhere.")));
        }
    }
}

/// The variable that a name means within a step.
fn declared<'a>(playbook: &'a Playbook, step: Option<&'a Step>, name: &str) -> Option<&'a Variable> {
    let own = step.and_then(|step| step.step_variables.as_ref()).and_then(|own| own.get(name));
    own.or_else(|| playbook.playbook_variables.as_ref()?.get(name))
}

/// The variables that a step's texts ask for, with the place of each text.
fn used(playbook: &Playbook, step: &Step, at: &str) -> Vec<(String, String)> {
    let mut found = Vec::new();
    let mut note = |at: String, text: &str| {
        found.extend(variables_in(text).into_iter().map(|name| (at.clone(), name.to_owned())));
    };
    match &step.kind {
        StepKind::IfCondition(step) => condition(&step.condition, &deeper(at, "condition"), &mut found),
        StepKind::WhileCondition(step) => condition(&step.condition, &deeper(at, "condition"), &mut found),
        StepKind::SwitchCondition(step) => note(deeper(at, "switch"), &step.switch),
        StepKind::Action(action) => {
            for (number, command) in action.commands.iter().enumerate() {
                let at = format!("{at}/commands/{number}");
                if let Ok(text) = command.text() {
                    note(at.clone(), &text);
                }
                if let Ok(Some(body)) = command.body() {
                    note(at.clone(), &body);
                }
                for value in command.headers.iter().flatten().flat_map(|(_, values)| values) {
                    note(deeper(&at, "headers"), value);
                }
            }
            if let Some(agent) = playbook.agent(&action.agent) {
                party(agent, &deeper(at, "agent"), &mut note);
            }
            for (number, target) in action.targets.iter().flatten().enumerate() {
                if let Some(target) = playbook.target(target) {
                    party(target, &format!("{at}/targets/{number}"), &mut note);
                }
            }
        }
        _ => {}
    }
    found
}

fn condition(text: &str, at: &str, found: &mut Vec<(String, String)>) {
    if let Ok(condition) = Condition::read(text) {
        found.extend(condition.variables().into_iter().map(|name| (at.to_owned(), name.to_owned())));
    }
}

fn party(party: &AgentTarget, at: &str, note: &mut impl FnMut(String, &str)) {
    let addresses =
        party.address.iter().flatten().flat_map(|(_, list)| list).filter_map(serde_json::Value::as_str);
    for address in addresses.chain(party.port.as_deref()) {
        note(at.to_owned(), address);
    }
}

fn arguments(playbook: &Playbook, id: &str, step: &Step, findings: &mut Vec<Finding>) {
    let at = place(id);
    for (list, names) in [("in_args", step.in_args()), ("out_args", step.out_args())] {
        for (number, name) in names.iter().enumerate() {
            let at = format!("{at}/{list}/{number}");
            match declared(playbook, Some(step), name) {
                None => findings.push(Finding::error(
                    "undeclared-variable",
                    at,
                    format!(
                        "{} is a variable neither of {} nor of the playbook.",
                        shown(name),
                        called(id, Some(step))
                    ),
                )),
                Some(variable) if list == "out_args" && variable.is_constant() => {
                    findings.push(Finding::error(
                        "constant-written",
                        at,
                        format!("{name} is constant, so no step can give it another value."),
                    ));
                }
                Some(_) => {}
            }
        }
    }
}

fn value(variable: &Variable, at: &str, findings: &mut Vec<Finding>) {
    let Some(text) = variable.text() else { return };
    if !text.is_empty() && !fits(&variable.kind, &text) {
        findings.push(Finding::error(
            "wrong-value",
            deeper(at, "value"),
            format!("\"{}\" is not of the type {}.", shown(&text), shown(&variable.kind)),
        ));
    }
}

/// Whether a value is of a variable's type; of a type that no vocabulary knows, everything is.
pub(crate) fn fits(kind: &str, text: &str) -> bool {
    let hex = |length: usize| text.len() == length && text.bytes().all(|byte| byte.is_ascii_hexdigit());
    match kind {
        "bool" => text.eq_ignore_ascii_case("true") || text.eq_ignore_ascii_case("false"),
        "integer" | "long" => text.parse::<i64>().is_ok(),
        "float" => text.parse::<f64>().is_ok_and(f64::is_finite),
        "hexstring" => text.len().is_multiple_of(2) && text.bytes().all(|byte| byte.is_ascii_hexdigit()),
        "ipv4-addr" => text.split('/').next().is_some_and(|address| address.parse::<Ipv4Addr>().is_ok()),
        "ipv6-addr" => text.split('/').next().is_some_and(|address| address.parse::<Ipv6Addr>().is_ok()),
        "md5-hash" => hex(32),
        "sha256-hash" => hex(64),
        "mac-addr" => {
            let parts: Vec<&str> = text.split([':', '-']).collect();
            parts.len() == 6
                && parts
                    .iter()
                    .all(|part| part.len() == 2 && part.bytes().all(|byte| byte.is_ascii_hexdigit()))
        }
        "uuid" => text.len() == 36 && text.bytes().filter(|byte| *byte == b'-').count() == 4,
        "dictionary" => serde_json::from_str::<serde_json::Value>(text).is_ok_and(|value| value.is_object()),
        _ => true,
    }
}
