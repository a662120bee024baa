//! The facts of an incident that decide its duties, and the fact sheet from which notices are drafted.

use std::collections::BTreeMap;

use domain::obligation::{About, SectionKey};
use domain::timeline::EntryKind;
use domain::{Actor, IncidentId, Text};
use serde::Serialize;

use super::{Stored, book, settle, store};
use crate::app::App;
use crate::change::Change;
use crate::error::{Error, Result};
use crate::incident::above;

/// What the ledger commits to.
#[derive(Serialize)]
struct Sheet<'a> {
    incident: IncidentId,
    answers: &'a BTreeMap<String, String>,
    sheet: &'a BTreeMap<SectionKey, Text>,
}

/// Answers facts of an incident; an empty text makes one unknown again. What is not named stays.
pub async fn answer(app: &App, actor: &Actor, id: IncidentId, given: BTreeMap<String, String>) -> Result<()> {
    let book = book()?;
    let mut read: Vec<(String, String, Option<String>, String)> = Vec::new();
    for (name, text) in given {
        let key = name.parse().map_err(|_| domain::Error::NoSuchFact(name.clone()))?;
        let fact = book.fact(&key).ok_or_else(|| domain::Error::NoSuchFact(name.clone()))?;
        if fact.about != About::Incident {
            return Err(Error::Invalid(format!(
                "“{}” is about the organisation; it stands in the profile.",
                fact.label
            )));
        }
        let answer = if text.trim().is_empty() { None } else { Some(fact.answer(&text)?) };
        let words = answer.as_ref().map_or_else(|| "not known".to_owned(), |answer| fact.in_words(answer));
        read.push((name, fact.label.to_string(), answer.map(|answer| answer.to_string()), words));
    }
    let who = actor.clone();
    app.change(actor, move |change| {
        Box::pin(async move {
            let record = above::to_add(change, &who, id).await?;
            let mut stored = store::facts(change.tx, id).await?.unwrap_or_default();
            let mut changed = Vec::new();
            for (fact, label, answer, words) in read {
                let before = match &answer {
                    Some(answer) => stored.answers.insert(fact, answer.clone()),
                    None => stored.answers.remove(&fact),
                };
                if before != answer {
                    changed.push(format!("{label}: {words}"));
                }
            }
            if changed.is_empty() {
                return Ok(());
            }
            keep(change, id, &stored, "obligation.facts").await?;
            let line = format!("Facts that decide who must be told\n{}", changed.join("\n"));
            above::line(change, &who, id, EntryKind::Note, line).await?;
            settle(change, record).await
        })
    })
    .await
}

/// Writes sections of the fact sheet; an empty text clears one.
pub async fn write(
    app: &App,
    actor: &Actor,
    id: IncidentId,
    given: BTreeMap<SectionKey, String>,
) -> Result<()> {
    let texts = sections(given)?;
    let who = actor.clone();
    app.change(actor, move |change| {
        Box::pin(async move {
            above::to_add(change, &who, id).await?;
            let mut stored = store::facts(change.tx, id).await?.unwrap_or_default();
            let before = stored.sheet.clone();
            overlay(&mut stored.sheet, texts);
            if stored.sheet == before {
                return Ok(());
            }
            keep(change, id, &stored, "obligation.sheet").await?;
            above::line(
                change,
                &who,
                id,
                EntryKind::Note,
                "The fact sheet for notices was written".to_owned(),
            )
            .await
        })
    })
    .await
}

async fn keep(change: &mut Change<'_>, id: IncidentId, stored: &Stored, act: &str) -> Result<()> {
    store::keep_facts(change, id, stored).await?;
    let body = Sheet { incident: id, answers: &stored.answers, sheet: &stored.sheet };
    change.record(&format!("{id}:duties"), act, &body, Some(id.get())).await
}

/// Texts by section, each checked; `None` for one that is to be cleared.
pub(super) fn sections(given: BTreeMap<SectionKey, String>) -> Result<Vec<(SectionKey, Option<Text>)>> {
    let sheet = book()?.sheet();
    given
        .into_iter()
        .map(|(section, text)| {
            if sheet.section(&section).is_none() {
                return Err(Error::Invalid(format!("The fact sheet has no section {section}.")));
            }
            let text = text.replace("\r\n", "\n").replace('\0', "");
            let text = if text.trim().is_empty() { None } else { Some(Text::new("the section", &text)?) };
            Ok((section, text))
        })
        .collect()
}

pub(super) fn overlay(sheet: &mut BTreeMap<SectionKey, Text>, texts: Vec<(SectionKey, Option<Text>)>) {
    for (section, text) in texts {
        match text {
            Some(text) => sheet.insert(section, text),
            None => sheet.remove(&section),
        };
    }
}
