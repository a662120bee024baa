//! Uploads that survive a broken connection, a restart and `kill -9` (tus 1.0.0, <https://tus.io>).
//!
//! Content is hashed and sealed as it comes: full chunks go to a file of their own, and what fills no
//! chunk yet is kept, sealed, in the row that says how much is durable. An offset that somebody was told
//! is therefore one that is on the disk. When the last byte is there, the file becomes a blob and the
//! upload an evidence item, in one change.

mod progress;
pub mod tus;

use domain::{Actor, EvidenceId, IncidentId, Permission};
use jiff::Timestamp;
use platform::sealed::Key;
use platform::secrets;
use serde::Serialize;
use utoipa::ToSchema;

pub use progress::{Checksum, Slot};

use super::collect::{self, Kept, NewEvidence, Statement, blocking};
use super::store::uploads::{self as store, Stored};
use super::{Evidence, seen, vault};
use crate::app::App;
use crate::error::{Error, Result};
use crate::identity::{need, scope};

/// An upload as its owner sees it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Upload {
    #[schema(example = "3f1c9a0e6b7d4c2f8a5e1b0d9c7f6a34")]
    pub id: String,
    #[schema(value_type = String, example = "INC-1")]
    pub incident: IncidentId,
    /// The file's name as it was announced. Text from outside.
    pub name: String,
    /// Bytes that the file has.
    pub length: u64,
    /// Bytes that are durable; the next piece begins here.
    pub offset: u64,
    /// When it is thrown away, unless more comes.
    #[schema(value_type = String, format = DateTime)]
    pub expires_at: Timestamp,
    /// What it has become.
    #[schema(value_type = Option<String>, example = "EVD-1")]
    pub evidence: Option<EvidenceId>,
}

/// What somebody announces.
pub struct Announced {
    pub incident: IncidentId,
    pub name: String,
    pub length: u64,
    pub statement: Statement,
}

impl From<&Stored> for Upload {
    fn from(stored: &Stored) -> Self {
        Upload {
            id: stored.id.clone(),
            incident: stored.incident,
            name: stored.name.clone(),
            length: stored.length,
            offset: stored.received,
            expires_at: stored.expires_at,
            evidence: stored.evidence,
        }
    }
}

/// Begins an upload. What is said about the file is checked now, not after ten gigabytes.
pub async fn create(app: &App, actor: &Actor, new: Announced) -> Result<Upload> {
    need(actor, Permission::WorkIncident, "collecting evidence")?;
    seen(app, actor, new.incident).await?;
    let limits = app.vault.limits;
    if new.length > limits.largest {
        return Err(collect::too_large(limits.largest));
    }
    let now = app.clock.now();
    let mut statement = new.statement;
    statement.acquired_at = Some(statement.acquired_at.unwrap_or(now));
    statement.check(actor, now)?;
    let mut random = [0; 16];
    secrets::random(&mut random)?;
    let (id, key) = (hex::encode(random), Key::generate()?);
    let path = app.vault.uploads.join(&id);
    blocking(move || progress::begin(&path)).await?;
    let mut stored = Stored {
        id: id.clone(),
        incident: new.incident,
        name: collect::plain_name(&new.name),
        statement: serde_json::to_string(&statement)?,
        length: new.length,
        received: 0,
        tail: key.seal(progress::TAIL, &[])?,
        sealed_key: Vec::new(),
        sealed_under: 0,
        expires_at: now.checked_add(limits.kept_for).unwrap_or(Timestamp::MAX),
        evidence: None,
    };
    let (who, vault) = (actor.clone(), std::sync::Arc::clone(&app.vault));
    let made = app
        .change(actor, move |change| {
            Box::pin(async move {
                scope::stands_alone(change, stored.incident).await?;
                let (own, bytes) = store::under_way(change, &who).await?;
                if own >= limits.each {
                    return Err(Error::Conflict(format!(
                        "You have {own} unfinished uploads, and more at once are not taken. Finish or remove one first."
                    )));
                }
                if bytes.saturating_add(stored.length) > limits.unfinished {
                    return Err(Error::Unavailable(
                        "The unfinished uploads of all people take as much room as they may. Try again when some are done."
                            .to_owned(),
                    ));
                }
                (stored.sealed_under, stored.sealed_key) =
                    vault::seal_item_key(change, &vault, stored.incident, &key).await?;
                store::insert(change, &who, &stored).await?;
                Ok(stored)
            })
        })
        .await;
    match made {
        // A file without a byte is whole already.
        Ok(stored) if stored.length == 0 => {
            let slot = app.vault.slot(&stored.id);
            let mut held = slot.take_over().await?;
            finish(app, actor, &stored, &mut held).await?;
            get(app, actor, &stored.id).await
        }
        Ok(stored) => Ok(Upload::from(&stored)),
        Err(error) => {
            remove_file(app, &id).await?;
            Err(error)
        }
    }
}

/// One's own upload; whose it is not finds nothing.
pub async fn get(app: &App, actor: &Actor, id: &str) -> Result<Upload> {
    Ok(Upload::from(&stored(app, actor, id).await?))
}

