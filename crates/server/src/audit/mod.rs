//! The ledger as an auditor meets it: its head, its checkpoints, the changes in it and the proofs
//! that bind them. Leaves are appended by `change.rs`; bundles are the report slice's.

pub mod api;
pub mod page;
mod sign;
mod store;

use domain::{Actor, IncidentId, Permission};
use jiff::Timestamp;
use ledger::{Checkpoint, Digest, Frontier, Hash, Leaf, leaf_hash, proof};
use serde::Serialize;
use utoipa::ToSchema;

pub use sign::{sign_as_it_grows, sign_now};

use crate::app::App;
use crate::error::{Error, Result};
use crate::identity::{self, need};
use crate::web::paging::{Page, PageQuery};

/// A signed head of the ledger.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Signed {
    /// How many leaves the ledger had.
    pub size: u64,
    /// The C2SP signed note.
    pub note: String,
    #[schema(value_type = String, format = DateTime)]
    pub at: Timestamp,
}

/// One change as it stands in the ledger.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Committed {
    /// The leaf's place; the first is 0.
    pub index: u64,
    #[schema(example = "INC-1")]
    pub record: String,
    pub version: u64,
    #[schema(value_type = String, format = DateTime)]
    pub at: Timestamp,
    /// Whoever acted, by number.
    #[schema(example = "USR-2")]
    pub actor: String,
    /// The name that goes with it today.
    pub actor_name: Option<String>,
    #[schema(example = "incident.declare")]
    pub act: String,
    /// The leaf's bytes: what the tree commits to.
    pub leaf: String,
}

impl Committed {
    /// Whether the columns beside the leaf, and the body, say what the leaf says.
    fn agrees(&self, leaf: &Leaf, body: &str) -> bool {
        leaf.record() == self.record
            && leaf.version() == self.version
            && leaf.at() == self.at
            && leaf.actor() == self.actor
            && leaf.act() == self.act
            && leaf.body_sha256() == Digest::of(body.as_bytes())
    }
}

/// A change with the record after it, and the proof that it stands in the ledger.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Proven {
    #[serde(flatten)]
    pub committed: Committed,
    /// The record's whole body at that version; the leaf commits to the SHA-256 of its bytes.
    pub body: String,
    pub proof: Inclusion,
    /// Whether the body, the leaf and the proof agree with the ledger as it is now.
    pub verified: bool,
}

/// That a leaf stands in the tree of some size (RFC 6962 §2.1.1).
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Inclusion {
    pub index: u64,
    pub size: u64,
    /// The tree's root, base64.
    pub root: String,
    /// From the leaf upwards, base64.
    pub hashes: Vec<String>,
}

/// That the tree of `new` leaves continues the tree of `old` leaves (RFC 6962 §2.1.2).
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Consistency {
    pub old: u64,
    pub old_root: String,
    pub new: u64,
    pub new_root: String,
    pub hashes: Vec<String>,
}

/// The ledger as it is now.
#[derive(Debug, Clone)]
pub struct Head {
    pub size: u64,
    pub root: Hash,
    pub origin: String,
    pub fingerprint: String,
    pub verifying_key: String,
}

/// What leads into the ledger for everybody who has an account: its size, root and key.
pub async fn head(app: &App) -> Result<Head> {
    let frontier = store::frontier(&app.db).await?;
    let key = app.key.verifying_key();
    Ok(Head {
        size: frontier.size(),
        root: frontier.root()?,
        origin: key.origin().to_owned(),
        fingerprint: key.fingerprint(),
        verifying_key: key.to_string(),
    })
}

/// The newest checkpoint; if there is none yet, one is signed.
pub async fn newest_checkpoint(app: &App) -> Result<String> {
    match store::newest_checkpoint(&app.db).await? {
        Some(signed) => Ok(signed.note),
        None => sign_now(app).await,
    }
}

/// The newest checkpoints, newest first.
pub async fn checkpoints(app: &App, actor: &Actor, limit: i64) -> Result<Vec<Signed>> {
    need(actor, Permission::ReadAudit, "reading the ledger")?;
    store::newest_checkpoints(&app.db, limit).await
}

/// The changes that the actor may know of, newest first; of one record, if one is named.
pub async fn leaves(
    app: &App,
    actor: &Actor,
    record: Option<&str>,
    query: &PageQuery,
) -> Result<Page<Committed>> {
    need(actor, Permission::ReadAudit, "reading the ledger")?;
    let limit = query.limit()?;
    let before = query.position::<1>()?.map(|[before]| before);
    let record = record.map(|record| record.trim().to_ascii_uppercase()).filter(|record| !record.is_empty());
    let mut leaves = store::leaves(&app.db, actor, record.as_deref(), before, limit + 1).await?;
    name_actors(app, &mut leaves).await?;
    Ok(Page::of(leaves, limit, |leaf| [i64::try_from(leaf.index).unwrap_or(i64::MAX)]))
}

