//! What leaves the house: that a bundle was taken out, on the timeline and in the ledger (what is in it is
//! `report`'s business), and the timeline as a file.

use axum::response::Response;
use domain::attack::catalogue;
use domain::timeline::EntryKind;
use domain::{Actor, IncidentId, Permission};

use super::api::inputs::TimelineFormat;
use super::figure::{COLOURS, Figure};
use super::read::{self, EntryFilter};
use super::{Entry, keep};
use crate::app::App;
use crate::error::Result;
use crate::identity::need;
use crate::web::{csv, download};

/// Records that somebody takes out a bundle of the incident, before they get it.
pub async fn exported(app: &App, actor: &Actor, id: IncidentId) -> Result<()> {
    let who = actor.clone();
    app.change(actor, move |change| {
        Box::pin(async move {
            let record = keep::seen(change, &who, id).await?;
            need(&who, Permission::ExportIncident, "exporting incidents")?;
            keep::commit(change, &record, "incident.export").await?;
            let line = "Bundle exported: records, evidence and proofs".to_owned();
            keep::line(change, &who, id, EntryKind::Status, line).await?;
            Ok(())
        })
    })
    .await
}

/// How many marks a figure is laid out from.
pub const MOST_MARKS: i64 = 20_000;

/// The lines of the timeline that are asked for, as a file.
pub async fn timeline(
    app: &App,
    actor: &Actor,
    id: IncidentId,
    filter: &EntryFilter,
    format: TimelineFormat,
) -> Result<Response> {
    // Who may not see the incident learns no more than that.
    read::get(app, actor, id).await?;
    need(actor, Permission::ExportIncident, "taking timelines out")?;
    let name = |extension: &str| format!("{id}-timeline.{extension}");
    Ok(match format {
        TimelineFormat::Csv => {
            let entries = read::all_entries(app, actor, id, filter).await?;
            download::bytes(&name("csv"), csv::MEDIA_TYPE, table(&entries).into_bytes())
        }
        TimelineFormat::Json => {
            let entries = read::all_entries(app, actor, id, filter).await?;
            download::bytes(&name("json"), "application/json", serde_json::to_vec_pretty(&entries)?)
        }
        TimelineFormat::Svg => {
            let marks = read::marks(app, actor, id, filter, MOST_MARKS).await?;
            let drawn = Figure::of(&marks).draw(&format!("Timeline of {id}"), None, Some(COLOURS));
            download::bytes(&name("svg"), "image/svg+xml", drawn.into_string().into_bytes())
        }
    })
}

fn table(entries: &[Entry]) -> String {
    let head = [
        "id",
        "time_utc",
        "written_utc",
        "lane",
        "kind",
        "by",
        "text",
        "techniques",
        "technique_names",
        "alert",
        "event",
        "event_sha256",
        "corrects",
        "corrected_by",
    ];
    let text = |value: Option<String>| value.unwrap_or_default();
    csv::table(
        head,
        entries.iter().map(|entry| {
            let names: Vec<String> =
                entry.techniques.iter().filter_map(|id| catalogue::full_name(id)).collect();
            [
                entry.id.to_string(),
                entry.at.to_string(),
                entry.recorded_at.to_string(),
                entry.lane.to_string(),
                entry.kind.to_string(),
                entry.by.clone(),
                entry.text.clone(),
                entry.techniques.join(" "),
                names.join("; "),
                text(entry.alert.map(|id| id.to_string())),
                text(entry.event.map(|id| id.to_string())),
                text(entry.raw_sha256.map(|hash| hash.to_string())),
                text(entry.corrects.map(|id| id.to_string())),
                text(entry.corrected_by.map(|id| id.to_string())),
            ]
        }),
    )
}
