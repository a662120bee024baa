//! Evidence: what was acquired for an incident, the digests of its bytes, and the chain of custody. This
//! file says what an item is and reads it; the verbs stand beside it: [`collect`] (from a delivery or by
//! a person), [`upload`] (large files, piece by piece), [`derive`] (out of another item), [`custody`] (whose
//! hands it goes through, signed), [`keeping`] (holds, retention), [`content`] (its bytes), [`recheck`]
//! (hashing again, every week), [`inspect`] and [`records`] (what is in them). Under which keys the bytes lie
//! is [`vault`]'s business.

pub mod api;
pub mod collect;
pub mod content;
pub mod custody;
pub mod derive;
mod derive_api;
pub mod form;
pub mod inspect;
pub mod keeping;
pub mod page;
pub mod recheck;
pub mod records;
mod store;
pub mod upload;
mod vault;
mod view;

use domain::evidence::{Acquisition, Custody, CustodyAct, CustodyEntry, CustodyStatus, Pending, Sha256};
use domain::{
    Actor, EvidenceId, IncidentId, IntakeId, Line, Observable, Permission, SigningKeyId, Text, UserId,
};
use jiff::Timestamp;
use serde::Serialize;
use utoipa::ToSchema;

pub use collect::{NewEvidence, collect, holds_delivery};
pub use vault::{Limits, Vault};

use crate::app::App;
use crate::error::{Error, Result};
use crate::event::Delivery;
use crate::identity::{need, scope};
use crate::web::paging::{Page, PageQuery};

/// The topic that pages with evidence follow.
pub const TOPIC: &str = "evidence";

/// An evidence item with its chain of custody, as people see it and as the ledger commits to it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Evidence {
    #[schema(value_type = String, example = "EVD-1")]
    pub id: EvidenceId,
    #[schema(value_type = String, example = "INC-1")]
    pub incident: IncidentId,
    /// The file's name as it came. Text from outside.
    pub name: String,
    #[schema(value_type = String, example = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08")]
    pub sha256: Sha256,
    /// For looking up alone: collisions of SHA-1 can be made.
    pub sha1: Option<String>,
    /// For looking up alone: collisions of MD5 can be made.
    pub md5: Option<String>,
    pub bytes: i64,
    /// Whether the bytes lie under a key of their own.
    pub encrypted: bool,
    /// Method, tool, place, by whom and when; device, serial number and write blocker where they were told.
    #[schema(value_type = Object)]
    pub acquisition: Acquisition,
    pub note: Option<String>,
    /// The delivery of telemetry that it is, if it is one.
    #[schema(value_type = Option<String>, example = "INT-1")]
    pub delivery: Option<IntakeId>,
    /// The item that it was taken out of, if it was.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub derived: Option<Derived>,
    #[schema(value_type = Option<String>, example = "USR-2")]
    pub collected_by: Option<UserId>,
    #[schema(value_type = String, example = "held")]
    pub status: CustodyStatus,
    /// Who answers for it.
    pub custodian: String,
    /// Who has it in hand.
    pub holder: String,
    /// What waits for a second person: a transfer for its receiver, a destruction for who approves it.
    #[schema(value_type = Option<Object>)]
    pub pending: Option<Pending>,
    /// When its key was destroyed; the record stays.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub destroyed_at: Option<Timestamp>,
    /// The last time that its bytes were hashed again.
    pub checked: Option<Check>,
    /// The chain of custody, from the collection on.
    pub custody: Vec<Link>,
}

/// Where an item came from that was taken out of another.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Derived {
    #[schema(value_type = String, example = "EVD-1")]
    pub from: EvidenceId,
    /// Which part of it this is.
    #[schema(example = "attachment 2")]
    pub part: String,
}

/// One link of the chain of custody.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Link {
    #[schema(value_type = String, example = "transferred")]
    pub act: CustodyAct,
    /// Who did it.
    pub by: String,
    #[schema(value_type = Option<String>, example = "USR-2")]
    pub account: Option<UserId>,
    /// Who received it, or is to.
    pub to: Option<String>,
    #[schema(value_type = Option<String>, example = "USR-3")]
    pub to_account: Option<UserId>,
    pub reason: Option<String>,
    #[schema(value_type = String, format = DateTime)]
    pub at: Timestamp,
    /// Of whoever did it. What Watchbell collects by itself has none, nor has a collection until it is attested.
    pub signature: Option<Signature>,
}

/// A person's signature of an act.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Signature {
    /// The key's record in the ledger.
    #[schema(value_type = String, example = "SIG-1")]
    pub key: SigningKeyId,
    /// Ed25519, base64.
    pub public_key: String,
    /// Of the act's canonical statement, base64.
    pub signature: String,
}

