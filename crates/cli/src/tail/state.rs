//! The state file: how far each file has been read. It is replaced as a whole, so that a break leaves
//! the one before.

use std::fs::File;
use std::io::Write;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};
use serde::{Deserialize, Serialize};

use super::follow::Follower;

/// How many files that are gone are remembered.
const MOST_GONE: usize = 1000;

/// What is known of one file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Entry {
    pub path: PathBuf,
    /// Under which its records were sent.
    pub name: String,
    pub device: u64,
    pub inode: u64,
    pub at: u64,
    pub before: String,
    pub planned: Option<u64>,
    pub format: String,
    pub header: Vec<String>,
    pub records: u64,
}

#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Kept {
    version: u32,
    files: Vec<Entry>,
}

pub struct State {
    path: PathBuf,
    kept: Kept,
    /// Held as long as we run: two that write one state would lose each other's positions.
    _lock: File,
}

impl State {
    pub fn open(path: &Path) -> anyhow::Result<State> {
        let mut lock_path = path.as_os_str().to_owned();
        lock_path.push(".lock");
        let about = || format!("the state file {} cannot be used", path.display());
        let lock = File::create(&lock_path).with_context(about)?;
        if lock.try_lock().is_err() {
            bail!(
                "another `watchbell tail` uses {}; give this one a file of its own with --state",
                path.display()
            );
        }
        let kept = match std::fs::read(path) {
            Ok(bytes) => serde_json::from_slice::<Kept>(&bytes).with_context(|| {
                format!("{} is no state file of `watchbell tail`; name another", path.display())
            })?,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                Kept { version: 1, files: Vec::new() }
            }
            Err(error) => return Err(error).with_context(about),
        };
        if kept.version != 1 {
            bail!("{} was written by another version of Watchbell; name another file", path.display());
        }
        Ok(State { path: path.to_owned(), kept, _lock: lock })
    }

    pub fn entries(&self) -> &[Entry] {
        &self.kept.files
    }

    /// Notes where one file is.
    pub fn keep(&mut self, follower: &Follower) -> anyhow::Result<()> {
        if self.note(follower) { self.write() } else { Ok(()) }
    }

    /// Notes where all are.
    pub fn keep_all<'f>(&mut self, followers: impl Iterator<Item = &'f mut Follower>) -> anyhow::Result<()> {
        let mut changed = false;
        for follower in followers {
            changed |= self.note(follower);
        }
        if changed { self.write() } else { Ok(()) }
    }

    fn note(&mut self, follower: &Follower) -> bool {
        let entry = follower.entry();
        let files = &mut self.kept.files;
        match files.iter_mut().find(|known| known.device == entry.device && known.inode == entry.inode) {
            Some(known) if *known == entry => return false,
            Some(known) => *known = entry,
            None => {
                if files.len() >= MOST_GONE
                    && let Some(at) = files.iter().position(|known| !known.path.exists())
                {
                    files.remove(at);
                }
                files.push(entry);
            }
        }
        true
    }

    fn write(&self) -> anyhow::Result<()> {
        let about = || format!("the state file {} cannot be written", self.path.display());
        let mut beside = self.path.as_os_str().to_owned();
        beside.push(".new");
        let write = || -> std::io::Result<()> {
            let mut file = File::create(&beside)?;
            file.write_all(&serde_json::to_vec_pretty(&self.kept)?)?;
            file.sync_all()?;
            std::fs::rename(&beside, &self.path)
        };
        write().with_context(about)
    }
}
