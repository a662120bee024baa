//! `watchbell rules test`: each rule on its own samples, and why where the outcome is another.

use std::collections::HashMap;
use std::io::{IsTerminal as _, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;

use anstyle::{AnsiColor, Style};
use anyhow::bail;
use jiff::Timestamp;
use serde::Serialize;
use sigma::correlation::{Correlator, Limits};
use sigma::{Engine, Explanation, Rule};
use telemetry::{Event, Options};

use super::book::{Book, progress};
use super::{Which, samples};
use crate::text::{self, count, plain};

/// Run each rule on its own samples.
///
/// Samples stand beside a rule, in samples/NAME.jsonl for NAME.yml, one JSON object a line: whether the
/// rule must fire (`expect`), the log source, and the event's fields; for a correlation a course of events,
/// each with its time since the beginning. A rule may also name the `info.yml`
/// of regression data with `regression_tests_path`, as the public Sigma rules do.
#[derive(clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    #[command(flatten)]
    which: Which,
    /// Where the data is that `regression_tests_path` leads to, if not around the rules.
    #[arg(long, value_name = "DIR")]
    regression: Option<PathBuf>,
    /// A folder of mappings, which say what records of your own products mean; `mappings` in a folder of
    /// rules is taken without being named.
    #[arg(long, value_name = "DIR")]
    mappings: Option<PathBuf>,
    /// How to print the outcome.
    #[arg(short, long, value_enum, default_value_t = Format::Text)]
    format: Format,
    /// Fail where a rule has no samples.
    #[arg(long)]
    require_samples: bool,
    /// Print failures alone, and no summary.
    #[arg(short, long)]
    quiet: bool,
}

const EXAMPLES: &str = "\
Examples:
  watchbell rules test                              the shipped rules
  watchbell rules test my-rules --require-samples   and none without samples
  watchbell rules test sigma/rules --regression sigma/regression_data

