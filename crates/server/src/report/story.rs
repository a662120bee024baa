//! The timeline for readers: runs of events of one rule condensed into one line, a figure with two
//! lanes, a table. The whole timeline is the annex's.

use std::borrow::Cow;

use domain::AlertId;
use domain::timeline::{EntryKind, Lane};
use jiff::{SignedDuration, Timestamp};
use paper::chart::{self, Moment, timeline};
use paper::inline::{badge, text};
use paper::{Align, Column, Document, Figure, Inline, Rich, Table, Tone};

use super::Sources;
use super::words::{count, grouped, stamp};
use crate::incident::Entry;

/// One line of the condensed timeline.
pub struct Row<'a> {
    pub first: Timestamp,
    pub last: Timestamp,
    pub lane: Lane,
    pub events: usize,
    pub title: Cow<'a, str>,
    /// Whoever wrote it; for events, the entity that they are about.
    pub who: String,
    alert: Option<AlertId>,
    kind: EntryKind,
}

pub fn draw(document: &mut Document, sources: &Sources) {
    let rows = condense(sources);
    if rows.is_empty() {
        document.paragraph("Nothing is on the timeline yet.");
        return;
    }
    document.paragraph(
        "All times are UTC. What the adversary did comes from logs, by their own clocks; what was done in response \
         comes from the people named. Events of the same rule about the same entity are told in one line; the annex \
         has every one.",
    );
    figures(document, &rows);
    document.table(table(&rows));
}

/// Events of one alert between two acts of the response become one line, where the first stood.
fn condense(sources: &Sources) -> Vec<Row<'_>> {
    let mut rows: Vec<Row<'_>> = Vec::new();
    let mut run_begins = 0;
    for entry in &sources.dossier.entries {
        let known = entry.alert.filter(|_| entry.kind == EntryKind::Event);
        let same = rows
            .get_mut(run_begins..)
            .and_then(|run| run.iter_mut().find(|row| known.is_some() && row.alert == known));
        if let Some(row) = same {
            row.events += 1;
            row.last = row.last.max(entry.at);
            continue;
        }
        if let Some(row) = rows.last_mut().filter(|row| both_secured(row, entry)) {
            row.events += 1;
            row.last = entry.at;
            row.title = format!("{} secured", count(row.events, "evidence item")).into();
            continue;
        }
        rows.push(row(sources, entry, known));
        if entry.lane == Lane::Response {
            run_begins = rows.len();
        }
    }
    rows
}

/// Evidence that one person secured in one go is told in one line.
fn both_secured(row: &Row<'_>, entry: &Entry) -> bool {
    row.kind == EntryKind::Evidence
        && entry.kind == EntryKind::Evidence
        && row.who == entry.by
        && entry.at.duration_since(row.last) < SignedDuration::from_mins(1)
}

fn row<'a>(sources: &'a Sources, entry: &'a Entry, alert: Option<AlertId>) -> Row<'a> {
    let about = alert.and_then(|id| sources.dossier.alerts.iter().find(|known| known.id == id));
    Row {
        first: entry.at,
        last: entry.at,
        lane: entry.lane,
        events: 1,
        title: entry.text.lines().next().unwrap_or_default().into(),
        kind: entry.kind,
        who: about.map_or_else(|| entry.by.clone(), |alert| alert.entity.name().to_owned()),
        alert,
    }
}

/// One figure; two where years lie between what happened and what was done.
fn figures(document: &mut Document, rows: &[Row<'_>]) {
    let mut moments: Vec<Moment> = rows
        .iter()
        .map(|row| {
            let lane = match row.lane {
                Lane::Adversary => chart::Lane::Adversary,
                Lane::Response => chart::Lane::Response,
            };
            Moment::new(row.first, lane, &*row.title)
        })
        .collect();
    moments.sort_by_key(|moment| moment.time);
    match split(&moments) {
        Some((before, after)) => {
            figure(document, before, "The first part of the timeline");
            figure(document, after, "The second part of the timeline");
        }
        None => figure(document, &moments, "The timeline"),
    }
}

fn figure(document: &mut Document, moments: &[Moment], title: &str) {
    let caption = format!("{title}: adversary above the axis, response below");
    document.figure(Figure::new(timeline(title, moments), caption));
}

/// Where a gap takes up most of the time between the first and the last moment, what lies before and
/// after it.
fn split(moments: &[Moment]) -> Option<(&[Moment], &[Moment])> {
    let whole = moments.last()?.time.duration_since(moments.first()?.time);
    let (gap, at) = moments
        .windows(2)
        .enumerate()
        .filter_map(|(position, pair)| match pair {
            [one, next] => Some((next.time.duration_since(one.time), position + 1)),
            _ => None,
        })
        .max()?;
    let long = gap > SignedDuration::from_hours(24)
        && gap.as_secs().saturating_mul(10) > whole.as_secs().saturating_mul(8);
    if long { moments.split_at_checked(at) } else { None }
}

pub fn lane(lane: Lane) -> Inline {
    match lane {
        Lane::Adversary => badge("adversary", Tone::Danger),
        Lane::Response => badge("response", Tone::Info),
    }
}

fn table(rows: &[Row<'_>]) -> Table {
    let mut table = Table::new([
        Column::new("Time (UTC)").mono().weight(2.0),
        Column::new("Lane").weight(0.9),
        Column::new("Where or who").weight(1.5),
        Column::new("What").weight(3.4),
        Column::new("Events").align(Align::Right).weight(0.7),
    ])
    .caption("The condensed timeline");
    for row in rows {
        let mut what = Rich::new().text(&*row.title);
        if row.lane == Lane::Adversary && row.last > row.first {
            what = what.text(format!(" ({}, until {})", count(row.events, "event"), stamp(row.last)));
        }
        let events = if row.lane == Lane::Adversary {
            grouped(i64::try_from(row.events).unwrap_or(i64::MAX))
        } else {
            String::new()
        };
        table.push([
            Rich::from(text(stamp(row.first))),
            lane(row.lane).into(),
            row.who.clone().into(),
            what,
            events.into(),
        ]);
    }
    table
}
