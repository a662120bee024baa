//! `watchbell playbook check`: what of a playbook is refused, and what differs from the specification.

use std::io::{IsTerminal as _, Write};
use std::path::PathBuf;
use std::process::ExitCode;

use anstyle::Style;
use cacao::{Finding, Severity, check};

use crate::text::{self, count, plain};

/// Say what of a playbook is refused and what differs from CACAO v2.0, with the place of each finding.
///
/// Errors refuse the playbook. Warnings differ from the specification and are run all the same; notes are
/// worth knowing. Places are JSON pointers. Results go to standard output, the summary to standard error.
#[derive(clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    /// Playbooks, or folders of them.
    #[arg(value_name = "FILE", required = true)]
    paths: Vec<PathBuf>,
    /// How to print what was found.
    #[arg(short, long, value_enum, default_value_t = Format::Text)]
    format: Format,
    /// Fail on warnings, too.
    #[arg(long)]
    strict: bool,
    /// Print notes, too.
    #[arg(long)]
    notes: bool,
    /// Print no summary.
    #[arg(short, long)]
    quiet: bool,
}

const EXAMPLES: &str = "\
Examples:
  watchbell playbook check ransomware.json
  watchbell playbook check playbooks/ --strict         for a hook before a commit
  watchbell playbook check playbooks/ --format json

What is run and what is refused: docs/playbooks.md.

Exit codes:
  0  no error; with --strict, no warning either
  1  something was found, or the command line was wrong";

#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Format {
    /// One line each: file, place, message.
    Text,
    /// One JSON object.
    Json,
}

/// A playbook and what was found in it.
struct Checked {
    file: PathBuf,
    findings: Vec<Finding>,
}

pub fn run(args: &Args) -> anyhow::Result<ExitCode> {
    let mut checked = Vec::new();
    for file in super::files(&args.paths)? {
        let findings = match super::text(&file).map(|text| cacao::Document::read(&text))? {
            Ok(document) => check(&document),
            Err(fault) => vec![Finding {
                severity: Severity::Error,
                rule: "unreadable",
                pointer: String::new(),
                sentence: fault.to_string(),
            }],
        };
        checked.push(Checked { file, findings });
    }
    let out = std::io::stdout();
    let colours = out.is_terminal() && text::colours_allowed();
    let mut out = std::io::BufWriter::new(out.lock());
    match args.format {
        Format::Text => lines(&checked, args.notes, colours, &mut out)?,
        Format::Json => json(&checked, &mut out)?,
    }
    out.flush()?;
    drop(out);
    let of = |severity| number(&checked, severity);
    if !args.quiet {
        summary(&checked, of(Severity::Error), of(Severity::Warning));
    }
    let failed = of(Severity::Error) > 0 || (args.strict && of(Severity::Warning) > 0);
    Ok(if failed { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}

fn number(checked: &[Checked], severity: Severity) -> u64 {
    let found = checked.iter().flat_map(|one| &one.findings).filter(|finding| finding.severity == severity);
    u64::try_from(found.count()).unwrap_or(u64::MAX)
}

fn lines(checked: &[Checked], notes: bool, colours: bool, out: &mut impl Write) -> std::io::Result<()> {
    let paint = |style: Style, text: &str| {
        if colours { format!("{style}{text}{style:#}") } else { text.to_owned() }
    };
    for one in checked {
        let file = one.file.display().to_string();
        for finding in one.findings.iter().filter(|finding| notes || finding.severity > Severity::Note) {
            let severity = match finding.severity {
                Severity::Error => paint(text::RED, "error:"),
                Severity::Warning => paint(text::YELLOW, "warning:"),
                Severity::Note => paint(text::FAINT, "note:"),
            };
            writeln!(
                out,
                "{} {severity} {} {} {}",
                paint(text::BOLD, &format!("{}:", plain(&file))),
                plain(&finding.sentence),
                paint(text::FAINT, &plain(&finding.pointer)),
                paint(text::FAINT, &format!("[{}]", finding.rule))
            )?;
        }
    }
    Ok(())
}

fn json(checked: &[Checked], out: &mut impl Write) -> anyhow::Result<()> {
    let files: Vec<serde_json::Value> = checked
        .iter()
        .map(|one| {
            serde_json::json!({
                "file": one.file.display().to_string(),
                "refused": cacao::refuses(&one.findings),
                "findings": one.findings,
            })
        })
        .collect();
    serde_json::to_writer_pretty(&mut *out, &serde_json::json!({ "files": files }))?;
    writeln!(out)?;
    Ok(())
}

fn summary(checked: &[Checked], errors: u64, warnings: u64) {
    let files = count(u64::try_from(checked.len()).unwrap_or(u64::MAX), "playbook", "playbooks");
    let said = if errors + warnings == 0 {
        "nothing to complain about".to_owned()
    } else {
        format!("{}, {}", count(errors, "error", "errors"), count(warnings, "warning", "warnings"))
    };
    text::say(&format!("{files}: {said}"));
}
