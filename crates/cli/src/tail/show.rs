//! Detecting in what has come, and printing it at once.

use std::io::{self, IsTerminal, Write};
use std::sync::Arc;

use jiff::Timestamp;
use sigma::{Engine, Level};
use telemetry::{Mappings, Options};

use super::follow::Piece;
use crate::hunt::finding::{Finding, Place, Row};
use crate::hunt::output::{self, Look};
use crate::text;

#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Output {
    /// A line for each detection: time, level, host, rule, ATT&CK technique.
    Table,
    /// One JSON object a line, with the values that made the rule fire.
    Jsonl,
}

pub struct Show {
    engine: Engine,
    mappings: Arc<Mappings>,
    level: Level,
    output: Output,
    look: Look,
}

impl Show {
    pub fn new(engine: Engine, mappings: Arc<Mappings>, level: Level, output: Output) -> Show {
        Show { engine, mappings, level, output, look: Look::of_terminal(io::stdout().is_terminal()) }
    }

    /// Reads a piece, matches it and prints what was found. Records are counted in `records`.
    pub fn piece(&self, name: &str, piece: &Piece, records: &mut u64) -> anyhow::Result<()> {
        let options = Options::new(Timestamp::now())
            .with_format(piece.format)
            .with_mappings(Arc::clone(&self.mappings));
        let reader = match telemetry::from_bytes(name, piece.body.clone(), &options) {
            Ok(reader) => reader,
            Err(error) => {
                text::warn(&text::plain(&error.to_string()));
                return Ok(());
            }
        };
        let mut findings = Vec::new();
        for outcome in reader {
            *records += 1;
            match outcome {
                Ok(event) => {
                    for detection in self.engine.detect(&event) {
                        let rule = self.engine.rule(detection.rule);
                        if rule.is_some_and(|rule| rule.level >= self.level) {
                            let place = Place { file: 0, record: *records };
                            findings.push(Finding::new(&event, place, detection));
                        }
                    }
                }
                Err(error) => text::warn(&text::plain(&error.to_string())),
            }
        }
        let rows: Vec<Row<'_>> = findings
            .iter()
            .filter_map(|finding| Some(Row { finding, rule: self.engine.rule(finding.rule)?, file: name }))
            .collect();
        let mut out = io::stdout().lock();
        match self.output {
            Output::Jsonl => output::write(output::Output::Jsonl, &rows, &self.look, &mut out)?,
            Output::Table => {
                for row in &rows {
                    output::write_line(row, &self.look, &mut out)?;
                }
            }
        }
        out.flush()?;
        Ok(())
    }
}
