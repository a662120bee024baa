//! The bundle: an incident's records with their proofs and evidence in one zip file that can be
//! verified offline, by anyone, without asking us. `README.md` of this crate describes the format.
//!
//! Three layers, from the outside in, each catching what the next cannot:
//! 1. the *seal* (`seal`): a SHA-256 over the whole file, in the zip's comment, so that no byte
//!    can change unnoticed, not even one that a zip reader ignores;
//! 2. the *manifest* (`manifest`): the SHA-256 of every file inside, signed by the ledger's key,
//!    so that nothing can be added, removed or exchanged by whoever packs the zip anew;
//! 3. the *leaves*: each record's body is committed to by a leaf, and each leaf is proven to
//!    stand in the log under a signed checkpoint, so that not even the holder of the key can show
//!    one history here and another there.
//!
//! `write` makes bundles, `verify` checks them and `verdict` says what was found. What
//! goes into a bundle is decided elsewhere; nothing here ever unpacks to disk.

mod archive;
mod files;
mod history;
mod leaves;
mod manifest;
mod paths;
mod people;
mod seal;
mod verdict;
mod verify;
mod write;

pub use manifest::{Vouch, What};
pub use verdict::{Acts, FileCheck, Problem, RecordCheck, Signed, Verdict};
pub use verify::{Limits, verify, verify_within};
pub use write::BundleWriter;

/// Names the format and its version, in the manifest, its signature and the seal.
pub const FORMAT: &str = "watchbell-bundle/1";

const MANIFEST: &str = "manifest.json";
const MANIFEST_SIGNATURE: &str = "manifest.sig";
const CHECKPOINT: &str = "checkpoint.txt";
const KEY: &str = "key.txt";
const LEAVES: &str = "leaves.jsonl";
const README: &str = "README.txt";
