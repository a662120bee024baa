//! `watchbell rules coverage`: which ATT&CK techniques the rules name, and a layer for the Navigator.

use std::io::{IsTerminal as _, Write};
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Context as _;
use comfy_table::{CellAlignment, ContentArrangement, LineStyle, Table, TableStyle};
use domain::attack::{self, Cell, Matrix};
use sigma::Rule;

use super::Which;
use crate::text::{self, count, number, plain};

/// Show which ATT&CK techniques the rules cover.
///
/// A technique is covered by a rule that is tagged with it or with one of its sub-techniques, in the
/// tactics that the rule is tagged with. That a rule is there does not say that its log source is, nor
/// that it finds every way to do it.
#[derive(clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    #[command(flatten)]
    which: Which,
    /// Write a layer for the MITRE ATT&CK Navigator (format 4.5) into this file.
    #[arg(long, value_name = "FILE")]
    navigator: Option<PathBuf>,
    /// How to print it.
    #[arg(short, long, value_enum, default_value_t = Format::Table)]
    format: Format,
    /// List every covered technique with its rules.
    #[arg(long)]
    techniques: bool,
    /// List the techniques that no rule covers.
    #[arg(long)]
    gaps: bool,
}

const EXAMPLES: &str = "\
Examples:
  watchbell rules coverage                                        of the shipped rules
  watchbell rules coverage my-rules --gaps                        what is missing
  watchbell rules coverage my-rules --navigator layer.json        open it at
                                    https://mitre-attack.github.io/attack-navigator/
  watchbell rules coverage my-rules --format json | jq .covered";

#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Format {
    Table,
    Json,
}

pub fn run(args: &Args) -> anyhow::Result<ExitCode> {
    let book = args.which.load()?;
    let rules = book.rules()?;
    book.warn_of_refused();
    let matrix = Matrix::of(rules.iter().map(|rule| (&*rule.attack.techniques, &*rule.attack.tactics)));
    let out = std::io::stdout();
    let fitted = out.is_terminal();
    let mut out = std::io::BufWriter::new(out.lock());
    match args.format {
        Format::Table => {
            table(&matrix, fitted, &mut out)?;
            if args.techniques {
                techniques(&matrix, rules, &mut out)?;
            }
            if args.gaps {
                gaps(&matrix, &mut out)?;
            }
        }
        Format::Json => json(&matrix, rules, &mut out)?,
    }
    out.flush()?;
    drop(out);
    summary(&matrix, rules.len());
    if let Some(path) = &args.navigator {
        let whose = if book.shipped {
            "Watchbell's rules".to_owned()
        } else {
            crate::files::shown(&args.which.paths)
        };
        let description = format!("{} by number of rules", count(to_u64(rules.len()), "rule", "rules"));
        let title = |rule: usize| rules.get(rule).map_or("", |rule| &rule.title);
        let layer = attack::layer(&matrix, &whose, &description, title);
        let text = serde_json::to_string_pretty(&layer)? + "\n";
        std::fs::write(path, text).with_context(|| format!("{} cannot be written", path.display()))?;
        text::say(&format!("the layer is in {}", plain(&path.display().to_string())));
    }
    Ok(ExitCode::SUCCESS)
}

fn to_u64(number: usize) -> u64 {
    u64::try_from(number).unwrap_or(u64::MAX)
}

/// Signs of the bar for a whole column.
const BAR: usize = 20;

fn table(matrix: &Matrix, fitted: bool, out: &mut impl Write) -> std::io::Result<()> {
    let mut table = Table::new();
    table.load_style(TableStyle::new().header_separator(LineStyle::none().fill('─').junction('─')));
    table.set_content_arrangement(if fitted {
        ContentArrangement::Dynamic
    } else {
        ContentArrangement::Disabled
    });
    table.force_no_tty();
    table.set_header(["Tactic", "Covered", "", "Rules", "Most rules"]);
    for column in &matrix.columns {
        let (covered, all) = (column.covered(), column.cells.len());
        let most = column.cells.iter().max_by_key(|cell| cell.all_rules().len());
        let most = most.filter(|cell| !cell.all_rules().is_empty());
        table.add_row([
            column.tactic.label().to_owned(),
            format!("{covered} of {all}"),
            bar(covered, all),
            number(to_u64(column.rules().len())),
            most.map_or_else(
                || "-".to_owned(),
                |cell| format!("{} {} ({})", cell.id, cell.name, cell.all_rules().len()),
            ),
        ]);
    }
    for at in [1, 3] {
        if let Some(column) = table.column_mut(at) {
            column.set_cell_alignment(CellAlignment::Right);
        }
    }
    for line in table.lines() {
        writeln!(out, "{}", line.trim_end())?;
    }
    Ok(())
}

