//! The bundle of an incident: every version of every record that belongs to it, the bytes of its
//! evidence and of the events on its timeline, and the report, sealed and signed so that anyone can
//! verify it offline. It is written to a file as it is gathered; memory stays small.

use std::collections::BTreeSet;
use std::fs::File;
use std::io::Seek;

use domain::{Actor, IncidentId, Permission};
use jiff::Timestamp;
use ledger::bundle::{BundleWriter, Vouch, What};
use ledger::{Checkpoint, SigningKey};
use paper::Format;
use tokio::sync::mpsc;

use super::whole;
use crate::app::App;
use crate::audit::{self, Version};
use crate::error::{Error, Result};
use crate::evidence::{self, Evidence};
use crate::identity::need;
use crate::web::press::print;
use crate::{event, incident};

/// How many record versions are read at once.
const VERSIONS: i64 = 500;
/// What waits for the thread that writes.
const WAITING: usize = 64;

/// What the writing thread is given, in this order: records, files, attachments.
enum Part {
    Record(Box<Version>),
    Event { path: String, vouch: Vouch, bytes: Vec<u8> },
    Evidence { path: String, vouch: Vouch, size: u64, content: Box<evidence::content::Content> },
    Attachment { path: String, bytes: Vec<u8> },
}

/// An event whose bytes belong into the bundle, and the record that vouches for them.
struct RawEvent {
    event: domain::EventId,
    vouch: Vouch,
}

/// Makes the bundle. The export is on record before the checkpoint is signed, so the bundle shows it.
pub async fn export(app: &App, actor: &Actor, id: IncidentId) -> Result<File> {
    need(actor, Permission::ExportIncident, "exporting incidents")?;
    incident::export::exported(app, actor, id).await?;
    let note = audit::sign_now(app).await?;
    let checkpoint = Checkpoint::open(note.as_bytes(), app.key.verifying_key())?;
    let items = evidence::of_incident(app, actor, id).await?;
    let document = Box::pin(whole(app, actor, id, &note)).await?;

    let (parts, waiting) = mpsc::channel(WAITING);
    let (key, folder, made_at) = (app.key.clone(), app.data.clone(), app.clock.now());
    let writing = tokio::task::spawn_blocking(move || {
        let file = tempfile::tempfile_in(&*folder)?;
        write(file, id, made_at, &note, &key, waiting)
    });
    let gathered = gather(app, actor, id, &checkpoint, &items, document, &parts).await;
    // What failed in gathering must not be sealed as if it were whole.
    if gathered.is_ok() {
        parts.send(None).await.ok();
    }
    drop(parts);
    let written = writing.await.map_err(std::io::Error::other)?;
    gathered?;
    written
}

type Parts = mpsc::Sender<Option<Part>>;

async fn give(parts: &Parts, part: Part) -> Result<()> {
    // An error here is the writing thread's, which tells it itself.
    parts
        .send(Some(part))
        .await
        .map_err(|_| Error::Io(std::io::Error::other("the bundle could not be written")))
}

