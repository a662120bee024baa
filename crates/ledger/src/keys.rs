//! The ledger's key pair: made, kept, published, and told apart by people.
//!
//! Keys are Ed25519 and written as C2SP signed-note keys: the public one as `NAME+ID+KEY`, the
//! secret one as `PRIVATE+KEY+NAME+ID+SEED`. NAME is the ledger's origin. The secret is wiped
//! from memory when dropped and never printed. Where it is stored is the caller's business.

use std::fmt;
use std::str::FromStr;

use base64::prelude::{BASE64_STANDARD, Engine as _};
use ed25519_dalek::Signer as _;
use signed_note::{Signer, Verifier, is_key_name_valid, key_id, new_ed25519_verifier_key};
use zeroize::Zeroizing;

use crate::{Digest, Error, Result};

/// The signed-note identifier of Ed25519.
const ED25519: u8 = 1;
const SECRET_PREFIX: &str = "PRIVATE+KEY+";
const MAX_ORIGIN: usize = 128;

/// Signs checkpoints and bundles. Anyone who holds it can speak for the ledger.
pub struct SigningKey {
    public: VerifyingKey,
    key: ed25519_dalek::SigningKey,
}

/// Checks what a [`SigningKey`] signed. To be published.
#[derive(Clone, PartialEq, Eq)]
pub struct VerifyingKey {
    name: String,
    id: u32,
    key: ed25519_dalek::VerifyingKey,
}

impl SigningKey {
    /// A new key from the system's randomness, for the ledger called `origin`
    /// (such as `ir.example.org/ledger`).
    ///
    /// # Errors
    /// If the origin cannot name a key, or the system has no randomness.
    pub fn generate(origin: &str) -> Result<Self> {
        let mut seed = Zeroizing::new([0; 32]);
        getrandom::fill(seed.as_mut_slice()).map_err(|e| Error::Randomness(e.to_string()))?;
        Self::from_seed(origin, &seed)
    }

    /// The key of this 32-byte seed: the same seed gives the same key.
    ///
    /// # Errors
    /// If the origin cannot name a key.
    pub fn from_seed(origin: &str, seed: &[u8; 32]) -> Result<Self> {
        let key = ed25519_dalek::SigningKey::from_bytes(seed);
        let public = VerifyingKey::new(origin, key.verifying_key())?;
        Ok(Self { public, key })
    }

    /// Reads [`SigningKey::to_secret_text`] back. The text never becomes part of an error.
    ///
    /// # Errors
    /// If it is not such a text, or its parts do not belong together.
    pub fn from_secret_text(text: &str) -> Result<Self> {
        let rest = text
            .trim_end()
            .strip_prefix(SECRET_PREFIX)
            .ok_or(Error::SigningKey("it does not begin with PRIVATE+KEY+"))?;
        let [name, id, seed64] =
            three_parts(rest).ok_or(Error::SigningKey("it needs a name, an id and a seed after that"))?;
        let mut encoded = Zeroizing::new([0; 36]);
        let length = BASE64_STANDARD
            .decode_slice(seed64, encoded.as_mut_slice())
            .map_err(|_| Error::SigningKey("its last part is not the base64 of a seed"))?;
        let seed = match encoded.get(..length) {
            Some([ED25519, seed @ ..]) => Zeroizing::new(
                <[u8; 32]>::try_from(seed)
                    .map_err(|_| Error::SigningKey("its seed does not have 32 bytes"))?,
            ),
            _ => return Err(Error::SigningKey("it is not an Ed25519 key")),
        };
        let key = Self::from_seed(name, &seed)?;
        if id != format!("{:08x}", key.public.id) {
            return Err(Error::SigningKey("its id does not fit its name and seed"));
        }
        Ok(key)
    }

    /// The secret as text for a file that only the server can read. Wiped when dropped.
    #[must_use]
    pub fn to_secret_text(&self) -> Zeroizing<String> {
        let mut secret = Zeroizing::new([ED25519; 33]);
        let seed = Zeroizing::new(self.key.to_bytes());
        for (to, from) in secret.iter_mut().skip(1).zip(seed.iter()) {
            *to = *from;
        }
        let seed64 = Zeroizing::new(BASE64_STANDARD.encode(secret.as_slice()));
        let (name, id) = (&self.public.name, self.public.id);
        // One allocation of the right size: growing would leave copies behind.
        let mut text =
            Zeroizing::new(String::with_capacity(SECRET_PREFIX.len() + name.len() + 10 + seed64.len()));
        for part in [SECRET_PREFIX, name, "+", &format!("{id:08x}"), "+", &seed64] {
            text.push_str(part);
        }
        text
    }

