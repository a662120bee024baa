//! The annex with what was said in the incident's room.

use paper::{Column, Document, Rich, Table, Tone};

use super::Sources;
use super::words::{grouped, stamp};
use crate::incident::chat::ChatLine;

/// How many lines the annex has; the bundle has all of them.
const MOST: usize = 1000;

pub fn draw(document: &mut Document, sources: &Sources) {
    let lines = &sources.dossier.chat;
    if lines.is_empty() {
        return;
    }
    document.paragraph(
        "What was said in the incident's room, as it was said. A line that became an entry, a decision or a task \
         names it.",
    );
    let mut table = Table::new([
        Column::new("Time (UTC)").mono().weight(1.4),
        Column::new("Line").mono().weight(0.9),
        Column::new("Who").weight(1.3),
        Column::new("What was said").weight(4.8),
    ])
    .caption("The chat");
    for line in lines.iter().take(MOST) {
        table.push([
            Rich::from(stamp(line.at)),
            line.id.to_string().into(),
            line.by.clone().into(),
            said(line),
        ]);
    }
    document.table(table);
    if lines.len() > MOST {
        let count = |number: usize| grouped(i64::try_from(number).unwrap_or(i64::MAX));
        document.paragraph(format!(
            "The first {} of {} lines stand here; the incident's bundle has all of them.",
            count(MOST),
            count(lines.len())
        ));
    }
}

fn said(line: &ChatLine) -> Rich {
    let kept = [
        line.entry.map(|id| id.to_string()),
        line.decision.map(|id| id.to_string()),
        line.task.map(|id| id.to_string()),
    ];
    let text = line.text.split_whitespace().collect::<Vec<_>>().join(" ");
    kept.into_iter()
        .flatten()
        .fold(Rich::new().text(text), |said, record| said.text(" ").badge(record, Tone::Info))
}
