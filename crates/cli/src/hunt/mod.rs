//! `watchbell hunt`: looks through log files with Sigma rules, without a server. Here is the course of
//! it; `scan` reads and matches, `output` prints, `summary` sums up.

pub mod correlate;
pub mod finding;
pub mod output;
pub mod rules;
mod scan;
mod summary;

use std::fs::File;
use std::io::{BufWriter, IsTerminal, Write};
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use anyhow::{Context as _, anyhow, bail};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use jiff::Timestamp;
use sigma::Level;

use crate::files::{self, LogFile};
use crate::text;
use crate::times::{self, When};
use finding::Row;
use output::Output;
use scan::{Harvest, Outcome, Search};

/// Look through log files and folders for traces of an attack; needs no server.
///
/// Reads every file that is in a known format (EVTX; Windows XML; JSON lines of Winlogbeat, ECS, NXLog,
/// Sysmon and cloud audit logs; Zeek; Suricata EVE; syslog; CEF; LEEF; Linux audit; web server logs),
/// packed with gzip or zstd or not, matches each record against Sigma rules, and prints what they found
/// in the order of time. Correlation rules, which say what many records mean together, are part of it.
/// Results go to standard output, all else to standard error.
#[derive(clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    /// Log files, or folders that hold them.
    #[arg(required = true, value_name = "PATHS")]
    paths: Vec<PathBuf>,
    /// Folders or files of Sigma rules to use instead of the ones that Watchbell ships.
    #[arg(long, num_args = 1.., value_name = "DIR")]
    rules: Vec<PathBuf>,
    /// A folder of mappings, which say what records of your own products mean; `mappings` in a folder of
    /// rules is taken without being named.
    #[arg(long, value_name = "DIR")]
    mappings: Option<PathBuf>,
    /// What `%placeholders%` in rules stand for: a YAML file of names with lists of values.
    #[arg(long, value_name = "FILE")]
    placeholders: Option<PathBuf>,
    /// How to print what was found.
    #[arg(short, long, value_enum, default_value_t = Output::Table)]
    output: Output,
    /// Leave out findings below this level: informational, low, medium, high or critical.
    #[arg(short, long, default_value_t = Level::Informational, hide_default_value = true)]
    level: Level,
    /// Only records from this time on: a date, or a time as RFC 3339 writes it. Without zone: UTC.
    #[arg(long, value_name = "TIME", value_parser = times::parse)]
    from: Option<When>,
    /// Only records before this time; a date is held to its end.
    #[arg(long, value_name = "TIME", value_parser = times::parse)]
    to: Option<When>,
    /// End with exit code 2 if anything of this level or above was found.
    #[arg(long, value_name = "LEVEL")]
    fail_on: Option<Level>,
    /// Write what was found into this file.
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    /// Name every rule that could not be loaded, with file, line and reason.
    #[arg(long)]
    refused: bool,
    /// Print neither progress nor summary.
    #[arg(short, long)]
    quiet: bool,
}

const EXAMPLES: &str = "\
Examples:
  watchbell hunt /var/log                        with the shipped rules
  watchbell hunt evidence/ --rules sigma/rules   with your own rules
  watchbell hunt door.jsonl --mappings ours/     records of your own products too
  watchbell hunt dc01.evtx --level high --from 2026-11-24 --to 2026-11-25
  watchbell hunt logs/ --output timeline | less  day by day, host by host
  watchbell hunt logs/ --output csv --out findings.csv
  watchbell hunt logs/ --output jsonl | jq .rule.title
  watchbell hunt logs/ --fail-on high            for a script: exit code 2 when found

Exit codes:
  0  done; nothing found at or above --fail-on
  1  it failed, or the command line was wrong
  2  something was found at or above --fail-on";

