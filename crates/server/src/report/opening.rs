//! The cover and the first chapters: executive summary, severity and why, impact.

use std::collections::BTreeSet;

use domain::asset::AssetState;
use domain::custom::FieldKind;
use domain::task::TaskStatus;
use domain::{ObservableKind, Phase};
use jiff::{SignedDuration, Timestamp};
use paper::chart::{self, phases};
use paper::inline::{badge, strong, text};
use paper::{Callout, CalloutKind, Document, Figure, Rich, Tone};

use super::Sources;
use super::words::{count, date, listed, missing, severity, span, written};

pub fn cover(document: &mut Document, sources: &Sources) {
    let (view, record) = (&sources.dossier.incident, &sources.dossier.incident.record);
    let state = match record.outcome {
        Some(outcome) => {
            Rich::new().badge("Closed", Tone::Success).text(format!(" as {}", outcome.label().to_lowercase()))
        }
        None => Rich::new()
            .badge(record.phase.label(), Tone::Warning)
            .text(format!(" since {}", date(record.phase_since))),
    };
    document
        .cover_fact("Incident", record.id.to_string())
        .cover_fact("Severity", severity(record.severity))
        .cover_fact("Type", record.incident_type.label())
        .cover_fact("Status", state)
        .cover_fact("Commander", view.commander_name.clone().map_or_else(missing, Rich::from))
        .cover_fact("Declared", format!("{}, by {}", date(record.declared_at), view.declared_by_name));
    if let Some(closed) = record.closed_at {
        document.cover_fact("Closed", date(closed));
    }
    for held in sources.dossier.fields.iter().filter(|held| held.field.kind != FieldKind::Text) {
        if let Some(value) = &held.value {
            document.cover_fact(&held.field.label, value.clone());
        }
    }
    if record.restricted {
        document.cover_fact("Need to know", "Only named people may see this incident.");
    }
}

/// The span of what the alerts matched, by the events' own time.
fn activity(sources: &Sources) -> Option<(Timestamp, Timestamp)> {
    let alerts = &sources.dossier.alerts;
    let first = alerts.iter().map(|alert| alert.first_seen).min()?;
    let last = alerts.iter().map(|alert| alert.last_seen).max()?;
    Some((first, last))
}

pub fn summary(document: &mut Document, sources: &Sources) {
    let record = &sources.dossier.incident.record;
    if let Some(summary) = &record.summary {
        written(document, Some(summary));
    }
    document.paragraph(what_happened(sources));
    document.paragraph(what_was_done(sources));
    if record.outcome.is_none() {
        document.callout(Callout::new(CalloutKind::Warning, "This incident is open").paragraph(format!(
            "The report says what is known on {}. What is not recorded yet is marked as such.",
            date(sources.now)
        )));
    }
}

fn what_happened(sources: &Sources) -> Rich {
    let dossier = &sources.dossier;
    let record = &dossier.incident.record;
    let mut rich = Rich::new()
        .text(format!(
            "On {}, {} declared this incident of type ",
            date(record.declared_at),
            dossier.incident.declared_by_name
        ))
        .strong(record.incident_type.label().to_lowercase())
        .text(" with severity ")
        .strong(record.severity.label().to_lowercase())
        .text(". ");
    for merge in &dossier.merged {
        rich = rich.text(format!(
            "{} is merged into it since {}, and what it has stands here under its own numbers: {} ",
            merge.part,
            date(merge.at),
            merge.reason
        ));
    }
    let Some((first, last)) = activity(sources) else {
        return rich.text("It was declared by hand: no alert of Watchbell led to it.");
    };
    let events: i64 = dossier.alerts.iter().map(|alert| alert.count).sum();
    let rules: BTreeSet<&str> = dossier.alerts.iter().map(|alert| alert.rule.as_str()).collect();
    rich = rich.text(format!(
        "It rests on {}: {} matched {}",
        count(dossier.alerts.len(), "alert"),
        count(events, "event"),
        count(rules.len(), "rule")
    ));
    rich = if first == last {
        rich.text(format!(", on {}. ", date(first)))
    } else {
        rich.text(format!(
            ", between {} and {} ({}). ",
            date(first),
            date(last),
            span(last.duration_since(first))
        ))
    };
    let mut worst: Vec<_> = dossier.alerts.iter().collect();
    worst.sort_by_key(|alert| (std::cmp::Reverse(alert.severity), alert.first_seen));
    let mut titles: Vec<String> = Vec::new();
    for title in worst.iter().map(|alert| format!("“{}”", alert.title)) {
        if !titles.contains(&title) {
            titles.push(title);
        }
    }
    rich = rich.text(format!("The gravest are {}. ", listed(&titles, 3)));
    let named = |kind: ObservableKind| -> Vec<String> {
        dossier.assets.iter().filter(|asset| asset.kind == kind).map(|asset| asset.name.clone()).collect()
    };
    let (hosts, accounts) = (named(ObservableKind::Host), named(ObservableKind::Account));
    if !hosts.is_empty() {
        rich = rich.text(format!("Hosts that appear in them: {}. ", listed(&hosts, 4)));
    }
    if !accounts.is_empty() {
        rich = rich.text(format!("Accounts: {}.", listed(&accounts, 4)));
    }
    rich
}