/// What hashing the bytes again showed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Check {
    #[schema(value_type = String, format = DateTime)]
    pub at: Timestamp,
    pub by: String,
    /// Whether the bytes still have the SHA-256 of their acquisition.
    pub intact: bool,
}

impl Link {
    fn entry(&self) -> Result<CustodyEntry> {
        Ok(CustodyEntry {
            act: self.act,
            by: Line::new("who acts", &self.by)?,
            account: self.account,
            to: self.to.as_deref().map(|to| Line::new("the receiver", to)).transpose()?,
            to_account: self.to_account,
            reason: self.reason.as_deref().map(|reason| Text::new("the reason", reason)).transpose()?,
            at: self.at,
        })
    }
}

impl Evidence {
    /// Where the chain has led to, worked out anew from its links.
    fn chain(&self) -> Result<Custody> {
        let damaged = |error: &dyn std::fmt::Display| Error::Damaged(format!("{}: {error}", self.id));
        let links = self.custody.iter().map(Link::entry).collect::<Result<Vec<_>>>();
        Custody::of(&links.map_err(|error| damaged(&error))?).map_err(|error| damaged(&error))
    }

    /// The end of what [`Evidence::name`] says as a path, without anything that a header, a shell or
    /// a file system could take for more than a name.
    pub fn file_name(&self) -> String {
        let last = self.name.rsplit(['/', '\\']).next().unwrap_or_default();
        let plain: String = last.chars().filter(|c| !c.is_control() && *c != '"').collect();
        let plain = plain.trim().trim_start_matches('.');
        if plain.is_empty() { format!("{}.bin", self.id) } else { plain.to_owned() }
    }
}

/// One item; who may not know of its incident finds nothing.
pub async fn get(app: &App, actor: &Actor, id: EvidenceId) -> Result<Evidence> {
    need(actor, Permission::ReadIncident, "reading evidence")?;
    store::get(&app.db, actor, id).await?.ok_or(Error::NotFound("evidence item"))
}

/// Refuses where there is no such incident, or none that the actor may know of.
pub async fn seen(app: &App, actor: &Actor, incident: IncidentId) -> Result<()> {
    let there = store::incident_is_there(&app.db, actor, incident).await?;
    if there { Ok(()) } else { Err(Error::NotFound("incident")) }
}

/// The items of one incident and of those merged into it, with their chains, oldest first.
pub async fn of_incident(app: &App, actor: &Actor, incident: IncidentId) -> Result<Vec<Evidence>> {
    need(actor, Permission::ReadIncident, "reading evidence")?;
    store::of_incidents(&app.db, actor, &scope::family(app, incident).await?).await
}

/// The items that were taken out of this one, oldest first.
pub async fn derived_of(app: &App, actor: &Actor, id: EvidenceId) -> Result<Vec<Evidence>> {
    need(actor, Permission::ReadIncident, "reading evidence")?;
    store::derived_of(&app.db, actor, id).await
}

/// The items whose bytes are what this value says (a SHA-256), or the deliveries in which it was seen; newest first.
pub async fn holding(
    app: &App,
    actor: &Actor,
    value: &Observable,
    deliveries: &[Delivery],
) -> Result<Vec<EvidenceId>> {
    need(actor, Permission::ReadIncident, "reading evidence")?;
    let deliveries: Vec<IntakeId> = deliveries.iter().map(|delivery| delivery.id).collect();
    store::holding(&app.db, actor, value.value(), &deliveries).await
}

/// The items of all incidents that the actor may know of, newest first.
pub async fn list(app: &App, actor: &Actor, query: &PageQuery) -> Result<Page<Evidence>> {
    need(actor, Permission::ReadIncident, "reading evidence")?;
    let limit = query.limit()?;
    let before = query.position::<1>()?.map(|[before]| before);
    let items = store::list(&app.db, actor, before, limit + 1).await?;
    Ok(Page::of(items, limit, |item| [item.id.get()]))
}

/// The items whose bytes were not what they were when they were hashed last.
pub async fn altered(app: &App, actor: &Actor) -> Result<Vec<EvidenceId>> {
    need(actor, Permission::ReadIncident, "reading evidence")?;
    store::altered(&app.db, actor).await
}

/// Keeps in the ledger that these items leave the house, before they do.
pub async fn exported(app: &App, actor: &Actor, ids: Vec<EvidenceId>) -> Result<()> {
    need(actor, Permission::ExportIncident, "taking evidence out")?;
    let who = actor.clone();
    app.change(actor, move |change| {
        Box::pin(async move {
            for id in ids {
                let item =
                    store::get_in(change.tx, &who, id).await?.ok_or(Error::NotFound("evidence item"))?;
                change.record(&id.to_string(), "evidence.export", &item, Some(item.incident.get())).await?;
            }
            Ok(())
        })
    })
    .await
}
