//! A thing of ours that an incident affects, and how far we have got with it.

use crate::words::words;

words! {
    /// What is known of an asset. A later look may lead to any of them: what was clean can turn out
    /// not to be.
    pub enum AssetState, "state of an asset" {
        Suspected: "suspected", "Suspected";
        Compromised: "compromised", "Compromised";
        Contained: "contained", "Contained";
        Clean: "clean", "Clean";
    }
}
