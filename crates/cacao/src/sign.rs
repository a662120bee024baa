//! Seals on playbooks (CACAO v2.0 §10.15, Appendix A): the document with the seal in it, without the seal's value and
//! without other seals, is brought into its canonical form (RFC 8785), hashed, and the hash is signed. The algorithms
//! are those of JWA (RFC 7518, RFC 8037); hash-based ones (XMSS, LMS) and Ed448 are named and not verified. A seal
//! shows that who holds the key sealed this text; whose key it is, the caller must know.

use aws_lc_rs::digest;
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{self, Ed25519KeyPair, KeyPair, UnparsedPublicKey, VerificationAlgorithm};
use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use jiff::Timestamp;
use serde::Serialize;
use serde_json::{Map, Value, json};

use crate::{CacaoError, Document};

/// The canonical form of a JSON value (RFC 8785), as bytes.
///
/// # Errors
/// Where a number has no such form.
pub fn canonical(value: &Value) -> Result<Vec<u8>, CacaoError> {
    serde_json_canonicalizer::to_vec(value).map_err(|fault| CacaoError::NotCanonical(fault.to_string()))
}

/// What is said of one seal.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Sealed {
    /// The seal's identifier.
    pub id: String,
    pub signee: String,
    pub algorithm: String,
    /// SHA-256 of the public key (DER, SubjectPublicKeyInfo), in hexadecimal; nothing where no key is given.
    pub fingerprint: Option<String>,
    pub verdict: SealVerdict,
    /// What is said of the seal on this seal.
    pub countersigned: Option<Box<Sealed>>,
}

/// Whether a seal holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum SealVerdict {
    /// The holder of the key sealed exactly this.
    Holds,
    /// The text was changed, or another key sealed it.
    Forged,
    /// It names another playbook or another version.
    Elsewhere,
    Revoked,
    /// Before its time or after it.
    OutOfTime,
    /// Its algorithm or hash is not verified here.
    UnknownAlgorithm,
    /// The key is not in the playbook: a certificate or an address is given instead.
    NoKey,
    /// What should be base64 or a key is not.
    Unreadable,
}

impl SealVerdict {
    pub const fn holds(self) -> bool {
        matches!(self, Self::Holds)
    }

    /// What the verdict means, as a sentence.
    pub const fn sentence(self) -> &'static str {
        match self {
            Self::Holds => "The seal holds: the playbook is as the holder of this key sealed it.",
            Self::Forged => {
                "The seal does not hold: the playbook was changed after it was sealed, or another key sealed it."
            }
            Self::Elsewhere => "The seal is for another playbook or another version of this one.",
            Self::Revoked => "The seal was revoked by its maker.",
            Self::OutOfTime => "The seal is not valid at this time.",
            Self::UnknownAlgorithm => "The seal uses an algorithm that is not verified here.",
            Self::NoKey => "The seal does not carry its key, so it cannot be verified here.",
            Self::Unreadable => "The seal's key or value cannot be read.",
        }
    }
}

/// A key that seals: Ed25519.
pub struct SigningKey {
    pair: Ed25519KeyPair,
}

impl std::fmt::Debug for SigningKey {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "SigningKey({})", fingerprint(&self.public_key()))
    }
}

/// What stands before the 32 bytes of an Ed25519 key in a SubjectPublicKeyInfo (RFC 8410 §4).
const ED25519_SPKI: [u8; 12] = [0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21, 0x00];

impl SigningKey {
    /// A new key, with its PKCS#8 form to keep.
    ///
    /// # Errors
    /// Where the system gives no randomness.
    pub fn generate() -> Result<(Self, Vec<u8>), CacaoError> {
        let made = Ed25519KeyPair::generate_pkcs8(&SystemRandom::new())
            .map_err(|_| CacaoError::Key("no randomness"))?;
        let key = Self::from_pkcs8(made.as_ref())?;
        Ok((key, made.as_ref().to_vec()))
    }

    /// A key from its PKCS#8 form.
    ///
    /// # Errors
    /// Where it is no Ed25519 key.
    pub fn from_pkcs8(bytes: &[u8]) -> Result<Self, CacaoError> {
        let pair = Ed25519KeyPair::from_pkcs8(bytes)
            .map_err(|_| CacaoError::Key("it is no Ed25519 key in PKCS#8"))?;
        Ok(Self { pair })
    }

