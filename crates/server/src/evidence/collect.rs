//! Taking evidence in: the delivery behind an incident's alerts, or a file that a person hands over.

use std::io::Write;

use bytes::Bytes;
use domain::evidence::{Acquisition, CustodyAct, CustodyStatus, Sha256};
use domain::{Actor, IncidentId, IntakeId, Line, Permission, Text};
use futures_util::{Stream, StreamExt};
use jiff::{SignedDuration, Timestamp};
use platform::blobs::Blobs;
use platform::hashes::{Hashes, Hashing};
use platform::sealed::{Key, SealedWriter};
use serde::{Deserialize, Serialize};

use super::vault::{self, Vault};
use super::{Derived, Evidence, Link, TOPIC, seen, store};
use crate::app::App;
use crate::change::Change;
use crate::error::{Error, Result};
use crate::identity::{need, scope};
use crate::web::parts;

/// The largest file that a form takes: 512 MiB. Larger ones are uploads that can be resumed.
pub const LARGEST: u64 = 512 << 20;
/// How much is gathered before a thread writes and hashes it.
const PIECE: usize = 1 << 20;
/// How far a clock may be ahead of ours before "acquired in the future" is no slip.
const SKEW: SignedDuration = SignedDuration::from_mins(5);
const LONGEST_NAME: usize = 255;

/// An item to be taken in. Its bytes are a blob already.
pub struct NewEvidence {
    pub incident: IncidentId,
    /// The file's name. Text from outside; it is never used as a path.
    pub name: String,
    /// Of the bytes, lower-case hex.
    pub sha256: String,
    pub bytes: i64,
    pub acquisition: Acquisition,
    pub delivery: Option<IntakeId>,
    /// The item that it was taken out of.
    pub derived: Option<Derived>,
}

/// What a person says about how a file was acquired.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Statement {
    pub method: String,
    pub tool: String,
    pub tool_version: Option<String>,
    pub place: String,
    pub device: Option<String>,
    pub serial: Option<String>,
    pub write_blocker: Option<String>,
    pub acquired_at: Option<Timestamp>,
    pub note: Option<String>,
}

/// Whether this delivery is an evidence item of this incident already.
pub async fn holds_delivery(
    change: &mut Change<'_>,
    incident: IncidentId,
    delivery: IntakeId,
) -> Result<bool> {
    store::holds_delivery(change.tx, incident, delivery).await
}

/// Takes in, within a change, what is a blob already: a delivery of telemetry. Whoever acts is its first
/// custodian. The caller has seen to it that the actor may know of the incident.
pub async fn collect(change: &mut Change<'_>, actor: &Actor, new: NewEvidence) -> Result<Evidence> {
    insert(change, actor, new, None, None).await
}

/// Hashes and place of an item's bytes.
pub(super) struct Kept {
    pub hashes: Hashes,
    /// The blob's name.
    pub blob: String,
    pub key: KeyOf,
}

/// The item's own key.
pub(super) enum KeyOf {
    /// To be sealed under the incident's.
    New(Key),
    /// Under which it is sealed, and the key sealed so.
    Sealed(i64, Vec<u8>),
}

/// Makes an item of bytes that a person handed over.
pub(super) async fn keep(
    change: &mut Change<'_>,
    actor: &Actor,
    vault: &Vault,
    new: NewEvidence,
    note: Option<Text>,
    kept: Kept,
) -> Result<Evidence> {
    // Membership may have ended while the file was on its way.
    if !store::incident_is_there_in(change.tx, actor, new.incident).await? {
        return Err(Error::NotFound("incident"));
    }
    scope::stands_alone(change, new.incident).await?;
    let (under, sealed_key) = match kept.key {
        KeyOf::New(key) => vault::seal_item_key(change, vault, new.incident, &key).await?,
        KeyOf::Sealed(under, sealed) => (under, sealed),
    };
    let sealed = store::Sealed {
        sha1: kept.hashes.sha1,
        md5: kept.hashes.md5,
        blob: kept.blob,
        key: sealed_key,
        under,
    };
    insert(change, actor, new, note, Some(sealed)).await
}

