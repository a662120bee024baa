//! `watchbell playbook draw`: the workflow as an SVG file.

use std::io::Write as _;
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context as _, anyhow};
use cacao::{Options, draw};

use crate::text;

/// Draw a playbook's workflow as SVG; a figure for light and dark screens.
///
/// A playbook with mistakes is drawn as far as it can be read.
#[derive(clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    /// Playbooks, or folders of them.
    #[arg(value_name = "FILE", required = true)]
    paths: Vec<PathBuf>,
    /// Where to write the figure of a single playbook; `-` is standard output.
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
}

const EXAMPLES: &str = "\
Examples:
  watchbell playbook draw ransomware.json              writes ransomware.svg beside it
  watchbell playbook draw ransomware.json -o - | less
  watchbell playbook draw playbooks/                   a figure beside each";

pub fn run(args: &Args) -> anyhow::Result<ExitCode> {
    let files = super::files(&args.paths)?;
    if args.output.is_some() && files.len() > 1 {
        return Err(anyhow!("--output takes one playbook, and these are {}", files.len()));
    }
    for file in files {
        let playbook = super::document(&file)?.playbook().map_err(|reason| {
            anyhow!("{} cannot be drawn: {reason}; `watchbell playbook check` says more", file.display())
        })?;
        let figure = draw(&playbook, &Options::default()).standalone();
        match args.output.as_deref() {
            Some(path) if path == std::path::Path::new("-") => {
                std::io::stdout().write_all(figure.as_bytes())?;
            }
            given => {
                let path = given.map_or_else(|| file.with_extension("svg"), ToOwned::to_owned);
                std::fs::write(&path, figure)
                    .with_context(|| format!("{} cannot be written", path.display()))?;
                text::say(&format!("drawn: {}", path.display()));
            }
        }
    }
    Ok(ExitCode::SUCCESS)
}
