//! `watchbell rules explain`: why a rule fires on an event, or why it does not.

use std::io::{IsTerminal as _, Read as _, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anstyle::{AnsiColor, Style};
use anyhow::{Context as _, bail};
use jiff::Timestamp;
use sigma::{Explanation, Rule};
use telemetry::{Event, Options};

use super::{book, placeholders, samples};
use crate::text::{self, count, number, plain};

/// Say why a rule fires on an event, or why it does not.
///
/// Walks the rule's condition: what each part asks for, what the event holds there, and which part
/// decided. The event comes from a log file in any known format, or from a file of samples. Without
/// --event, the first event is explained on which the rule fires; where there is none, the first one that
/// is of the rule's log source.
#[derive(clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    /// A rule's file, id, title, or a part of its title that no other rule has.
    rule: String,
    /// A log file with the event; `-` for standard input.
    #[arg(value_name = "EVENTFILE")]
    events: PathBuf,
    /// Which of the file's events, counted from 1.
    #[arg(short, long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    event: Option<u64>,
    /// Folders or files of Sigma rules to look for the rule in, instead of the ones that Watchbell ships.
    #[arg(long, num_args = 1.., value_name = "DIR")]
    rules: Vec<PathBuf>,
    /// What `%placeholders%` in rules stand for: a YAML file of names with lists of values.
    #[arg(long, value_name = "FILE")]
    placeholders: Option<PathBuf>,
    /// A folder of mappings, which say what records of your own products mean; `mappings` in a folder of
    /// rules is taken without being named.
    #[arg(long, value_name = "DIR")]
    mappings: Option<PathBuf>,
    /// Take the event for one of the rule's log source, whatever it looks like.
    #[arg(long)]
    assume_source: bool,
    /// How to print it.
    #[arg(short, long, value_enum, default_value_t = Format::Text)]
    format: Format,
}

const EXAMPLES: &str = "\
Examples:
  watchbell rules explain my-rules/whoami.yml dc01.evtx
  watchbell rules explain \"Certutil\" events.jsonl --event 3
  watchbell rules explain 5f1abf38-100e-4ad0-9a21-0a3a1a1d1d51 dc01.evtx --rules sigma/rules
  pbpaste | watchbell rules explain my-rules/whoami.yml - --assume-source
  watchbell rules explain my-rules/whoami.yml dc01.evtx --format json | jq .condition

Exit codes:
  0  it was explained, whether the rule fires or not
  1  the rule or the event was not found";

#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Format {
    Text,
    Json,
}

pub fn run(args: &Args) -> anyhow::Result<ExitCode> {
    let (book, rule) = find_rule(args)?;
    let Some(rule) = book.loaded.rules.get(rule) else { bail!("the rule is gone") };
    let chosen = choose(args, rule)?;
    let out = std::io::stdout();
    let colours = out.is_terminal() && text::colours_allowed();
    let mut out = std::io::BufWriter::new(out.lock());
    match args.format {
        Format::Text => print(rule, &chosen, colours, &mut out)?,
        Format::Json => {
            let whole = serde_json::json!({
                "rule": { "title": rule.title, "id": rule.id, "file": rule.file, "line": rule.line },
                "event": chosen.number,
                "of": chosen.all,
                "fires": chosen.explanation.fires,
                "reasons": chosen.explanation.reasons(),
                "log_source": chosen.explanation.log_source,
                "condition": chosen.explanation.condition,
            });
            serde_json::to_writer_pretty(&mut out, &whole)?;
            writeln!(out)?;
        }
    }
    out.flush()?;
    Ok(ExitCode::SUCCESS)
}

/// The rules loaded, and which of them is meant.
fn find_rule(args: &Args) -> anyhow::Result<(book::Book, usize)> {
    let values = placeholders(args.placeholders.as_deref())?;
    let file = Path::new(&args.rule);
    let is_file = file.is_file();
    let paths = if is_file && args.rules.is_empty() { vec![file.to_owned()] } else { args.rules.clone() };
    let book = book::load(&paths, values)?;
    let wanted = args.rule.to_lowercase();
    let rules = book.rules()?.iter().enumerate();
    let fitting: Vec<(usize, &Rule)> = if is_file {
        rules.filter(|(_, rule)| rule.file == file).collect()
    } else {
        let called = |rule: &Rule| {
            rule.id.as_deref().is_some_and(|id| id.eq_ignore_ascii_case(&wanted))
                || rule.title.to_lowercase() == wanted
        };
        let exact: Vec<(usize, &Rule)> = rules.clone().filter(|(_, rule)| called(rule)).collect();
        if exact.is_empty() {
            rules.filter(|(_, rule)| rule.title.to_lowercase().contains(&wanted)).collect()
        } else {
            exact
        }
    };
    match fitting.as_slice() {
        [(number, _)] => {
            let number = *number;
            Ok((book, number))
        }
        [] if is_file => bail!("{} holds no rule that could be loaded", file.display()),
        [] => bail!(
            "no rule is called `{}`; say a rule's file, id or title, and --rules for rules of your own",
            args.rule
        ),
        several => {
            let named: Vec<String> = several
                .iter()
                .take(8)
                .map(|(_, rule)| format!("  {}  {}", rule.id.as_deref().unwrap_or("-"), rule.title))
                .collect();
            bail!(
                "{} rules fit `{}`; say the id of one:\n{}{}",
                several.len(),
                args.rule,
                named.join("\n"),
                if several.len() > 8 { "\n  …" } else { "" }
            )
        }
    }
}

