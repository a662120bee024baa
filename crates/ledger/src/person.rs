//! What people sign, and with what. Each person who handles evidence has an Ed25519 key; an act in a
//! chain of custody carries a signature over its canonical statement. Where keys are kept, and what a
//! person must say for theirs to be used, is the caller's business.
//!
//! The statement is one JSON object without blanks, its members in the order of their names and absent
//! ones (`null`) left out, as RFC 8785 writes what is in it (texts and whole numbers):
//! `{"act":{…},"item":"EVD-3","number":2,"sha256":"…","v":1}`. `act` is the act as it stands in the
//! item's record, without its signature; `number` is its place in the chain, from 1.

use std::collections::BTreeMap;

use base64::prelude::{BASE64_STANDARD, Engine as _};
use ed25519_dalek::{Signature, Signer as _, SigningKey, VerifyingKey};
use serde_json::Value;
use zeroize::Zeroizing;

use crate::{Error, Result};

/// The member of an act that holds its signature.
pub const SIGNATURE: &str = "signature";

/// A person's secret key. It is wiped from memory when dropped and never printed.
pub struct PersonKey(SigningKey);

impl PersonKey {
    /// A new key from the system's randomness.
    ///
    /// # Errors
    /// If the system has no randomness.
    pub fn generate() -> Result<Self> {
        let mut seed = Zeroizing::new([0; 32]);
        getrandom::fill(seed.as_mut_slice()).map_err(|e| Error::Randomness(e.to_string()))?;
        Ok(Self::from_seed(&seed))
    }

    /// The key of this seed: the same seed gives the same key.
    #[must_use]
    pub fn from_seed(seed: &[u8; 32]) -> Self {
        Self(SigningKey::from_bytes(seed))
    }

    /// The secret, to be sealed and stored.
    #[must_use]
    pub fn seed(&self) -> Zeroizing<[u8; 32]> {
        Zeroizing::new(self.0.to_bytes())
    }

    /// The public half, in base64.
    #[must_use]
    pub fn public(&self) -> String {
        BASE64_STANDARD.encode(self.0.verifying_key().as_bytes())
    }

    /// The signature of a statement, in base64.
    #[must_use]
    pub fn sign(&self, statement: &[u8]) -> String {
        BASE64_STANDARD.encode(self.0.sign(statement).to_bytes())
    }
}

impl std::fmt::Debug for PersonKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "PersonKey({}, secret not shown)", self.public())
    }
}

/// What is signed for one act of an item's chain.
#[must_use]
pub fn statement(item: &str, sha256: &str, number: usize, act: &Value) -> Vec<u8> {
    let mut act = act.clone();
    if let Value::Object(members) = &mut act {
        members.remove(SIGNATURE);
    }
    let whole = serde_json::json!({ "v": 1, "item": item, "sha256": sha256, "number": number, "act": act });
    canonical(&whole).to_string().into_bytes()
}

/// Whether this signature of the statement was made with the secret half of this public key.
#[must_use]
pub fn is_signed(statement: &[u8], public: &str, signature: &str) -> bool {
    let key = BASE64_STANDARD.decode(public).ok().and_then(|bytes| {
        let bytes: [u8; 32] = bytes.try_into().ok()?;
        VerifyingKey::from_bytes(&bytes).ok()
    });
    let signature = BASE64_STANDARD.decode(signature).ok();
    let signature = signature.and_then(|bytes| Signature::from_slice(&bytes).ok());
    key.zip(signature).is_some_and(|(key, signature)| key.verify_strict(statement, &signature).is_ok())
}

/// Members in the order of their names, absent ones left out.
fn canonical(value: &Value) -> Value {
    match value {
        Value::Object(members) => {
            let sorted: BTreeMap<&String, Value> = members
                .iter()
                .filter(|(_, member)| !member.is_null())
                .map(|(name, member)| (name, canonical(member)))
                .collect();
            Value::Object(sorted.into_iter().map(|(name, member)| (name.clone(), member)).collect())
        }
        Value::Array(items) => Value::Array(items.iter().map(canonical).collect()),
        other => other.clone(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_statement_has_one_spelling() {
        let act = json!({ "to": null, "by": "Rita \"R\"\n", "act": "sealed", "signature": { "x": 1 } });
        let spelt = statement("EVD-3", "ab", 2, &act);
        assert_eq!(
            String::from_utf8(spelt).unwrap(),
            "{\"act\":{\"act\":\"sealed\",\"by\":\"Rita \\\"R\\\"\\n\"},\"item\":\"EVD-3\",\"number\":2,\"sha256\":\"ab\",\"v\":1}"
        );
    }

    #[test]
    fn a_signature_is_of_one_statement_by_one_person() {
        let (one, other) = (PersonKey::generate().unwrap(), PersonKey::generate().unwrap());
        let act = json!({ "act": "sealed", "by": "Rita" });
        let said = statement("EVD-3", "ab", 2, &act);
        let signature = one.sign(&said);
        assert!(is_signed(&said, &one.public(), &signature));
        assert!(!is_signed(&said, &other.public(), &signature));
        assert!(!is_signed(&statement("EVD-3", "ab", 3, &act), &one.public(), &signature));
        assert!(!is_signed(&said, "no key", &signature) && !is_signed(&said, &one.public(), "none"));
        assert_eq!(PersonKey::from_seed(&one.seed()).public(), one.public());
        assert!(!format!("{one:?}").contains(&hex::encode(one.seed().as_slice())));
    }
}
