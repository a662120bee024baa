//! How incidents are to each other. Two that stay apart are linked ([`link`]): related, a duplicate, caused by,
//! or a child of a larger one. One that turns out to be part of another is merged into it ([`merge`]) for as
//! long as that holds. Here: what both are, and how they are read.

pub mod link;
pub mod merge;

use std::collections::BTreeMap;

use domain::kinship::{LinkKind, Readers};
use domain::{Actor, IncidentId, LinkId, MergeId, UserId};
use jiff::Timestamp;
use serde::Serialize;
use utoipa::ToSchema;

use super::{IncidentView, read, store};
use crate::app::App;
use crate::change::Change;
use crate::error::Result;
use crate::identity::{self, scope};

/// What one incident is to another, as it is stored and as the ledger commits to it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Link {
    #[schema(value_type = String, example = "LNK-1")]
    pub id: LinkId,
    #[schema(value_type = String, example = "INC-4")]
    pub incident: IncidentId,
    /// `related`, `duplicate_of`, `caused_by` or `child_of`: what the incident is to the other.
    #[schema(value_type = String, example = "caused_by")]
    pub kind: LinkKind,
    #[schema(value_type = String, example = "INC-1")]
    pub other: IncidentId,
    pub reason: String,
    #[schema(value_type = String, example = "USR-2")]
    pub by: UserId,
    #[schema(value_type = String, format = DateTime)]
    pub at: Timestamp,
    /// Who ended it, when and why; null while it holds.
    pub ended: Option<Ended>,
}

/// That one incident was merged into another, as it is stored and as the ledger commits to it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Merge {
    #[schema(value_type = String, example = "MRG-1")]
    pub id: MergeId,
    /// The one that was merged into the other.
    #[schema(value_type = String, example = "INC-4")]
    pub part: IncidentId,
    /// The one in which it is read.
    #[schema(value_type = String, example = "INC-1")]
    pub head: IncidentId,
    pub reason: String,
    #[schema(value_type = String, example = "USR-2")]
    pub by: UserId,
    #[schema(value_type = String, format = DateTime)]
    pub at: Timestamp,
    /// Who was let in for it, and is let out again when the two part.
    pub admitted: Vec<Admitted>,
    /// Who parted the two, when and why; null while they are merged.
    pub ended: Option<Ended>,
}

/// Somebody who became a member of an incident through a merge.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, ToSchema)]
pub struct Admitted {
    #[schema(value_type = String, example = "INC-4")]
    pub incident: IncidentId,
    #[schema(value_type = String, example = "USR-3")]
    pub member: UserId,
}

/// The end of a link or of a merge.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Ended {
    #[schema(value_type = String, example = "USR-2")]
    pub by: UserId,
    #[schema(value_type = String, format = DateTime)]
    pub at: Timestamp,
    pub reason: Option<String>,
}

/// Another incident as one incident is linked with it.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Relative {
    pub link: Link,
    /// What the other one is, from this one's side.
    #[schema(example = "Parent of")]
    pub label: &'static str,
    /// Whether the link is said from the other one's side.
    pub reversed: bool,
    /// The other one, with its state, its counts and its next deadline.
    pub incident: IncidentView,
    pub by_name: String,
}

/// The incidents that this one is linked with, as far as the actor may know of them; those that are linked with
/// one merged into it as well. The parent comes first, then the children.
pub async fn relatives(app: &App, actor: &Actor, id: IncidentId) -> Result<Vec<Relative>> {
    read::get(app, actor, id).await?;
    let family = scope::family(app, id).await?;
    let links = store::kin::links(&app.db, &family).await?;
    let others: Vec<IncidentId> = links.iter().map(|link| far_end(link, &family)).collect();
    let views = store::views(&app.db, scope::account(actor), &others, app.clock.now()).await?;
    let views: BTreeMap<IncidentId, IncidentView> =
        views.into_iter().map(|view| (view.record.id, view)).collect();
    let names = identity::names(app).await?;
    let mut relatives = Vec::with_capacity(links.len());
    for link in links {
        let reversed = !family.contains(&link.incident);
        let Some(incident) = views.get(&far_end(&link, &family)).cloned() else { continue };
        let label = if reversed { link.kind.reverse_label() } else { link.kind.label() };
        let by_name = names.get(&link.by).cloned().unwrap_or_else(|| link.by.to_string());
        relatives.push(Relative { link, label, reversed, incident, by_name });
    }
    relatives.sort_by_key(|one| {
        let place = match (one.link.kind, one.reversed) {
            (LinkKind::ChildOf, false) => 0,
            (LinkKind::ChildOf, true) => 1,
            (LinkKind::CausedBy, _) => 2,
            (LinkKind::DuplicateOf, _) => 3,
            (LinkKind::Related, _) => 4,
        };
        (place, one.incident.record.is_closed(), one.link.id)
    });
    Ok(relatives)
}

fn far_end(link: &Link, family: &[IncidentId]) -> IncidentId {
    if family.contains(&link.incident) { link.other } else { link.incident }
}

/// The merges that this incident took part in, on either side, the latest first; as far as the actor may know of
/// both.
pub async fn merges(app: &App, actor: &Actor, id: IncidentId) -> Result<Vec<Merge>> {
    read::get(app, actor, id).await?;
    store::kin::merges(&app.db, scope::account(actor), id).await
}

/// Who may know of an incident and all that is merged with it.
async fn readers(change: &mut Change<'_>, family: &[IncidentId]) -> Result<Readers> {
    let mut all = Readers::All;
    for one in family {
        all = all.and(scope::readers_in(change, *one).await?);
    }
    Ok(all)
}