pub fn run(args: &Args) -> anyhow::Result<ExitCode> {
    let started = Instant::now();
    let (from, until) = range(args)?;
    let rules = rules::load(&args.rules, args.placeholders.as_deref())?;
    let mappings = crate::files::mappings(args.mappings.as_deref(), &args.rules)?;
    if args.refused {
        rules::list_refused(&rules.refused);
    }
    if !args.quiet {
        rules::list_warnings(&rules.warnings);
    }
    let loaded_in = started.elapsed();
    let found = files::find(&args.paths)?;
    if found.files.is_empty() {
        bail!("there is no file to read in {}", files::shown(&args.paths));
    }
    let search = Search { rules: &rules, level: args.level, from, until, now: Timestamp::now(), mappings };
    let progress = progress(&found.files, args.quiet);
    let scan_started = Instant::now();
    let harvest = scan::scan(&found.files, &search, &progress);
    let scanned_in = scan_started.elapsed();
    progress.finish_and_clear();
    for problem in &found.unreadable {
        text::warn(problem);
    }
    let problems = warn_of_damage(&found.files, &harvest);
    let names: Vec<String> = found.files.iter().map(|file| file.path.display().to_string()).collect();
    let rows: Vec<Row<'_>> =
        harvest.findings.iter().filter_map(|finding| Row::new(finding, &rules, &names)).collect();
    write(args, &rows)?;
    if !args.quiet {
        let times = summary::Times { loaded_in, scanned_in };
        summary::print(&rules, &found, &harvest, &rows, &times, args.refused);
    }
    if problems == found.files.len() {
        bail!("none of the files could be read");
    }
    if harvest.outcomes.iter().all(|outcome| *outcome == Outcome::Skipped) {
        bail!("none of the {} is in a known format", text::count(to_u64(found.files.len()), "file", "files"));
    }
    let failed = args.fail_on.is_some_and(|limit| rows.iter().any(|row| row.level() >= limit));
    Ok(if failed { ExitCode::from(2) } else { ExitCode::SUCCESS })
}

fn range(args: &Args) -> anyhow::Result<(Option<Timestamp>, Option<Timestamp>)> {
    let from = args.from.map(When::first).transpose().map_err(|error| anyhow!("--from: {error}"))?;
    let until = args.to.map(When::end).transpose().map_err(|error| anyhow!("--to: {error}"))?;
    if let (Some(from), Some(until)) = (from, until)
        && from >= until
    {
        bail!("--from {from} is not before --to {until}; no record can be in between");
    }
    Ok((from, until))
}

fn to_u64(number: usize) -> u64 {
    u64::try_from(number).unwrap_or(u64::MAX)
}

fn progress(files: &[LogFile], quiet: bool) -> ProgressBar {
    let bar = ProgressBar::new(files.iter().map(|file| file.bytes).sum());
    if quiet || !std::io::stderr().is_terminal() {
        bar.set_draw_target(ProgressDrawTarget::hidden());
        return bar;
    }
    let template = "reading {bar:36} {bytes} of {total_bytes}  {binary_bytes_per_sec}  {eta} left";
    if let Ok(style) = ProgressStyle::with_template(template) {
        bar.set_style(style);
    }
    bar.enable_steady_tick(Duration::from_millis(200));
    bar
}

/// Names the files that were read in part or not at all; tells how many of them gave nothing.
fn warn_of_damage(files: &[LogFile], harvest: &Harvest) -> usize {
    let mut unreadable = 0;
    for (file, outcome) in files.iter().zip(&harvest.outcomes) {
        match outcome {
            Outcome::Read | Outcome::Skipped => {}
            Outcome::Damaged { records: 1, first } => text::warn(&format!("{first}; the rest was read")),
            Outcome::Damaged { records, first } => text::warn(&format!(
                "{} is damaged in {} places, the rest was read; the first: {}",
                file.path.display(),
                text::number(*records),
                first.strip_prefix(&format!("{}: ", file.path.display())).unwrap_or(first)
            )),
            Outcome::Unreadable(reason) => {
                unreadable += 1;
                text::warn(&format!("{reason}; it was left out"));
            }
        }
    }
    unreadable
}

fn write(args: &Args, rows: &[Row<'_>]) -> anyhow::Result<()> {
    if let Some(path) = &args.out {
        let about = || format!("{} cannot be written", path.display());
        let mut file = BufWriter::new(File::create(path).with_context(about)?);
        output::write(args.output, rows, &output::Look::file(), &mut file)
            .and_then(|()| file.flush())
            .with_context(about)?;
        return Ok(());
    }
    let out = std::io::stdout();
    let look = output::Look::of_terminal(out.is_terminal());
    let mut out = BufWriter::new(out.lock());
    output::write(args.output, rows, &look, &mut out).and_then(|()| out.flush())?;
    Ok(())
}
