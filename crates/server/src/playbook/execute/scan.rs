//! Yara commands: the incident's evidence is scanned by the program `yara`, where it is there. An item's bytes are
//! handed over through memory, never laid on a disk in the open. It only reads, so it may be done twice.

use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::{Duration, Instant};

use domain::{Actor, IncidentId};
use serde_json::json;
use tempfile::NamedTempFile;
use tokio::process::Command;

use super::{Fault, complaint, text};
use crate::app::App;
use crate::evidence::{self, Evidence, content};

/// A file system that lies in memory.
const MEMORY: &str = "/dev/shm";
/// The largest item that is scanned, in bytes.
const MOST: u64 = 512 << 20;

/// Whether these rules can be scanned with here, or why not.
pub(super) fn usable(rules: &str) -> Result<(), String> {
    // The program would read any file of this server that is named so.
    if rules.split("include").skip(1).any(|rest| rest.trim_start().starts_with('"')) {
        return Err("YARA rules with `include` are not taken: write out what is included.".to_owned());
    }
    program().map(|_| ())
}

/// The program, or why nothing can be scanned here.
fn program() -> Result<PathBuf, String> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let found = std::env::split_paths(&path).map(|folder| folder.join("yara")).find(|file| file.is_file());
    let found = found.ok_or(
        "Commands of type yara need the program `yara` on this server's PATH: install it, or scan by ssh on the host that has the files.",
    )?;
    if Path::new(MEMORY).is_dir() {
        Ok(found)
    } else {
        Err(format!("Commands of type yara need {MEMORY}, through which evidence is handed over in memory."))
    }
}

/// Says as JSON how many items match which rules, and which could not be scanned.
pub(super) async fn run(
    app: &App,
    incident: IncidentId,
    rules: &str,
    patience: Duration,
) -> Result<String, Fault> {
    usable(rules).map_err(Fault::refused)?;
    let program = program().map_err(Fault::refused)?;
    let until = Instant::now() + patience;
    let items = evidence::of_incident(app, &Actor::Watchbell, incident).await.map_err(|error| {
        Fault::Failed { message: format!("the evidence cannot be read: {error}"), again: true }
    })?;
    let mut file = NamedTempFile::new_in(MEMORY).map_err(|error| no_room(&error))?;
    file.write_all(rules.as_bytes()).map_err(|error| no_room(&error))?;
    let (mut scanned, mut found, mut left_out) = (0, Vec::new(), Vec::new());
    for item in items {
        match scan(app, &program, file.path(), &item, until).await? {
            Some(rules) => {
                scanned += 1;
                if !rules.is_empty() {
                    found.push(json!({ "evidence": item.id.to_string(), "rules": rules }));
                }
            }
            None => left_out.push(item.id.to_string()),
        }
    }
    let said = json!({ "matches": found.len(), "scanned": scanned, "found": found, "left_out": left_out });
    Ok(said.to_string())
}

fn no_room(error: &io::Error) -> Fault {
    Fault::Failed { message: format!("{MEMORY} takes nothing: {error}"), again: true }
}

/// The rules that match an item; nothing where it is too large, or its bytes cannot be had any more.
async fn scan(
    app: &App,
    program: &Path,
    rules: &Path,
    item: &Evidence,
    until: Instant,
) -> Result<Option<Vec<String>>, Fault> {
    let Ok(mut bytes) = content::of(app, item).await else { return Ok(None) };
    if bytes.length() > MOST {
        return Ok(None);
    }
    let copied = tokio::task::spawn_blocking(move || {
        let mut file = NamedTempFile::new_in(MEMORY)?;
        io::copy(&mut bytes.by_ref().take(MOST), &mut file)?;
        Ok::<_, io::Error>(file)
    });
    let file = copied
        .await
        .map_err(|_| Fault::refused("the scan was broken off"))?
        .map_err(|error| no_room(&error))?;
    let left = until.saturating_duration_since(Instant::now());
    let scanning = Command::new(program)
        .arg("--no-warnings")
        .arg(rules)
        .arg(file.path())
        .stdin(Stdio::null())
        .kill_on_drop(true)
        .output();
    let output = tokio::time::timeout(left, scanning)
        .await
        .map_err(|_| Fault::refused("the scan did not end in time; give the step a longer `timeout`"))?
        .map_err(|_| Fault::refused("the program `yara` cannot be started"))?;
    if !output.status.success() {
        return Err(Fault::refused(format!("yara: {}", complaint(&text(&output.stderr)))));
    }
    // Each line is a rule's name and the file's.
    let lines = text(&output.stdout);
    Ok(Some(lines.lines().filter_map(|line| line.split_whitespace().next()).map(str::to_owned).collect()))
}