fn what_was_done(sources: &Sources) -> Rich {
    let dossier = &sources.dossier;
    let record = &dossier.incident.record;
    let with = |status: TaskStatus| dossier.tasks.iter().filter(|task| task.status == status).count();
    let state = |state: AssetState| dossier.assets.iter().filter(|asset| asset.state == state).count();
    let mut rich = Rich::new();
    if !dossier.tasks.is_empty() {
        rich = rich.text(format!(
            "Of {} of the response, {} are done, {} were skipped with a reason and {} remain. ",
            count(dossier.tasks.len(), "task"),
            with(TaskStatus::Done),
            with(TaskStatus::Skipped),
            dossier.tasks.len() - with(TaskStatus::Done) - with(TaskStatus::Skipped)
        ));
    }
    rich = rich.text(format!(
        "{} recorded and {} secured. ",
        count(dossier.decisions.len(), "decision"),
        count(sources.evidence.len(), "evidence item")
    ));
    if !dossier.assets.is_empty() {
        rich = rich.text(format!(
            "Of the affected assets {} are known to be compromised, {} are contained, {} are clean and {} are still suspected. ",
            state(AssetState::Compromised),
            state(AssetState::Contained),
            state(AssetState::Clean),
            state(AssetState::Suspected)
        ));
    }
    match (record.outcome, record.closed_at) {
        (Some(outcome), Some(closed)) => rich.text(format!(
            "The incident was closed on {} as {}, {} after it was declared.",
            date(closed),
            outcome.label().to_lowercase(),
            span(closed.duration_since(record.declared_at))
        )),
        _ => rich.text(format!(
            "The response is in the phase {} since {}.",
            record.phase.label().to_lowercase(),
            date(record.phase_since)
        )),
    }
}

pub fn why(document: &mut Document, sources: &Sources) {
    let dossier = &sources.dossier;
    let record = &dossier.incident.record;
    let facts = record.facts();
    document.paragraph([
        text("The severity is "),
        severity(record.severity),
        text(". Responders confirmed these facts, in the terms of NIST SP 800-61:"),
    ]);
    let fact = |label: &str, help: &str| Rich::new().strong(label).text(format!(". {help}"));
    document.facts([
        ("Functional impact", fact(facts.functional.label(), facts.functional.help())),
        ("Information impact", fact(facts.information.label(), facts.information.help())),
        ("Recoverability", fact(facts.recoverability.label(), facts.recoverability.help())),
    ]);
    if record.severity == record.proposed_severity {
        document.paragraph(format!("The plan's matrix proposes this severity. {}", record.severity_reason));
    } else {
        document.paragraph(format!(
            "The plan's matrix proposes {}; it was set otherwise for this reason: {}",
            record.proposed_severity.label().to_lowercase(),
            record.severity_reason
        ));
    }
    if let Some(level) = &dossier.level {
        document
            .paragraph([strong("What this severity means in the plan. "), text(level.meaning.to_string())]);
    }
    lengths(document, sources);
}

/// How long each phase took, once there is more than one.
fn lengths(document: &mut Document, sources: &Sources) {
    let entered = &sources.dossier.phases;
    let end = sources.dossier.incident.record.closed_at.unwrap_or(sources.now);
    let mut lengths: Vec<chart::Phase> = Vec::new();
    for (position, change) in entered.iter().enumerate().filter(|(_, change)| change.phase != Phase::Closed) {
        let until = entered.get(position + 1).map_or(end, |next| next.at);
        let took = until.duration_since(change.at);
        match lengths.iter_mut().find(|known| known.name == change.phase.label()) {
            Some(known) => known.length += took,
            None => lengths.push(chart::Phase::new(change.phase.label(), took)),
        }
    }
    let whole = lengths.iter().fold(SignedDuration::ZERO, |sum, phase| sum.saturating_add(phase.length));
    if lengths.len() > 1 && whole > SignedDuration::from_mins(1) {
        document.heading(2, "How long each phase took");
        document.figure(Figure::new(
            phases("Phases of the response", &lengths),
            "Phases of the response, to scale",
        ));
    }
    let back = entered.iter().filter_map(|change| {
        let reason = change.reason.as_deref()?;
        let by = change.by.map(|by| sources.dossier.name(by)).unwrap_or_default();
        Some(Rich::new().strong(change.phase.label()).text(format!(", {}, {by}: {reason}", date(change.at))))
    });
    let back: Vec<Rich> = back.collect();
    if !back.is_empty() {
        document.paragraph("Changes of phase that had a reason of their own:").bullets(back);
    }
}

pub fn impact(document: &mut Document, sources: &Sources) {
    written(document, sources.dossier.incident.record.impact.as_deref());
    let assets = &sources.dossier.assets;
    let bad = |state: AssetState| matches!(state, AssetState::Compromised | AssetState::Contained);
    let hit: Vec<String> =
        assets.iter().filter(|asset| bad(asset.state)).map(|asset| asset.name.clone()).collect();
    if !hit.is_empty() {
        document.paragraph([
            text("Known to be hit: "),
            badge(count(hit.len(), "asset"), Tone::Danger),
            text(format!(" {}.", listed(&hit, 12))),
        ]);
    }
}
