//! Printing what was found. Whatever the form, text from a record is text: it commands no terminal,
//! and no spreadsheet takes it for a formula.

mod csv;
mod json;
mod table;
mod timeline;

use std::io::{self, Write};

use anstyle::{AnsiColor, Style};
use jiff::Timestamp;
use sigma::Level;

use super::finding::Row;
use crate::text;

#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Output {
    /// Time, host, rule, level and ATT&CK technique, fitted to the terminal.
    Table,
    /// One JSON array, with the values that made each rule fire.
    Json,
    /// One JSON object a line.
    Jsonl,
    /// For a spreadsheet.
    Csv,
    /// Day by day and host by host, to be read.
    Timeline,
}

/// Where it is printed to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Look {
    pub colours: bool,
    /// Whether lines must fit a terminal.
    pub fitted: bool,
}

impl Look {
    pub fn file() -> Look {
        Look { colours: false, fitted: false }
    }

    pub fn of_terminal(terminal: bool) -> Look {
        Look { colours: terminal && text::colours_allowed(), fitted: terminal }
    }

    fn paint(&self, style: Style, text: &str) -> String {
        if self.colours { format!("{style}{text}{style:#}") } else { text.to_owned() }
    }
}

pub fn write(output: Output, rows: &[Row<'_>], look: &Look, out: &mut impl Write) -> io::Result<()> {
    match output {
        Output::Table => table::write(rows, look, out),
        Output::Json => json::write_array(rows, out),
        Output::Jsonl => json::write_lines(rows, out),
        Output::Csv => csv::write(rows, out),
        Output::Timeline => timeline::write(rows, look, out),
    }
}

/// One finding as one line, for what is printed as it comes.
pub fn write_line(row: &Row<'_>, look: &Look, out: &mut impl Write) -> io::Result<()> {
    let level = look.paint(level_style(row.level()), &format!("{:<13}", row.level().name()));
    writeln!(
        out,
        "{}  {level} {}  {}  {}",
        moment(row.finding.at),
        text::plain(row.host()),
        text::plain(&row.title()),
        text::plain(&row.attack())
    )
}

pub fn level_style(level: Level) -> Style {
    match level {
        Level::Critical => AnsiColor::Magenta.on_default().bold(),
        Level::High => AnsiColor::Red.on_default(),
        Level::Medium => AnsiColor::Yellow.on_default(),
        Level::Low => AnsiColor::Cyan.on_default(),
        Level::Informational => Style::new().dimmed(),
    }
}

/// `2026-11-24 03:12:44.500`, always UTC and always as wide.
fn moment(at: Option<Timestamp>) -> String {
    at.map_or_else(|| "-".to_owned(), |at| at.strftime("%Y-%m-%d %H:%M:%S.%3f").to_string())
}
