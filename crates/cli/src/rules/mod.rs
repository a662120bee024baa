//! `watchbell rules`: what people who write rules need. Here are the verbs; each is a file of its own,
//! `book` loads the rules, `samples` finds the events that a rule is tried on.

mod book;
mod check;
mod coverage;
mod explain;
mod samples;
mod test;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context as _, anyhow};
use clap::Subcommand;
use sigma::Placeholders;

/// Check, test and explain Sigma rules; needs no server.
#[derive(clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Subcommand)]
enum Verb {
    Check(check::Args),
    Test(test::Args),
    Coverage(coverage::Args),
    Explain(explain::Args),
}

const EXAMPLES: &str = "\
Examples:
  watchbell rules check sigma/rules                    refused rules, and likely mistakes
  watchbell rules test my-rules                        run each rule's own samples
  watchbell rules coverage my-rules --navigator layer.json
  watchbell rules explain my-rules/rule.yml dc01.evtx  why it fires, or why not";

pub fn run(args: &Args) -> anyhow::Result<ExitCode> {
    match &args.verb {
        Verb::Check(args) => check::run(args),
        Verb::Test(args) => test::run(args),
        Verb::Coverage(args) => coverage::run(args),
        Verb::Explain(args) => explain::run(args),
    }
}

/// The values of a file that `--placeholders` names; none where it names none.
pub fn placeholders(file: Option<&Path>) -> anyhow::Result<Placeholders> {
    let Some(file) = file else { return Ok(Placeholders::new()) };
    let text = std::fs::read_to_string(file)
        .with_context(|| format!("the placeholders in {} cannot be read; check the path", file.display()))?;
    sigma::read_placeholders(file, &text).map_err(|refusal| {
        anyhow!(
            "{refusal}\nwrite each placeholder as a name with a list of values: `admins: [root, 'adm-*']`"
        )
    })
}

/// The rules that a verb is about.
#[derive(clap::Args)]
struct Which {
    /// Rules, or folders of them; without any, the ones that Watchbell ships.
    #[arg(value_name = "PATHS")]
    paths: Vec<PathBuf>,
    /// What `%placeholders%` in rules stand for: a YAML file of names with lists of values.
    #[arg(long, value_name = "FILE")]
    placeholders: Option<PathBuf>,
}

impl Which {
    fn load(&self) -> anyhow::Result<book::Book> {
        book::load(&self.paths, placeholders(self.placeholders.as_deref())?)
    }
}
