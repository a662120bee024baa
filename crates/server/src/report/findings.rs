//! What was found: ATT&CK techniques, indicators and observables, affected assets, evidence with its
//! chains of custody.

use domain::asset::Compromise;
use domain::observable::Standing;
use domain::timeline::Lane;
use paper::chart::{Bar, bars};
use paper::inline::{badge, text};
use paper::{Align, Column, Document, Figure, Rich, Table, Tone};

use super::Sources;
use super::words::{count, grouped, listed, missing, stamp};
use super::{attack, words};
use crate::incident::Observed;

/// How many observables without a verdict the report lists.
const MOST_OBSERVABLES: usize = 60;
/// From how many techniques on a figure says more than the table.
const FIGURE_FROM: usize = 3;

pub fn techniques(document: &mut Document, sources: &Sources) {
    let mut seen: Vec<_> = sources.dossier.techniques.iter().collect();
    if seen.is_empty() {
        document.paragraph(missing());
        return;
    }
    seen.sort_by(|one, other| other.entries.cmp(&one.entries).then(one.technique.cmp(&other.technique)));
    if seen.len() >= FIGURE_FROM {
        let shown: Vec<Bar> = seen
            .iter()
            .map(|one| {
                let name = attack::describe(&one.technique).map(|(name, _)| name).unwrap_or_default();
                Bar::new(format!("{} {name}", one.technique), one.entries)
            })
            .collect();
        document.figure(Figure::new(
            bars("Entries of the timeline by technique", &shown),
            "Entries of the timeline by technique",
        ));
    }
    let mut table = Table::new([
        Column::new("Technique").mono().weight(1.1),
        Column::new("Name").weight(2.6),
        Column::new("Tactics").weight(2.0),
        Column::new("Entries").align(Align::Right).weight(1.0),
        Column::new("Seen by").weight(3.0),
    ])
    .caption("Techniques in the terms of MITRE ATT&CK, Enterprise, version 19");
    for one in seen {
        let (name, tactics) = attack::describe(&one.technique).unwrap_or_default();
        let mut rules: Vec<String> = Vec::new();
        for alert in sources.dossier.alerts.iter().filter(|alert| alert.techniques.contains(&one.technique)) {
            if !rules.contains(&alert.title) {
                rules.push(alert.title.clone());
            }
        }
        table.push([
            one.technique.clone(),
            name,
            tactics,
            grouped(i64::try_from(one.entries).unwrap_or(i64::MAX)),
            listed(&rules, 4),
        ]);
    }
    document.table(table);
}

pub fn indicators(document: &mut Document, sources: &Sources) {
    document.heading(2, "Indicators");
    let all = &sources.dossier.observables;
    let with = |standing: Standing| all.iter().filter(move |one| one.standing == standing);
    let known: Vec<&Observed> = with(Standing::Indicator).collect();
    if known.is_empty() {
        document.paragraph(missing());
    } else {
        document.table(observables(&known, "Values known to be bad"));
    }
    document.heading(2, "Other observables");
    let mut open: Vec<&Observed> = with(Standing::Unknown).filter(|one| !one.kind.is_asset()).collect();
    if open.is_empty() {
        document.paragraph("There are none that nobody has judged.");
    } else {
        open.sort_by(|one, other| other.count.cmp(&one.count).then(one.id.cmp(&other.id)));
        let rest = open.len().saturating_sub(MOST_OBSERVABLES);
        open.truncate(MOST_OBSERVABLES);
        document.table(observables(&open, "Values seen in the matched events that nobody has judged"));
        if rest > 0 {
            document.paragraph(format!(
                "{} more stand in the incident's record and in its bundle.",
                count(rest, "value")
            ));
        }
    }
    let harmless = with(Standing::Benign).count();
    if harmless > 0 {
        document.paragraph(format!("{} found harmless and left out.", count(harmless, "value")));
    }
    assets(document, sources);
}

fn observables(some: &[&Observed], caption: &str) -> Table {
    let mut table = Table::new([
        Column::new("Kind").weight(1.1),
        Column::new("Value").mono().weight(4.2),
        Column::new("Events").align(Align::Right).weight(0.7),
        Column::new("First seen (UTC)").mono().weight(1.6),
        Column::new("Note").weight(1.6),
    ])
    .caption(caption);
    for one in some {
        table.push([
            one.kind.label().to_owned(),
            one.value.clone(),
            grouped(one.count),
            one.first_seen.map(stamp).unwrap_or_default(),
            one.note.clone().unwrap_or_default(),
        ]);
    }
    table
}

