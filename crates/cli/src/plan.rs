//! `watchbell plan`: the incident response plan as a folder of files, to be kept in git and read anywhere.
//! `check` needs no server when a folder is named; `import` checks before it sends.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context as _, anyhow, bail};
use clap::Subcommand;
use reqwest::Method;
use serde::Deserialize;
use serde_json::json;
use server::plan::files::{Files, belongs};

use crate::client::Connection;
use crate::text::{self, plain};

/// Take the plan out as files, check it, and bring it back as a draft.
#[derive(clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Subcommand)]
enum Verb {
    /// Check a folder without a server, or the plan in force if none is named.
    Check {
        folder: Option<PathBuf>,
        #[command(flatten)]
        connection: Connection,
    },
    /// Write the files of the plan in force, or of another version, into a folder.
    Export {
        folder: PathBuf,
        /// Another version than the one in force, such as PLAN-1.
        #[arg(long, value_name = "PLAN")]
        version: Option<String>,
        /// Write over files that differ, and remove those that the plan does not have.
        #[arg(long)]
        replace: bool,
        #[command(flatten)]
        connection: Connection,
    },
    /// Send a folder as a draft; it comes into force once its approvers have said yes.
    Import {
        folder: PathBuf,
        #[command(flatten)]
        connection: Connection,
    },
}

const EXAMPLES: &str = "\
Examples:
  watchbell plan export plan/            the files of the plan in force
  watchbell plan check plan/             what is wrong, with file and line; no server needed
  watchbell plan import plan/            as a draft, to be approved on the plan's page";

#[derive(Deserialize)]
struct Export {
    id: String,
    files: Files,
}

#[derive(Deserialize)]
struct Draft {
    id: String,
}

pub fn run(args: &Args) -> anyhow::Result<ExitCode> {
    match &args.verb {
        Verb::Check { folder: Some(folder), .. } => check(&read(folder)?, &folder.display().to_string()),
        Verb::Check { folder: None, connection } => {
            let export = runtime()?.block_on(fetch(connection, None))?;
            check(&export.files, &export.id)
        }
        Verb::Export { folder, version, replace, connection } => {
            let export = runtime()?.block_on(fetch(connection, version.as_deref()))?;
            write(folder, &export, *replace)
        }
        Verb::Import { folder, connection } => {
            let files = read(folder)?;
            if wrong(&files) > 0 {
                bail!("{} was not sent; nothing was changed", folder.display());
            }
            let draft = runtime()?.block_on(send(connection, &files))?;
            println!("{} is in {}. Read it and send it for approval on the plan's page.", folder.display(), draft.id);
            Ok(ExitCode::SUCCESS)
        }
    }
}

fn runtime() -> anyhow::Result<tokio::runtime::Runtime> {
    crate::serve::runtime()
}

async fn fetch(connection: &Connection, version: Option<&str>) -> anyhow::Result<Export> {
    let api = connection.open().await?;
    let mut request = api.request(Method::GET, "api/v1/plan/files")?;
    if let Some(version) = version {
        request = request.query(&[("version", version)]);
    }
    Ok(api.send(request).await?.json().await?)
}

async fn send(connection: &Connection, files: &Files) -> anyhow::Result<Draft> {
    let api = connection.open().await?;
    let request = api.request(Method::POST, "api/v1/plan/draft")?.json(&json!({ "files": files }));
    Ok(api.send(request).await?.json().await?)
}

/// Says what is wrong, a line each, and how many there are.
fn wrong(files: &Files) -> usize {
    let problems = files.read().err().unwrap_or_default();
    for problem in &problems {
        text::complain(&plain(&problem.to_string()));
    }
    problems.len()
}

fn check(files: &Files, name: &str) -> anyhow::Result<ExitCode> {
    if wrong(files) > 0 {
        return Ok(ExitCode::FAILURE);
    }
    println!("{name}: {} files hold together", files.0.len());
    Ok(ExitCode::SUCCESS)
}

/// All files of a folder by their paths within it. What begins with a dot, such as `.git`, is not looked at.
fn read(folder: &Path) -> anyhow::Result<Files> {
    let mut files = BTreeMap::new();
    below(folder, "", &mut files)?;
    if files.is_empty() {
        bail!("there is no file in {}; `watchbell plan export` writes a plan to begin with", folder.display());
    }
    Ok(Files(files))
}

fn below(folder: &Path, within: &str, files: &mut BTreeMap<String, String>) -> anyhow::Result<()> {
    let unreadable = || format!("the folder {} cannot be read", folder.display());
    for entry in std::fs::read_dir(folder).with_context(unreadable)? {
        let entry = entry.with_context(unreadable)?;
        let name = entry.file_name();
        let name = name.to_str().ok_or_else(|| anyhow!("{} has a name that is no UTF-8", entry.path().display()))?;
        if name.starts_with('.') {
            continue;
        }
        let path = format!("{within}{name}");
        let kind = entry.file_type().with_context(unreadable)?;
        if kind.is_symlink() {
            bail!("{path} is a link; put the file itself there");
        }
        if kind.is_dir() {
            below(&entry.path(), &format!("{path}/"), files)?;
            continue;
        }
        let bytes = std::fs::read(entry.path()).with_context(|| format!("{path} cannot be read"))?;
        let text = String::from_utf8(bytes).map_err(|_| anyhow!("{path} is no UTF-8 text"))?;
        files.insert(path, text);
    }
    Ok(())
}

fn write(folder: &Path, export: &Export, replace: bool) -> anyhow::Result<ExitCode> {
    // A server's word on where to write is not taken.
    if let Some(path) = export.files.0.keys().find(|path| !belongs(path)) {
        bail!("the server names a file {} that no plan has; nothing was written", plain(path));
    }
    let there = if folder.exists() {
        let mut files = BTreeMap::new();
        below(folder, "", &mut files)?;
        files
    } else {
        BTreeMap::new()
    };
    let other: Vec<&String> =
        there.iter().filter(|(path, text)| export.files.get(path) != Some(text.as_str())).map(|(path, _)| path).collect();
    if let Some(first) = other.first().filter(|_| !replace) {
        bail!(
            "{} files in {} differ from {} ({} is the first); name an empty folder, or say --replace",
            other.len(),
            folder.display(),
            export.id,
            plain(first)
        );
    }
    for path in other.iter().filter(|path| belongs(path) && export.files.get(path).is_none()) {
        std::fs::remove_file(folder.join(path)).with_context(|| format!("{path} cannot be removed"))?;
    }
    for (path, text) in &export.files.0 {
        let file = folder.join(path);
        if let Some(parent) = file.parent() {
            std::fs::create_dir_all(parent).with_context(|| format!("{} cannot be made", parent.display()))?;
        }
        std::fs::write(&file, text).with_context(|| format!("{} cannot be written", file.display()))?;
    }
    println!("{}: {} files in {}", export.id, export.files.0.len(), folder.display());
    Ok(ExitCode::SUCCESS)
}
