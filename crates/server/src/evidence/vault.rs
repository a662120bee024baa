//! The keys of evidence. Each item's bytes lie under a key of their own; that is sealed under the key of
//! its incident, and that under the instance's, a file in the data folder that only its owner reads.
//! Whoever destroys an item's key, or an incident's, has destroyed what lies under it.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use domain::IncidentId;
use jiff::SignedDuration;
use platform::sealed::Key;
use platform::secrets;

use super::store;
use super::upload::Slot;
use crate::change::Change;
use crate::error::{Error, Result};

/// The file in the data folder that holds the instance's key.
const KEY_FILE: &str = "evidence.key";
/// Uploads under way, beside the blobs on the same disk.
const UPLOADS: &str = "uploads";
/// What a key is sealed for, so that no other sealed thing can be passed off as one.
const OF_INCIDENT: &str = "watchbell evidence: key of ";
const OF_ITEM: &str = "watchbell evidence: key of an item of ";

/// What uploads of evidence may take.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// Bytes of one file.
    pub largest: u64,
    /// Bytes that all unfinished uploads together may announce.
    pub unfinished: u64,
    /// How many uploads one person may have under way.
    pub each: i64,
    /// How long an upload is kept after its last piece came.
    pub kept_for: SignedDuration,
}

impl Default for Limits {
    /// 64 GiB a file, 256 GiB and 16 uploads under way, three days.
    fn default() -> Self {
        Limits {
            largest: 64 << 30,
            unfinished: 256 << 30,
            each: 16,
            kept_for: SignedDuration::from_hours(72),
        }
    }
}

/// What the server holds for its evidence beside the database and the blobs.
pub struct Vault {
    key: Key,
    pub(super) uploads: PathBuf,
    pub limits: Limits,
    slots: Mutex<HashMap<String, Arc<Slot>>>,
}

impl Vault {
    /// Reads the instance's key, making it the first time.
    pub fn open(data: &Path, limits: Limits) -> Result<Self> {
        let uploads = data.join(UPLOADS);
        std::fs::create_dir_all(&uploads)?;
        Ok(Vault { key: instance_key(&data.join(KEY_FILE))?, uploads, limits, slots: Mutex::default() })
    }

    /// What is in memory of an upload under way.
    pub(super) fn slot(&self, id: &str) -> Arc<Slot> {
        let mut slots = self.slots.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(slots.entry(id.to_owned()).or_default())
    }

    pub(super) fn forget(&self, id: &str) {
        self.slots.lock().unwrap_or_else(PoisonError::into_inner).remove(id);
    }

    /// Opens an item's key, given its incident's.
    pub(super) fn item_key(&self, incident: IncidentId, of_incident: &[u8], of_item: &[u8]) -> Result<Key> {
        let outer = self.key.open_key(&format!("{OF_INCIDENT}{incident}"), of_incident)?;
        Ok(outer.open_key(&format!("{OF_ITEM}{incident}"), of_item)?)
    }
}

/// Seals an item's key under its incident's, which is made if there is none. Gives which one that is.
pub(super) async fn seal_item_key(
    change: &mut Change<'_>,
    vault: &Vault,
    incident: IncidentId,
    item: &Key,
) -> Result<(i64, Vec<u8>)> {
    let about = format!("{OF_INCIDENT}{incident}");
    let (under, outer) = match store::keys::of_incident(change, incident).await? {
        Some((under, sealed)) => (under, vault.key.open_key(&about, &sealed)?),
        None => {
            let made = Key::generate()?;
            let sealed = vault.key.seal(&about, made.as_bytes())?;
            (store::keys::insert(change, incident, &sealed).await?, made)
        }
    };
    Ok((under, outer.seal(&format!("{OF_ITEM}{incident}"), item.as_bytes())?))
}

/// The key that all of the instance's evidence lies under: made once, readable by its owner alone.
fn instance_key(path: &Path) -> Result<Key> {
    let damaged = || Error::Damaged(format!("{} holds no key of 64 hexadecimal digits", path.display()));
    match std::fs::read_to_string(path) {
        Ok(text) => {
            let bytes = hex::decode(text.trim()).map_err(|_| damaged())?;
            Key::from_bytes(&bytes).ok_or_else(damaged)
        }
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            let key = Key::generate()?;
            secrets::write_private(path, hex::encode(key.as_bytes()).as_bytes())?;
            Ok(key)
        }
        Err(error) => Err(error.into()),
    }
}