async fn insert(
    change: &mut Change<'_>,
    actor: &Actor,
    new: NewEvidence,
    note: Option<Text>,
    sealed: Option<store::Sealed>,
) -> Result<Evidence> {
    need(actor, Permission::WorkIncident, "collecting evidence")?;
    let sha256: Sha256 = new.sha256.parse()?;
    let link = Link {
        act: CustodyAct::Collected,
        by: actor.name().to_owned(),
        account: actor.user(),
        to: None,
        to_account: None,
        reason: None,
        at: change.at,
        signature: None,
    };
    let item = store::NewItem {
        incident: new.incident,
        name: plain_name(&new.name),
        sha256,
        bytes: new.bytes,
        acquisition: new.acquisition,
        note: note.map(|note| note.to_string()),
        delivery: new.delivery,
        derived: new.derived,
        collected_by: actor.user(),
        status: CustodyStatus::Held,
        custodian: link.by.clone(),
        sealed,
    };
    let id = store::insert(change, &item).await?;
    store::insert_link(change, id, &link).await?;
    let evidence =
        store::get_in(change.tx, &Actor::Watchbell, id).await?.ok_or(Error::NotFound("evidence item"))?;
    evidence.chain()?;
    let scope = Some(new.incident.get());
    change.record(&id.to_string(), "evidence.collect", &evidence, scope).await?;
    change.tell(TOPIC, &id.to_string(), scope).await?;
    Ok(evidence)
}

/// Takes in a file that a person hands over. The bytes are on disk, hashed and sealed, before anything
/// else happens; memory stays constant.
pub async fn arrive<S, E>(
    app: &App,
    actor: &Actor,
    incident: IncidentId,
    name: &str,
    content: S,
) -> Result<Arrived>
where
    S: Stream<Item = std::result::Result<Bytes, E>> + Unpin,
    E: Into<Error>,
{
    need(actor, Permission::WorkIncident, "collecting evidence")?;
    seen(app, actor, incident).await?;
    let key = Key::generate()?;
    let writer = SealedWriter::new(app.blobs.writer()?, &key)?;
    let (hashes, blob) = stream_in(writer, content).await?;
    let unclaimed = Unclaimed { blobs: app.blobs.clone(), name: Some(blob.clone()) };
    let kept = Kept { hashes, blob, key: KeyOf::New(key) };
    Ok(Arrived { incident, name: name.to_owned(), kept, unclaimed })
}

/// A file that has arrived and waits for what is said about it. Given up, it leaves nothing behind.
pub struct Arrived {
    incident: IncidentId,
    name: String,
    kept: Kept,
    unclaimed: Unclaimed,
}

/// A blob that nobody knows of. It is removed unless it becomes an item's: its key would be gone.
struct Unclaimed {
    blobs: Blobs,
    name: Option<String>,
}

impl Unclaimed {
    fn claim(mut self) {
        self.name = None;
    }
}

impl Drop for Unclaimed {
    fn drop(&mut self) {
        if let Some(error) = self.name.take().and_then(|name| self.blobs.remove(&name).err()) {
            tracing::warn!(%error, "a blob that nobody knows of cannot be removed");
        }
    }
}

impl Statement {
    /// What is said, as an acquisition record, or why it will not do. Nothing said of the time means now.
    pub fn check(&self, actor: &Actor, now: Timestamp) -> Result<(Acquisition, Option<Text>)> {
        let line = |what, text: &str| Line::new(what, text);
        let may = |what, text: &Option<String>| text.as_deref().map(|text| Line::new(what, text)).transpose();
        let at = self.acquired_at.unwrap_or(now);
        if at > now + SKEW {
            return Err(Error::Invalid("The time of acquisition lies in the future.".to_owned()));
        }
        let acquisition = Acquisition {
            method: line("the method of acquisition", &self.method)?,
            tool: line("the tool of acquisition", &self.tool)?,
            tool_version: may("the tool's version", &self.tool_version)?,
            place: line("the place of acquisition", &self.place)?,
            device: may("the source device", &self.device)?,
            serial: may("the serial number", &self.serial)?,
            write_blocker: may("the write blocker", &self.write_blocker)?,
            by: line("your name", actor.name())?,
            at,
        };
        let note = self.note.as_deref().filter(|note| !note.trim().is_empty());
        let note = note.map(|note| Text::new("the note", note)).transpose()?;
        Ok((acquisition, note))
    }
}

impl Arrived {
    /// Of its bytes, lower-case hex.
    pub fn sha256(&self) -> &str {
        &self.kept.hashes.sha256
    }