struct Chosen {
    /// Counted from 1.
    number: u64,
    /// How many events the file has.
    all: u64,
    /// On how many of them the rule fires.
    fires: u64,
    explanation: Explanation,
}

/// How much a reader wants to see this event, where he names none.
fn interest(explanation: &Explanation) -> u8 {
    if explanation.fires { 2 } else { u8::from(explanation.log_source.holds) }
}

fn choose(args: &Args, rule: &Rule) -> anyhow::Result<Chosen> {
    let mut chosen: Option<(u64, Explanation)> = None;
    let (mut all, mut fires) = (0, 0);
    let mappings = crate::files::mappings(args.mappings.as_deref(), &args.rules)?;
    let options = Options::new(Timestamp::now()).with_mappings(mappings);
    each_event(&args.events, &options, |mut event| {
        all += 1;
        if args.assume_source {
            event.source = rule.logsource.clone();
        }
        let explanation = rule.explain(&event);
        fires += u64::from(explanation.fires);
        let better = match args.event {
            Some(wanted) => wanted == all,
            None => chosen.as_ref().is_none_or(|(_, known)| interest(known) < interest(&explanation)),
        };
        if better {
            chosen = Some((all, explanation));
        }
    })?;
    let name = args.events.display();
    match (chosen, args.event) {
        (Some((number, explanation)), _) => Ok(Chosen { number, all, fires, explanation }),
        (None, Some(wanted)) if all > 0 => {
            bail!("{name} has {}, so there is no event {wanted}", count(all, "event", "events"))
        }
        (None, _) => bail!("{name} holds no event that could be read"),
    }
}

fn each_event(path: &Path, options: &Options, mut act: impl FnMut(Event)) -> anyhow::Result<()> {
    let about = || format!("{} cannot be read; check the path", path.display());
    let reader = if path == Path::new("-") {
        let mut bytes = Vec::new();
        std::io::stdin().lock().read_to_end(&mut bytes).with_context(about)?;
        if let Some(events) = as_samples(&bytes) {
            events.into_iter().for_each(act);
            return Ok(());
        }
        telemetry::from_bytes("standard input", bytes.into(), options)?
    } else {
        if path.extension().is_some_and(|extension| extension == "jsonl")
            && let Some(events) = as_samples(&std::fs::read(path).with_context(about)?)
        {
            events.into_iter().for_each(act);
            return Ok(());
        }
        telemetry::open(path, options)?
    };
    for event in reader {
        match event {
            Ok(event) => act(event),
            Err(error) => text::warn(&format!("{error}; the rest is read")),
        }
    }
    Ok(())
}

/// The events of a file of samples, if every line is one.
fn as_samples(bytes: &[u8]) -> Option<Vec<Event>> {
    let text = std::str::from_utf8(bytes).ok()?;
    let lines = text.lines().filter(|line| !line.trim().is_empty());
    let samples: Vec<samples::Sample> = lines.map(|line| samples::parse(line).ok()).collect::<Option<_>>()?;
    let events: Vec<Event> = samples.into_iter().flat_map(|one| one.events).map(|(_, event)| event).collect();
    (!events.is_empty()).then_some(events)
}

/// Reasons that are printed; the tree below has all.
const REASONS: usize = 6;

fn print(rule: &Rule, chosen: &Chosen, colours: bool, out: &mut impl Write) -> std::io::Result<()> {
    let paint = |style: Style, text: &str| {
        if colours { format!("{style}{text}{style:#}") } else { text.to_owned() }
    };
    let green = AnsiColor::Green.on_default();
    let explanation = &chosen.explanation;
    let verdict =
        if explanation.fires { paint(green.bold(), "FIRES") } else { paint(text::RED, "DOES NOT FIRE") };
    writeln!(out, "{verdict}  {}", paint(text::BOLD, &plain(&rule.title)))?;
    let place = format!("{}:{}", rule.file.display(), rule.line);
    let mut event = format!("event {} of {}", number(chosen.number), number(chosen.all));
    if chosen.all > 1 {
        event.push_str(&format!("; the rule fires on {} of them", number(chosen.fires)));
    }
    writeln!(out, "{}", paint(text::FAINT, &format!("{}, {event}", plain(&place))))?;
    writeln!(out)?;
    let reasons = explanation.reasons();
    for reason in reasons.iter().take(REASONS) {
        writeln!(out, "{}", plain(reason))?;
    }
    if reasons.len() > REASONS {
        writeln!(out, "and {} more, below", reasons.len() - REASONS)?;
    }
    writeln!(out)?;
    for line in explanation.lines() {
        let mark = match line.holds {
            Some(true) => paint(green, "✓"),
            Some(false) => paint(text::RED, "✗"),
            None => " ".to_owned(),
        };
        writeln!(out, "{}{mark} {}", "  ".repeat(line.depth), plain(&line.text))?;
    }
    Ok(())
}
