//! One upload's way to the disk. What is in memory (hashes under way, the chunk that is not full) can
//! always be made anew from what is durable; one request at a time holds it, and a newer request takes it
//! from an older one whose connection is dead without knowing it.

use std::fs::{File, OpenOptions};
use std::io::{self, Seek, SeekFrom, Write};
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use base64::prelude::{BASE64_STANDARD, Engine as _};
use bytes::Bytes;
use domain::Actor;
use futures_util::{Stream, StreamExt};
use platform::hashes::{Hashes, Hashing};
use platform::sealed::{CHUNK, HEAD, Key, SEALED_CHUNK, Sealer, each_chunk};
use sha2::{Digest, Sha256};
use tokio::sync::{Mutex, MutexGuard, Notify};

use super::store::{self, Stored};
use super::{Upload, blocking, finish};
use crate::app::App;
use crate::error::{Error, Result};

/// What the tail is sealed for.
pub const TAIL: &str = "watchbell evidence: the end of an upload";
/// How much is gathered before a thread hashes, seals and writes it.
const PIECE: usize = 1 << 20;
/// How much may come before it is made durable, so that a crash costs little.
const DURABLE_EVERY: u64 = 64 << 20;
/// How long nothing may come.
const IDLE: Duration = Duration::from_secs(60);
/// How long a newer request waits for an older one to let go.
const LETTING_GO: Duration = Duration::from_secs(10);

/// Who holds an upload, and what they hold.
#[derive(Default)]
pub struct Slot {
    progress: Mutex<Option<Progress>>,
    /// How many wait for the one that holds it.
    waiting: AtomicUsize,
    let_go: Notify,
}

/// An upload held by one request.
pub struct Held<'s>(MutexGuard<'s, Option<Progress>>);

impl Slot {
    /// Takes the upload, from whoever has it.
    pub async fn take_over(&self) -> Result<Held<'_>> {
        self.waiting.fetch_add(1, Ordering::SeqCst);
        self.let_go.notify_waiters();
        let held = tokio::time::timeout(LETTING_GO, self.progress.lock()).await;
        self.waiting.fetch_sub(1, Ordering::SeqCst);
        held.map(Held).map_err(|_| {
            Error::Unavailable(
                "Another request still sends to this upload. Ask for its offset in a moment.".to_owned(),
            )
        })
    }
}

/// An upload in memory.
pub struct Progress {
    file: File,
    key: Key,
    sealer: Sealer,
    hashing: Hashing,
    /// Of the sealed bytes: what the blob will be called.
    sealed: Sha256,
    out: Vec<u8>,
}

/// What a piece must hash to (tus checksum extension).
#[derive(Debug, Clone)]
pub struct Checksum {
    pub algorithm: Algorithm,
    pub digest: Vec<u8>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Algorithm {
    Md5,
    Sha1,
    Sha256,
}

impl Checksum {
    /// `sha1 BASE64`. `None` if the algorithm is unknown or the digest is none.
    pub fn parse(text: &str) -> Option<Self> {
        let (name, digest) = text.split_once(' ')?;
        let algorithm = match name {
            "md5" => Algorithm::Md5,
            "sha1" => Algorithm::Sha1,
            "sha256" => Algorithm::Sha256,
            _ => return None,
        };
        let digest = BASE64_STANDARD.decode(digest.trim()).ok()?;
        Some(Checksum { algorithm, digest })
    }