    /// Makes the file an item within a change, with what is known of how it came into our hands.
    pub(super) async fn collect(
        self,
        change: &mut Change<'_>,
        vault: &Vault,
        actor: &Actor,
        acquisition: Acquisition,
        derived: Derived,
    ) -> Result<Evidence> {
        let Arrived { incident, name, kept, unclaimed } = self;
        let new = NewEvidence { derived: Some(derived), ..said(incident, name, &kept, acquisition) };
        let item = keep(change, actor, vault, new, None, kept).await?;
        unclaimed.claim();
        Ok(item)
    }

    /// Makes the file an evidence item.
    pub async fn state(self, app: &App, actor: &Actor, statement: Statement) -> Result<Evidence> {
        let Arrived { incident, name, kept, unclaimed } = self;
        let (acquisition, note) = statement.check(actor, app.clock.now())?;
        let new = said(incident, name, &kept, acquisition);
        let (who, vault) = (actor.clone(), std::sync::Arc::clone(&app.vault));
        let item = app
            .change(actor, move |change| {
                Box::pin(async move { keep(change, &who, &vault, new, note, kept).await })
            })
            .await?;
        unclaimed.claim();
        Ok(item)
    }
}

fn said(incident: IncidentId, name: String, kept: &Kept, acquisition: Acquisition) -> NewEvidence {
    NewEvidence {
        incident,
        name,
        sha256: kept.hashes.sha256.clone(),
        bytes: i64::try_from(kept.hashes.bytes).unwrap_or(i64::MAX),
        acquisition,
        delivery: None,
        derived: None,
    }
}

/// What a file is told that is larger than it may be.
pub(super) fn too_large(limit: u64) -> Error {
    Error::TooLarge(format!(
        "An evidence file has at most {} here. Keep a larger one on its medium and hand over its record, or have \
         the limit raised.",
        parts::size(i64::try_from(limit).unwrap_or(i64::MAX))
    ))
}

async fn stream_in<S, E>(mut writer: SealedWriter, mut content: S) -> Result<(Hashes, String)>
where
    S: Stream<Item = std::result::Result<Bytes, E>> + Unpin,
    E: Into<Error>,
{
    let (mut hashing, mut piece, mut total) = (Hashing::default(), Vec::with_capacity(PIECE), 0u64);
    while let Some(bytes) = content.next().await {
        let bytes = bytes.map_err(Into::into)?;
        total = total.saturating_add(u64::try_from(bytes.len()).unwrap_or(u64::MAX));
        if total > LARGEST {
            return Err(Error::TooLarge(format!(
                "A form takes a file of at most {} MiB. A larger one goes as a resumable upload: the page does that \
                 by itself where scripts run.",
                LARGEST >> 20
            )));
        }
        piece.extend_from_slice(&bytes);
        if piece.len() >= PIECE {
            (writer, hashing, piece) = write(writer, hashing, piece).await?;
        }
    }
    let (writer, hashing, _) = write(writer, hashing, piece).await?;
    let blob = blocking(move || writer.finish()).await?;
    Ok((hashing.finish(), blob.sha256))
}

async fn write(
    mut writer: SealedWriter,
    mut hashing: Hashing,
    mut piece: Vec<u8>,
) -> Result<(SealedWriter, Hashing, Vec<u8>)> {
    blocking(move || {
        hashing.update(&piece);
        writer.write_all(&piece)?;
        piece.clear();
        Ok((writer, hashing, piece))
    })
    .await
}

/// Runs what waits for the disk where it holds up nobody.
pub(super) async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> std::io::Result<T> + Send + 'static,
) -> Result<T> {
    Ok(tokio::task::spawn_blocking(work).await.map_err(std::io::Error::other)??)
}

/// A name that every database takes: control characters shown as such, of bounded length.
pub(super) fn plain_name(name: &str) -> String {
    let plain: String = name
        .chars()
        .map(|c| if c.is_control() { char::REPLACEMENT_CHARACTER } else { c })
        .take(LONGEST_NAME)
        .collect();
    let plain = plain.trim();
    if plain.is_empty() { "(no name)".to_owned() } else { plain.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::plain_name;

    #[test]
    fn a_name_is_one_line_that_any_database_takes() {
        assert_eq!(plain_name("a\r\nX: y\0"), "a\u{fffd}\u{fffd}X: y\u{fffd}");
        assert_eq!(plain_name(" \u{2003}"), "(no name)");
        assert_eq!(plain_name(&"x".repeat(400)).len(), 255);
        assert_eq!(plain_name("../../etc/passwd"), "../../etc/passwd");
    }
}