    /// The public half.
    #[must_use]
    pub fn verifying_key(&self) -> &VerifyingKey {
        &self.public
    }

    /// The name of the ledger that this key speaks for.
    #[must_use]
    pub fn origin(&self) -> &str {
        &self.public.name
    }
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SigningKey({}, secret not shown)", self.public)
    }
}

impl Signer for SigningKey {
    fn name(&self) -> &str {
        &self.public.name
    }

    fn key_id(&self) -> u32 {
        self.public.id
    }

    fn sign(&self, message: &[u8]) -> std::result::Result<Vec<u8>, ed25519_dalek::SignatureError> {
        Ok(self.key.try_sign(message)?.to_vec())
    }
}

impl VerifyingKey {
    fn new(origin: &str, key: ed25519_dalek::VerifyingKey) -> Result<Self> {
        let good =
            is_key_name_valid(origin) && origin.len() <= MAX_ORIGIN && !origin.chars().any(char::is_control);
        if !good {
            return Err(Error::Origin(origin.chars().take(MAX_ORIGIN).collect()));
        }
        let mut encoded = vec![ED25519];
        encoded.extend_from_slice(key.as_bytes());
        Ok(Self { name: origin.to_owned(), id: key_id(origin, &encoded), key })
    }

    /// The name of the ledger whose key this is.
    #[must_use]
    pub fn origin(&self) -> &str {
        &self.name
    }

    /// For people to compare over the telephone or with a published page: the first 16 bytes of
    /// the SHA-256 of the key's text, as eight groups of four hexadecimal digits.
    #[must_use]
    pub fn fingerprint(&self) -> String {
        let digest = Digest::of(self.to_string().as_bytes());
        let (pairs, _) = digest.as_bytes().as_chunks::<2>();
        let groups: Vec<String> = pairs.iter().take(8).map(hex::encode).collect();
        groups.join(" ")
    }
}

impl FromStr for VerifyingKey {
    type Err = Error;

    /// Reads `NAME+ID+KEY`. Only the one spelling that [`VerifyingKey`] itself writes is taken.
    fn from_str(text: &str) -> Result<Self> {
        let wrong = |why| Error::VerifyingKey { key: text.chars().take(200).collect(), why };
        let [name, _, key64] =
            three_parts(text).ok_or_else(|| wrong("it needs three parts joined by `+`"))?;
        let encoded = BASE64_STANDARD.decode(key64).map_err(|_| wrong("its last part is not base64"))?;
        let Some((&ED25519, key)) = encoded.split_first() else {
            return Err(wrong("it is not an Ed25519 key"));
        };
        let bytes = key.try_into().map_err(|_| wrong("an Ed25519 key has 32 bytes"))?;
        let key = ed25519_dalek::VerifyingKey::from_bytes(bytes)
            .map_err(|_| wrong("its bytes are not a point of the curve"))?;
        let parsed = Self::new(name, key)?;
        if parsed.key.is_weak() {
            return Err(wrong("it is a weak key, with which anything can be signed"));
        }
        if parsed.to_string() != text {
            return Err(wrong("its id does not fit its name and key"));
        }
        Ok(parsed)
    }
}

impl fmt::Display for VerifyingKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&new_ed25519_verifier_key(&self.name, &self.key))
    }
}

impl fmt::Debug for VerifyingKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "VerifyingKey({self})")
    }
}

impl Verifier for VerifyingKey {
    fn name(&self) -> &str {
        &self.name
    }

    fn key_id(&self) -> u32 {
        self.id
    }

    fn verify(&self, message: &[u8], signature: &[u8]) -> bool {
        // Strict: one message and one key have no second valid spelling of the same signature.
        ed25519_dalek::Signature::from_slice(signature)
            .is_ok_and(|signature| self.key.verify_strict(message, &signature).is_ok())
    }
}

/// Splits at the first two `+`; base64 may hold more of them.
fn three_parts(text: &str) -> Option<[&str; 3]> {
    let mut parts = text.splitn(3, '+');
    Some([parts.next()?, parts.next()?, parts.next()?])
}
