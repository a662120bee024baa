//! The blob store: files named by the SHA-256 of their content. A blob is durable on disk before its
//! name is given out, and the same content is kept once.

use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};
use tempfile::NamedTempFile;

/// A folder of blobs.
#[derive(Debug, Clone)]
pub struct Blobs {
    root: PathBuf,
}

/// What is known of a blob once it is stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Blob {
    /// Lower-case hex.
    pub sha256: String,
    pub bytes: u64,
}

impl Blobs {
    /// Opens the store in a folder, making it where it is missing.
    pub fn open(root: impl Into<PathBuf>) -> io::Result<Self> {
        let root = root.into();
        fs::create_dir_all(&root)?;
        Ok(Blobs { root })
    }

    /// Begins a blob whose content comes piece by piece; memory stays constant.
    pub fn writer(&self) -> io::Result<BlobWriter> {
        Ok(BlobWriter {
            file: NamedTempFile::new_in(&self.root)?,
            hash: Sha256::new(),
            bytes: 0,
            root: self.root.clone(),
        })
    }

    /// Stores content that is in memory already.
    pub fn put(&self, content: &[u8]) -> io::Result<Blob> {
        let mut writer = self.writer()?;
        writer.write_all(content)?;
        writer.finish()
    }

    /// Takes a durable file of the same disk in as a blob; the file stays under its old name too. The
    /// caller has hashed it.
    pub fn adopt(&self, file: &Path, sha256: &str) -> io::Result<()> {
        let path = path_of(&self.root, sha256)?;
        let folder = path.parent().unwrap_or(&self.root);
        fs::create_dir_all(folder)?;
        match fs::hard_link(file, &path) {
            Err(error) if error.kind() != io::ErrorKind::AlreadyExists => return Err(error),
            _ => {}
        }
        File::open(folder)?.sync_all()?;
        File::open(&self.root)?.sync_all()
    }

    /// Removes a blob, which must be nobody's any more. One that is gone already is no error.
    pub fn remove(&self, sha256: &str) -> io::Result<()> {
        match fs::remove_file(path_of(&self.root, sha256)?) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
            _ => Ok(()),
        }
    }

    /// Opens a blob for reading. `NotFound` if there is none, or if the name is no SHA-256.
    pub fn open_blob(&self, sha256: &str) -> io::Result<File> {
        File::open(path_of(&self.root, sha256)?)
    }

    /// Reads the whole blob again and says whether it still is what its name says.
    pub fn verify(&self, sha256: &str) -> io::Result<bool> {
        let mut file = self.open_blob(sha256)?;
        let mut hash = Sha256::new();
        let mut buffer = vec![0u8; 1 << 16];
        loop {
            let read = file.read(&mut buffer)?;
            let Some(piece) = buffer.get(..read).filter(|piece| !piece.is_empty()) else { break };
            hash.update(piece);
        }
        Ok(hex::encode(hash.finalize()) == sha256)
    }
}

/// A blob being written. Dropped before [`finish`](BlobWriter::finish), it leaves nothing behind.
pub struct BlobWriter {
    file: NamedTempFile,
    hash: Sha256,
    bytes: u64,
    root: PathBuf,
}

impl Write for BlobWriter {
    fn write(&mut self, piece: &[u8]) -> io::Result<usize> {
        self.file.write_all(piece)?;
        self.hash.update(piece);
        self.bytes += piece.len() as u64;
        Ok(piece.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

impl BlobWriter {
    /// Makes the content durable and gives it its name.
    pub fn finish(self) -> io::Result<Blob> {
        let sha256 = hex::encode(self.hash.finalize());
        let path = path_of(&self.root, &sha256)?;
        if !path.exists() {
            self.file.as_file().sync_all()?;
            let folder = path.parent().unwrap_or(&self.root);
            fs::create_dir_all(folder)?;
            self.file.persist(&path).map_err(|error| error.error)?;
            File::open(folder)?.sync_all()?;
            File::open(&self.root)?.sync_all()?;
        }
        Ok(Blob { sha256, bytes: self.bytes })
    }
}

/// Two hex digits make a folder, so that no folder grows without bound.
fn path_of(root: &Path, sha256: &str) -> io::Result<PathBuf> {
    let well_formed = sha256.len() == 64 && sha256.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'));
    match sha256.get(..2) {
        Some(folder) if well_formed => Ok(root.join(folder).join(sha256)),
        _ => Err(io::Error::new(io::ErrorKind::NotFound, "a blob is named by 64 lower-case hex digits")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn store() -> (tempfile::TempDir, Blobs) {
        let folder = tempfile::tempdir().unwrap();
        let blobs = Blobs::open(folder.path().join("blobs")).unwrap();
        (folder, blobs)
    }

    #[test]
    fn content_is_kept_once_under_its_hash() {
        let (_folder, blobs) = store();
        let one = blobs.put(b"abc").unwrap();
        assert_eq!(one.sha256, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
        assert_eq!(blobs.put(b"abc").unwrap(), one);
        let mut back = Vec::new();
        blobs.open_blob(&one.sha256).unwrap().read_to_end(&mut back).unwrap();
        assert_eq!(back, b"abc");
        assert!(blobs.verify(&one.sha256).unwrap());
    }

    #[test]
    fn a_changed_blob_is_noticed() {
        let (folder, blobs) = store();
        let blob = blobs.put(b"evidence").unwrap();
        let path = folder.path().join("blobs").join(blob.sha256.get(..2).unwrap()).join(&blob.sha256);
        fs::write(path, b"Evidence").unwrap();
        assert!(!blobs.verify(&blob.sha256).unwrap());
    }

    #[test]
    fn a_name_cannot_lead_out_of_the_store() {
        let (_folder, blobs) = store();
        for name in ["../../etc/passwd", "", "AB", &"g".repeat(64), &"A".repeat(64)] {
            assert_eq!(blobs.open_blob(name).unwrap_err().kind(), io::ErrorKind::NotFound);
        }
    }

    #[test]
    fn a_file_is_adopted_and_a_blob_removed() {
        let (folder, blobs) = store();
        let file = folder.path().join("part");
        fs::write(&file, b"abc").unwrap();
        let name = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
        blobs.adopt(&file, name).unwrap();
        blobs.adopt(&file, name).unwrap();
        assert!(file.exists() && blobs.verify(name).unwrap());
        blobs.remove(name).unwrap();
        blobs.remove(name).unwrap();
        assert_eq!(blobs.open_blob(name).unwrap_err().kind(), io::ErrorKind::NotFound);
    }

    #[test]
    fn an_abandoned_blob_leaves_nothing() {
        let (folder, blobs) = store();
        let mut writer = blobs.writer().unwrap();
        writer.write_all(b"half").unwrap();
        drop(writer);
        assert_eq!(fs::read_dir(folder.path().join("blobs")).unwrap().count(), 0);
    }
}
