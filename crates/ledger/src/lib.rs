//! The ledger: what makes a record's history provable to somebody who does not trust us.
//!
//! Every change of any record becomes a [`Leaf`], appended to one Merkle log (RFC 6962 hashing,
//! the stored-hash numbering of `tlog`). The log's head is signed as a C2SP checkpoint. Inclusion
//! and consistency proofs connect a leaf to a checkpoint and a checkpoint to a later one. A
//! [`bundle`] carries records, proofs and evidence out of the house and is verified offline.
//!
//! This crate knows no database, no clock, no network and nobody else in the project. Whoever
//! stores the hashes fetches them first and hands them over ([`proof`]). The proofs themselves
//! are made and checked by `tlog_tiles`, notes by `signed_note`; nothing here replaces them.

pub mod bundle;
pub mod checkpoint;
mod digest;
mod error;
mod keys;
mod leaf;
pub mod person;
pub mod proof;
mod tree;

pub use checkpoint::Checkpoint;
pub use digest::Digest;
pub use error::{Error, Result};
pub use keys::{SigningKey, VerifyingKey};
pub use leaf::{Leaf, RecordVersion};
pub use proof::StoredHashes;
pub use tlog_tiles::tlog::Hash;
pub use tree::{Appended, EMPTY_ROOT, Frontier, MAX_SIZE, leaf_hash};
