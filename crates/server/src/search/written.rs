//! What is found by a text that its record does not hold: the parts of the plan in force, and playbooks.

use std::collections::BTreeSet;

use domain::plan::Plan;
use platform::db::{Dialect, Tx};
use platform::search::{Document, clear, put};

use super::kind::Kind;
use crate::error::Result;

/// A part of the plan. `place` is the address at which it is read.
struct Part {
    place: String,
    title: String,
    text: String,
}

fn part(place: impl Into<String>, title: &(impl ToString + ?Sized), text: &(impl ToString + ?Sized)) -> Part {
    Part { place: place.into(), title: title.to_string(), text: text.to_string() }
}

/// Puts the plan's parts in the place of those of the plan before.
pub async fn plan(tx: &mut Tx, dialect: Dialect, plan: &Plan, at: i64) -> Result<()> {
    replace(tx, dialect, Kind::Plan, plan_parts(plan), at).await
}

/// A playbook by what its present version says.
pub fn playbook(number: i64, playbook: &cacao::Playbook, at: i64) -> Document {
    let mut told: Vec<String> = playbook.description.iter().cloned().collect();
    for step in playbook.workflow.values() {
        told.extend(step.name.iter().chain(&step.description).cloned());
    }
    Document {
        id: Kind::Playbook.document(number),
        scope: None,
        along: None,
        at,
        leaf: 0,
        name: Kind::Playbook.record(Kind::Playbook.document(number)),
        title: playbook.name.clone(),
        body: told.join("\n"),
    }
}

fn plan_parts(plan: &Plan) -> Vec<Part> {
    let head = &plan.head;
    let mut parts = vec![
        part("/plan#purpose", "Purpose", &head.purpose),
        part("/plan#scope", "Scope", &head.scope),
        part("/plan#authority", "Authority", &head.authority),
    ];
    parts.extend(head.definitions.iter().map(|one| part("/plan#definitions", &one.term, &one.meaning)));
    parts.extend(plan.roles.iter().map(|role| {
        let duties: Vec<String> = role.responsibilities.iter().map(ToString::to_string).collect();
        part("/plan#roles", &role.title, &duties.join("\n"))
    }));
    parts.extend(plan.channels.all().map(|channel| part("/plan#channels", &channel.name, &channel.purpose)));
    for procedure in &plan.procedures {
        let place = format!("/plan/procedures/{}", procedure.incident_type.as_str());
        parts.push(part(&place, &procedure.title, &procedure.when_to_use));
        parts.extend(procedure.steps.iter().map(|step| {
            part(format!("{place}#{}", step.id), &format!("{}: {}", procedure.title, step.title), &step.text)
        }));
    }
    parts.extend(plan.review.metrics.iter().map(|metric| {
        part("/plan#metrics", &metric.name, &format!("{}\n{}", metric.question, metric.target))
    }));
    parts.extend(plan.chapters.iter().enumerate().map(|(place, chapter)| {
        let title =
            chapter.markdown.lines().find_map(|line| line.strip_prefix("# ")).unwrap_or(&chapter.name);
        part(format!("/plan#chapter-{}", place + 1), title, &chapter.markdown)
    }));
    parts
}

/// The address stands in front of the text, on a line of its own; [`place`] takes it off again.
async fn replace(tx: &mut Tx, dialect: Dialect, kind: Kind, parts: Vec<Part>, at: i64) -> Result<()> {
    let documents: Vec<Document> = (1..)
        .zip(parts)
        .map(|(number, part)| Document {
            id: kind.document(number),
            scope: None,
            along: None,
            at,
            leaf: 0,
            name: String::new(),
            title: part.title,
            body: format!("{}\n{}", part.place, part.text),
        })
        .collect();
    let keep: BTreeSet<i64> = documents.iter().map(|document| document.id).collect();
    clear(tx, dialect, kind.numbers(), &keep).await?;
    Ok(put(tx, dialect, documents).await?)
}

/// Where a part is read, and its text.
pub fn place(body: &str) -> (&str, &str) {
    body.split_once('\n').unwrap_or((body, ""))
}
