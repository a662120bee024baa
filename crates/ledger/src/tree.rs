//! The growing edge of the Merkle tree: append a leaf, know the root, keep 32 bytes a peak.
//!
//! A [`Frontier`] is all that must be remembered to append: the roots of the complete subtrees
//! along the right edge, at most one for each bit of the size. It answers the questions that
//! `tlog_tiles` puts to its hash reader, so the hashing itself is done there. What is appended
//! comes back as numbered hashes for the caller's table; proofs are made from that table
//! ([`crate::proof`]).

use tlog_tiles::tlog;

use crate::{Error, Hash, Leaf, Result, StoredHashes};

/// The most leaves a ledger can hold. Far beyond use, and far below where `u64` index
/// arithmetic (about twice the size) or an SQL integer would overflow.
pub const MAX_SIZE: u64 = 1 << 48;

/// The root of the tree without leaves (RFC 6962 §2.1).
pub const EMPTY_ROOT: Hash = tlog::EMPTY_HASH;

/// The RFC 6962 leaf hash of a leaf's canonical bytes.
#[must_use]
pub fn leaf_hash(leaf_bytes: &[u8]) -> Hash {
    tlog::record_hash(leaf_bytes)
}

/// The right edge of a tree: its size and the roots of its complete subtrees, left to right.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Frontier {
    size: u64,
    peaks: Vec<Hash>,
}

/// What an append made.
#[derive(Clone, Debug, PartialEq)]
pub struct Appended {
    /// The leaf's place in the log; the first is 0.
    pub index: u64,
    /// The hashes that became final, each with its stored-hash index: one for the leaf and one
    /// for every subtree that it completed. Indexes are consecutive.
    pub hashes: Vec<(u64, Hash)>,
}

impl Frontier {
    /// The edge of the tree without leaves.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// How many leaves the tree has.
    #[must_use]
    pub fn size(&self) -> u64 {
        self.size
    }

    /// Appends a leaf.
    ///
    /// The caller writes `hashes` and the changed frontier in the same transaction as the record.
    ///
    /// # Errors
    /// If the ledger is full. The frontier is then unchanged.
    pub fn append(&mut self, leaf: &Leaf) -> Result<Appended> {
        self.append_bytes(&leaf.to_bytes())
    }

    /// Appends the bytes of a leaf.
    ///
    /// # Errors
    /// As [`Frontier::append`].
    pub fn append_bytes(&mut self, leaf_bytes: &[u8]) -> Result<Appended> {
        let index = self.size;
        check_size(index.saturating_add(1))?;
        let mut known = self.as_stored();
        let new = tlog::stored_hashes(index, leaf_bytes, &known).map_err(|e| self.damaged(&e))?;
        let first = tlog::stored_hash_index(0, index);
        let hashes: Vec<(u64, Hash)> = (first..).zip(new).collect();
        known.extend(hashes.iter().copied());
        *self = Self::from_stored(index + 1, &known)?;
        Ok(Appended { index, hashes })
    }

    /// The root of the tree: what a checkpoint signs.
    ///
    /// # Errors
    /// Never for a frontier made by this module.
    pub fn root(&self) -> Result<Hash> {
        tlog::tree_hash(self.size, &self.as_stored()).map_err(|e| self.damaged(&e))
    }

    /// For storing in one row: the size in eight bytes, big end first, then the peaks.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = self.size.to_be_bytes().to_vec();
        for peak in &self.peaks {
            bytes.extend_from_slice(&peak.0);
        }
        bytes
    }

    /// Reads [`Frontier::to_bytes`] back.
    ///
    /// # Errors
    /// If the number of peaks is not the one that the size asks for.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self> {
        let damaged = |why: &str| Error::FrontierDamaged(why.to_owned());
        let (size, rest) =
            bytes.split_first_chunk::<8>().ok_or_else(|| damaged("it is too short to hold a size"))?;
        let size = u64::from_be_bytes(*size);
        check_size(size)?;
        let (peaks, odd) = rest.as_chunks::<32>();
        if !odd.is_empty() || u64::try_from(peaks.len()) != Ok(u64::from(size.count_ones())) {
            return Err(damaged("the number of its hashes does not fit its size"));
        }
        let peaks = peaks.iter().copied().map(Hash).collect();
        Ok(Self { size, peaks })
    }

    /// Which stored hashes [`Frontier::from_stored`] needs, to rebuild or audit a frontier.
    ///
    /// # Errors
    /// If the size is beyond [`MAX_SIZE`].
    pub fn needed(size: u64) -> Result<Vec<u64>> {
        check_size(size)?;
        Ok(tlog::sub_tree_index(0, size, Vec::new()))
    }

    /// The frontier of the tree of `size` leaves, from stored hashes.
    ///
    /// # Errors
    /// If one of the needed hashes is missing.
    pub fn from_stored(size: u64, stored: &StoredHashes) -> Result<Self> {
        let peaks = Self::needed(size)?
            .into_iter()
            .map(|index| stored.get(index).ok_or(Error::MissingHash(index)))
            .collect::<Result<_>>()?;
        Ok(Self { size, peaks })
    }

    fn as_stored(&self) -> StoredHashes {
        tlog::sub_tree_index(0, self.size, Vec::new()).into_iter().zip(self.peaks.iter().copied()).collect()
    }

    fn damaged(&self, error: &tlog::Error) -> Error {
        Error::FrontierDamaged(format!("at size {}: {error}", self.size))
    }
}

pub(crate) fn check_size(size: u64) -> Result<()> {
    if size > MAX_SIZE {
        return Err(Error::TooLarge { size, max: MAX_SIZE });
    }
    Ok(())
}
