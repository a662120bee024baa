//! The custody form of one item: what it is, how it was acquired, its chain with who signed what, and
//! lines on which the hand-over is signed by hand.

use domain::Actor;
use paper::{Column, Document, Marking, Rich, Table};

use super::words::{grouped, stamp};
use crate::app::App;
use crate::error::Result;
use crate::evidence::{Evidence, keeping};
use crate::identity;

/// How much of a signature stands in the table; the manifest and the bundle have all of it.
const SHOWN: usize = 16;

pub async fn draw(app: &App, actor: &Actor, item: &Evidence) -> Result<Document> {
    let keeping = keeping::of(app, actor, item.id).await?;
    let mut document = Document::new(format!("Chain of custody: {}", item.id));
    document.subtitle.clone_from(&item.name);
    document.organisation = identity::organisation(app).await?.unwrap_or_default();
    document.marking = Some(Marking::new("EVIDENCE"));
    document.prepared_by = actor.name().to_owned();
    document.date = Some(app.clock.now());
    document.unnumbered = true;
    document.cover_fact("Incident", item.incident.to_string());
    document.cover_fact("Status", item.status.label());
    document.cover_fact("Custodian", item.custodian.as_str());
    exhibit(&mut document, item);
    document.heading(1, "Chain of custody");
    let signed = Rich::new()
        .text(
            "Each act is signed with the Ed25519 key of the person who did it, which opens with their password alone. \
             The signatures in full are in the manifest and in the incident's bundle, where ",
        )
        .code("watchbell verify")
        .text(" checks them.");
    document.paragraph(signed);
    document.table(chain(item));
    if !keeping.holds.is_empty() {
        document.heading(1, "Legal holds");
        document.bullets(keeping.holds.iter().map(|hold| {
            format!("{}: {} (ordered by {}, {})", hold.id, hold.reason, hold.by, stamp(hold.at))
        }));
    }
    document.heading(1, "Hand-over").paragraph(
        "The undersigned hand over and receive the item named above and have compared its SHA-256.",
    );
    document.signatures([("Released by", actor.name()), ("Received by", ""), ("Witness", "")]);
    Ok(document)
}

fn exhibit(document: &mut Document, item: &Evidence) {
    let said = &item.acquisition;
    document.heading(1, "Exhibit");
    let mut facts: Vec<(&str, Rich)> = vec![
        ("Name of the file", Rich::new().text(&*item.name)),
        ("Size", format!("{} bytes", grouped(item.bytes)).into()),
        ("SHA-256", Rich::new().code(item.sha256.to_string())),
    ];
    for (label, digest) in [("SHA-1 (for looking up)", &item.sha1), ("MD5 (for looking up)", &item.md5)] {
        facts.extend(digest.as_deref().map(|digest| (label, Rich::new().code(digest))));
    }
    if let Some(check) = &item.checked {
        let word = if check.intact { "unchanged" } else { "CHANGED" };
        facts.push(("Last hashed", format!("{word}, {} by {}", stamp(check.at), check.by).into()));
    }
    document.facts(facts);
    document.heading(1, "Acquisition");
    let mut facts: Vec<(&str, Rich)> = vec![
        ("By", Rich::new().text(&*said.by)),
        ("When (UTC)", stamp(said.at).into()),
        ("Where", Rich::new().text(&*said.place)),
        ("Method", Rich::new().text(&*said.method)),
        ("Tool", Rich::new().text(said.tool_named())),
    ];
    let more = [
        ("Source device", said.device.as_deref()),
        ("Serial number", said.serial.as_deref()),
        ("Write blocker", said.write_blocker.as_deref()),
        ("Notes", item.note.as_deref()),
    ];
    facts.extend(more.into_iter().filter_map(|(label, value)| Some((label, Rich::new().text(value?)))));
    document.facts(facts);
}

fn chain(item: &Evidence) -> Table {
    let mut table = Table::new([
        Column::new("Time (UTC)").mono().weight(1.5),
        Column::new("Act").weight(1.2),
        Column::new("By").weight(1.5),
        Column::new("To").weight(1.3),
        Column::new("Reason").weight(1.8),
        Column::new("Signature").mono().weight(1.7),
    ])
    .caption("From the collection on");
    for link in &item.custody {
        let signature = link.signature.as_ref().map_or_else(
            || "-".to_owned(),
            |signature| {
                let start: String = signature.signature.chars().take(SHOWN).collect();
                format!("{} {start}…", signature.key)
            },
        );
        table.push([
            stamp(link.at),
            link.act.label().to_owned(),
            link.by.clone(),
            link.to.clone().unwrap_or_default(),
            link.reason.clone().unwrap_or_default(),
            signature,
        ]);
    }
    table
}
