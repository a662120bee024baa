//! `watchbell obligations`: whether the files of duties hold together, and which duties follow from facts. Needs no
//! server. Here are the verbs and how the files are found; `list` shows duties, `facts` reads a case from a file.

mod facts;
mod list;

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context as _, bail};
use clap::Subcommand;
use domain::obligation::{Book, Source};

/// Check the files of duties to notify, and say which duties facts lead to; needs no server.
#[derive(clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Subcommand)]
enum Verb {
    Check(CheckArgs),
    List(list::Args),
}

const EXAMPLES: &str = "\
Examples:
  watchbell obligations check content/obligations   refused files, with line and cause
  watchbell obligations list                        every duty, with its status and source
  watchbell obligations list --facts case.yaml      which apply, why, and until when";

/// Say whether files of duties hold together.
///
/// Every refusal is told with its file, line and cause. Without a folder, the shipped files are checked.
#[derive(clap::Args)]
#[command(after_help = CHECK_EXAMPLES)]
struct CheckArgs {
    /// A folder like content/obligations.
    #[arg(value_name = "FOLDER")]
    folder: Option<PathBuf>,
}

const CHECK_EXAMPLES: &str = "\
Examples:
  watchbell obligations check                       the shipped files
  watchbell obligations check content/obligations   for a hook before a commit

Exit codes:
  0  the files hold together
  1  something is refused, or the command line was wrong";

pub fn run(args: &Args) -> anyhow::Result<ExitCode> {
    match &args.verb {
        Verb::Check(args) => check(args),
        Verb::List(args) => list::run(args),
    }
}

fn check(args: &CheckArgs) -> anyhow::Result<ExitCode> {
    let Some(folder) = &args.folder else {
        let book = server::obligation::book()?;
        eprintln!("The shipped files hold together: {}.", counts(book));
        return Ok(ExitCode::SUCCESS);
    };
    match read(folder)? {
        Ok(book) => {
            eprintln!("{} holds together: {}.", folder.display(), counts(&book));
            Ok(ExitCode::SUCCESS)
        }
        Err(refusals) => {
            let mut out = String::new();
            for refusal in &refusals {
                out += &format!(
                    "{}:{}: {}\n",
                    crate::text::plain(&folder.join(&refusal.file).display().to_string()),
                    refusal.line,
                    crate::text::plain(&refusal.reason)
                );
            }
            std::io::stdout().write_all(out.as_bytes())?;
            let many = u64::try_from(refusals.len()).unwrap_or(u64::MAX);
            let passages = crate::text::count(many, "passage is", "passages are");
            eprintln!("{passages} refused; correct them before anybody relies on the duties.");
            Ok(ExitCode::FAILURE)
        }
    }
}

fn counts(book: &Book) -> String {
    format!(
        "{} regimes, {} duties, {} facts, {} calendars",
        book.regimes().len(),
        book.duties().len(),
        book.facts().len(),
        book.calendars().len()
    )
}

/// The book in a folder, or what is wrong with it.
fn read(folder: &Path) -> anyhow::Result<Result<Book, Vec<domain::obligation::Refusal>>> {
    let mut files = Vec::new();
    for (path, prefix) in [(folder.to_owned(), ""), (folder.join("notices"), "notices/")] {
        let entries = std::fs::read_dir(&path).with_context(|| {
            format!("{} cannot be read; name a folder like content/obligations", path.display())
        })?;
        for entry in entries {
            let path = entry?.path();
            let Some(name) = path.file_name().and_then(|name| name.to_str()) else { continue };
            let wanted = name.ends_with(if prefix.is_empty() { ".yaml" } else { ".md" });
            if wanted && path.is_file() {
                let text = std::fs::read_to_string(&path)
                    .with_context(|| format!("{} cannot be read as text", path.display()))?;
                files.push((format!("{prefix}{name}"), text));
            }
        }
    }
    if files.is_empty() {
        bail!("{} has no files of duties", folder.display());
    }
    files.sort();
    let sources: Vec<Source<'_>> = files.iter().map(|(name, text)| Source { name, text }).collect();
    Ok(Book::read(&sources))
}

/// The book in a folder, or the shipped one.
fn book(folder: Option<&Path>) -> anyhow::Result<Book> {
    let Some(folder) = folder else { return Ok(server::obligation::book()?.clone()) };
    read(folder)?.map_err(|refusals| {
        let first = refusals.first().map(ToString::to_string).unwrap_or_default();
        anyhow::anyhow!("{}\nsee all with: watchbell obligations check {}", first, folder.display())
    })
}
