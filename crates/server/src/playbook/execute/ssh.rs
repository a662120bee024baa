//! Commands over SSH: ssh, bash and powershell, by the system's `ssh`. It is the client that operators configure,
//! audit and patch anyway; it checks the host's key against `known_hosts` in the data folder, signs in with a key
//! alone, and asks nobody anything. What it says itself goes to a log of its own, so that nothing that the host
//! prints can be taken for it.

use std::net::SocketAddr;
use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use base64::Engine;
use cacao::{AuthenticationInfo, Playbook, Work};
use tokio::io::AsyncWriteExt;
use tokio::process::Command;

use super::{Fault, complaint, heard, secret_path, text};
use crate::app::App;

/// What `ssh` answers when it is ssh itself that failed; a command may answer it, too.
const SSH_FAILED: i32 = 255;
/// What its log says once the command could have been begun.
const SIGNED_IN: &str = "Authenticated to ";
/// What its log says when the host told how the command ended.
const ENDED: &str = "Exit status ";

pub(super) async fn run(
    app: &App,
    work: &Work,
    playbook: &Playbook,
    patience: Duration,
) -> Result<String, Fault> {
    let place = place(work, playbook)?;
    let address = app.reach.addresses(place.host, place.port).await?;
    let address = address.first().ok_or_else(|| Fault::refused("the host has no address"))?;
    let key = secret_path(app, place.key)?;
    let log = tempfile::NamedTempFile::new().map_err(|_| Fault::refused("no log for ssh could be made"))?;
    let (program, input) = remote(work);
    let mut command = command(app, &place, address, &key, log.path());
    command.arg("--").arg(place.host).arg(program);
    let mut child = command.spawn().map_err(|_| Fault::refused("the program `ssh` is not there"))?;
    let (out, err) = (child.stdout.take(), child.stderr.take());
    let listens = async {
        if let (Some(mut pipe), Some(input)) = (child.stdin.take(), input) {
            pipe.write_all(input.as_bytes()).await.ok();
            pipe.shutdown().await.ok();
        }
        let hear = |pipe| async move {
            match pipe {
                Some(pipe) => heard(pipe).await,
                None => Vec::new(),
            }
        };
        let hear_err = async {
            match err {
                Some(pipe) => heard(pipe).await,
                None => Vec::new(),
            }
        };
        let (out, err) = tokio::join!(hear(out), hear_err);
        (child.wait().await, out, err)
    };
    let (status, out, err) = match tokio::time::timeout(patience, listens).await {
        Ok((Ok(status), out, err)) => (status, out, err),
        Ok((Err(_), ..)) => return Err(Fault::Unknown("the connection was lost".to_owned())),
        Err(_) => return Err(Fault::Unknown("no answer in time".to_owned())),
    };
    let log = std::fs::read_to_string(log.path()).unwrap_or_default();
    told(status.code(), &text(&out), &text(&err), &log)
}

/// What came of it, by the exit code, what the command printed and what ssh logged.
fn told(code: Option<i32>, out: &str, err: &str, log: &str) -> Result<String, Fault> {
    match code {
        Some(0) => Ok(out.to_owned()),
        Some(SSH_FAILED) | None if !log.contains(SIGNED_IN) => {
            Err(Fault::Failed { message: format!("ssh: {}", complaint(&own_words(log))), again: true })
        }
        Some(SSH_FAILED) | None if !log.contains(ENDED) => {
            Err(Fault::Unknown(format!("ssh broke off: {}", complaint(&own_words(log)))))
        }
        Some(code) => {
            Err(Fault::Failed { message: format!("exit code {code}: {}", complaint(err)), again: true })
        }
        None => Err(Fault::Unknown("ssh was ended from outside".to_owned())),
    }
}

/// A log without what is there for those who debug.
fn own_words(log: &str) -> String {
    log.lines().filter(|line| !line.starts_with("debug")).collect::<Vec<_>>().join("\n")
}

/// Where a command goes, and who signs in with what.
struct Place<'a> {
    host: &'a str,
    port: u16,
    user: &'a str,
    /// The name of the secret.
    key: &'a str,
}

fn place<'a>(work: &'a Work, playbook: &'a Playbook) -> Result<Place<'a>, Fault> {
    let (_, host) =
        work.call.address.as_ref().ok_or_else(|| Fault::refused("the target has no address of a host"))?;
    let port = match work.call.port.as_deref() {
        None => 22,
        Some(port) => {
            port.parse::<u16>().map_err(|_| Fault::refused("the target's port is no number of a port"))?
        }
    };
    let info: &AuthenticationInfo =
        work.call.authentication.as_deref().and_then(|id| playbook.authentication(id)).ok_or_else(|| {
            Fault::refused("the target names no authentication, and ssh needs a user and a key")
        })?;
    let user = info.user().ok_or_else(|| Fault::refused("the target's authentication names no user"))?;
    let key = info
        .reference()
        .ok_or_else(|| Fault::refused("the target's authentication names no key (`kms_key_identifier`)"))?;
    // A name that begins with a hyphen would be an option.
    let plain = |word: &str, more: &[u8]| {
        !word.is_empty()
            && !word.starts_with('-')
            && word.bytes().all(|byte| byte.is_ascii_alphanumeric() || more.contains(&byte))
    };
    if !plain(host, b".-:_") || !plain(user, b"._-\\@") {
        return Err(Fault::refused("the target's host or user is not written as a name"));
    }
    Ok(Place { host, port, user, key })
}