/// One change, proven anew against the ledger as it is now.
pub async fn leaf(app: &App, actor: &Actor, index: u64) -> Result<Proven> {
    need(actor, Permission::ReadAudit, "reading the ledger")?;
    let (committed, body) = store::leaf(&app.db, actor, index).await?.ok_or(Error::NotFound("leaf"))?;
    let head = head(app).await?;
    let path = inclusion_path(app, index, head.size).await?;
    let leaf = Leaf::parse(committed.leaf.as_bytes());
    let verified = leaf.is_ok_and(|leaf| committed.agrees(&leaf, &body))
        && proof::verify_inclusion(&path, head.size, head.root, index, leaf_hash(committed.leaf.as_bytes()))
            .is_ok();
    let mut named = [committed];
    name_actors(app, &mut named).await?;
    let [committed] = named;
    let proof = Inclusion { index, size: head.size, root: head.root.to_string(), hashes: texts(&path) };
    Ok(Proven { committed, body, proof, verified })
}

/// The proof that a leaf which the actor may know of stands in the tree of `size` leaves; of as many
/// as there are, if none is named.
pub async fn inclusion(app: &App, actor: &Actor, index: u64, size: Option<u64>) -> Result<Inclusion> {
    need(actor, Permission::ReadAudit, "reading the ledger")?;
    if store::leaf(&app.db, actor, index).await?.is_none() {
        return Err(Error::NotFound("leaf"));
    }
    let size = known_size(app, size).await?;
    if index >= size {
        return Err(Error::Invalid(format!("A tree of {size} leaves has no leaf {index}.")));
    }
    let path = inclusion_path(app, index, size).await?;
    let root = root_at(app, size).await?;
    Ok(Inclusion { index, size, root: root.to_string(), hashes: texts(&path) })
}

/// The proof that the tree of `new` leaves continues that of `old` leaves.
pub async fn consistency(app: &App, old: u64, new: Option<u64>) -> Result<Consistency> {
    let new = known_size(app, new).await?;
    if old > new {
        return Err(Error::Invalid(format!("A tree of {new} leaves cannot continue one of {old}.")));
    }
    let stored = store::hashes(&app.db, proof::needed_for_consistency(old, new)?).await?;
    let path = proof::consistency(old, new, &stored)?;
    Ok(Consistency {
        old,
        old_root: root_at(app, old).await?.to_string(),
        new,
        new_root: root_at(app, new).await?.to_string(),
        hashes: texts(&path),
    })
}

/// One version of one record with its proof, for whoever makes a bundle.
pub struct Version {
    pub index: u64,
    pub leaf: Leaf,
    pub path: Vec<Hash>,
    pub body: String,
}

/// The next versions, after place `after`, of all records that belong to an incident (or one merged into it)
/// and to no other, and of the records named besides, proven in the checkpoint's tree.
pub async fn history(
    app: &App,
    incident: IncidentId,
    besides: &[String],
    checkpoint: &Checkpoint,
    after: Option<u64>,
    limit: i64,
) -> Result<Vec<Version>> {
    let after = after.map_or(-1, |after| i64::try_from(after).unwrap_or(i64::MAX));
    let size = checkpoint.size();
    let family = identity::scope::family(app, incident).await?;
    let rows = store::history(&app.db, &family, besides, size, after, limit).await?;
    let mut needed = Vec::new();
    for (committed, _) in &rows {
        needed.extend(proof::needed_for_inclusion(committed.index, size)?);
    }
    let stored = store::hashes(&app.db, needed).await?;
    rows.into_iter()
        .map(|(committed, body)| {
            Ok(Version {
                index: committed.index,
                leaf: Leaf::parse(committed.leaf.as_bytes())?,
                path: proof::inclusion(committed.index, size, &stored)?,
                body,
            })
        })
        .collect()
}

async fn inclusion_path(app: &App, index: u64, size: u64) -> Result<Vec<Hash>> {
    let stored = store::hashes(&app.db, proof::needed_for_inclusion(index, size)?).await?;
    Ok(proof::inclusion(index, size, &stored)?)
}

async fn known_size(app: &App, size: Option<u64>) -> Result<u64> {
    let now = store::frontier(&app.db).await?.size();
    match size {
        Some(size) if size > now => Err(Error::Invalid(format!("The ledger has {now} leaves, not {size}."))),
        size => Ok(size.unwrap_or(now)),
    }
}

async fn root_at(app: &App, size: u64) -> Result<Hash> {
    let stored = store::hashes(&app.db, Frontier::needed(size)?).await?;
    Ok(Frontier::from_stored(size, &stored)?.root()?)
}

async fn name_actors(app: &App, leaves: &mut [Committed]) -> Result<()> {
    let accounts = identity::accounts(app, &Actor::Watchbell).await?;
    for leaf in leaves {
        let account = accounts.iter().find(|account| account.id.to_string() == leaf.actor);
        leaf.actor_name = account.map(|account| account.name.clone());
    }
    Ok(())
}

fn texts(hashes: &[Hash]) -> Vec<String> {
    hashes.iter().map(ToString::to_string).collect()
}

/// A record's state as a change committed it.
#[derive(Debug, Clone)]
pub struct CommittedState {
    pub leaf: i64,
    pub record: String,
    pub body: String,
    pub scope: Option<i64>,
    /// Microseconds since 1970.
    pub at: i64,
}

/// How many changes stand in the ledger.
pub async fn size(app: &App) -> Result<i64> {
    store::size(&app.db).await
}

/// What changes committed, from this leaf on. Watchbell itself reads them, to index what was before the index.
pub async fn states(app: &App, from: i64, limit: i64) -> Result<Vec<CommittedState>> {
    store::states(&app.db, from, limit).await
}
