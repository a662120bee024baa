//! `watchbell rules check`: refused rules with their reasons, and what is likely a mistake in the others.

use std::collections::BTreeMap;
use std::io::{IsTerminal as _, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anstyle::Style;
use anyhow::bail;
use domain::attack::catalogue;
use serde::Serialize;

use super::Which;
use super::book::{Book, progress};
use crate::text::{self, count, plain};

/// Say which rules cannot be loaded, and what in the others is likely a mistake.
///
/// Errors are rules that Watchbell refuses, each with file, line and reason. Warnings are rules that load
/// and may not do what they look like. Results go to standard output, the summary to standard error.
#[derive(clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    #[command(flatten)]
    which: Which,
    /// How to print what was found.
    #[arg(short, long, value_enum, default_value_t = Format::Text)]
    format: Format,
    /// Fail on warnings, too.
    #[arg(long)]
    strict: bool,
    /// Leave out warnings of this sort; the sort stands in brackets behind each.
    #[arg(long, value_name = "SORT", num_args = 1..)]
    allow: Vec<String>,
    /// Print no summary.
    #[arg(short, long)]
    quiet: bool,
}

const EXAMPLES: &str = "\
Examples:
  watchbell rules check                              the shipped rules
  watchbell rules check my-rules --strict            for a hook before a commit
  watchbell rules check my-rules --format github     notes on a pull request
  watchbell rules check my-rules --allow covered-value repeated-value
  watchbell rules check my-rules --placeholders values.yml

Exit codes:
  0  no error; with --strict, no warning either
  1  something was found, or the command line was wrong";

#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Format {
    /// One line each: file, line, message.
    Text,
    /// One JSON object.
    Json,
    /// Commands of a GitHub workflow, which show each at its line of a pull request.
    Github,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
enum Gravity {
    Error,
    Warning,
}

#[derive(Debug, Serialize)]
struct Found {
    gravity: Gravity,
    file: PathBuf,
    line: usize,
    /// The sort of a warning.
    #[serde(skip_serializing_if = "Option::is_none")]
    sort: Option<&'static str>,
    message: String,
    /// The rule's title, where it is known.
    rule: Option<String>,
}

