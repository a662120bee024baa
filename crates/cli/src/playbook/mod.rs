//! `watchbell playbook`: what people who write CACAO playbooks need. Each verb is a file of its own.

mod check;
mod draw;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context as _, anyhow};
use cacao::Document;
use clap::Subcommand;

/// Check and draw CACAO v2.0 playbooks; needs no server.
#[derive(clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Subcommand)]
enum Verb {
    Check(check::Args),
    Draw(draw::Args),
}

const EXAMPLES: &str = "\
Examples:
  watchbell playbook check ransomware.json             what is refused, and what differs from CACAO v2.0
  watchbell playbook check playbooks/ --strict         a whole folder, for a hook before a commit
  watchbell playbook draw ransomware.json -o flow.svg  the workflow as a figure";

pub fn run(args: &Args) -> anyhow::Result<ExitCode> {
    match &args.verb {
        Verb::Check(args) => check::run(args),
        Verb::Draw(args) => draw::run(args),
    }
}

/// The files that are meant: a folder stands for the `.json` files in it and below, in order.
fn files(paths: &[PathBuf]) -> anyhow::Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    for path in paths {
        if path.is_dir() {
            below(path, &mut found)?;
        } else {
            found.push(path.clone());
        }
    }
    if found.is_empty() {
        return Err(anyhow!("there is no .json file here; name a playbook or a folder of them"));
    }
    Ok(found)
}

fn below(folder: &Path, found: &mut Vec<PathBuf>) -> anyhow::Result<()> {
    let unreadable = || format!("the folder {} cannot be read", folder.display());
    let mut entries = std::fs::read_dir(folder)
        .and_then(|entries| {
            entries.map(|entry| entry.map(|entry| entry.path())).collect::<Result<Vec<_>, _>>()
        })
        .with_context(unreadable)?;
    entries.sort();
    for path in entries {
        if path.is_dir() {
            below(&path, found)?;
        } else if path.extension().is_some_and(|kind| kind.eq_ignore_ascii_case("json")) {
            found.push(path);
        }
    }
    Ok(())
}

fn text(file: &Path) -> anyhow::Result<String> {
    let bytes =
        std::fs::read(file).with_context(|| format!("{} cannot be read; check the path", file.display()))?;
    String::from_utf8(bytes).map_err(|_| anyhow!("{} is no UTF-8 text, so it is no playbook", file.display()))
}

fn document(file: &Path) -> anyhow::Result<Document> {
    Document::read(&text(file)?).with_context(|| file.display().to_string())
}
