//! Detecting in what has come, and printing it at once.

use std::io::{self, IsTerminal, Write};
use std::sync::Arc;

use jiff::Timestamp;
use sigma::Level;
use telemetry::{Mappings, Options};

use super::follow::Piece;
use crate::hunt::correlate::{Joiner, Seen};
use crate::hunt::finding::{Finding, Place, Row};
use crate::hunt::output::{self, Look};
use crate::hunt::rules::Rules;
use crate::text;

#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Output {
    /// A line for each detection: time, level, host, rule, ATT&CK technique.
    Table,
    /// One JSON object a line, with the values that made the rule fire.
    Jsonl,
}

pub struct Show {
    rules: Rules,
    joiner: Joiner,
    mappings: Arc<Mappings>,
    level: Level,
    output: Output,
    look: Look,
    /// What was read from, so that what a correlation is about can be named.
    files: Vec<String>,
}

impl Show {
    pub fn new(rules: Rules, mappings: Arc<Mappings>, level: Level, output: Output) -> Show {
        let joiner = Joiner::new(&rules, level);
        let look = Look::of_terminal(io::stdout().is_terminal());
        Show { rules, joiner, mappings, level, output, look, files: Vec::new() }
    }

    fn file(&mut self, name: &str) -> usize {
        self.files.iter().position(|file| file == name).unwrap_or_else(|| {
            self.files.push(name.to_owned());
            self.files.len() - 1
        })
    }

    /// Reads a piece, matches it and prints what was found. Records are counted in `records`.
    pub fn piece(&mut self, name: &str, piece: &Piece, records: &mut u64) -> anyhow::Result<()> {
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
        let file = self.file(name);
        for outcome in reader {
            *records += 1;
            match outcome {
                Ok(event) => {
                    let place = Place { file, record: *records };
                    for detection in self.rules.engine.detect(&event) {
                        let rule = detection.rule;
                        if self.rules.raises(rule, self.level) {
                            findings.push(Finding::new(&event, place, detection));
                        }
                        let sightings = self.rules.correlations.sightings(rule, &event);
                        if let Some(at) = event.time.filter(|_| !sightings.is_empty()) {
                            let host = event.host.clone();
                            let fired = self.joiner.take(Seen { at, host, place, rule, sightings });
                            let new = fired.into_iter().filter(|(is_new, ..)| *is_new);
                            findings.extend(new.map(|(_, finding, _)| finding));
                        }
                    }
                }
                Err(error) => text::warn(&text::plain(&error.to_string())),
            }
        }
        let rows: Vec<Row<'_>> =
            findings.iter().filter_map(|finding| Row::new(finding, &self.rules, &self.files)).collect();
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
