//! Inclusion and consistency proofs, made from hashes that the caller has already fetched.
//!
//! The prover of `tlog_tiles` reads hashes as it goes; our stores answer asynchronously. So ask
//! first which stored hashes a proof needs (`needed_for_…`), fetch them in one query, and hand
//! them over as [`StoredHashes`]. Proofs are made and checked by `tlog_tiles`.

use std::cell::RefCell;
use std::collections::HashMap;

use tlog_tiles::tlog::{self, HashReader};

use crate::tree::check_size;
use crate::{Error, Hash, Result};

/// The longest proof that any tree within [`crate::MAX_SIZE`] can need, with room to spare.
/// Longer ones are refused before any work is spent on them.
const MAX_PROOF: usize = 128;

/// Fetched hashes by their stored-hash index.
#[derive(Clone, Debug, Default)]
pub struct StoredHashes(HashMap<u64, Hash>);

impl StoredHashes {
    /// The hash at this index, if it was fetched.
    #[must_use]
    pub fn get(&self, index: u64) -> Option<Hash> {
        self.0.get(&index).copied()
    }

    /// Adds one hash, as a row of the caller's table holds it.
    ///
    /// # Errors
    /// If it does not have 32 bytes.
    pub fn insert(&mut self, index: u64, hash: &[u8]) -> Result<()> {
        self.0.insert(index, hash_from_slice(hash)?);
        Ok(())
    }

    fn require(&self, needed: &[u64]) -> Result<()> {
        match needed.iter().find(|index| !self.0.contains_key(index)) {
            Some(index) => Err(Error::MissingHash(*index)),
            None => Ok(()),
        }
    }
}

impl FromIterator<(u64, Hash)> for StoredHashes {
    fn from_iter<I: IntoIterator<Item = (u64, Hash)>>(hashes: I) -> Self {
        Self(hashes.into_iter().collect())
    }
}

impl Extend<(u64, Hash)> for StoredHashes {
    fn extend<I: IntoIterator<Item = (u64, Hash)>>(&mut self, hashes: I) {
        self.0.extend(hashes);
    }
}

impl HashReader for StoredHashes {
    fn read_hashes(&self, indexes: &[u64]) -> std::result::Result<Vec<Hash>, tlog::Error> {
        indexes.iter().map(|index| self.get(*index).ok_or(tlog::Error::IndexesNotInTree)).collect()
    }
}

/// Stands in for the store while the prover is asked what it would read.
#[derive(Default)]
struct Recorder(RefCell<Vec<u64>>);

impl HashReader for Recorder {
    fn read_hashes(&self, indexes: &[u64]) -> std::result::Result<Vec<Hash>, tlog::Error> {
        self.0.borrow_mut().extend_from_slice(indexes);
        Ok(vec![Hash::default(); indexes.len()])
    }
}

/// A tree hash from the 32 bytes that a store keeps.
///
/// # Errors
/// If there are not 32 of them.
pub fn hash_from_slice(bytes: &[u8]) -> Result<Hash> {
    bytes.try_into().map(Hash).map_err(|_| Error::HashLength(bytes.len()))
}

/// Which stored hashes [`inclusion`] will read.
///
/// # Errors
/// If the leaf is not in a tree of that size.
pub fn needed_for_inclusion(index: u64, size: u64) -> Result<Vec<u64>> {
    check_inclusion_input(index, size)?;
    let recorder = Recorder::default();
    tlog::prove_record(size, index, &recorder).map_err(|_| Error::NotInTree { index, size })?;
    Ok(recorder.0.into_inner())
}

/// The proof that leaf `index` stands in the tree of `size` leaves (RFC 6962 §2.1.1).
///
/// # Errors
/// If the leaf is not in a tree of that size, or a needed hash was not fetched.
pub fn inclusion(index: u64, size: u64, stored: &StoredHashes) -> Result<Vec<Hash>> {
    stored.require(&needed_for_inclusion(index, size)?)?;
    tlog::prove_record(size, index, stored).map_err(|_| Error::NotInTree { index, size })
}

/// Checks that a leaf with this [`crate::leaf_hash`] is number `index` of the tree with this
/// size and root.
///
/// # Errors
/// If the proof does not show it.
pub fn verify_inclusion(proof: &[Hash], size: u64, root: Hash, index: u64, leaf: Hash) -> Result<()> {
    check_inclusion_input(index, size)?;
    if proof.len() > MAX_PROOF {
        return Err(Error::NotIncluded { index, size });
    }
    tlog::check_record(&proof.to_vec(), size, root, index, leaf)
        .map_err(|_| Error::NotIncluded { index, size })
}

/// Which stored hashes [`consistency`] will read.
///
/// # Errors
/// If the old tree is larger than the new one.
pub fn needed_for_consistency(old: u64, new: u64) -> Result<Vec<u64>> {
    check_consistency_input(old, new)?;
    let recorder = Recorder::default();
    if old > 0 {
        tlog::prove_tree(new, old, &recorder).map_err(|_| Error::WrongOrder { old, new })?;
    }
    Ok(recorder.0.into_inner())
}

/// The proof that the tree of `new` leaves continues the tree of `old` leaves
/// (RFC 6962 §2.1.2). Every tree continues the empty one; that proof is empty.
///
/// # Errors
/// If the old tree is larger than the new one, or a needed hash was not fetched.
pub fn consistency(old: u64, new: u64, stored: &StoredHashes) -> Result<Vec<Hash>> {
    stored.require(&needed_for_consistency(old, new)?)?;
    if old == 0 {
        return Ok(Vec::new());
    }
    tlog::prove_tree(new, old, stored).map_err(|_| Error::WrongOrder { old, new })
}

/// Checks that the tree `(new, new_root)` continues the tree `(old, old_root)`.
///
/// # Errors
/// If the proof does not show it.
pub fn verify_consistency(proof: &[Hash], old: u64, old_root: Hash, new: u64, new_root: Hash) -> Result<()> {
    check_consistency_input(old, new)?;
    let refused = Error::NotConsistent { old, new };
    if old == 0 {
        let empty = proof.is_empty() && old_root == tlog::EMPTY_HASH;
        return if empty { Ok(()) } else { Err(refused) };
    }
    if proof.len() > MAX_PROOF {
        return Err(refused);
    }
    tlog::check_tree(&proof.to_vec(), new, new_root, old, old_root).map_err(|_| refused)
}

fn check_inclusion_input(index: u64, size: u64) -> Result<()> {
    check_size(size)?;
    if index >= size {
        return Err(Error::NotInTree { index, size });
    }
    Ok(())
}

fn check_consistency_input(old: u64, new: u64) -> Result<()> {
    check_size(new)?;
    if old > new {
        return Err(Error::WrongOrder { old, new });
    }
    Ok(())
}