    /// A key from its 32 secret bytes.
    ///
    /// # Errors
    /// Where they are not 32.
    pub fn from_seed(seed: &[u8]) -> Result<Self, CacaoError> {
        let pair = Ed25519KeyPair::from_seed_unchecked(seed)
            .map_err(|_| CacaoError::Key("its seed has not 32 bytes"))?;
        Ok(Self { pair })
    }

    /// The public key as SubjectPublicKeyInfo, DER.
    pub fn public_key(&self) -> Vec<u8> {
        [&ED25519_SPKI, self.pair.public_key().as_ref()].concat()
    }
}

/// The fingerprint of a public key in DER: SHA-256 in hexadecimal.
pub fn fingerprint(key: &[u8]) -> String {
    digest::digest(&digest::SHA256, key).as_ref().iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Seals a document: the seal is added to those it has.
///
/// # Errors
/// Where the document lacks an identifier or a version, or has no canonical form.
pub fn sign(
    document: &Document,
    key: &SigningKey,
    id: &str,
    signee: &str,
    at: Timestamp,
) -> Result<Document, CacaoError> {
    let text = |name: &'static str| {
        document
            .value()
            .get(name)
            .cloned()
            .ok_or(CacaoError::NotCanonical(format!("the playbook has no `{name}`")))
    };
    let time = at.strftime("%Y-%m-%dT%H:%M:%S%.3fZ").to_string();
    let mut seal = Map::new();
    for (name, value) in [
        ("type", json!("jss")),
        ("id", json!(id)),
        ("created", json!(time)),
        ("modified", json!(time)),
        ("signee", json!(signee)),
        ("related_to", text("id")?),
        ("related_version", text("modified")?),
        ("hash_algorithm", json!("sha-256")),
        ("algorithm", json!("Ed25519")),
        ("public_key", json!(STANDARD.encode(key.public_key()))),
    ] {
        seal.insert(name.to_owned(), value);
    }
    let hash = sealed_hash(document.value(), &seal, &digest::SHA256)?;
    let value = URL_SAFE_NO_PAD.encode(key.pair.sign(hash.as_ref()));
    seal.insert("value".to_owned(), json!(value));
    let mut sealed = document.value().clone();
    match sealed.get_mut("signatures") {
        Some(Value::Array(seals)) => seals.push(Value::Object(seal)),
        _ => {
            sealed.insert("signatures".to_owned(), Value::Array(vec![Value::Object(seal)]));
        }
    }
    Ok(Document::from(sealed))
}

/// What is said of each seal of a document at a time.
pub fn verify(document: &Document, at: Timestamp) -> Vec<Sealed> {
    let Some(Value::Array(seals)) = document.value().get("signatures") else { return Vec::new() };
    seals.iter().filter_map(Value::as_object).map(|seal| one(document, seal, at)).collect()
}

fn one(document: &Document, seal: &Map<String, Value>, at: Timestamp) -> Sealed {
    let of = |name| document.value().get(name).and_then(Value::as_str);
    let related = text(seal, "related_to") == of("id") && text(seal, "related_version") == of("modified");
    // A seal on a seal was put on the finished one; it is no part of what the inner seal covers.
    let mut bare = seal.clone();
    bare.shift_remove("signature");
    let verdict = if related {
        judge(&bare, at, |bare, algorithm| sealed_hash(document.value(), bare, algorithm))
    } else {
        SealVerdict::Elsewhere
    };
    let countersigned = seal
        .get("signature")
        .and_then(Value::as_object)
        .map(|counter| Box::new(over_seal(&bare, counter, at)));
    said(seal, verdict, countersigned)
}

/// A seal on a seal: what it covers is the inner seal, with the outer one in it lacking its value.
fn over_seal(inner: &Map<String, Value>, counter: &Map<String, Value>, at: Timestamp) -> Sealed {
    let verdict = if text(counter, "related_to") == text(inner, "id") {
        judge(counter, at, |counter, algorithm| {
            let mut both = inner.clone();
            both.insert("signature".to_owned(), Value::Object(without_value(counter)));
            hash(&Value::Object(both), algorithm)
        })
    } else {
        SealVerdict::Elsewhere
    };
    said(counter, verdict, None)
}

fn said(seal: &Map<String, Value>, verdict: SealVerdict, countersigned: Option<Box<Sealed>>) -> Sealed {
    let own = |name| text(seal, name).unwrap_or_default().to_owned();
    Sealed {
        id: own("id"),
        signee: own("signee"),
        algorithm: own("algorithm"),
        fingerprint: text(seal, "public_key").and_then(key_bytes).map(|key| fingerprint(&key)),
        verdict,
        countersigned,
    }
}

