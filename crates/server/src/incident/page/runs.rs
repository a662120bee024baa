//! Runs of events: what one alert brings onto a timeline in one go is told in one line with its count.

use domain::timeline::EntryKind;

use super::super::Entry;

/// Neighbours on the timeline that are events of one alert, or one line of another kind.
pub struct Run<'e> {
    pub first: &'e Entry,
    pub rest: Vec<&'e Entry>,
    pub count: usize,
}

/// The entries in their order, neighbours of one alert together.
pub fn runs(entries: &[Entry]) -> Vec<Run<'_>> {
    let mut all: Vec<Run<'_>> = Vec::new();
    for entry in entries {
        match all.last_mut().filter(|run| belong_together(run.first, entry)) {
            Some(run) => {
                run.rest.push(entry);
                run.count += 1;
            }
            None => all.push(Run { first: entry, rest: Vec::new(), count: 1 }),
        }
    }
    all
}

fn belong_together(one: &Entry, other: &Entry) -> bool {
    let is_event = |entry: &Entry| entry.kind == EntryKind::Event && entry.corrected_by.is_none();
    one.alert.is_some() && one.alert == other.alert && is_event(one) && is_event(other)
}
