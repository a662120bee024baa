//! What a review and a board ask first: how long each step took, what is next, which alerts it rests on.

use domain::measure::{Course, Interval};
use paper::{Align, Column, Document, Rich, Table};

use super::Sources;
use super::words::{grouped, missing, severity, span, stamp};
use crate::incident::Task;

/// How many open tasks a reader is told of.
const MOST_TASKS: usize = 5;

pub fn milestones(document: &mut Document, sources: &Sources) {
    let (dossier, record) = (&sources.dossier, &sources.dossier.incident.record);
    let course = Course {
        outcome: record.outcome,
        first_event: dossier.alerts.iter().map(|alert| alert.first_seen).min(),
        first_alert: dossier.alerts.iter().map(|alert| alert.created_at).min(),
        acknowledged: dossier.alerts.iter().filter_map(|alert| alert.acknowledged_at).min(),
        declared: record.declared_at,
        closed: record.closed_at,
        phases: dossier.phases.iter().map(|change| (change.phase, change.at)).collect(),
    };
    if !course.counts() {
        document.paragraph(
            "The incident was no incident in the end, so its times say nothing about the response.",
        );
        return;
    }
    let mut table = Table::new([
        Column::new("What").weight(1.6),
        Column::new("Took").weight(1.2),
        Column::new("Counted").weight(3.6),
    ])
    .caption("How long each step took");
    for interval in Interval::ALL {
        let took = course.took(*interval).map_or_else(
            || Rich::new().emphasis("Not over, or not known"),
            |took| Rich::new().strong(span(took)),
        );
        table.push([Rich::from(interval.label()), took, interval.help().into()]);
    }
    document.table(table);
}

/// What is to be done next: the tasks of this phase first, those that are due first.
pub fn next(document: &mut Document, sources: &Sources) {
    let mut open: Vec<&Task> = sources.dossier.tasks.iter().filter(|task| task.is_wanted()).collect();
    if open.is_empty() {
        document.paragraph(missing());
        return;
    }
    open.sort_by_key(|task| (task.due.is_none(), task.due, task.phase, task.id));
    let rest = open.len().saturating_sub(MOST_TASKS);
    document.bullets(open.iter().take(MOST_TASKS).map(|task| {
        let rich = Rich::new().strong(&task.title);
        let who = task.owner.or(task.by).map(|person| sources.dossier.name(person));
        let who = who.or_else(|| task.role.as_ref().map(|role| sources.dossier.role(role)));
        let rich = rich.text(who.map(|who| format!(", {who}")).unwrap_or_default());
        match task.due {
            Some(due) if task.is_overdue(sources.now) => {
                rich.text(", ").badge(format!("overdue since {} UTC", stamp(due)), paper::Tone::Danger)
            }
            Some(due) => rich.text(format!(", due {} UTC", stamp(due))),
            None => rich,
        }
    }));
    if rest > 0 {
        document.paragraph(format!("{rest} more are open."));
    }
}

pub fn alerts(document: &mut Document, sources: &Sources) {
    if sources.dossier.alerts.is_empty() {
        document.paragraph(missing());
        return;
    }
    let mut table = Table::new([
        Column::new("Alert").mono().weight(0.9),
        Column::new("Rule").weight(3.0),
        Column::new("Severity").weight(1.1),
        Column::new("About").weight(1.8),
        Column::new("First seen (UTC)").mono().weight(1.5),
        Column::new("Last seen (UTC)").mono().weight(1.5),
        Column::new("Events").align(Align::Right).weight(0.8),
    ])
    .caption("Alerts of the incident");
    for alert in &sources.dossier.alerts {
        table.push([
            Rich::from(alert.id.to_string()),
            Rich::from(&alert.title),
            severity(alert.severity).into(),
            alert.entity.name().to_owned().into(),
            stamp(alert.first_seen).into(),
            stamp(alert.last_seen).into(),
            grouped(alert.count).into(),
        ]);
    }
    document.table(table);
}
