//! Links between incidents that stay apart. A link is kept where nobody learns through it of an incident that
//! they may not know of.

use std::collections::BTreeMap;

use domain::kinship::{LinkKind, check_parent, narrower};
use domain::timeline::EntryKind;
use domain::{Actor, IncidentId, LinkId};

use super::{Ended, Link, readers};
use crate::app::App;
use crate::change::Change;
use crate::error::{Error, Result};
use crate::identity::scope;
use crate::incident::{keep, optional, store, text};

/// What somebody says of two incidents.
pub struct NewLink {
    pub kind: LinkKind,
    pub other: IncidentId,
    /// Said from the other one's side: `child_of` makes the other one a child of this one.
    pub reversed: bool,
    pub reason: String,
}

pub async fn link(app: &App, actor: &Actor, id: IncidentId, new: NewLink) -> Result<Link> {
    if new.reason.trim().is_empty() {
        return Err(domain::Error::ReasonNeeded { verb: "linking incidents" }.into());
    }
    let reason = text("the reason", &new.reason)?;
    if new.other == id {
        return Err(Error::Invalid("An incident is not linked with itself.".to_owned()));
    }
    let (incident, other) = if new.reversed { (new.other, id) } else { (id, new.other) };
    let actor = actor.clone();
    app.change(&actor.clone(), move |change| {
        Box::pin(async move {
            let by = actor.user().ok_or(Error::Forbidden("only a person links incidents"))?;
            keep::to_add(change, &actor, id).await?;
            keep::to_add(change, &actor, new.other).await?;
            check(change, incident, new.kind, other).await?;
            let kept_with = kept_with(change, incident, other, false).await?;
            let mut link = Link {
                id: keep::unnumbered()?,
                incident,
                kind: new.kind,
                other,
                reason: reason.to_string(),
                by,
                at: change.at,
                ended: None,
            };
            link.id = store::kin::insert_link(change, &link).await?;
            change.record(&link.id.to_string(), "link.make", &link, Some(kept_with.get())).await?;
            let line = |this: &str, far: IncidentId| format!("{this} {far}\n{reason}");
            say(change, &actor, incident, other, line(link.kind.label(), other)).await?;
            say(change, &actor, other, incident, line(link.kind.reverse_label(), incident)).await?;
            Ok(link)
        })
    })
    .await
}

/// Ends a link. That it was there stays on record.
pub async fn unlink(
    app: &App,
    actor: &Actor,
    id: IncidentId,
    link: LinkId,
    why: Option<String>,
) -> Result<Link> {
    let why = optional(why).map(|given| text("the reason", &given)).transpose()?;
    let actor = actor.clone();
    app.change(&actor.clone(), move |change| {
        Box::pin(async move {
            let by = actor.user().ok_or(Error::Forbidden("only a person links incidents"))?;
            keep::to_work(change, &actor, id).await?;
            let family = scope::family_in(change, id).await?;
            let mut link =
                store::kin::link_in(change.tx, link, &family).await?.ok_or(Error::NotFound("link"))?;
            for end in [link.incident, link.other] {
                if !scope::sees_in(change, &actor, end.get()).await? {
                    return Err(Error::NotFound("link"));
                }
            }
            if link.ended.is_some() {
                return Err(Error::Conflict(format!("{} has ended already.", link.id)));
            }
            let kept_with = kept_with(change, link.incident, link.other, true).await?;
            link.ended = Some(Ended { by, at: change.at, reason: why.as_ref().map(ToString::to_string) });
            store::kin::end_link(change, &link).await?;
            change.record(&link.id.to_string(), "link.end", &link, Some(kept_with.get())).await?;
            let because = why.map(|why| format!("\n{why}")).unwrap_or_default();
            let line =
                |this: &str, far: IncidentId| format!("No longer {} {far}{because}", this.to_lowercase());
            say(change, &actor, link.incident, link.other, line(link.kind.label(), link.other)).await?;
            say(change, &actor, link.other, link.incident, line(link.kind.reverse_label(), link.incident))
                .await?;
            Ok(link)
        })
    })
    .await
}

/// Refuses what is said already, a second parent, and a circle of parents.
async fn check(
    change: &mut Change<'_>,
    incident: IncidentId,
    kind: LinkKind,
    other: IncidentId,
) -> Result<()> {
    if let Some(known) = store::kin::same_link_in(change.tx, incident, kind, other).await? {
        return Err(Error::Conflict(format!("That is said already: {known}.")));
    }
    if kind != LinkKind::ChildOf {
        return Ok(());
    }
    if let Some((link, parent)) = store::kin::parent_in(change.tx, incident).await? {
        // Whose child it is may be more than the actor may know.
        return Err(match scope::readers_in(change, parent).await? {
            domain::kinship::Readers::All => {
                Error::Conflict(format!("{incident} is a child of {parent} already; end {link} first."))
            }
            domain::kinship::Readers::Only(_) => {
                Error::Conflict(format!("{incident} has a parent already; that link must end first."))
            }
        });
    }
    let mut parents = BTreeMap::new();
    let mut above = other;
    while let Some((_, parent)) = store::kin::parent_in(change.tx, above).await? {
        if parents.insert(above, parent).is_some() {
            break;
        }
        above = parent;
    }
    Ok(check_parent(incident, other, &parents)?)
}

/// The incident with which what concerns both is kept. A link that `ends` may have been told to either.
async fn kept_with(
    change: &mut Change<'_>,
    one: IncidentId,
    other: IncidentId,
    ends: bool,
) -> Result<IncidentId> {
    let (first, second) = (readers(change, &[one]).await?, readers(change, &[other]).await?);
    match narrower(&first, &second) {
        Some(0) => Ok(one),
        Some(_) => Ok(other),
        None if ends => Ok(one),
        None => Err(Error::Conflict(format!(
            "Both {one} and {other} are restricted, and each has members whom the other has not: a link would tell \
             them of it. Let the members of one into the other first."
        ))),
    }
}

/// Writes on an incident's timeline what it is to another, if all who read it may know of that one.
async fn say(
    change: &mut Change<'_>,
    actor: &Actor,
    incident: IncidentId,
    other: IncidentId,
    line: String,
) -> Result<()> {
    let (own, far) = (readers(change, &[incident]).await?, readers(change, &[other]).await?);
    if own.within(&far) {
        keep::line(change, actor, incident, EntryKind::Status, line).await?;
    }
    keep::tell(change, incident).await
}