    fn fits(&self, hashes: &Hashes) -> bool {
        let found = match self.algorithm {
            Algorithm::Md5 => &hashes.md5,
            Algorithm::Sha1 => &hashes.sha1,
            Algorithm::Sha256 => &hashes.sha256,
        };
        hex::encode(&self.digest) == *found
    }
}

/// What came of a piece.
pub enum Taken {
    /// All of it, or as much as came before the connection broke.
    Durable(Upload),
    /// None of it: it is not at the upload's end, which is here.
    WrongOffset(u64),
    /// None of it: it is not what its checksum says.
    WrongChecksum,
}

/// Makes the file of a new upload.
pub fn begin(path: &Path) -> io::Result<()> {
    let mut file = OpenOptions::new().write(true).create_new(true).open(path)?;
    file.write_all(HEAD)?;
    file.sync_all()?;
    if let Some(folder) = path.parent() {
        File::open(folder)?.sync_all()?;
    }
    Ok(())
}

/// Takes a piece of an upload. Without a checksum, what came before a connection broke is kept; with
/// one, the whole piece counts or nothing.
pub async fn append<S, E>(
    app: &App,
    actor: &Actor,
    id: &str,
    offset: u64,
    checksum: Option<Checksum>,
    content: S,
) -> Result<Taken>
where
    S: Stream<Item = std::result::Result<Bytes, E>> + Unpin,
{
    super::stored(app, actor, id).await?;
    let slot = app.vault.slot(id);
    let mut held = slot.take_over().await?;
    // Another request may have added to it before this one got hold of it.
    let stored = super::stored(app, actor, id).await?;
    if stored.received != offset || stored.evidence.is_some() {
        return Ok(Taken::WrongOffset(stored.received));
    }
    let came = receive(app, actor, &stored, &slot, &mut held, checksum.is_some(), content).await?;
    let (received, own) = match came {
        Came::All { received, own } => (received, own),
        Came::Broken { .. } if checksum.is_some() => {
            *held.0 = None;
            return Err(Error::Invalid(
                "The piece broke off before its end, so its checksum says nothing.".to_owned(),
            ));
        }
        Came::Broken { received, own } => (received, own),
        Came::TooMuch => {
            *held.0 = None;
            return Err(Error::TooLarge(format!(
                "The upload was announced with {} bytes and more came. Nothing of this piece was kept.",
                stored.length
            )));
        }
    };
    if checksum.is_some_and(|checksum| !checksum.fits(&own)) {
        *held.0 = None;
        return Ok(Taken::WrongChecksum);
    }
    if received == stored.length {
        let item = finish(app, actor, &stored, &mut held).await?;
        return Ok(Taken::Durable(Upload {
            offset: received,
            evidence: Some(item.id),
            ..Upload::from(&stored)
        }));
    }
    make_durable(app, actor, &stored, &mut held, received).await?;
    Ok(Taken::Durable(super::get(app, actor, id).await?))
}

/// How a piece ended: bytes of the whole upload by then, and the hashes of the piece itself.
enum Came {
    All { received: u64, own: Hashes },
    Broken { received: u64, own: Hashes },
    TooMuch,
}

async fn receive<S, E>(
    app: &App,
    actor: &Actor,
    stored: &Stored,
    slot: &Slot,
    held: &mut Held<'_>,
    all_or_nothing: bool,
    mut content: S,
) -> Result<Came>
where
    S: Stream<Item = std::result::Result<Bytes, E>> + Unpin,
{
    let mut progress = at(app, stored, held).await?;
    let (mut own, mut durable) = (Hashing::default(), stored.received);
    let mut piece = Vec::with_capacity(PIECE);
    loop {
        let next = tokio::select! {
            () = std::future::ready(()), if slot.waiting.load(Ordering::SeqCst) > 0 => None,
            () = slot.let_go.notified() => None,
            next = tokio::time::timeout(IDLE, content.next()) => next.ok(),
        };
        // `None`: somebody else asks, or nothing came for long. Inside: the end, or an error.
        let (bytes, end) = match next {
            Some(Some(Ok(bytes))) => (bytes, None),
            Some(None) => (Bytes::new(), Some(true)),
            Some(Some(Err(_))) | None => (Bytes::new(), Some(false)),
        };
        let more = u64::try_from(piece.len() + bytes.len()).unwrap_or(u64::MAX);
        if progress.hashing.bytes().saturating_add(more) > stored.length {
            return Ok(Came::TooMuch);
        }
        piece.extend_from_slice(&bytes);
        if end.is_some() || piece.len() >= PIECE {
            if all_or_nothing {
                own.update(&piece);
            }
            (progress, piece) = blocking(move || {
                progress.take(&piece)?;
                piece.clear();
                Ok((progress, piece))
            })
            .await?;
        }
        let received = progress.hashing.bytes();
        if let Some(whole) = end {
            *held.0 = Some(progress);
            let own = own.finish();
            return Ok(if whole { Came::All { received, own } } else { Came::Broken { received, own } });
        }
        if !all_or_nothing && received.saturating_sub(durable) >= DURABLE_EVERY && received < stored.length {
            *held.0 = Some(progress);
            make_durable(app, actor, stored, held, received).await?;
            durable = received;
            progress = at(app, stored, held).await?;
        }
    }
}

async fn make_durable(
    app: &App,
    actor: &Actor,
    stored: &Stored,
    held: &mut Held<'_>,
    received: u64,
) -> Result<()> {
    let Some(progress) = held.0.take() else {
        return Err(Error::Io(io::Error::other("an upload was not held while it was made durable")));
    };
    let (progress, tail) = blocking(move || {
        progress.file.sync_data()?;
        let tail = progress.key.seal(TAIL, progress.sealer.tail())?;
        Ok((progress, tail))
    })
    .await?;
    let id = stored.id.clone();
    let until = app.clock.now().checked_add(app.vault.limits.kept_for).unwrap_or(jiff::Timestamp::MAX);
    let kept = app
        .change(actor, move |change| {
            Box::pin(async move { store::advance(change, &id, received, &tail, until).await })
        })
        .await?;
    if !kept {
        return Err(Error::NotFound("upload"));
    }
    *held.0 = Some(progress);
    Ok(())
}

/// Makes ready for the next piece.
pub async fn prepare(app: &App, stored: &Stored, held: &mut Held<'_>) -> Result<()> {
    *held.0 = Some(at(app, stored, held).await?);
    Ok(())
}

/// What is held of an upload; made anew from the disk if it is not what is durable.
pub async fn at(app: &App, stored: &Stored, held: &mut Held<'_>) -> Result<Progress> {
    if let Some(progress) = held.0.take() {
        return Ok(progress);
    }
    let (incident, sealed) =
        super::super::store::keys::sealed(&app.db, stored.sealed_under).await?.ok_or_else(|| {
            Error::Conflict(
                "The key of this incident's evidence was destroyed. Begin the upload anew.".to_owned(),
            )
        })?;
    let key = app.vault.item_key(incident, &sealed, &stored.sealed_key)?;
    let (path, received, tail) = (app.vault.uploads.join(&stored.id), stored.received, stored.tail.clone());
    blocking(move || Progress::resume(&path, key, received, &tail)).await
}

impl Progress {
    /// Reads what is durable once, for its hashes; what lies behind it in the file was never promised.
    fn resume(path: &Path, key: Key, received: u64, tail: &[u8]) -> io::Result<Self> {
        let chunks = received / CHUNK as u64;
        let tail = key.open(TAIL, tail)?;
        let mut file = OpenOptions::new().read(true).write(true).open(path)?;
        file.set_len(HEAD.len() as u64 + chunks * SEALED_CHUNK)?;
        let (mut hashing, mut sealed) = (Hashing::default(), Sha256::new());
        each_chunk(io::BufReader::with_capacity(PIECE, &mut file), &key, chunks, |outside, inside| {
            sealed.update(outside);
            hashing.update(inside);
        })?;
        hashing.update(&tail);
        if hashing.bytes() != received {
            return Err(io::Error::new(
                io::ErrorKind::InvalidData,
                "an upload has another length than its row says",
            ));
        }
        file.seek(SeekFrom::End(0))?;
        let sealer = Sealer::resume(&key, chunks, &tail)?;
        Ok(Progress { file, key, sealer, hashing, sealed, out: Vec::new() })
    }

    fn take(&mut self, piece: &[u8]) -> io::Result<()> {
        self.out.clear();
        self.sealer.push(piece, &mut self.out)?;
        self.hashing.update(piece);
        self.sealed.update(&self.out);
        self.file.write_all(&self.out)
    }

    /// Seals the last chunk. Gives the hashes of the content and the name of the blob.
    pub fn finish(mut self) -> io::Result<(Hashes, String)> {
        self.out.clear();
        self.sealer.finish(&mut self.out)?;
        self.sealed.update(&self.out);
        self.file.write_all(&self.out)?;
        self.file.sync_all()?;
        Ok((self.hashing.finish(), hex::encode(self.sealed.finalize())))
    }
}

impl Drop for Held<'_> {
    fn drop(&mut self) {
        // A thousand forgotten uploads must not hold a thousand chunks' worth of buffers.
        if let Some(progress) = self.0.as_mut() {
            progress.out = Vec::new();
        }
    }
}
