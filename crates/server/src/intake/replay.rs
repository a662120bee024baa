//! Replay: held records are read again, with today's readers and the format that their source has now.
//! Those that can be read become events of a delivery of their own; the others stay held.

use std::sync::Arc;

use bytes::Bytes;
use domain::{Actor, IntakeId, Permission};
use serde::Serialize;
use sha2::{Digest, Sha256};
use telemetry::{Event, Format, Mappings, Options, Records};
use utoipa::ToSchema;

use super::chunk::{self, Chunk};
use super::{batch, webhook};
use crate::app::App;
use crate::error::Result;
use crate::event::quarantine::{self, HeldRecord, Which};
use crate::event::{self, NewDelivery};
use crate::identity::need;
use crate::source::{self, Source, mapping};

/// What came of a replay.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Replay {
    /// Held records that became events.
    pub replayed: i64,
    /// Records that still cannot be read, of those that were tried; at most a thousand are at once.
    pub still_held: i64,
    pub detections: i64,
    /// The delivery that holds the events.
    #[schema(value_type = Option<String>, example = "INT-2")]
    pub delivery: Option<IntakeId>,
}

/// What could be read of some records.
struct ReadAgain {
    chunk: Chunk,
    records: Vec<i64>,
    body: Vec<u8>,
    format: &'static str,
}

pub async fn replay(app: &App, actor: &Actor, which: Which) -> Result<Replay> {
    need(actor, Permission::TriageAlerts, "replaying records")?;
    which.check()?;
    let held = quarantine::to_replay(app, &which).await?;
    let tried = i64::try_from(held.len()).unwrap_or(i64::MAX);
    let name = match held.split_first() {
        None => return Ok(Replay { replayed: 0, still_held: 0, detections: 0, delivery: None }),
        Some((first, rest)) if rest.iter().all(|other| other.delivery == first.delivery) => {
            format!("Replay of {}", first.delivery)
        }
        Some(_) => format!("Replay of {}", which.source.map_or_else(String::new, |id| id.to_string())),
    };
    let mut formats = Vec::with_capacity(held.len());
    let source = match which.source.or_else(|| held.first().and_then(|first| first.source)) {
        Some(id) => Some(source::get(app, actor, id).await?),
        None => None,
    };
    let meaning = match &source {
        Some(source) => mapping::in_force(app, source).await?,
        None => None,
    };
    let meaning = meaning.transpose().map_err(|error| mapping::refusal(&error))?;
    let webhook = source.clone().zip(meaning);
    let expected: Option<Format> =
        source.as_ref().and_then(|source| source.format.as_deref()).and_then(|name| name.parse().ok());
    let mut last: Option<(IntakeId, Option<Format>)> = None;
    for record in &held {
        let format = match last {
            Some((delivery, format)) if delivery == record.delivery => format,
            _ => event::delivery(app, actor, record.delivery).await?.format.parse().ok(),
        };
        last = Some((record.delivery, format));
        formats.push(expected.or(format));
    }
    let here = app.clone();
    let again = tokio::task::spawn_blocking(move || {
        let again = read_again(&here, &name, held, &formats, webhook.as_ref());
        here.blobs.put(&again.body).map(|blob| (name, again, blob))
    });
    let (name, again, blob) = again.await.map_err(|error| std::io::Error::other(error.to_string()))??;
    let (replayed, detections) =
        (i64::try_from(again.records.len()).unwrap_or(i64::MAX), again.chunk.progress.detections);
    if again.records.is_empty() {
        return Ok(Replay { replayed: 0, still_held: tried, detections: 0, delivery: None });
    }
    let new = NewDelivery {
        name,
        format: again.format.to_owned(),
        sha256: blob.sha256,
        bytes: i64::try_from(blob.bytes).unwrap_or(i64::MAX),
        received_by: actor.user(),
        source: source.map(|source| source.id),
    };
    let by = actor.user();
    let rules = Arc::clone(&app.rules);
    let delivery = app
        .change(actor, move |change| {
            Box::pin(async move {
                let delivery = event::begin(change, &new).await?;
                let mut all = Sha256::new();
                for event in &again.chunk.events {
                    all.update(hex::decode(&event.raw_sha256).unwrap_or_default());
                }
                super::store(change, &rules, &delivery, again.chunk).await?;
                event::complete(change, delivery.id, &hex::encode(all.finalize())).await?;
                quarantine::note_replayed(change, &which, &again.records, &delivery, by).await?;
                Ok(delivery)
            })
        })
        .await?;
    Ok(Replay { replayed, still_held: tried - replayed, detections, delivery: Some(delivery.id) })
}

fn read_again(
    app: &App,
    name: &str,
    held: Vec<HeldRecord>,
    formats: &[Option<Format>],
    webhook: Option<&(Source, Arc<Mappings>)>,
) -> ReadAgain {
    let mut again = ReadAgain { chunk: Chunk::default(), records: Vec::new(), body: Vec::new(), format: "" };
    for (record, format) in held.into_iter().zip(formats) {
        let raw = Bytes::from(record.raw);
        if let Some((source, mappings)) = webhook {
            let Some(told) = webhook::read_held(source, &raw, mappings, app.clock.now()) else { continue };
            again.format = Format::JsonLines.name();
            told.into_iter().for_each(|told| batch::take_told(app, told, &mut again.chunk));
            again.records.push(record.number);
            again.body.extend_from_slice(&raw);
            again.body.push(b'\n');
            continue;
        }
        let mut options = Options::new(app.clock.now()).with_mappings(Arc::clone(&app.mappings));
        options.format = *format;
        let Some(events) = read_one(name, &raw, &options) else { continue };
        for event in &events {
            again.format = event.format.name();
            let digest = hex::encode(Sha256::digest(&event.raw));
            chunk::add(&mut again.chunk, &app.engine, &app.rules, event, digest);
        }
        again.records.push(record.number);
        again.body.extend_from_slice(&raw);
        again.body.push(b'\n');
    }
    again
}

/// The events in a record, if all of it can be read: in the format that is expected, or else in the one
/// that it looks like.
fn read_one(name: &str, raw: &Bytes, options: &Options) -> Option<Vec<Event>> {
    let mut expected = options.format.and_then(|format| Records::new(name, format, options));
    if let Some(Some(Ok(event))) = expected.as_mut().map(|records| records.read(raw)) {
        return Some(vec![event]);
    }
    let options = Options { format: None, ..options.clone() };
    let reader = telemetry::from_bytes(name, raw.clone(), &options).ok()?;
    let events = reader.collect::<Result<Vec<_>, _>>().ok()?;
    (!events.is_empty()).then_some(events)
}