/// What is covered at all shows.
fn bar(covered: usize, all: usize) -> String {
    let filled = if all == 0 { 0 } else { (covered * BAR).div_ceil(all) };
    format!("{}{}", "█".repeat(filled), "░".repeat(BAR - filled.min(BAR)))
}

fn techniques(matrix: &Matrix, rules: &[Rule], out: &mut impl Write) -> std::io::Result<()> {
    for column in matrix.columns.iter().filter(|column| column.covered() > 0) {
        writeln!(out, "\n{}", column.tactic.label())?;
        for cell in column.cells.iter().filter(|cell| !cell.all_rules().is_empty()) {
            technique(cell, "  ", rules, out)?;
            for below in cell.subtechniques.iter().filter(|below| !below.rules.is_empty()) {
                technique(below, "    ", rules, out)?;
            }
        }
    }
    Ok(())
}

fn technique(cell: &Cell, indent: &str, rules: &[Rule], out: &mut impl Write) -> std::io::Result<()> {
    writeln!(out, "{indent}{} {}", cell.id, cell.name)?;
    for rule in cell.rules.iter().filter_map(|rule| rules.get(*rule)) {
        writeln!(out, "{indent}  - {}", plain(&rule.title))?;
    }
    Ok(())
}

fn gaps(matrix: &Matrix, out: &mut impl Write) -> std::io::Result<()> {
    for column in &matrix.columns {
        let gaps: Vec<&Cell> = column.cells.iter().filter(|cell| cell.all_rules().is_empty()).collect();
        writeln!(out, "\n{}: {} without a rule", column.tactic.label(), gaps.len())?;
        for cell in gaps {
            writeln!(out, "  {:<6} {}", cell.id, cell.name)?;
        }
    }
    Ok(())
}

fn json(matrix: &Matrix, rules: &[Rule], out: &mut impl Write) -> anyhow::Result<()> {
    let names = |all: &[usize]| -> Vec<serde_json::Value> {
        let all = all.iter().filter_map(|rule| rules.get(*rule));
        all.map(|rule| serde_json::json!({ "title": rule.title, "id": rule.id })).collect()
    };
    let cell =
        |cell: &Cell| serde_json::json!({ "id": cell.id, "name": cell.name, "rules": names(&cell.rules) });
    let columns: Vec<serde_json::Value> = matrix
        .columns
        .iter()
        .map(|column| {
            let cells = column.cells.iter().flat_map(|one| std::iter::once(one).chain(&one.subtechniques));
            serde_json::json!({
                "tactic": column.tactic,
                "covered": column.covered(),
                "of": column.cells.len(),
                "techniques": cells.filter(|one| !one.rules.is_empty()).map(cell).collect::<Vec<_>>(),
            })
        })
        .collect();
    let (covered, all) = matrix.covered();
    let unknown: Vec<&String> = matrix.unknown.keys().collect();
    let whole = serde_json::json!({
        "attack": attack::catalogue::version(),
        "rules": rules.len(),
        "covered": covered,
        "of": all,
        "tactics": columns,
        "unknown": unknown,
        "rules_without_technique": matrix.untagged.len(),
    });
    serde_json::to_writer_pretty(&mut *out, &whole)?;
    writeln!(out)?;
    Ok(())
}

fn summary(matrix: &Matrix, rules: usize) {
    let (covered, all) = matrix.covered();
    let mut said = format!(
        "{} cover {covered} of the {all} techniques of ATT&CK {}",
        count(to_u64(rules), "rule", "rules"),
        attack::catalogue::version()
    );
    if !matrix.untagged.is_empty() {
        said.push_str(&format!(
            "; {} no technique",
            count(to_u64(matrix.untagged.len()), "rule names", "rules name")
        ));
    }
    text::say(&said);
    if !matrix.unknown.is_empty() {
        let ids: Vec<&str> = matrix.unknown.keys().take(10).map(String::as_str).collect();
        text::warn(&format!(
            "{} that ATT&CK does not know: {}",
            count(to_u64(matrix.unknown.len()), "technique", "techniques"),
            ids.join(", ")
        ));
    }
}