/// One's own upload, once no request sends to it any more: an older one whose connection is dead lets go.
/// After a restart, what is there is read once now, so that the next piece need not wait for it.
pub async fn settled(app: &App, actor: &Actor, id: &str) -> Result<Upload> {
    let upload = get(app, actor, id).await?;
    if upload.evidence.is_some() {
        return Ok(upload);
    }
    let slot = app.vault.slot(id);
    let mut held = slot.take_over().await?;
    let stored = stored(app, actor, id).await?;
    if stored.evidence.is_none() {
        progress::prepare(app, &stored, &mut held).await?;
    }
    Ok(Upload::from(&stored))
}

async fn stored(app: &App, actor: &Actor, id: &str) -> Result<Stored> {
    need(actor, Permission::WorkIncident, "collecting evidence")?;
    store::get(&app.db, actor, id, app.clock.now()).await?.ok_or(Error::NotFound("upload"))
}

/// Throws an unfinished upload away.
pub async fn terminate(app: &App, actor: &Actor, id: &str) -> Result<()> {
    let stored = stored(app, actor, id).await?;
    if let Some(item) = stored.evidence {
        return Err(Error::Conflict(format!(
            "The upload is finished: it is {item}, which only two people can destroy."
        )));
    }
    let slot = app.vault.slot(id);
    let _held = slot.take_over().await?;
    discard(app, actor, id.to_owned()).await
}

async fn discard(app: &App, actor: &Actor, id: String) -> Result<()> {
    let name = id.clone();
    app.change(actor, move |change| Box::pin(async move { store::delete(change, &id).await })).await?;
    app.vault.forget(&name);
    remove_file(app, &name).await
}

/// Throws away what has expired, and files that belong to no upload. Says how many went.
pub async fn sweep(app: &App) -> Result<usize> {
    let mut gone = 0;
    loop {
        let expired = store::expired(&app.db, app.clock.now()).await?;
        if expired.is_empty() {
            break;
        }
        for id in expired {
            let slot = app.vault.slot(&id);
            let Ok(_held) = slot.take_over().await else { return Ok(gone) };
            discard(app, &Actor::Watchbell, id).await?;
            gone += 1;
        }
    }
    Ok(gone)
}

/// At the start: what was left by a server that was killed between file and row.
pub async fn tidy(app: &App) -> Result<()> {
    let folder = app.vault.uploads.clone();
    let names = blocking(move || {
        std::fs::read_dir(folder)?
            .map(|entry| Ok(entry?.file_name().to_string_lossy().into_owned()))
            .collect::<std::io::Result<Vec<_>>>()
    });
    for name in names.await? {
        if !store::is_known(&app.db, &name).await? {
            remove_file(app, &name).await?;
        }
    }
    Ok(())
}

/// Seals the end, names the blob, and makes the item of it.
async fn finish(
    app: &App,
    actor: &Actor,
    stored: &Stored,
    held: &mut progress::Held<'_>,
) -> Result<Evidence> {
    let progress = progress::at(app, stored, held).await?;
    let path = app.vault.uploads.join(&stored.id);
    let blobs = app.blobs.clone();
    let (hashes, blob) = blocking(move || {
        let (hashes, blob) = progress.finish()?;
        blobs.adopt(&path, &blob)?;
        Ok((hashes, blob))
    })
    .await?;
    let statement: Statement = serde_json::from_str(&stored.statement)?;
    let (acquisition, note) = statement.check(actor, app.clock.now())?;
    let new = NewEvidence {
        incident: stored.incident,
        name: stored.name.clone(),
        sha256: hashes.sha256.clone(),
        bytes: i64::try_from(hashes.bytes).unwrap_or(i64::MAX),
        acquisition,
        delivery: None,
        derived: None,
    };
    let kept = Kept {
        hashes,
        blob: blob.clone(),
        key: collect::KeyOf::Sealed(stored.sealed_under, stored.sealed_key.clone()),
    };
    let (row, who, vault) = (stored.clone(), actor.clone(), std::sync::Arc::clone(&app.vault));
    let made = app
        .change(actor, move |change| {
            Box::pin(async move {
                let item = collect::keep(change, &who, &vault, new, note, kept).await?;
                if !store::finish(change, &row, item.id).await? {
                    return Err(Error::Conflict("The upload was finished or removed meanwhile.".to_owned()));
                }
                Ok(item)
            })
        })
        .await;
    match made {
        Ok(item) => {
            app.vault.forget(&stored.id);
            remove_file(app, &stored.id).await?;
            Ok(item)
        }
        Err(error) => {
            // Nobody knows of the blob.
            let blobs = app.blobs.clone();
            blocking(move || blobs.remove(&blob)).await?;
            Err(error)
        }
    }
}

async fn remove_file(app: &App, id: &str) -> Result<()> {
    let path = app.vault.uploads.join(id);
    blocking(move || match std::fs::remove_file(path) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    })
    .await
}
