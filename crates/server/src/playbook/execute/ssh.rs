//! Commands over SSH: ssh, bash and powershell, by the system's `ssh`. It is the client that operators configure,
//! audit and patch anyway; it checks the host's key against `known_hosts` in the data folder, signs in with a key
//! alone, and asks nobody anything.

use std::process::Stdio;
use std::time::Duration;

use base64::Engine;
use cacao::{Playbook, Work};
use tokio::io::AsyncWriteExt;
use tokio::process::Command;

use super::{Fault, complaint, reachable, secret_path, text};
use crate::app::App;

/// What `ssh` answers when it is ssh itself that failed.
const SSH_FAILED: i32 = 255;

/// What `ssh` says when nothing reached the host: the command was not run.
const NOT_REACHED: &[&str] = &[
    "Connection refused",
    "Connection timed out",
    "Could not resolve hostname",
    "No route to host",
    "Host key verification failed",
    "Permission denied",
    "Network is unreachable",
    "No such file or directory",
    "invalid format",
];

pub(super) async fn run(app: &App, work: &Work, playbook: &Playbook, patience: Duration) -> Result<String, Fault> {
    let (program, input) = remote(work);
    let mut command = command(app, work, playbook, &program)?;
    let mut child = command.spawn().map_err(|_| Fault::refused("the program `ssh` is not there"))?;
    if let (Some(mut pipe), Some(input)) = (child.stdin.take(), input) {
        pipe.write_all(input.as_bytes()).await.ok();
        pipe.shutdown().await.ok();
    }
    let output = match tokio::time::timeout(patience, child.wait_with_output()).await {
        Ok(Ok(output)) => output,
        Ok(Err(_)) => return Err(Fault::Unknown("the connection was lost".to_owned())),
        Err(_) => return Err(Fault::Unknown("no answer in time".to_owned())),
    };
    let complained = text(&output.stderr);
    match output.status.code() {
        Some(0) => Ok(text(&output.stdout)),
        Some(SSH_FAILED) if NOT_REACHED.iter().any(|words| complained.contains(words)) => {
            Err(Fault::Failed { message: format!("ssh: {}", complaint(&complained)), again: true })
        }
        Some(SSH_FAILED) | None => Err(Fault::Unknown(format!("ssh broke off: {}", complaint(&complained)))),
        Some(code) => {
            Err(Fault::Failed { message: format!("exit code {code}: {}", complaint(&complained)), again: true })
        }
    }
}

fn command(app: &App, work: &Work, playbook: &Playbook, program: &str) -> Result<Command, Fault> {
    let (_, host) = work.call.address.as_ref().ok_or_else(|| Fault::refused("the target has no address of a host"))?;
    let port = match work.call.port.as_deref() {
        None => 22,
        Some(port) => port.parse::<u16>().map_err(|_| Fault::refused("the target's port is no number of a port"))?,
    };
    let info = work
        .call
        .authentication
        .as_deref()
        .and_then(|id| playbook.authentication(id))
        .ok_or_else(|| Fault::refused("the target names no authentication, and ssh needs a user and a key"))?;
    let user = info.user().ok_or_else(|| Fault::refused("the target's authentication names no user"))?;
    let name = info
        .reference()
        .ok_or_else(|| Fault::refused("the target's authentication names no key (`kms_key_identifier`)"))?;
    // A name that begins with a hyphen would be an option.
    let plain = |word: &str, more: &[u8]| {
        !word.is_empty() && word.bytes().all(|byte| byte.is_ascii_alphanumeric() || more.contains(&byte)) && !word.starts_with('-')
    };
    if !plain(host, b".-:_") || !plain(user, b"._-\\@") {
        return Err(Fault::refused("the target's host or user is not written as a name"));
    }
    reachable(app, host, port)?;
    let mut command = Command::new("ssh");
    command
        .args(["-T", "-F", "none", "-o", "BatchMode=yes", "-o", "StrictHostKeyChecking=yes", "-o", "IdentitiesOnly=yes"])
        .args(["-o", "PasswordAuthentication=no", "-o", "ConnectTimeout=10", "-o", "ServerAliveInterval=15"])
        .args(["-o", "ClearAllForwardings=yes", "-o", "PermitLocalCommand=no"])
        .arg("-o")
        .arg(format!("UserKnownHostsFile={}", app.data.join("known_hosts").display()))
        .arg("-i")
        .arg(secret_path(app, name)?)
        .arg("-p")
        .arg(port.to_string())
        .arg("-l")
        .arg(user)
        .arg("--")
        .arg(host)
        .arg(program)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .kill_on_drop(true);
    Ok(command)
}

/// What is started on the host, and what goes in by its standard input.
fn remote(work: &Work) -> (String, Option<String>) {
    let text = &work.call.command;
    match work.call.kind.as_str() {
        "bash" => ("bash -s".to_owned(), Some(format!("{text}\n"))),
        "powershell" => {
            let wide: Vec<u8> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
            let packed = base64::engine::general_purpose::STANDARD.encode(wide);
            (format!("powershell -NoProfile -NonInteractive -EncodedCommand {packed}"), None)
        }
        _ => (text.clone(), None),
    }
}
