//! Whether each command can be executed, and on what.

use super::{UNRUNNABLE, called, place};
use crate::finding::{Finding, deeper};
use crate::shape::shown;
use crate::{Action, Command, CommandKind, Condition, Playbook, StepKind, variables_in};

pub(super) fn check(playbook: &Playbook, findings: &mut Vec<Finding>) {
    for (id, step) in &playbook.workflow {
        let at = place(id);
        match &step.kind {
            StepKind::Action(action) => {
                for (number, command) in action.commands.iter().enumerate() {
                    one(playbook, id, action, command, &format!("{at}/commands/{number}"), findings);
                }
            }
            StepKind::IfCondition(step) => condition(&step.condition, &at, findings),
            StepKind::WhileCondition(step) => condition(&step.condition, &at, findings),
            StepKind::SwitchCondition(step) => {
                if variables_in(&step.switch).is_empty() {
                    findings.push(Finding::error(
                        "switch",
                        deeper(&at, "switch"),
                        "A switch is decided by a variable's value: write it as __name__:value.",
                    ));
                }
                if step.cases.is_empty() {
                    findings.push(Finding::error(
                        "switch",
                        deeper(&at, "cases"),
                        "A switch needs at least one case.",
                    ));
                }
            }
            _ => {}
        }
    }
}

fn condition(text: &str, at: &str, findings: &mut Vec<Finding>) {
    if let Err(reason) = Condition::read(text) {
        findings.push(Finding::error("condition", deeper(at, "condition"), reason));
    }
}

fn one(
    playbook: &Playbook,
    id: &str,
    action: &Action,
    command: &Command,
    at: &str,
    findings: &mut Vec<Finding>,
) {
    let Some(kind) = command.known_kind() else {
        findings.push(unknown(command, at));
        return;
    };
    if let Some((_, reason)) = UNRUNNABLE.iter().find(|(refused, _)| *refused == kind) {
        findings.push(Finding::error(
            "command-refused",
            deeper(at, "type"),
            format!("Commands of type {} are not executed: {reason}.", kind.name()),
        ));
        return;
    }
    if command.command.is_some() && command.command_b64.is_some() {
        findings.push(Finding::error(
            "command-twice",
            at,
            "A command is given as `command` or as `command_b64`, not as both.",
        ));
    }
    if command.content.is_some() && command.content_b64.is_some() {
        findings.push(Finding::error(
            "command-twice",
            at,
            "A body is given as `content` or as `content_b64`, not as both.",
        ));
    }
    match command.text() {
        Err(reason) => findings.push(Finding::error(
            "command-text",
            at,
            format!("The command cannot be read: {reason}."),
        )),
        Ok(text) if text.trim().is_empty() => {
            findings.push(Finding::error("command-text", at, "The command is empty."));
        }
        Ok(text) if matches!(kind, CommandKind::HttpApi | CommandKind::Openc2Http) => {
            request(&text, at, findings);
        }
        Ok(_) => {}
    }
    if let Err(reason) = command.body() {
        findings.push(Finding::error(
            "command-text",
            deeper(at, "content_b64"),
            format!("The body cannot be read: {reason}."),
        ));
    }
    host(playbook, id, action, kind, at, findings);
}

fn unknown(command: &Command, at: &str) -> Finding {
    let meant = CommandKind::ALL.iter().find(|kind| {
        kind.name().starts_with(command.kind.as_str())
            || command.kind.starts_with(kind.name())
            || distance(kind.name(), &command.kind) <= 2
    });
    let hint = meant.map(|kind| format!(" Perhaps {} is meant.", kind.name())).unwrap_or_default();
    Finding::error(
        "unknown-command",
        deeper(at, "type"),
        format!(
            "\"{}\" is no command type of CACAO v2.0, so nobody knows how to execute it.{hint}",
            shown(&command.kind)
        ),
    )
}

/// How many letters must change, come or go (Levenshtein); counted for short words alone.
fn distance(one: &str, other: &str) -> usize {
    if other.len() > 20 {
        return usize::MAX;
    }
    let mut row: Vec<usize> = (0..=other.len()).collect();
    for (place, letter) in one.bytes().enumerate() {
        let mut above_left = place;
        if let Some(first) = row.first_mut() {
            *first = place + 1;
        }
        let mut left = place + 1;
        for (cell, same) in row.iter_mut().skip(1).zip(other.bytes().map(|against| against == letter)) {
            let best = (above_left + usize::from(!same)).min(left + 1).min(*cell + 1);
            above_left = *cell;
            *cell = best;
            left = best;
        }
    }
    row.last().copied().unwrap_or(usize::MAX)
}

