//! The summary of a hunt, on standard error: what was read, what was not and why, what was found, and
//! how fast.

use std::collections::BTreeMap;
use std::time::Duration;

use anstyle::Style;
use sigma::{Level, Refusal};

use super::finding::Row;
use super::output::level_style;
use super::rules::Rules;
use super::scan::{Harvest, Outcome};
use super::to_u64;
use crate::files::Files;
use crate::text::{self, number, say};

/// Refused rules that are named without `--refused`.
const NAMED: usize = 3;

pub struct Times {
    pub loaded_in: Duration,
    pub scanned_in: Duration,
}

pub fn print(
    rules: &Rules,
    files: &Files,
    harvest: &Harvest,
    rows: &[Row<'_>],
    times: &Times,
    refused_listed: bool,
) {
    say("");
    line("files", &of_files(files, harvest));
    line("events", &of_events(harvest));
    line("rules", &of_rules(rules, times));
    if !refused_listed {
        reasons(&rules.refused);
    }
    line("detections", &of_detections(rows));
    lost(harvest);
    line("speed", &of_speed(harvest, times));
    if let Some(peak) = text::peak_memory() {
        line("memory", &format!("{} at most", text::bytes(peak)));
    }
}

fn line(name: &str, value: &str) {
    say(&format!("{} {value}", text::paint(text::BOLD, &format!("{name:<11}"))));
}

fn of_files(files: &Files, harvest: &Harvest) -> String {
    let how_many = |wanted: fn(&Outcome) -> bool| {
        to_u64(harvest.outcomes.iter().filter(|outcome| wanted(outcome)).count())
    };
    let read = how_many(|outcome| matches!(outcome, Outcome::Read | Outcome::Damaged { .. }));
    let damaged = how_many(|outcome| matches!(outcome, Outcome::Damaged { .. }));
    let skipped = how_many(|outcome| matches!(outcome, Outcome::Skipped));
    let unreadable = how_many(|outcome| matches!(outcome, Outcome::Unreadable(_)));
    let bytes: u64 = files.files.iter().map(|file| file.bytes).sum();
    let mut parts = vec![format!("{} read", number(read))];
    if damaged > 0 {
        parts.push(format!("{} of them damaged", number(damaged)));
    }
    if skipped > 0 {
        parts.push(format!("{} skipped (empty, or in no known format)", number(skipped)));
    }
    if unreadable > 0 {
        parts.push(format!("{} could not be read", number(unreadable)));
    }
    format!("{}; {}", parts.join(", "), text::bytes(bytes))
}

fn of_events(harvest: &Harvest) -> String {
    let mut shown = number(harvest.events);
    if harvest.outside > 0 || harvest.timeless > 0 {
        shown += &format!(
            "; {} outside of the time range, {} left out because they tell no time",
            number(harvest.outside),
            number(harvest.timeless)
        );
    }
    shown
}

fn of_rules(rules: &Rules, times: &Times) -> String {
    let mut shown = format!("{} loaded", number(to_u64(rules.engine.rules().len())));
    let correlations = rules.correlations.all().len();
    if correlations > 0 {
        let many = text::count(to_u64(correlations), "correlation", "correlations");
        shown += &format!(" and {many}");
    }
    if rules.shipped {
        shown += " (those that Watchbell ships; --rules takes others)";
    } else {
        shown += &format!(" from {}", text::count(to_u64(rules.files), "file", "files"));
    }
    shown += &format!(" in {}", text::duration(times.loaded_in));
    if !rules.refused.is_empty() {
        shown += &format!("; {} could not be loaded:", number(to_u64(rules.refused.len())));
    }
    shown
}

/// The refused rules by reason, and the first few by name.
fn reasons(refused: &[Refusal]) {
    let mut by_reason: BTreeMap<String, u64> = BTreeMap::new();
    for refusal in refused {
        *by_reason.entry(refusal.reason.to_string()).or_default() += 1;
    }
    let mut by_reason: Vec<_> = by_reason.into_iter().collect();
    by_reason.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
    for (reason, count) in by_reason.iter().take(10) {
        say(&format!("{:>14}  {}", number(*count), text::plain(reason)));
    }
    if let Some(more) = by_reason.len().checked_sub(10).filter(|more| *more > 0) {
        say(&format!("{:>14}  and {more} more reasons", ""));
    }
    for refusal in refused.iter().take(NAMED) {
        say(&format!("{:>14}  {}:{}", "", text::plain(&refusal.file.display().to_string()), refusal.line));
    }
    if refused.len() > NAMED {
        say(&format!("{:>14}  … --refused names all {}", "", number(to_u64(refused.len()))));
    }
}

fn of_detections(rows: &[Row<'_>]) -> String {
    if rows.is_empty() {
        return "none".to_owned();
    }
    let mut shown = number(to_u64(rows.len()));
    let levels = Level::ALL.into_iter().rev().filter_map(|level| {
        let count = rows.iter().filter(|row| row.level() == level).count();
        let style: Style = level_style(level);
        (count > 0).then(|| text::paint(style, &format!("{} {level}", number(to_u64(count)))))
    });
    shown += &format!(": {}", levels.collect::<Vec<_>>().join(", "));
    let mut fired: Vec<usize> = rows.iter().map(|row| row.finding.rule).collect();
    fired.sort_unstable();
    fired.dedup();
    shown + &format!("; {} fired", text::count(to_u64(fired.len()), "rule", "different rules"))
}

/// What correlations could not take into account, if anything.
fn lost(harvest: &Harvest) {
    let forgotten = harvest.lost.hits + harvest.lost.with_groups;
    if forgotten > 0 {
        let what = "of those that correlations look at were left out of windows that have become too full";
        text::warn(&format!("{} {what}", text::count(forgotten, "record", "records")));
    }
    if harvest.uncorrelated > 0 {
        let many = text::count(harvest.uncorrelated, "record", "records");
        text::warn(&format!("{many} took no part in correlations, because no time is told"));
    }
}

fn of_speed(harvest: &Harvest, times: &Times) -> String {
    let millis = times.scanned_in.as_millis().max(1);
    let each_second = u64::try_from(u128::from(harvest.events) * 1000 / millis).unwrap_or(u64::MAX);
    let whole = times.loaded_in + times.scanned_in;
    format!(
        "{} events a second; {} reading and matching, {} in all",
        number(each_second),
        text::duration(times.scanned_in),
        text::duration(whole)
    )
}
