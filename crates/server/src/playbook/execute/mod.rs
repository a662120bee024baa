//! Who executes commands: over HTTP ([`http`]) and over SSH ([`ssh`]). Hosts are reached only where the operator
//! named them; secrets are read from files that the playbook names, and stand in no log.

mod http;
mod ssh;

use std::path::PathBuf;
use std::time::Duration;

use cacao::{CommandKind, Finding, Outcome, Playbook, Severity, StepKind, Work};

use super::run::Record;
use crate::app::App;

/// How long a command may take where its step does not say.
const PATIENCE: Duration = Duration::from_secs(120);
/// How much of an output is kept, in bytes.
const LARGEST: usize = 256 * 1024;

/// Commands that this server does not execute, with the reason; beside those that nobody does.
const NOT_HERE: &[(CommandKind, &str)] = &[
    (CommandKind::Sigma, "hunts are started on the page of a rule; put a manual step here that names the rule"),
    (CommandKind::Yara, "no scanner is there; scan over ssh on the host that has the files"),
];

pub(super) fn refusals(playbook: &Playbook) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (id, step) in &playbook.workflow {
        let StepKind::Action(action) = &step.kind else { continue };
        for (number, command) in action.commands.iter().enumerate() {
            let refused = NOT_HERE.iter().find(|(kind, _)| command.known_kind() == Some(*kind));
            if let Some((kind, reason)) = refused {
                findings.push(Finding {
                    severity: Severity::Error,
                    rule: "command-refused",
                    pointer: format!("/workflow/{id}/commands/{number}/type"),
                    sentence: format!("Commands of type {} are not executed: {reason}.", kind.name()),
                });
            }
        }
    }
    findings
}

/// Executes a command and says what came of it.
pub(super) async fn execute(app: &App, run: &Record, work: &Work, playbook: &Playbook) -> Outcome {
    let patience = work
        .due
        .and_then(|due| Duration::try_from(due.duration_since(app.clock.now())).ok())
        .map_or(PATIENCE, |left| left.min(PATIENCE));
    let done = match CommandKind::named(&work.call.kind) {
        Some(CommandKind::HttpApi | CommandKind::Openc2Http) => {
            http::send(app, run, work, playbook, patience).await
        }
        Some(CommandKind::Ssh | CommandKind::Bash | CommandKind::Powershell) => {
            ssh::run(app, work, playbook, patience).await
        }
        _ => Err(Fault::refused("nothing here executes this type of command")),
    };
    match done {
        Ok(text) => Outcome::Done { outputs: cacao::outputs_from(&text, &work.out_args) },
        Err(Fault::Failed { message, again }) => Outcome::Failed { message, again },
        Err(Fault::Unknown(why)) => Outcome::Unknown { why },
    }
}

/// Why a command did not succeed.
enum Fault {
    /// It was not done, or done without success.
    Failed { message: String, again: bool },
    /// It may have been done.
    Unknown(String),
}

impl Fault {
    /// It was not even tried, and trying again would not help.
    fn refused(message: impl Into<String>) -> Self {
        Self::Failed { message: message.into(), again: false }
    }
}

/// Whether the operator named this host, alone or with this port.
fn reachable(app: &App, host: &str, port: u16) -> Result<(), Fault> {
    let bare = host.trim_matches(['[', ']']);
    let named = app.reach.iter().any(|named| {
        named.eq_ignore_ascii_case(bare)
            || named.eq_ignore_ascii_case(&format!("{bare}:{port}"))
            || named.eq_ignore_ascii_case(&format!("[{bare}]:{port}"))
    });
    if named {
        return Ok(());
    }
    Err(Fault::refused(format!(
        "{bare}:{port} is not among the hosts that playbooks may reach; start the server with --reach {bare}:{port}"
    )))
}

/// The secret that an authentication object names: a file in the data folder's `secrets`.
fn secret_path(app: &App, name: &str) -> Result<PathBuf, Fault> {
    let plain = !name.is_empty()
        && name.len() <= 100
        && !name.starts_with('.')
        && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"._-".contains(&byte));
    if !plain {
        return Err(Fault::refused("the name of a secret is made of letters, digits, dots, hyphens and underscores"));
    }
    let path = app.data.join("secrets").join(name);
    if path.is_file() { Ok(path) } else { Err(Fault::refused(format!("there is no secret {name} in the data folder's `secrets`"))) }
}

fn secret(app: &App, name: &str) -> Result<String, Fault> {
    let path = secret_path(app, name)?;
    std::fs::read_to_string(path)
        .map(|text| text.trim_end_matches(['\r', '\n']).to_owned())
        .map_err(|_| Fault::refused(format!("the secret {name} cannot be read")))
}

/// Bytes as text, cut where they are too many.
fn text(bytes: &[u8]) -> String {
    let cut = bytes.get(..LARGEST).unwrap_or(bytes);
    String::from_utf8_lossy(cut).into_owned()
}

/// The end of what a program complained, on one line.
fn complaint(text: &str) -> String {
    let lines: Vec<&str> = text.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
    let from = lines.len().saturating_sub(3);
    let said = lines.get(from..).unwrap_or_default().join("; ");
    said.chars().filter(|letter| !letter.is_control()).take(300).collect()
}
