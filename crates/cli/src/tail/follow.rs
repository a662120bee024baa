//! One file that is followed: what it has grown by since the position, in pieces of whole records.

use std::fs::{File, Metadata};
use std::io::{self, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use bytes::Bytes;
use sha2::{Digest, Sha256};
use telemetry::Format;

use super::cut::{Header, whole};
use super::leave_out;
use super::state::Entry;

/// The most that is read and sent at once.
const PIECE: usize = 1 << 20;
/// A record longer than this is passed on in parts, which are then refused and shown as such.
const LONGEST: usize = 16 << 20;
/// How much of a file's beginning tells its format.
const HEAD: usize = 64 * 1024;
/// How many bytes before a position must be what they were, for the position to hold.
const MARK: u64 = 256;
/// After how long without growth a happening is whole.
pub const IDLE: Duration = Duration::from_secs(2);
/// How long a file that was rotated away is still read: its writer may take a moment to let go of it.
const GRACE: Duration = Duration::from_secs(10);

/// Which file it is, whatever it is called.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct FileId {
    pub device: u64,
    pub inode: u64,
}

impl FileId {
    #[cfg(unix)]
    pub fn of(metadata: &Metadata) -> FileId {
        use std::os::unix::fs::MetadataExt;
        FileId { device: metadata.dev(), inode: metadata.ino() }
    }

    /// Where the system does not number files, the time when it was made has to do.
    #[cfg(not(unix))]
    pub fn of(metadata: &Metadata) -> FileId {
        let made = metadata.created().ok().and_then(|at| at.duration_since(std::time::UNIX_EPOCH).ok());
        FileId { device: 0, inode: made.map_or(0, |made| u64::try_from(made.as_nanos()).unwrap_or(u64::MAX)) }
    }
}

/// A position, and what stands before it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Mark {
    pub at: u64,
    /// SHA-256 of up to 256 bytes before it; empty at the beginning.
    pub before: String,
}

impl Mark {
    fn here(file: &mut File, at: u64) -> io::Result<Mark> {
        if at == 0 {
            return Ok(Mark::default());
        }
        Ok(Mark::behind(at, &behind(file, at)?))
    }

    fn behind(at: u64, bytes: &[u8]) -> Mark {
        Mark { at, before: hex::encode(Sha256::digest(bytes)) }
    }

    /// Whether the file still has there what it had.
    pub fn holds(&self, file: &mut File) -> bool {
        file.metadata().is_ok_and(|metadata| metadata.len() >= self.at)
            && Mark::here(file, self.at).is_ok_and(|now| now == *self)
    }
}

/// The bytes that a mark is made of.
fn behind(file: &mut File, at: u64) -> io::Result<Vec<u8>> {
    let length = at.min(MARK);
    read_at(file, at - length, usize::try_from(length).unwrap_or(0))
}