fn request(text: &str, at: &str, findings: &mut Vec<Finding>) {
    match start_line(text) {
        Err(reason) => findings.push(Finding::error("start-line", deeper(at, "command"), reason)),
        Ok(line) if !line.exact => findings.push(Finding::warning(
            "start-line",
            deeper(at, "command"),
            format!(
                "The start line is read as \"{} {} HTTP/1.1\"; write it so.",
                line.method,
                shown(&line.target)
            ),
        )),
        Ok(_) => {}
    }
}

/// The first line of an HTTP request (RFC 9112 §3), as an http-api command writes it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StartLine {
    pub method: &'static str,
    pub target: String,
    /// Whether it was written as the specification has it.
    pub exact: bool,
}

const METHODS: &[&str] = &["GET", "HEAD", "OPTIONS", "POST", "PUT", "PATCH", "DELETE"];

/// Reads a start line: method, request target, version.
///
/// # Errors
/// Where it is none, with what it should be.
pub fn start_line(text: &str) -> Result<StartLine, String> {
    let words: Vec<&str> = text.split_whitespace().collect();
    let (method, target, version) = match words.as_slice() {
        [method, target, version] => (*method, *target, Some(*version)),
        [method, target] => (*method, *target, None),
        _ => return Err("The command is an HTTP start line of three words: POST /path HTTP/1.1.".to_owned()),
    };
    let Some(known) = METHODS.iter().find(|known| **known == method) else {
        return Err(format!(
            "\"{}\" is no HTTP method that is sent; there are {}.",
            shown(method),
            METHODS.join(", ")
        ));
    };
    if target.contains("://") || target.starts_with("//") {
        return Err("The request target is a path: the host is the target's address.".to_owned());
    }
    if version.is_some_and(|version| !version.to_ascii_uppercase().starts_with("HTTP")) {
        return Err(format!("\"{}\" is no HTTP version.", shown(version.unwrap_or_default())));
    }
    let rooted = target.starts_with('/');
    let exact = rooted && matches!(version, Some("HTTP/1.0" | "HTTP/1.1" | "HTTP/2" | "HTTP/2.0" | "HTTP/3"));
    let target = if rooted { target.to_owned() } else { format!("/{target}") };
    Ok(StartLine { method: known, target, exact })
}

/// Commands that go to a machine need one with an address.
fn host(
    playbook: &Playbook,
    id: &str,
    action: &Action,
    kind: CommandKind,
    at: &str,
    findings: &mut Vec<Finding>,
) {
    if !matches!(
        kind,
        CommandKind::HttpApi
            | CommandKind::Openc2Http
            | CommandKind::Ssh
            | CommandKind::Bash
            | CommandKind::Powershell
    ) {
        return;
    }
    let step = playbook.step(id);
    let targets = action.targets.as_deref().unwrap_or_default();
    if targets.is_empty() {
        if playbook.agent(&action.agent).is_some_and(|agent| agent.host().is_none()) {
            findings.push(Finding::error(
                "no-host",
                at,
                format!(
                    "{} acts on a host, and neither its agent nor a target has an address.",
                    called(id, step)
                ),
            ));
        }
        return;
    }
    for target in targets {
        if playbook.target(target).is_some_and(|target| target.host().is_none()) {
            findings.push(Finding::error(
                "no-host",
                deeper("/target_definitions", target),
                format!(
                    "{} sends a {} command to this target, which has no address of a host.",
                    called(id, step),
                    kind.name()
                ),
            ));
        }
    }
}

#[cfg(test)]
mod test {
    use super::*;

    #[test]
    fn start_lines() {
        let line = start_line("POST /api/block?x=__a__:value HTTP/1.1").unwrap();
        assert_eq!(
            (line.method, line.target.as_str(), line.exact),
            ("POST", "/api/block?x=__a__:value", true)
        );
        let loose = start_line("GET get HTTP1.1").unwrap();
        assert_eq!((loose.method, loose.target.as_str(), loose.exact), ("GET", "/get", false));
        for wrong in [
            "GET",
            "get / HTTP/1.1",
            "CONNECT / HTTP/1.1",
            "GET https://elsewhere/ HTTP/1.1",
            "GET //elsewhere HTTP/1.1",
            "GET / FTP",
        ] {
            assert!(start_line(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn words_that_are_near_are_guessed() {
        assert_eq!(distance("powershell", "powershel"), 1);
        assert_eq!(distance("ssh", "bash"), 2);
        assert_eq!(distance("", "abc"), 3);
    }
}
