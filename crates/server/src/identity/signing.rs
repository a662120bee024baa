//! The keys with which people sign. Each person gets one when they first sign: an Ed25519 key whose
//! secret half is sealed under their password (argon2id, AES-256-GCM). So a signature shows that
//! somebody gave this person's password just then: neither a session left open, nor an API key, nor
//! whoever reads the database can make one. The public half stands in the ledger from its first day.

use argon2::Argon2;
use domain::{Actor, SigningKeyId, UserId};
use jiff::Timestamp;
use ledger::person::PersonKey;
use platform::sealed::Key;
use serde::Serialize;
use utoipa::ToSchema;
use zeroize::Zeroizing;

use super::{password, store};
use crate::app::App;
use crate::change::Change;
use crate::error::{Error, Result};

/// A person's key as the ledger has it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct PublicKey {
    #[schema(value_type = String, example = "SIG-1")]
    pub id: SigningKeyId,
    #[schema(value_type = String, example = "USR-2")]
    pub account: UserId,
    /// Ed25519, base64.
    pub public_key: String,
    #[schema(value_type = String, format = DateTime)]
    pub made_at: Timestamp,
}

/// A person who has just given their password, and can sign with it.
pub struct Signer {
    pub public: PublicKey,
    key: PersonKey,
}

impl Signer {
    /// The signature of a statement, base64.
    pub fn sign(&self, statement: &[u8]) -> String {
        self.key.sign(statement)
    }
}

/// A person's secret half as it is stored.
pub(super) struct Sealed {
    pub public: PublicKey,
    pub salt: Vec<u8>,
    pub sealed: Vec<u8>,
}

/// Checks that whoever acts is who they say, by their password, and opens their key; the first time, it
/// is made.
pub async fn unlock(app: &App, actor: &Actor, said: &str) -> Result<Signer> {
    let account = actor.user().ok_or(Error::Forbidden("only a person signs"))?;
    if said.is_empty() {
        return Err(Error::Invalid("Sign with your password, in the field `password`.".to_owned()));
    }
    let guessed_at = account.to_string();
    if let Some(wait) = app.throttle.attempt(&guessed_at, app.clock.now()) {
        return Err(Error::TooMany(wait));
    }
    let present = store::password_hash(&app.db, account).await?;
    if !password::verify(said.to_owned(), present.clone()).await? {
        return Err(Error::Invalid("The password is not right. Nothing was signed or done.".to_owned()));
    }
    app.throttle.succeeded(&guessed_at);
    if let Some(stored) = store::signing_key(&app.db, account).await? {
        return open(stored, said).await;
    }
    let (key, salt, sealed) = make(account, said).await?;
    let public_key = key.public();
    let kept = app
        .change(actor, move |change| {
            Box::pin(async move {
                same_password(change, account, present.as_deref()).await?;
                keep(change, account, public_key, salt, sealed).await
            })
        })
        .await?;
    match kept {
        Some(public) => Ok(Signer { public, key }),
        // Somebody signed for the first time twice at once: the other one's key stands.
        None => {
            let stored = store::signing_key(&app.db, account).await?;
            open(stored.ok_or_else(|| Error::Damaged("a signing key is missing".to_owned()))?, said).await
        }
    }
}

/// Refuses what was prepared with a password that is not the person's any more: a key must never lie under one that
/// is gone.
pub(super) async fn same_password(
    change: &mut Change<'_>,
    account: UserId,
    hash: Option<&str>,
) -> Result<()> {
    if store::password_hash_in(change.tx, account).await?.as_deref() == hash {
        return Ok(());
    }
    Err(Error::Conflict("Your password was changed meanwhile; use the new one.".to_owned()))
}

async fn keep(
    change: &mut Change<'_>,
    account: UserId,
    public_key: String,
    salt: Vec<u8>,
    sealed: Vec<u8>,
) -> Result<Option<PublicKey>> {
    let Some(id) = store::insert_signing_key(change, account, &public_key, &salt, &sealed).await? else {
        return Ok(None);
    };
    let public = PublicKey { id, account, public_key, made_at: change.at };
    change.record(&id.to_string(), "signing_key.create", &public, None).await?;
    Ok(Some(public))
}

/// The key sealed under another password, for when that changes. `None` if the person has no key yet.
pub(super) async fn resealed(
    app: &App,
    account: UserId,
    old: &str,
    new: &str,
) -> Result<Option<(Vec<u8>, Vec<u8>)>> {
    let Some(stored) = store::signing_key(&app.db, account).await? else { return Ok(None) };
    let signer = open(stored, old).await?;
    seal(signer.key, account, new).await.map(|(_, salt, sealed)| Some((salt, sealed)))
}

async fn make(account: UserId, said: &str) -> Result<(PersonKey, Vec<u8>, Vec<u8>)> {
    seal(PersonKey::generate()?, account, said).await
}

async fn seal(key: PersonKey, account: UserId, said: &str) -> Result<(PersonKey, Vec<u8>, Vec<u8>)> {
    let mut salt = [0; 16];
    platform::secrets::random(&mut salt)?;
    let under = derive(said, salt.to_vec()).await?;
    let sealed = under.seal(&account.to_string(), key.seed().as_slice())?;
    Ok((key, salt.to_vec(), sealed))
}

async fn open(stored: Sealed, said: &str) -> Result<Signer> {
    let damaged = || Error::Damaged(format!("{} does not open with its owner's password", stored.public.id));
    let under = derive(said, stored.salt.clone()).await?;
    let seed = under.open(&stored.public.account.to_string(), &stored.sealed).map_err(|_| damaged())?;
    let seed = <[u8; 32]>::try_from(seed.as_slice()).map(Zeroizing::new).map_err(|_| damaged())?;
    let key = PersonKey::from_seed(&seed);
    if key.public() != stored.public.public_key {
        return Err(damaged());
    }
    Ok(Signer { public: stored.public, key })
}

async fn derive(said: &str, salt: Vec<u8>) -> Result<Key> {
    let said = Zeroizing::new(said.to_owned());
    password::blocking(move || {
        let mut key = Zeroizing::new([0; 32]);
        Argon2::default()
            .hash_password_into(said.as_bytes(), &salt, key.as_mut_slice())
            .map_err(|error| Error::Damaged(error.to_string()))?;
        Key::from_bytes(key.as_slice()).ok_or_else(|| Error::Damaged("a key has 32 bytes".to_owned()))
    })
    .await
}