fn read_at(file: &mut File, at: u64, most: usize) -> io::Result<Vec<u8>> {
    file.seek(SeekFrom::Start(at))?;
    let mut bytes = Vec::new();
    file.take(u64::try_from(most).unwrap_or(u64::MAX)).read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// Some whole records of a file.
pub struct Piece {
    pub end: u64,
    pub format: Format,
    /// With the header lines that the records need.
    pub body: Bytes,
    /// The records' own bytes, without the header.
    own: Vec<u8>,
    /// What names the piece: the same bytes at the same place of the same file have the same name.
    pub key: String,
}

impl Piece {
    /// Of a stream that has no file.
    pub fn of_stream(end: u64, format: Format, body: Bytes, key: String) -> Piece {
        Piece { end, format, body, own: Vec::new(), key }
    }
}

pub struct Follower {
    pub path: PathBuf,
    name: String,
    file: File,
    pub id: FileId,
    mark: Mark,
    /// The bytes before the position, as they were read: the file may hold others by now.
    behind: Vec<u8>,
    /// The position before the file was truncated: a copy of it goes on there.
    former: Option<Mark>,
    /// The end of a piece that was sent and not yet acknowledged.
    planned: Option<u64>,
    format: Option<Format>,
    header: Header,
    /// How many records have been read here.
    pub records: u64,
    size: u64,
    grown: Instant,
    /// Its path leads to another file now.
    rotated: bool,
    pub finished: bool,
}

impl Follower {
    pub fn new(path: &Path, file: File, id: FileId, format: Option<Format>) -> Follower {
        Follower {
            path: path.to_owned(),
            name: path.display().to_string(),
            file,
            id,
            mark: Mark::default(),
            behind: Vec::new(),
            former: None,
            planned: None,
            format,
            header: Header::default(),
            records: 0,
            size: 0,
            grown: Instant::now(),
            rotated: false,
            finished: false,
        }
    }

    /// Goes on where an earlier run was.
    pub fn resume(&mut self, entry: &Entry) {
        self.mark = Mark { at: entry.at, before: entry.before.clone() };
        self.behind = behind(&mut self.file, entry.at).unwrap_or_default();
        self.planned = entry.planned;
        self.format = self.format.or_else(|| entry.format.parse().ok());
        self.header = Header::restored(entry.header.clone());
        self.records = entry.records;
        self.name.clone_from(&entry.name);
    }

    /// Leaves out what is there.
    pub fn skip_to_end(&mut self) -> io::Result<()> {
        let mut end = self.file.metadata()?.len();
        let head = read_at(&mut self.file, 0, HEAD)?;
        self.tell_format(&head, end);
        if let Some(format) = self.format {
            self.header.learn(format, &head);
        }
        // The half of a line that is there belongs to the line that will be.
        let start = end.saturating_sub(u64::try_from(PIECE).unwrap_or(0));
        let last = read_at(&mut self.file, start, PIECE)?;
        if let Some(at) = last.iter().rposition(|byte| *byte == b'\n') {
            end = start + u64::try_from(at + 1).unwrap_or(0);
        } else if start == 0 {
            end = 0;
        }
        self.behind = behind(&mut self.file, end)?;
        self.mark = if end == 0 { Mark::default() } else { Mark::behind(end, &self.behind) };
        Ok(())
    }

    /// Whether this file is a copy that rotation made of `other`; then it goes on where that one was.
    pub fn continues_copy_of(&mut self, other: &Follower) -> bool {
        let marks = [Some(&other.mark), other.former.as_ref()];
        let Some(mark) = marks.into_iter().flatten().find(|mark| mark.at > 0 && mark.holds(&mut self.file))
        else {
            return false;
        };
        self.mark = mark.clone();
        self.behind = behind(&mut self.file, mark.at).unwrap_or_default();
        self.format = other.format;
        self.header = other.header.clone();
        self.name.clone_from(&other.name);
        self.records = other.records;
        self.rotated = true;
        true
    }

    /// Whether the position that is kept fits this file.
    pub fn holds(&mut self, entry: &Entry) -> bool {
        Mark { at: entry.at, before: entry.before.clone() }.holds(&mut self.file)
    }

    pub fn rotate(&mut self) {
        if !self.rotated {
            self.rotated = true;
            self.grown = Instant::now();
        }
    }

    pub fn is_rotated(&self) -> bool {
        self.rotated
    }

    pub fn name(&self) -> &str {
        &self.name
    }

    pub fn plan(&mut self, piece: &Piece) {
        self.planned = Some(piece.end);
    }

    pub fn acknowledge(&mut self, piece: &Piece) {
        self.planned = None;
        self.header.learn(piece.format, &piece.own);
        self.behind.extend_from_slice(&piece.own);
        let surplus = self.behind.len().saturating_sub(usize::try_from(MARK).unwrap_or(0));
        self.behind.drain(..surplus);
        self.mark = Mark::behind(piece.end, &self.behind);
    }

    pub fn entry(&self) -> Entry {
        Entry {
            path: self.path.clone(),
            name: self.name.clone(),
            device: self.id.device,
            inode: self.id.inode,
            at: self.mark.at,
            before: self.mark.before.clone(),
            planned: self.planned,
            format: self.format.map_or(String::new(), |format| format.name().to_owned()),
            header: self.header.lines().to_vec(),
            records: self.records,
        }
    }

    /// The next whole records, if there are any.
    pub fn next(&mut self) -> Option<Piece> {
        if self.finished {
            return None;
        }
        match self.read() {
            Ok(piece) => piece,
            Err(error) => {
                leave_out(&self.path, &format!("reading it failed: {error}"));
                self.finished = true;
                None
            }
        }
    }

    fn read(&mut self) -> io::Result<Option<Piece>> {
        let size = self.file.metadata()?.len();
        if size != self.size {
            self.grown = Instant::now();
            self.size = size;
            if !self.mark.holds(&mut self.file) {
                // Truncated, or written anew: it begins again.
                self.former = Some(std::mem::take(&mut self.mark));
                self.behind.clear();
                self.planned = None;
            }
        }
        if size <= self.mark.at {
            self.finished = self.rotated && self.grown.elapsed() > GRACE;
            return Ok(None);
        }
        let mut most = PIECE;
        loop {
            // What was sent before is sent again as it was.
            let planned = self.planned.and_then(|end| usize::try_from(end.checked_sub(self.mark.at)?).ok());
            let bytes = read_at(&mut self.file, self.mark.at, planned.unwrap_or(most))?;
            let Some(format) = self.format_of(&bytes, size)? else { return Ok(None) };
            let is_idle = self.grown.elapsed() > IDLE;
            let is_over = self.rotated && self.grown.elapsed() > GRACE;
            let end = match whole(format, &bytes, is_idle) {
                _ if planned.is_some() => bytes.len(),
                0 if bytes.len() == most && most < LONGEST => {
                    most = LONGEST;
                    continue;
                }
                // Nothing will come any more, or no record is as long.
                0 if is_over || bytes.len() >= LONGEST => bytes.len(),
                0 => return Ok(None),
                end => end,
            };
            let own = bytes.get(..end).unwrap_or_default().to_vec();
            return Ok(Some(self.piece(own, format)));
        }
    }

    fn piece(&self, own: Vec<u8>, format: Format) -> Piece {
        let end = self.mark.at + u64::try_from(own.len()).unwrap_or(0);
        let body = if self.mark.at == 0 { own.clone() } else { self.header.before(&own) };
        let hash = hex::encode(Sha256::digest(&own));
        let FileId { device, inode } = self.id;
        let key =
            format!("{device:x}-{inode:x}-{}-{end}-{}", self.mark.at, hash.get(..32).unwrap_or_default());
        Piece { end, format, body: Bytes::from(body), own, key }
    }

    fn format_of(&mut self, bytes: &[u8], size: u64) -> io::Result<Option<Format>> {
        if self.format.is_none() {
            let head = if self.mark.at == 0 { bytes.to_vec() } else { read_at(&mut self.file, 0, HEAD)? };
            self.tell_format(&head, size);
        }
        Ok(self.format)
    }

    /// A beginning that is too short to tell is waited for.
    fn tell_format(&mut self, head: &[u8], size: u64) {
        let head = head.get(..head.len().min(HEAD)).unwrap_or_default();
        let refuse = |follower: &mut Follower, why: &str| {
            leave_out(&follower.path, why);
            follower.finished = true;
        };
        if head.starts_with(&[0x1f, 0x8b]) || head.starts_with(&[0x28, 0xb5, 0x2f, 0xfd]) {
            return refuse(
                self,
                "it is packed, and packed files do not grow; send it with `watchbell import`",
            );
        }
        if head.starts_with(&[0xff, 0xfe]) || head.starts_with(&[0xfe, 0xff]) {
            return refuse(self, "it is UTF-16; send it with `watchbell import`");
        }
        let found = self.format.or_else(|| telemetry::detect(&self.name, head));
        match found {
            Some(Format::Evtx) => refuse(
                self,
                "EVTX files are written in place, not record by record; send it with `watchbell import`",
            ),
            Some(Format::JsonLines | Format::ZeekJson | Format::SuricataEve)
                if head.trim_ascii_start().starts_with(b"[") || is_spread(head) =>
            {
                refuse(self, "its JSON is not one record a line; send it with `watchbell import`");
            }
            Some(format) => self.format = Some(format),
            None if head.contains(&b'\n') && (head.len() >= HEAD || self.lines_are_many(head)) => {
                refuse(
                    self,
                    "it is in no format that is known here; name one with --format if you know better",
                );
            }
            None => self.size = size,
        }
    }

    fn lines_are_many(&self, head: &[u8]) -> bool {
        head.iter().filter(|byte| **byte == b'\n').count() >= 5
    }
}

/// Whether a JSON text's first line is only the beginning of a record.
fn is_spread(head: &[u8]) -> bool {
    let mut lines = head.split_inclusive(|byte| *byte == b'\n').filter(|line| !line.trim_ascii().is_empty());
    let Some(first) = lines.next().filter(|line| line.ends_with(b"\n")) else { return false };
    !first.trim_ascii_end().ends_with(b"}")
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn follow(path: &Path) -> Follower {
        let file = File::open(path).unwrap();
        let id = FileId::of(&file.metadata().unwrap());
        Follower::new(path, file, id, Some(Format::Syslog))
    }

    #[test]
    fn what_is_rotated_between_reading_and_acknowledging_is_known_again() {
        let folder = tempfile::tempdir().unwrap();
        let (log, copy) = (folder.path().join("a.log"), folder.path().join("a.log.1"));
        let long = "<13>May  1 10:00:00 gate app: one of many\n".repeat(20);
        std::fs::write(&log, &long).unwrap();
        let mut follower = follow(&log);
        let piece = follower.next().unwrap();
        std::fs::copy(&log, &copy).unwrap();
        std::fs::write(&log, "<13>May  1 10:00:01 gate app: another\n").unwrap();
        follower.acknowledge(&piece);
        let next = follower.next().unwrap();
        assert_eq!(&next.body[..], b"<13>May  1 10:00:01 gate app: another\n");
        follower.acknowledge(&next);
        let mut copied = follow(&copy);
        assert!(copied.continues_copy_of(&follower));
        assert!(copied.next().is_none());
        // Another file that merely is called so is no copy.
        std::fs::write(&copy, long.replace("one", "two")).unwrap();
        assert!(!follow(&copy).continues_copy_of(&follower));
    }

    #[test]
    fn a_planned_piece_is_read_again_as_it_was() {
        let folder = tempfile::tempdir().unwrap();
        let log = folder.path().join("a.log");
        std::fs::write(&log, "<13>May  1 10:00:00 gate app: one\n").unwrap();
        let mut first = follow(&log);
        let piece = first.next().unwrap();
        first.plan(&piece);
        let entry = first.entry();
        std::fs::write(&log, "<13>May  1 10:00:00 gate app: one\n<13>May  1 10:00:00 gate app: two\n")
            .unwrap();
        let mut second = follow(&log);
        second.resume(&entry);
        let again = second.next().unwrap();
        assert_eq!((&again.key, &again.body), (&piece.key, &piece.body));
        second.acknowledge(&again);
        assert_eq!(&second.next().unwrap().body[..], b"<13>May  1 10:00:00 gate app: two\n");
    }
}