A sample:
  {\"expect\": true, \"logsource\": {\"product\": \"linux\", \"service\": \"sshd\"}, \"event\": {\"message\": \"Accepted password for root\"}}

One of a correlation:
  {\"expect\": true, \"events\": [{\"at\": \"0s\", \"times\": 20, \"every\": \"5s\", \"logsource\": {…}, \"event\": {…}}]}

Exit codes:
  0  every sample had the outcome that it expects
  1  one had not, or the command line was wrong";

#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Format {
    Text,
    Json,
}

/// What came of the samples of one rule.
#[derive(Debug, Serialize)]
struct Outcome {
    title: String,
    id: Option<String>,
    file: PathBuf,
    line: usize,
    passed: usize,
    failed: Vec<Failure>,
}

#[derive(Debug, Serialize)]
struct Failure {
    /// The file with the line of the sample, or the log.
    place: String,
    message: String,
    why: Vec<String>,
}

pub fn run(args: &Args) -> anyhow::Result<ExitCode> {
    let mut book = args.which.load()?;
    book.rules()?;
    book.warn_of_refused();
    let engine = Engine::new(std::mem::take(&mut book.loaded.rules));
    let mappings = crate::files::mappings(args.mappings.as_deref(), &args.which.paths)?;
    let options = Options::new(Timestamp::now()).with_mappings(mappings);
    let outcomes = try_all(&book, &engine, &options, args.regression.as_deref());
    let tested = outcomes.iter().filter(|outcome| !outcome.is_untested()).count();
    if tested == 0 && !args.require_samples {
        bail!(
            "none of the {} rules has samples; put them into samples/NAME.jsonl beside NAME.yml",
            outcomes.len()
        );
    }
    let out = std::io::stdout();
    let colours = out.is_terminal() && text::colours_allowed();
    let mut out = std::io::BufWriter::new(out.lock());
    match args.format {
        Format::Text => print(&outcomes, args, colours, &mut out)?,
        Format::Json => {
            serde_json::to_writer_pretty(&mut out, &outcomes)?;
            writeln!(out)?;
        }
    }
    out.flush()?;
    drop(out);
    if !args.quiet {
        summary(&outcomes, tested);
    }
    let failed = outcomes.iter().any(|outcome| !outcome.failed.is_empty());
    let lacking = args.require_samples && tested < outcomes.len();
    Ok(if failed || lacking { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}

impl Outcome {
    fn of(rule: &Rule) -> Outcome {
        Outcome {
            title: rule.title.clone(),
            id: rule.id.clone(),
            file: rule.file.clone(),
            line: rule.line,
            passed: 0,
            failed: Vec::new(),
        }
    }

    fn is_untested(&self) -> bool {
        self.passed == 0 && self.failed.is_empty()
    }

    fn fail(&mut self, place: impl Into<String>, message: impl Into<String>, why: Vec<String>) {
        self.failed.push(Failure { place: place.into(), message: message.into(), why });
    }
}

fn try_all(book: &Book, engine: &Engine, options: &Options, regression: Option<&Path>) -> Vec<Outcome> {
    let correlations = book.correlations.all().map(|correlation| &correlation.rule);
    let rules: Vec<&Rule> = engine.rules().iter().chain(correlations).collect();
    let mut outcomes: Vec<Outcome> = rules.iter().map(|rule| Outcome::of(rule)).collect();
    let mut of_file: HashMap<&Path, Vec<usize>> = HashMap::new();
    let mut files = Vec::new();
    for (number, rule) in rules.iter().enumerate() {
        let rules = of_file.entry(&rule.file).or_default();
        if rules.is_empty() {
            files.push(rule.file.as_path());
        }
        rules.push(number);
    }
    let bar = progress("testing", files.len());
    for file in files {
        let rules = of_file.get(file).map(Vec::as_slice).unwrap_or_default();
        let trial = Trial { book, engine, options, rules, regression };
        trial.samples(file, &mut outcomes);
        trial.regression(file, &mut outcomes);
        bar.inc(1);
    }
    bar.finish_and_clear();
    // Rules that are only there for correlations are tested with these.
    let count = engine.rules().len();
    let mut numbers = 0_usize..;
    outcomes.retain(|outcome| {
        let number = numbers.next().unwrap_or(0);
        let is_silent = match number.checked_sub(count) {
            None => book.correlations.is_silent_rule(number),
            Some(correlation) => book.correlations.is_silent(correlation),
        };
        !(is_silent && outcome.is_untested())
    });
    outcomes
}

/// The rules of one file on trial.
struct Trial<'a> {
    book: &'a Book,
    engine: &'a Engine,
    /// How logs are read.
    options: &'a Options,
    rules: &'a [usize],
    regression: Option<&'a Path>,
}

impl Trial<'_> {
    /// The samples beside the file.
    fn samples(&self, file: &Path, outcomes: &mut [Outcome]) {
        let path = samples::beside(file);
        let name = path.display().to_string();
        if !self.book.shipped && !path.is_file() {
            return;
        }
        let Ok(text) = self.book.text(&path) else { return };
        let read = match samples::read(&name, &text) {
            Ok(read) => read,
            Err(error) => {
                return self.each(outcomes, |outcome| outcome.fail(&*name, error.to_string(), Vec::new()));
            }
        };
        for sample in read {
            // A course is about the last correlation of the file, which looks at the rules before it.
            let is_correlation = |rule: &usize| *rule >= self.engine.rules().len();
            let last = self.rules.iter().rfind(|rule| is_correlation(rule));
            let about: Vec<usize> = match &sample.rule {
                None if sample.is_course => last.copied().into_iter().collect(),
                None => self.rules.iter().copied().filter(|rule| !is_correlation(rule)).collect(),
                Some(called) => {
                    self.rules.iter().copied().filter(|rule| self.is_called(*rule, called)).collect()
                }
            };
            let place = format!("{name}:{}", sample.line);
            let fired = self.fired(&sample);
            if about.is_empty() {
                let message = if sample.is_course && sample.rule.is_none() {
                    "is a course of events, and its file holds no correlation"
                } else {
                    "names a rule that its file does not hold"
                };
                self.each(outcomes, |outcome| outcome.fail(&*place, message, Vec::new()));
            }
            for rule in about {
                let Some(outcome) = outcomes.get_mut(rule) else { continue };
                if fired.contains(&rule) == sample.expect {
                    outcome.passed += 1;
                } else {
                    let message =
                        if sample.expect { "should fire and does not" } else { "should not fire and does" };
                    let why = match sample.events.as_slice() {
                        [(_, event)] => self.why(rule, event),
                        _ => Vec::new(),
                    };
                    outcome.fail(&*place, message, why);
                }
            }
        }
    }

    /// The rules that fire on a sample; the correlations stand behind the engine's rules.
    fn fired(&self, sample: &samples::Sample) -> Vec<usize> {
        let correlations = &self.book.correlations;
        let mut correlator = Correlator::new(Arc::clone(correlations), Limits::default());
        let mut fired = Vec::new();
        for (number, (at, event)) in sample.events.iter().enumerate() {
            for rule in self.engine.matches(event) {
                fired.push(rule);
                for sighting in correlations.sightings(rule, event) {
                    let found = correlator.add(sighting, *at, number);
                    fired.extend(found.iter().map(|one| self.engine.rules().len() + one.correlation));
                }
            }
        }
        fired
    }

    /// The regression data that the file names.
    fn regression(&self, file: &Path, outcomes: &mut [Outcome]) {
        let Ok(text) = self.book.text(file) else { return };
        let Some(named) = samples::regression_path(&text) else { return };
        let Some(info) = samples::find_regression(file, named, self.regression) else {
            // Rules without their data are common; they count as untested.
            return;
        };
        let found = match samples::read_regression(&info) {
            Ok(found) => found,
            Err(error) => {
                let message = format!("{error:#}");
                return self.each(outcomes, |outcome| outcome.fail(named, &*message, Vec::new()));
            }
        };
        let about: Vec<usize> = if found.rules.is_empty() {
            self.rules.to_vec()
        } else {
            let listed = |rule: &usize| found.rules.iter().any(|id| self.is_called(*rule, id));
            self.rules.iter().copied().filter(listed).collect()
        };
        for log in &found.logs {
            for rule in &about {
                if let Some(outcome) = outcomes.get_mut(*rule) {
                    self.log(*rule, log, outcome);
                }
            }
        }
    }

    fn log(&self, rule: usize, log: &samples::Log, outcome: &mut Outcome) {
        let place = log.path.display().to_string();
        let reader = match telemetry::open(&log.path, self.options) {
            Ok(reader) => reader,
            Err(error) => return outcome.fail(place, error.to_string(), Vec::new()),
        };
        let mut matches = 0;
        let mut events = 0;
        let mut nearest: Option<Explanation> = None;
        for event in reader {
            let event = match event {
                Ok(event) => event,
                Err(error) => {
                    outcome.fail(&*place, error.to_string(), Vec::new());
                    continue;
                }
            };
            events += 1;
            let fires = self.engine.matches(&event).contains(&rule);
            matches += usize::from(fires);
            let wrong = fires == (log.matches == 0);
            let better = nearest.as_ref().is_none_or(|known| wrong && !known.log_source.holds);
            if better && let Some(rule) = self.engine.rule(rule) {
                nearest = Some(rule.explain(&event));
            }
        }
        let wanted = log.matches;
        if (wanted == 0 && matches == 0) || (wanted > 0 && matches >= wanted) {
            outcome.passed += 1;
            return;
        }
        let message = format!(
            "should fire {} and fires {matches} times in {}",
            if wanted == 0 { "never".to_owned() } else { count(to_u64(wanted), "time", "times") },
            count(events, "event", "events")
        );
        outcome.fail(place, message, nearest.map(|one| one.reasons()).unwrap_or_default());
    }

    fn why(&self, rule: usize, event: &Event) -> Vec<String> {
        self.engine.rule(rule).map(|rule| rule.explain(event).reasons()).unwrap_or_default()
    }

    fn is_called(&self, rule: usize, name: &str) -> bool {
        let rule = match rule.checked_sub(self.engine.rules().len()) {
            None => self.engine.rule(rule),
            Some(correlation) => self.book.correlations.get(correlation).map(|one| &one.rule),
        };
        rule.is_some_and(|rule| {
            rule.id.as_deref().is_some_and(|id| id.eq_ignore_ascii_case(name)) || rule.title == name
        })
    }

    fn each(&self, outcomes: &mut [Outcome], mut act: impl FnMut(&mut Outcome)) {
        for rule in self.rules {
            if let Some(outcome) = outcomes.get_mut(*rule) {
                act(outcome);
            }
        }
    }
}

fn to_u64(number: usize) -> u64 {
    u64::try_from(number).unwrap_or(u64::MAX)
}

/// Reasons of one failure that are printed.
const REASONS: usize = 4;

fn print(outcomes: &[Outcome], args: &Args, colours: bool, out: &mut impl Write) -> std::io::Result<()> {
    let paint = |style: Style, text: &str| {
        if colours { format!("{style}{text}{style:#}") } else { text.to_owned() }
    };
    for outcome in outcomes {
        let title = plain(&outcome.title);
        if outcome.is_untested() {
            if args.require_samples {
                let place = format!("{}:{}", outcome.file.display(), outcome.line);
                writeln!(out, "{} {title}  {} has no samples", paint(text::RED, "✗"), plain(&place))?;
            }
            continue;
        }
        if outcome.failed.is_empty() {
            if !args.quiet {
                let tick = paint(AnsiColor::Green.on_default(), "✓");
                let passed = count(to_u64(outcome.passed), "sample", "samples");
                writeln!(out, "{tick} {title}  {}", paint(text::FAINT, &passed))?;
            }
            continue;
        }
        let all = outcome.passed + outcome.failed.len();
        let failed =
            format!("{} of {} failed", outcome.failed.len(), count(to_u64(all), "sample", "samples"));
        writeln!(out, "{} {title}  {failed}", paint(text::RED, "✗"))?;
        for failure in &outcome.failed {
            writeln!(out, "    {} {}", paint(text::BOLD, &plain(&failure.place)), plain(&failure.message))?;
            for reason in failure.why.iter().take(REASONS) {
                writeln!(out, "      {}", plain(reason))?;
            }
            if failure.why.len() > REASONS {
                writeln!(out, "      and {} more", failure.why.len() - REASONS)?;
            }
        }
    }
    Ok(())
}

fn summary(outcomes: &[Outcome], tested: usize) {
    let samples: usize = outcomes.iter().map(|outcome| outcome.passed + outcome.failed.len()).sum();
    let failed: usize = outcomes.iter().map(|outcome| outcome.failed.len()).sum();
    let untested = outcomes.len() - tested;
    let rules = count(to_u64(tested), "rule", "rules");
    let mut said = format!("{rules} tested with {}", count(to_u64(samples), "sample", "samples"));
    said.push_str(&if failed == 0 { ": all as expected".to_owned() } else { format!(": {failed} failed") });
    if untested > 0 {
        said.push_str(&format!("; {} without samples", count(to_u64(untested), "rule", "rules")));
    }
    text::say(&said);
}
