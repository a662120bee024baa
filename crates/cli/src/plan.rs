//! `watchbell plan`: the response plan as a folder of files that git can hold: written from a server, checked here, and
//! brought in as a draft.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context as _, bail};
use reqwest::Method;
use serde::Deserialize;
use server::plan::Folder;

use crate::client::Connection;
use crate::text::{self, plain};

/// The incident response plan as a folder: export, check, import.
#[derive(clap::Args)]
#[command(
    after_help = "Examples:\n  watchbell plan export plan/                the version in force, byte for byte\n  watchbell plan check plan/                 what is wrong, with file and line; no server needed\n  watchbell plan import plan/ --title \"New service desk\""
)]
pub struct Args {
    #[command(subcommand)]
    act: Act,
}

#[derive(clap::Subcommand)]
enum Act {
    /// Write a version's files into a folder, byte for byte. Files of a plan that the version does not have are removed.
    Export {
        folder: PathBuf,
        /// The version, such as PLAN-2; without it, the one in force.
        #[arg(long, value_name = "VERSION")]
        version: Option<String>,
        #[command(flatten)]
        connection: Connection,
    },
    /// Make a draft of a folder. What could not be put in force is refused with file and line, and nothing changes.
    Import {
        folder: PathBuf,
        /// What the draft changes, in a few words.
        #[arg(long, value_name = "WORDS", default_value = "Imported from a folder")]
        title: String,
        #[command(flatten)]
        connection: Connection,
    },
    /// Say what is wrong with a folder, or with the plan in force, with file and line.
    ///
    /// Ends with exit code 1 if anything is.
    Check {
        /// The folder; without it, the plan in force on the server is checked.
        folder: Option<PathBuf>,
        #[command(flatten)]
        connection: Connection,
    },
}

#[derive(Deserialize)]
struct Files {
    id: String,
    files: BTreeMap<String, String>,
}

#[derive(Deserialize)]
struct Made {
    id: String,
}

pub fn run(args: &Args) -> anyhow::Result<ExitCode> {
    match &args.act {
        Act::Export { folder, version, connection } => export(folder, version.as_deref(), connection),
        Act::Import { folder, title, connection } => import(folder, title, connection),
        Act::Check { folder, connection } => check(folder.as_deref(), connection),
    }
}

fn fetch(version: Option<&str>, connection: &Connection) -> anyhow::Result<Files> {
    crate::serve::runtime()?.block_on(async {
        let api = connection.open().await?;
        let mut request = api.request(Method::GET, "api/v1/plan/files")?;
        if let Some(version) = version {
            request = request.query(&[("version", version)]);
        }
        let answer = api.send(request).await?;
        answer.json().await.context("the server's answer cannot be read; are both of the same version?")
    })
}

fn export(folder: &Path, version: Option<&str>, connection: &Connection) -> anyhow::Result<ExitCode> {
    let told = fetch(version, connection)?;
    // What the server sends becomes paths here, so it has to be names of a plan's files.
    let files = folder_of(told.files)?;
    let stale: Vec<String> = if folder.exists() {
        read(folder)?.into_keys().filter(|path| is_part(path) && files.text(path).is_none()).collect()
    } else {
        Vec::new()
    };
    for (path, text) in files.files() {
        let file = folder.join(path);
        if let Some(above) = file.parent() {
            std::fs::create_dir_all(above).with_context(|| format!("{} cannot be made", above.display()))?;
        }
        std::fs::write(&file, text).with_context(|| format!("{} cannot be written", file.display()))?;
    }
    for path in stale {
        let file = folder.join(&path);
        std::fs::remove_file(&file).with_context(|| format!("{} cannot be removed", file.display()))?;
    }
    let name = folder.display().to_string();
    text::say(&format!("{} is in {} ({} files).", plain(&told.id), plain(&name), files.files().len()));
    Ok(ExitCode::SUCCESS)
}

fn import(folder: &Path, title: &str, connection: &Connection) -> anyhow::Result<ExitCode> {
    let files = read(folder)?;
    if let Some(faults) = wrong(files.clone()) {
        text::complain(&format!("{} is no plan that could be put in force. Nothing was changed.", folder.display()));
        println!("{}", text::lines(&faults));
        return Ok(ExitCode::FAILURE);
    }
    let made: Made = crate::serve::runtime()?.block_on(async {
        let api = connection.open().await?;
        let body = serde_json::json!({ "title": title, "files": files });
        let answer = api.send(api.request(Method::POST, "api/v1/plan/drafts")?.json(&body)).await?;
        answer.json().await.context("the server's answer cannot be read; are both of the same version?")
    })?;
    let server = connection.server.trim_end_matches('/');
    text::say(&format!("{} was made of it. Read it and send it for approval: {server}/plan/drafts/{}", plain(&made.id), plain(&made.id)));
    Ok(ExitCode::SUCCESS)
}

fn check(folder: Option<&Path>, connection: &Connection) -> anyhow::Result<ExitCode> {
    let (name, files) = match folder {
        Some(folder) => (folder.display().to_string(), read(folder)?),
        None => {
            let told = fetch(None, connection)?;
            (told.id, told.files)
        }
    };
    if let Some(faults) = wrong(files) {
        println!("{}", text::lines(&faults));
        return Ok(ExitCode::FAILURE);
    }
    text::say(&format!("{} holds together and could be put in force.", plain(&name)));
    Ok(ExitCode::SUCCESS)
}

/// Everything that is wrong, a line each; nothing for a plan that could be put in force.
fn wrong(files: BTreeMap<String, String>) -> Option<String> {
    let faults = Folder::new(files).and_then(|folder| folder.read()).err()?;
    Some(server::plan::folder::listed(&faults))
}

fn folder_of(files: BTreeMap<String, String>) -> anyhow::Result<Folder> {
    Folder::new(files).map_err(|faults| anyhow::anyhow!(server::plan::folder::listed(&faults)))
}

/// Whether a path is one that only a plan's files have, so that an export may take it away.
fn is_part(path: &str) -> bool {
    let ends = |ending: &str| Path::new(path).extension().is_some_and(|found| found == ending);
    path.starts_with("procedures/") && ends("yaml") || path.starts_with("prose/") && ends("md")
}

/// The files of a folder, without git's own.
fn read(folder: &Path) -> anyhow::Result<BTreeMap<String, String>> {
    if !folder.is_dir() {
        bail!("{} is no folder; name the one in which plan.yaml lies", folder.display());
    }
    let (mut files, mut open) = (BTreeMap::new(), vec![(folder.to_path_buf(), String::new())]);
    while let Some((here, prefix)) = open.pop() {
        for entry in std::fs::read_dir(&here).with_context(|| format!("{} cannot be read", here.display()))? {
            let entry = entry?;
            let name = entry.file_name();
            let Some(name) = name.to_str() else { bail!("{} has a name that is not UTF-8", entry.path().display()) };
            if prefix.is_empty() && name == ".git" {
                continue;
            }
            let (path, kind) = (format!("{prefix}{name}"), entry.file_type()?);
            if kind.is_dir() {
                open.push((entry.path(), format!("{path}/")));
            } else if kind.is_file() {
                let bytes = std::fs::read(entry.path()).with_context(|| format!("{path} cannot be read"))?;
                let Ok(text) = String::from_utf8(bytes) else {
                    bail!("{path} is not UTF-8 text; a plan's folder holds text alone, so keep it elsewhere")
                };
                files.insert(path, text);
            }
            // A link may lead out of the folder, so it is passed over.
        }
    }
    Ok(files)
}
