//! Who executes commands: over HTTP ([`http`]) and SSH ([`ssh`]), as a hunt through the events ([`hunt`]), as a scan of
//! the evidence ([`scan`]). Hosts are reached only where the operator named them ([`crate::egress`]); secrets are read from
//! files that the playbook names, and stand in no log.

mod http;
mod hunt;
mod scan;
mod ssh;

use std::path::PathBuf;
use std::time::Duration;

use cacao::{CommandKind, Finding, Outcome, Playbook, Severity, StepKind, Work};

use super::run::Record;
use crate::app::App;
use crate::egress::Unreachable;

/// How long a command may take where its step does not say.
const PATIENCE: Duration = Duration::from_secs(120);
/// How long it may take where its step says more.
const LONGEST: Duration = Duration::from_secs(3600);
/// How much of an output is kept, in bytes.
const LARGEST: usize = 256 * 1024;

/// What of a playbook this server does not execute, with the reason; beside what nobody does.
pub(super) fn refusals(playbook: &Playbook) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (id, step) in &playbook.workflow {
        let StepKind::Action(action) = &step.kind else { continue };
        for (number, command) in action.commands.iter().enumerate() {
            let refused = match (command.known_kind(), command.text()) {
                (Some(CommandKind::Sigma), Ok(text)) => hunt::compile(&text).err(),
                (Some(CommandKind::Yara), Ok(text)) => scan::usable(&text).err(),
                _ => None,
            };
            findings.extend(refused.map(|sentence| Finding {
                severity: Severity::Error,
                rule: "command-refused",
                pointer: format!("/workflow/{id}/commands/{number}"),
                sentence,
            }));
        }
    }
    findings
}

/// Executes a command and says what came of it.
pub(super) async fn execute(app: &App, run: &Record, work: &Work, playbook: &Playbook) -> Outcome {
    let patience = work
        .due
        .and_then(|due| Duration::try_from(due.duration_since(app.clock.now())).ok())
        .map_or(PATIENCE, |left| left.min(LONGEST));
    let done = match CommandKind::named(&work.call.kind) {
        Some(CommandKind::HttpApi | CommandKind::Openc2Http) => {
            http::send(app, run, work, playbook, patience).await
        }
        Some(CommandKind::Ssh | CommandKind::Bash | CommandKind::Powershell) => {
            ssh::run(app, work, playbook, patience).await
        }
        Some(CommandKind::Sigma) => hunt::run(app, &work.call.command, patience).await,
        Some(CommandKind::Yara) => scan::run(app, run.incident, &work.call.command, patience).await,
        _ => Err(Fault::refused("nothing here executes this type of command")),
    };
    match done {
        Ok(text) => Outcome::Done { outputs: cacao::outputs_from(&text, &work.out_args) },
        Err(Fault::Failed { message, again }) => Outcome::Failed { message, again },
        Err(Fault::Unknown(why)) => Outcome::Unknown { why },
    }
}

/// Why a command did not succeed.
#[derive(Debug)]
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

impl From<Unreachable> for Fault {
    fn from(why: Unreachable) -> Self {
        match why {
            Unreachable::Refused(message) => Self::refused(message),
            Unreachable::Unknown(message) => Self::Failed { message, again: true },
        }
    }
}

/// The secret that an authentication object names: a file in the data folder's `secrets`.
fn secret_path(app: &App, name: &str) -> Result<PathBuf, Fault> {
    let plain = !name.is_empty()
        && name.len() <= 100
        && !name.starts_with('.')
        && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"._-".contains(&byte));
    if !plain {
        return Err(Fault::refused(
            "the name of a secret is made of letters, digits, dots, hyphens and underscores",
        ));
    }
    let path = app.data.join("secrets").join(name);
    if path.is_file() {
        Ok(path)
    } else {
        Err(Fault::refused(format!("there is no secret {name} in the data folder's `secrets`")))
    }
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

/// Reads all that a program prints, and keeps as much as is kept of an output: a program that nobody listens to
/// would stand still.
async fn heard(mut from: impl tokio::io::AsyncRead + Unpin) -> Vec<u8> {
    use tokio::io::AsyncReadExt;
    let (mut kept, mut some) = (Vec::new(), vec![0; 16 * 1024]);
    while let Ok(read @ 1..) = from.read(&mut some).await {
        let room = LARGEST.saturating_sub(kept.len());
        kept.extend_from_slice(some.get(..read.min(room)).unwrap_or_default());
    }
    kept
}
