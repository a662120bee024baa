//! Reading the zip of a bundle: bounded, streaming, never to disk.
//!
//! Whatever is wrong comes back as a sentence, because a damaged zip is a finding, not a failure.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{self, Read, Seek, SeekFrom};

use sha2::{Digest as _, Sha256};
use zip::read::{ArchiveOffset, Config};
use zip::{CompressionMethod, ZipArchive};

use super::Limits;
use super::paths::check_path;
use crate::Digest;

/// The files in a bundle's zip, by name.
pub(super) struct Archive<R> {
    zip: ZipArchive<R>,
    members: BTreeMap<String, usize>,
}

/// What came out when a file was read to its end, or as far as it could be read.
pub(super) struct Streamed {
    pub size: u64,
    pub sha256: Digest,
    /// Why it could not be read to its end, or failed its checksum.
    pub damage: Option<String>,
}

impl<R: Read + Seek> Archive<R> {
    /// Opens the zip, or says why it cannot or must not be read.
    pub fn open(mut reader: R, limits: &Limits) -> Result<Self, Vec<String>> {
        let one = |text: String| vec![text];
        let packed = reader.seek(SeekFrom::End(0)).map_err(|e| one(e.to_string()))?;
        let config = Config { archive_offset: ArchiveOffset::Known(0) };
        let zip = ZipArchive::with_config(config, reader).map_err(|e| one(e.to_string()))?;
        if zip.len() > limits.files {
            return Err(one(format!("it holds {} files, more than the {} allowed", zip.len(), limits.files)));
        }
        let mut archive = Self { zip, members: BTreeMap::new() };
        let problems = archive.list(packed, limits);
        if !problems.is_empty() {
            return Err(problems);
        }
        archive.zip.validate_header_consistency().map_err(|e| one(e.to_string()))?;
        Ok(archive)
    }

    fn list(&mut self, packed: u64, limits: &Limits) -> Vec<String> {
        let mut problems = Vec::new();
        let mut folded = BTreeSet::new();
        let (mut unpacked_sum, mut packed_sum) = (0_u64, 0_u64);
        for index in 0..self.zip.len() {
            let entry = match self.zip.by_index_data(index) {
                Ok(entry) => entry,
                Err(e) => {
                    problems.push(e.to_string());
                    continue;
                }
            };
            let raw = String::from_utf8_lossy(entry.name_raw()).into_owned();
            if let Err(e) = check_path(&raw) {
                problems.push(e.to_string());
                continue;
            }
            let method = entry.compression();
            let plain = method == CompressionMethod::Stored || method == CompressionMethod::Deflated;
            if !plain || entry.encrypted() || !entry.is_file() || entry.is_symlink() {
                problems.push(format!("{raw}: only plain files, stored or deflated, belong in a bundle"));
            }
            unpacked_sum = unpacked_sum.saturating_add(entry.size());
            packed_sum = packed_sum.saturating_add(entry.compressed_size());
            if !folded.insert(raw.to_ascii_lowercase()) {
                problems.push(format!("{raw}: there are two files of this name"));
            }
            self.members.insert(raw, index);
        }
        if unpacked_sum > limits.unpacked {
            problems.push(format!(
                "it unpacks to {unpacked_sum} bytes, more than the {} allowed",
                limits.unpacked
            ));
        }
        if packed_sum > packed {
            problems.push("its files overlap: it would unpack to more than was packed".to_owned());
        }
        problems
    }

    /// All names, sorted.
    pub fn names(&self) -> Vec<String> {
        self.members.keys().cloned().collect()
    }

    /// Reads a file piece by piece. `None` if there is no such file.
    pub fn stream(&mut self, name: &str, mut sink: impl FnMut(&[u8])) -> Option<Streamed> {
        let index = *self.members.get(name)?;
        let mut hasher = Sha256::new();
        let mut size = 0_u64;
        let damage = self
            .pump(index, |bytes| {
                hasher.update(bytes);
                size = size.saturating_add(u64::try_from(bytes.len()).unwrap_or(u64::MAX));
                sink(bytes);
            })
            .err();
        Some(Streamed { size, sha256: Digest::from_hasher(hasher), damage })
    }

    fn pump(&mut self, index: usize, mut sink: impl FnMut(&[u8])) -> Result<(), String> {
        let mut file = self.zip.by_index(index).map_err(|e| e.to_string())?;
        // The zip's reader stops with an error when more comes out than the directory declares,
        // and the sum of what it declares was checked before.
        let mut buffer = vec![0; 64 * 1024];
        loop {
            let count = match file.read(&mut buffer) {
                Ok(count) => count,
                Err(e) if e.kind() == io::ErrorKind::Interrupted => continue,
                Err(e) => return Err(e.to_string()),
            };
            match buffer.get(..count) {
                Some(bytes @ [_, ..]) => sink(bytes),
                _ => return Ok(()),
            }
        }
    }

    /// Reads a file whole, as far as it can be read, if it has at most `limit` bytes.
    pub fn read(&mut self, name: &str, limit: usize) -> Result<Vec<u8>, String> {
        let mut bytes = Vec::new();
        let mut too_long = false;
        let streamed = self.stream(name, |piece| {
            too_long |= bytes.len().saturating_add(piece.len()) > limit;
            if !too_long {
                bytes.extend_from_slice(piece);
            }
        });
        match streamed {
            None => Err("it is missing".to_owned()),
            Some(_) if too_long => Err(format!("it has more than the {limit} bytes allowed")),
            Some(_) => Ok(bytes),
        }
    }
}
