//! Evidence: what was acquired for an incident, the SHA-256 of its bytes, and the chain of custody.
//! This file says what an item is and reads it; the verbs stand beside it: [`collect`] (from a
//! delivery or by a person), [`derive`] (out of another item), [`custody`] (whose hands it goes through),
//! [`content`] (its bytes: to download, to hash again), [`inspect`] and [`records`] (what is in them).

pub mod api;
pub mod collect;
pub mod content;
pub mod custody;
pub mod derive;
mod derive_api;
pub mod form;
pub mod inspect;
pub mod page;
pub mod records;
mod store;
mod view;

use domain::evidence::{Acquisition, Custody, CustodyAct, CustodyEntry, CustodyStatus, Sha256};
use domain::{Actor, EvidenceId, IncidentId, IntakeId, Line, Observable, Permission, Text, UserId};
use jiff::Timestamp;
use serde::Serialize;
use utoipa::ToSchema;

pub use collect::{NewEvidence, collect, holds_delivery};

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
    pub bytes: i64,
    /// Method, tool, place, by whom and when.
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
    /// Who received it.
    pub to: Option<String>,
    pub reason: Option<String>,
    #[schema(value_type = String, format = DateTime)]
    pub at: Timestamp,
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
            to: self.to.as_deref().map(|to| Line::new("the receiver", to)).transpose()?,
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
async fn seen(app: &App, actor: &Actor, incident: IncidentId) -> Result<()> {
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
