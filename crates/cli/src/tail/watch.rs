//! Which files are followed: those named, and those that are or appear in the folders named. A file is
//! known by what it is, not by its name, so that one that was renamed is not taken for a new one.

use std::collections::{HashMap, HashSet};
use std::fs::File;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant, SystemTime};

use telemetry::Format;

use super::follow::{FileId, Follower};
use super::leave_out;
use super::state::{Entry, State};
use crate::files;

/// How often folders are looked through.
const EVERY: Duration = Duration::from_secs(1);
/// A file that may be a copy which rotation makes is left alone until it is whole.
const SETTLED: Duration = Duration::from_secs(2);
const MOST_FILES: usize = 4096;

pub struct Watch {
    paths: Vec<PathBuf>,
    from_start: bool,
    format: Option<Format>,
    followers: Vec<Follower>,
    /// Files that were rotated away and read to their end, or cannot be followed.
    done: HashMap<FileId, Done>,
    looked: Option<Instant>,
    missing: HashSet<PathBuf>,
    too_many: bool,
}

struct Done {
    entry: Entry,
    is_refused: bool,
}

impl Watch {
    pub fn new(paths: &[PathBuf], from_start: bool, format: Option<Format>) -> Watch {
        Watch {
            paths: paths.to_vec(),
            from_start,
            format,
            followers: Vec::new(),
            done: HashMap::new(),
            looked: None,
            missing: HashSet::new(),
            too_many: false,
        }
    }

    pub fn followers(&mut self) -> impl Iterator<Item = &mut Follower> {
        self.followers.iter_mut()
    }

    pub fn drop_finished(&mut self) {
        for follower in self.followers.iter().filter(|follower| follower.finished) {
            let done = Done { entry: follower.entry(), is_refused: !follower.is_rotated() };
            self.done.insert(follower.id, done);
        }
        self.followers.retain(|follower| !follower.finished);
    }

    /// Looks for files that are new and for those that were rotated away.
    pub fn look(&mut self, state: Option<&State>) {
        if self.looked.is_some_and(|looked| looked.elapsed() < EVERY) {
            return;
        }
        let is_first = self.looked.is_none();
        self.looked = Some(Instant::now());
        if is_first && let Some(state) = state {
            self.find_rotated(state);
        }
        for path in self.paths.clone() {
            match files::find(std::slice::from_ref(&path)) {
                Ok(found) => {
                    for file in found.files {
                        self.see(&file.path, is_first, state);
                    }
                    self.missing.remove(&path);
                }
                Err(error) => {
                    if self.missing.insert(path.clone()) {
                        leave_out(&path, &format!("{error:#}; it is waited for"));
                    }
                }
            }
        }
        for follower in &mut self.followers {
            let there = std::fs::metadata(&follower.path).ok().map(|metadata| FileId::of(&metadata));
            if there != Some(follower.id) {
                follower.rotate();
            }
        }
    }

    fn is_known(&self, id: FileId) -> bool {
        self.followers.iter().any(|follower| follower.id == id)
    }

    fn see(&mut self, path: &Path, is_first: bool, state: Option<&State>) {
        let Ok(file) = File::open(path) else { return };
        let Ok(metadata) = file.metadata() else { return };
        let id = FileId::of(&metadata);
        if self.is_known(id) || !metadata.is_file() {
            return;
        }
        let mut follower = Follower::new(path, file, id, self.format);
        // A number is given to another file once its own is gone.
        match self.done.get(&id) {
            Some(done) if done.is_refused && done.entry.path == path => return,
            Some(done) if !done.is_refused && follower.holds(&done.entry) => {
                if metadata.len() > done.entry.at {
                    follower.resume(&done.entry);
                    self.followers.push(follower);
                    self.done.remove(&id);
                }
                return;
            }
            _ => {
                self.done.remove(&id);
            }
        }
        if self.followers.len() >= MOST_FILES {
            if !std::mem::replace(&mut self.too_many, true) {
                leave_out(path, &format!("{MOST_FILES} files are followed already"));
            }
            return;
        }
        if let Some(state) = state {
            let entries = state.entries();
            let same = entries.iter().find(|entry| (entry.device, entry.inode) == (id.device, id.inode));
            // A device may have another number after a restart of the machine.
            let entry = same.or_else(|| entries.iter().find(|entry| entry.path == path && entry.at > 0));
            if let Some(entry) = entry
                && follower.holds(entry)
            {
                follower.resume(entry);
                self.followers.push(follower);
                return;
            }
            // A copy that rotation made while nobody looked goes on where its original was.
            let copied = entries
                .iter()
                .find(|entry| entry.at > 0 && is_named_after(path, &entry.path) && follower.holds(entry));
            if let Some(entry) = copied {
                follower.resume(entry);
                follower.rotate();
                self.followers.push(follower);
                return;
            }
        }
        let originals: Vec<&Follower> =
            self.followers.iter().filter(|other| is_named_after(path, &other.path)).collect();
        if !originals.is_empty() {
            let changed = metadata.modified().ok().and_then(|at| SystemTime::now().duration_since(at).ok());
            if !is_first && changed.is_none_or(|since| since < SETTLED) {
                return;
            }
            if originals.iter().any(|original| follower.continues_copy_of(original)) {
                self.followers.push(follower);
                return;
            }
        }
        // Who has followed before wants what came while nobody looked.
        let is_first_run = is_first && state.is_none_or(|state| state.entries().is_empty());
        if is_first_run
            && !self.from_start
            && let Err(error) = follower.skip_to_end()
        {
            leave_out(path, &format!("reading it failed: {error}"));
            follower.finished = true;
        }
        self.followers.push(follower);
    }

    /// Files that were renamed while nobody followed them, next to where they were.
    fn find_rotated(&mut self, state: &State) {
        for entry in state.entries() {
            let own = std::fs::metadata(&entry.path).ok().map(|metadata| FileId::of(&metadata));
            let id = FileId { device: entry.device, inode: entry.inode };
            if own == Some(id) || !self.paths.iter().any(|path| entry.path.starts_with(path)) {
                continue;
            }
            let Some(folder) = entry.path.parent() else { continue };
            let folder = if folder.as_os_str().is_empty() { Path::new(".") } else { folder };
            let Ok(siblings) = std::fs::read_dir(folder) else { continue };
            for sibling in siblings.flatten() {
                let path = sibling.path();
                let is_it = std::fs::metadata(&path).is_ok_and(|metadata| FileId::of(&metadata) == id);
                if is_it
                    && !self.is_known(id)
                    && let Ok(file) = File::open(&path)
                {
                    let mut follower = Follower::new(&path, file, id, self.format);
                    if follower.holds(entry) {
                        follower.resume(entry);
                        follower.rotate();
                        self.followers.push(follower);
                    }
                }
            }
        }
    }
}

/// `access.log.1` and `access.log-20240501` are named after `access.log`.
fn is_named_after(path: &Path, original: &Path) -> bool {
    let names = path.file_name().zip(original.file_name());
    path.parent() == original.parent()
        && names.is_some_and(|(name, original)| {
            name != original && name.as_encoded_bytes().starts_with(original.as_encoded_bytes())
        })
}