fn judge(
    seal: &Map<String, Value>,
    at: Timestamp,
    hashed: impl Fn(&Map<String, Value>, &'static digest::Algorithm) -> Result<digest::Digest, CacaoError>,
) -> SealVerdict {
    if seal.get("revoked") == Some(&Value::Bool(true)) {
        return SealVerdict::Revoked;
    }
    let time = |name| text(seal, name).and_then(|text| text.parse::<Timestamp>().ok());
    if time("valid_from").is_some_and(|from| at < from)
        || time("valid_until").is_some_and(|until| at >= until)
    {
        return SealVerdict::OutOfTime;
    }
    let (Some(algorithm), Some(hash)) =
        (text(seal, "algorithm").and_then(algorithm_of), text(seal, "hash_algorithm").and_then(hash_of))
    else {
        return SealVerdict::UnknownAlgorithm;
    };
    let Some(key) = text(seal, "public_key") else { return SealVerdict::NoKey };
    let Some(key) = key_bytes(key) else { return SealVerdict::Unreadable };
    let Some(value) =
        text(seal, "value").and_then(|value| URL_SAFE_NO_PAD.decode(value.trim_end_matches('=')).ok())
    else {
        return SealVerdict::Unreadable;
    };
    let Ok(hash) = hashed(seal, hash) else { return SealVerdict::Unreadable };
    match UnparsedPublicKey::new(algorithm, key).verify(hash.as_ref(), &value) {
        Ok(()) => SealVerdict::Holds,
        Err(_) => SealVerdict::Forged,
    }
}

fn text<'a>(seal: &'a Map<String, Value>, name: &str) -> Option<&'a str> {
    seal.get(name)?.as_str()
}

/// A key in PEM without its first and last line; with them it is read too.
fn key_bytes(text: &str) -> Option<Vec<u8>> {
    let packed: String = text
        .lines()
        .filter(|line| !line.starts_with("-----"))
        .flat_map(|line| line.chars().filter(|letter| !letter.is_whitespace()))
        .collect();
    STANDARD.decode(packed).ok().filter(|bytes| !bytes.is_empty())
}

fn sealed_hash(
    document: &Map<String, Value>,
    seal: &Map<String, Value>,
    algorithm: &'static digest::Algorithm,
) -> Result<digest::Digest, CacaoError> {
    let mut sealed = document.clone();
    sealed.insert("signatures".to_owned(), Value::Array(vec![Value::Object(without_value(seal))]));
    hash(&Value::Object(sealed), algorithm)
}

fn without_value(seal: &Map<String, Value>) -> Map<String, Value> {
    let mut seal = seal.clone();
    seal.shift_remove("value");
    seal
}

fn hash(value: &Value, algorithm: &'static digest::Algorithm) -> Result<digest::Digest, CacaoError> {
    Ok(digest::digest(algorithm, &canonical(value)?))
}

/// The hashes that IANA names and that are taken.
fn hash_of(name: &str) -> Option<&'static digest::Algorithm> {
    Some(match name.to_ascii_lowercase().as_str() {
        "sha-256" | "sha256" => &digest::SHA256,
        "sha-384" | "sha384" => &digest::SHA384,
        "sha-512" | "sha512" => &digest::SHA512,
        _ => return None,
    })
}

fn algorithm_of(name: &str) -> Option<&'static dyn VerificationAlgorithm> {
    Some(match name {
        "Ed25519" | "EdDSA" => &signature::ED25519,
        "ES256" => &signature::ECDSA_P256_SHA256_FIXED,
        "ES384" => &signature::ECDSA_P384_SHA384_FIXED,
        "ES512" => &signature::ECDSA_P521_SHA512_FIXED,
        "RS256" => &signature::RSA_PKCS1_2048_8192_SHA256,
        "RS384" => &signature::RSA_PKCS1_2048_8192_SHA384,
        "RS512" => &signature::RSA_PKCS1_2048_8192_SHA512,
        "PS256" => &signature::RSA_PSS_2048_8192_SHA256,
        "PS384" => &signature::RSA_PSS_2048_8192_SHA384,
        "PS512" => &signature::RSA_PSS_2048_8192_SHA512,
        _ => return None,
    })
}
