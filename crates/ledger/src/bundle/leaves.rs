//! `leaves.jsonl`: one line for each leaf, with the proof that it stands in the log.

use serde::{Deserialize, Serialize};

use crate::{Hash, Leaf, RecordVersion, leaf_hash, proof};

/// One line. The record and version repeat what the leaf says, so that a damaged leaf can still
/// be named.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Line {
    /// The leaf's place in the log, from 0.
    pub index: u64,
    pub record: String,
    pub version: u64,
    /// The leaf's canonical bytes as text.
    pub leaf: String,
    /// The inclusion proof (RFC 6962 §2.1.1), each hash in base64.
    pub proof: Vec<String>,
}

impl Line {
    pub fn new(index: u64, leaf: &Leaf, proof: &[Hash]) -> Self {
        Self {
            index,
            record: leaf.record().to_owned(),
            version: leaf.version(),
            leaf: leaf.to_string(),
            proof: proof.iter().map(Hash::to_string).collect(),
        }
    }

    /// How the line calls itself, such as `leaf 17 (INC-1 version 4)`.
    pub fn subject(&self) -> String {
        let record: String = self.record.chars().take(100).collect();
        format!("leaf {} ({record} version {})", self.index, self.version)
    }

    pub fn of(&self) -> Option<RecordVersion> {
        RecordVersion::new(&self.record, self.version).ok()
    }

    /// The leaf, if it is one and is the one that the line says.
    pub fn open(&self) -> Result<Leaf, String> {
        let leaf = Leaf::parse(self.leaf.as_bytes()).map_err(|e| e.to_string())?;
        if leaf.record() == self.record && leaf.version() == self.version {
            Ok(leaf)
        } else {
            Err(format!("the leaf itself speaks of {}", leaf.record_version()))
        }
    }

    /// Whether the proof shows that the leaf stands in this tree, at the index that it claims.
    pub fn check_proof(&self, size: u64, root: Hash) -> Result<(), String> {
        let hashes = self
            .proof
            .iter()
            .map(|hash| Hash::parse_hash(hash))
            .collect::<Result<Vec<_>, _>>()
            .map_err(|_| "its proof is not a list of hashes in base64".to_owned())?;
        let leaf = leaf_hash(self.leaf.as_bytes());
        proof::verify_inclusion(&hashes, size, root, self.index, leaf).map_err(|e| e.to_string())
    }
}
