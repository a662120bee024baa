//! What was done: the procedure's tasks, and the decisions with their reasons.

use domain::task::TaskStatus;
use paper::inline::badge;
use paper::{Column, Document, Inline, Rich, Table, Tone};

use super::Sources;
use super::words::{missing, stamp};
use crate::incident::Task;

pub fn draw(document: &mut Document, sources: &Sources) {
    document.heading(2, "Actions and tasks");
    tasks(document, sources);
    document.heading(2, "Decisions");
    decisions(document, sources);
}

fn tasks(document: &mut Document, sources: &Sources) {
    let dossier = &sources.dossier;
    if let Some(procedure) = &dossier.procedure {
        document.paragraph(Rich::new().text("The plan's procedure is “").strong(procedure).text(format!(
            "”, in the version {} under which the incident was declared.",
            dossier.incident.record.plan
        )));
    }
    if dossier.tasks.is_empty() {
        document.paragraph(missing());
        return;
    }
    let mut table = Table::new([
        Column::new("Phase").weight(1.2),
        Column::new("Task").weight(3.4),
        Column::new("Role").weight(1.4),
        Column::new("State").weight(1.1),
        Column::new("By, when, why").weight(2.4),
    ])
    .caption("Tasks of the response, by phase");
    let mut tasks: Vec<&Task> = dossier.tasks.iter().collect();
    tasks.sort_by_key(|task| (task.phase, task.id));
    for task in tasks {
        let role = task.role.as_ref().map(|role| dossier.role(role)).unwrap_or_default();
        table.push([
            Rich::from(task.phase.label()),
            Rich::from(&task.title),
            role.into(),
            state(task).into(),
            settled(sources, task),
        ]);
    }
    document.table(table);
}

fn state(task: &Task) -> Inline {
    let tone = match task.status {
        TaskStatus::Done => Tone::Success,
        TaskStatus::Skipped => Tone::Neutral,
        _ => Tone::Warning,
    };
    badge(task.status.label(), tone)
}

fn settled(sources: &Sources, task: &Task) -> Rich {
    let mut parts: Vec<String> = Vec::new();
    parts.extend(task.by.or(task.owner).map(|by| sources.dossier.name(by)));
    parts.extend(task.settled_at.map(stamp));
    if task.is_overdue(sources.now) {
        parts.push("overdue".to_owned());
    }
    let mut text = parts.join(", ");
    if let Some(reason) = &task.reason {
        text = format!("{text}: {reason}");
    }
    text.into()
}

pub fn decisions(document: &mut Document, sources: &Sources) {
    let decisions = &sources.dossier.decisions;
    if decisions.is_empty() {
        document.paragraph(missing());
        return;
    }
    let mut table = Table::new([
        Column::new("Time (UTC)").mono().weight(1.4),
        Column::new("Decision").weight(3.0),
        Column::new("Reason").weight(3.0),
        Column::new("Decided by").weight(1.4),
    ])
    .caption("Decisions and their reasons");
    for decision in decisions {
        table.push([
            stamp(decision.at),
            decision.decision.clone(),
            decision.reason.clone(),
            decision.maker.clone(),
        ]);
    }
    document.table(table);
}