pub fn run(args: &Args) -> anyhow::Result<ExitCode> {
    let book = args.which.load()?;
    let mut found = look(&book)?;
    let sorts: Vec<&str> = found.iter().filter_map(|one| one.sort).collect();
    if let Some(unknown) = args.allow.iter().find(|sort| !is_sort(sort, &sorts)) {
        bail!(
            "--allow {unknown}: a sort of warning is a word such as covered-value, as in brackets behind a warning"
        );
    }
    found.retain(|one| one.sort.is_none_or(|sort| !args.allow.iter().any(|allowed| allowed == sort)));
    found.sort_by(|left, right| (&left.file, left.line).cmp(&(&right.file, right.line)));
    let out = std::io::stdout();
    let colours = out.is_terminal() && text::colours_allowed();
    let mut out = std::io::BufWriter::new(out.lock());
    match args.format {
        Format::Text => lines(&found, colours, &mut out)?,
        Format::Json => json(&book, &found, &mut out)?,
        Format::Github => github(&found, &mut out)?,
    }
    out.flush()?;
    drop(out);
    if !args.quiet {
        summary(&book, &found);
    }
    let of = |gravity| found.iter().any(|one| one.gravity == gravity);
    let failed = of(Gravity::Error) || (args.strict && of(Gravity::Warning));
    Ok(if failed { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}

/// A word that was found, or at least looks like one: what is not there today needs no allowing.
fn is_sort(word: &str, found: &[&str]) -> bool {
    found.contains(&word) || word.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'-')
}

fn look(book: &Book) -> anyhow::Result<Vec<Found>> {
    let mut found = Vec::new();
    for refusal in &book.loaded.refused {
        found.push(Found {
            gravity: Gravity::Error,
            file: refusal.file.clone(),
            line: refusal.line,
            sort: None,
            message: refusal.reason.to_string(),
            rule: refusal.title.clone(),
        });
    }
    let known = |id: &str| catalogue::current(id).is_some();
    let files = book.files();
    let bar = progress("checking", files.len());
    let mut lints = sigma::duplicates(&book.loaded.rules);
    for file in files {
        lints.extend(sigma::lint(file, &book.text(file)?, &book.placeholders, &known));
        bar.inc(1);
    }
    bar.finish_and_clear();
    found.extend(lints.into_iter().map(|lint| Found {
        gravity: Gravity::Warning,
        file: lint.file,
        line: lint.line,
        sort: Some(lint.code),
        message: lint.message,
        rule: Some(lint.rule),
    }));
    found.extend(book.of_filters.iter().map(|warning| Found {
        gravity: Gravity::Warning,
        file: warning.file.clone(),
        line: warning.line,
        sort: Some("odd-filter"),
        message: warning.message.clone(),
        rule: None,
    }));
    Ok(found)
}

fn lines(found: &[Found], colours: bool, out: &mut impl Write) -> std::io::Result<()> {
    let paint = |style: Style, text: &str| {
        if colours { format!("{style}{text}{style:#}") } else { text.to_owned() }
    };
    for one in found {
        let place = format!("{}:{}:", plain(&shown(&one.file)), one.line);
        let gravity = match one.gravity {
            Gravity::Error => paint(text::RED, "error:"),
            Gravity::Warning => paint(text::YELLOW, "warning:"),
        };
        write!(out, "{} {gravity} {}", paint(text::BOLD, &place), plain(&one.message))?;
        if let Some(sort) = one.sort {
            write!(out, " {}", paint(text::FAINT, &format!("[{sort}]")))?;
        }
        writeln!(out)?;
    }
    Ok(())
}

fn json(book: &Book, found: &[Found], out: &mut impl Write) -> anyhow::Result<()> {
    let of = |gravity| found.iter().filter(|one| one.gravity == gravity).collect::<Vec<_>>();
    let whole = serde_json::json!({
        "files": book.loaded.files,
        "rules": book.loaded.rules.len(),
        "errors": of(Gravity::Error),
        "warnings": of(Gravity::Warning),
    });
    serde_json::to_writer_pretty(&mut *out, &whole)?;
    writeln!(out)?;
    Ok(())
}

/// <https://docs.github.com/actions/reference/workflow-commands-for-github-actions>
fn github(found: &[Found], out: &mut impl Write) -> std::io::Result<()> {
    let message = |text: &str| text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A");
    let property = |text: &str| message(text).replace(':', "%3A").replace(',', "%2C");
    for one in found {
        let command = match one.gravity {
            Gravity::Error => "error",
            Gravity::Warning => "warning",
        };
        let title = one.sort.unwrap_or("refused rule");
        writeln!(
            out,
            "::{command} file={},line={},title={}::{}",
            property(&shown(&one.file)),
            one.line,
            property(title),
            plain(&message(&one.message))
        )?;
    }
    Ok(())
}

fn shown(file: &Path) -> String {
    file.display().to_string()
}

fn summary(book: &Book, found: &[Found]) {
    let number = |number: usize| u64::try_from(number).unwrap_or(u64::MAX);
    let of = |gravity| number(found.iter().filter(|one| one.gravity == gravity).count());
    let (errors, warnings) = (of(Gravity::Error), of(Gravity::Warning));
    let rules = count(number(book.loaded.rules.len()), "rule", "rules");
    let files = count(number(book.loaded.files), "file", "files");
    let said = if errors + warnings == 0 {
        "nothing to complain about".to_owned()
    } else {
        format!("{}, {}", count(errors, "error", "errors"), count(warnings, "warning", "warnings"))
    };
    text::say(&format!("{rules} in {files}: {said}"));
    let mut sorts: BTreeMap<&str, u64> = BTreeMap::new();
    for sort in found.iter().filter_map(|one| one.sort) {
        *sorts.entry(sort).or_default() += 1;
    }
    if sorts.len() > 1 {
        let each: Vec<String> =
            sorts.iter().map(|(sort, count)| format!("{sort} {}", text::number(*count))).collect();
        text::say(&format!("warnings by sort: {}", each.join(", ")));
    }
}
