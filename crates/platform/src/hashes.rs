//! The digests of content as it passes by. SHA-256 is what integrity rests on; SHA-1 and MD5 are made
//! alongside because indicators and hash sets still name files by them, and are for looking up alone.

use md5::Md5;
use sha1::Sha1;
use sha2::{Digest, Sha256};

/// Digests of one content, in lower-case hex.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hashes {
    pub sha256: String,
    /// For looking up. Collisions can be made.
    pub sha1: String,
    /// For looking up. Collisions can be made.
    pub md5: String,
    pub bytes: u64,
}

/// Takes content piece by piece.
#[derive(Clone, Default)]
pub struct Hashing {
    sha256: Sha256,
    sha1: Sha1,
    md5: Md5,
    bytes: u64,
}

impl Hashing {
    pub fn update(&mut self, piece: &[u8]) {
        self.sha256.update(piece);
        self.sha1.update(piece);
        self.md5.update(piece);
        self.bytes = self.bytes.saturating_add(u64::try_from(piece.len()).unwrap_or(u64::MAX));
    }

    pub const fn bytes(&self) -> u64 {
        self.bytes
    }

    pub fn finish(self) -> Hashes {
        Hashes {
            sha256: hex::encode(self.sha256.finalize()),
            sha1: hex::encode(self.sha1.finalize()),
            md5: hex::encode(self.md5.finalize()),
            bytes: self.bytes,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_digests_are_those_of_the_standards() {
        let mut hashing = Hashing::default();
        hashing.update(b"a");
        hashing.update(b"bc");
        let hashes = hashing.finish();
        assert_eq!(hashes.sha256, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
        assert_eq!(hashes.sha1, "a9993e364706816aba3e25717850c26c9cd0d89d");
        assert_eq!(hashes.md5, "900150983cd24fb0d6963f7d28e17f72");
        assert_eq!(hashes.bytes, 3);
    }
}