fn assets(document: &mut Document, sources: &Sources) {
    document.heading(2, "Affected assets");
    let assets = &sources.dossier.assets;
    if assets.is_empty() {
        document.paragraph(missing());
        return;
    }
    let mut table = Table::new([
        Column::new("Asset").mono().weight(2.4),
        Column::new("Kind").weight(0.9),
        Column::new("Compromise").weight(1.2),
        Column::new("Containment").weight(1.2),
        Column::new("First seen (UTC)").mono().weight(1.5),
        Column::new("Last seen (UTC)").mono().weight(1.5),
        Column::new("Note").weight(1.6),
    ])
    .caption("Hosts and accounts that the incident affects or may affect");
    for asset in assets {
        let tone = match asset.compromise {
            Compromise::Suspected => Tone::Warning,
            Compromise::Confirmed => Tone::Danger,
            Compromise::Cleared => Tone::Success,
        };
        table.push([
            Rich::from(&asset.name),
            asset.kind.label().into(),
            badge(asset.compromise.label(), tone).into(),
            asset.containment.label().into(),
            asset.first_seen.map(stamp).unwrap_or_default().into(),
            asset.last_seen.map(stamp).unwrap_or_default().into(),
            asset.note.clone().unwrap_or_default().into(),
        ]);
    }
    document.table(table);
}

pub fn evidence(document: &mut Document, sources: &Sources) {
    if sources.evidence.is_empty() {
        document.paragraph(missing());
        return;
    }
    document.paragraph(
        "Each item was hashed when it was taken in; its SHA-256 stands in the ledger and in the bundle of this incident.",
    );
    let mut items = Table::new([
        Column::new("Item").weight(2.2),
        Column::new("SHA-256").mono().weight(3.2),
        Column::new("Bytes").align(Align::Right).weight(1.0),
        Column::new("Acquired").weight(2.6),
    ])
    .caption("Evidence items");
    for item in &sources.evidence {
        let said = &item.acquisition;
        items.push([
            Rich::new().strong(item.id.to_string()).text(format!(" {}", item.name)),
            text(item.sha256.to_string()).into(),
            grouped(item.bytes).into(),
            Rich::new().text(format!(
                "{}, with {}, from {}, by {}, {}",
                said.method,
                said.tool_named(),
                said.place,
                said.by,
                stamp(said.at)
            )),
        ]);
    }
    document.table(items);
    checks(document, sources);
    document.heading(2, "Chain of custody");
    let mut chain = Table::new([
        Column::new("Time (UTC)").mono().weight(1.5),
        Column::new("Item").weight(0.8),
        Column::new("Act").weight(1.1),
        Column::new("By").weight(1.5),
        Column::new("To").weight(1.5),
        Column::new("Reason").weight(2.2),
    ])
    .caption("Every item's way from hand to hand");
    for item in &sources.evidence {
        for link in &item.custody {
            let signed = if link.signature.is_some() { ", signed" } else { "" };
            chain.push([
                stamp(link.at),
                item.id.to_string(),
                link.act.label().to_owned(),
                format!("{}{signed}", link.by),
                link.to.clone().unwrap_or_default(),
                link.reason.clone().unwrap_or_default(),
            ]);
        }
    }
    document.table(chain);
}

fn checks(document: &mut Document, sources: &Sources) {
    let lines: Vec<Rich> = sources
        .evidence
        .iter()
        .filter_map(|item| {
            let check = item.checked.as_ref()?;
            let (word, tone) = if check.intact {
                ("unchanged", Tone::Success)
            } else {
                ("changed or missing", Tone::Danger)
            };
            Some(Rich::new().text(format!("{}: ", item.id)).badge(word, tone).text(format!(
                " when hashed again on {} by {}",
                words::date(check.at),
                check.by
            )))
        })
        .collect();
    if !lines.is_empty() {
        document.bullets(lines);
    }
}

/// The whole timeline, entry by entry.
pub fn full_timeline(document: &mut Document, sources: &Sources, most: usize) {
    let entries = &sources.dossier.entries;
    let mut table = Table::new([
        Column::new("Time (UTC)").mono().weight(1.4),
        Column::new("Entry").mono().weight(1.0),
        Column::new("By").weight(1.2),
        Column::new("What").weight(4.8),
    ])
    .caption("Every entry of the timeline");
    for entry in entries.iter().take(most) {
        let mut lines = entry.text.lines();
        let mut what = Rich::new().text(lines.next().unwrap_or_default());
        for line in lines.map(str::trim).filter(|line| !line.is_empty()) {
            what = what.text(" ").code(line);
        }
        if let Some(later) = entry.corrected_by {
            what = what.emphasis(format!(" (corrected by {later})"));
        }
        let by = match entry.lane {
            Lane::Adversary => entry.event.map(|event| event.to_string()).unwrap_or_else(|| entry.by.clone()),
            Lane::Response => entry.by.clone(),
        };
        table.push([stamp(entry.at).into(), entry.id.to_string().into(), by.into(), what]);
    }
    document.table(table);
    if entries.len() > most {
        document.paragraph(format!(
            "The first {} of {} entries stand here; the incident's bundle has all of them.",
            grouped(i64::try_from(most).unwrap_or(i64::MAX)),
            grouped(i64::try_from(entries.len()).unwrap_or(i64::MAX))
        ));
    }
}