async fn gather(
    app: &App,
    actor: &Actor,
    id: IncidentId,
    checkpoint: &Checkpoint,
    items: &[Evidence],
    document: paper::Document,
    parts: &Parts,
) -> Result<()> {
    // What the items rest on: deliveries, and the keys of those who signed.
    let deliveries = items.iter().filter_map(|item| item.delivery).map(|id| id.to_string());
    let signed = items.iter().flat_map(|item| &item.custody).filter_map(|link| link.signature.as_ref());
    let besides: BTreeSet<String> =
        deliveries.chain(signed.map(|signature| signature.key.to_string())).collect();
    let besides: Vec<String> = besides.into_iter().collect();
    let (mut after, mut raw, mut seen) = (None, Vec::new(), BTreeSet::new());
    let mut vouches = std::collections::BTreeMap::new();
    loop {
        let versions = audit::history(app, id, &besides, checkpoint, after, VERSIONS).await?;
        let Some(last) = versions.last() else { break };
        after = Some(last.index);
        for version in versions {
            raw.extend(raw_event(&version, &mut seen));
            // A record's first version vouches as well as any: these bytes never change.
            vouches.entry(version.leaf.record().to_owned()).or_insert_with(|| version.leaf.version());
            give(parts, Part::Record(Box::new(version))).await?;
        }
    }
    for one in raw {
        let bytes = event::raw(app, actor, one.event).await?;
        give(parts, Part::Event { path: format!("events/{}.bin", one.event), vouch: one.vouch, bytes })
            .await?;
    }
    let mut missing = String::new();
    for item in items {
        let Some(version) = vouches.get(&item.id.to_string()) else { continue };
        let sha256 = item.sha256.to_string();
        // A bundle with a gap that it names is worth more than none.
        if let Some(at) = item.destroyed_at {
            missing.push_str(&format!(
                "{}: its bytes with the SHA-256 {sha256} were destroyed at {at}.\n",
                item.id
            ));
            continue;
        }
        if evidence::content::hashes(app, item).await?.is_none() {
            missing.push_str(&format!(
                "{}: its bytes with the SHA-256 {sha256} are not on the disk.\n",
                item.id
            ));
            continue;
        }
        let content = Box::new(evidence::content::of(app, item).await?);
        let vouch = Vouch { record: item.id.to_string(), version: *version, pointer: "/sha256".to_owned() };
        let size = u64::try_from(item.bytes).unwrap_or(0);
        give(parts, Part::Evidence { path: format!("evidence/{}.bin", item.id), vouch, size, content })
            .await?;
    }
    for format in [Format::Pdf, Format::Markdown] {
        let bytes = print(document.clone(), format).await?;
        give(parts, Part::Attachment { path: format!("report.{}", format.extension()), bytes }).await?;
    }
    if !missing.is_empty() {
        give(parts, Part::Attachment { path: "missing.txt".to_owned(), bytes: missing.into_bytes() }).await?;
    }
    Ok(())
}

/// The event behind a line of the timeline, the first time that it is met.
fn raw_event(version: &Version, seen: &mut BTreeSet<domain::EventId>) -> Option<RawEvent> {
    if !version.leaf.record().starts_with("ENT-") {
        return None;
    }
    let body: serde_json::Value = serde_json::from_str(&version.body).ok()?;
    body.get("raw_sha256")?.as_str()?;
    let event: domain::EventId = body.get("event")?.as_str()?.parse().ok()?;
    let vouch = Vouch {
        record: version.leaf.record().to_owned(),
        version: version.leaf.version(),
        pointer: "/raw_sha256".to_owned(),
    };
    seen.insert(event).then_some(RawEvent { event, vouch })
}

/// The writing thread: takes parts until the last one, then seals and rewinds.
fn write(
    file: File,
    id: IncidentId,
    made_at: Timestamp,
    note: &str,
    key: &SigningKey,
    mut waiting: mpsc::Receiver<Option<Part>>,
) -> Result<File> {
    let mut bundle = BundleWriter::new(file, &id.to_string(), made_at, note, key)?;
    loop {
        match waiting.blocking_recv() {
            Some(Some(part)) => add(&mut bundle, part)?,
            Some(None) => break,
            None => return Err(Error::Io(std::io::Error::other("the bundle was given up before its end"))),
        }
    }
    let mut file = bundle.finish()?;
    file.rewind()?;
    Ok(file)
}

fn add(bundle: &mut BundleWriter<'_, File>, part: Part) -> Result<()> {
    match part {
        Part::Record(version) => {
            bundle.add_record(version.index, &version.leaf, &version.path, version.body.as_bytes())?;
        }
        Part::Event { path, vouch, bytes } => {
            let size = u64::try_from(bytes.len()).unwrap_or(u64::MAX);
            bundle.add_file(&path, What::Event, &vouch, size, bytes.as_slice())?;
        }
        Part::Evidence { path, vouch, size, content } => {
            bundle.add_file(&path, What::Evidence, &vouch, size, content)?;
        }
        Part::Attachment { path, bytes } => bundle.attach(&path, &bytes)?,
    }
    Ok(())
}