fn command(app: &App, place: &Place<'_>, address: &SocketAddr, key: &Path, log: &Path) -> Command {
    // The name under which the host's key is known, whatever address it is reached at.
    let known = match place.port {
        22 => place.host.to_owned(),
        port => format!("[{}]:{port}", place.host),
    };
    let mut command = Command::new("ssh");
    command
        .args(["-T", "-F", "none", "-o", "BatchMode=yes", "-o", "StrictHostKeyChecking=yes"])
        .args(["-o", "IdentitiesOnly=yes", "-o", "PasswordAuthentication=no", "-o", "IdentityAgent=none"])
        .args(["-o", "ConnectTimeout=10", "-o", "ServerAliveInterval=15", "-o", "LogLevel=DEBUG1"])
        .args(["-o", "ClearAllForwardings=yes", "-o", "PermitLocalCommand=no", "-o", "UpdateHostKeys=no"])
        .arg("-o")
        .arg(format!("UserKnownHostsFile={}", quoted(&app.data.join("known_hosts"))))
        .args(["-o", "GlobalKnownHostsFile=none", "-o"])
        .arg(format!("HostName={}", address.ip()))
        .arg("-o")
        .arg(format!("HostKeyAlias={known}"))
        .arg("-E")
        .arg(log)
        .arg("-i")
        .arg(key)
        .arg("-p")
        .arg(place.port.to_string())
        .arg("-l")
        .arg(place.user)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .kill_on_drop(true);
    command
}

/// A path as the value of an option of ssh, which splits at spaces and knows percent signs.
fn quoted(path: &Path) -> String {
    format!("\"{}\"", path.display().to_string().replace('%', "%%").replace('"', "\\\""))
}

/// What is started on the host, and what goes in by its standard input.
fn remote(work: &Work) -> (String, Option<String>) {
    let text = &work.call.command;
    match work.call.kind.as_str() {
        "bash" => ("bash -s".to_owned(), Some(format!("{text}\n"))),
        "powershell" => {
            (format!("powershell -NoProfile -NonInteractive -EncodedCommand {}", packed(text)), None)
        }
        _ => (text.clone(), None),
    }
}

/// A script as `-EncodedCommand` takes it: base64 of UTF-16.
fn packed(script: &str) -> String {
    let wide: Vec<u8> = script.encode_utf16().flat_map(u16::to_le_bytes).collect();
    base64::engine::general_purpose::STANDARD.encode(wide)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn powershell_gets_a_script_that_no_shell_on_the_way_can_read() {
        let packed = packed("Get-Process 'a b' | Stop-Process; \"$env:COMPUTERNAME\"");
        assert!(packed.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"+/=".contains(&byte)));
        let wide = base64::engine::general_purpose::STANDARD.decode(packed).unwrap();
        let units: Vec<u16> =
            wide.chunks_exact(2).map(|pair| u16::from_le_bytes([pair[0], pair[1]])).collect();
        assert_eq!(
            String::from_utf16(&units).unwrap(),
            "Get-Process 'a b' | Stop-Process; \"$env:COMPUTERNAME\""
        );
    }

    #[test]
    fn what_a_host_prints_is_never_taken_for_ssh_itself() {
        let signed_in = "debug1: pledge\nAuthenticated to 192.0.2.1 ([192.0.2.1]:22) using \"publickey\".\n";
        let refused = "admin@192.0.2.1: Permission denied (publickey).\n";
        let failed = |code, log: &str| told(Some(code), "", "Connection refused", log).unwrap_err();
        assert!(
            matches!(failed(255, refused), Fault::Failed { again: true, message } if message.contains("denied"))
        );
        assert!(matches!(failed(255, signed_in), Fault::Unknown(_)), "it may have been begun");
        let ended = format!("{signed_in}debug1: Exit status 255\n");
        assert!(
            matches!(failed(255, &ended), Fault::Failed { message, .. } if message.starts_with("exit code 255"))
        );
        assert!(
            matches!(failed(3, signed_in), Fault::Failed { message, .. } if message.starts_with("exit code 3"))
        );
        assert!(matches!(told(None, "", "", signed_in), Err(Fault::Unknown(_))));
    }
}
