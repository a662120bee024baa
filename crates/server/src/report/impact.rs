//! What the incident did and cost: data and people concerned, work, money, and the times that were owed.

use domain::impact::{Country, PeopleCount};
use paper::{Column, Document, Table};

use super::Sources;
use super::words::{count, span, stamp};
use crate::incident::impact::{Affected, hours};

pub fn draw(document: &mut Document, sources: &Sources) {
    let impact = &sources.dossier.impact;
    if impact.data.is_empty()
        && impact.efforts.is_empty()
        && impact.costs.is_empty()
        && sources.dossier.clocks.is_empty()
    {
        return;
    }
    data(document, sources);
    costs(document, sources);
    times(document, sources);
}

fn data(document: &mut Document, sources: &Sources) {
    let records: Vec<&Affected> =
        sources.dossier.impact.data.iter().filter(|one| one.recorded.counts()).collect();
    if records.is_empty() {
        return;
    }
    document.heading(2, "Data and people concerned");
    let mut table = Table::new([
        Column::new("Data").weight(2.0),
        Column::new("People").weight(1.6),
        Column::new("Where").weight(1.0),
        Column::new("Readable").weight(1.2),
        Column::new("Known from").weight(2.6),
    ])
    .caption("Data and people concerned, as far as it is known");
    for one in records {
        let subjects: Vec<&str> = one.subjects.iter().map(|subject| subject.label()).collect();
        let people = one.people.map_or_else(|| "number not known".to_owned(), PeopleCount::words);
        let done: Vec<&str> = one.done.iter().map(|done| done.label()).collect();
        let kinds: Vec<&str> = one.kinds.iter().map(|kind| kind.label()).collect();
        let countries: Vec<&str> = one.countries.iter().map(Country::as_str).collect();
        table.push([
            with(&kinds.join(", "), &done.join(", ").to_lowercase()),
            with(&people, &subjects.join(", ")),
            countries.join(", "),
            one.protection.label().to_owned(),
            with(one.confidence.label(), &one.source),
        ]);
    }
    document.table(table);
}

/// A value and what qualifies it.
fn with(value: &str, more: &str) -> String {
    if more.is_empty() { value.to_owned() } else { format!("{value}: {more}") }
}

fn costs(document: &mut Document, sources: &Sources) {
    let impact = &sources.dossier.impact;
    let counted: Vec<_> = impact.costs.iter().filter(|one| one.recorded.counts()).collect();
    if counted.is_empty() && impact.minutes == 0 {
        return;
    }
    document.heading(2, "Work and costs");
    let sums: Vec<String> = impact.sums.iter().map(|sum| sum.money.to_string()).collect();
    let spent = if sums.is_empty() {
        "No cost is written down.".to_owned()
    } else {
        format!("Costs: {}.", sums.join(" and "))
    };
    document.paragraph(format!("Work written down: {}. {spent}", hours(impact.minutes)));
    if counted.is_empty() {
        return;
    }
    let mut table = Table::new([
        Column::new("Day").mono().weight(1.0),
        Column::new("Kind").weight(1.8),
        Column::new("What for, paid to").weight(3.2),
        Column::new("Amount").weight(1.4),
    ])
    .caption("Costs by day");
    for one in counted {
        let whom = one.vendor.as_ref().map(|vendor| format!(", {vendor}")).unwrap_or_default();
        table.push([
            one.day.to_string(),
            one.kind.label().to_owned(),
            format!("{}{whom}", one.what),
            one.money.to_string(),
        ]);
    }
    document.table(table);
}

fn times(document: &mut Document, sources: &Sources) {
    let clocks = &sources.dossier.clocks;
    if clocks.is_empty() {
        return;
    }
    document.heading(2, "Times owed");
    let late = clocks.iter().filter(|one| one.clock.alarmed_at.is_some()).count();
    document.paragraph(format!(
        "{}, of which {late} ran out before they were met.",
        count(clocks.len(), "clock")
    ));
    let mut table = Table::new([
        Column::new("Time").weight(1.2),
        Column::new("Target").weight(1.6),
        Column::new("From (UTC)").mono().weight(1.6),
        Column::new("Due (UTC)").mono().weight(1.6),
        Column::new("State").weight(2.0),
    ])
    .caption("What was owed when, and whether it was met");
    for one in clocks {
        let took = one.took.map(|took| format!(" after {}", span(jiff::SignedDuration::from_secs(took))));
        let why = one.clock.why.as_ref().map(|why| format!(". {why}"));
        table.push([
            one.clock.kind.label().to_owned(),
            format!("{} at {}", one.clock.target.words(), one.clock.severity.label().to_lowercase()),
            stamp(one.clock.starts),
            stamp(one.clock.due),
            format!("{}{}{}", one.state.label(), took.unwrap_or_default(), why.unwrap_or_default()),
        ]);
    }
    document.table(table);
}
